"""Who may do what at the admin address."""

import http.client
import json
import os
import socket
import ssl
import subprocess
import sys
import unittest

import poll
from integration_case import LISTENER, IntegrationCase, forward, gateway
from tls_case import TlsCase

ROUTE = '\n[[route]]\nname = "all"\nrespond.body = "hello"\n'
TOKEN = "an-operators-token-1"
ASK = """
import http.client, sys
connection = http.client.HTTPConnection(sys.argv[1], timeout=30)
connection.request(sys.argv[2], sys.argv[3])
print(connection.getresponse().status)
"""


def admin(settings):
    return f'workers = 1\nadmin = {{ address = "127.0.0.1:0", {settings} }}\n{LISTENER}{ROUTE}'


class UnixConnection(http.client.HTTPConnection):
    def __init__(self, path):
        super().__init__("localhost", timeout=poll.PATIENCE)
        self._path = str(path)

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect(self._path)


class Roles(IntegrationCase):
    def ask(self, weir, method, path, token=None, **headers):
        connection = http.client.HTTPConnection(weir.admin_address, timeout=poll.PATIENCE)
        self.addCleanup(connection.close)
        if token is not None:
            headers["Authorization"] = f"Bearer {token}"
        connection.request(method, path, headers=headers)
        answer = connection.getresponse()
        answer.read()
        return answer

    def as_nobody(self, weir, method, path):
        asked = subprocess.run([sys.executable, "-c", ASK, weir.admin_address, method, path],
                               user="nobody", check=True, capture_output=True, text=True, cwd="/")
        return int(asked.stdout)

    def test_the_same_user_operates_over_tcp_without_settings(self):
        weir = self.weir(gateway(ROUTE))
        self.assertEqual(weir.admin("/reload", "POST")[0], 200)
        weir.wait_for_line(f" admin: POST /reload by user {os.getuid()}")
        self.assertEqual(weir.admin("/explain?path=/")[0], 200)

    @unittest.skipUnless(os.getuid() == 0, "takes root")
    def test_another_user_only_views(self):
        weir = self.weir(gateway(ROUTE))
        for method, path in (("POST", "/reload"), ("POST", "/drain"), ("GET", "/explain?path=/"),
                             ("POST", "/log-level?level=debug")):
            self.assertEqual(self.as_nobody(weir, method, path), 403, path)
        for path in ("/metrics", "/config", "/upstreams", "/healthz"):
            self.assertEqual(self.as_nobody(weir, "GET", path), 200, path)
        self.assertEqual(self.get(weir).status, 200)  # nothing has been drained

    def test_weir_does_not_lend_its_rights_to_those_for_whom_it_forwards(self):
        weir = self.weir(gateway(ROUTE))
        relay = self.weir(gateway(forward(weir.admin_address)))
        tunnel = self.weir(gateway(
            f'[upstream.admin]\ndiscovery = {{ static = ["{weir.admin_address}"] }}\n',
            listener='[[listener]]\nname = "public"\naddress = "127.0.0.1:0"\n'
                     'protocol = "tcp"\nupstream = "admin"\n'))
        self.assertEqual(self.get(relay, "/healthz", host="127.0.0.1").status, 200)
        self.assertEqual(self.get(relay, "/reload", method="POST", host="127.0.0.1").status, 403)
        # Another process of the same user is trusted as a whole.
        self.assertEqual(self.get(tunnel, "/reload", method="POST", host="127.0.0.1").status, 200)

    def test_a_tunnel_of_weir_to_itself_gives_no_rights(self):
        weir = self.weir(gateway(ROUTE))
        weir.file.write_text(gateway(
            ROUTE + f'[upstream.admin]\ndiscovery = {{ static = ["{weir.admin_address}"] }}\n',
            listener=LISTENER + '[[listener]]\nname = "tunnel"\naddress = "127.0.0.1:0"\n'
                                'protocol = "tcp"\nupstream = "admin"\n'), encoding="utf-8")
        weir.wait_for_line("configuration applied")
        tunnel = self.client(self.tunnel_address(weir))
        self.assertEqual(tunnel.request("/healthz", host="127.0.0.1").status, 200)
        self.assertEqual(tunnel.request("/reload", method="POST", host="127.0.0.1").status, 403)

    def tunnel_address(self, weir):
        listeners = json.loads(weir.admin("/listeners")[1])["listeners"]
        return next(each["address"] for each in listeners if each["name"] == "tunnel")

    def test_a_token_of_a_file_replaces_the_default(self):
        weir = self.weir(admin('operate = { tokens = [{ file = "token" }] }'), start=False)
        (weir.folder / "token").write_text(TOKEN + "\n", encoding="ascii")
        weir.start()
        answer = self.ask(weir, "POST", "/reload")
        self.assertEqual((answer.status, answer.getheader("www-authenticate")),
                         (401, 'Bearer realm="weir admin"'))
        self.assertEqual(self.ask(weir, "POST", "/reload", TOKEN + "2").status, 401)
        self.assertEqual(self.ask(weir, "POST", "/reload", TOKEN).status, 200)
        self.assertEqual(self.ask(weir, "GET", "/metrics").status, 200)
        self.assertNotIn(TOKEN, weir.admin("/config")[1])
        # A new token takes effect without a restart.
        (weir.folder / "token").write_text("the-token-after-it\n", encoding="ascii")
        weir.wait_for_line("generation 3")
        self.assertEqual(self.ask(weir, "POST", "/log-level?level=debug", TOKEN).status, 401)

    def test_a_token_of_the_environment(self):
        weir = self.weir(admin('view = { tokens = [{ env = "VIEW_TOKEN" }] }'), start=False,
                         env={**os.environ, "VIEW_TOKEN": TOKEN})
        weir.start()
        self.assertEqual(self.ask(weir, "GET", "/metrics", TOKEN).status, 200)
        self.assertEqual(self.ask(weir, "GET", "/healthz").status, 200)
        self.assertEqual(self.ask(weir, "POST", "/reload", TOKEN).status, 200)  # by its user

    def test_over_a_unix_socket_the_kernel_names_the_user(self):
        weir = self.weir(f'workers = 1\nadmin = "unix:admin.sock"\n{LISTENER}{ROUTE}', start=False)
        weir.start()
        connection = UnixConnection(weir.folder / "admin.sock")
        self.addCleanup(connection.close)
        connection.request("POST", "/reload")
        self.assertEqual(connection.getresponse().status, 200)

    def test_mistakes_have_positions(self):
        cases = {
            'operate = { users = ["nobody-at-all"] }': 'no user "nobody-at-all" on this machine',
            'operate = { tokens = ["short"] }': "needs at least 16 visible ASCII characters",
            'view = { identities = ["spiffe://example.org/*"] }': "identities need client",
            'tls = { certificates = [{ cert = "a.crt", key = "a.key" }] }': "cannot read",
        }
        for settings, expected in cases.items():
            with self.subTest(settings):
                weir = self.weir(admin(settings), start=False)
                weir.launch()
                self.assertEqual(weir.wait(), 2)
                output = "\n".join(weir.output)
                self.assertIn(expected, output)
                self.assertIn("weir.toml:2:", output)


