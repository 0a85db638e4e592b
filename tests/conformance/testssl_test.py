#!/usr/bin/env python3
"""TLS as rated by testssl.sh: protocols, ciphers, certificates and known attacks."""

import json
import shutil
import subprocess
import unittest

from integration_case import gateway
from tls_case import TlsCase

TESTSSL = shutil.which("testssl")
PARTS = ("--protocols", "--std", "--server-defaults", "--server-preference", "-f", "--vulnerable")
HARMLESS = {"OK", "INFO"}
LISTENER = """
[[listener]]
name = "public"
address = "127.0.0.1:0"
tls = { certificates = [
  { cert = "ca/edge.crt", key = "ca/edge.key" }, { cert = "ca/rsa.crt", key = "ca/rsa.key" }] }
"""

# Findings that a newly created CA cannot avoid, or that concern the scanning machine. By the ID of
# the finding, without the number of the certificate.
ASKED_FOR = {
    "cert_revocation": "`weir ca` has no server that could tell of revoked certificates",
    "engine_problem": "the openssl of this machine has no GOST",
}

# At least these were tested: a scan that could not connect has no findings either.
LOOKED_AT = {"SSLv3", "TLS1", "TLS1_2", "TLS1_3", "cipherlist_NULL", "cipherlist_3DES_IDEA",
             "cert_chain_of_trust", "heartbleed", "CCS", "ticketbleed", "ROBOT", "secure_renego",
             "secure_client_renego", "CRIME_TLS", "fallback_SCSV", "SWEET32", "LOGJAM", "BEAST"}


@unittest.skipUnless(TESTSSL, "testssl.sh is not there: tools/deps --test could not install it")
class TestSsl(TlsCase):
    def running(self):
        weir = self.weir(gateway('[[route]]\nname = "all"\nrespond = { body = "hello" }\n',
                                 listener=LISTENER), start=False)
        self.authority(weir.folder, "edge")
        self.ca(weir.folder, "issue", "rsa", "--rsa", "--dns", "edge.test",
                "--address", "127.0.0.1")
        return weir.start()

    def findings(self, weir):
        """(id, severity, text) of everything that was tested."""
        file = weir.folder / "findings.json"
        root = weir.folder / "ca" / "root.crt"
        done = subprocess.run(
            [TESTSSL, "--quiet", "--color", "0", "--warnings", "batch", "--nodns", "none",
             "--connect-timeout", "20", "--openssl-timeout", "20", "--add-ca", root,
             "--jsonfile", file, *PARTS, weir.address()],
            capture_output=True, text=True, check=False)
        self.assertTrue(file.exists(), done.stdout + done.stderr)
        return [(one["id"].split(" ")[0], one["severity"], one["finding"])
                for one in json.loads(file.read_text(encoding="utf-8"))]

    def test_nothing_is_found_that_nobody_asked_for(self):
        findings = self.findings(self.running())
        self.assertEqual(LOOKED_AT - {name for name, _, _ in findings}, set())
        wrong = [one for one in findings if one[1] not in HARMLESS and one[0] not in ASKED_FOR]
        self.assertEqual(wrong, [])


if __name__ == "__main__":
    unittest.main()
