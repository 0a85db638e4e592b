"""An upstream that speaks no HTTP: a thread per connection, a function that talks."""

import socket
import struct
import threading

import poll


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


def reset(peer):
    """To be closed next: by a reset."""
    peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


class TcpUpstream:
    """Listens on a port of its own, or on a Unix socket; talk(socket) has each connection."""

    def __init__(self, talk=echo, path=None, context=None):
        self.connections = 0
        self.errors = []
        self._talk = talk
        self._context = context  # of TLS, which is spoken then
        self._open = set()
        self._lock = threading.Lock()
        if path is None:
            self._listener = socket.create_server(("127.0.0.1", 0), backlog=128)
            self.port = self._listener.getsockname()[1]
            self.address = f"127.0.0.1:{self.port}"
        else:
            self._listener = socket.socket(socket.AF_UNIX)
            self._listener.bind(str(path))
            self._listener.listen(128)
            self.address = f"unix:{path}"
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                peer, _ = self._listener.accept()
            except OSError:
                return
            with self._lock:
                self.connections += 1
                self._open.add(peer)
            threading.Thread(target=self._serve, args=(peer,), daemon=True).start()

    def _serve(self, peer):
        try:
            peer.settimeout(poll.PATIENCE)
            talking = peer
            if self._context is not None:
                talking = self._context.wrap_socket(peer, server_side=True)
            with talking:
                self._talk(talking)
        except OSError:
            pass  # the test hears of it at the other end
        except Exception as error:  # told by the test's clean-up
            self.errors.append(error)
        finally:
            with self._lock:
                self._open.discard(peer)
            peer.close()

    @property
    def open_connections(self):
        with self._lock:
            return len(self._open)

    def close(self):
        try:
            self._listener.shutdown(socket.SHUT_RDWR)  # wakes the thread that accepts
        except OSError:
            pass
        self._listener.close()
        with self._lock:
            left = list(self._open)
        for peer in left:
            try:
                peer.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
