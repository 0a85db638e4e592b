#!/usr/bin/env python3
"""The filter forward_auth with an auth service for gRPC, which goes away and comes back."""

import unittest

from ext_authz_service import ExtAuthzService, allowed, denied, header, text
from fake_upstream import closed_address
from integration_case import IntegrationCase, forward, gateway
from poll import until


def decide(question):
    """Admits the session "ada", redirects others to a login, refuses /admin."""
    if question.path.startswith("/admin"):
        return denied(403, header("content-type", "text/plain"), body="not yours")
    if "session=ada" not in question.headers.get("cookie", ""):
        return denied(302, header("location", "https://login.test/"))
    return allowed(header("remote-user", "ada")) + text(3, text(6, header("x-seen", "1")))


class ExtAuthz(IntegrationCase):
    def service(self, answer=decide, **parts):
        service = ExtAuthzService(answer, **parts)
        self.addCleanup(service.stop)
        return service

    def guarded(self, address, upstream, more=""):
        return self.weir(gateway(
            forward(upstream.address, route=(
                "filters = [{ forward_auth = { upstream = 'auth', style = 'grpc', "
                f"response_headers = ['remote-user']{more} }} }}]")) +
            f"[upstream.auth]\nprotocol = 'http2'\ndiscovery = {{ static = ['{address}'] }}\n"))

    def test_decisions(self):
        service, upstream = self.service(), self.upstream()
        weir = self.guarded(service.address, upstream)
        client = self.client(weir.address())
        reply = client.request("/cart?x=1", headers=[("Cookie", "session=ada"),
                                                     ("Remote-User", "root")])
        self.assertEqual((reply.status, reply.header("x-seen")), (200, "1"))
        self.assertEqual(upstream.requests[-1].all("remote-user"), ["ada"])
        asked = service.asked[-1]
        self.assertEqual((asked.method, asked.path, asked.address),
                         ("GET", "/cart?x=1", "127.0.0.1"))
        reply = client.request("/cart")
        self.assertEqual((reply.status, reply.header("location")), (302, "https://login.test/"))
        reply = client.request("/admin", headers=[("Cookie", "session=ada")])
        self.assertEqual((reply.status, reply.body), (403, b"not yours"))
        self.assertEqual(reply.header("x-weir-reason"), "ext_auth_denied")
        self.assertEqual(len(upstream.requests), 1)
        self.assert_metric(weir, 1, "weir_forward_auth_decisions_total", result="allowed")
        self.assert_metric(weir, 2, "weir_forward_auth_decisions_total", result="denied")

    def test_bodies(self):
        service, upstream = self.service(), self.upstream()
        weir = self.guarded(service.address, upstream, ", body = '100KiB'")
        body = bytes(range(256)) * 200
        reply = self.client(weir.address()).request("/", method="POST", body=body,
                                                    headers=[("Cookie", "session=ada")])
        self.assertEqual(reply.status, 200)
        self.assertEqual((service.asked[-1].body, upstream.requests[-1].body), (body, body))

    def test_answers_are_kept(self):
        service, upstream = self.service(), self.upstream()
        weir = self.guarded(service.address, upstream,
                            ", cache = { key = ['cookie:session', 'path'] }")
        client = self.client(weir.address())
        for _ in range(3):
            reply = client.request("/", headers=[("Cookie", "session=ada")])
            self.assertEqual((reply.status, reply.header("x-seen")), (200, "1"))
            self.assertEqual(upstream.requests[-1].header("remote-user"), "ada")
        self.assertEqual(client.request("/admin", headers=[("Cookie", "session=ada")]).status, 403)
        self.assertEqual(client.request("/", headers=[("Cookie", "session=eve")]).status, 302)
        self.assertEqual(len(service.asked), 3)

    def test_a_service_that_is_away_at_the_start_and_comes_back(self):
        address, upstream = closed_address(), self.upstream()
        weir = self.guarded(address, upstream)
        reply = self.get(weir, headers=[("Cookie", "session=ada")])
        self.assertEqual((reply.status, reply.header("x-weir-reason")), (503, "ext_auth_error"))
        service = self.service(address=address)
        until(lambda: self.get(weir, headers=[("Cookie", "session=ada")]).status == 200,
              "the service")
        service.stop()
        reply = self.get(weir, headers=[("Cookie", "session=ada")])
        self.assertEqual((reply.status, reply.header("x-weir-reason")), (503, "ext_auth_error"))

    def test_a_service_that_fails_can_be_passed(self):
        def broken(_question):
            raise ValueError
        upstream = self.upstream()
        weir = self.guarded(self.service(broken).address, upstream, ", on_error = 'allow'")
        self.assertEqual(self.get(weir).status, 200)
        self.assertEqual(upstream.requests[-1].header("x-weir-auth"), "unavailable")


if __name__ == "__main__":
    unittest.main()
