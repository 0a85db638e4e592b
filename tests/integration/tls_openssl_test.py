#!/usr/bin/env python3
"""Tests of the TLS server that need the openssl command: OCSP stapling, and early data."""

import re
import subprocess
import unittest

import poll
from integration_case import forward
from tls_case import TlsCase


def openssl(folder, *arguments, stdin=b""):
    done = subprocess.run(["openssl", *map(str, arguments)], cwd=folder, input=stdin, check=False,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=poll.PATIENCE)
    return done.stdout.decode("utf-8", "replace")


def request(method):
    return (f"{method} / HTTP/1.1\r\nHost: edge.test\r\nConnection: close\r\n"
            "Content-Length: 0\r\n\r\n").encode()


class StapleTest(TlsCase):
    def respond(self, folder, state="V\t350101000000Z\t"):
        """ca/edge.der: the CA's OCSP response for the certificate."""
        shown = openssl(folder, "x509", "-in", "ca/edge.crt", "-noout", "-serial")
        serial = shown.strip().removeprefix("serial=")
        (folder / "index").write_text(f"{state}\t{serial}\tunknown\t/CN=edge\n")
        said = openssl(folder, "ocsp", "-issuer", "ca/root.crt", "-cert", "ca/edge.crt",
                       "-index", "index", "-CA", "ca/root.crt", "-rsigner", "ca/root.crt",
                       "-rkey", "ca/root.key", "-ndays", "1", "-respout", "ca/edge.der")
        self.assertTrue((folder / "ca/edge.der").exists(), said)

    def front(self):
        weir = self.secured(forward(self.upstream().address), start=False)
        weir.file.write_text(weir.file.read_text(encoding="utf-8").replace(
            'key = "ca/edge.key"', 'key = "ca/edge.key", ocsp = "ca/edge.der"'), encoding="utf-8")
        return weir

    def test_a_state_is_shown_to_clients_that_ask(self):
        weir = self.front()
        self.respond(weir.folder)
        weir.start()
        said = openssl(weir.folder, "s_client", "-connect", weir.address(), "-status",
                       "-servername", "edge.test", "-CAfile", "ca/root.crt")
        self.assertIn("OCSP Response Status: successful", said)
        self.assertIn("Cert Status: good", said)

    def test_a_state_of_another_certificate_is_a_mistake(self):
        weir = self.front()
        self.respond(weir.folder)
        self.ca(weir.folder, "renew", "ca/edge")
        weir.launch()
        weir.wait_for_line("edge.der: is not for the certificate")
        self.assertEqual(weir.wait(), 2)

    def test_a_certificate_that_is_revoked_is_a_mistake(self):
        weir = self.front()
        self.respond(weir.folder, "R\t350101000000Z\t260101000000Z")
        weir.launch()
        weir.wait_for_line("edge.der: states that the certificate is revoked")
        self.assertEqual(weir.wait(), 2)


class SignatureTest(TlsCase):
    """RFC 9155: TLS 1.2 does not sign with SHA-1, whatever a client offers."""

    def shake(self, weir, signatures):
        return openssl(weir.folder, "s_client", "-connect", weir.address(), "-tls1_2", "-sigalgs",
                       signatures, "-cipher", "ALL:@SECLEVEL=0", "-servername", "edge.test")

    def test_sha1_is_not_signed_with(self):
        weir = self.secured(forward(self.upstream().address), start=False)
        self.ca(weir.folder, "issue", "rsa", "--rsa", "--dns", "edge.test")
        weir.file.write_text(weir.file.read_text(encoding="utf-8").replace(
            "certificates = [",
            'certificates = [{ cert = "ca/rsa.crt", key = "ca/rsa.key" }, '), encoding="utf-8")
        weir.start()
        for key, algorithm in (("RSA", "rsa_pkcs1_sha256"), ("ECDSA", "ecdsa_secp256r1_sha256")):
            self.assertIn("handshake failure", self.shake(weir, f"{key}+SHA1"))
            shown = self.shake(weir, f"{key}+SHA1:{key}+SHA256")
            self.assertIn("Peer signing digest: SHA256\n", shown)
            # OpenSSL 3.0 prints the kind of the key, 3.5 the algorithm.
            self.assertRegex(shown, f"Peer signature type: ({key}|{algorithm})\n")
        self.assert_metric(weir, 2, "weir_tls_handshakes_total", result="cipher")


class EarlyDataTest(TlsCase):
    def front(self, more):
        self.service = self.upstream()
        return self.secured(forward(self.service.address), more)

    def client(self, weir, *more, **parts):
        return openssl(weir.folder, "s_client", "-connect", weir.address(), "-servername",
                       "edge.test", "-tls1_3", "-CAfile", "ca/root.crt", "-alpn", "http/1.1",
                       "-ign_eof", *more, **parts)

    def first(self, weir):
        """The reply to a client that saves the session."""
        return self.client(weir, "-sess_out", "session", stdin=request("GET"))

    def early(self, weir, method):
        """The reply to a client that sends its request as early data on a second connection."""
        self.assertIn("200 OK", self.first(weir))
        (weir.folder / "request").write_bytes(request(method))
        return self.client(weir, "-sess_in", "session", "-early_data", "request")

    def test_a_safe_request_goes_on_and_says_what_it_is(self):
        weir = self.front(", early_data = true")
        said = self.early(weir, "GET")
        self.assertIn("Early data was accepted", said)
        self.assertTrue(re.search(r"HTTP/1\.1 200 OK", said), said)
        self.assertEqual([one.all("early-data") for one in self.service.requests], [[], ["1"]])

    def test_any_other_request_is_to_be_sent_again(self):
        weir = self.front(", early_data = true")
        said = self.early(weir, "POST")
        self.assertIn("Early data was accepted", said)
        self.assertIn("HTTP/1.1 425 Too Early", said)
        self.assertEqual(len(self.service.requests), 1)

    def test_nothing_is_taken_early_unless_it_is_asked_for(self):
        self.assertIn("Max Early Data: 0", self.first(self.front("")))
        self.assertIn("Max Early Data: 14336", self.first(self.front(", early_data = true")))


if __name__ == "__main__":
    unittest.main()
