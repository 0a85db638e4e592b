"""The filter error_pages in the real binary."""

import json
import unittest

from fake_upstream import closed_address, text
from integration_case import forward, gateway
from transform_case import ROOT, TransformCase

HTML = [("accept", "text/html,*/*;q=0.8")]


class Pages(TransformCase):
    def test_failures_of_weir_over_both_versions(self):
        weir = self.weir(gateway(forward(closed_address(), route=(
            "filters = [{ error_pages = {} }, { compress = {} }]"))))
        for reply in self.both(weir):
            self.assertEqual(reply.status, 502)
            self.assertEqual(reply.header("content-type"), "application/problem+json")
            problem = json.loads(reply.body)
            self.assertEqual((problem["status"], problem["reason"]),
                             (502, "upstream_connect_refused"))
            self.assertTrue(problem["request_id"])
        for reply in self.both(weir, headers=HTML):
            self.assertEqual(reply.header("content-type"), "text/html; charset=utf-8")
            self.assertIn(b"<h1>502 Bad Gateway</h1>", reply.body)
        self.assert_metric(weir, 4, "weir_error_pages_total", source="weir")

    def test_the_connection_to_the_upstream_is_used_again(self):
        upstream = self.upstream(text(b"x" * 200_000, status="500 Internal Server Error"))
        weir = self.filtered(upstream, "[{ error_pages = { source = 'upstream' } }]")
        client = self.client(weir.address())
        for _ in range(3):
            reply = client.request("/")
            self.assertEqual((reply.status, json.loads(reply.body)["status"]), (500, 500))
        self.assertEqual(upstream.connections, 1)

    def test_mistakes_are_reported_with_their_position(self):
        weir = self.weir(gateway(forward("127.0.0.1:1", route=(
            "filters = [{ error_pages = { pages = [{ text = 'page.txt' }] } }]"))), start=False)
        self.assertIn('cannot be read', self.check(weir))
        (weir.folder / "page.txt").write_text("a\n${request.what}\n", encoding="utf-8")
        said = self.check(weir)
        self.assertIn("weir.toml:", said)
        self.assertIn("names the unknown variable ${request.what} in line 2", said)


class Example(TransformCase):
    def test_the_example_replaces_errors(self):
        replies = iter(["500 Internal Server Error", "404 Not Found", "200 OK"])
        upstream = self.upstream(lambda call: call.reply(b"original", next(replies)))
        weir = self.example("error_pages.toml", upstream)
        client = self.client(weir.address())
        failed = client.request("/", headers=HTML)
        self.assertEqual(failed.status, 500)
        self.assertIn(b"<title>500 Internal Server Error</title>", failed.body)
        self.assertEqual(client.request("/").body, b"original")
        self.assertEqual(client.request("/").body, b"original")
        self.assertTrue((ROOT / "configs/pages/5xx.html").exists())


if __name__ == "__main__":
    unittest.main()
