#!/usr/bin/env python3
"""`weir ca serve`: an authority that renews the certificates of workloads, and a node that asks."""

import datetime
import http.client
import socket
import ssl
import subprocess
import unittest

import poll
from integration_case import LOG
from tls_case import TlsCase
from weir_process import ADMIN

NODE = "spiffe://shop.test/ns/shop/sa/node"
OTHER = "spiffe://shop.test/ns/shop/sa/other"


class AuthorityCase(TlsCase):
    def serve(self, *more, prepare=lambda folder: None):
        process = self.weir("", start=False)
        process.command = ("ca", "serve", "--listen", "127.0.0.1:0", "--address", "127.0.0.1",
                           *more)
        self.ca(process.folder, "init", "--days", "2")
        for name, identity in (("node", NODE), ("other", OTHER)):
            self.ca(process.folder, "issue", name, "--identity", identity, "--days", "1")
        prepare(process.folder)
        return process.start()

    def signing_request(self, folder, identity=None, key="ec"):
        """A signing request in PEM, made by openssl."""
        kind = {"ec": ("ec", "-pkeyopt", "ec_paramgen_curve:P-256"), "weak": ("rsa:1024",)}[key]
        names = ["-addext", f"subjectAltName=URI:{identity}"] if identity else []
        made = subprocess.run(
            ["openssl", "req", "-new", "-newkey", *kind, "-nodes", "-subj", "/CN=x", *names,
             "-keyout", str(folder / "new.key")], check=True, capture_output=True, text=True)
        return made.stdout

    def post(self, authority, body, stem="ca/node", method="POST"):
        """(status, text) of the answer to a client with this certificate."""
        context = self.context(authority)
        if stem:
            context.load_cert_chain(authority.folder / f"{stem}.crt",
                                    authority.folder / f"{stem}.key")
        host, port = authority.address("authority").rsplit(":", 1)
        connection = http.client.HTTPSConnection(host, int(port), context=context,
                                                 timeout=poll.PATIENCE)
        self.addCleanup(connection.close)
        connection.request(method, "/", body)
        answer = connection.getresponse()
        return answer.status, answer.read().decode()


class ServeTest(AuthorityCase):
    def test_a_workload_gets_a_certificate_with_its_own_name(self):
        authority = self.serve()
        for identity in (None, NODE):
            request = self.signing_request(authority.folder, identity)
            status, chain = self.post(authority, request)
            self.assertEqual(status, 200)
            (authority.folder / "new.crt").write_text(chain, encoding="utf-8")
            shown = self.ca(authority.folder, "show", "new.crt")
            self.assertIn(f"identity:   {NODE}", shown)
        authority.wait_for_line(f"certificate issued for {NODE}, valid until ")
        # With the new certificate, which proves the same, it can be renewed again.
        status, _ = self.post(authority, self.signing_request(authority.folder), stem="ca/node")
        self.assertEqual(status, 200)

    def test_what_it_refuses(self):
        authority = self.serve()
        folder = authority.folder
        self.ca(folder, "issue", "nameless", "--dns", "node.test")
        good = self.signing_request(folder, NODE)
        for what, body, stem, expected in (
                ("another name", self.signing_request(folder, OTHER), "ca/node", 403),
                ("no SPIFFE ID", good, "ca/nameless", 403),
                ("a weak key", self.signing_request(folder, NODE, key="weak"), "ca/node", 400),
                ("garbage", "garbage", "ca/node", 400),
                ("nothing", "", "ca/node", 400),
                ("a certificate", (folder / "ca/node.crt").read_text(), "ca/node", 400),
                ("too much", good + "x" * 16 * 1024, "ca/node", 413)):
            with self.subTest(what):
                self.assertEqual(self.post(authority, body, stem)[0], expected)
        self.assertEqual(self.post(authority, None, "ca/node", "GET")[0], 405)
        authority.wait_for_line(f"no certificate issued for {NODE}: the request asks for another")

    def test_it_refuses_clients_without_a_valid_certificate(self):
        authority = self.serve()
        folder = authority.folder
        request = self.signing_request(folder, NODE)
        self.ca(folder, "init", "--dir", "theirs")
        self.ca(folder, "issue", "--dir", "theirs", "node", "--identity", NODE)
        subprocess.run(["openssl", "req", "-new", "-key", "ca/node.key", "-subj", "/CN=x",
                        "-addext", f"subjectAltName=URI:{NODE}", "-out", "old.csr"],
                       cwd=folder, check=True, capture_output=True)
        subprocess.run(["openssl", "x509", "-req", "-in", "old.csr", "-CA", "ca/root.crt", "-CAkey",
                        "ca/root.key", "-CAcreateserial", "-days", "-1", "-copy_extensions", "copy",
                        "-out", "old.crt"], cwd=folder, check=True, capture_output=True)
        (folder / "old.key").write_text((folder / "ca/node.key").read_text())
        for stem in (None, "theirs/node", "old"):
            with self.subTest(stem), self.assertRaises((ssl.SSLError, ConnectionError,
                                                        http.client.HTTPException)):
                self.post(authority, request, stem)
        self.assert_metric(authority, 1, "weir_tls_handshakes_total", reason="expired")

    def test_it_limits_the_requests_of_each_identity(self):
        authority = self.serve()
        request = self.signing_request(authority.folder)
        statuses = [self.post(authority, request)[0] for _ in range(12)]
        self.assertEqual(statuses[:10], [200] * 10)
        self.assertIn(429, statuses[10:])
        self.assertEqual(self.post(authority, request, stem="ca/other")[0], 200)

    def test_its_configuration_can_be_changed(self):
        authority = self.serve()
        self.assertEqual(authority.stop(), 0)
        file = authority.folder / "ca/serve.toml"
        text = file.read_text(encoding="utf-8")
        self.assertIn("127.0.0.1:0", text)
        file.write_text(text.replace('name = "authority"', 'name = "renamed"'), encoding="utf-8")
        authority.start()
        authority.wait_for_line(" listener renamed on ")


