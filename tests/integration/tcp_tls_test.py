#!/usr/bin/env python3
"""Decisions before a connection is served: TLS rules, plaintext, non-HTTP, PROXY headers."""

import socket
import ssl
import threading
import unittest

import poll
from integration_case import LOG, gateway
from tcp_case import TcpCase, read_all, read_exactly, tcp_listener, upstream
from tcp_upstream import echo, naming

CERTIFICATE = 'certificates = [{ cert = "ca/edge.crt", key = "ca/edge.key" }]'
REQUEST = b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
HELLO_ROUTE = '\n[[route]]\nname = "hello"\nrespond = { body = "hello\\n" }\n'
UNRECOGNIZED_NAME = bytes([0x15, 3, 3, 0, 2, 2, 112])


def http_listener(more=""):
    return f'\n[[listener]]\nname = "public"\naddress = "127.0.0.1:0"\n{more}\n'


def rule(action, more=""):
    return f'\n[[listener.tls_rule]]\naction = "{action}"\n{more}\n'


PASS_DB = rule("passthrough", 'server_names = ["db.test", "*.db.test"]\nupstream = "db"')


class PreludeCase(TcpCase):
    """A weir with certificates; the configuration is written once they exist."""

    def prepare(self, *names):
        weir = self.weir(gateway(""), start=False)
        self.authority(weir.folder, "edge", *names)
        return weir

    def run_with(self, weir, listener, rest=""):
        weir.file.write_text(gateway(rest + LOG, listener=listener), encoding="utf-8")
        return weir.start()

    def secure(self, weir, name, **parts):
        context = self.context(weir)
        for key, value in parts.items():
            getattr(context, key)(value)
        return self.wrapped(context, self.connect(weir), name)

    def wrapped(self, context, peer, name):
        secure = context.wrap_socket(peer, server_hostname=name)
        self.addCleanup(secure.close)
        return secure

    def tls_upstream(self, weir, name, talk=echo, protocols=()):
        context = self.server_context(weir, name)
        if protocols:
            context.set_alpn_protocols(list(protocols))
        return self.tcp_upstream(talk, context=context)