class Certificates(TlsCase):
    SETTINGS = ('tls = { certificates = [{ cert = "ca/edge.crt", key = "ca/edge.key" }], '
                'client_certificate = "optional", client_ca = "ca/root.crt" }, '
                'operate = { identities = ["spiffe://example.test/ns/ops/*"] }')

    def test_an_identity_operates(self):
        weir = self.weir(admin(self.SETTINGS), start=False)
        self.authority(weir.folder, "edge")
        for name, namespace in (("alice", "ops"), ("cart", "shop")):
            self.ca(weir.folder, "issue", name, "--identity",
                    f"spiffe://example.test/ns/{namespace}/sa/{name}")
        weir.start()
        self.assertEqual(self.reload(weir, None), 403)
        self.assertEqual(self.reload(weir, "cart"), 403)
        self.assertEqual(self.reload(weir, "alice"), 200)
        weir.wait_for_line(" admin: POST /reload by spiffe://example.test/ns/ops/sa/alice")
        # A renewed certificate is served after the next reload.
        before = self.served(weir)
        self.ca(weir.folder, "renew", "ca/edge")
        poll.until(lambda: self.served(weir) != before, "the renewed certificate")

    def connect(self, weir, name=None):
        context = self.context(weir)
        if name is not None:
            context.load_cert_chain(weir.folder / f"ca/{name}.crt", weir.folder / f"ca/{name}.key")
        host, port = weir.admin_address.rsplit(":", 1)
        return http.client.HTTPSConnection(host, int(port), context=context, timeout=poll.PATIENCE)

    def reload(self, weir, name):
        connection = self.connect(weir, name)
        self.addCleanup(connection.close)
        connection.request("POST", "/reload")
        return connection.getresponse().status

    def served(self, weir):
        connection = self.connect(weir)
        self.addCleanup(connection.close)
        connection.connect()
        return ssl.DER_cert_to_PEM_cert(connection.sock.getpeercert(True))


if __name__ == "__main__":
    unittest.main()
