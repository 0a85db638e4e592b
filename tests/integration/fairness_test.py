#!/usr/bin/env python3
"""Clients share the connections of an upstream: none is served before its turn."""

import threading
import unittest

import poll
from http2_wire import RST_STREAM, Http2Client, frame
from integration_case import IntegrationCase, forward, gateway

CANCEL = (8).to_bytes(4, "big")
ONE_CONNECTION = 'max_connections = 1\nqueue_timeout = "60s"'


class Queue(IntegrationCase):
    def setUp(self):
        super().setUp()
        self.turns = threading.Semaphore(0)

        def answer(call):
            self.turns.acquire()
            call.reply(b"done")

        self.service = self.upstream(answer)
        self.weir_ = self.weir(gateway(forward(self.service.address, upstream=ONE_CONNECTION)))

    def tearDown(self):
        self.turns.release(1000)
        super().tearDown()

    def targets(self):
        return [request.target for request in self.service.requests]

    def wait_for_depth(self, depth):
        self.assert_metric(self.weir_, depth, "weir_upstream_queue_depth")

    def greedy(self):
        client = Http2Client(self.weir_.address())
        self.addCleanup(client.close)

        def ask(name):
            return client.send_head([(":method", "GET"), (":scheme", "http"), (":path", name),
                                     (":authority", "test")])

        def cancel(stream):
            client.socket.sendall(frame(RST_STREAM, 0, stream, CANCEL))

        return ask, cancel

    def ask(self, target):
        client = self.client(self.weir_.address())
        client.send_request(target)
        return client

    def test_many_requests_of_one_client_and_one_of_each_other(self):
        first = self.ask("/first")
        poll.until(lambda: self.targets() == ["/first"], "the only connection is in use")
        ask, cancel = self.greedy()
        streams = [ask(f"/greedy/{number}") for number in range(20)]
        self.wait_for_depth(20)
        for stream in streams[:10]:
            cancel(stream)
        self.wait_for_depth(10)
        for number in range(20, 30):
            ask(f"/greedy/{number}")
        self.wait_for_depth(20)
        others = [first]
        for depth, target in ((21, "/second"), (22, "/third")):
            others.append(self.ask(target))
            self.wait_for_depth(depth)
        self.turns.release(4)
        for client in others:
            self.assertEqual(client.read_reply().body, b"done")
        # One round is one request of each client.
        self.assertEqual(self.targets()[:4], ["/first", "/greedy/10", "/second", "/third"])
        self.turns.release(19)
        poll.until(lambda: len(self.targets()) == 23, "the rest is served")
        self.assertEqual(self.targets()[4:],
                         [f"/greedy/{number}" for number in (*range(11, 20), *range(20, 30))])


if __name__ == "__main__":
    unittest.main()
