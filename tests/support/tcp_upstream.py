"""A non-HTTP upstream: one thread per connection, a function for the conversation."""

import socket

import poll
from thread_server import ThreadServer


def echo(peer):
    """Echoes all data until the client half-closes the connection."""
    while chunk := peer.recv(65536):
        peer.sendall(chunk)


def naming(name):
    """Sends its name first, as SMTP and MySQL servers do, then echoes."""
    def talk(peer):
        peer.sendall(name)
        echo(peer)
    return talk


class TcpUpstream(ThreadServer):
    """Listens on a free port or a Unix socket; calls talk(socket) for each connection."""

    def __init__(self, talk=echo, path=None, context=None):
        super().__init__()
        self._talk = talk
        self._context = context  # for TLS; None: plaintext
        if path is None:
            self._listen()
        else:
            listener = socket.socket(socket.AF_UNIX)
            listener.bind(str(path))
            listener.listen(128)
            self._accept_at(listener)
            self.address = f"unix:{path}"

    def talk(self, peer):
        peer.settimeout(poll.PATIENCE)
        talking = peer
        if self._context is not None:
            talking = self._context.wrap_socket(peer, server_side=True)
        with talking:
            self._talk(talking)
