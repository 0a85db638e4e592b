#!/usr/bin/env python3
"""TLS on both sides, with certificates of `weir ca`: clients, metrics and logs."""

import json
import socket
import ssl
import subprocess
import unittest
from pathlib import Path

import poll
from fake_upstream import text
from integration_case import forward, gateway
from tls_case import TlsCase
from weir_process import BINARY, ROOT


class DownstreamTest(TlsCase):
    def test_a_request_over_tls(self):
        upstream = self.upstream(text(b"hello\n"))
        weir = self.secured(forward(upstream.address))
        connection = self.https(weir)
        self.assertEqual(connection.sock.version(), "TLSv1.3")
        for _ in range(3):
            answer, body = self.fetch(connection)
            self.assertEqual((answer.status, body), (200, b"hello\n"))
        self.assertEqual(upstream.requests[0].header("x-forwarded-proto"), "https")
        self.assert_metric(weir, 1, "weir_tls_handshakes_total", listener="public", result="ok",
                           version="1.3", resumed="false")
        self.assert_metric(weir, 1, "weir_connections_opened_total", protocol="tls")

    def test_large_bodies_both_ways(self):
        body = bytes(range(256)) * 8192
        upstream = self.upstream(text(body))
        weir = self.secured(forward(upstream.address))
        connection = self.https(weir)
        connection.request("POST", "/", body=body)
        self.assertEqual(connection.getresponse().read(), body)
        self.assertEqual(upstream.requests[0].body, body)

    def test_sessions_resume_also_after_a_reload(self):
        weir = self.secured(forward(self.upstream().address))
        context = self.context(weir)
        first = self.https(weir, context)
        self.fetch(first)
        session = first.sock.session
        weir.file.write_text(weir.file.read_text() + "# changed\n")
        self.assert_metric(weir, 1, "weir_config_reloads_total", result="applied")
        host, port = weir.address().rsplit(":", 1)
        with socket.create_connection((host, int(port))) as plain, context.wrap_socket(
                plain, server_hostname="edge.test", session=session) as again:
            self.assertTrue(again.session_reused)

    def test_what_is_no_tls_is_counted(self):
        weir = self.secured(forward(self.upstream().address))
        host, port = weir.address().rsplit(":", 1)
        with socket.create_connection((host, int(port)), timeout=poll.PATIENCE) as plain:
            plain.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            said = b""
            while some := plain.recv(4096):
                said += some
        head, _, body = said.partition(b"\r\n\r\n")
        self.assertTrue(head.startswith(b"HTTP/1.1 400 "), said)
        self.assertIn(f"content-length: {len(body)}", head.decode())
        self.assertIn("this address accepts only HTTPS", json.loads(body)["detail"])
        self.assert_metric(weir, 1, "weir_tls_handshakes_total", result="protocol",
                           reason="plain_http")
        self.assert_metric(weir, 0, "weir_connections_active", protocol="tls")

    def test_a_client_certificate_can_be_required(self):
        weir = self.secured(forward(self.upstream().address),
                            ', client_certificate = "required", client_ca = "ca/root.crt"',
                            names=("edge", "client"))
        with self.assertRaises(ssl.SSLError):
            self.fetch(self.https(weir))  # with TLS 1.3 the client learns it from the first read
        self.assert_metric(weir, 1, "weir_tls_handshakes_total", result="no_peer_certificate")
        context = self.context(weir)
        context.load_cert_chain(weir.folder / "ca/client.crt", weir.folder / "ca/client.key")
        answer, _ = self.fetch(self.https(weir, context))
        self.assertEqual(answer.status, 200)

    def test_a_name_can_be_refused(self):
        weir = self.secured(forward(self.upstream().address), ', unknown_sni = "refuse"')
        self.fetch(self.https(weir))
        with self.assertRaisesRegex(ssl.SSLError, "UNRECOGNIZED_NAME"):
            self.https(weir, name="other.test")
        self.assert_metric(weir, 1, "weir_tls_handshakes_total", result="unknown_name")


