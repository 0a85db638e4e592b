"""HTTP/2 connections over TLS that make one request each and are idle afterwards."""

import socket
import ssl
import struct

WAIT = 60.0
PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
DATA, HEADERS, SETTINGS = 0, 1, 4
END_STREAM, END_HEADERS, ACK = 0x1, 0x4, 0x1
METHOD_GET, SCHEME_HTTPS, STATUS_200 = b"\x82", b"\x87", 0x88  # Entries of the HPACK static table.
PATH, AUTHORITY = b"\x04", b"\x01"  # Indexed names for literals without indexing.


def frame(kind, flags, stream, payload=b""):
    return struct.pack(">I", len(payload))[1:] + struct.pack(">BBI", kind, flags, stream) + payload


def text(value):
    return bytes([len(value)]) + value.encode()


def context():
    made = ssl.create_default_context()
    made.check_hostname, made.verify_mode = False, ssl.CERT_NONE
    made.set_alpn_protocols(["h2"])
    return made


class H2Connection:
    """A connection that is open, and has received one response, after construction."""

    def __init__(self, address, tls, path="/2", host="bench.example"):
        name, port = address.rsplit(":", 1)
        plain = socket.create_connection((name, int(port)), WAIT)
        self._peer = tls.wrap_socket(plain, server_hostname=host)
        if self._peer.selected_alpn_protocol() != "h2":
            raise RuntimeError(f"{address} does not speak HTTP/2")
        head = METHOD_GET + SCHEME_HTTPS + PATH + text(path) + AUTHORITY + text(host)
        self._peer.sendall(PREFACE + frame(SETTINGS, 0, 0) +
                           frame(HEADERS, END_STREAM | END_HEADERS, 1, head))
        self._read_answer()

    def _read_answer(self):
        body = b""
        while True:
            kind, flags, stream, payload = self._read_frame()
            if kind == SETTINGS and not flags & ACK:
                self._peer.sendall(frame(SETTINGS, ACK, 0))
            if kind == HEADERS and STATUS_200 not in payload[:4]:
                raise RuntimeError(f"not answered with 200: {payload!r}")
            if kind == DATA:
                body += payload
            if stream == 1 and flags & END_STREAM:
                break
        if len(body) != 2:
            raise RuntimeError(f"a body of {len(body)} bytes")

    def _read_frame(self):
        head = self._read(9)
        kind, flags, stream = struct.unpack(">BBI", head[3:])
        return kind, flags, stream, self._read(int.from_bytes(head[:3], "big"))

    def _read(self, size):
        data = b""
        while len(data) < size:
            more = self._peer.recv(size - len(data))
            if not more:
                raise ConnectionError("ended before the answer")
            data += more
        return data

    def close(self):
        self._peer.close()
