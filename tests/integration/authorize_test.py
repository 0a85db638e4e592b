#!/usr/bin/env python3
"""[[authorize]], and what becomes of open connections when policies or trust change."""

import http.client
import re
import socket
import ssl
import unittest
from pathlib import Path

import poll
from fake_upstream import FakeUpstream, text
from integration_case import LOG
from tcp_case import TcpCase, read_all, read_exactly
from weir_process import ADMIN

ROOT = Path(__file__).resolve().parents[2]
DOMAIN = "spiffe://shop.example"


def switch(call):
    """Answers with a tunnel that echoes, or with a text."""
    if call.request.target != "/chat":
        return text(b"hello\n")(call)
    call.send(b"HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: tcp\r\n\r\n")
    while data := call.wire.socket.recv(4096):
        call.send(data)
    return call.close()


class AuthorizeCase(TcpCase):
    SIDECAR = f"""{ADMIN}
role = "sidecar"
workers = 2
{LOG}
[identity]
cert = "ca/orders.crt"
key = "ca/orders.key"
trust = "ca/root.crt"
[sidecar]
service = "orders"
upgrades = ["tcp"]
[sidecar.inbound]
address = "127.0.0.1:0"
application = "%s"
"""

    def sidecar(self, config):
        """A running sidecar whose callers have certificates in its folder."""
        weir = self.weir(config, start=False)
        self.ca(weir.folder, "init", "--days", "2")
        for name, account in (("orders", "shop/sa/orders"), ("web", "shop/sa/web"),
                              ("operator", "shop/sa/operator"), ("ledger", "bank/sa/ledger"),
                              ("reports", "shop/sa/reports")):
            self.ca(weir.folder, "issue", name, "--identity", f"{DOMAIN}/ns/{account}")
        return weir.start()

    def secure(self, weir, name, listener="inbound"):
        """A TLS connection with the certificate of `name`."""
        context = ssl.create_default_context(cafile=str(weir.folder / "ca/root.crt"))
        context.check_hostname = False
        context.load_cert_chain(weir.folder / f"ca/{name}.crt", weir.folder / f"ca/{name}.key")
        plain = self.connect(weir, listener)
        secured = context.wrap_socket(plain)
        self.addCleanup(secured.close)
        return secured

    def status(self, peer, method="GET", path="/orders/7"):
        connection = http.client.HTTPConnection("orders", timeout=poll.PATIENCE)
        connection.sock = peer
        connection.request(method, path)
        reply = connection.getresponse()
        reply.read()
        return reply.status

    def change(self, weir, old, new):
        """Another configuration, in force when this returns."""
        config = weir.file.read_text(encoding="utf-8")
        self.assertIn(old, config)
        weir.file.write_text(config.replace(old, new), encoding="utf-8")
        self.assertEqual(weir.admin("/reload", "POST")[0], 200)

    def assert_cut(self, peer):
        """weir ends the connection, without a word."""
        try:
            self.assertEqual(peer.recv(4096), b"")
        except (ConnectionError, ssl.SSLError):
            pass