class RotationTest(TlsCase):
    def serial(self, weir):
        return self.https(weir).sock.getpeercert()["serialNumber"]

    def test_a_new_certificate_is_shown_without_a_restart(self):
        weir = self.secured(forward(self.upstream().address))
        kept = self.https(weir)
        self.fetch(kept)
        before = self.serial(weir)
        expiry = weir.metric("weir_tls_certificate_expiry_timestamp_seconds")
        self.ca(weir.folder, "renew", "ca/edge", "--days", "100")
        poll.until(lambda: self.serial(weir) != before, "the new certificate")
        self.assertGreater(weir.metric("weir_tls_certificate_expiry_timestamp_seconds"), expiry)
        self.assertEqual(self.fetch(kept)[0].status, 200)  # on the old connection

    def test_a_bad_pair_changes_nothing_and_is_told(self):
        weir = self.secured(forward(self.upstream().address), names=("edge", "other"))
        before = self.serial(weir)
        good = (weir.folder / "ca/edge.key").read_text()
        (weir.folder / "ca/edge.key").write_text((weir.folder / "ca/other.key").read_text())
        weir.wait_for_line("the key does not belong to the certificate")
        self.assert_metric(weir, 1, "weir_identity_refreshes_total", result="failed")
        self.assertEqual(self.serial(weir), before)
        (weir.folder / "ca/edge.key").write_text(good)
        self.ca(weir.folder, "renew", "ca/edge")
        poll.until(lambda: self.serial(weir) != before, "the new certificate")

    def test_a_mistake_in_the_configuration_does_not_hold_a_certificate_back(self):
        weir = self.secured(forward(self.upstream().address))
        before = self.serial(weir)
        weir.file.write_text("this is no TOML", encoding="utf-8")
        self.assert_metric(weir, 1, "weir_config_reloads_total", result="rejected")
        self.ca(weir.folder, "renew", "ca/edge")
        poll.until(lambda: self.serial(weir) != before, "the new certificate")
        self.assert_metric(weir, 1, "weir_identity_refreshes_total", result="ok")

    def test_certificates_may_be_swapped_by_a_symbolic_link(self):
        weir = self.secured(forward(self.upstream().address), names=("edge", "next"), start=False)
        folder = weir.folder / "ca"
        for version, name in (("one", "edge"), ("two", "next")):
            (folder / version).mkdir()
            for kind in ("key", "crt"):
                (folder / f"{name}.{kind}").rename(folder / version / f"edge.{kind}")
        (folder / "current").symlink_to("one")
        for kind in ("key", "crt"):
            (folder / f"edge.{kind}").symlink_to(f"current/edge.{kind}")
        weir.start()
        context = ssl.create_default_context(cafile=str(folder / "root.crt"))
        context.check_hostname = False

        def serial():
            return self.https(weir, context).sock.getpeercert()["serialNumber"]
        before = serial()
        (folder / "fresh").symlink_to("two")
        (folder / "fresh").rename(folder / "current")
        poll.until(lambda: serial() != before, "the other certificate")


class UpstreamTest(TlsCase):
    def pair(self, upstream_tls, service_more=""):
        """A plaintext gateway in front of a service with TLS."""
        service = self.secured(
            '\n[[route]]\nname = "all"\nrespond = { status = 200, body = "secret" }\n',
            service_more, names=("edge", "client"))
        folder = json.dumps(str(service.folder / "ca"))[1:-1]
        tls = upstream_tls.replace("CA", folder)
        front = self.weir(gateway(forward(service.address(), upstream=f"tls = {{ {tls} }}")))
        return front, service

    def test_a_checked_upstream(self):
        front, service = self.pair('server_name = "edge.test", ca = "CA/root.crt"')
        for _ in range(3):
            self.assertEqual(self.get(front).body, b"secret")
        self.assert_metric(service, 1, "weir_tls_handshakes_total", result="ok")

    def test_an_upstream_of_another_name(self):
        front, service = self.pair('server_name = "other.test", ca = "CA/root.crt"')
        reply = self.get(front)
        self.assertEqual((reply.status, reply.header("x-weir-reason")),
                         (502, "upstream_tls_error"))
        self.assertGreater(
            front.metric("weir_upstream_connection_failures_total", reason="tls"), 0)
        self.assertGreater(service.metric("weir_tls_handshakes_total", result="peer_alert"), 0)

    def test_an_upstream_of_an_unknown_root(self):
        front, _ = self.pair('server_name = "edge.test"')
        self.assertEqual(self.get(front).header("x-weir-reason"), "upstream_tls_error")

    def test_insecure_has_to_be_said(self):
        front, _ = self.pair("insecure = true")
        self.assertEqual(self.get(front).body, b"secret")

    def test_our_own_certificate(self):
        front, _ = self.pair(
            'server_name = "edge.test", ca = "CA/root.crt", cert = "CA/client.crt", '
            'key = "CA/client.key"',
            ', client_certificate = "required", client_ca = "ca/root.crt"')
        self.assertEqual(self.get(front).body, b"secret")


