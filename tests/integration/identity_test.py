#!/usr/bin/env python3
"""Identities in certificates: verified between nodes, passed to services, and logged."""

import hashlib
import ssl
import unittest

import poll
from integration_case import LOG, forward, gateway
from tls_case import TlsCase
from weir_process import ADMIN


class PeerTest(TlsCase):
    """The identity of a client in its certificate."""

    ASKS = ', client_certificate = "optional", client_ca = "ca/root.crt"'
    IDENTITY = "spiffe://shop.test/ns/shop/sa/cart"

    def front(self, more="", listener="", route=""):
        self.service = self.upstream()
        weir = self.secured(forward(self.service.address, route=route), self.ASKS + more,
                            start=False)
        text_before = weir.file.read_text(encoding="utf-8")
        weir.file.write_text(text_before.replace(
            'name = "public"', 'name = "public"\n' + listener), encoding="utf-8")
        self.ca(weir.folder, "issue", "cart", "--identity", self.IDENTITY)
        return weir.start()

    def seen(self, weir, certificate=None, headers=None):
        """The request that the service receives."""
        context = self.context(weir)
        if certificate:
            stem = weir.folder / "ca" / certificate
            context.load_cert_chain(f"{stem}.crt", f"{stem}.key")
        connection = self.https(weir, context)
        connection.request("GET", "/", headers=headers or {})
        self.assertEqual(connection.getresponse().status, 200)
        return self.service.requests[-1]

    def test_the_service_hears_who_the_client_is(self):
        weir = self.front(listener='forwarded_client_cert = "append"')
        request = self.seen(weir, "cart", {"X-Weir-Identity": "spiffe://evil.test/x"})
        self.assertEqual(request.all("x-weir-identity"), [self.IDENTITY])
        der = ssl.PEM_cert_to_DER_cert((weir.folder / "ca/cart.crt").read_text())
        self.assertEqual(request.header("x-forwarded-client-cert"),
                         f"Hash={hashlib.sha256(der).hexdigest()};"
                         f'Subject="CN=cart";URI={self.IDENTITY}')

    def test_headers_may_tell_it_in_words_of_their_own(self):
        rule = 'request_headers.set = { X-Caller = "<${client.identity}>" }'
        weir = self.front(route=rule)
        self.assertEqual(self.seen(weir, "cart").header("x-caller"), f"<{self.IDENTITY}>")
        self.assertEqual(self.seen(weir).header("x-caller"), "<>")

    def test_what_a_client_claims_is_dropped(self):
        weir = self.front()
        claims = {"X-Forwarded-Client-Cert": "URI=spiffe://evil.test/x",
                  "X-Weir-Identity": "spiffe://evil.test/x"}
        request = self.seen(weir, headers=claims)
        self.assertEqual(request.all("x-forwarded-client-cert"), [])
        self.assertEqual(request.all("x-weir-identity"), [])

    def test_only_names_that_are_asked_for_get_in(self):
        weir = self.front(', client_names = ["spiffe://shop.test/ns/shop/*"]')
        self.ca(weir.folder, "issue", "other", "--identity", "spiffe://shop.test/ns/bank/sa/x")
        self.seen(weir, "cart")
        context = self.context(weir)
        context.load_cert_chain(weir.folder / "ca/other.crt", weir.folder / "ca/other.key")
        with self.assertRaises((ssl.SSLError, ConnectionError)):
            self.fetch(self.https(weir, context))
        self.assert_metric(weir, 1, "weir_mtls_connections_total", direction="inbound",
                           peer_service="spiffe://shop.test/ns/shop/*", result="ok")
        self.assert_metric(weir, 1, "weir_tls_handshakes_total", result="bad_peer_certificate")


