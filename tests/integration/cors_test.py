"""The filters cors and csrf in the real binary."""

import re
import unittest
from pathlib import Path

from http2_wire import Http2Client
from integration_case import IntegrationCase

ROOT = Path(__file__).resolve().parents[2]
SHOP = "https://www.shop.example"


class Cors(IntegrationCase):
    def setUp(self):
        super().setUp()
        self.backend = self.upstream()
        text = (ROOT / "configs/cors.toml").read_text(encoding="utf-8")
        text = re.sub(r'static = \["[^"]*"\]', f'static = ["{self.backend.address}"]', text)
        self.process = self.weir(re.sub(r'address = "[^"]*"', 'address = "127.0.0.1:0"', text))

    def ask(self, method, *headers):
        client = self.client(self.process.address())
        return client.request("/", method=method, headers=list(headers))

    def test_preflights_are_answered_without_the_upstream(self):
        reply = self.ask("OPTIONS", ("origin", SHOP), ("access-control-request-method", "DELETE"))
        self.assertEqual((reply.status, reply.body), (204, b""))
        self.assertIsNone(reply.header("content-length"))
        self.assertEqual(reply.header("access-control-allow-origin"), SHOP)
        self.assertEqual(reply.header("access-control-allow-methods"), "GET, POST, DELETE")
        self.assertEqual(reply.header("access-control-allow-headers"), "content-type")
        self.assertEqual(reply.header("access-control-allow-credentials"), "true")
        self.assertEqual(reply.header("access-control-max-age"), "3600")
        self.assertEqual(self.backend.requests, [])
        reply = self.ask("OPTIONS", ("origin", "https://evil.example"),
                         ("access-control-request-method", "DELETE"))
        self.assertEqual(reply.status, 200)
        self.assertIsNone(reply.header("access-control-allow-origin"))

    def test_responses_and_refusals_are_labelled(self):
        reply = self.ask("GET", ("origin", SHOP))
        self.assertEqual((reply.status, reply.header("access-control-allow-origin")), (200, SHOP))
        self.assertEqual(self.ask("GET").header("vary"), "Origin")
        reply = self.ask("POST", ("origin", SHOP), ("sec-fetch-site", "cross-site"))
        self.assertEqual(reply.status, 200)
        reply = self.ask("POST", ("origin", "https://evil.example"),
                         ("sec-fetch-site", "cross-site"))
        self.assertEqual((reply.status, reply.header("x-weir-reason"), reply.header("vary")),
                         (403, "authz_denied", "Origin"))
        self.assert_metric(self.process, 1, "weir_csrf_decisions_total", decision="deny")
        self.assert_metric(self.process, 3, "weir_csrf_decisions_total", decision="allow")

    def test_http2(self):
        http2 = Http2Client(self.process.address())
        self.addCleanup(http2.close)
        fields = [("origin", SHOP), ("access-control-request-method", "GET")]
        stream = http2.send_head([(":method", "OPTIONS"), (":scheme", "http"), (":path", "/"),
                                  (":authority", "test"), *fields])
        self.assertEqual(http2.read_body(stream), b"")
        self.assertEqual(self.backend.requests, [])
        self.assertEqual(http2.get("/", fields=fields[:1]), b"hello\n")
        stream = http2.send_head([(":method", "POST"), (":scheme", "http"), (":path", "/"),
                                  (":authority", "test"), ("sec-fetch-site", "cross-site")])
        self.assertIn(b"another origin", http2.read_body(stream))


if __name__ == "__main__":
    unittest.main()
