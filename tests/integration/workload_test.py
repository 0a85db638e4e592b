#!/usr/bin/env python3
"""The identity of a node from a SPIFFE Workload API."""

import os
import re
import socket
import ssl
import subprocess
import threading
import unittest

import grpc

import poll
from integration_case import LOG, IntegrationCase, gateway
from weir_process import ADMIN, BINARY, ROOT
from workload_api import TrustDomain, WorkloadApi, response

SHOP = "ns/shop/sa/service"
EDGE = "ns/edge/sa/edge"


class WorkloadCase(IntegrationCase):
    def setUp(self):
        super().setUp()
        self.domain = TrustDomain("shop.test")
        self.service = self.upstream()
        self.count = 0

    def api(self, message=grpc.StatusCode.PERMISSION_DENIED):
        self.count += 1
        folder = self.folder()
        api = WorkloadApi(f"{folder}/agent{self.count}.sock", message)
        self.addCleanup(api.stop)
        return api

    def folder(self):
        return self._folder

    def sidecar(self, api, spiffe="", start=True):
        return self.weir(f"""{ADMIN}
role = "sidecar"
{LOG}
[identity]
spiffe = {{ socket = "{api.address}" {spiffe} }}
[sidecar]
service = "service"
[sidecar.inbound]
address = "127.0.0.1:0"
application = "{self.service.address}"
""", start=start)

    def edge(self, api, sidecar, promised=f"spiffe://shop.test/{SHOP}"):
        return self.weir(gateway(
            f'\n[[route]]\nname = "all"\nupstream = "service"\n'
            f'[upstream.service]\ndiscovery = {{ static = ["{sidecar.address("inbound")}"] }}\n'
            f'identity = "{promised}"\n'
            f'[identity]\nspiffe = {{ socket = "{api.address}" }}\n{LOG}'))

    def nodes(self):
        """A gateway before a sidecar, each with a Workload API of its own."""
        self.shop_api = self.api(response(self.domain.svid(SHOP)))
        self.edge_api = self.api(response(self.domain.svid(EDGE)))
        sidecar = self.sidecar(self.shop_api)
        return self.edge(self.edge_api, sidecar), sidecar

    def shown(self, weir, svid=None, name="inbound"):
        """The identity that a listener presents to a client with this identity."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.load_verify_locations(cadata=self.domain.pem.decode())
        svid = svid or self.domain.svid("client")
        stem = f"{self.folder()}/client"
        svid.write(stem)
        context.load_cert_chain(f"{stem}.crt", f"{stem}.key")
        host, port = weir.address(name).rsplit(":", 1)
        plain = socket.create_connection((host, int(port)), timeout=poll.PATIENCE)
        with context.wrap_socket(plain) as secure:
            # In TLS 1.3 a server refuses the client after the handshake.
            secure.sendall(b"GET / HTTP/1.1\r\nHost: service\r\nConnection: close\r\n\r\n")
            if not secure.recv(1):
                raise ConnectionError("closed")
            return dict(secure.getpeercert()["subjectAltName"])["URI"]

    def assert_refused(self, weir, svid=None):
        with self.assertRaises((ssl.SSLError, ConnectionError)):
            self.shown(weir, svid)

    def await_identity(self, weir, expected):
        def seen():
            try:
                return self.shown(weir) == expected
            except (ssl.SSLError, ConnectionError):
                return expected is None
        poll.until(seen, f"the identity {expected}")


class WorkloadTest(WorkloadCase):
    def test_two_nodes_with_identities_of_their_agents(self):
        edge, sidecar = self.nodes()
        self.assertEqual(self.get(edge).status, 200)
        request = self.service.requests[-1]
        self.assertEqual(request.all("x-weir-identity"), [f"spiffe://shop.test/{EDGE}"])
        self.assertEqual(self.log_lines(edge, 1)[0]["upstream_identity"],
                         f"spiffe://shop.test/{SHOP}")
        self.assertEqual(self.shop_api.calls[0]["workload.spiffe.io"], "true")
        self.assert_metric(sidecar, 1, "weir_identity_refreshes_total", source="spiffe",
                           result="ok")
        expiry = sidecar.metric("weir_identity_expiry_timestamp_seconds", source="spiffe")
        self.assertGreater(expiry, 1_000_000_000)
        self.assert_metric(sidecar, 1, "weir_mtls_connections_total", direction="inbound",
                           peer_service="spiffe://shop.test/*", result="ok")

    def test_it_starts_once_it_has_an_identity(self):
        api = self.api()
        weir = self.sidecar(api, start=False)
        weir.launch()
        weir.wait_for_line("no identity issued")
        status, text = weir.admin("/readyz")
        self.assertEqual(status, 503)
        self.assertIn("waiting for the SPIFFE identity of this node", text)
        self.assertEqual(weir.admin("/upstreams")[0], 200)
        self.assertEqual(weir.admin("/explain?method=GET&url=/")[0], 400)
        self.assertEqual(weir.admin("/reload", "POST")[0], 422)
        api.publish(response(self.domain.svid(SHOP)))
        weir.wait_for_line(" ready: ")
        self.assertEqual(self.shown(weir), f"spiffe://shop.test/{SHOP}")

    def test_it_does_not_wait_for_ever(self):
        weir = self.sidecar(self.api(), ', wait = "200ms"', start=False)
        weir.launch()
        self.assertEqual(weir.wait(), 1)
        weir.wait_for_line("there was no SPIFFE identity within the `wait`")

    def test_the_environment_says_where_the_agent_is(self):
        api = self.api(response(self.domain.svid(SHOP)))
        environment = {**os.environ, "SPIFFE_ENDPOINT_SOCKET": api.address}
        weir = self.weir(f"""{ADMIN}
