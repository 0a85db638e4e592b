"""The filter jwt in the real binary, with an issuer that rotates its keys and goes away."""

import re
import tempfile
import unittest
from pathlib import Path

from integration_case import IntegrationCase, forward, gateway
from node_peer import NodePeer, needs_node
from poll import until
from token_issuer import ISSUER, Issuer, Key

ROOT = Path(__file__).resolve().parents[2]


class Jwt(IntegrationCase):
    def setUp(self):
        super().setUp()
        folder = tempfile.TemporaryDirectory(prefix="weir-test-")
        self.addCleanup(folder.cleanup)
        self.folder = folder.name

    def issuer(self, *keys):
        issuer = Issuer(list(keys))
        self.addCleanup(issuer.stop)
        return issuer

    def gateway_of(self, jwks, more="", top=""):
        upstream = self.upstream()
        return self.weir(top + gateway(forward(upstream.address, route=(
            f"filters = [{{ jwt = {{ issuer = '{ISSUER}', audiences = ['orders'], "
            f"jwks = {jwks} {more} }} }}]"))))

    @staticmethod
    def ask(client, token):
        return client.request("/", headers=[("authorization", f"Bearer {token}")])

    def test_keys_are_fetched_and_rotated_while_requests_wait(self):
        old, new = Key(self.folder, "old"), Key(self.folder, "new")
        issuer = self.issuer(old)
        weir = self.gateway_of(f"{{ url = 'http://{issuer.address}/keys' }}")
        client = self.client(weir.address())
        self.assertEqual(self.ask(client, old.token()).status, 200)
        self.assertEqual(client.request("/").status, 401)
        issuer.keys = [new]
        self.assertEqual(self.ask(client, new.token()).status, 200)
        self.assertEqual(self.ask(client, old.token()).status, 401)
        self.assertEqual(issuer.fetches, 2)
        self.assert_metric(weir, 2, "weir_jwks_refreshes_total", result="success", issuer=ISSUER)

    def test_keys_outlive_their_issuer(self):
        key, other = Key(self.folder, "a"), Key(self.folder, "b")
        issuer = self.issuer(key)
        weir = self.gateway_of(f"{{ url = 'http://{issuer.address}/keys' }}")
        client = self.client(weir.address())
        self.assertEqual(self.ask(client, key.token()).status, 200)
        issuer.away = True
        self.assertEqual(self.ask(client, other.token()).status, 401)
        self.assertEqual(self.ask(client, key.token()).status, 200)

    def test_keys_outlive_a_restart_without_their_issuer(self):
        key, other = Key(self.folder, "a"), Key(self.folder, "b")
        issuer = self.issuer(key)
        state = tempfile.mkdtemp(dir=self.folder)
        jwks = f"{{ url = 'http://{issuer.address}/keys' }}"
        weir = self.gateway_of(jwks, top=f"state_directory = '{state}'\n")
        self.assertEqual(self.ask(self.client(weir.address()), key.token()).status, 200)
        weir.stop()
        issuer.away = True
        weir.start()
        client = self.client(weir.address())
        self.assertEqual(self.ask(client, key.token()).status, 200)
        self.assertEqual(self.ask(client, other.token()).status, 401)
        self.assertGreaterEqual(weir.metric("weir_jwks_age_seconds"), 0)
        issuer.keys, issuer.away = [key, other], False
        until(lambda: self.ask(client, other.token()).status == 200, "the new key")

    def test_keys_of_another_source_are_not_used(self):
        key = Key(self.folder, "a")
        issuer = self.issuer(key)
        state = tempfile.mkdtemp(dir=self.folder)
        top = f"state_directory = '{state}'\n"
        weir = self.gateway_of(f"{{ url = 'http://{issuer.address}/keys' }}", top=top)
        self.assertEqual(self.ask(self.client(weir.address()), key.token()).status, 200)
        weir.stop()
        issuer.away = True
        weir = self.gateway_of(f"{{ url = 'http://{issuer.address}/others' }}", top=top)
        self.assertEqual(self.ask(self.client(weir.address()), key.token()).status, 503)

    def test_without_keys_only_these_routes_fail_until_the_issuer_is_there(self):
        key = Key(self.folder, "a")
        issuer = self.issuer(key)
        issuer.away = True
        weir = self.gateway_of(f"{{ url = 'http://{issuer.address}/keys' }}")
        client = self.client(weir.address())
        reply = self.ask(client, key.token())
        self.assertEqual((reply.status, reply.header("x-weir-reason")), (503, "ext_auth_error"))
        issuer.away = False
        until(lambda: self.ask(client, key.token()).status == 200, "the keys")

    def test_the_example_discovers_the_keys(self):
        key = Key(self.folder, "a")
        issuer, upstream = self.issuer(key), self.upstream()
        text = (ROOT / "configs/jwt.toml").read_text(encoding="utf-8")
        text = re.sub(r'static = \["[^"]*"\]', f'static = ["{upstream.address}"]', text)
        text = re.sub(r'address = "[^"]*"', 'address = "127.0.0.1:0"', text)
        weir = self.weir(text.replace(ISSUER, issuer.url))
        client = self.client(weir.address())
        token = key.token(iss=issuer.url, scope="orders:read")
        reply = client.request("/", headers=[("authorization", f"Bearer {token}"),
                                             ("x-user", "mallory")])
        self.assertEqual(reply.status, 200)
        reply = self.ask(client, key.token(iss=issuer.url, scope="other"))
        self.assertEqual((reply.status, reply.header("x-weir-reason")), (403, "authz_denied"))
        self.assertIn('scope="orders:read"', reply.header("www-authenticate"))