class Example(AuthorizeCase):
    def setUp(self):
        super().setUp()
        self.service = self.upstream(text(b"hello\n"))
        self.database = self.tcp_upstream()
        config = (ROOT / "configs/authorize.toml").read_text(encoding="utf-8")
        config = config.replace('"../ca/', '"ca/')
        config = re.sub(r'application = "[^"]*"', f'application = "{self.service.address}"', config)
        config = re.sub(r'static = \["[^"]*"\]', f'static = ["{self.database.address}"]', config)
        config = re.sub(r'(\naddress|\{ address) = "[^"]*"', r'\1 = "127.0.0.1:0"', config)
        self.node = self.sidecar(config + LOG)

    def test_requests_by_identity(self):
        for name, method, path, status in (
                ("web", "POST", "/orders", 200), ("web", "GET", "/admin/users", 403),
                ("operator", "GET", "/admin/users", 200), ("ledger", "GET", "/orders/7", 200),
                ("ledger", "POST", "/orders", 403), ("ledger", "GET", "/stock", 403),
                ("web", "GET", "/orders/7/export", 200)):
            peer = self.secure(self.node, name)
            self.assertEqual(self.status(peer, method, path), status, (name, method, path))
        for count, labels in ((1, {"policy": "no-administration", "decision": "deny"}),
                              (2, {"policy": "", "decision": "deny"}),
                              (3, {"policy": "shop", "decision": "allow"}),
                              (1, {"policy": "bank-reads", "decision": "allow"})):
            self.assert_metric(self.node, count, "weir_authz_decisions_total", mode="enforce",
                               **labels)
        self.assert_metric(self.node, 1, "weir_authz_decisions_total", mode="shadow",
                           policy="no-export", decision="deny")
        self.assert_metric(self.node, 3, "weir_local_replies_total", filter="authorize",
                           reason="authz_denied")
        lines = self.log_lines(self.node, 7)
        denied = [line for line in lines if line.get("reason") == "authz_denied"]
        self.assertEqual({line["reason_detail"] for line in denied},
                         {"denied by the policy no-administration", "no policy allows the request"})
        shadow = [line["authz_shadow"] for line in lines if "authz_shadow" in line]
        self.assertEqual(shadow, ["deny no-export"])

    def test_connections_by_identity(self):
        reports = self.secure(self.node, "reports", "database")
        self.assert_talks(reports)
        web = self.secure(self.node, "web", "database")
        self.assert_cut(web)
        line = self.log_lines(self.node, 1)[0]
        self.assertEqual((line["reason"], line["reason_detail"], line["client_identity"]),
                         ("authz_denied", "no policy allows the connection",
                          f"{DOMAIN}/ns/shop/sa/web"))
        self.assertEqual(self.database.connections, 1)
        self.assert_metric(self.node, 1, "weir_connections_closed_total", listener="database",
                           reason="authz_denied")

    def test_explain_names_the_policy(self):
        _, asked = self.node.admin(
            f"/explain?listener=inbound&url=/orders&method=POST&as={DOMAIN}/ns/bank/sa/ledger")
        self.assertIn("no allow policy matches", asked)
        self.assertIn('bank-reads\\" would match but for methods', asked)