class Rules(PreludeCase):
    def mixed(self, rules, tls=f"tls = {{ {CERTIFICATE} }}", talk=echo, **parts):
        weir = self.prepare("db")
        self.db = self.tls_upstream(weir, "db", talk, **parts)
        return self.run_with(weir, http_listener(tls + rules),
                             HELLO_ROUTE + upstream("db", self.db.address))

    def test_some_names_pass_and_others_are_ended_here(self):
        weir = self.mixed(PASS_DB)
        through = self.secure(weir, "db.test")
        self.assertEqual(through.getpeercert()["subject"][0][0][1], "db")
        self.assert_talks(through)
        through.close()
        line, = self.log_lines(weir, 1)
        self.assertEqual(line["request_authority"], "db.test")
        self.assertEqual(line["request_protocol"], "TCP")
        here = self.https(weir)
        self.assertEqual(self.fetch(here)[1], b"hello\n")
        self.assertEqual(here.sock.getpeercert()["subject"][0][0][1], "edge")
        self.assert_metric(weir, 1, "weir_connections_opened_total", protocol="tcp")
        self.assert_metric(weir, 1, "weir_connections_opened_total", protocol="tls")

    def test_a_hello_may_come_byte_by_byte(self):
        weir = self.mixed(PASS_DB)
        incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        session = self.context(weir).wrap_bio(incoming, outgoing, server_hostname="db.test")
        peer = self.connect(weir)
        peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        while True:
            try:
                session.do_handshake()
                break
            except ssl.SSLWantReadError:
                for byte in outgoing.read():
                    peer.send(bytes([byte]))
                incoming.write(peer.recv(65536))
        self.assertEqual(session.getpeercert()["subject"][0][0][1], "db")

    def test_the_protocol_that_is_offered_decides_as_well(self):
        weir = self.mixed(rule("passthrough", 'alpn = ["postgresql"]\nupstream = "db"'),
                          protocols=["postgresql"])
        through = self.secure(weir, "db.test", set_alpn_protocols=["x", "postgresql"])
        self.assertEqual(through.selected_alpn_protocol(), "postgresql")
        here = self.secure(weir, "edge.test", set_alpn_protocols=["http/1.1"])
        self.assertEqual(here.selected_alpn_protocol(), "http/1.1")

    def hello_of(self, name):
        incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        session = ssl.create_default_context().wrap_bio(incoming, outgoing, server_hostname=name)
        with self.assertRaises(ssl.SSLWantReadError):
            session.do_handshake()
        return outgoing.read()

    def answer_to(self, weir, text):
        peer = self.connect(weir)
        peer.sendall(text)
        return read_all(peer)

    def test_a_name_that_is_refused_is_told_so(self):
        weir = self.mixed(rule("refuse", 'server_names = ["*.evil.test"]') + PASS_DB)
        self.assertEqual(self.answer_to(weir, self.hello_of("very.evil.test")), UNRECOGNIZED_NAME)
        self.assert_metric(weir, 1, "weir_tls_handshakes_total", result="unknown_name")
        self.assertEqual(self.fetch(self.https(weir))[1], b"hello\n")

    def test_without_tls_of_its_own_the_rest_is_refused(self):
        weir = self.mixed(PASS_DB, tls="")
        self.assertEqual(self.answer_to(weir, self.hello_of("other.test")), UNRECOGNIZED_NAME)
        self.assert_talks(self.secure(weir, "db.test"))
        self.assertEqual(self.get(weir).body, b"hello\n")  # and plaintext is served
        self.assertIn(self.answer_to(weir, b"\x16\x03\x01\x00\x00"), (b"", None))
        self.assert_metric(weir, 1, "weir_tls_handshakes_total", result="protocol")

    def test_a_hello_must_come_in_time(self):
        weir = self.mixed(PASS_DB, tls=f'tls = {{ {CERTIFICATE}, handshake_timeout = "100ms" }}')
        self.assertIn(self.answer_to(weir, self.hello_of("db.test")[:20]), (b"", None))
        self.assert_metric(weir, 1, "weir_tls_handshakes_total", result="timeout")

    def test_a_header_of_the_proxy_protocol_comes_first(self):
        proxy = 'proxy_protocol = "required"\nproxy_protocol_from = ["127.0.0.0/8"]\n'
        weir = self.mixed(proxy + f"tls = {{ {CERTIFICATE} }}" + PASS_DB, tls="")
        peer = self.connect(weir)
        peer.sendall(b"PROXY TCP4 192.0.2.7 198.51.100.1 4660 443\r\n")
        self.assert_talks(self.wrapped(self.context(weir), peer, "db.test"))


class Clear(PreludeCase):
    def permissive(self, more="", protocol="", rest=HELLO_ROUTE):
        weir = self.prepare()
        tls = f'tls = {{ {CERTIFICATE}, plaintext = "allow" {more} }}\n'
        return self.run_with(weir, http_listener(tls + protocol), rest)

    def test_the_first_byte_decides(self):
        weir = self.permissive()
        self.assertEqual(self.fetch(self.https(weir))[1], b"hello\n")
        self.assertEqual(self.get(weir).body, b"hello\n")
        self.assert_metric(weir, 1, "weir_connections_opened_total", protocol="tcp")
        self.assert_metric(weir, 1, "weir_connections_opened_total", protocol="tls")

    def test_the_silent_are_served_in_the_clear(self):
        db = self.tcp_upstream(naming(b"welcome"))
        weir = self.permissive(', handshake_timeout = "100ms"',
                               'protocol = "tcp"\nupstream = "db"', upstream("db", db.address))
        peer = self.connect(weir)
        self.assertEqual(read_exactly(peer, 7), b"welcome")
        self.assert_talks(peer)

    def test_it_is_refused_by_default(self):
        weir = self.prepare()
        self.run_with(weir, http_listener(f"tls = {{ {CERTIFICATE} }}\n"), HELLO_ROUTE)
        peer = self.connect(weir)
        peer.sendall(REQUEST)
        self.assertNotIn(b"hello", read_all(peer) or b"")
        self.assert_metric(weir, 1, "weir_tls_handshakes_total", result="protocol")


