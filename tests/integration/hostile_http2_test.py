#!/usr/bin/env python3
"""Hostile HTTP/2 peers together with ordinary load, which must not be affected.

WEIR_HOSTILE_SECONDS is the length of the test, half of it for either side; WEIR_HOSTILE_SEED
repeats a run as far as threads allow.
"""

import os
import threading
import time
import unittest

import poll
from hostile_http2 import HostileClients, HostileUpstream
from http_wire import Client
from integration_case import IntegrationCase, forward, gateway

SECONDS = float(os.environ.get("WEIR_HOSTILE_SECONDS", "4"))
SEED = int(os.environ.get("WEIR_HOSTILE_SEED", "9113"))
LOCAL = '[[route]]\nname = "local"\nmatch.path = "/local"\nrespond.body = "hello"\n'
SPOILED = ('[[route]]\nname = "spoiled"\nmatch.path = "/spoiled"\nupstream = "spoiled"\n'
           'timeout = "2s"\n[upstream.spoiled]\nprotocol = "http2"\n'
           'discovery.static = ["{address}"]\n')


class Load:
    """Ordinary clients, each with its own connection. `expected`: all valid outcomes."""

    def __init__(self, address, path, expected=None, clients=2):
        self.address, self.path, self.expected = address, path, expected
        self.answered = 0
        self.failures = []
        self._stopped = threading.Event()
        self._threads = [threading.Thread(target=self._run) for _ in range(clients)]
        for thread in self._threads:
            thread.start()

    def _run(self):
        while not self._stopped.is_set():
            try:
                self._ask()
            except (OSError, AssertionError) as error:
                if self.expected is not None or isinstance(error, TimeoutError):
                    self.failures.append(repr(error))
                    return

    def _ask(self):
        client = Client(self.address)
        try:
            while not self._stopped.is_set():
                reply = client.request(self.path)
                self.answered += 1
                if self.expected not in (None, (reply.status, reply.body)):
                    raise AssertionError((reply.raw_head, reply.body))
        finally:
            client.close()

    def stop(self):
        self._stopped.set()
        for thread in self._threads:
            thread.join()


class Hostile(IntegrationCase):
    def setUp(self):
        super().setUp()
        print(f"WEIR_HOSTILE_SEED={SEED} WEIR_HOSTILE_SECONDS={SECONDS:g}", flush=True)
        self.spoiled = HostileUpstream(SEED)
        self.addCleanup(self.spoiled.close)
        self.process = self.weir(gateway(
            LOCAL + SPOILED.replace("{address}", self.spoiled.address) +
            forward(self.upstream().address), workers=2))

    def beside(self, hostile):
        """Runs ordinary load and the peers that `hostile` starts, for half of the time."""
        address = self.process.address()
        ordinary = [Load(address, "/", (200, b"hello\n")), Load(address, "/local", (200, b"hello"))]
        others = hostile()
        deadline = time.monotonic() + SECONDS / 2
        poll.until(lambda: time.monotonic() > deadline, "the time is over", patience=SECONDS + 60)
        for each in (*others, *ordinary):
            each.stop()
        self.assertIsNone(self.process.process.poll(), "\n".join(self.process.output[-80:]))
        self.assertEqual([each.failures for each in ordinary], [[], []])
        self.assertTrue(all(each.answered > 0 for each in ordinary))
        self.assertEqual(self.process.admin("/healthz")[0], 200)
        self.assert_metric(self.process, 0, "weir_requests_in_flight")
        return others

    def test_clients(self):
        clients, = self.beside(lambda: [HostileClients(self.process.address(), SEED)])
        self.assertGreater(clients.connections, 0)

    def test_an_upstream(self):
        # Whatever the clients receive, they receive it in time.
        callers, = self.beside(lambda: [Load(self.process.address(), "/spoiled", clients=4)])
        self.assertEqual(callers.failures, [])
        self.assertGreater(self.spoiled.answers, 0)


if __name__ == "__main__":
    unittest.main()
