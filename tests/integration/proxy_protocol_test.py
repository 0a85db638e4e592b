#!/usr/bin/env python3
"""PROXY protocol headers in front of HTTP and of TLS."""

import socket
import ssl
import struct
import subprocess
import unittest

import poll
from fake_upstream import text
from integration_case import IntegrationCase, forward, gateway
from weir_process import BINARY

REQUEST = b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
TEXT = b"PROXY TCP4 192.0.2.7 198.51.100.1 4660 443\r\n"
ADDRESSES = bytes([192, 0, 2, 8, 198, 51, 100, 1]) + struct.pack(">HH", 4660, 443)
AUTHORITY = b"\x02" + struct.pack(">H", 9) + b"shop.test"


def listener(mode, peers="127.0.0.0/8", more=""):
    return f"""
[[listener]]
name = "public"
address = "127.0.0.1:0"
proxy_protocol = "{mode}"
proxy_protocol_from = ["{peers}"]
{more}
"""


def binary(command=0x21, block=ADDRESSES + AUTHORITY):
    return (b"\r\n\r\n\0\r\nQUIT\n" + bytes([command, 0x11]) + struct.pack(">H", len(block))
            + block)


class ProxyProtocolTest(IntegrationCase):
    def start(self, *arguments, **parts):
        self.backend = self.upstream(text(b"hello\n"))
        return self.weir(gateway(forward(self.backend.address),
                                 listener=listener(*arguments, **parts)))

    def connect(self, weir):
        host, port = weir.address().rsplit(":", 1)
        plain = socket.create_connection((host, int(port)), timeout=poll.PATIENCE)
        self.addCleanup(plain.close)
        return plain

    def exchange(self, weir, *pieces):
        """The complete reply; nothing after a reset."""
        plain = self.connect(weir)
        for piece in pieces:
            plain.sendall(piece)
        answer = b""
        try:
            while chunk := plain.recv(4096):
                answer += chunk
        except ConnectionResetError:
            pass
        return answer

    def client_seen(self, index=-1):
        return self.backend.requests[index].header("x-forwarded-for")

    def test_both_versions_name_the_client(self):
        weir = self.start("required")
        self.assertIn(b"hello", self.exchange(weir, TEXT + REQUEST))
        self.assertEqual(self.client_seen(), "192.0.2.7")
        self.assertIn(b"hello", self.exchange(weir, binary(), REQUEST))
        self.assertEqual(self.client_seen(), "192.0.2.8")
        self.assertIn(b"hello", self.exchange(weir, binary(0x20), REQUEST))
        self.assertEqual(self.client_seen(), "127.0.0.1")
        self.assert_metric(weir, 1, "weir_proxy_protocol_headers_total", result="v1")
        self.assert_metric(weir, 2, "weir_proxy_protocol_headers_total", result="v2")

    def test_what_is_required_and_missing_or_broken_closes(self):
        weir = self.start("required")
        self.assertEqual(self.exchange(weir, REQUEST), b"")
        self.assertEqual(self.exchange(weir, b"PROXY TCP5 a b\r\n" + REQUEST), b"")
        self.assert_metric(weir, 1, "weir_proxy_protocol_headers_total", result="missing")
        self.assert_metric(weir, 1, "weir_proxy_protocol_headers_total", result="broken")
        self.assertEqual(self.backend.requests, [])

    def test_a_header_must_come_in_time(self):
        weir = self.start("required", more='proxy_protocol_timeout = "100ms"')
        self.assertEqual(self.exchange(weir, TEXT[:10]), b"")
        self.assert_metric(weir, 1, "weir_proxy_protocol_headers_total", result="timeout")

    def test_others_than_the_balancers_are_refused(self):
        weir = self.start("required", peers="192.0.2.0/24")
        self.assertEqual(self.exchange(weir, TEXT + REQUEST), b"")
        self.assert_metric(weir, 1, "weir_proxy_protocol_headers_total", result="untrusted")

    def test_it_may_be_optional(self):
        weir = self.start("optional")
        self.assertIn(b"hello", self.exchange(weir, REQUEST))
        self.assertEqual(self.client_seen(), "127.0.0.1")
        self.assertIn(b"hello", self.exchange(weir, TEXT, REQUEST))
        self.assertEqual(self.client_seen(), "192.0.2.7")

    def test_tls_follows_it(self):
        tls = 'tls = { certificates = [{ cert = "ca/edge.crt", key = "ca/edge.key" }] }'
        self.backend = self.upstream(text(b"hello\n"))
        weir = self.weir(gateway(forward(self.backend.address),
                                 listener=listener("required", more=tls)), start=False)
        for arguments in (["init", "--days", "2"], ["issue", "edge", "--dns", "edge.test"]):
            subprocess.run([BINARY, "ca", *arguments], cwd=weir.folder, check=True,
                           capture_output=True)
        weir.start()
        context = ssl.create_default_context(cafile=str(weir.folder / "ca/root.crt"))
        # Header and ClientHello in one segment: both are read at once.
        incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        secure = context.wrap_bio(incoming, outgoing, server_hostname="edge.test")
        plain = self.connect(weir)
        front = TEXT
        while True:
            try:
                secure.do_handshake()
                break
            except ssl.SSLWantReadError:
                plain.sendall(front + outgoing.read())
                front = b""
                incoming.write(plain.recv(65536))
        secure.write(REQUEST)
        plain.sendall(outgoing.read())
        answer = b""
        while b"hello\n" not in answer:
            try:
                answer += secure.read()
            except ssl.SSLWantReadError:
                incoming.write(plain.recv(65536))
        self.assertEqual(self.client_seen(), "192.0.2.7")
        self.assertEqual(self.backend.requests[0].header("x-forwarded-proto"), "https")


if __name__ == "__main__":
    unittest.main()
