"""The metrics of the gateway's filters, for a test of all metrics."""

import tempfile

import poll
from content_codings import gzip
from fake_upstream import closed_address, text
from integration_case import forward, gateway
from thread_server import ThreadServer
from tls_case import TlsCase
from token_endpoint import TokenEndpoint
from token_issuer import ISSUER, Issuer, Key


class OneReply(ThreadServer):
    """Sends the same bytes once on each connection, as soon as it has received anything."""

    def __init__(self, reply):
        super().__init__()
        self.reply = reply
        self._listen()

    def talk(self, peer):
        if peer.recv(1 << 16):
            peer.sendall(self.reply)
        while peer.recv(1 << 16):
            pass


class FilterMetricsCase(TlsCase):
    """Drives every filter that has metrics; `good` is an upstream."""

    def setUp(self):
        super().setUp()
        self.asserted = set()
        self.good = None

    def expect(self, weir, expected, family, suffix="", **labels):
        """Asserts the sum of the samples with these labels."""
        self.asserted.add(family)
        with self.subTest(family=family, **labels):
            self.assert_metric(weir, expected, family + suffix, **labels)

    def filters(self):
        """A gateway whose auth service is away."""
        weir = self.weir(gateway(
            forward(self.good.address, route="filters = [{ forward_auth = { upstream = 'auth' } }]")
            + f"[upstream.auth]\ndiscovery = {{ static = ['{closed_address()}'] }}\n"))
        self.assertEqual(self.get(weir).status, 503)
        self.expect(weir, 1, "weir_forward_auth_decisions_total", result="error")
        self.authentication()
        self.upstream_credentials()
        self.rate_limits()
        self.codings()
        self.files_and_origins()

    def files_and_origins(self):
        """A gateway with a file of networks and protection against CSRF."""
        weir = self.weir(gateway(forward(self.good.address, route=(
            "filters = [{ address_list = { deny_file = 'denied.txt' } }, { csrf = {} }]"))),
            start=False)
        (weir.folder / "denied.txt").write_text("192.0.2.0/24\n", encoding="utf-8")
        weir.start()
        self.assertEqual(self.get(weir).status, 200)
        self.expect(weir, 1, "weir_filter_file_reads_total", result="success",
                    file=str(weir.folder / "denied.txt"))
        self.expect(weir, 1, "weir_csrf_decisions_total", decision="allow")

    def authentication(self):
        """A gateway with tokens and a policy about them."""
        folder = tempfile.TemporaryDirectory(prefix="weir-test-")
        self.addCleanup(folder.cleanup)
        key = Key(folder.name, "a")
        issuer = Issuer([key])
        self.addCleanup(issuer.stop)
        weir = self.weir(gateway(forward(self.good.address, route=(
            f"filters = [{{ jwt = {{ issuer = '{ISSUER}', audiences = ['orders'], mode = 'optional',"
            f" jwks = {{ url = 'http://{issuer.address}/keys' }} }} }}, {{ rbac = {{ policies = "
            "[{ name = 'known', action = 'allow', from = { authenticated = true } }] } }]"))))
        token = key.token()
        for sent, status in (([("authorization", f"Bearer {token}")], 200),
                             ([("authorization", f"Bearer {token}")], 200), ([], 403),
                             ([("authorization", f"Bearer {token}x")], 401)):
            self.assertEqual(self.client(weir.address()).request("/", headers=sent).status, status)
        self.expect(weir, 2, "weir_authn_total", method="jwt", result="ok")
        self.expect(weir, 1, "weir_authn_total", method="jwt", result="missing")
        self.expect(weir, 1, "weir_authn_total", method="jwt", result="invalid")
        self.expect(weir, 1, "weir_jwt_cache_total", result="hit")
        self.expect(weir, 1, "weir_jwks_refreshes_total", issuer=ISSUER, result="success")
        age = weir.metric("weir_jwks_age_seconds")
        self.assertTrue(0 <= age < 60, age)
        self.asserted.add("weir_jwks_age_seconds")
        self.expect(weir, 2, "weir_authz_decisions_total", policy="known", decision="allow")
        self.expect(weir, 1, "weir_authz_decisions_total", policy="", decision="deny")

    def upstream_credentials(self):
        """A gateway that gets tokens, and asks a service whose answers it keeps."""
        endpoint, service = TokenEndpoint(), self.upstream()
        self.addCleanup(endpoint.stop)
        weir = self.weir(gateway(forward(self.good.address, route=(
            "filters = [{ forward_auth = { upstream = 'auth', cache = { key = ['header:x-key'] } } "
            "}, { upstream_auth = { oauth2_client_credentials = { client_id = 'weir', "
            "client_secret = 's3cret', token_endpoint = { upstream = 'login' } } } }]")) +
            f"[upstream.auth]\ndiscovery = {{ static = ['{service.address}'] }}\n"
            f"[upstream.login]\ndiscovery = {{ static = ['{endpoint.address}'] }}\n"))
        for _ in range(2):
            self.assertEqual(self.get(weir, headers=[("x-key", "a")]).status, 200)
        self.expect(weir, 1, "weir_forward_auth_cache_total", result="hit")
        self.expect(weir, 1, "weir_forward_auth_cache_total", result="miss")
        self.expect(weir, 2, "weir_upstream_auth_requests_total", result="sent")
        self.expect(weir, 1, "weir_upstream_auth_token_refreshes_total", upstream="login",
                    result="success")

    def rate_limits(self):
        """A limit with room for fewer keys than there are clients."""
        weir = self.weir(gateway(forward(self.good.address, route=(
            "filters = [{ rate_limit = { rate = '1/h', key = ['header:x-client'], "
            "max_keys = 16 } }]"))))
        client = self.client(weir.address())
        for number in range(40):
            headers = [("x-client", str(number))]
            self.assertEqual(client.request("/", headers=headers).status, 200)
        self.assertEqual(client.request("/", headers=[("x-client", "39")]).status, 429)
        self.expect(weir, 40, "weir_ratelimit_decisions_total", decision="allow")
        self.expect(weir, 1, "weir_ratelimit_decisions_total", decision="deny")
        evicted = weir.metric("weir_ratelimit_evictions_total")
        self.assertGreaterEqual(evicted, 40 - 16)
        poll.until(lambda: weir.metric("weir_ratelimit_keys") == 40 - evicted, "the count of keys")
        self.asserted |= {"weir_ratelimit_evictions_total", "weir_ratelimit_keys"}
        self.shared_rate_limit()
        weir = self.weir(gateway(forward(self.good.address, route=(
            "filters = [{ rate_limit = { rate = '9/s', share = 'replicas', peers = 'backend' } }]"
        ))))
        self.expect(weir, 1, "weir_ratelimit_share", limiter="default")

    def shared_rate_limit(self):
        """A limit in a server that allows every request, where the second one has to wait."""
        server = OneReply(b"$3\r\nsha\r\n:1\r\n*2\r\n:1\r\n:100000000\r\n")
        self.addCleanup(server.close)
        weir = self.weir(gateway(forward(self.good.address, route=(
            "filters = [{ rate_limit = { rate = '20/s', burst = 1, delay = '1s', name = 'shared', "
            "redis = { upstream = 'limits', timeout = '10s' } } }]")) +
            f'[upstream.limits]\ndiscovery = {{ static = ["{server.address}"] }}\n'))
        self.assertEqual(self.client(weir.address()).request("/").status, 200)
        self.expect(weir, 1, "weir_ratelimit_redis_duration_seconds", "_count", limiter="shared")
        self.expect(weir, 1, "weir_ratelimit_delay_seconds", "_count", limiter="shared")
        self.expect(weir, 1, "weir_ratelimit_decisions_total", decision="delay")

    def codings(self):
        """A gateway that compresses responses and decompresses requests."""
        plain = b"plain " * 500
        weir = self.weir(gateway(forward(self.upstream(
            text(plain, headers=[("content-type", "text/plain")])).address,
            route="filters = [{ compress = {} }, { decompress = {} }]")))
        client = self.client(weir.address())
        packed = gzip(plain)
        reply = client.request("/", "POST", body=packed, headers=[
            ("content-encoding", "gzip"), ("accept-encoding", "br")])
        self.assertEqual(reply.header("content-encoding"), "br")
        self.expect(weir, 1, "weir_compress_total", encoding="br", result="ok")
        for family, coding, sizes in (("compress", "br", (len(plain), len(reply.body))),
                                      ("decompress", "gzip", (len(packed), len(plain)))):
            for direction, size in zip(("in", "out"), sizes):
                self.expect(weir, size, f"weir_{family}_bytes_total", encoding=coding,
                            direction=direction)
        self.expect(weir, 1, "weir_decompress_total", encoding="gzip", result="ok")
        self.changes()

    def changes(self):
        """A gateway that changes a header and a body, and replaces its own errors."""
        weir = self.weir(gateway(forward(closed_address(), route=(
            "filters = [{ error_pages = {} }, { transform = { request = { headers = "
            "{ set = { a = { expression = 'request.query[\"a\"]' } } } } } }, "
            "{ json = { request = { set = { '/a' = 'body.none' } } } }]"))))
        reply = self.get(weir, method="POST", headers=[("content-type", "application/json")],
                         body=b"{}")
        self.assertEqual(reply.status, 502)
        self.expect(weir, 1, "weir_json_total", message="request", result="unchanged")
        self.expect(weir, 1, "weir_json_dropped_total", message="request")
        self.expect(weir, 1, "weir_error_pages_total", source="weir")
        self.expect(weir, 1, "weir_transform_dropped_total")
