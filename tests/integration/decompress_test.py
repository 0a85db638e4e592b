"""The filters decompress and buffer in the real binary."""

import unittest

from content_codings import ENCODE
from http_wire import chunk
from transform_case import TransformCase, in_random_chunks, sample
from weir_process import sanitized

# Of the process while it refuses bombs of 60 MiB; a sanitizer shadows memory and retains it.
GROWTH = (128 if sanitized() else 16) << 20


class Requests(TransformCase):
    def post(self, weir, body, coding):
        return self.get(weir, method="POST", headers=[("content-encoding", coding)], body=body)

    def test_the_upstream_receives_the_plain_body(self):
        body = sample(300_000)
        upstream = self.upstream(lambda call: call.reply(b"%d" % len(call.read_body())))
        weir = self.filtered(upstream, "[{ decompress = {} }]")
        for seed, (coding, encode) in enumerate(ENCODE.items()):
            self.assertEqual(self.post(weir, encode(body), coding).body, b"300000")
            client = self.client(weir.address())
            client.send(b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n"
                        b"Content-Encoding: %s\r\n\r\n" % coding.encode()
                        + in_random_chunks(encode(body), seed))
            self.assertEqual(client.read_reply().body, b"300000")
            (weir.folder / "body").write_bytes(encode(body))
            self.assertEqual(self.http2(weir, "-H", f"Content-Encoding: {coding}", "--data-binary",
                                        f"@{weir.folder}/body").body, b"300000")
        for request in upstream.requests:
            self.assertEqual(request.body, body)
            self.assertIsNone(request.header("content-encoding"))

    def test_bombs_are_refused_before_they_expand(self):
        upstream = self.upstream(lambda call: call.reply(call.read_body()))
        weir = self.filtered(upstream, "[{ decompress = {} }]")
        self.get(weir)
        before = weir.resident_bytes()
        for coding, encode in ENCODE.items():
            reply = self.post(weir, encode(bytes(60 << 20)), coding)
            self.assertEqual((reply.status, reply.header("x-weir-reason")),
                             (400, "transform_error"))
            self.assert_metric(weir, 1, "weir_decompress_total", encoding=coding,
                               result="too_large")
        self.assertLess(weir.resident_bytes() - before, GROWTH)

    def test_other_mistakes(self):
        weir = self.filtered(self.upstream(), "[{ decompress = { max_size = '1KiB' } }]")
        self.assertEqual(self.post(weir, ENCODE["gzip"](sample(1024)), "gzip").status, 200)
        self.assertEqual(self.post(weir, ENCODE["gzip"](sample(1025)), "gzip").status, 413)
        self.assertEqual(self.post(weir, b"plain", "br").status, 400)
        self.assertEqual(self.post(weir, b"plain", "deflate").status, 415)
        self.assertEqual(self.http2(weir, "-H", "Content-Encoding: zstd", "-d", "plain").status,
                         400)


class Responses(TransformCase):
    def test_the_client_receives_the_plain_body(self):
        body = sample(300_000)

        def answer(call):
            coding = call.request.target[1:]
            call.read_body()
            call.send(b"HTTP/1.1 200 OK\r\nContent-Encoding: %s\r\nTransfer-Encoding: chunked\r\n\r\n"
                      % coding.encode() + in_random_chunks(ENCODE[coding](body), 7))
        weir = self.filtered(self.upstream(answer), "[{ decompress = { responses = true } }]")
        for coding in ENCODE:
            for reply in self.both(weir, f"/{coding}"):
                self.assertEqual(reply.body, body)
                self.assertIsNone(reply.header("content-encoding"))


class Examples(TransformCase):
    def test_decompress(self):
        body = sample(5000)
        upstream = self.upstream(lambda call: call.reply(call.read_body()))
        weir = self.example("decompress.toml", upstream)
        for coding, encode in ENCODE.items():
            reply = self.get(weir, method="POST", body=encode(body),
                             headers=[("content-encoding", coding)])
            self.assertEqual(reply.body, body)
        self.assertEqual(self.http2(weir, "-d", "x", "-H", "Content-Encoding: br").status, 400)

    def test_buffer(self):
        upstream = self.upstream(lambda call: call.reply(call.read_body()))
        weir = self.example("buffer.toml", upstream)
        client = self.client(weir.address())
        client.send(b"POST /upload HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
                    + chunk(b"a" * 1000) + chunk(b"b") + b"0\r\n\r\n")
        self.assertEqual(client.read_reply().body, b"a" * 1000 + b"b")
        self.assertEqual(upstream.requests[0].length, 1001)
        large = self.get(weir, "/upload", method="POST", body=bytes((1 << 20) + 1))
        self.assertEqual((large.status, large.header("x-weir-reason")), (413, "body_too_large"))
        self.assertEqual(self.http2(weir, "-d", "x", path="/upload").body, b"x")
        self.assertEqual(upstream.requests[-1].length, 1)


if __name__ == "__main__":
    unittest.main()
