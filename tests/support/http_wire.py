"""Raw HTTP/1.1 messages over a socket: nothing is repaired or hidden."""

import socket

from sockets import reset_on_close

PATIENCE = 30.0  # seconds for any one read or write


class CutShort(AssertionError):
    """The connection ended within a message."""


class Message:
    """A request or a response: its first line, headers in order with lower-case names, body."""

    def __init__(self, raw_head):
        self.raw_head = raw_head
        lines = raw_head.decode("latin-1").split("\r\n")
        self.first_line = lines[0]
        self.headers = [parse_field(line) for line in lines[1:] if line]
        self.body = b""
        self.trailers = []

    def all(self, name):
        """The values of every header of that name."""
        return [value for key, value in self.headers if key == name]

    def header(self, name):
        """The value of the header, several joined by commas; None if there is none."""
        values = self.all(name)
        return ", ".join(values) if values else None

    @property
    def method(self):
        return self.first_line.split(" ")[0]

    @property
    def target(self):
        return self.first_line.split(" ")[1]

    @property
    def status(self):
        return int(self.first_line.split(" ")[1])

    @property
    def chunked(self):
        return (self.header("transfer-encoding") or "").lower() == "chunked"

    @property
    def length(self):
        """The value of Content-Length; None if there is none."""
        value = self.header("content-length")
        return None if value is None else int(value)


def parse_field(line):
    name, _, value = line.partition(":")
    return name.lower(), value.strip(" \t")


def chunk(body):
    return b"%x\r\n%b\r\n" % (len(body), body)


class Wire:
    """A socket that is read by lines and messages."""

    def __init__(self, sock):
        self.socket = sock
        self.socket.settimeout(PATIENCE)
        self._read = bytearray()

    def send(self, data):
        self.socket.sendall(data)

    def _fill(self):
        """Reads more; False at the end."""
        data = self.socket.recv(65536)
        self._read += data
        return bool(data)

    def _take(self, count):
        data = bytes(self._read[:count])
        del self._read[:count]
        return data

    def read_until(self, mark):
        """All bytes up to and including the mark, or up to the end of the stream."""
        seen = 0
        while True:
            at = self._read.find(mark, seen)
            if at >= 0:
                return self._take(at + len(mark))
            seen = max(0, len(self._read) - len(mark) + 1)
            if not self._fill():
                return self._take(len(self._read))

    def read_exactly(self, count):
        """That many bytes, or fewer if the stream ends before."""
        while len(self._read) < count and self._fill():
            pass
        return self._take(count)

    def read_rest(self):
        """All bytes up to the end of the stream."""
        while self._fill():
            pass
        return self._take(len(self._read))

    def read_head(self):
        """The head of the next message; None at the end of the connection."""
        raw = self.read_until(b"\r\n\r\n")
        if not raw:
            return None
        if not raw.endswith(b"\r\n\r\n"):
            raise CutShort(f"the head ends early: {raw!r}")
        return Message(raw)

    def read_body(self, message, until_close=False):
        """Reads the body that the head announces into message.body."""
        if message.chunked:
            message.body = b"".join(self.read_chunks())
            message.trailers = self._read_trailers()
        elif message.length is not None:
            message.body = self.read_exactly(message.length)
            if len(message.body) < message.length:
                raise CutShort(f"{len(message.body)} of {message.length} bytes came")
        elif until_close:
            message.body = self.read_rest()
        return message

    def read_chunks(self):
        """The chunks of a body, without the last one of length 0."""
        while True:
            line = self.read_until(b"\r\n")
            if not line.endswith(b"\r\n"):
                raise CutShort(f"the chunked body ends early: {line!r}")
            size = int(line, 16)
            if size == 0:
                return
            data = self.read_exactly(size + 2)
            if len(data) < size + 2:
                raise CutShort(f"{len(data)} bytes of a chunk of {size}")
            yield data[:-2]

    def _read_trailers(self):
        trailers = []
        while True:
            line = self.read_until(b"\r\n").decode("latin-1").removesuffix("\r\n")
            if not line:
                return trailers
            trailers.append(parse_field(line))

    def half_close(self):
        self.socket.shutdown(socket.SHUT_WR)

    def reset(self):
        """Closes the connection with a RST."""
        reset_on_close(self.socket)
        self.socket.close()

    def close(self):
        self.socket.close()


class Client(Wire):
    """A connection to weir."""

    def __init__(self, address, receive_buffer=None):
        host, _, port = address.rpartition(":")
        sock = socket.socket()
        if receive_buffer is not None:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        sock.settimeout(PATIENCE)
        try:
            sock.connect((host, int(port)))
        except OSError:
            sock.close()
            raise
        super().__init__(sock)

    def send_request(self, target, method="GET", headers=(), body=b"", host="test"):
        """Sends a request, with Content-Length if it has a body."""
        head = [f"{method} {target} HTTP/1.1", f"Host: {host}"]
        head += [f"{name}: {value}" for name, value in headers]
        if body:
            head.append(f"Content-Length: {len(body)}")
        self.send("\r\n".join(head).encode("latin-1") + b"\r\n\r\n" + body)

    def read_reply(self, method="GET"):
        """The next response. A body without a length ends with the connection."""
        reply = self.read_head()
        if reply is None:
            raise CutShort("the connection ended without a reply")
        bodiless = method == "HEAD" or reply.status in (101, 204, 304) or reply.status < 200
        return reply if bodiless else self.read_body(reply, until_close=True)

    def request(self, target, method="GET", **parts):
        self.send_request(target, method, **parts)
        return self.read_reply(method)

    def ended(self):
        """Waits for the end of the connection; False if there is data left to read."""
        try:
            return self.socket.recv(1) == b"" and not self._read
        except ConnectionResetError:
            return True
