"""Raw HTTP/2 frames over a socket: heads may contain fields that no library would send."""

import socket

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
DATA, HEADERS, RST_STREAM, SETTINGS, PING, GOAWAY, CONTINUATION = 0, 1, 3, 4, 6, 7, 9
END_STREAM, ACK, END_HEADERS = 1, 1, 4
PATIENCE = 30.0  # seconds for any one read or write
FRAME_SIZE = 16384


def frame(kind, flags, stream, payload=b""):
    return (len(payload).to_bytes(3, "big") + bytes([kind, flags]) + stream.to_bytes(4, "big")
            + payload)


def _number(value, bits):
    """An HPACK integer (RFC 7541, 5.1); the bits above its prefix are 0."""
    most = (1 << bits) - 1
    if value < most:
        return bytes([value])
    out = bytes([most])
    value -= most
    while value >= 128:
        out += bytes([value % 128 + 128])
        value //= 128
    return out + bytes([value])


def block(fields):
    """A header block of literals without indexing (RFC 7541, 6.2.2)."""
    out = b""
    for field in fields:
        out += b"\0"
        for text in field:
            raw = text.encode("latin-1") if isinstance(text, str) else text
            out += _number(len(raw), 7) + raw
    return out


class Http2Client:
    """A connection to weir with prior knowledge."""

    def __init__(self, address):
        host, _, port = address.rpartition(":")
        self.socket = socket.create_connection((host, int(port)), PATIENCE)
        self._read = b""
        self._stream = -1
        self.socket.sendall(PREFACE + frame(SETTINGS, 0, 0))

    def send_head(self, fields, end=True):
        """Sends a head on a new stream; returns the ID of the stream."""
        self._stream += 2
        rest = block(fields)
        kind, flags = HEADERS, END_STREAM if end else 0
        while True:
            part, rest = rest[:FRAME_SIZE], rest[FRAME_SIZE:]
            self.socket.sendall(frame(kind, flags | (0 if rest else END_HEADERS), self._stream,
                                      part))
            if not rest:
                return self._stream
            kind, flags = CONTINUATION, 0

    def read_frame(self):
        """(kind, flags, stream, payload), or None at the end of the connection."""
        head = self._exactly(9)
        if len(head) < 9:
            return None
        payload = self._exactly(int.from_bytes(head[:3], "big"))
        return head[3], head[4], int.from_bytes(head[5:], "big") & 0x7FFFFFFF, payload

    def read_body(self, stream):
        """The body of the stream's response; None if the stream was reset."""
        body = b""
        while True:
            got = self.read_frame()
            if got is None:
                raise AssertionError("the connection ended")
            kind, flags, of, payload = got
            if kind == GOAWAY and payload[4:8] != bytes(4):
                raise AssertionError(f"GOAWAY: {payload!r}")
            if of != stream:
                continue
            if kind == RST_STREAM:
                return None
            if kind == DATA:
                body += payload
            if kind in (DATA, HEADERS) and flags & END_STREAM:
                return body

    def get(self, path, authority="test", fields=()):
        """The body of the response to a GET; None if the stream was reset."""
        return self.read_body(self.send_head([(":method", "GET"), (":scheme", "http"),
                                              (":path", path), (":authority", authority), *fields]))

    def _exactly(self, count):
        while len(self._read) < count:
            data = self.socket.recv(65536)
            if not data:
                break
            self._read += data
        data, self._read = self._read[:count], self._read[count:]
        return data

    def close(self):
        self.socket.close()
