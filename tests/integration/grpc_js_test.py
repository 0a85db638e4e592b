#!/usr/bin/env python3
"""gRPC of Node.js through weir: calls of every kind, how they end, and many of them at once."""

import base64
import signal
import unittest

from integration_case import IntegrationCase, forward, gateway
from node_peer import NodePeer, needs_node

STREAMS = 1000
MEGABYTES = bytes(range(256)) * 16_384  # 4 MiB
LISTENER = """
[[listener]]
name = "public"
address = "127.0.0.1:0"
http2 = { max_streams = %d }
""" % STREAMS
OK, CANCELLED, DEADLINE_EXCEEDED, UNAVAILABLE = 0, 1, 4, 14


def encode(data):
    return base64.b64encode(data).decode()


class GrpcJsCase(IntegrationCase):
    """A client and a server, each in its own process, with weir between them."""

    def setUp(self):
        super().setUp()
        self.server, self.caller = self.peer(), self.peer()
        self.service = f"127.0.0.1:{self.server.call('listen')}"

    def peer(self):
        peer = NodePeer("grpc_peer.js")
        self.addCleanup(peer.close)
        return peer

    def through(self, service=None, **parts):
        weir = self.weir(gateway(forward(service or self.service, upstream='protocol = "http2"'),
                                 **parts))
        self.addCleanup(self.caller.close)  # before weir, which then has no connection to drain
        self.channel = self.caller.call("connect", address=weir.address())
        return weir

    def ask(self, name, *requests, **given):
        """The outcome of a unary call."""
        return self.caller.call("ask", client=self.channel, name=name,
                                requests=[encode(one) for one in requests], **given)

    def answer(self, name, *requests, **given):
        outcome = self.ask(name, *requests, **given)
        self.assertEqual((outcome["code"], outcome["details"]), (OK, ""))
        return base64.b64decode(outcome["answer"])

    def open(self, name, **given):
        stream = self.caller.call("open", client=self.channel, name=name, **given)
        return Stream(self.caller, stream)


class Stream:
    """A call whose responses arrive one by one."""

    def __init__(self, peer, number):
        self._peer = peer
        self._number = number

    def write(self, message):
        self._peer.call("write", stream=self._number, message=encode(message))

    def end(self):
        self._peer.call("end", stream=self._number)

    def cancel(self):
        self._peer.call("cancel", stream=self._number)

    def next(self):
        """The next message, or the status code."""
        kind, value, *_ = self._peer.call("next", stream=self._number)
        return base64.b64decode(value) if kind == "message" else value


@needs_node
class Kinds(GrpcJsCase):
    def test_unary_with_metadata_and_trailers(self):
        weir = self.through()
        every_byte = encode(bytes(range(256)))
        outcome = self.ask("Unary", b"hello", metadata={"x-ask": "a, b", "x-ask-bin": every_byte})
        self.assertEqual((outcome["code"], base64.b64decode(outcome["answer"])), (OK, b"hello"))
        self.assertEqual(outcome["head"]["x-head"], ["a, b"])
        self.assertEqual(outcome["trailers"]["x-trailer"], ["end"])
        self.assertEqual(outcome["trailers"]["x-trailer-bin"], [every_byte])
        self.assert_metric(weir, 1, "weir_requests_total", protocol="grpc", code="200")

    def test_streams_of_the_server(self):
        self.through()
        stream = self.open("Split", request=encode(b"abc"))
        self.assertEqual([stream.next() for _ in range(4)], [b"a", b"b", b"c", OK])

    def test_streams_of_the_client(self):
        self.through()
        self.assertEqual(self.answer("Join", b"one ", b"", b"two"), b"one two")

    def test_both_ways_in_turn(self):
        self.through()
        chat = self.open("Chat")
        for number in range(20):
            chat.write(b"%d" % number)
            self.assertEqual(chat.next(), b"heard %d" % number)
        chat.end()
        self.assertEqual(chat.next(), OK)

    def test_messages_of_4_mib(self):
        self.through()
        self.assertEqual(self.answer("Unary", MEGABYTES), MEGABYTES)
        self.assertEqual(self.answer("Join", MEGABYTES, MEGABYTES), 2 * MEGABYTES)

    def test_a_thousand_streams_at_once(self):
        weir = self.through(listener=LISTENER)
        opened = self.caller.call("open_crowd", client=self.channel, count=STREAMS)
        self.assertEqual(opened, STREAMS)
        self.assertEqual(weir.metric("weir_requests_in_flight"), STREAMS)
        self.assertEqual(self.caller.call("end_crowd"), STREAMS)
        self.assert_metric(weir, STREAMS, "weir_requests_total", protocol="grpc", code="200")
        self.assert_metric(weir, 0, "weir_requests_in_flight")


@needs_node
class Ends(GrpcJsCase):
    def test_every_status_comes_through_with_its_text_and_metadata(self):
        self.through()
        for code in range(1, 17):
            outcome = self.ask("Fail", b"", metadata={"x-code": str(code)})
            self.assertEqual((outcome["code"], outcome["details"]), (code, "50% döne\n"))
            self.assertEqual(outcome["trailers"]["x-why"], ["asked for"])

    def test_a_cancelled_call_is_cancelled_at_the_server(self):
        weir = self.through()
        chat = self.open("Chat")
        chat.write(b"hello")
        self.assertEqual(chat.next(), b"heard hello")
        chat.cancel()
        self.assertEqual(chat.next(), CANCELLED)
        self.assertEqual(self.server.call("cancelled"), "Chat")
        self.assert_metric(weir, 0, "weir_requests_in_flight")

    def test_a_deadline_reaches_the_server_and_ends_the_call_on_both_sides(self):
        weir = self.through()
        self.assertEqual(self.answer("Unary", b"connected"), b"connected")
        outcome = self.ask("Hang", b"", deadline=1000)
        self.assertEqual(outcome["code"], DEADLINE_EXCEEDED)
        left = self.server.call("hung")
        self.assertTrue(0 < left <= 1000, left)
        self.assertEqual(self.server.call("cancelled"), "Hang")
        self.assert_metric(weir, 0, "weir_requests_in_flight")

    def test_nobody_at_the_upstream_is_unavailable(self):
        self.through("127.0.0.1:1")
        self.assertEqual(self.ask("Unary", b"")["code"], UNAVAILABLE)


@needs_node
class Lives(GrpcJsCase):
    def test_a_stream_survives_reloads(self):
        weir = self.through()
        chat = self.open("Chat")
        for generation in range(1, 6):
            weir.signal(signal.SIGHUP)
            self.assert_metric(weir, generation + 1, "weir_config_reloads_total", result="applied")
            chat.write(b"%d" % generation)
            self.assertEqual(chat.next(), b"heard %d" % generation)
            self.assertEqual(self.answer("Unary", b"new"), b"new")
        chat.end()
        self.assertEqual(chat.next(), OK)

    def test_a_stream_outlives_its_upstream_in_the_configuration(self):
        weir = self.through()
        chat = self.open("Chat")
        chat.write(b"before")
        self.assertEqual(chat.next(), b"heard before")
        weir.file.write_text(gateway('[[route]]\nname = "all"\nrespond = { status = 503 }\n'),
                             encoding="utf-8")
        self.assert_metric(weir, 2, "weir_config_reloads_total", result="applied")
        chat.write(b"after")
        self.assertEqual(chat.next(), b"heard after")
        self.assertEqual(self.ask("Unary", b"")["code"], UNAVAILABLE)
        chat.end()
        self.assertEqual(chat.next(), OK)


if __name__ == "__main__":
    unittest.main()
