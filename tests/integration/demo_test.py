"""The demo of configs/: a request through gateway, sidecars and services, and the documents there."""

import json
import os
import re
import socket
import subprocess
import unittest

import poll
from integration_case import IntegrationCase
from weir_process import BINARY, ROOT

CONFIGS = ROOT / "configs"


def demo(name, ports):
    """configs/NAME.toml, its fixed ports replaced; those not in `ports` by free ones."""
    text = (CONFIGS / f"{name}.toml").read_text(encoding="utf-8")
    return re.sub(r"127\.0\.0\.1:(\d+)",
                  lambda found: f"127.0.0.1:{ports.get(int(found[1]), 0)}", text)


def port_of(address):
    return int(address.rpartition(":")[2])


def run(*arguments):
    return subprocess.run([BINARY, *map(str, arguments)], capture_output=True, text=True,
                          check=False, timeout=poll.PATIENCE)


class Demo(IntegrationCase):
    def start_shop_service(self, port, sidecar_port):
        """The sample service in Python, once it listens."""
        service = subprocess.Popen(
            ["/usr/bin/python3", CONFIGS / "samples" / "shop_service.py"],
            env={**os.environ, "SHOP_PORT": str(port), "SIDECAR_PORT": str(sidecar_port)})
        self.addCleanup(service.wait)
        self.addCleanup(service.kill)

        def listens():
            with socket.socket() as probe:
                return probe.connect_ex(("127.0.0.1", port)) == 0
        poll.until(listens, "the shop service listens")

    def start_chain(self):
        """edge, shop, orders and orders-service, each told where the next one listens."""
        service = self.weir(demo("orders-service", {}))
        orders = self.weir(demo("orders", {8082: port_of(service.address("orders"))}))
        # Bound and not listening: nobody else gets the port, the service may still take it.
        reserved = socket.socket()
        self.addCleanup(reserved.close)
        reserved.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        reserved.bind(("127.0.0.1", 0))
        shop_port = reserved.getsockname()[1]
        shop = self.weir(demo("shop", {8081: shop_port, 16006: port_of(orders.address("inbound"))}))
        self.start_shop_service(shop_port, port_of(shop.address("outbound")))
        edge = self.weir(demo("edge", {15006: port_of(shop.address("inbound"))}))
        return edge, shop, orders, service

    def test_a_request_goes_through_gateway_sidecars_and_services_and_comes_back(self):
        edge, shop, orders, service = self.start_chain()
        reply = self.get(edge, "/shop/cart")
        self.assertEqual(reply.status, 200)
        self.assertEqual(json.loads(reply.body), {
            "shop": "open", "orders service said": {"orders": [17, 42]}})
        self.assert_metric(edge, 1, "weir_requests_total", route="shop", code="200")
        self.assert_metric(shop, 1, "weir_requests_total", listener="inbound", code="200")
        self.assert_metric(shop, 1, "weir_requests_total", listener="outbound", code="200")
        self.assert_metric(orders, 1, "weir_requests_total", listener="inbound", code="200")
        self.assert_metric(service, 1, "weir_requests_total", route="orders", code="200")

    def test_the_edge_answers_itself_and_explains(self):
        edge = self.weir(demo("edge", {}))
        self.assertEqual(self.get(edge).body, b"weir is here, 127.0.0.1\n")
        unknown = self.get(edge, "/nothing")
        self.assertEqual((unknown.status, unknown.header("x-weir-reason")), (404, "no_route"))
        status, explanation = edge.admin("/explain?path=/shop/cart")
        self.assertEqual((status, json.loads(explanation)["route"]), (200, "shop"))


class Configurations(unittest.TestCase):
    maxDiff = None

    def test_every_example_is_good(self):
        examples = sorted(CONFIGS.glob("*.toml"))
        self.assertGreaterEqual(len(examples), 5)
        examples.remove(CONFIGS / "https.toml")  # needs certificates: see tls_test
        for example in examples:
            with self.subTest(example.name):
                checked = run("check", example)
                self.assertEqual((checked.returncode, checked.stdout), (0, f"{example}: good\n"))

    def test_every_example_names_its_schema(self):
        for example in CONFIGS.glob("*.toml"):
            with self.subTest(example.name):
                first = example.read_text(encoding="utf-8").splitlines()[0]
                self.assertEqual(first, "#:schema ./weir.schema.json")

    def assert_up_to_date(self, name, *arguments):
        """The file in configs/ is what the binary prints."""
        how = f"{name} is out of date: build/release/weir {' '.join(arguments)} >configs/{name}"
        path = CONFIGS / name
        committed = path.read_text(encoding="utf-8") if path.exists() else ""
        self.assertEqual(committed, run(*arguments).stdout, how)

    def test_the_field_reference_is_up_to_date(self):
        self.assert_up_to_date("REFERENCE.md", "schema", "--reference")

    def test_the_json_schema_is_up_to_date(self):
        self.assert_up_to_date("weir.schema.json", "schema")
        json.loads((CONFIGS / "weir.schema.json").read_text(encoding="utf-8"))


if __name__ == "__main__":
    unittest.main()