class Guessing(PreludeCase):
    def guessing(self, talk=echo, more=""):
        self.db = self.tcp_upstream(talk)
        return self.weir(gateway(HELLO_ROUTE + upstream("db", self.db.address) + LOG,
                                 listener=http_listener('upstream = "db"\n' + more)))

    def test_http_is_served_and_the_rest_carried(self):
        weir = self.guessing()
        self.assertEqual(self.get(weir).body, b"hello\n")
        self.assertEqual(self.ask(weir, b"\x00\x01binary"), b"\x00\x01binary")
        self.assertEqual(self.ask(weir, b"SET key value\r\n"), b"SET key value\r\n")
        self.assertEqual(self.ask(weir, b""), b"")
        self.assert_metric(weir, 1, "weir_protocol_detect_total", result="http")
        self.assert_metric(weir, 3, "weir_protocol_detect_total", result="tcp")
        self.assert_metric(weir, 4, "weir_connections_closed_total")
        self.assert_metric(weir, 4, "weir_connections_opened_total")
        self.assert_metric(weir, 0, "weir_connections_active")

    def test_http2_is_http(self):
        weir = self.guessing()
        peer = self.connect(weir)
        for piece in (b"PRI * HTTP/2.0\r\n\r", b"\nSM\r\n\r\n", bytes([0, 0, 0, 4, 0, 0, 0, 0, 0])):
            peer.sendall(piece)
        self.assertEqual(read_exactly(peer, 9)[3], 4)  # the server's SETTINGS

    def test_a_server_that_speaks_first_is_heard(self):
        weir = self.guessing(naming(b"220 welcome\r\n"))
        peer = self.connect(weir)
        self.assertEqual(read_exactly(peer, 13), b"220 welcome\r\n")
        peer.sendall(b"EHLO a\r\n")
        self.assertEqual(read_exactly(peer, 8), b"EHLO a\r\n")
        self.assert_metric(weir, 1, "weir_protocol_detect_total", result="tcp_server_first")

    def test_a_client_may_think_before_it_speaks_http(self):
        weir = self.guessing()
        peer = self.connect(weir)
        poll.until(lambda: self.db.open_connections == 1, "the upstream asked ahead of need")
        peer.sendall(REQUEST)
        self.assertTrue((read_all(peer) or b"").endswith(b"hello\n"))
        poll.until(lambda: self.db.open_connections == 0, "the upstream let go")
        line, = self.log_lines(weir, 1)
        self.assertEqual(line["request_protocol"], "HTTP/1.1")
        self.assert_metric(weir, 0, "weir_upstream_connections_active", upstream="db")

    def test_an_upstream_that_is_gone_does_not_hinder_http(self):
        weir = self.guessing()
        self.db.close()
        peer = self.connect(weir)
        self.assert_metric(weir, 1, "weir_upstream_connection_failures_total", upstream="db")
        peer.sendall(REQUEST)
        self.assertTrue((read_all(peer) or b"").endswith(b"hello\n"))

    def test_half_a_request_gets_its_answer(self):
        weir = self.guessing(more='header_timeout = "100ms"')
        peer = self.connect(weir)
        peer.sendall(b"GET / HT")
        self.assertIn(b" 408 ", read_all(peer))

    def test_within_tls(self):
        weir = self.prepare()
        db = self.tcp_upstream()
        self.run_with(weir, http_listener(f'tls = {{ {CERTIFICATE} }}\nupstream = "db"\n'),
                      HELLO_ROUTE + upstream("db", db.address))
        self.assert_talks(self.secure(weir, "edge.test"))
        self.assertEqual(self.fetch(self.https(weir))[1], b"hello\n")
        agreed = self.secure(weir, "edge.test", set_alpn_protocols=["http/1.1"])
        agreed.sendall(REQUEST)
        self.assertTrue(agreed.recv(65536).startswith(b"HTTP/1.1 200"))


