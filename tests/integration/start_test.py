"""The tasks of docs/start.md, as they are written there but for ports."""

import http.client
import re
import shlex
import ssl
import subprocess
import unittest

import poll
from fake_upstream import text
from integration_case import IntegrationCase
from weir_process import ADMIN, BINARY, ROOT

PAGE = (ROOT / "docs" / "start.md").read_text(encoding="utf-8")
SECTIONS = dict(re.findall(r"^## (.*?)\n(.*?)(?=^## |\Z)", PAGE, re.MULTILINE | re.DOTALL))
FREE, CLOSED = "127.0.0.1:0", "127.0.0.1:1"
REQUESTS = 400  # in which 5 % are at least one, but for a probability of 1e-9


def files(title):
    """The configurations of a section."""
    return re.findall(r"^```toml\n(.*?)^```", SECTIONS[title], re.MULTILINE | re.DOTALL)


class Start(IntegrationCase):
    def make_certificates(self, folder, title):
        """Runs the commands of weir ca in a section."""
        commands = re.findall(r"^(weir ca .*?)(?:\s+#.*)?$", SECTIONS[title], re.MULTILINE)
        self.assertGreaterEqual(len(commands), 2)
        for command in commands:
            subprocess.run([BINARY, *shlex.split(command)[1:]], cwd=folder, check=True,
                           capture_output=True)

    def prepared(self, config, addresses, title=None):
        """A weir with other addresses, by what is written or by port, and with the certificates of
        a section."""
        for written, used in addresses.items():
            pattern = re.escape(written) if isinstance(written, str) else rf"[\d.]+:{written}\b"
            config, count = re.subn(pattern, used, config)
            self.assertGreater(count, 0, written)
        config = re.sub(r"^admin = .*\n", "", config, flags=re.MULTILINE)
        weir = self.weir(ADMIN + config, start=False)
        if title is not None:
            self.make_certificates(weir.folder, title)
        return weir

    def test_https(self):
        upstream = self.upstream(text(b"one"))
        weir = self.prepared(files("HTTPS")[0], {
            8080: FREE, 8443: FREE, 3000: upstream.address}, "HTTPS").start()
        redirect = self.client(weir.address("plain")).request("/", host="localhost")
        self.assertEqual(redirect.status, 308)
        self.assertRegex(redirect.header("location"), r"^https://localhost:\d+/$")
        context = ssl.create_default_context(cafile=str(weir.folder / "ca/root.crt"))
        port = int(weir.address("secure").rpartition(":")[2])
        client = http.client.HTTPSConnection("localhost", port, context=context,
                                             timeout=poll.PATIENCE)
        self.addCleanup(client.close)
        client.request("GET", "/")
        self.assertEqual(client.getresponse().read(), b"one")

    def test_a_split_with_retries(self):
        now, following = self.upstream(text(b"now")), self.upstream(text(b"next"))
        config = files("A split, with retries")[0]
        weir = self.prepared(config, {
            8080: FREE, "10.0.0.1:3000": now.address,
            "10.0.0.2:3000": CLOSED,  # refuses: such requests are tried again
            "10.0.0.3:3000": following.address}).start()
        client = self.client(weir.address("web"))
        bodies = [client.request("/").body for _ in range(REQUESTS)]
        self.assertEqual(set(bodies), {b"now", b"next"})
        self.assertLess(bodies.count(b"next"), REQUESTS / 4)

    def test_the_cause_of_an_error(self):
        toml = subprocess.run([BINARY, "proxy", "--from", "127.0.0.1:0", "--to", "localhost:1",
                               "--print"], check=True, capture_output=True, text=True).stdout
        weir = self.weir(ADMIN + toml)
        client = self.client(weir.address("proxy"))
        self.assertEqual(client.request("/").status, 502)
        self.assertIn(CLOSED, weir.admin("/upstreams")[1])
        self.assertIn("app", weir.admin("/explain?path=/")[1])
        explained = subprocess.run([BINARY, "explain", weir.file, "GET", "http://localhost/"],
                                   check=True, capture_output=True, text=True).stdout
        self.assertIn(CLOSED, explained)

    def test_mutual_tls_between_two_services(self):
        title = "Mutual TLS between two services"
        orders = self.upstream(text(b"orders"))
        shop_file, orders_file = files(title)
        callee = self.prepared(orders_file, {16006: FREE, 8082: orders.address}, title).start()
        caller = self.prepared(shop_file, {
            15006: FREE, 15001: FREE,
            16006: callee.address("inbound"), '"ca/': f'"{callee.folder}/ca/'}).start()
        reply = self.client(caller.address("outbound")).request("/", host="orders")
        self.assertEqual((reply.status, reply.body), (200, b"orders"))
        self.assertEqual(orders.requests[0].header("x-weir-identity"),
                         "spiffe://demo.test/ns/demo/sa/shop")


if __name__ == "__main__":
    unittest.main()
