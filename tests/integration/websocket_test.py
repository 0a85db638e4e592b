#!/usr/bin/env python3
"""WebSockets of a real client and a real server, through one weir and through an HTTP/2 hop."""

import base64
import os
import re
import resource
import signal
import unittest

from integration_case import forward, gateway
from node_peer import NodePeer, needs_node
from tls_case import TlsCase

CROWD = 10_000
GROUP = 1000  # opened by one call
SPARE_DESCRIPTORS = 600  # per process: HTTP/2 connections, listeners, the event loop
SOURCES = [f"127.0.0.{last}" for last in range(2, 8)]  # each has its own range of ports
MIB = bytes(range(256)) * 4096


def encode(data):
    return base64.b64encode(data).decode()


class Side:
    """One end of a WebSocket."""

    def __init__(self, peer, number, extensions=""):
        self._peer = peer
        self._number = number
        self.extensions = extensions

    def _call(self, name, **given):
        return self._peer.call(name, socket=self._number, **given)

    def send(self, data, binary=True, fin=True):
        self._call("send", data=encode(data), binary=binary, fin=fin)

    def text(self, words):
        self.send(words.encode(), binary=False)

    def ping(self, data):
        self._call("ping", data=encode(data))

    def close(self, code, reason):
        self._call("close", code=code, reason=reason)

    def terminate(self):
        self._call("terminate")

    def next(self):
        """The next event: its kind and its parts."""
        kind, *parts = self._call("next")
        if kind in ("close", "error"):
            return kind, *parts
        return kind, base64.b64decode(parts[0])


class WebSocketCase(TlsCase):
    def peer(self):
        peer = NodePeer("websocket_peer.js")
        self.addCleanup(peer.close)
        return peer

    def service(self, **options):
        """A ws server, and its address."""
        peer = self.peer()
        return peer, f"127.0.0.1:{peer.call('listen', **options)}"

    def hop(self, address, more=""):
        """Two processes with HTTP/2 between them; clients connect to the first."""
        inner = self.weir(gateway(forward(address)))
        outer = self.weir(gateway(forward(inner.address(), upstream='protocol = "http2"\n' + more)))
        return outer, inner

    def pair(self, peer, url, **options):
        """Both ends of a WebSocket that the peer opens to its own server."""
        self.addCleanup(peer.close)  # before weir, which then has no connection to drain
        opened = peer.call("open", url=url, **options)
        client = Side(peer, opened["socket"], opened["extensions"])
        return client, Side(peer, peer.call("accept"))


class Conversation:
    """The cases for every path through weir; a mix-in."""

    def way(self, address):
        """URL and options for a client to reach the server at that address."""
        raise NotImplementedError

    def sides(self, deflate=False):
        peer, address = self.service(deflate=deflate)
        url, options = self.way(address)
        return self.pair(peer, url, deflate=deflate, **options)

    def assert_carries(self, sender, receiver):
        sender.text("grüße")
        self.assertEqual(receiver.next(), ("text", "grüße".encode()))
        sender.send(bytes(range(256)))
        self.assertEqual(receiver.next(), ("binary", bytes(range(256))))
        sender.send(b"")
        self.assertEqual(receiver.next(), ("binary", b""))

    def test_messages_both_ways(self):
        client, server = self.sides()
        self.assert_carries(client, server)
        self.assert_carries(server, client)

    def test_a_message_in_pieces_with_a_ping_between_them(self):
        client, server = self.sides()
        for sender, receiver in ((client, server), (server, client)):
            sender.send(b"one ", fin=False)
            sender.send(b"two ", fin=False)
            sender.ping(b"between")
            sender.send(b"three")
            self.assertEqual(receiver.next(), ("ping", b"between"))
            self.assertEqual(receiver.next(), ("binary", b"one two three"))
            self.assertEqual(sender.next(), ("pong", b"between"))

    def test_large_messages(self):
        client, server = self.sides()
        for sender, receiver in ((client, server), (server, client)):
            sender.send(MIB)
            self.assertEqual(receiver.next(), ("binary", MIB))

    def test_compressed_messages(self):
        client, server = self.sides(deflate=True)
        self.assertIn("permessage-deflate", client.extensions)
        for sender, receiver in ((client, server), (server, client)):
            sender.send(MIB)
            self.assertEqual(receiver.next(), ("binary", MIB))

    def test_a_close_of_the_client(self):
        client, server = self.sides()
        client.close(4001, "enough")
        self.assertEqual(server.next(), ("close", 4001, "enough"))
        self.assertEqual(client.next(), ("close", 4001, "enough"))

    def test_a_close_of_the_server(self):
        client, server = self.sides()
        server.close(1001, "going away")
        self.assertEqual(client.next(), ("close", 1001, "going away"))
        self.assertEqual(server.next(), ("close", 1001, "going away"))

    def test_an_end_without_a_close(self):
        for first in (0, 1):
            sides = self.sides()
            sides[first].terminate()
            self.assertEqual(sides[1 - first].next(), ("close", 1006, ""))


@needs_node
class OverHttp1(Conversation, WebSocketCase):
    def way(self, address):
        return f"ws://{self.weir(gateway(forward(address))).address()}/chat", {}