class MeshTest(TlsCase):
    """Two nodes that present their identities to each other."""

    EDGE = "spiffe://shop.test/ns/edge/sa/edge"
    SERVICE = "spiffe://shop.test/ns/shop/sa/service"

    def nodes(self, promised=SERVICE, other_root=False, mode="strict"):
        """A gateway with its own identity in front of a service's sidecar."""
        self.service = self.upstream()
        sidecar = self.weir(f"""{ADMIN}
role = "sidecar"
{LOG}
[sidecar]
service = "service"
identity = {{ cert = "ca/service.crt", key = "ca/service.key", trust = "ca/root.crt" }}
[sidecar.inbound]
address = "127.0.0.1:0"
application = "{self.service.address}"
mode = "{mode}"
""", start=False)
        self.ca(sidecar.folder, "init", "--days", "2")
        self.ca(sidecar.folder, "issue", "service", "--identity", self.SERVICE)
        self.ca(sidecar.folder, "issue", "edge", "--identity", self.EDGE)
        self.ca(sidecar.folder, "issue", "stranger", "--identity", "spiffe://bank.test/x")
        sidecar.start()
        ca = sidecar.folder / "ca"
        own = "stranger" if other_root else "edge"
        front = self.weir(gateway(
            f'\n[[route]]\nname = "all"\nupstream = "service"\n'
            f'[upstream.service]\ndiscovery = {{ static = ["{sidecar.address("inbound")}"] }}\n'
            f'identity = "{promised}"\n'
            f'[identity]\ncert = "{ca}/{own}.crt"\nkey = "{ca}/{own}.key"\n'
            f'trust = "{ca}/root.crt"\n{LOG}'))
        return front, sidecar

    def test_a_request_through_both(self):
        front, sidecar = self.nodes()
        self.assertEqual(self.get(front).status, 200)
        request = self.service.requests[-1]
        self.assertEqual(request.all("x-weir-identity"), [self.EDGE])
        self.assertIn(f"By={self.SERVICE};", request.header("x-forwarded-client-cert"))
        self.assert_metric(front, 1, "weir_mtls_connections_total", direction="outbound",
                           peer_service="service", result="ok")
        self.assert_metric(sidecar, 1, "weir_mtls_connections_total", direction="inbound",
                           peer_service="spiffe://shop.test/*", result="ok")
        self.assert_metric(sidecar, 1, "weir_requests_total", listener="inbound", protocol="h2")
        self.assertEqual(self.log_lines(sidecar, 1)[0]["client_identity"], self.EDGE)
        self.assertEqual(self.log_lines(front, 1)[0]["upstream_identity"], self.SERVICE)

    def test_a_service_that_is_somebody_else(self):
        front, _ = self.nodes(promised="spiffe://shop.test/ns/shop/sa/other")
        reply = self.get(front)
        self.assertEqual((reply.status, reply.header("x-weir-reason")),
                         (502, "upstream_tls_error"))
        line = front.wait_for_line("TLS to service: ")
        self.assertIn(f"the certificate of {self.SERVICE}: has none of the required names: "
                      "spiffe://shop.test/ns/shop/sa/other", line)
        self.assertEqual(self.log_lines(front, 1)[0]["reason_detail"],
                         "TLS handshake: the peer's certificate is not acceptable")
        self.assert_metric(front, 2, "weir_mtls_connections_total", result="failed")  # tried twice

    def test_a_caller_of_another_domain(self):
        front, sidecar = self.nodes(other_root=True)
        self.assertEqual(self.get(front).status, 502)
        # Tried twice: nothing is sent before both sides have completed the handshake.
        self.assert_metric(sidecar, 2, "weir_mtls_connections_total", direction="inbound",
                           result="failed")
        self.assert_metric(front, 2, "weir_mtls_connections_total", direction="outbound",
                           result="failed")

    def test_a_caller_in_the_clear(self):
        _, sidecar = self.nodes()
        reply = self.client(sidecar.address("inbound")).request("/")
        self.assertEqual(reply.status, 400)
        self.assertEqual(self.service.requests, [])

    def test_a_caller_in_the_clear_where_that_is_permitted(self):
        front, sidecar = self.nodes(mode="permissive")
        plain = self.client(sidecar.address("inbound"))
        claim = [("X-Weir-Identity", self.EDGE)]
        self.assertEqual(plain.request("/", headers=claim).status, 200)
        self.assertEqual(self.service.requests[-1].all("x-weir-identity"), [])
        self.assertEqual(self.get(front).status, 200)
        self.assertEqual(self.service.requests[-1].all("x-weir-identity"), [self.EDGE])

    def test_new_certificates_do_not_cost_a_request(self):
        front, sidecar = self.nodes()
        before = front.metric("weir_config_generation")
        for _ in range(5):
            self.ca(sidecar.folder, "renew", "ca/service")
            self.ca(sidecar.folder, "renew", "ca/edge")
            poll.until(lambda: front.metric("weir_config_generation") > before, "a reload")
            before = front.metric("weir_config_generation")
            for _ in range(20):
                self.assertEqual(self.get(front).status, 200)


if __name__ == "__main__":
    unittest.main()
