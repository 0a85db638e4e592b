#!/usr/bin/env python3
"""The filter forward_auth with a real auth service, over HTTP/1.1, HTTP/2 and WebSocket."""

import re
import subprocess
import threading
import unittest
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import poll
from fake_upstream import closed_address
from integration_case import IntegrationCase, forward, gateway
from weir_process import BINARY

ROOT = Path(__file__).resolve().parents[2]
FILTER = ("filters = [{ forward_auth = { upstream = 'auth', path = '/verify', "
          "response_headers = ['Remote-User']%s } }]")


class AuthService(BaseHTTPRequestHandler):
    """Admits the session "ada", redirects others to a login, refuses /admin."""

    protocol_version = "HTTP/1.1"

    def do_GET(self):
        self.server.asked.append((self.path, self.headers))
        if self.headers["X-Forwarded-Uri"].startswith("/admin"):
            return self._reply(403, b"not yours", [("Content-Type", "text/plain")])
        if "session=ada" not in self.headers.get("Cookie", ""):
            return self._reply(302, b"", [("Location", "https://login.test/")])
        return self._reply(200, b"ok", [("Remote-User", "ada"), ("Set-Cookie", "seen=1")])

    def _reply(self, status, body, headers):
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


class ForwardAuth(IntegrationCase):
    def service(self):
        server = ThreadingHTTPServer(("127.0.0.1", 0), AuthService)
        server.asked = []
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        self.addCleanup(thread.join)
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        return server

    def guarded(self, service, upstream, more=""):
        address = service if isinstance(service, str) else f"127.0.0.1:{service.server_port}"
        return self.weir(gateway(
            forward(upstream.address, route=FILTER % more) +
            f"[upstream.auth]\ndiscovery = {{ static = ['{address}'] }}\n"))

    def curl(self, *arguments):
        done = subprocess.run(["curl", "-sS", "--max-time", str(poll.PATIENCE), *arguments],
                              capture_output=True, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout.decode()

    def test_over_http1(self):
        service, upstream = self.service(), self.upstream()
        weir = self.guarded(service, upstream)
        client = self.client(weir.address())
        reply = client.request("/cart?x=1", headers=[("Cookie", "session=ada"),
                                                     ("Remote-User", "root")])
        self.assertEqual((reply.status, reply.header("set-cookie")), (200, "seen=1"))
        self.assertEqual(upstream.requests[-1].header("remote-user"), "ada")
        path, headers = service.asked[-1]
        self.assertEqual((path, headers["X-Forwarded-Uri"]), ("/verify", "/cart?x=1"))
        reply = client.request("/cart")
        self.assertEqual((reply.status, reply.header("location")), (302, "https://login.test/"))
        reply = client.request("/admin", headers=[("Cookie", "session=ada")])
        self.assertEqual((reply.status, reply.body), (403, b"not yours"))
        self.assertEqual(reply.header("x-weir-reason"), "ext_auth_denied")
        self.assertEqual(len(upstream.requests), 1)
        self.assert_metric(weir, 1, "weir_forward_auth_decisions_total", result="allowed")
        self.assert_metric(weir, 2, "weir_forward_auth_decisions_total", result="denied")
        self.assert_metric(weir, 2, "weir_local_replies_total", filter="forward_auth",
                           reason="ext_auth_denied")

    def test_over_http2(self):
        upstream = self.upstream()
        weir = self.guarded(self.service(), upstream)
        ask = ["--http2-prior-knowledge", "-w", " %{http_code} %{http_version}"]
        url = f"http://{weir.address()}"
        self.assertEqual(self.curl(*ask, "-b", "session=ada", f"{url}/"), "hello\n 200 2")
        self.assertEqual(upstream.requests[-1].header("remote-user"), "ada")
        self.assertEqual(self.curl(*ask, f"{url}/"), " 302 2")
        self.assertEqual(self.curl(*ask, "-b", "session=ada", f"{url}/admin/x"),
                         "not yours 403 2")
        self.assertEqual(self.curl(*ask, "-b", "session=ada", "-d", "a" * 100_000, f"{url}/"),
                         "hello\n 200 2")
        self.assertEqual(len(upstream.requests[-1].body), 100_000)

    def test_a_service_that_is_away_denies_or_allows(self):
        upstream = self.upstream()
        weir = self.guarded(closed_address(), upstream)
        reply = self.get(weir)
        self.assertEqual((reply.status, reply.header("x-weir-reason")), (503, "ext_auth_error"))
        self.assertEqual(upstream.requests, [])
        weir = self.guarded(closed_address(), upstream, ", on_error = 'allow'")
        self.assertEqual(self.get(weir).status, 200)
        self.assertEqual(upstream.requests[-1].header("x-weir-auth"), "unavailable")
        self.assert_metric(weir, 1, "weir_forward_auth_decisions_total", result="error")

    def test_a_service_that_goes_away_and_comes_back(self):
        service, upstream = self.upstream(), self.upstream()
        weir = self.guarded(service.address, upstream)
        client = self.client(weir.address())
        self.assertEqual(client.request("/").status, 200)
        service.close()
        reply = client.request("/")
        self.assertEqual((reply.status, reply.header("x-weir-reason")), (503, "ext_auth_error"))
        service.reopen()
        poll.until(lambda: client.request("/").status == 200, "the service")

    def test_answers_are_kept_for_their_callers_only(self):
        service, upstream = self.service(), self.upstream()
        weir = self.guarded(service, upstream, ", cache = { key = ['cookie:session', 'path'] }")
        client = self.client(weir.address())
        ada, eve = [("Cookie", "session=ada; seen=1")], [("Cookie", "session=eve")]
        for headers, path, status in ((eve, "/", 302), (eve, "/", 302), ([], "/", 302),
                                      (eve, "/admin", 403), (eve, "/admin", 403)):
            self.assertEqual(client.request(path, headers=headers).status, status)
        self.assertEqual(len(service.asked), 3)
        for _ in range(2):  # a response with Set-Cookie is not kept
            self.assertEqual(client.request("/", headers=ada).status, 200)
        self.assertEqual(len(service.asked), 5)
        self.assertEqual(len(upstream.requests), 2)

    def test_a_mistake_has_its_position(self):
        config = gateway(forward("127.0.0.1:1", route=(
            "filters = [{ forward_auth = { upstream = 'aut', response_headers = ['te'] } }]")) +
            "[upstream.auth]\ndiscovery = { static = ['127.0.0.1:2'] }\n")
        weir = self.weir(config, start=False)
        done = subprocess.run([BINARY, "check", weir.file], capture_output=True, text=True,
                              check=False)
        self.assertNotEqual(done.returncode, 0)
        line = next(number for number, text in enumerate(config.splitlines(), 1)
                    if text.startswith("filters"))
        self.assertRegex(done.stdout, rf'weir.toml:{line}:\d+: .*response_headers')

    def test_a_key_that_mixes_callers_is_refused(self):
        for more, what in (
                (", cache = { key = ['path', 'client_address'] }", "tells callers apart"),
                (", cache = { key = ['cookie:a', 'colour'] }", "is not a part of requests"),
                (", cache = { key = ['cookie:a'] }, body = '1KiB'", "cannot be used")):
            weir = self.weir(gateway(forward("127.0.0.1:1", route=FILTER % more) +
                                     "[upstream.auth]\ndiscovery = { static = ['127.0.0.1:2'] }\n"),
                             start=False)
            done = subprocess.run([BINARY, "check", weir.file], capture_output=True, text=True,
                                  check=False)
            self.assertNotEqual(done.returncode, 0)
            self.assertIn(what, done.stdout)

    def test_the_example_loads_and_admits_sessions(self):
        text = (ROOT / "configs/forward_auth.toml").read_text(encoding="utf-8")
        service, upstream = self.service(), self.upstream()
        addresses = iter([upstream.address, f"127.0.0.1:{service.server_port}"])
        text = re.sub(r'static = \["[^"]*"\]', lambda _: f'static = ["{next(addresses)}"]', text)
        weir = self.weir(re.sub(r'(\baddress = )"[^"]*"', r'\1"127.0.0.1:0"', text))
        client = self.client(weir.address())
        self.assertEqual(client.request("/").status, 302)
        self.assertEqual(client.request("/", headers=[("Cookie", "session=ada")]).status, 200)
        self.assertEqual(upstream.requests[-1].header("remote-user"), "ada")


if __name__ == "__main__":
    unittest.main()
