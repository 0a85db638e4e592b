"""Socket operations that the socket module lacks."""

import socket
import struct


def reset_on_close(peer):
    """Makes the next close() of the socket send a RST."""
    peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def refusing_socket():
    """A socket whose port is taken but refuses connections, and its address."""
    sock = socket.socket()
    sock.bind(("127.0.0.1", 0))
    return sock, f"127.0.0.1:{sock.getsockname()[1]}"
