"""The filter compress in the real binary."""

import random
import threading
import unittest
import zlib

import poll
from content_codings import DECODE, gunzip
from fake_upstream import text
from http_wire import chunk
from integration_case import forward, gateway
from transform_case import TransformCase, in_random_chunks, sample
from weir_process import sanitized

JSON = [("content-type", "application/json")]


def accepting(coding):
    return [("accept-encoding", coding)]


class Bodies(TransformCase):
    def test_every_coding_decodes_to_the_same_bytes(self):
        body = sample(300_000)
        weir = self.filtered(self.upstream(text(body, headers=JSON)), "[{ compress = {} }]")
        for coding, decode in DECODE.items():
            for reply in self.both(weir, headers=accepting(coding)):
                self.assertEqual(reply.header("content-encoding"), coding)
                self.assertEqual(reply.header("vary"), "Accept-Encoding")
                self.assertEqual(decode(reply.body), body)
                self.assertLess(len(reply.body), len(body) // 2)
            self.assert_metric(weir, 2, "weir_compress_total", encoding=coding, result="ok")
            self.assert_metric(weir, 2 * len(body), "weir_compress_bytes_total", encoding=coding,
                               direction="in")

    def test_random_chunks_of_the_upstream(self):
        def answer(call):
            call.read_body()
            seed = int(call.request.target[1:])
            call.send(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n"
                      b"Transfer-Encoding: chunked\r\n\r\n"
                      + in_random_chunks(sample(200_000, seed), seed))
        weir = self.filtered(self.upstream(answer), "[{ compress = {} }]")
        front = self.behind_http2(weir)
        for seed, coding in enumerate([*DECODE, *DECODE]):
            for entrance in (weir, front):
                for reply in self.both(entrance, f"/{seed}", accepting(coding)):
                    self.assertEqual(reply.header("content-encoding"), coding)
                    self.assertEqual(DECODE[coding](reply.body), sample(200_000, seed))

    def test_random_pieces_of_a_body_of_known_length(self):
        def answer(call):
            call.read_body()
            size = int(call.request.target[1:])
            source, body = random.Random(size), sample(size, size)
            call.send(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n"
                      b"Content-Length: %d\r\n\r\n" % size)
            while body:
                end = source.choice([1, source.randrange(1, 9000)])
                call.send(body[:end])
                body = body[end:]
        weir = self.filtered(self.upstream(answer), "[{ compress = {} }]")
        front = self.behind_http2(weir)
        for size in (1024, 16_384, 65_535, 65_536, 65_537, 80_000):
            for coding, decode in DECODE.items():
                for entrance in (weir, front):
                    for reply in self.both(entrance, f"/{size}", accepting(coding)):
                        self.assertEqual(reply.header("content-encoding"), coding)
                        self.assertEqual(decode(reply.body), sample(size, size))

    def test_a_stream_is_not_held_back(self):
        gate = threading.Event()

        def answer(call):
            call.read_body()
            call.send(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n"
                      b"Transfer-Encoding: chunked\r\n\r\n" + chunk(b"first"))
            gate.wait(poll.PATIENCE)
            call.send(chunk(b", last") + b"0\r\n\r\n")
        weir = self.filtered(self.upstream(answer), "[{ compress = {} }]")
        client = self.client(weir.address())
        client.send_request("/", headers=accepting("gzip"))
        self.assertEqual(client.read_head().header("content-encoding"), "gzip")
        decoder = zlib.decompressobj(31)
        plain = b""
        for piece in client.read_chunks():
            plain += decoder.decompress(piece)
            if plain == b"first":
                gate.set()
        self.assertEqual(plain, b"first, last")
        self.assertTrue(decoder.eof)

    def test_a_slow_reader_pauses_the_upstream(self):
        body = sample(8 << 20)
        weir = self.filtered(self.upstream(text(body, headers=JSON)),
                             "[{ compress = { encodings = ['gzip'] } }]")
        client = self.client(weir.address())
        client.send_request("/", headers=accepting("gzip"))
        head = client.read_head()
        self.assertEqual(gunzip(b"".join(client.read_chunks())), body)
        self.assertIsNone(head.length)

    def test_encoders_are_limited_in_number(self):
        gate = threading.Event()

        def answer(call):
            call.read_body()
            call.send(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n"
                      b"Transfer-Encoding: chunked\r\n\r\n" + chunk(b"first"))
            gate.wait(poll.PATIENCE)
            call.send(b"0\r\n\r\n")
        weir = self.filtered(self.upstream(answer), "[{ compress = { max_active = 3 } }]")
        clients = [self.client(weir.address()) for _ in range(5)]
        codings = []
        for client in clients:
            client.send_request("/", headers=accepting("zstd"))
            codings.append(client.read_head().header("content-encoding"))
        self.assertEqual(codings, ["zstd"] * 3 + [None] * 2)
        gate.set()
        self.assert_metric(weir, 2, "weir_compress_total", result="busy")
        for client in clients:
            client.reset()
        poll.until(lambda: self.get(weir, headers=accepting("zstd")).header("content-encoding"),
                   "a free encoder")


    def test_a_thousand_streams_stay_within_the_stated_memory(self):
        gate = threading.Event()
        piece = chunk(sample(100_000))

        def answer(call):
            if call.request.target == "/first":
                return call.reply(b"x")
            call.read_body()
            call.send(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n"
                      b"Transfer-Encoding: chunked\r\n\r\n" + piece)
            gate.wait(poll.PATIENCE)
            return call.send(b"0\r\n\r\n")
        upstream = self.upstream(answer)
        self.addCleanup(gate.set)
        for coding, stated in (("gzip", 260 << 10), ("zstd", 1741 << 10)):
            weir = self.filtered(upstream, "[{ compress = {} }]")
            self.get(weir, "/first")
            before = weir.resident_bytes()
            clients = [self.client(weir.address()) for _ in range(1000)]
            for client in clients:
                client.send_request("/", headers=accepting(coding))
            codings = [client.read_head().header("content-encoding") for client in clients]
            self.assertEqual(codings.count(coding), 256)
            if not sanitized():
                of_connections = 1000 * (128 << 10)
                self.assertLess(weir.resident_bytes() - before, 256 * stated + of_connections)
            for client in clients:
                client.reset()


class Heads(TransformCase):
    def test_the_cycle_of_304_with_a_server_that_compares_bytes(self):
        body = sample(5000)

        def answer(call):
            same = call.request.header("if-none-match") == '"v1"'
            if same:
                call.send(b'HTTP/1.1 304 Not Modified\r\nETag: "v1"\r\n\r\n')
            else:
                call.reply(body, headers=[("ETag", '"v1"'), *JSON])
        weir = self.filtered(self.upstream(answer), "[{ compress = { restore_etag = true } }]")
        client = self.client(weir.address())
        tag = client.request("/", headers=accepting("gzip")).header("etag")
        self.assertEqual(tag, 'W/"v1"')
        for _ in range(3):
            again = client.request("/", headers=[*accepting("gzip"), ("if-none-match", tag)])
            self.assertEqual((again.status, again.header("etag")), (304, tag))
            self.assertEqual(again.header("vary"), "Accept-Encoding")
            tag = again.header("etag")

    def test_head_and_parts(self):
        body = sample(5000)

        def answer(call):
            if call.request.method == "HEAD":
                call.send(b"HTTP/1.1 200 OK\r\nContent-Type: text/css\r\n"
                          b"Content-Length: 5000\r\n\r\n")
            else:
                call.reply(body[:2000], "206 Partial Content",
                           [("Content-Range", "bytes 0-1999/5000"), ("Content-Type", "text/css")])
        weir = self.filtered(self.upstream(answer), "[{ compress = {} }]")
        head = self.http2(weir, "-I", "-H", "Accept-Encoding: br")
        self.assertEqual(head.header("content-encoding"), "br")
        self.assertIsNone(head.header("content-length"))
        for part in self.both(weir, headers=[*accepting("br"), ("range", "bytes=0-1999")]):
            self.assertEqual((part.status, part.body), (206, body[:2000]))

    def test_a_web_socket_passes(self):
        def answer(call):
            call.send(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
                      b"Connection: upgrade\r\nContent-Type: text/plain\r\n\r\nraw")
            call.stall()
        weir = self.weir(self.config_with_upgrade(self.upstream(answer)))
        client = self.client(weir.address())
        client.send(b"GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: upgrade\r\n"
                    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
                    b"Accept-Encoding: gzip\r\n\r\n")
        self.assertEqual(client.read_head().status, 101)
        self.assertEqual(client.read_exactly(3), b"raw")
        client.reset()

    @staticmethod
    def config_with_upgrade(upstream):
        return gateway(forward(upstream.address, route=(
            "upgrades = ['websocket']\nfilters = [{ compress = {} }]")))


class Example(TransformCase):
    def test_the_example_compresses(self):
        body = sample(20_000)
        weir = self.example("compress.toml", self.upstream(text(body, headers=JSON)))
        for reply in self.both(weir, headers=accepting("gzip, br;q=0.5")):
            self.assertEqual(reply.header("content-encoding"), "gzip")
            self.assertEqual(gunzip(reply.body), body)
        cross = [*accepting("gzip"), ("cookie", "id=1"), ("sec-fetch-site", "cross-site")]
        self.assertEqual(self.get(weir, headers=cross).body, body)


if __name__ == "__main__":
    unittest.main()
