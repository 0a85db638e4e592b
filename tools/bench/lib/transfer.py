"""Large bodies with a slow reader, on plain sockets."""

import socket
import threading
import time

CHUNK = 65536
WAIT = 120.0  # Seconds without a byte before a transfer counts as stuck.


class Pace:
    """Limits a reader to a number of bytes per second."""

    def __init__(self, rate):
        self._rate = rate
        self._begin = time.monotonic()
        self._done = 0

    def took(self, size):
        self._done += size
        ahead = self._done / self._rate - (time.monotonic() - self._begin)
        if ahead > 0:
            time.sleep(ahead)


def connect(address):
    name, port = address.rsplit(":", 1)
    return socket.create_connection((name, int(port)), WAIT)


def read_head(source):
    """(head in lower case, bytes after it)."""
    data = b""
    while b"\r\n\r\n" not in data:
        more = source.recv(CHUNK)
        if not more:
            raise ConnectionError("ended before the head was complete")
        data += more
    head, _, rest = data.partition(b"\r\n\r\n")
    return head.decode("latin-1").lower(), rest


def length_of(head):
    for line in head.split("\r\n")[1:]:
        name, _, value = line.partition(":")
        if name == "content-length":
            return int(value)
    return 0


def read_body(source, head, rest, rate):
    """Reads the body for a head; returns the number of bytes received."""
    wanted, got, pace = length_of(head), len(rest), Pace(rate)
    buffer = bytearray(CHUNK)
    while got < wanted:
        size = source.recv_into(buffer)
        if size == 0:
            break
        got += size
        pace.took(size)
    return got


def download(address, path, rate):
    """(status line, bytes received) of one GET."""
    with connect(address) as peer:
        peer.sendall(f"GET {path} HTTP/1.1\r\nHost: bench.example\r\n\r\n".encode())
        head, rest = read_head(peer)
        return head.split("\r\n")[0], read_body(peer, head, rest, rate)


def upload(address, size):
    """The status line of the response to one POST."""
    block = b"x" * CHUNK
    with connect(address) as peer:
        peer.sendall(f"POST /2 HTTP/1.1\r\nHost: bench.example\r\nContent-Length: {size}\r\n"
                     "\r\n".encode())
        for _ in range(size // CHUNK):
            peer.sendall(block)
        head, _ = read_head(peer)
        return head.split("\r\n")[0]


class SlowSink:
    """An upstream that reads request bodies slowly and answers "ok" at their end."""

    def __init__(self, rate):
        self.received = 0
        self._rate = rate
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=512)
        self.address = "127.0.0.1:%d" % self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                peer, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=[peer], daemon=True).start()

    def _serve(self, peer):
        with peer:
            try:
                while True:
                    head, rest = read_head(peer)
                    self.received += read_body(peer, head, rest, self._rate)
                    peer.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
            except OSError:
                pass

    def close(self):
        self._listener.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
