"""`weir top` shows what the metrics of the process say."""

import subprocess
import unittest

from integration_case import IntegrationCase, forward, gateway
from weir_process import BINARY


def rows(text):
    """The tables: {title: {first column: the other columns}}."""
    tables = {}
    for block in text.split("\n\n")[1:] if "\n\n" in text else []:
        lines = [line.split("  ") for line in block.strip("\n").split("\n")]
        cells = [[cell.strip() for cell in line if cell.strip()] for line in lines]
        tables[cells[0][0]] = {line[0]: dict(zip(cells[0][1:], line[1:])) for line in cells[1:]}
    return tables


class Top(IntegrationCase):
    def top(self, *arguments):
        return subprocess.run([BINARY, "top", *arguments], capture_output=True, text=True,
                              check=False)

    def test_it_shows_routes_and_upstreams(self):
        upstream = self.upstream(lambda call: call.reply(
            b"x", status="500 Oops" if call.request.target == "/bad" else "200 OK"))
        weir = self.weir(gateway(forward(upstream.address)))
        client = self.client(weir.address())
        for target in ("/", "/", "/", "/bad"):
            client.request(target)
        ended = self.top(weir.admin_address, "--once", "--interval", "10ms")
        self.assertEqual((ended.returncode, ended.stderr), (0, ""))
        self.assertNotIn("\x1b", ended.stdout)
        tables = rows(ended.stdout)
        route = tables["ROUTE"]["all"]
        self.assertEqual((route["TOTAL"], route["SUCCESS"], route["REQ/S"]), ("4", "75.00 %", "0.0"))
        self.assertRegex(route["P50"], r"^\d+\.\d ms$")
        self.assertRegex(route["P99"], r"^\d+\.\d ms$")
        backend = tables["UPSTREAM"]["backend"]
        self.assertEqual((backend["TOTAL"], backend["SUCCESS"], backend["CONNECTIONS"]),
                         ("4", "75.00 %", "1"))
        self.assertIn("1 ", backend["ENDPOINTS"])

    def test_a_process_that_does_not_answer(self):
        ended = self.top(self.refusing_address(), "--once")
        self.assertEqual(ended.returncode, 1)
        self.assertIn("weir: cannot connect to", ended.stderr)
        self.assertEqual(self.top("127.0.0.1:1", "--interval", "x").returncode, 2)


if __name__ == "__main__":
    unittest.main()
