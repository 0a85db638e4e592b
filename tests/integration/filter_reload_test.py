#!/usr/bin/env python3
"""Reloads under load with all filters: no request fails, and filters keep what they have learned.

By hand with more reloads, and beside more requests: WEIR_RELOADS=1000 WEIR_CALLERS=32 before the
command.
"""

import hashlib
import os
import unittest

import poll
from caller import Load
from integration_case import IntegrationCase, gateway
from passwords import CHEAP
from token_issuer import ISSUER, Issuer, Key

RELOADS = int(os.environ.get("WEIR_RELOADS", "25"))
CALLERS = int(os.environ.get("WEIR_CALLERS", "4"))
KEY = hashlib.sha256(b"key").hexdigest()


def answer(call):
    """Of the upstream and of the auth service."""
    call.reply(b'{"a":1,"internal":2}', headers=[("content-type", "application/json")])


class FilterReload(IntegrationCase):
    def setUp(self):
        super().setUp()
        self.key = Key(self._folder, "a")
        self.issuer = Issuer([self.key])
        self.addCleanup(self.issuer.stop)
        self.backend, self.service = self.upstream(answer), self.upstream(answer)
        self.headers = [("authorization", f"Bearer {self.key.token(exp=4000000000)}"),
                        ("x-api-key", "key"), ("origin", "https://shop.test"),
                        ("sec-fetch-site", "same-origin"), ("accept-encoding", "gzip")]

    def filters(self, generation):
        """All that a request may pass on one route; `transform` changes with each reload."""
        return ", ".join([
            "{ error_pages = {} }", "{ address_list = { allow = ['127.0.0.0/8'] } }",
            "{ cors = { origins = ['https://shop.test'] } }", "{ csrf = {} }",
            f"{{ jwt = {{ issuer = '{ISSUER}', audiences = ['orders'], "
            f"jwks = 'http://{self.issuer.address}/keys', claim_headers = {{ x-user = 'sub' }} }} }}",
            f"{{ api_key = {{ keys = {{ inline = ['a sha256:{KEY} shop'] }} }} }}",
            f"{{ basic = {{ users = {{ inline = ['ann:{CHEAP}'] }}, mode = 'shadow' }} }}",
            "{ client_certificate = { mode = 'optional' } }",
            "{ forward_auth = { upstream = 'auth', path = '/verify', "
            "cache = { key = ['header:authorization'], ttl = '1h' } } }",
            "{ rbac = { policies = [{ name = 'p', action = 'allow', "
            "from = { consumers = ['shop'] } }] } }",
            "{ rate_limit = { name = 'all', rate = '1000000/s', key = ['consumer'] } }",
            "{ fault = { delay = { fixed = '1s', percent = 0 } } }",
            "{ transform = { request = { headers = { set = "
            f"{{ x-generation = '{generation}' }} }} }} }} }}",
            "{ buffer = { max_request = '1KiB', when = 'request.method == \"POST\"' } }",
            "{ compress = { min_size = '1B' } }", "{ decompress = {} }", "{ grpc_web = {} }",
            "{ json = { response = { remove = ['/internal'] } } }",
            "{ upstream_auth = { api_key = { header = 'x-upstream-key', key = 'k' } } }"])

    def plan(self, generation):
        return gateway(
            "[[route]]\nmatch.path = '/few'\nrespond.body = 'one'\n"
            "filters = [{ rate_limit = { name = 'few', rate = '1/d', burst = 3 } }]\n"
            f"[[route]]\nmatch.path = '/g{generation}'\nrespond.body = '{generation}'\n"
            f"[[route]]\nupstream = 'backend'\nfilters = [{self.filters(generation)}]\n"
            f"[upstream.backend]\ndiscovery = {{ static = ['{self.backend.address}'] }}\n"
            f"[upstream.auth]\ndiscovery = {{ static = ['{self.service.address}'] }}\n")

    def reload(self, weir, generation):
        weir.file.write_text(self.plan(generation), encoding="utf-8")
        self.assertEqual(weir.admin("/reload", "POST")[0], 200)
        self.assertEqual(self.get(weir, f"/g{generation}").status, 200)

    def test_no_request_fails_and_nothing_is_forgotten(self):
        weir = self.weir(self.plan(0))
        for status in (200, 200, 200, 429):
            self.assertEqual(self.get(weir, "/few").status, status)
        self.assertEqual(self.get(weir, headers=self.headers).status, 200)
        load = Load(weir, CALLERS, headers=self.headers)
        for generation in range(1, RELOADS + 1):
            self.reload(weir, generation)
        answered = load.answered()
        poll.until(lambda: load.answered() > answered, "requests after the last reload")
        statuses = {status for _, _, status in load.stop()}
        self.assertEqual(statuses, {200})
        self.assertEqual(self.get(weir, "/few").status, 429)
        self.assertEqual(self.issuer.fetches, 1)
        self.assertEqual(len(self.service.requests), 1)
        self.assertEqual(self.backend.requests[-1].header("x-generation"), str(RELOADS))
        self.assertEqual(self.backend.requests[-1].header("x-user"), "ann")


if __name__ == "__main__":
    unittest.main()