role = "sidecar"
identity = {{ spiffe = {{}} }}
[sidecar]
service = "service"
[sidecar.inbound]
address = "127.0.0.1:0"
application = "{self.service.address}"
""", env=environment)
        self.assertEqual(self.shown(weir), f"spiffe://shop.test/{SHOP}")

    def test_an_identity_is_chosen_by_id_or_by_hint(self):
        both = response(self.domain.svid("one", hint="internal"),
                        self.domain.svid("two", hint="external"))
        api = self.api(both)
        self.assertEqual(self.shown(self.sidecar(api)), "spiffe://shop.test/one")
        self.assertEqual(self.shown(self.sidecar(api, ', hint = "external"')),
                         "spiffe://shop.test/two")
        self.assertEqual(self.shown(self.sidecar(api, ', id = "spiffe://shop.test/two"')),
                         "spiffe://shop.test/two")

    def test_rotation_costs_no_request(self):
        edge, sidecar = self.nodes()
        failures, served, stop = [], [], threading.Event()

        def call():
            while not stop.is_set():
                status = self.get(edge).status
                (served if status == 200 else failures).append(status)

        threads = [threading.Thread(target=call) for _ in range(4)]
        for thread in threads:
            thread.start()
        for round_number in range(2, 12):
            self.shop_api.publish(response(self.domain.svid(SHOP, seconds=5)))
            self.edge_api.publish(response(self.domain.svid(EDGE, seconds=5)))
            for weir in (edge, sidecar):
                self.assert_metric(weir, round_number, "weir_identity_refreshes_total",
                                   source="spiffe", result="ok")
        stop.set()
        for thread in threads:
            thread.join()
        self.assertEqual(failures, [])
        self.assertGreater(len(served), 10)

    def test_the_agent_may_be_away(self):
        edge, sidecar = self.nodes()
        for api in (self.shop_api, self.edge_api):
            api.stop()
        for weir in (edge, sidecar):
            poll.until(lambda weir=weir: weir.metric(
                "weir_identity_refreshes_total", source="spiffe", result="failed") > 0, "a failure")
            self.assertEqual(self.get(edge).status, 200)
        self.assertEqual(self.shown(sidecar), f"spiffe://shop.test/{SHOP}")
        self.shop_api.start()
        self.shop_api.publish(response(self.domain.svid("renamed")))
        self.await_identity(sidecar, "spiffe://shop.test/renamed")
        self.edge_api.start()

    def test_a_withdrawn_identity_is_not_used(self):
        api = self.api(response(self.domain.svid(SHOP)))
        sidecar = self.sidecar(api)
        self.assertEqual(self.shown(sidecar), f"spiffe://shop.test/{SHOP}")
        api.publish(grpc.StatusCode.PERMISSION_DENIED)
        sidecar.wait_for_line("the identity is withdrawn")
        self.await_identity(sidecar, None)
        self.assert_metric(sidecar, 0, "weir_identity_expiry_timestamp_seconds", source="spiffe")
        self.assertGreater(
            sidecar.metric("weir_tls_handshakes_total", reason="no_identity"), 0)
        api.publish(response(self.domain.svid(SHOP)))
        self.await_identity(sidecar, f"spiffe://shop.test/{SHOP}")

    def test_a_snapshot_serves_a_restart_without_the_agent(self):
        api = self.api(response(self.domain.svid(SHOP)))
        weir = self.sidecar(api, ", snapshot = true", start=False)
        text = weir.file.read_text(encoding="utf-8")
        weir.file.write_text('state_directory = "state"\n' + text, encoding="utf-8")
        weir.start()
        self.assertEqual(weir.stop(), 0)
        api.stop()
        weir.start()
        weir.wait_for_line("the identity is taken from the state directory")
        self.assertEqual(self.shown(weir), f"spiffe://shop.test/{SHOP}")
        api.start()
        api.publish(grpc.StatusCode.PERMISSION_DENIED)  # a new stream does not know it: it is kept
        self.assertEqual(self.shown(weir), f"spiffe://shop.test/{SHOP}")
        api.publish(response(self.domain.svid("renamed")))
        self.await_identity(weir, "spiffe://shop.test/renamed")
        api.publish(grpc.StatusCode.PERMISSION_DENIED)
        weir.wait_for_line("the identity is withdrawn")
        self.assertEqual(weir.stop(), 0)
        weir.launch()
        weir.wait_for_line("no identity issued")
        self.assertEqual(weir.admin("/readyz")[0], 503)

    def test_a_message_that_cannot_be_used_changes_nothing(self):
        api = self.api(response(self.domain.svid(SHOP)))
        sidecar = self.sidecar(api)
        broken = self.domain.svid(SHOP)
        broken.bundle = b"no certificate"
        api.publish(response(broken))
        sidecar.wait_for_line("a message is discarded: contains a malformed CA certificate")
        self.assertEqual(self.shown(sidecar), f"spiffe://shop.test/{SHOP}")


class TrustTest(WorkloadCase):
    def test_peers_are_verified_by_the_bundle_of_their_own_domain(self):
        partner = TrustDomain("partner.test")
        own = self.domain.svid(SHOP)
        api = self.api(response(own, federated=[("partner.test", partner.bundle)]))
        strict = self.sidecar(api)
        open_to_partner = self.sidecar(api, ', trust_domains = ["partner.test"]')
        self.assert_refused(strict, partner.svid("client"))
        self.assertEqual(self.shown(open_to_partner, partner.svid("client")), own.identity)
        self.assertEqual(self.shown(open_to_partner), own.identity)
        # A CA of one domain cannot issue for another.
        forger = TrustDomain("partner.test")
        forger.name = "shop.test"
        self.assert_refused(open_to_partner, forger.svid("client"))
        api.publish(response(own, federated=[("partner.test", b"")]))
        poll.until(lambda: self._refuses(open_to_partner, partner.svid("client")), "distrust")

    def _refuses(self, weir, svid):
        try:
            self.shown(weir, svid)
        except (ssl.SSLError, ConnectionError):
            return True
        return False

    def test_an_upstream_of_a_federated_domain(self):
        partner = TrustDomain("partner.test")
        theirs = self.api(response(partner.svid(SHOP),
                                   federated=[("shop.test", self.domain.bundle)]))
        sidecar = self.sidecar(theirs, ', trust_domains = ["shop.test"]')
        ours = self.api(response(self.domain.svid(EDGE),
                                 federated=[("partner.test", partner.bundle)]))
        edge = self.edge(ours, sidecar, promised=f"spiffe://partner.test/{SHOP}")
        self.assertEqual(self.get(edge).status, 200)
        ours.publish(response(self.domain.svid(EDGE)))  # the federation ends
        poll.until(lambda: self.get(edge).status == 502, "distrust")
        edge.wait_for_line("no bundle of its trust domain is known")

    def test_revoked_clients_are_refused(self):
        revoked, good = self.domain.svid("revoked"), self.domain.svid("good")
        own = self.domain.svid(SHOP)
        api = self.api(response(own, revocations=[self.domain.revocations(revoked)]))
        sidecar = self.sidecar(api)
        self.assertEqual(self.shown(sidecar, good), own.identity)
        self.assert_refused(sidecar, revoked)
        self.assert_metric(sidecar, 1, "weir_tls_handshakes_total", reason="revoked")


class ExampleTest(WorkloadCase):
    def test_the_example(self):
        partner = TrustDomain("partner.test")
        own = self.domain.svid("ns/shop/sa/cart")
        api = self.api(response(own, federated=[("partner.test", partner.bundle)]))
        config = (ROOT / "configs/identity.toml").read_text(encoding="utf-8")
        config = config.replace("unix:///run/spire/agent.sock", api.address)
        config = re.sub(r'(admin|address) = "127[^"]*"', r'\1 = "127.0.0.1:0"', config)
        config = re.sub(r'application = "[^"]*"', f'application = "{self.service.address}"', config)
        weir = self.weir(config)
        self.assertEqual(self.shown(weir), own.identity)
        self.assertEqual(self.shown(weir, partner.svid("client")), own.identity)
        self.assertEqual(self.service.requests[-1].all("x-weir-identity"),
                         ["spiffe://partner.test/client"])


class CheckTest(IntegrationCase):
    def test_what_is_refused(self):
        environment = {name: value for name, value in os.environ.items()
                       if name != "SPIFFE_ENDPOINT_SOCKET"}
        for spiffe, message in (
                ('spiffe = {}', "SPIFFE_ENDPOINT_SOCKET"),
                ('spiffe = { socket = "unix:relative" }', "must be \"unix:///ABSOLUTE/PATH\""),
                ('spiffe = { socket = "tcp://localhost:1" }', "must be \"unix:///ABSOLUTE/PATH\""),
                ('spiffe = { socket = "unix:///a", id = "spiffe://x" }', "has no path"),
                ('spiffe = { socket = "unix:///a", trust_domains = ["A"] }', "not a trust domain"),
                ('spiffe = { socket = "unix:///a", snapshot = true }', "needs state_directory"),
                ('spiffe = { socket = "unix:///a" }\nkey = "a.key"', "has no effect with spiffe"),
                ('cert = "a.crt"', "needs key and trust"),
                ('', "spiffe")):
            with self.subTest(spiffe):
                weir = self.weir(gateway(f"[identity]\n{spiffe}\n"), start=False)
                checked = subprocess.run([BINARY, "check", weir.file], capture_output=True,
                                         text=True, env=environment, check=False)
                self.assertEqual(checked.returncode, 2)
                self.assertIn(message, checked.stdout)

    def test_a_listener_needs_the_api_for_its_identity(self):
        weir = self.weir(f"""{ADMIN}
[[listener]]
name = "public"
address = "127.0.0.1:0"
tls = {{ workload_identity = true }}
""", start=False)
        checked = subprocess.run([BINARY, "check", weir.file], capture_output=True, text=True,
                                 check=False)
        self.assertIn("needs `spiffe` in [identity]", checked.stdout)


if __name__ == "__main__":
    unittest.main()
