"""Peers that violate HTTP/2: valid sequences of frames, mutated at random."""

import contextlib
import random
import socket
import struct
import threading

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
DATA, HEADERS, PRIORITY, RESET, SETTINGS, PUSH, PING, GOAWAY, WINDOW, CONTINUATION = range(10)
END_STREAM, END_HEADERS, PADDED, ACK = 1, 4, 8, 1
ODD_NUMBERS = (0, 1, 2, 3, 5, 0x7F, 0xFF, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF)


def frame(kind, flags, stream, payload=b"", length=None):
    size = len(payload) if length is None else length
    return (struct.pack(">I", size & 0xFFFFFF)[1:] + bytes([kind & 0xFF, flags & 0xFF]) +
            struct.pack(">I", stream & 0xFFFFFFFF) + payload)


def fields(*pairs):
    """A header block of literals without indexing (RFC 7541, 6.2.2)."""
    block = b""
    for name, value in pairs:
        block += b"\0" + bytes([len(name)]) + name + bytes([len(value)]) + value
    return block


def request_block(path, method=b"GET"):
    return fields((b":method", method), (b":scheme", b"http"), (b":path", path),
                  (b":authority", b"test"))


class Mutator:
    """Converts valid frames to those of a hostile peer."""

    def __init__(self, seed):
        self.random = random.Random(seed)

    def spoil(self, frames):
        """The bytes of the frames after a few mutations, or sometimes without any."""
        frames = list(frames)
        ways = (self._swap, self._repeat, self._drop, self._cut, self._lengthen, self._rename,
                self._retype, self._flip, self._insert)
        for _ in range(self.random.choice((0, 1, 1, 2, 3, 6))):
            if frames:
                self.random.choice(ways)(frames)
        return b"".join(frames)

    def pieces(self, data):
        """The bytes in pieces of random size."""
        while data:
            size = self.random.choice((1, 9, 100, len(data)))
            yield data[:size]
            data = data[size:]

    def _at(self, frames):
        return self.random.randrange(len(frames))

    def _swap(self, frames):
        first, second = self._at(frames), self._at(frames)
        frames[first], frames[second] = frames[second], frames[first]

    def _repeat(self, frames):
        at = self._at(frames)
        frames[at:at] = [frames[at]] * self.random.choice((1, 2, 50))

    def _drop(self, frames):
        del frames[self._at(frames)]

    def _cut(self, frames):
        at = self._at(frames)
        frames[at] = frames[at][:self.random.randrange(len(frames[at]) + 1)]

    def _patch(self, frames, offset, data):
        at = self._at(frames)
        whole = frames[at]
        frames[at] = whole[:offset] + data + whole[offset + len(data):]

    def _lengthen(self, frames):
        size = self.random.choice((0, 1, 4, 5, 8, 16383, 16384, 16385, 0xFFFFFF))
        self._patch(frames, 0, struct.pack(">I", size)[1:])

    def _rename(self, frames):
        self._patch(frames, 5, struct.pack(">I", self.random.choice(ODD_NUMBERS)))

    def _retype(self, frames):
        self._patch(frames, 3, bytes([self.random.choice((*range(17), 0xFA)),
                                      self.random.randrange(256)]))

    def _flip(self, frames):
        at = self._at(frames)
        changed = bytearray(frames[at])
        if changed:
            changed[self.random.randrange(len(changed))] ^= 1 << self.random.randrange(8)
        frames[at] = bytes(changed)

    def _insert(self, frames):
        number = struct.pack(">I", self.random.choice(ODD_NUMBERS))
        stream = self.random.choice((0, 1, 2, 3, 7, 101))
        frames.insert(self._at(frames), self.random.choice((
            frame(WINDOW, 0, stream, number), frame(RESET, 0, stream, number),
            frame(SETTINGS, 0, 0, struct.pack(">H", self.random.randrange(9)) + number),
            frame(GOAWAY, 0, 0, number + number), frame(PING, 0, 0, number * 2),
            frame(PRIORITY, 0, stream, number + b"\1"), frame(PUSH, END_HEADERS, stream, number),
            frame(DATA, PADDED, stream, b"\xff"), frame(DATA, END_STREAM, stream, b"x" * 50),
            frame(HEADERS, END_HEADERS, stream, fields((b"a", b"b"))),
            frame(HEADERS, END_HEADERS | END_STREAM, stream, fields((b":status", b"200"))),
            frame(HEADERS, 0, stream, b""), frame(CONTINUATION, END_HEADERS, stream, b""))))


