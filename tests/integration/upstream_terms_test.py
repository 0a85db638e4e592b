#!/usr/bin/env python3
"""Properties of an upstream connection: the settings it was made with, and its capabilities."""

import base64
import concurrent.futures
import hashlib
import re
import struct
import unittest

from integration_case import IntegrationCase, forward, gateway
from tcp_upstream import TcpUpstream
from tls_case import TlsCase

SETTINGS, HEADERS, GOAWAY = 4, 1, 7
STATUS_200 = b"\x88"
WEB_SOCKET = [("Connection", "Upgrade"), ("Upgrade", "websocket"), ("Sec-WebSocket-Version", "13"),
              ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==")]
TCP = [("Connection", "Upgrade"), ("Upgrade", "tcp")]
MAGIC = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


def frame(kind, flags, stream, payload=b""):
    return struct.pack(">I", len(payload))[1:] + bytes([kind, flags]) + \
        struct.pack(">I", stream) + payload


def frames_of(peer):
    """The frames of a client: type, flags, stream."""
    reader = peer.makefile("rb")
    reader.read(24)
    while len(head := reader.read(9)) == 9:
        reader.read(int.from_bytes(head[:3], "big"))
        yield head[3], head[4], int.from_bytes(head[5:], "big")


class Reloads(TlsCase):
    def front(self, service, rest):
        root = service.folder / "ca/root.crt"
        return gateway(forward(service.address(), upstream=(
            f'tls = {{ ca = "{root}", server_name = "edge.test" {rest} }}')))

    def reload(self, weir, config):
        generation = weir.metric("weir_config_generation")
        weir.file.write_text(config, encoding="utf-8")
        weir.signal(1)  # SIGHUP
        self.assert_metric(weir, generation + 1, "weir_config_generation")

    def start_both(self):
        service = self.secured('[[route]]\nrespond.body = "hello"\n')
        weir = self.weir(self.front(service, ""))
        self.assertEqual(self.get(weir).status, 200)
        return service, weir

    def test_connections_made_under_other_terms_take_no_request(self):
        service, weir = self.start_both()
        other = self.front(service, ', names = ["other.test"]')
        self.reload(weir, other)
        self.assertEqual(self.get(weir).status, 502)
        self.reload(weir, self.front(service, ""))
        self.assertEqual(self.get(weir).status, 200)

    def test_nor_do_those_in_the_clear_once_tls_is_wanted(self):
        upstream = self.upstream()
        weir = self.weir(gateway(forward(upstream.address)))
        self.assertEqual(self.get(weir).status, 200)
        self.reload(weir, gateway(forward(upstream.address, upstream=(
            "tls = { insecure = true }\nconnect_timeout = '100ms'"))))
        self.assertEqual(self.get(weir).status, 504)  # the server does not answer a ClientHello
        self.assertEqual(len(upstream.requests), 1)

    def test_under_the_same_terms_they_stay(self):
        service, weir = self.start_both()
        self.reload(weir, self.front(service, "") + "# the same\nmax_pending = 7\n")
        self.assertEqual(self.get(weir).status, 200)
        self.assert_metric(service, 1, "weir_connections_opened_total")

    def test_an_old_connection_is_replaced(self):
        upstream = self.upstream()
        weir = self.weir(gateway(forward(upstream.address, upstream='max_connection_age = "50ms"')))
        self.assertEqual(self.get(weir).status, 200)
        self.assert_metric(weir, 0, "weir_upstream_connections_active")
        self.assertEqual(self.get(weir).status, 200)
        self.assertEqual(upstream.connections, 2)


class WebSockets(TlsCase):
    """Endpoints that agree on HTTP/2, but do not announce extended CONNECT."""

    def talk(self, peer):
        self.spoken.append(peer.selected_alpn_protocol())
        if peer.selected_alpn_protocol() == "h2":
            return self.talk_http2(peer)
        head = b""
        while b"\r\n\r\n" not in head:
            head += peer.recv(65536)
        if b"POST " in head:
            peer.sendall(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: tcp\r\n"
                         b"Connection: Upgrade\r\n\r\n")
            return self.echo(peer)
        key = re.search(rb"(?i)sec-websocket-key: (\S+)", head)[1]
        accept = base64.b64encode(hashlib.sha1(key + MAGIC).digest())
        peer.sendall(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
                     b"Connection: Upgrade\r\nSec-WebSocket-Accept: " + accept + b"\r\n\r\n")
        return self.echo(peer)

    def echo(self, peer):
        while chunk := peer.recv(65536):
            peer.sendall(chunk)

    def talk_http2(self, peer):
        peer.sendall(frame(SETTINGS, 0, 0))
        for kind, _, stream in frames_of(peer):
            if kind == HEADERS:
                self.requests += 1
                peer.sendall(frame(HEADERS, 5, stream, STATUS_200))

    def start(self, upstream="", route=""):
        self.spoken, self.requests = [], 0
        weir = self.secured("[[route]]\nrespond.body = ''\n")  # for its certificates
        context = self.server_context(weir, "edge")
        context.set_alpn_protocols(["h2", "http/1.1"])
        endpoint = TcpUpstream(self.talk, context=context)
        self.addCleanup(self._close, endpoint)
        root = weir.folder / "ca/root.crt"
        return self.weir(gateway(forward(endpoint.address, upstream=(
            f'tls = {{ ca = "{root}", server_name = "edge.test" }}\n{upstream}'), route=route)))

    def test_they_go_over_http1(self):
        weir = self.start()
        for _ in range(2):
            client = self.client(weir.address())
            client.send_request("/ws", headers=WEB_SOCKET)
            self.assertEqual(client.read_head().status, 101)
            client.send(b"ping")
            self.assertEqual(client.read_exactly(4), b"ping")
        self.assertEqual(self.get(weir).status, 200)
        self.assertEqual(self.requests, 1)
        self.assertEqual(sorted(self.spoken), ["h2", "http/1.1", "http/1.1"])

    def test_what_http2_cannot_ask_for_goes_over_http1(self):
        weir = self.start(route='upgrades = ["tcp"]')
        self.assertEqual(self.get(weir).status, 200)
        client = self.client(weir.address())
        client.send_request("/exec", method="POST", headers=TCP)
        self.assertEqual(client.read_head().status, 101)
        client.send(b"ping")
        self.assertEqual(client.read_exactly(4), b"ping")
        self.assertEqual(sorted(self.spoken), ["h2", "http/1.1"])

    def test_or_without_its_upgrade_where_nothing_but_http2_is_spoken(self):
        weir = self.start('protocol = "http2"', route='upgrades = ["tcp"]')
        self.assertEqual(self.get(weir, "/exec", method="POST", headers=TCP).status, 200)
        self.assertEqual(self.requests, 1)

    def test_or_are_refused_at_once(self):
        weir = self.start('protocol = "http2"')
        client = self.client(weir.address())
        client.send_request("/ws", headers=WEB_SOCKET)
        self.assertEqual(client.read_reply().status, 502)
        self.assertEqual(self.requests, 0)


class BreakingHttp2(IntegrationCase):
    """An endpoint that violates the protocol only loses its own connections."""

    ANSWERS = {
        "answers, then sends bytes that are no frames":
            lambda stream: frame(HEADERS, 5, stream, STATUS_200) + b"\xff" * 64,
        "answers on a stream that nobody opened": lambda stream: frame(HEADERS, 5, 2, STATUS_200),
        "sends a head that cannot be decoded": lambda stream: frame(HEADERS, 5, stream, b"\xff\xff"),
        "says goodbye for an error":
            lambda stream: frame(GOAWAY, 0, 0, struct.pack(">II", 0, 1)),
        "takes all streams back with each answer":
            lambda stream: frame(SETTINGS, 0, 0, struct.pack(">HI", 3, 0)) +
            frame(HEADERS, 5, stream, STATUS_200),
        "answers twice": lambda stream: frame(HEADERS, 5, stream, STATUS_200) * 2,
        "sends SETTINGS of an odd length": lambda stream: frame(SETTINGS, 0, 0, b"12345"),
    }

    def endpoint(self, answer):
        def talk(peer):
            peer.sendall(frame(SETTINGS, 0, 0))
            for kind, _, stream in frames_of(peer):
                if kind == HEADERS:
                    peer.sendall(answer(stream))
        upstream = TcpUpstream(talk)
        self.addCleanup(self._close, upstream)
        return upstream

    def test_every_request_is_answered_and_weir_goes_on(self):
        for what, answer in self.ANSWERS.items():
            for limit in (1, 2, 100):
                with self.subTest(what, limit=limit):
                    weir = self.weir(gateway(forward(
                        self.endpoint(answer).address, route="retry.attempts = 1", upstream=(
                            f'protocol = "http2"\nmax_connections = {limit}'))))
                    with concurrent.futures.ThreadPoolExecutor(8) as clients:
                        replies = list(clients.map(lambda _: self.get(weir).status, range(40)))
                    self.assertLessEqual(set(replies), {200, 502, 503, 504})
                    weir.signal(15)
                    self.assertEqual(weir.wait(), 0)


if __name__ == "__main__":
    unittest.main()