class LiveRecheck(AuthorizeCase):
    ALLOW = ('[[authorize]]\nname = "shop"\naction = "allow"\n'
             'from = { namespaces = ["shop"] }\n')
    DENY = ('[[authorize]]\nname = "not-web"\naction = "deny"\n'
            'from = { service_accounts = ["shop/web"] }\n')

    def node(self, more=""):
        service = FakeUpstream(switch)
        self.addCleanup(service.close)
        return self.sidecar(self.SIDECAR % service.address + more + self.ALLOW)

    def chat(self, weir, name):
        """A tunnel through a request for an upgrade."""
        peer = self.secure(weir, name)
        peer.sendall(b"GET /chat HTTP/1.1\r\nHost: orders\r\nConnection: Upgrade\r\n"
                     b"Upgrade: tcp\r\n\r\n")
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            head += read_exactly(peer, 1)
        self.assertTrue(head.startswith(b"HTTP/1.1 101 "), head)
        self.assert_talks(peer)
        return peer

    def test_a_policy_cuts_open_streams(self):
        weir = self.node()
        web, operator = self.chat(weir, "web"), self.chat(weir, "operator")
        self.change(weir, self.ALLOW, self.ALLOW + self.DENY)
        self.assert_cut(web)
        self.assert_talks(operator)
        self.assert_metric(weir, 1, "weir_revoked_total", listener="inbound", kind="stream",
                           reason="authz_denied")
        line = self.log_lines(weir, 1)[0]
        self.assertEqual((line["reason"], line["reason_detail"]),
                         ("authz_denied", "denied by the policy not-web"))
        weir.wait_for_line("are no longer admitted: closed")

    def test_a_policy_cuts_tcp_connections(self):
        database = self.tcp_upstream()
        weir = self.node(f"""
[[listener]]
name = "database"
address = "127.0.0.1:0"
protocol = "tcp"
upstream = "database"
tls = {{ certificates = [{{ cert = "ca/orders.crt", key = "ca/orders.key" }}],
        client_certificate = "required", client_ca = "ca/root.crt" }}
[upstream.database]
discovery = {{ static = ["{database.address}"] }}
""".replace("}],\n        ", "}], "))
        web, operator = (self.secure(weir, name, "database") for name in ("web", "operator"))
        self.assert_talks(web)
        self.assert_talks(operator)
        self.change(weir, self.ALLOW, self.ALLOW + self.DENY)
        self.assert_cut(web)
        self.assert_talks(operator)
        self.assert_metric(weir, 1, "weir_revoked_total", listener="database",
                           kind="connection", reason="authz_denied")

    def test_other_roots_cut_clients_and_nothing_else_does(self):
        weir = self.node()
        peer = self.chat(weir, "web")
        self.ca(weir.folder, "renew", "ca/orders")  # a rotation
        weir.admin("/reload", "POST")
        self.assert_talks(peer)
        self.ca(weir.folder, "init", "--days", "2", "--dir", "other")
        self.change(weir, 'trust = "ca/root.crt"', 'trust = "other/root.crt"')
        self.assert_cut(peer)
        self.assert_metric(weir, 1, "weir_revoked_total", listener="inbound", kind="stream",
                           reason="identity_revoked")
        self.assertEqual(self.log_lines(weir, 1)[0]["reason"], "identity_revoked")

    def test_other_roots_cut_endpoints(self):
        weir = self.node()
        ca = weir.folder / "ca"
        front = self.weir(f"""{ADMIN}
{LOG}
[[listener]]
name = "public"
address = "127.0.0.1:0"
[[route]]
name = "all"
upstream = "orders"
upgrades = ["tcp"]
[upstream.orders]
identity = "{DOMAIN}/ns/shop/sa/orders"
discovery = {{ static = ["{weir.address('inbound')}"] }}
[identity]
cert = "{ca}/web.crt"
key = "{ca}/web.key"
trust = "{ca}/root.crt"
""")
        peer = self.connect(front)
        peer.sendall(b"GET /chat HTTP/1.1\r\nHost: orders\r\nConnection: Upgrade\r\n"
                     b"Upgrade: tcp\r\n\r\n")
        while not read_exactly(peer, 1) == b"\n" or peer.recv(2, socket.MSG_PEEK) != b"\r\n":
            pass
        read_exactly(peer, 2)
        self.assert_talks(peer)
        self.ca(weir.folder, "init", "--days", "2", "--dir", "other")
        self.change(front, f'trust = "{ca}/root.crt"', f'trust = "{weir.folder}/other/root.crt"')
        self.assertIn(read_all(peer), (b"", None))
        self.assert_metric(front, 1, "weir_upstream_revoked_total", upstream="orders")
        self.assertEqual(self.log_lines(front, 1)[0]["reason"], "identity_revoked")


class Modes(AuthorizeCase):
    def node(self, mode):
        return self.sidecar(self.SIDECAR % self.upstream().address + f'mode = "{mode}"\n')

    def test_the_way_to_strict(self):
        weir = self.node("permissive")
        clear = self.client(weir.address("inbound"))
        self.assertEqual(clear.request("/").status, 200)
        self.assertEqual(self.status(self.secure(weir, "web")), 200)
        self.change(weir, '"permissive"', '"audit"')
        self.assertEqual(self.client(weir.address("inbound")).request("/").status, 200)
        weir.wait_for_line("client 127.0.0.1: plaintext, which mode strict refuses")
        self.change(weir, '"audit"', '"strict"')
        self.assertTrue(clear.ended())
        self.assertEqual(self.client(weir.address("inbound")).request("/").status, 400)
        for mode, result in (("permissive", "plaintext"), ("permissive", "ok"),
                             ("audit", "plaintext"), ("strict", "refused")):
            self.assert_metric(weir, 1, "weir_mtls_connections_total", direction="inbound",
                               mode=mode, result=result)

    def test_a_sidecar_without_policies_admits_its_trust_domain(self):
        weir = self.node("permissive")
        self.ca(weir.folder, "issue", "stranger", "--identity", "spiffe://other.example/x")
        with self.assertRaises((ssl.SSLError, ConnectionError)):
            self.status(self.secure(weir, "stranger"))
        self.assertEqual(self.status(self.secure(weir, "web")), 200)


if __name__ == "__main__":
    unittest.main()
