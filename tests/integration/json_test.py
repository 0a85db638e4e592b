"""The filter json in the real binary."""

import json
import unittest

from content_codings import DECODE, ENCODE
from http_wire import chunk
from integration_case import forward, gateway
from transform_case import TransformCase

JSON = [("content-type", "application/json")]


class Example(TransformCase):
    def start(self, answer):
        upstream = self.upstream(lambda call: call.reply(answer, headers=JSON))
        return upstream, self.example("json.toml", upstream)

    def test_the_example_over_both_versions(self):
        order = (b'{"id": 18446744073709551615, "price": 2.5, "count": 3, "internal": {"x": 1},'
                 b'"items": [{"name": "a", "cost": 1}, {"name": "b", "cost": 2.0}]}')
        upstream, weir = self.start(order)
        for reply in self.both(weir):
            self.assertEqual(reply.body, (
                b'{"id": 18446744073709551615, "price": 2.5, "count": 3,'
                b'"items":[{"name":"a"},{"name":"b"}],"total":7.5,"names":["a","b"]}'))
            self.assertEqual(reply.header("content-length"), str(len(reply.body)))
        self.assertEqual(upstream.requests[0].header("accept-encoding"), "identity")

    def test_requests_lose_a_member_and_get_others(self):
        upstream, weir = self.start(b"{}")
        self.get(weir, method="POST", headers=JSON, body=b'{"role":"admin","n":1e2}')
        self.http2(weir, "-H", "content-type: application/json", "--data-binary",
                   '{"role":"admin","n":1e2}')
        for request in upstream.requests:
            self.assertEqual(request.body,
                             b'{"n":1e2,"currency":"EUR","received_from":"127.0.0.1"}')

    def test_a_value_of_the_body_chooses_the_route(self):
        upstream, weir = self.start(b"{}")
        for model, route in (("large-1", "large-models"), ("small", "")):
            body = json.dumps({"model": model}).encode()
            self.get(weir, "/v1/chat", method="POST", body=body,
                     headers=JSON + [("x-large", "true"), ("x-model", "spoofed")])
            self.assertEqual(upstream.requests[-1].header("x-model"), model)
            self.assertEqual(b"received_from" in upstream.requests[-1].body, not route)

    def test_bombs_are_refused(self):
        upstream, weir = self.start(b"{}")
        for body, status in (
                (b"[" * 500_000, 400), (b"[" * 500_000 + b"]" * 500_000, 413),
                (b"[" + b"0," * 400_000 + b"0]", 413), (b'"' + b"x" * (1 << 20) + b'"', 413),
                (b'{"a":1,"a":2}', 400), (b'{"a":"\xff"}', 400), (b'{"a":1', 400)):
            reply = self.get(weir, method="POST", headers=JSON, body=body)
            self.assertEqual(reply.status, status, body[:20])
        large = b'{"n":' + b"9" * 1_000_000 + b',"x":1e400}'
        self.assertEqual(self.get(weir, method="POST", headers=JSON, body=large).status, 200)
        self.assertIn(large[:-1], upstream.requests[-1].body)

    def test_a_body_of_unknown_length_that_is_too_large_passes(self):
        body = b'{"internal":"' + b"x" * (2 << 20) + b'"}'
        upstream = self.upstream(lambda call: call.send(
            b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n"
            b"transfer-encoding: chunked\r\n\r\n" + chunk(body) + b"0\r\n\r\n"))
        weir = self.example("json.toml", upstream)
        self.assertEqual(self.get(weir).body, body)
        self.assert_metric(weir, 1, "weir_json_total", message="response", result="skipped_size")


class WithCodings(TransformCase):
    def test_a_compressed_response_is_changed_and_compressed_again(self):
        plain = json.dumps({"secret": 1, "text": "x" * 5000}).encode()

        def answer(call):
            self.assertIn("gzip", call.request.header("accept-encoding"))
            call.reply(ENCODE["gzip"](plain), headers=[*JSON, ("content-encoding", "gzip")])
        weir = self.filtered(self.upstream(answer), (
            "[{ compress = {} }, { json = { response = { strict = true, remove = ['/secret'] } } },"
            " { decompress = { responses = true } }]"))
        for coding, decode in DECODE.items():
            for reply in self.both(weir, headers=[("accept-encoding", coding)]):
                self.assertEqual(reply.header("content-encoding"), coding)
                self.assertEqual(json.loads(decode(reply.body)), {"text": "x" * 5000})

    def test_a_compressed_request_is_decompressed_before(self):
        upstream = self.upstream(lambda call: call.reply(b"x"))
        weir = self.filtered(upstream, (
            "[{ decompress = {} }, { json = { request = { strict = true, remove = ['/a'] } } }]"))
        for coding, encode in ENCODE.items():
            self.get(weir, method="POST", headers=[*JSON, ("content-encoding", coding)],
                     body=encode(b'{"a":1,"b":2}'))
            self.assertEqual(upstream.requests[-1].body, b'{"b":2}')


class Mistakes(TransformCase):
    def test_each_has_its_position(self):
        for settings, message in (
                ("request = { remove = ['a'] }", 'begins with "/"'),
                ("request = { remove = [''] }", "is the whole body"),
                ("request = { set = { '/a~2' = '1' } }", "~1"),
                ("request = { set = { '/a' = 'bodi.x' } }", 'there is no variable "bodi"'),
                ("request = { set = { '/a' = 'body.x +' } }", "ends where a value is expected"),
                ("request = { set = { '/a' = 'request.time' } }", "JSON has no timestamp"),
                ("request = { headers = { host = 'body.x' } }", "host"),
                ("max_size = '1GiB', request = { remove = ['/a'] }", "max_size"),
                ("", "changes nothing")):
            with self.subTest(settings):
                said = self.check(self.weir(gateway(forward("127.0.0.1:1", route=(
                    f"filters = [{{ json = {{ {settings} }} }}]"))), start=False))
                self.assertRegex(said, r"weir\.toml:\d+:\d+")
                self.assertIn(message, said)


if __name__ == "__main__":
    unittest.main()