class RenewalTest(AuthorityCase):
    def node(self, authority, own="node"):
        """A sidecar with a certificate most of whose life is over."""
        service = self.upstream()
        port = authority.address("authority").rsplit(":", 1)[1]
        ca = authority.folder / "ca"
        weir = self.weir(f"""{ADMIN}
role = "sidecar"
watch_settle = "50ms"
{LOG}
[identity]
cert = "{ca}/{own}.crt"
key = "{ca}/{own}.key"
trust = "{ca}/root.crt"
authority = "https://127.0.0.1:{port}"
[sidecar]
service = "service"
[sidecar.inbound]
address = "127.0.0.1:0"
application = "{service.address}"
""")
        return weir

    def age(self, folder, name="node", identity=NODE, hours=20):
        """Replaces a certificate by one of a day that began so many hours ago."""
        script = f"ca/{name}"
        subprocess.run(["openssl", "req", "-new", "-key", f"{script}.key", "-subj", "/CN=x",
                        "-addext", f"subjectAltName=URI:{identity}", "-out", f"{name}.csr"],
                       cwd=folder, check=True, capture_output=True)
        (folder / "index.txt").write_text("")
        (folder / "ca.cnf").write_text(
            "[ca]\ndefault_ca = d\n[d]\ndatabase = index.txt\nnew_certs_dir = .\n"
            "rand_serial = yes\npolicy = p\ndefault_md = sha256\ncopy_extensions = copy\n"
            "x509_extensions = x\nunique_subject = no\n[p]\ncommonName = supplied\n"
            "[x]\nbasicConstraints = critical, CA:FALSE\nkeyUsage = critical, digitalSignature\n")
        begin, end = self.times(hours)
        subprocess.run(["openssl", "ca", "-batch", "-config", "ca.cnf", "-cert", "ca/root.crt",
                        "-keyfile", "ca/root.key", "-in", f"{name}.csr", "-out", f"{script}.crt",
                        "-startdate", begin, "-enddate", end, "-notext"],
                       cwd=folder, check=True, capture_output=True)

    @staticmethod
    def times(hours):
        now = datetime.datetime.now(datetime.timezone.utc)
        begin = now - datetime.timedelta(hours=hours)
        return [each.strftime("%Y%m%d%H%M%SZ")
                for each in (begin, begin + datetime.timedelta(hours=24))]

    def serial(self, weir, authority):
        context = self.context(authority)
        context.check_hostname = False
        stem = authority.folder / "ca/other"
        context.load_cert_chain(f"{stem}.crt", f"{stem}.key")
        host, port = weir.address("inbound").rsplit(":", 1)
        with context.wrap_socket(socket.create_connection((host, int(port)),
                                                          timeout=poll.PATIENCE)) as secure:
            return secure.getpeercert()["serialNumber"]

    def test_a_node_renews_its_certificate(self):
        authority = self.serve(prepare=self.age)
        key = (authority.folder / "ca/node.key").read_text()
        weir = self.node(authority)
        before = self.serial(weir, authority)
        weir.wait_for_line("the certificate of this node was renewed by its authority")
        poll.until(lambda: self.serial(weir, authority) != before, "a new certificate")
        self.assertNotEqual((authority.folder / "ca/node.key").read_text(), key)
        self.assertEqual((authority.folder / "ca/node.key").stat().st_mode & 0o777, 0o600)
        self.assertEqual(sorted(each.name for each in (authority.folder / "ca").glob("node*")),
                         ["node.crt", "node.key"])
        self.assert_metric(weir, 1, "weir_identity_refreshes_total", source="files", result="ok")

    def test_a_node_goes_on_while_the_authority_is_away(self):
        authority = self.serve(prepare=self.age)
        address = authority.address("authority")
        authority.stop()
        weir = self.node(authority)
        weir.wait_for_line("could not be renewed by its authority: ")
        before = self.serial(weir, authority)
        file = authority.folder / "ca/serve.toml"
        file.write_text(file.read_text(encoding="utf-8").replace("127.0.0.1:0", address),
                        encoding="utf-8")
        authority.start()
        poll.until(lambda: self.serial(weir, authority) != before, "a new certificate")

    def test_a_certificate_with_most_of_its_life_before_it_stays(self):
        authority = self.serve()
        weir = self.node(authority)
        self.assertEqual(weir.admin("/readyz")[0], 200)
        before = self.serial(weir, authority)
        self.assertEqual(self.serial(weir, authority), before)
        self.assertEqual(authority.metric("weir_requests_total"), 0)


if __name__ == "__main__":
    unittest.main()
