"""Tests of the real binary with real traffic."""

import json
import tempfile
import unittest

import poll
from fake_upstream import FakeUpstream, text
from http_wire import Client
from sockets import refusing_socket
from weir_process import ADMIN, WeirProcess

LISTENER = """
[[listener]]
name = "public"
address = "127.0.0.1:0"
reason_header = true
"""
LOG = """
[[access_log]]
file = "access.log"
"""


def gateway(text_of_rest, workers=1, listener=LISTENER):
    """A configuration with an admin address and a listener on free ports."""
    return f"workers = {workers}\n{ADMIN}{listener}{text_of_rest}"


def forward(*endpoints, route="", upstream=""):
    """A route "all" to an upstream "backend" with these endpoints, and more settings of both."""
    addresses = json.dumps(list(endpoints))
    return (f'\n[[route]]\nname = "all"\nupstream = "backend"\n{route}\n'
            f"[upstream.backend]\ndiscovery = {{ static = {addresses} }}\n{upstream}\n")


class IntegrationCase(unittest.TestCase):
    """Starts and ends processes, and fails if one did not exit cleanly."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="weir-test-")
        self.addCleanup(folder.cleanup)
        self._folder = folder.name

    def weir(self, config, start=True, **popen):
        """A running weir; relative paths in its configuration refer to its folder."""
        process = WeirProcess(tempfile.mkdtemp(dir=self._folder), config, **popen)
        self.addCleanup(self._stop, process)
        return process.start() if start else process

    def _stop(self, process):
        expected = None if process.process is None else process.process.poll()
        code = process.stop()
        if expected is None and code not in (None, 0):
            self.fail(f"weir ended with {code}:\n" + "\n".join(process.output))

    def upstream(self, answer=text(b"hello\n")):
        server = FakeUpstream(answer)
        self.addCleanup(self._close, server)
        return server

    def _close(self, server):
        server.close()
        self.assertEqual(server.errors, [], "errors of the upstream's threads")

    def refusing_address(self):
        """An address that refuses connections."""
        sock, address = refusing_socket()
        self.addCleanup(sock.close)
        return address

    def client(self, address, **parts):
        connection = Client(address, **parts)
        self.addCleanup(connection.close)
        return connection

    def get(self, weir, target="/", **parts):
        """The response to a request on a new connection."""
        connection = Client(weir.address())
        try:
            return connection.request(target, **parts)
        finally:
            connection.close()

    def assert_metric(self, weir, expected, name, **labels):
        """Waits until the sum of the samples has the expected value."""
        seen = []

        def as_expected():
            seen[:] = [weir.metric(name, **labels)]
            return seen[0] == expected
        try:
            poll.until(as_expected, name, 10)
        except AssertionError:
            self.fail(f"{name} {labels} is {seen[0]}, not {expected}")

    def log_lines(self, weir, count, name="access.log"):
        """The lines of a JSON access log, once there are `count`."""
        path = weir.folder / name

        def lines():
            found = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
            return found if len(found) >= count else None
        return [json.loads(line) for line in poll.until(lines, f"{count} lines in {name}")]
