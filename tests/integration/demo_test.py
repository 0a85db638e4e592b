"""The demo in configs/: a request through gateway, sidecars and services, and its documents."""

import json
import os
import re
import shutil
import signal
import socket
import ssl
import subprocess
import tempfile
import unittest
from pathlib import Path

import poll
from tls_case import TlsCase
from weir_process import BINARY, ROOT

CONFIGS = ROOT / "configs"


def demo(name, ports, certificates=""):
    """configs/NAME.toml with its fixed ports replaced; those not in `ports` by free ones."""
    text = (CONFIGS / f"{name}.toml").read_text(encoding="utf-8")
    text = text.replace("../build/demo", str(certificates))
    return re.sub(r"127\.0\.0\.1:(\d+)",
                  lambda found: f"127.0.0.1:{ports.get(int(found[1]), 0)}", text)


def port_of(address):
    return int(address.rpartition(":")[2])


def run(*arguments):
    return subprocess.run([BINARY, *map(str, arguments)], capture_output=True, text=True,
                          check=False, timeout=poll.PATIENCE)


def make_certificates(folder):
    """Creates them as tools/run does; returns the directory."""
    run("ca", "init", "--dir", folder, "--days", "2")
    run("ca", "issue", "edge", "--dir", folder, "--dns", "edge.test", "--address", "127.0.0.1")
    for name, account in (("edge-node", "edge"), ("shop", "shop"), ("orders", "orders")):
        run("ca", "issue", name, "--dir", folder,
            "--identity", f"spiffe://demo.test/ns/demo/sa/{account}")
    return folder


class Demo(TlsCase):
    def setUp(self):
        super().setUp()
        self.certificates = make_certificates(Path(self._folder) / "certificates")

    def node(self, name, ports):
        return self.weir(demo(name, ports, self.certificates))

    def get_secure(self, edge, target):
        """Status, headers and body of the response of the edge's TLS listener."""
        context = ssl.create_default_context(cafile=str(self.certificates / "root.crt"))
        answer, body = self.fetch(self.https(edge, context), target)
        return answer.status, answer.headers, body

    def start_shop_service(self, port, sidecar_port):
        """The sample service in Python, once it is listening."""
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
        """edge, shop, orders and orders-service, each with the address of the next one."""
        service = self.node("orders-service", {})
        orders = self.node("orders", {8082: port_of(service.address("orders"))})
        # Bound but not listening: reserves the port, which the service can still use.
        reserved = socket.socket()
        self.addCleanup(reserved.close)
        reserved.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        reserved.bind(("127.0.0.1", 0))
        shop_port = reserved.getsockname()[1]
        shop = self.node("shop", {8081: shop_port, 16006: port_of(orders.address("inbound"))})
        self.start_shop_service(shop_port, port_of(shop.address("outbound")))
        edge = self.node("edge", {15006: port_of(shop.address("inbound"))})
        return edge, shop, orders, service

    def test_a_request_goes_through_gateway_sidecars_and_services_and_comes_back(self):
        edge, shop, orders, service = self.start_chain()
        status, _, body = self.get_secure(edge, "/shop/cart")
        self.assertEqual(status, 200)
        self.assertEqual(json.loads(body), {
            "shop": "open", "orders service said": {"orders": [17, 42]}})
        self.assert_metric(edge, 1, "weir_requests_total", route="shop", code="200")
        self.assert_metric(shop, 1, "weir_requests_total", listener="inbound", code="200")
        self.assert_metric(shop, 1, "weir_requests_total", listener="outbound", code="200")
        self.assert_metric(orders, 1, "weir_requests_total", listener="inbound", code="200")
        self.assert_metric(service, 1, "weir_requests_total", route="orders", code="200")

    def test_the_edge_answers_itself_and_explains(self):
        edge = self.node("edge", {})
        self.assertEqual(self.get_secure(edge, "/")[2], b"weir is here, 127.0.0.1\n")
        status, headers, _ = self.get_secure(edge, "/nothing")
        self.assertEqual((status, headers["x-weir-reason"]), (404, "no_route"))
        plain = self.client(edge.address("plain")).request("/shop/cart?a=b", host="shop.test")
        self.assertEqual((plain.status, plain.header("location")),
                         (308, "https://shop.test:8443/shop/cart?a=b"))
        status, explanation = edge.admin("/explain?path=/shop/cart")
        self.assertEqual((status, json.loads(explanation)["route"]), (200, "shop"))


