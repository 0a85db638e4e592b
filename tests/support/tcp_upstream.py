"""An upstream that speaks no HTTP: a thread per connection, a function that talks."""

import socket

import poll
from thread_server import ThreadServer


def echo(peer):
    """Says what it hears, and ends when the client has ended."""
    while chunk := peer.recv(65536):
        peer.sendall(chunk)


def naming(name):
    """Says its name first, as servers of SMTP or MySQL do, then echoes."""
    def talk(peer):
        peer.sendall(name)
        echo(peer)
    return talk


class TcpUpstream(ThreadServer):
    """Listens on a port of its own, or on a Unix socket; talk(socket) has each connection."""

    def __init__(self, talk=echo, path=None, context=None):
        super().__init__()
        self._talk = talk
        self._context = context  # of TLS, which is spoken then
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
