#!/usr/bin/env python3
"""Failed TLS handshakes of clients in the access log, one line for each connection."""

import contextlib
import json
import ssl
import unittest

import poll
from integration_case import gateway
from tcp_case import TcpCase, read_all, tcp_listener, upstream
from tls_case import TLS_LISTENER

ROUTE = '\n[[route]]\nname = "hello"\nrespond.body = "hello"\n'
TEMPLATE = ("${request.protocol}|${request.method}|${request.authority}|${client.address}|"
            "${listener.name}|${response.status}|${reason}|${reason.detail}")
LOGS = ('\n[[access_log]]\nfile = "access.log"\nwhen = "has(response.reason)"\n'
        f'[[access_log]]\nfile = "plain.log"\nformat = "{TEMPLATE}"\n'
        '[[access_log]]\nfile = "errors.log"\nwhen = "response.status >= 400"\n')
CERTIFICATES = 'certificates = [{ cert = "ca/edge.crt", key = "ca/edge.key" }]'
REQUIRED = ', client_certificate = "required", client_ca = "ca/root.crt"'


class HandshakeLogTest(TcpCase):
    def listening(self, listener):
        weir = self.weir(gateway(ROUTE + LOGS, listener=listener), start=False)
        self.authority(weir.folder, "edge")
        return weir.start()

    def fail(self, weir, name, context=None):
        with contextlib.suppress(ssl.SSLError, ConnectionError):
            self.fetch(self.https(weir, context, name))

    def logged(self, weir, count):
        """The records of both logs, once there are `count` lines."""
        def lines(name):
            path = weir.folder / name
            found = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
            return found if len(found) >= count else None
        plain = poll.until(lambda: lines("plain.log"), f"{count} lines")
        return [json.loads(line) for line in poll.until(lambda: lines("access.log"), "JSON")], plain

    def assert_refused(self, weir, name, detail):
        (line,), (plain,) = self.logged(weir, 1)
        self.assertRegex(line.pop("time"), r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$")
        self.assertRegex(line["reason_detail"], detail)
        expected = {"request_protocol": "TLS", "client_address": "127.0.0.1",
                    "listener": "public", "reason": "tls_handshake_failed", "attempts": 0,
                    "request_bytes": 0, "response_bytes": 0,
                    "reason_detail": line["reason_detail"]}
        if name:
            expected["request_authority"] = name
        self.assertEqual(line, expected)
        self.assertEqual(plain, f"TLS|-|{name or '-'}|127.0.0.1|public|-|tls_handshake_failed|"
                         + line["reason_detail"].replace('"', '\\"'))
        weir.stop()
        errors = weir.folder / "errors.log"
        self.assertEqual(errors.read_text(encoding="utf-8"), "")  # no status was sent

    def test_a_name_without_a_certificate(self):
        weir = self.listening(TLS_LISTENER % ', unknown_sni = "refuse"')
        self.fail(weir, "Other.test")
        self.assert_refused(weir, "other.test", "^TLS handshake: no certificate for that name$")

    def test_no_certificate_of_the_client(self):
        weir = self.listening(TLS_LISTENER % REQUIRED)
        self.fail(weir, "edge.test")
        self.assert_refused(weir, "edge.test", "^TLS handshake: the peer sent no certificate$")

    def test_a_foreign_certificate_of_the_client(self):
        weir = self.listening(TLS_LISTENER % REQUIRED)
        foreign = self.weir("", start=False)
        self.authority(foreign.folder, "stranger")
        context = self.context(weir)
        context.load_cert_chain(foreign.folder / "ca/stranger.crt",
                                foreign.folder / "ca/stranger.key")
        self.fail(weir, "edge.test", context)
        self.assert_refused(weir, "edge.test", r"the certificate of stranger\.test .*\(issuer: ")

    def test_the_alert_of_a_client_that_does_not_trust_us(self):
        weir = self.listening(TLS_LISTENER % "")
        self.fail(weir, "edge.test", ssl.create_default_context())
        self.assert_refused(weir, "edge.test", "^TLS alert from the peer: unknown_ca$")

    def test_no_version_in_common(self):
        weir = self.listening(TLS_LISTENER % ', min_version = "1.3"')
        context = self.context(weir)
        context.maximum_version = ssl.TLSVersion.TLSv1_2
        self.fail(weir, "edge.test", context)
        self.assert_refused(weir, "edge.test", "^TLS handshake: no version in common$")

    def test_http_without_tls(self):
        weir = self.listening(TLS_LISTENER % "")
        peer = self.connect(weir)
        peer.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        self.assertIn(b" 400 ", read_all(peer))
        self.assert_refused(weir, "", "^TLS handshake: the peer does not speak TLS$")

    def test_a_listener_that_carries_tcp(self):
        listener = tcp_listener(f'upstream = "db"\ntls = {{ {CERTIFICATES} {REQUIRED} }}')
        weir = self.listening(listener + upstream("db", "127.0.0.1:1"))
        self.fail(weir, "edge.test")
        self.assert_refused(weir, "edge.test", "^TLS handshake: the peer sent no certificate$")

    def test_a_name_that_a_rule_refuses(self):
        rule = '[[listener.tls_rule]]\naction = "refuse"\nserver_names = ["evil.test"]\n'
        weir = self.listening(TLS_LISTENER % "" + rule)
        self.fail(weir, "evil.test")
        weir.wait_for_line("client 127.0.0.1: TLS handshake: the server name is refused")
        self.assert_refused(weir, "evil.test", "^TLS handshake: the server name is refused$")

    def test_clients_that_go_away_have_no_line(self):
        weir = self.listening(TLS_LISTENER % "")
        for _ in range(3):
            self.connect(weir).close()
        self.assert_metric(weir, 3, "weir_tls_handshakes_total", result="closed")
        self.assertEqual(self.fetch(self.https(weir))[1], b"hello")
        weir.stop()
        self.assertEqual((weir.folder / "access.log").read_text(encoding="utf-8"), "")
        plain = (weir.folder / "plain.log").read_text(encoding="utf-8").splitlines()
        self.assertEqual([line.split("|")[0] for line in plain], ["HTTP/1.1"])


if __name__ == "__main__":
    unittest.main()
