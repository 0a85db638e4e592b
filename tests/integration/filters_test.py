"""Filters in the real binary."""

import re
import time
import unittest
from pathlib import Path

from integration_case import IntegrationCase, forward, gateway

ROOT = Path(__file__).resolve().parents[2]


class Faults(IntegrationCase):
    def test_a_delay_holds_the_request_and_an_abort_replaces_the_response(self):
        upstream = self.upstream()
        weir = self.weir(gateway(forward(upstream.address, route=(
            "filters = [{ fault = { headers = { x-chaos = 'on' }, "
            "delay = { fixed = '300ms' }, abort = { status = 503 } } }]"))))
        client = self.client(weir.address())
        self.assertEqual(client.request("/").status, 200)
        begun = time.monotonic()
        reply = client.request("/", headers=[("x-chaos", "on")])
        self.assertGreaterEqual(time.monotonic() - begun, 0.29)
        self.assertEqual((reply.status, reply.header("x-weir-reason")), (503, "fault_abort"))
        self.assert_metric(weir, 1, "weir_upstream_requests_total")

    def test_the_example_loads_and_affects_a_share_of_the_marked_requests(self):
        text = (ROOT / "configs/fault.toml").read_text(encoding="utf-8")
        upstream = self.upstream()
        text = re.sub(r'static = \["[^"]*"\]', f'static = ["{upstream.address}"]', text)
        weir = self.weir(re.sub(r'address = "[^"]*"', 'address = "127.0.0.1:0"', text))
        client = self.client(weir.address())
        statuses = [client.request("/", headers=[("x-chaos", "on")]).status for _ in range(200)]
        self.assertIn(statuses.count(503), range(1, 40))
        self.assertEqual(statuses.count(200) + statuses.count(503), 200)
        self.assert_metric(weir, statuses.count(503), "weir_local_replies_total",
                           filter="fault", reason="fault_abort")


if __name__ == "__main__":
    unittest.main()
