#!/usr/bin/env python3
"""Certificates that no CA should issue, from clients and as weir's own."""

import socket
import ssl
import subprocess
import unittest

from fake_upstream import text
from integration_case import forward, gateway
from tls_case import TlsCase
from weir_process import ADMIN

USUAL = "basicConstraints=critical,CA:FALSE\nkeyUsage=critical,digitalSignature\n"
P256 = ("ec", "-pkeyopt", "ec_paramgen_curve:P-256")


def openssl(folder, *arguments):
    subprocess.run(["openssl", *arguments], cwd=folder, check=True, capture_output=True)


def sign(folder, name, names, extensions=USUAL, key=P256, digest="-sha256", days="1"):
    """Signs ca/NAME.crt by the CA of `weir ca`, with a subjectAltName in openssl syntax."""
    openssl(folder, "req", "-new", "-newkey", *key, "-nodes", "-subj", f"/CN={name}",
            "-keyout", f"ca/{name}.key", "-out", f"ca/{name}.csr")
    (folder / "extensions").write_text(f"subjectAltName={names}\n{extensions}")
    openssl(folder, "x509", "-req", "-in", f"ca/{name}.csr", "-CA", "ca/root.crt",
            "-CAkey", "ca/root.key", "-CAcreateserial", "-days", days, digest,
            "-extfile", "extensions", "-out", f"ca/{name}.crt")


def uri_of_bytes(uri):
    """A subjectAltName with arbitrary bytes in its only URI."""
    name = bytes([0x86, len(uri)]) + uri
    return "DER:" + (bytes([0x30, len(name)]) + name).hex(":")


class ClientTest(TlsCase):
    ASKS = ', client_certificate = "required", client_ca = "ca/root.crt"'
    ID = "URI:spiffe://shop.test/ns/shop/sa/cart"

    def front(self, more=""):
        self.service = self.upstream(text(b"hello\n"))
        return self.secured(forward(self.service.address), self.ASKS + more)

    def connect(self, weir, name):
        context = self.context(weir)
        context.set_ciphers("DEFAULT@SECLEVEL=0")  # the client itself must accept anything
        context.load_cert_chain(weir.folder / f"ca/{name}.crt", weir.folder / f"ca/{name}.key")
        return self.https(weir, context)

    def assert_refused(self, weir, name, reason):
        before = weir.metric("weir_tls_handshakes_total", reason=reason)
        with self.assertRaises((ssl.SSLError, ConnectionError)):
            self.fetch(self.connect(weir, name))
        self.assert_metric(weir, before + 1, "weir_tls_handshakes_total",
                           result="bad_peer_certificate", reason=reason)
        self.assertEqual(self.service.requests, [])

    def test_names_that_no_certificate_may_hold(self):
        weir = self.front()
        for name, uri in (("crlf", b"spiffe://shop.test/a\r\nX-Injected: yes"),
                          ("nul", b"spiffe://shop.test/a\0evil"),
                          ("utf8", "spiffe://shop.test/\u00e9".encode()),
                          ("https", b"https://shop.test/a\r\nX-Injected: yes")):
            sign(weir.folder, name, uri_of_bytes(uri))
            self.assert_refused(weir, name, "malformed")

    def test_spiffe_ids_that_are_none(self):
        weir = self.front()
        for name, names in (("dots", "URI:spiffe://shop.test/../evil.test/x"),
                            ("star", "URI:spiffe://shop.test/*"),
                            ("upper", "URI:SPIFFE://shop.test/a"),
                            ("two", self.ID + ",URI:https://shop.test/a")):
            sign(weir.folder, name, names)
            self.assert_refused(weir, name, "malformed")
        sign(weir.folder, "authority", self.ID,
             "basicConstraints=critical,CA:TRUE\nkeyUsage=critical,digitalSignature\n")
        self.assert_refused(weir, "authority", "malformed")
        sign(weir.folder, "good", self.ID + ",DNS:cart.test")
        self.assertEqual(self.fetch(self.connect(weir, "good"))[0].status, 200)

    def test_a_refusal_says_who_was_refused_and_why(self):
        weir = self.front(', client_names = ["spiffe://shop.test/ns/bank/*"]')
        sign(weir.folder, "good", self.ID)
        self.assert_refused(weir, "good", "wrong_name")
        line = weir.wait_for_line("listener public: client 127.0.0.1: ")
        self.assertIn("the certificate of spiffe://shop.test/ns/shop/sa/cart: has none of the "
                      "required names: spiffe://shop.test/ns/bank/*", line)

    def test_a_refusal_of_ours_is_told_by_its_name(self):
        weir = self.front()
        with self.assertRaises(ssl.SSLError):
            self.https(weir, ssl.create_default_context())  # which does not trust the CA
        weir.wait_for_line("client 127.0.0.1: TLS alert from the peer: unknown_ca")
        self.assert_metric(weir, 1, "weir_tls_handshakes_total", result="peer_alert",
                           reason="unknown_ca")

    def test_keys_and_signatures_that_are_weak(self):
        weir = self.front()
        sign(weir.folder, "short", "DNS:a.test", key=("rsa:1024",))
        self.assert_refused(weir, "short", "weak")
        sign(weir.folder, "sha1", "DNS:a.test", digest="-sha1")
        self.assert_refused(weir, "sha1", "weak")

    def test_a_certificate_without_an_end(self):
        weir = self.front()
        sign(weir.folder, "device", "DNS:device.test", days="2900000")  # in the year 9965
        kept = self.connect(weir, "device")
        for _ in range(2):
            self.assertEqual(self.fetch(kept)[0].status, 200)

    def test_a_connection_does_not_outlive_what_let_it_in(self):
        weir = self.front(', client_names = ["spiffe://shop.test/*"]')
        sign(weir.folder, "good", self.ID)
        kept = self.connect(weir, "good")
        self.assertEqual(self.fetch(kept)[0].status, 200)
        config = weir.file.read_text(encoding="utf-8")
        weir.file.write_text(config + "# the same terms\n", encoding="utf-8")
        self.assert_metric(weir, 1, "weir_config_reloads_total", result="applied")
        self.assertEqual(self.fetch(kept)[0].status, 200)
        weir.file.write_text(config.replace("shop.test/*", "shop.test/ns/bank/*"),
                             encoding="utf-8")
        self.assertEqual(kept.sock.recv(1), b"")  # the end of the stream, without another request
        with self.assertRaises((ssl.SSLError, ConnectionError)):
            self.fetch(self.connect(weir, "good"))