class Naming(PreludeCase):
    """Client addresses as passed to upstreams, parsed by the test's own reader."""

    def told(self, version, more=""):
        heard = []

        def listen(peer):
            said = b""
            while not said.endswith(b"ping"):
                said += peer.recv(65536)
            heard.append(said[:-4])
            peer.sendall(b"pong")
        db = self.tcp_upstream(listen)
        weir = self.weir(gateway(
            upstream("db", db.address, more=f'proxy_protocol = "{version}"') + LOG,
            listener=tcp_listener('upstream = "db"\n' + more)))
        return weir, heard

    def say(self, weir, text=b"ping"):
        peer = self.connect(weir)
        peer.sendall(text)
        self.assertEqual(read_all(peer), b"pong")
        peer.close()

    def test_version_1(self):
        weir, heard = self.told("v1")
        peer = self.connect(weir)
        port = peer.getsockname()[1]
        peer.sendall(b"ping")
        self.assertEqual(read_all(peer), b"pong")
        server = weir.address().rsplit(":", 1)[1]
        self.assertEqual(heard, [f"PROXY TCP4 127.0.0.1 127.0.0.1 {port} {server}\r\n".encode()])

    def test_version_2_hands_on_what_a_balancer_said(self):
        weir, heard = self.told("v2", 'proxy_protocol = "required"\n'
                                      'proxy_protocol_from = ["127.0.0.0/8"]')
        block = (bytes([192, 0, 2, 8, 198, 51, 100, 1, 0x12, 0x34, 1, 0xBB])
                 + b"\x02\x00\x09shop.test")
        header = b"\r\n\r\n\0\r\nQUIT\n\x21\x11" + len(block).to_bytes(2, "big") + block
        self.say(weir, header + b"ping")
        self.assertTrue(heard[0].startswith(b"\r\n\r\n\0\r\nQUIT\n\x21\x11"))
        self.assertEqual(heard[0][16:28], block[:12])
        self.assertIn(b"\x02\x00\x09shop.test", heard[0])
        line, = self.log_lines(weir, 1)
        self.assertEqual(line["request_authority"], "shop.test")
        self.assertEqual(line["client_address"], "192.0.2.8")
        self.assertIn(b"\x05\x00\x24" + line["request_id"].encode(), heard[0])

    def test_one_weir_reads_what_another_says(self):
        db = self.tcp_upstream()
        inner = self.weir(gateway(
            upstream("db", db.address) + LOG,
            listener=tcp_listener('upstream = "db"\nproxy_protocol = "required"\n'
                                  'proxy_protocol_from = ["127.0.0.1/32"]')))
        outer = self.weir(gateway(
            upstream("inner", inner.address(), more='proxy_protocol = "v2"'),
            listener=tcp_listener('upstream = "inner"')))
        self.assertEqual(self.ask(outer, b"ping"), b"ping")
        self.assert_metric(inner, 1, "weir_proxy_protocol_headers_total", result="v2")

    def test_it_precedes_tls(self):
        weir = self.prepare("db")
        heard = []
        listener = socket.create_server(("127.0.0.1", 0))
        self.addCleanup(listener.close)

        def serve():
            peer, _ = listener.accept()
            with peer:
                line = b""
                while not line.endswith(b"\r\n"):
                    line += peer.recv(1)
                heard.append(line)
                with self.server_context(weir, "db").wrap_socket(peer, server_side=True) as secure:
                    echo(secure)
        threading.Thread(target=serve, daemon=True).start()
        self.run_with(weir, tcp_listener('upstream = "db"'), upstream(
            "db", f"127.0.0.1:{listener.getsockname()[1]}",
            more='proxy_protocol = "v1"\ntls = { ca = "ca/root.crt", server_name = "db.test" }'))
        self.assert_talks(self.connect(weir))
        self.assertTrue(heard[0].startswith(b"PROXY TCP4 127.0.0.1 127.0.0.1 "))

    def test_a_unix_socket_has_no_address_to_tell(self):
        heard = []
        path = f"{self._folder}/weir.sock"
        db = self.tcp_upstream(lambda peer: heard.append(read_all(peer)))
        weir = self.weir(gateway(upstream("db", db.address, more='proxy_protocol = "v1"'),
                                 listener=tcp_listener('upstream = "db"', f"unix:{path}")))
        self.ask(weir, b"ping")
        self.assertEqual(heard, [b"PROXY UNKNOWN\r\nping"])


if __name__ == "__main__":
    unittest.main()