@needs_node
class OverAHopOfHttp2(Conversation, WebSocketCase):
    def way(self, address):
        outer, _ = self.hop(address)
        return f"ws://{outer.address()}/chat", {}


@needs_node
class OverTls(Conversation, WebSocketCase):
    def way(self, address):
        weir = self.secured(forward(address))
        return (f"wss://{weir.address()}/chat",
                {"ca": str(weir.folder / "ca/root.crt"), "server_name": "edge.test"})


@needs_node
class Handshakes(WebSocketCase):
    def test_a_protocol_is_agreed_on_through_weir(self):
        peer, address = self.service()
        weir = self.weir(gateway(forward(address)))
        opened = peer.call("open", url=f"ws://{weir.address()}/", protocols=["chat", "other"])
        self.assertEqual(opened["protocol"], "chat")

    def test_a_refusal_reaches_the_client(self):
        weir = self.weir(gateway('[[route]]\nrespond = { status = 403, body = "no" }\n'))
        with self.assertRaisesRegex(AssertionError, "Unexpected server response: 403"):
            self.peer().call("open", url=f"ws://{weir.address()}/")


@needs_node
class Lives(WebSocketCase):
    """WebSockets survive events of weir as long as they may."""

    def assert_talks(self, client, server, words):
        client.text(words)
        self.assertEqual(server.next(), ("text", words.encode()))
        server.text(words)
        self.assertEqual(client.next(), ("text", words.encode()))

    def rename_upstream(self, weir, generation):
        """Renames a new file into place; weir detects it."""
        text = weir.file.read_text(encoding="utf-8")
        beside = weir.file.with_suffix(".new")
        beside.write_text(re.sub(r"backend\d*", f"backend{generation}", text), encoding="utf-8")
        os.replace(beside, weir.file)

    def assert_survives(self, sides, processes, change):
        """A message whose first fragment precedes the change arrives completely after it."""
        client, server = sides
        client.send(b"before ", fin=False)
        for weir in processes:
            before = weir.metric("weir_config_reloads_total", result="applied")
            change(weir)
            self.assert_metric(weir, before + 1, "weir_config_reloads_total", result="applied")
        client.send(b"after")
        self.assertEqual(server.next(), ("binary", b"before after"))
        self.assert_talks(client, server, "and the other way")

    def test_reloads_in_the_midst_of_a_session(self):
        peer, address = self.service()
        processes = self.hop(address)
        sides = self.pair(peer, f"ws://{processes[0].address()}/")
        for generation in (1, 2, 3):
            self.assert_survives(sides, processes,
                                 lambda weir, g=generation: self.rename_upstream(weir, g))
            self.assert_survives(sides, processes, lambda weir: weir.signal(signal.SIGHUP))

    def test_a_drain_waits_for_them_until_its_deadline(self):
        peer, address = self.service()
        weir = self.weir('drain_timeout = "2s"\n' + gateway(forward(address)))
        client, server = self.pair(peer, f"ws://{weir.address()}/")
        weir.signal(signal.SIGTERM)
        weir.wait_for_line("draining")
        self.assert_talks(client, server, "still here")
        self.assertEqual(client.next(), ("close", 1006, ""))
        self.assertEqual(server.next(), ("close", 1006, ""))
        self.assertEqual(weir.wait(), 0)
        weir.wait_for_line("drain: time limit reached")

    def test_a_drain_ends_with_the_last_of_them(self):
        peer, address = self.service()
        weir = self.weir(gateway(forward(address)))
        client, server = self.pair(peer, f"ws://{weir.address()}/")
        weir.signal(signal.SIGTERM)
        weir.wait_for_line("draining")
        client.close(1000, "done")
        self.assertEqual(server.next(), ("close", 1000, "done"))
        self.assertEqual(weir.wait(), 0)


@needs_node
class Crowds(WebSocketCase):
    def test_ten_thousand_idle_ones(self):
        # With the hop each process needs one descriptor per WebSocket: the upstream side of the
        # first and the client side of the second are HTTP/2 streams.
        hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        if hard < CROWD + SPARE_DESCRIPTORS:
            self.skipTest(f"{hard} file descriptors are not enough for {CROWD} sockets")
        _, address = self.service(echo=True)
        room = f"max_connections = {CROWD + SPARE_DESCRIPTORS}\n"
        inner = self.weir(room + gateway(forward(address, upstream="max_connections = 0")))
        outer = self.weir(room + gateway(forward(inner.address(), upstream='protocol = "http2"')))
        clients = self.peer()
        for _ in range(0, CROWD, GROUP):
            clients.call("join_crowd", url=f"ws://{outer.address()}/", count=GROUP, sources=SOURCES)
        for weir in (outer, inner):
            self.assertEqual(weir.metric("weir_requests_in_flight"), CROWD)
        for first in range(0, CROWD, GROUP):
            self.assertEqual(clients.call("crowd_echoes", **{"from": first}, count=GROUP), GROUP)
        clients.close()
        for weir in (outer, inner):
            self.assert_metric(weir, 0, "weir_requests_in_flight")


if __name__ == "__main__":
    unittest.main()
