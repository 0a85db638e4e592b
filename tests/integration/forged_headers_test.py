#!/usr/bin/env python3
"""Headers that filters set: no client can set them, whatever the filters of its route do."""

import hashlib
import unittest

from http2_wire import Http2Client
from integration_case import LISTENER, IntegrationCase, gateway
from passwords import CHEAP

KEY = hashlib.sha256(b"key").hexdigest()
SECRET = "0123456789abcdef0123456789abcdef"
NAMES = ("x-user", "x-claims", "x-consumer-id", "x-auth-user", "remote-user", "x-weir-auth",
         "x-weir-identity", "x-weir-policy")
FORGED = [(spelling, "forged") for name in NAMES
          for spelling in (name, name.replace("-", "_"), name.replace("-", ".", 1), name.title())]
BAD = {"none": [], "token": [("authorization", "Bearer a.b.c")], "key": [("x-api-key", "other")]}


def authentication(mode):
    """A list of all filters that set headers."""
    return (
        f"[{{ jwt = {{ issuer = 'me', audiences = 'any', secret = '{SECRET}', mode = '{mode}', "
        "claim_headers = { x-user = 'sub' }, payload_header = 'x-claims' } }, "
        f"{{ api_key = {{ keys = {{ inline = ['a sha256:{KEY} shop'] }}, mode = '{mode}' }} }}, "
        f"{{ basic = {{ users = {{ inline = ['ann:{CHEAP}'] }}, mode = '{mode}' }} }}, "
        "{ forward_auth = { upstream = 'auth', response_headers = ['remote-user'] } }]")


class ForgedHeaders(IntegrationCase):
    def setUp(self):
        super().setUp()
        self.backend = self.upstream()
        cors = "[{ cors = { origins = ['https://shop.test'] } }, "
        routes = {"open": "[]", "optional": authentication("optional"),
                  "shadow": authentication("shadow"),
                  "cors": cors + authentication("optional")[1:]}
        text = ""
        for name, filters in routes.items():
            text += (f"[[route]]\nname = '{name}'\nmatch.path_prefix = '/{name}'\n"
                     f"upstream = 'backend'\nfilters = {filters}\n")
        for name, address in (("backend", self.backend.address),
                              ("auth", self.upstream().address)):
            text += f"[upstream.{name}]\ndiscovery = {{ static = ['{address}'] }}\n"
        self.address = self.weir(gateway(
            text, listener=LISTENER + 'underscores_in_headers = "allow"\n')).address()

    def assert_clean(self):
        for request in self.backend.requests:
            self.assertNotIn("forged", [value for _, value in request.headers])
        self.backend.requests.clear()

    def test_over_http1(self):
        preflight = [("origin", "https://shop.test"), ("access-control-request-method", "PUT")]
        for path in ("/open", "/optional", "/shadow", "/cors", "/missing"):
            for bad, credentials in BAD.items():
                for method, more in (("GET", []), ("OPTIONS", []), ("OPTIONS", preflight)):
                    with self.subTest(path=path, bad=bad, method=method, more=more):
                        self.client(self.address).request(
                            path, method=method, headers=[*FORGED, *credentials, *more])
                        self.assert_clean()

    def test_over_http2(self):
        forged = [(name, value) for name, value in FORGED if name == name.lower()]
        for path in ("/open", "/optional", "/shadow", "/cors", "/missing"):
            for bad, credentials in BAD.items():
                with self.subTest(path=path, bad=bad):
                    client = Http2Client(self.address)
                    self.addCleanup(client.close)
                    client.get(path, fields=[*forged, *credentials])
                    self.assert_clean()

    def test_their_requests_arrive(self):
        for path in ("/open", "/optional", "/shadow", "/cors"):
            self.assertEqual(self.client(self.address).request(path, headers=FORGED).status, 200)
        self.assertEqual(len(self.backend.requests), 4)


if __name__ == "__main__":
    unittest.main()
