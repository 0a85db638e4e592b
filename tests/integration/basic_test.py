"""The filter basic in the real binary: files of htpasswd, slow hashes, guessers."""

import re
import shutil
import subprocess
import threading
import unittest
from pathlib import Path

from http2_wire import Http2Client
from integration_case import IntegrationCase, forward, gateway
from passwords import CHEAP, SHA512, YESCRYPT, sent
from poll import until

ROOT = Path(__file__).resolve().parents[2]


class Basic(IntegrationCase):
    def gateway_with(self, users, settings="", config=None, workers=1):
        weir = self.weir(config or gateway(forward(self.upstream().address, route=(
            f"filters = [{{ basic = {{ users = 'users.txt' {settings} }} }}]")), workers=workers),
            start=False)
        self.replace(weir, users)
        return weir.start()

    @staticmethod
    def replace(weir, users):
        new = weir.folder / "users.new"
        new.write_text(users, encoding="utf-8")
        new.rename(weir.folder / "users.txt")

    def status(self, weir, name, password):
        return self.get(weir, headers=sent(name, password)).status

    def test_the_example_over_both_versions(self):
        upstream = self.upstream()
        text = (ROOT / "configs/basic.toml").read_text(encoding="utf-8")
        text = re.sub(r'static = \["[^"]*"\]', f'static = ["{upstream.address}"]', text)
        text = re.sub(r'address = "[^"]*"', 'address = "127.0.0.1:0"', text)
        weir = self.gateway_with(f"ann:{CHEAP}\nbob:{SHA512}\ncid:{YESCRYPT}\n", config=text)
        for name in ("ann", "bob", "cid"):
            self.assertEqual(self.status(weir, name, "secret"), 200)
            self.assertEqual(upstream.requests[-1].header("x-auth-user"), name)
            self.assertIsNone(upstream.requests[-1].header("authorization"))
        self.assertEqual(self.status(weir, "ann", "guess"), 401)
        reply = self.get(weir)
        self.assertEqual((reply.status, reply.header("www-authenticate")),
                         (401, 'Basic realm="wiki", charset="UTF-8"'))
        http2 = Http2Client(weir.address())
        self.addCleanup(http2.close)
        self.assertEqual(http2.get("/", fields=[*sent("ann", "secret"),
                                                ("x-auth-user", "mallory")]), b"hello\n")
        self.assertEqual(upstream.requests[-1].all("x-auth-user"), ["ann"])
        self.assertIn(b'"status":401', http2.get("/", fields=sent("bob", "guess")))
        self.assert_metric(weir, 4, "weir_authn_total", method="basic", result="ok")
        self.assert_metric(weir, 2, "weir_authn_total", method="basic", result="invalid")

    def test_a_file_is_followed_and_a_bad_one_changes_nothing(self):
        weir = self.gateway_with(f"ann:{CHEAP}\n")
        self.assertEqual(self.status(weir, "ann", "secret"), 200)
        self.replace(weir, f"bob:{CHEAP}\n")
        until(lambda: self.status(weir, "bob", "secret") == 200, "the new user")
        self.assertEqual(self.status(weir, "ann", "secret"), 401)
        self.replace(weir, f"ann:{CHEAP}\neve:plain\n")
        self.assert_metric(weir, 1, "weir_filter_file_reads_total", result="failure")
        self.assertEqual(self.status(weir, "bob", "secret"), 200)
        until(lambda: any("users.txt:2: the hash is quickly guessed" in line
                          for line in weir.output), "the line in the log")

    def test_requests_of_others_pass_while_passwords_are_verified(self):
        """Twenty passwords at some hundredths of a second each, and a request without one on the same worker."""
        slow = "$6$rounds=100000$saltsalt$" + "a" * 86
        weir = self.gateway_with(f"ann:{slow}\n", ", mode = 'optional', max_failures = 1000")
        replies = []
        threads = [threading.Thread(
            target=lambda i=i: replies.append(self.status(weir, "ann", f"guess{i}")))
            for i in range(20)]
        for thread in threads:
            thread.start()
        while len(replies) < 20:
            self.assertEqual(self.get(weir).status, 200)
            if not any(thread.is_alive() for thread in threads):
                break
        for thread in threads:
            thread.join()
        self.assertEqual(len(replies), 20)
        self.assertLessEqual(set(replies), {401, 503})

    def test_guessers_are_slowed(self):
        weir = self.gateway_with(f"ann:{CHEAP}\n", ", max_failures = 5", workers=2)
        self.assertEqual([self.status(weir, "ann", f"guess{i}") for i in range(5)], [401] * 5)
        reply = self.get(weir, headers=sent("ann", "guess"))
        self.assertEqual((reply.status, reply.header("x-weir-reason")), (429, "rate_limited"))
        self.assertGreater(int(reply.header("retry-after")), 0)
        self.assert_metric(weir, 1, "weir_authn_total", method="basic", result="throttled")

    @unittest.skipUnless(shutil.which("htpasswd"), "no htpasswd: tools/deps --test installs it")
    def test_htpasswd_writes_the_file(self):
        weir = self.gateway_with("")
        path = str(weir.folder / "users.txt")
        for options, name, password in (("-bB", "ann", "secret"), ("-bB", "bob", "p\u00e4ss:word"),
                                        ("-b5", "cid", "x")):
            done = subprocess.run(["htpasswd", options, path, name, password], check=False,
                                  capture_output=True)
            if options == "-b5" and done.returncode != 0:
                continue  # older than 2.4.56
            self.assertEqual(done.returncode, 0, done.stderr)
            until(lambda n=name, p=password: self.status(weir, n, p) == 200, name)
            self.assertEqual(self.status(weir, name, password + "x"), 401)


if __name__ == "__main__":
    unittest.main()