class ToolsRun(unittest.TestCase):
    """tools/run with the binary under test, on free ports."""

    def start(self, *arguments, weir=BINARY):
        demo = subprocess.Popen([CONFIGS.parent / "tools" / "run", "--free-ports", *arguments],
                                env={**os.environ, "WEIR": str(weir)}, text=True,
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.addCleanup(demo.communicate)
        self.addCleanup(demo.terminate)
        return demo

    def children(self, process):
        """{command line: pid}"""
        found = {}
        for path in Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split():
            command = Path(f"/proc/{path}/cmdline").read_text().replace("\0", " ")
            found[command] = int(path)
        return found

    def test_once_sends_a_request_and_ends(self):
        said, complaints = self.start("--once").communicate(timeout=60)
        self.assertIn('{"shop": "open", "orders service said": {"orders": [17, 42]}}', said)
        self.assertEqual(complaints, "")

    def test_two_demos_run_at_the_same_time(self):
        demos = [self.start("--once") for _ in range(2)]
        for demo in demos:
            self.assertIn('"shop": "open"', demo.communicate(timeout=60)[0])
            self.assertEqual(demo.returncode, 0)

    def test_it_ends_at_once_when_a_part_has_ended(self):
        demo = self.start()
        while demo.stdout.readline() != "Ctrl-C ends the demo.\n":
            self.assertIsNone(demo.poll())
        service = next(pid for command, pid in self.children(demo).items()
                       if "shop_service.py" in command)
        os.kill(service, signal.SIGTERM)
        self.assertEqual(demo.wait(poll.PATIENCE), 1)
        self.assertIn("shop-service has ended:", demo.stderr.read())

    def test_it_ends_at_once_when_a_part_does_not_start(self):
        with tempfile.TemporaryDirectory() as folder:
            broken = Path(folder) / "weir"
            broken.write_text(f"""#!/bin/sh
case "$1 $2" in "run "*/shop.toml) echo no shop today; exit 3 ;; esac
exec {BINARY} "$@"
""", encoding="utf-8")
            broken.chmod(0o755)
            complaints = self.start(weir=broken).communicate(timeout=30)[1]
        self.assertIn("shop has ended:\nno shop today\n", complaints)

    def test_ctrl_c_is_a_good_end(self):
        demo = self.start()
        while demo.stdout.readline() != "Ctrl-C ends the demo.\n":
            self.assertIsNone(demo.poll())
        parts = self.children(demo).values()
        demo.send_signal(signal.SIGINT)
        self.assertEqual(demo.wait(poll.PATIENCE), 0)
        self.assertEqual([pid for pid in parts if Path(f"/proc/{pid}").exists()], [])

    def test_help(self):
        said, complaints = self.start("--help").communicate(timeout=30)
        self.assertIn("usage: tools/run", said)
        self.assertEqual(complaints, "")


class Configurations(unittest.TestCase):
    maxDiff = None

    def test_every_example_is_good(self):
        examples = sorted(CONFIGS.glob("*.toml"))
        self.assertGreaterEqual(len(examples), 5)
        with tempfile.TemporaryDirectory(prefix="weir-test-") as folder:
            make_certificates(Path(folder) / "build" / "demo")
            make_certificates(Path(folder) / "ca")
            copies = Path(folder) / "configs"
            shutil.copytree(CONFIGS, copies)
            for example in examples:
                copy = copies / example.name
                with self.subTest(example.name):
                    checked = run("check", copy)
                    self.assertEqual((checked.returncode, checked.stdout, checked.stderr),
                                     (0, f"{copy}: good\n", ""))

    def test_every_example_names_its_schema(self):
        for example in CONFIGS.glob("*.toml"):
            with self.subTest(example.name):
                first = example.read_text(encoding="utf-8").splitlines()[0]
                self.assertEqual(first, "#:schema ./weir.schema.json")

    def assert_up_to_date(self, name, *arguments):
        """The file in configs/ equals the output of the binary."""
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
