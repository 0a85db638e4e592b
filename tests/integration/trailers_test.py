#!/usr/bin/env python3
"""Trailers that are too large, of clients and of upstreams, over HTTP/1.1 and HTTP/2."""

import json
import unittest

from fake_upstream import text
from http2_wire import DATA, END_HEADERS, END_STREAM, HEADERS, SETTINGS, Http2Client, block, frame
from http_wire import CutShort
from integration_case import IntegrationCase, forward, gateway
from tcp_upstream import TcpUpstream

LIMITS = 'max_headers = 10\nmax_header_size = "4KiB"\n'
LISTENER = f'[[listener]]\nname = "public"\naddress = "127.0.0.1:0"\n{LIMITS}'
LAST = END_HEADERS | END_STREAM
STATUS_200 = b"\x88"
HEAD = [(":method", "POST"), (":scheme", "http"), (":path", "/"), (":authority", "test")]
TOO_MANY = 11 * [("x-t", "v")]
TOO_LARGE = [("x-t", 5000 * "v")]
FAR_TOO_LARGE = [(f"x-{number}", 4000 * "v") for number in range(4)]
GOOD = 10 * [("x-t", "v")]


def chunked(trailers):
    lines = "".join(f"{name}: {value}\r\n" for name, value in trailers)
    return b"4\r\nbody\r\n0\r\n" + lines.encode() + b"\r\n"


class OfClients(IntegrationCase):
    def start(self):
        self.service = self.upstream(text(b"hello"))
        return self.weir(gateway(forward(self.service.address), listener=LISTENER))

    def assert_refused(self, weir, count):
        self.assert_metric(weir, count, "weir_local_replies_total", code="431",
                           reason="header_too_large")
        # None of these requests was complete for the upstream.
        self.assertEqual([request for request in self.service.requests if request.body], [])

    def test_over_http2_they_cost_their_stream(self):
        weir = self.start()
        client = Http2Client(weir.address())
        self.addCleanup(client.close)

        def post(trailers):
            stream = client.send_head(HEAD, end=False)
            client.socket.sendall(frame(DATA, 0, stream, b"body") +
                                  frame(HEADERS, LAST, stream, block(trailers)))
            return client.read_body(stream)

        for count, trailers in enumerate((TOO_MANY, TOO_LARGE, FAR_TOO_LARGE), 1):
            self.assertEqual(json.loads(post(trailers))["status"], 431)
            self.assert_refused(weir, count)
        self.assertEqual(post(GOOD), b"hello")
        self.assertEqual(self.service.requests[-1].trailers, GOOD)

    def test_over_http1_they_cost_their_connection(self):
        weir = self.start()
        for count, trailers in enumerate((TOO_MANY, TOO_LARGE, FAR_TOO_LARGE), 1):
            client = self.client(weir.address())
            client.send(b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n" +
                        chunked(trailers))
            reply = client.read_reply()
            self.assertEqual((reply.status, reply.header("connection")), (431, "close"))
            self.assert_refused(weir, count)

    def test_a_response_under_way_is_reset(self):
        def early(peer):
            peer.recv(65536)
            peer.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nbegun")
            while peer.recv(65536):
                pass

        service = TcpUpstream(early)
        self.addCleanup(self._close, service)
        weir = self.weir(gateway(forward(service.address), listener=LISTENER))
        client = Http2Client(weir.address())
        self.addCleanup(client.close)
        stream = client.send_head(HEAD, end=False)
        client.socket.sendall(frame(DATA, 0, stream, b"body"))
        while client.read_frame()[0] != DATA:
            pass
        client.socket.sendall(frame(HEADERS, LAST, stream, block(TOO_MANY)))
        self.assertIsNone(client.read_body(stream))


class OfUpstreams(IntegrationCase):
    def through(self, talk, upstream=""):
        service = TcpUpstream(talk)
        self.addCleanup(self._close, service)
        return self.weir(gateway(forward(service.address, upstream=LIMITS + upstream)))

    def assert_cut_short(self, weir, count):
        self.assert_metric(weir, count, "weir_upstream_requests_total", code="200",
                           reason="upstream_reset_after_headers")

    def ask(self, weir):
        client = Http2Client(weir.address())
        self.addCleanup(client.close)
        return client.get("/")

    def test_over_http2_they_cost_their_stream(self):
        sent = [TOO_MANY, TOO_LARGE, FAR_TOO_LARGE, GOOD]
        connections = []

        def talk(peer):
            connections.append(peer)
            peer.sendall(frame(SETTINGS, 0, 0))
            reader = peer.makefile("rb")
            reader.read(24)
            while len(head := reader.read(9)) == 9:
                reader.read(int.from_bytes(head[:3], "big"))
                stream = int.from_bytes(head[5:], "big")
                if head[3] == HEADERS:
                    peer.sendall(frame(HEADERS, END_HEADERS, stream, STATUS_200) +
                                 frame(DATA, 0, stream, b"reply") +
                                 frame(HEADERS, LAST, stream, block(sent.pop(0))))

        weir = self.through(talk, 'protocol = "http2"')
        for count in (1, 2, 3):
            self.assertIsNone(self.ask(weir))
            self.assert_cut_short(weir, count)
        self.assertEqual(self.ask(weir), b"reply")
        self.assertEqual(len(connections), 1)

    def test_over_http1_they_cost_their_connection(self):
        sent = [TOO_MANY, TOO_LARGE, FAR_TOO_LARGE]

        def talk(peer):
            peer.recv(65536)
            peer.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" +
                         chunked(sent.pop(0)))
            peer.recv(65536)

        weir = self.through(talk)
        for count in (1, 2, 3):
            client = self.client(weir.address())
            client.send_request("/")
            with self.assertRaises(CutShort):
                client.read_reply()
            self.assert_cut_short(weir, count)


if __name__ == "__main__":
    unittest.main()