class CommandTest(TlsCase):
    def test_show_says_what_a_certificate_is_for(self):
        folder = Path(self._folder)
        self.ca(folder, "init")
        self.ca(folder, "issue", "cart", "--identity", "spiffe://example.org/ns/shop/sa/cart")
        shown = self.ca(folder, "show", "ca/cart.crt")
        self.assertIn("identity:   spiffe://example.org/ns/shop/sa/cart\n", shown)
        self.assertIn("issuer:     CN=weir root\n", shown)
        self.assertEqual((folder / "ca/cart.key").stat().st_mode & 0o777, 0o600)

    def refused(self, folder, *arguments):
        """The output of a command that must fail."""
        done = subprocess.run([BINARY, "ca", *arguments], cwd=folder, capture_output=True,
                              text=True, check=False)
        self.assertGreater(done.returncode, 0, done.stdout)
        return done.stderr

    def test_nothing_is_overwritten_or_written_through_a_link(self):
        folder = Path(self._folder)
        self.ca(folder, "init")
        self.ca(folder, "issue", "edge")
        before = (folder / "ca/edge.key").read_text()
        self.assertIn("ca/edge.crt: already exists", self.refused(folder, "issue", "edge"))
        self.assertEqual((folder / "ca/edge.key").read_text(), before)
        self.assertIn("already exists", self.refused(folder, "issue", "root"))
        (folder / "ca/planted.key").symlink_to(folder / "elsewhere")
        self.assertIn("already exists", self.refused(folder, "issue", "planted"))
        (folder / "elsewhere").write_text("precious")
        (folder / "ca/edge.key").unlink()
        (folder / "elsewhere.pem").write_text(before)
        (folder / "ca/edge.key").symlink_to(folder / "elsewhere.pem")
        self.ca(folder, "renew", "ca/edge")
        self.assertEqual((folder / "elsewhere.pem").read_text(), before)
        self.assertFalse((folder / "ca/edge.key").is_symlink())
        self.assertEqual((folder / "elsewhere").read_text(), "precious")
        self.assertEqual(sorted(path.name for path in (folder / "ca").iterdir()),
                         [".gitignore", "edge.crt", "edge.key", "planted.key", "root.crt",
                          "root.key"])

    def test_names_and_times_that_are_none(self):
        folder = Path(self._folder)
        self.ca(folder, "init")
        for name in ("../edge", "a/b", "", "-x", ".x", "a b", "a" * 65):
            self.refused(folder, "issue", "--dns", "a.test", "--", name)
        self.refused(folder, "issue", "a", "--dns", "a b")
        self.refused(folder, "issue", "a", "--identity", "spiffe://a.test/../b")
        for days in ("0", "-1", "99999999"):
            self.refused(folder, "issue", "a", "--days", days)
            self.refused(folder, "init", "--dir", "other", "--days", days)
        self.assertIn("1 to 64 bytes", self.refused(folder, "init", "--dir", "other", "a" * 65))
        self.assertIn("1 to 64 bytes",
                      self.refused(folder, "issue", "a" * 65, "--dns", "a.test", "--out", "a"))
        self.assertEqual(sorted(path.name for path in (folder / "ca").iterdir()),
                         [".gitignore", "root.crt", "root.key"])

    def test_git_leaves_the_keys_alone(self):
        folder = Path(self._folder)
        self.ca(folder, "init")
        self.assertEqual((folder / "ca/.gitignore").read_text(), "*\n")

    def test_a_root_is_not_replaced(self):
        folder = Path(self._folder)
        self.ca(folder, "init")
        again = subprocess.run([BINARY, "ca", "init"], cwd=folder, capture_output=True, text=True,
                               check=False)
        self.assertEqual(again.returncode, 1)
        self.assertIn("a root already exists", again.stderr)

    def test_the_example_works_as_the_readme_says(self):
        folder = Path(self._folder)
        (folder / "configs").mkdir()
        example = folder / "configs" / "https.toml"
        example.write_text((ROOT / "configs" / "https.toml").read_text())
        self.ca(folder, "init")
        self.ca(folder, "issue", "edge", "--dns", "localhost", "--address", "127.0.0.1")
        checked = subprocess.run([BINARY, "check", str(example)], capture_output=True, text=True,
                                 check=False)
        self.assertEqual((checked.returncode, checked.stdout), (0, f"{example}: good\n"))

    def test_check_names_every_file_that_is_wrong(self):
        weir = self.secured(forward("127.0.0.1:1"), start=False)
        (weir.folder / "ca/edge.key").unlink()
        checked = subprocess.run([BINARY, "check", str(weir.file)], capture_output=True, text=True,
                                 check=False)
        self.assertEqual(checked.returncode, 2)
        self.assertIn("listener[0].tls.certificates[0].cert: cannot read", checked.stdout)


if __name__ == "__main__":
    unittest.main()