class OwnTest(TlsCase):
    def serial(self, weir):
        return self.https(weir).sock.getpeercert()["serialNumber"]

    def replace(self, weir, stem, by):
        """Replaces files by renaming new ones over them."""
        for kind in ("key", "crt"):
            (weir.folder / f"ca/{by}.{kind}").rename(weir.folder / f"ca/{stem}.{kind}")

    def test_one_that_cannot_sign_does_not_take_the_place_of_a_good_one(self):
        weir = self.secured(forward(self.upstream().address))
        before = self.serial(weir)
        cannot = ("basicConstraints=CA:FALSE\nkeyUsage=critical,keyEncipherment\n", P256)
        for name, extensions, key, word in (
                ("usage", *cannot, "may not sign, by its key usage"),
                ("curve", USUAL, ("ec", "-pkeyopt", "ec_paramgen_curve:P-224"), "on a curve"),
                ("short", USUAL, ("rsa:1024",), "RSA key of less than 2048 bits"),
                ("client", USUAL + "extendedKeyUsage=clientAuth\n", P256, "is not for servers")):
            sign(weir.folder, name, "DNS:edge.test", extensions, key)
            self.replace(weir, "edge", name)
            weir.wait_for_line(word)
            self.assertEqual(self.serial(weir), before)

    def test_an_identity_without_a_name_does_not_take_the_place_of_a_good_one(self):
        service = self.upstream()
        weir = self.weir(f"""{ADMIN}
role = "sidecar"
[sidecar]
service = "service"
identity = {{ cert = "ca/node.crt", key = "ca/node.key", trust = "ca/root.crt" }}
inbound = {{ address = "127.0.0.1:0", application = "{service.address}" }}
""", start=False)
        self.ca(weir.folder, "init")
        self.ca(weir.folder, "issue", "node", "--identity", "spiffe://shop.test/node")
        self.ca(weir.folder, "issue", "caller", "--identity", "spiffe://shop.test/caller")
        self.ca(weir.folder, "issue", "nameless", "--dns", "node.test")
        weir.start()
        self.replace(weir, "node", "nameless")
        weir.wait_for_line("has no name of the form spiffe://DOMAIN/...")
        self.assert_metric(weir, 1, "weir_identity_refreshes_total", result="failed")
        context = self.context(weir)
        context.check_hostname = False
        context.load_cert_chain(weir.folder / "ca/caller.crt", weir.folder / "ca/caller.key")
        host, port = weir.address("inbound").rsplit(":", 1)
        with context.wrap_socket(socket.create_connection((host, int(port)))) as secure:
            names = dict(secure.getpeercert()["subjectAltName"])
        self.assertEqual(names["URI"], "spiffe://shop.test/node")

    def test_a_gateway_needs_an_identity_with_a_name(self):
        weir = self.weir(gateway(
            forward("127.0.0.1:1") +
            '[identity]\ncert = "ca/edge.crt"\nkey = "ca/edge.key"\ntrust = "ca/root.crt"\n'),
            start=False)
        self.authority(weir.folder, "edge")
        weir.launch()
        weir.wait_for_line("has no name of the form spiffe://DOMAIN/...")
        self.assertEqual(weir.wait(), 2)


if __name__ == "__main__":
    unittest.main()
