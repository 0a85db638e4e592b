"""What the socket module has no word for."""

import socket
import struct


def reset_on_close(peer):
    """When it is closed next, what is at the other end gets a RST."""
    peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
