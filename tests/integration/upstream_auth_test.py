#!/usr/bin/env python3
"""The filter upstream_auth with a token endpoint that goes away and comes back."""

import re
import shutil
import subprocess
import unittest
from pathlib import Path

from integration_case import IntegrationCase, forward, gateway
from poll import until
from token_endpoint import TokenEndpoint
from weir_process import BINARY

ROOT = Path(__file__).resolve().parents[2]


def authorized(call):
    """An API that accepts every token but those in `refused`."""
    sent = call.request.header("authorization")
    good = sent is not None and sent not in authorized.refused
    call.reply(b"orders\n", status="200 OK" if good else "401 Unauthorized")


authorized.refused = set()


class UpstreamAuth(IntegrationCase):
    def setUp(self):
        super().setUp()
        authorized.refused = set()
        self.api = self.upstream(authorized)

    def endpoint(self, **parts):
        endpoint = TokenEndpoint(**parts)
        self.addCleanup(endpoint.stop)
        return endpoint

    def gateway_of(self, endpoint, workers=1):
        return self.weir(gateway(forward(self.api.address, route=(
            "filters = [{ upstream_auth = { oauth2_client_credentials = { "
            f"token_endpoint = 'http://{endpoint.address}/token', client_id = 'weir', "
            "client_secret = 's3cret' } } }]")), workers=workers))

    def sent(self):
        return self.api.requests[-1].header("authorization")

    def test_all_workers_use_one_token(self):
        endpoint = self.endpoint()
        weir = self.gateway_of(endpoint, workers=2)
        for _ in range(10):
            self.assertEqual(self.get(weir).status, 200)
            self.assertEqual(self.sent(), "Bearer token-1")
        self.assertEqual(len(endpoint.requests), 1)
        self.assert_metric(weir, 10, "weir_upstream_auth_requests_total", result="sent")
        self.assert_metric(weir, 1, "weir_upstream_auth_token_refreshes_total", result="success")

    def test_a_refused_token_is_replaced(self):
        endpoint = self.endpoint()
        weir = self.gateway_of(endpoint)
        self.assertEqual(self.get(weir).status, 200)
        authorized.refused = {"Bearer token-1"}
        self.assertEqual(self.get(weir).status, 401)
        self.assertEqual(self.get(weir).status, 200)
        self.assertEqual(self.sent(), "Bearer token-2")
        self.assertEqual(len(endpoint.requests), 2)

    def test_an_endpoint_that_is_away_at_the_start(self):
        endpoint = self.endpoint()
        endpoint.away = True
        weir = self.gateway_of(endpoint)
        reply = self.get(weir)
        self.assertEqual((reply.status, reply.header("x-weir-reason")), (503, "ext_auth_error"))
        self.assertEqual(self.api.requests, [])
        endpoint.away = False
        until(lambda: self.get(weir).status == 200, "a token")

    def test_an_endpoint_that_goes_away(self):
        endpoint = self.endpoint()
        weir = self.gateway_of(endpoint)
        self.assertEqual(self.get(weir).status, 200)
        endpoint.away = True
        authorized.refused = {"Bearer token-1"}
        self.assertEqual(self.get(weir).status, 401)
        self.assertEqual(self.get(weir).status, 401)
        self.assertEqual(self.sent(), "Bearer token-1")
        endpoint.away = False
        until(lambda: self.get(weir).status == 200, "a new token")

    def test_the_token_survives_a_reload(self):
        endpoint = self.endpoint()
        weir = self.gateway_of(endpoint)
        self.assertEqual(self.get(weir).status, 200)
        text = weir.file.read_text(encoding="utf-8")
        weir.file.write_text(text + "\n[upstream.other]\ndiscovery = { static = ['127.0.0.1:1'] }\n",
                             encoding="utf-8")
        self.assertEqual(weir.admin("/reload", "POST")[0], 200)
        self.assertEqual(self.get(weir).status, 200)
        self.assertEqual((self.sent(), len(endpoint.requests)), ("Bearer token-1", 1))

    def test_mistakes_have_their_position(self):
        for settings, what in (
                ("basic = { username = 'a:b', password = 'x' }", "username"),
                ("api_key = { header = 'te', key = 'x' }", "header"),
                ("api_key = { key = ' x' }", "key"),
                ("oauth2_client_credentials = { token_endpoint = { upstream = 'no' }, "
                 "client_id = 'a', client_secret = 'b' }", "token_endpoint"),
                ("oauth2_client_credentials = { token_endpoint = 'http://a.test/', "
                 "client_id = 'a', client_secret = 'b', parameters = { scope = 'x' } }",
                 "parameters")):
            weir = self.weir(gateway(forward("127.0.0.1:1", route=(
                f"filters = [{{ upstream_auth = {{ {settings} }} }}]"))), start=False)
            done = subprocess.run([BINARY, "check", weir.file], capture_output=True, text=True,
                                  check=False)
            self.assertNotEqual(done.returncode, 0, settings)
            self.assertRegex(done.stdout, rf"weir.toml:\d+:\d+: .*{what}")

    def test_the_example_gets_a_token(self):
        endpoint = self.endpoint()
        text = (ROOT / "configs/upstream_auth.toml").read_text(encoding="utf-8")
        addresses = iter([self.api.address, endpoint.address])
        text = re.sub(r'static = \["[^"]*"\]', lambda _: f'static = ["{next(addresses)}"]', text)
        text = re.sub(r'(\baddress = )"[^"]*"', r'\1"127.0.0.1:0"', text)
        weir = self.weir(text, start=False)
        shutil.copy(ROOT / "configs/client_secret.txt", weir.folder)
        weir.start()
        self.assertEqual(self.client(weir.address("internal")).request("/").status, 200)
        self.assertEqual(self.sent(), "Bearer token-1")
        form = endpoint.requests[0]
        self.assertEqual(form["scope"], ["orders:read"])
        self.assertEqual(form["audience"], ["https://api.partner.example/"])


if __name__ == "__main__":
    unittest.main()
