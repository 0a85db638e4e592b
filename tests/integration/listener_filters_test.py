"""Filters, header rules and redirects of listeners, and the environment, in the real binary."""

import json
import os
import re
import subprocess
import tempfile
import unittest
from pathlib import Path

import poll
from fake_upstream import text
from integration_case import IntegrationCase, forward, gateway
from tls_case import TlsCase
from weir_process import BINARY

ROOT = Path(__file__).resolve().parents[2]

LISTENER = """
[[listener]]
name = "public"
address = "127.0.0.1:0"
reason_header = true
%s
"""


class ListenerFilters(IntegrationCase):
    def test_requests_without_a_route_pass_them_and_a_route_may_leave_one_out(self):
        upstream = self.upstream()
        rest = """
[filter.deny]
address_list = { deny = ["127.0.0.1"] }
[[route]]
name = "open"
match = { path = "/open" }
upstream = "backend"
without_filters = ["deny"]
""" + forward(upstream.address, route='match = { path = "/closed" }')
        weir = self.weir(gateway(rest, listener=LISTENER % 'filters = ["deny"]'))
        client = self.client(weir.address())
        self.assertEqual(client.request("/open").status, 200)
        for path in ("/closed", "/nowhere"):
            reply = client.request(path)
            self.assertEqual((reply.status, reply.header("x-weir-reason")), (403, "authz_denied"))
        self.assert_metric(weir, 2, "weir_local_replies_total", filter="address_list",
                           reason="authz_denied")
        self.assert_metric(weir, 1, "weir_upstream_requests_total")

    def test_a_limit_counts_the_requests_of_all_routes(self):
        rest = """
[[route]]
match = { path = "/a" }
respond = { body = "a" }
[[route]]
match = { path = "/b" }
respond = { body = "b" }
"""
        limit = 'filters = [{ rate_limit = { rate = "1/m", burst = 3 } }]'
        weir = self.weir(gateway(rest, listener=LISTENER % limit, workers=2))
        statuses = [self.get(weir, path).status for path in ("/a", "/b", "/c", "/a", "/b", "/c")]
        self.assertEqual(statuses, [200, 200, 404, 429, 429, 429])

    def test_header_rules_affect_routing_and_every_response(self):
        upstream = self.upstream(text(b"hello\n"))
        rules = """
request_headers = { set = { x-kind = "internal" }, remove = ["x-debug"] }
response_headers = { set = { x-frame-options = "DENY" }, remove = ["x-powered-by"] }
"""
        weir = self.weir(gateway(forward(
            upstream.address, route='match = { headers = { x-kind = "internal" } }'),
            listener=LISTENER % rules))
        client = self.client(weir.address())
        reply = client.request("/", headers=[("x-kind", "other"), ("x-debug", "1")])
        self.assertEqual((reply.status, reply.header("x-frame-options")), (200, "DENY"))
        self.assertEqual(upstream.requests[-1].all("x-debug"), [])
        self.assertEqual(client.request("/%zz").header("x-frame-options"), "DENY")

    def test_a_reload_replaces_them(self):
        weir = self.weir(gateway("[[route]]\nrespond = {}",
                                 listener=LISTENER % 'response_headers = { set = { x-a = "1" } }'))
        self.assertEqual(self.get(weir).header("x-a"), "1")
        weir.file.write_text(gateway(
            "[[route]]\nrespond = {}",
            listener=LISTENER % 'filters = [{ address_list = { deny = ["127.0.0.1"] } }]'),
            encoding="utf-8")
        poll.until(lambda: self.get(weir).status == 403, "the new filters")
        self.assertIsNone(self.get(weir).header("x-a"))

    def test_a_sidecar_filters_what_comes_in(self):
        application = self.upstream()
        weir = self.weir(f"""
role = "sidecar"
admin = {{ address = "127.0.0.1:0" }}
[filter.deny]
address_list = {{ deny = ["127.0.0.1"] }}
[sidecar]
service = "shop"
inbound = {{ address = "127.0.0.1:0", application = "{application.address}", filters = ["deny"] }}
""")
        reply = self.client(weir.address("inbound")).request("/")
        self.assertEqual(reply.status, 403)
        self.assertEqual(application.requests, [])


class Example(TlsCase):
    def test_the_example_does_what_it_says(self):
        upstream = self.upstream()
        config = (ROOT / "configs/listener.toml").read_text(encoding="utf-8")
        config = config.replace("../ca/", "ca/")
        config = re.sub(r'static = \["[^"]*"\]', f'static = ["{upstream.address}"]', config)
        config = re.sub(r'address = "[^"]*"', 'address = "127.0.0.1:0"', config)
        weir = self.weir(config, start=False,
                         env={**os.environ, "OFFICE_NETWORK": "192.0.2.0/24"})
        self.authority(weir.folder, "edge")
        weir.start()
        reply = self.client(weir.address("plain")).request("/app?a=1", host="shop.test:8080")
        self.assertEqual((reply.status, reply.header("location")),
                         (308, "https://shop.test:8443/app?a=1"))
        secure = self.https(weir)
        for path, status in (("/status", 200), ("/app", 403), ("/nowhere", 403)):
            answer, _ = self.fetch(secure, path)
            self.assertEqual(answer.status, status)
            self.assertEqual(answer.headers["strict-transport-security"], "max-age=31536000")
        self.assertEqual(upstream.requests, [])


class Environment(unittest.TestCase):
    def check(self, config, *options, **variables):
        with tempfile.TemporaryDirectory(prefix="weir-test-") as folder:
            path = Path(folder) / "weir.toml"
            path.write_text(config, encoding="utf-8")
            done = subprocess.run([BINARY, "check", *options, str(path)], check=False, text=True,
                                  capture_output=True, env={**os.environ, **variables})
            return done.returncode, done.stdout.replace(folder + "/", "")

    CONFIG = """
workers = "${env.WORKERS:-2}"
listener = [{ name = "web", address = "127.0.0.1:${env.PORT}" }]
[[route]]
upstream = "app"
request_headers = { set = { authorization = "Bearer ${env.TOKEN}" } }
match = { headers = { x-token = "${env.TOKEN}" } }
[upstream.app]
discovery = { static = ["10.0.0.1:80"] }
"""

    def test_values_are_used_but_not_printed(self):
        code, printed = self.check(self.CONFIG, "--print", PORT="8080", TOKEN="s3cret")
        self.assertEqual(code, 0)
        self.assertIn('address = "127.0.0.1:${env.PORT}"', printed)
        self.assertIn('"Bearer ${env.TOKEN}"', printed)
        self.assertIn("workers = 2", printed)
        self.assertNotIn("s3cret", printed)

    def test_missing_variables_are_reported_with_their_places(self):
        code, printed = self.check(self.CONFIG, "--format", "json", PORT="80x80")
        self.assertEqual(code, 2)
        found = [(each["line"], each["column"], each["path"]) for each in json.loads(printed)]
        self.assertEqual(found, [(3, 39, "listener[0].address"),
                                 (6, 53, "route[0].request_headers.set.authorization"),
                                 (7, 34, "route[0].match.headers.x-token")])


if __name__ == "__main__":
    unittest.main()