@needs_node
class JwtOfAProvider(IntegrationCase):
    """A certified OpenID provider, which changes its keys, goes away and comes back."""

    def setUp(self):
        super().setUp()
        self.provider = NodePeer("issuer.js")
        self.addCleanup(self.provider.close)
        self.url = self.provider.call("start", kid="first", alg="ES256")

    def start(self):
        upstream = self.upstream()
        weir = self.weir(gateway(forward(upstream.address, route=(
            f"filters = [{{ jwt = {{ issuer = '{self.url}', audiences = ['https://api.test'], "
            "jwks = { discover = true }, require = { scopes_all = ['read'] } } }]"))))
        self.caller = self.client(weir.address())
        return weir

    def token(self, scope="read write"):
        return self.provider.call("token", scope=scope)

    def ask(self, token):
        return self.caller.request("/", headers=[("authorization", f"Bearer {token}")])

    def test_tokens_and_what_they_grant(self):
        self.start()
        self.assertEqual(self.ask(self.token()).status, 200)
        self.assertEqual(self.ask(self.token(scope="write")).status, 403)
        self.assertEqual(self.ask(self.token()[:-4] + "AAAA").status, 401)

    def test_new_keys_of_another_algorithm(self):
        weir = self.start()
        before = self.token()
        self.assertEqual(self.ask(before).status, 200)
        self.provider.call("stop")
        self.provider.call("start", kid="second", alg="RS256")
        self.assertEqual(self.ask(self.token()).status, 200)  # fetched while the request waits
        self.assertEqual(self.ask(before).status, 401)
        self.assert_metric(weir, 2, "weir_jwks_refreshes_total", result="success", issuer=self.url)

    def test_a_provider_that_is_away_when_weir_starts_and_later(self):
        token = self.token()
        self.provider.call("stop")
        self.start()
        reply = self.ask(token)
        self.assertEqual((reply.status, reply.header("x-weir-reason")), (503, "ext_auth_error"))
        self.provider.call("start", kid="second", alg="ES256")
        token = self.token()
        until(lambda: self.ask(token).status == 200, "the keys")
        another = self.token()
        self.provider.call("stop")
        self.assertEqual(self.ask(token).status, 200)
        self.assertEqual(self.ask(another).status, 200)


if __name__ == "__main__":
    unittest.main()
