"""A scripted HTTP/1.1 upstream: one thread per connection, a function for the replies."""

import socket

from http_wire import CutShort, Wire
from sockets import reset_on_close
from thread_server import ThreadServer


class EndOfConnection(Exception):
    """The answer function ended the connection."""


class Call:
    """One request at the upstream, and the means to send a valid or invalid response."""

    def __init__(self, wire, request, number):
        self.wire = wire
        self.request = request
        self.number = number  # among the requests of the upstream, from 1
        self._body_read = False

    def read_body(self):
        if not self._body_read:
            self._body_read = True
            self.wire.read_body(self.request)
        return self.request.body

    def send(self, data):
        self.wire.send(data)

    def reply(self, body=b"", status="200 OK", headers=()):
        """Sends a complete response after the complete request. The connection stays open."""
        self.read_body()
        head = [f"HTTP/1.1 {status}"] + [f"{name}: {value}" for name, value in headers]
        head.append(f"Content-Length: {len(body)}")
        self.send("\r\n".join(head).encode("latin-1") + b"\r\n\r\n" + body)

    def close(self):
        raise EndOfConnection

    def reset(self):
        self.wire.reset()
        raise EndOfConnection

    def stall(self):
        """Sends nothing more until the peer closes the connection."""
        self.wire.read_rest()
        raise EndOfConnection


def text(body, **parts):
    """Replies to every request with this body."""
    return lambda call: call.reply(body, **parts)


class FakeUpstream(ThreadServer):
    """Listens on a port of its own; answer(call) is called for every request."""

    def __init__(self, answer=text(b"hello\n"), port=0):
        super().__init__()
        self.answer = answer
        self.requests = []  # the heads, and the bodies once they were read
        self._listen(port)

    def talk(self, peer):
        peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        wire = Wire(peer)
        try:
            while (request := wire.read_head()) is not None:
                with self._lock:
                    self.requests.append(request)
                    number = len(self.requests)
                call = Call(wire, request, number)
                self.answer(call)
                call.read_body()
        except (EndOfConnection, CutShort):
            pass

    def reset_all(self):
        """Resets every connection."""
        for connection in self._still_open():
            reset_on_close(connection)
            connection.shutdown(socket.SHUT_RD)  # wakes its thread, which closes it

    def reopen(self):
        """Listens again on the same port."""
        self._listen(self.port)


def closed_address():
    """An address without a listener."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return f"127.0.0.1:{server.getsockname()[1]}"
