"""Large bodies, slow readers and clients that never read: complete, and in bounded memory."""

import hashlib
import socket
import threading
import unittest

import poll
from http_wire import Client
from integration_case import IntegrationCase, forward, gateway
from weir_process import sanitized

MIB = 1024 * 1024
LARGE = 8 * MIB
STREAM = 64 * MIB
PIECE = bytes(range(256)) * 1024  # 256 KiB
# The memory that an exchange may hold in transit, and the overhead of the allocator.
GROWTH = (32 if sanitized() else 4) * MIB


def large_body():
    """LARGE bytes without repeated parts."""
    return b"".join(hashlib.sha256(b"%d" % i).digest() for i in range(LARGE // 32))


class Whole(IntegrationCase):
    def test_large_bodies_arrive_as_they_were_sent(self):
        body = large_body()
        upstream = self.upstream(lambda call: call.reply(call.read_body()))
        weir = self.weir(gateway(forward(upstream.address)))
        reply = self.get(weir, method="PUT", body=body)
        self.assertEqual(hashlib.sha256(reply.body).digest(), hashlib.sha256(body).digest())
        self.assert_metric(weir, LARGE, "weir_request_body_bytes_total", route="all")
        self.assert_metric(weir, LARGE, "weir_response_body_bytes_total", route="all")

    def test_chunks_of_all_sizes_arrive_as_they_were_sent(self):
        sizes = [1, 15, 16, 4095, 4096, 65535, 65536, 65537, 300000]
        body = large_body()[:sum(sizes)]
        chunks, at = [], 0
        for size in sizes:
            chunks.append(b"%x\r\n%b\r\n" % (size, body[at:at + size]))
            at += size
        raw = b"".join(chunks) + b"0\r\n\r\n"

        def answer(call):
            call.read_body()
            call.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + raw)
        upstream = self.upstream(answer)
        weir = self.weir(gateway(forward(upstream.address)))
        client = self.client(weir.address())
        client.send(b"PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n" + raw)
        self.assertEqual(client.read_reply().body, body)
        self.assertEqual(upstream.requests[0].body, body)


class Bounded(IntegrationCase):
    """Memory is measured when all transfers have stopped: the kernel's buffers are full."""

    def settle(self, moved):
        """Waits until the number returned by moved() no longer changes."""
        last = [-1, 0]

        def still():
            now = moved()
            last[1] = last[1] + 1 if now == last[0] else 0
            last[0] = now
            return last[1] >= 10 and now > 0
        poll.until(still, "nothing moves any more")

    def assert_bounded(self, weir, before):
        grown = weir.resident_bytes() - before
        self.assertLess(grown, GROWTH, f"{grown / MIB:.1f} MiB more")

    def test_a_slow_reader_of_a_large_answer(self):
        sent = [0]

        def answer(call):
            call.send(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % STREAM)
            while sent[0] < STREAM:
                call.send(PIECE)
                sent[0] += len(PIECE)
        upstream = self.upstream(answer)
        weir = self.weir(gateway(forward(upstream.address)))
        before = weir.resident_bytes()
        client = self.client(weir.address(), receive_buffer=64 * 1024)
        client.send_request("/")
        self.settle(lambda: sent[0])
        self.assertLess(sent[0], STREAM)
        self.assert_bounded(weir, before)
        digest = hashlib.sha256()
        self.assertEqual(client.read_head().status, 200)
        for _ in range(STREAM // len(PIECE)):
            digest.update(client.read_exactly(len(PIECE)))
        expected = hashlib.sha256()
        for _ in range(STREAM // len(PIECE)):
            expected.update(PIECE)
        self.assertEqual(digest.digest(), expected.digest())
        self.assert_bounded(weir, before)

    def test_a_slow_upstream_of_a_large_request(self):
        go_on = threading.Event()
        self.addCleanup(go_on.set)

        def answer(call):
            go_on.wait(poll.PATIENCE)
            left = call.request.length
            while left > 0:
                left -= len(call.wire.read_exactly(min(left, len(PIECE))))
            call.request.headers = []  # its body has been read
            call.reply(b"got it")
        upstream = self.upstream(answer)
        weir = self.weir(gateway(forward(upstream.address)))
        before = weir.resident_bytes()
        client = self.client(weir.address())
        sent = [0]

        def send():
            client.send(b"PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n" % STREAM)
            while sent[0] < STREAM:
                client.send(PIECE)
                sent[0] += len(PIECE)
        sender = threading.Thread(target=send, daemon=True)
        sender.start()
        self.settle(lambda: sent[0])
        self.assertLess(sent[0], STREAM)
        self.assert_bounded(weir, before)
        go_on.set()
        self.assertEqual(client.read_reply().body, b"got it")
        sender.join(poll.PATIENCE)
        self.assert_bounded(weir, before)

    def flood(self, weir, request, total):
        """Sends pipelined requests without reading, until the peer accepts no more data."""
        client = Client(weir.address(), receive_buffer=16 * 1024)
        self.addCleanup(client.close)
        client.socket.settimeout(1)
        block = request * (64 * 1024 // len(request) + 1)
        sent = 0
        try:
            while sent < total:
                sent += client.socket.send(block)
        except socket.timeout:
            return sent
        return sent

    def test_a_pipelining_client_that_reads_no_local_answer(self):
        body = 4000 * "x"
        weir = self.weir(gateway(f'[[route]]\nname = "all"\nrespond.body = "{body}"\n'))
        self.assertEqual(self.get(weir).status, 200)
        before = weir.resident_bytes()
        sent = self.flood(weir, b"GET / HTTP/1.1\r\nHost: a\r\n\r\n", 32 * MIB)
        self.assertLess(sent, 32 * MIB)
        self.assert_bounded(weir, before)
        self.assertEqual(self.get(weir).status, 200)

    def test_a_pipelining_client_that_reads_no_forwarded_answer(self):
        upstream = self.upstream(lambda call: call.reply(PIECE[:4000]))
        weir = self.weir(gateway(forward(upstream.address)))
        self.assertEqual(self.get(weir).status, 200)
        before = weir.resident_bytes()
        sent = self.flood(weir, b"GET / HTTP/1.1\r\nHost: a\r\n\r\n", 32 * MIB)
        self.assertLess(sent, 32 * MIB)
        self.assert_bounded(weir, before)
        self.assertEqual(self.get(weir).status, 200)


if __name__ == "__main__":
    unittest.main()
