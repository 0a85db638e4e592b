#!/usr/bin/env python3
"""The identity of a node from a real SPIRE server and agent."""

import os
import tempfile
import threading
import unittest

import poll
from integration_case import LOG, IntegrationCase, gateway
from spire_process import Spire, needs_spire
from weir_process import ADMIN

PATHS = {"edge": "ns/default/sa/edge", "shop": "ns/default/sa/shop"}


@needs_spire
class SpireTest(IntegrationCase):
    def setUp(self):
        super().setUp()
        # The path of a Unix socket is short.
        folder = tempfile.TemporaryDirectory(prefix="spire-", dir="/tmp")
        self.addCleanup(folder.cleanup)
        self.spire = Spire(folder.name)
        self.addCleanup(self.spire.close)
        self.spire.start()
        self.service = self.upstream()

    def identity(self, name):
        return (f'[identity.spiffe]\nsocket = "{self.spire.address}"\n'
                f'id = "spiffe://weir.test/{PATHS[name]}"\n')

    def nodes(self, seconds=300):
        self.entries = {name: self.spire.add(path, seconds) for name, path in PATHS.items()}
        sidecar = self.weir(f"""{ADMIN}
role = "sidecar"
{LOG}
{self.identity("shop")}
[sidecar]
service = "shop"
[sidecar.inbound]
address = "127.0.0.1:0"
application = "{self.service.address}"
""")
        edge = self.weir(gateway(
            f'\n[[route]]\nname = "all"\nupstream = "shop"\n'
            f'[upstream.shop]\ndiscovery = {{ static = ["{sidecar.address("inbound")}"] }}\n'
            f'identity = "spiffe://weir.test/{PATHS["shop"]}"\n{self.identity("edge")}{LOG}'))
        return edge, sidecar

    def refreshes(self, weir, result="ok"):
        return weir.metric("weir_identity_refreshes_total", source="spiffe", result=result)

    def test_two_nodes(self):
        edge, _ = self.nodes()
        self.assertEqual(self.get(edge).status, 200)
        self.assertEqual(self.service.requests[-1].all("x-weir-identity"),
                         [f"spiffe://weir.test/{PATHS['edge']}"])

    def test_rotation_costs_no_request(self):
        edge, sidecar = self.nodes(seconds=int(os.environ.get("SPIRE_TTL", "10")))
        rounds = int(os.environ.get("SPIRE_ROUNDS", "2"))
        statuses, stop = [], threading.Event()

        def call():
            while not stop.is_set():
                statuses.append(self.get(edge).status)

        threads = [threading.Thread(target=call) for _ in range(4)]
        for thread in threads:
            thread.start()
        try:
            for weir in (edge, sidecar):
                poll.until(lambda weir=weir: self.refreshes(weir) > rounds, "rotations",
                           patience=60 + 10 * rounds)
        finally:
            stop.set()
            for thread in threads:
                thread.join()
        self.assertEqual(set(statuses), {200})

    def test_the_agent_is_killed_and_comes_back(self):
        edge, sidecar = self.nodes()
        self.assertEqual(self.get(edge).status, 200)
        self.spire.kill_agent()
        for weir in (edge, sidecar):
            poll.until(lambda weir=weir: self.refreshes(weir, "failed") > 0, "a failure")
        self.assertEqual(self.get(edge).status, 200)
        before = [self.refreshes(weir) for weir in (edge, sidecar)]
        self.spire.start_agent()
        for weir, count in zip((edge, sidecar), before):
            poll.until(lambda weir=weir, count=count: self.refreshes(weir) > count,
                       "an identity of the new agent", patience=90)
        self.assertEqual(self.get(edge).status, 200)

    def test_an_entry_is_withdrawn(self):
        edge, sidecar = self.nodes()
        self.assertEqual(self.get(edge).status, 200)
        self.spire.remove(self.entries["shop"])
        sidecar.wait_for_line("the identity is withdrawn", patience=60)
        self.assertEqual(
            sidecar.metric("weir_identity_expiry_timestamp_seconds", source="spiffe"), 0)
        self.spire.add(PATHS["shop"])
        poll.until(lambda: self.get(edge).status == 200, "the identity is back", patience=60)


if __name__ == "__main__":
    unittest.main()
