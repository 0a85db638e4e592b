"""An upstream that does as it is told: a thread per connection, a function that answers."""

import socket
import struct
import threading

from http_wire import CutShort, Wire


class EndOfConnection(Exception):
    """The answer ended the connection."""


class Call:
    """One request at the upstream, and the means to answer it, well or badly."""

    def __init__(self, wire, request, number):
        self.wire = wire
        self.request = request
        self.number = number  # of the upstream's requests, from 1
        self._body_read = False

    def read_body(self):
        if not self._body_read:
            self._body_read = True
            self.wire.read_body(self.request)
        return self.request.body

    def send(self, data):
        self.wire.send(data)

    def reply(self, body=b"", status="200 OK", headers=()):
        """A whole answer, after the whole request. The connection stays open."""
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
        """Says nothing more until the peer gives up."""
        self.wire.read_rest()
        raise EndOfConnection


def text(body, **parts):
    """An answer with this body, whatever the request."""
    return lambda call: call.reply(body, **parts)


class FakeUpstream:
    """Listens on a port of its own; answer(call) is called for every request."""

    def __init__(self, answer=text(b"hello\n"), port=0):
        self.answer = answer
        self.connections = 0  # accepted so far
        self.requests = []    # their heads, and bodies once read
        self.errors = []      # of the threads: what the test itself did wrong
        self._lock = threading.Lock()
        self._open = set()
        self._listen(port)

    def _listen(self, port):
        self._listener = socket.create_server(("127.0.0.1", port), backlog=512)
        self.port = self._listener.getsockname()[1]
        self.address = f"127.0.0.1:{self.port}"
        threading.Thread(target=self._accept, args=(self._listener,), daemon=True).start()

    def _accept(self, listener):
        while True:
            try:
                accepted, _ = listener.accept()
            except OSError:
                return
            accepted.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with self._lock:
                self.connections += 1
                self._open.add(accepted)
            threading.Thread(target=self._serve, args=(accepted,), daemon=True).start()

    def _serve(self, accepted):
        wire = Wire(accepted)
        try:
            while (request := wire.read_head()) is not None:
                with self._lock:
                    self.requests.append(request)
                    number = len(self.requests)
                call = Call(wire, request, number)
                self.answer(call)
                call.read_body()
        except (EndOfConnection, CutShort, OSError):
            pass
        except Exception as error:  # told by the test's clean-up
            self.errors.append(error)
        finally:
            with self._lock:
                self._open.discard(accepted)
            accepted.close()

    @property
    def open_connections(self):
        with self._lock:
            return len(self._open)

    def close(self):
        """Listens no more and breaks every connection, as a killed process would."""
        try:
            self._listener.shutdown(socket.SHUT_RDWR)  # wakes the thread that accepts
        except OSError:
            pass
        self._listener.close()
        with self._lock:
            left = list(self._open)
        for connection in left:
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def reset_all(self):
        """Breaks every connection with a RST."""
        with self._lock:
            left = list(self._open)
        for connection in left:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            connection.shutdown(socket.SHUT_RD)  # wakes its thread, which closes it

    def reopen(self):
        """Listens again on the same port."""
        self._listen(self.port)


def closed_address():
    """An address on which nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return f"127.0.0.1:{server.getsockname()[1]}"
