#!/usr/bin/env python3
"""The filter forward_auth with auth services of others."""

import unittest
from base64 import b64encode
from urllib.parse import parse_qs, urlsplit

from auth_services import Oauth2Proxy, OpenPolicyAgent, needs
from integration_case import IntegrationCase, forward, gateway


class AuthServices(IntegrationCase):
    def guarded(self, kind, settings):
        service = kind(self._folder)
        self.addCleanup(service.stop)
        self.backend = self.upstream()
        weir = self.weir(gateway(
            forward(self.backend.address, route=(
                f"filters = [{{ forward_auth = {{ upstream = 'auth', {settings} }} }}]")) +
            f"[upstream.auth]\ndiscovery = {{ static = ['{service.address}'] }}\n"))
        return self.client(weir.address())

    @needs("opa")
    def test_open_policy_agent_decides_by_method_path_and_headers(self):
        client = self.guarded(OpenPolicyAgent, "path = '/health'")
        reader = [("x-role", "reader")]
        for method, path, headers, status in (
                ("GET", "/public/a", [], 200), ("GET", "/orders", [], 401),
                ("GET", "/orders", reader, 200), ("DELETE", "/orders", reader, 401),
                ("GET", "/orders", [("x-forwarded-uri", "/public")], 401)):
            with self.subTest(method=method, path=path, headers=headers):
                reply = client.request(path, method=method, headers=headers)
                self.assertEqual(reply.status, status)
                if status == 401:
                    self.assertEqual(reply.header("x-weir-reason"), "ext_auth_denied")
        self.assertEqual([request.target for request in self.backend.requests],
                         ["/public/a", "/orders"])

    @needs("oauth2-proxy")
    def test_oauth2_proxy_as_for_auth_request_of_nginx(self):
        client = self.guarded(
            Oauth2Proxy, "path = '/oauth2/auth', response_headers = ['x-auth-request-user']")
        self.assertEqual(client.request("/").status, 401)
        ann = ("authorization", "Basic " + b64encode(b"ann:secret").decode())
        reply = client.request("/", headers=[ann, ("x-auth-request-user", "root")])
        self.assertEqual(reply.status, 200)
        self.assertEqual(self.backend.requests[-1].header("x-auth-request-user"), "ann")
        wrong = ("authorization", "Basic " + b64encode(b"ann:other").decode())
        self.assertEqual(client.request("/", headers=[wrong]).status, 401)
        self.assertEqual(len(self.backend.requests), 1)

    @needs("oauth2-proxy")
    def test_oauth2_proxy_as_for_forward_auth_of_traefik(self):
        client = self.guarded(Oauth2Proxy, "path = '/'")
        reply = client.request("/cart?x=1")
        self.assertEqual((reply.status, reply.header("x-weir-reason")), (302, "ext_auth_denied"))
        self.assertTrue(reply.header("location").startswith(Oauth2Proxy.LOGIN + "?"))
        asked = parse_qs(urlsplit(reply.header("location")).query)
        self.assertEqual(asked["client_id"], ["weir"])
        self.assertIn("_oauth2_proxy_csrf", reply.header("set-cookie"))
        self.assertEqual(self.backend.requests, [])


if __name__ == "__main__":
    unittest.main()