class HostileClients:
    """Threads that connect repeatedly and send mutated requests."""

    def __init__(self, address, seed, count=3):
        host, _, port = address.rpartition(":")
        self.address = (host, int(port))
        self.connections = 0
        self._stopped = threading.Event()
        self._threads = [threading.Thread(target=self._run, args=(Mutator(seed * 100 + number),))
                         for number in range(count)]
        for thread in self._threads:
            thread.start()

    def stop(self):
        self._stopped.set()
        for thread in self._threads:
            thread.join()

    def _run(self, mutator):
        while not self._stopped.is_set():
            with contextlib.suppress(OSError), socket.create_connection(self.address, 5) as wire:
                self.connections += 1
                self._talk(wire, mutator)

    def _talk(self, wire, mutator):
        wire.settimeout(0.02)
        greeting = [PREFACE, frame(SETTINGS, 0, 0), frame(SETTINGS, ACK, 0)]
        wire.sendall(b"".join(greeting) if mutator.random.random() < 0.9
                     else mutator.spoil(greeting))
        for turn in range(mutator.random.choice((1, 3, 10))):
            for piece in mutator.pieces(mutator.spoil(self._requests(mutator, 6 * turn + 1))):
                wire.sendall(piece)
            with contextlib.suppress(TimeoutError):
                if not wire.recv(1 << 16):
                    return

    def _requests(self, mutator, first):
        path = mutator.random.choice((b"/", b"/local"))
        block = request_block(path)
        return [
            frame(HEADERS, END_HEADERS | END_STREAM, first, block),
            frame(HEADERS, END_HEADERS, first + 2, request_block(path, b"POST")),
            frame(DATA, 0, first + 2, b"y" * mutator.random.choice((0, 1, 1000))),
            frame(WINDOW, 0, first + 2, struct.pack(">I", 1000)),
            frame(DATA, END_STREAM, first + 2, b"z"),
            frame(PING, 0, 0, b"12345678"),
            frame(HEADERS, END_STREAM, first + 4, block[:20]),
            frame(CONTINUATION, END_HEADERS, first + 4, block[20:]),
            frame(RESET, 0, first + 4, struct.pack(">I", 8)),
        ]


class HostileUpstream:
    """A server that sends mutated responses."""

    def __init__(self, seed):
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.address = "127.0.0.1:%d" % self.listener.getsockname()[1]
        self.answers = 0
        self._seed = seed * 100
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self._thread.start()

    def close(self):
        self.listener.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        self.listener.close()

    def _accept(self):
        with contextlib.suppress(OSError):
            while True:
                wire = self.listener.accept()[0]
                self._seed += 1
                threading.Thread(target=self._serve, args=(wire, Mutator(self._seed)),
                                 daemon=True).start()

    def _serve(self, wire, mutator):
        with contextlib.suppress(OSError), wire:
            wire.settimeout(2)
            greeting = [frame(SETTINGS, 0, 0, self._settings(mutator)), frame(SETTINGS, ACK, 0)]
            wire.sendall(b"".join(greeting) if mutator.random.random() < 0.8
                         else mutator.spoil(greeting))
            reader = wire.makefile("rb")
            reader.read(len(PREFACE))
            while len(head := reader.read(9)) == 9:
                reader.read(int.from_bytes(head[:3], "big"))
                if head[3] == HEADERS:
                    self._answer(wire, mutator, int.from_bytes(head[5:], "big"))

    def _settings(self, mutator):
        if mutator.random.random() < 0.5:
            return b""
        return struct.pack(">HI", mutator.random.choice((1, 3, 4, 5)),
                           mutator.random.choice(ODD_NUMBERS[:-2]))

    def _answer(self, wire, mutator, stream):
        self.answers += 1
        head = fields((b":status", b"200"), (b"x-kind", b"spoiled"))
        data = mutator.spoil([
            frame(HEADERS, END_HEADERS, stream, fields((b":status", b"103"))),
            frame(HEADERS, 0, stream, head[:10]),
            frame(CONTINUATION, END_HEADERS, stream, head[10:]),
            frame(DATA, 0, stream, b"y" * mutator.random.choice((0, 1, 1000, 16384))),
            frame(PING, 0, 0, b"12345678"),
            frame(DATA, 0, stream, b"z"),
            frame(HEADERS, END_HEADERS | END_STREAM, stream, fields((b"x-end", b"1"))),
        ])
        for piece in mutator.pieces(data):
            wire.sendall(piece)
        if mutator.random.random() < 0.05:
            wire.shutdown(socket.SHUT_WR)
