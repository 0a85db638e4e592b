#!/usr/bin/env python3
"""Runs all cases of h2spec, including the strict ones, in plaintext and over TLS."""

import re
import subprocess
import unittest

from integration_case import forward
from tls_case import TlsCase
from weir_process import ROOT

H2SPEC = ROOT / "build" / "deps" / "h2spec" / "h2spec"
CASES = 146
LISTENERS = """
[[listener]]
name = "clear"
address = "127.0.0.1:0"
protocol = "http2"
"""


@unittest.skipUnless(H2SPEC.exists(), "h2spec is not there: tools/deps --test could not build it")
class H2Spec(TlsCase):
    def assert_conforms(self, address, *arguments):
        host, port = address.rsplit(":", 1)
        done = subprocess.run([H2SPEC, "-h", host, "-p", port, "-S", "-o", "10", *arguments],
                              capture_output=True, text=True, check=False)
        failures = done.stdout[done.stdout.find("Failures:"):] if "Failures:" in done.stdout else ""
        said = re.search(r"(\d+) tests, (\d+) passed, (\d+) skipped", done.stdout)
        self.assertIsNotNone(said, done.stdout + done.stderr)
        self.assertEqual(said.groups(), (str(CASES), str(CASES), "0"), failures)

    def test_every_case(self):
        # The upstream answers after the complete request, so that no response precedes a protocol
        # error.
        weir = self.secured(forward(self.upstream().address) + LISTENERS)
        self.assert_conforms(weir.address("clear"))
        self.assert_conforms(weir.address("public"), "-t", "-k")


if __name__ == "__main__":
    unittest.main()
