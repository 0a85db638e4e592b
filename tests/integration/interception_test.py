#!/usr/bin/env python3
"""Transparent interception: applications that know nothing of weir, in network namespaces."""

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import unittest

import poll
from http_wire import Client
from integration_case import LOG
from network_case import (APPLICATION_USER, HOST, HOST_V6, NETWORK, NETWORK_V6, NetworkCase, run)
from sockets import reset_on_close
from tcp_case import read_all, read_exactly
from tcp_upstream import echo, naming
from weir_process import ADMIN

AS_APPLICATION = {"user": APPLICATION_USER, "group": APPLICATION_USER, "extra_groups": []}
GRPC_SERVER = """
import concurrent.futures, grpc, sys
class Echo(grpc.GenericRpcHandler):
    def service(self, details):
        return grpc.unary_unary_rpc_method_handler(lambda request, context: request)
server = grpc.server(concurrent.futures.ThreadPoolExecutor(2))
server.add_generic_rpc_handlers((Echo(),))
print(server.add_insecure_port(sys.argv[1]), flush=True)
server.start()
server.wait_for_termination()
"""
GRPC_CLIENT = """
import grpc, sys
with grpc.insecure_channel(sys.argv[1]) as channel:
    print(channel.unary_unary("/test.Echo/Unary")(b"hello", timeout=30).decode())
"""
HELLO = b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nhello\n"


def http_talk(peer):
    """Answers every request, all of which fit into one read."""
    while peer.recv(65536):
        peer.sendall(HELLO)


def sidecar(outbound="", inbound="", rest=""):
    text = (f'workers = 1\n{ADMIN}role = "sidecar"\n{LOG}[sidecar]\nservice = "application"\n')
    if outbound is not None:
        text += f'[sidecar.outbound]\naddress = "[::]:0"\ntransparent = true\n{outbound}\n'
    if inbound:
        text += f'[sidecar.inbound]\naddress = "[::]:0"\ntransparent = true\n{inbound}\n'
    return text + rest


def upstream(name, *endpoints, more=""):
    listed = ", ".join(f'"{each}"' for each in endpoints)
    return f"[upstream.{name}]\ndiscovery = {{ static = [{listed}] }}\n{more}\n"


class Interception(NetworkCase):
    def start(self, outbound="", inbound="", rest=""):
        """A sidecar of root, whose connections are left alone."""
        weir = self.weir(sidecar(outbound, inbound, rest))
        ports = {name: weir.address(name).rpartition(":")[2] if wanted else "0"
                 for name, wanted in (("outbound", outbound is not None), ("inbound", inbound))}
        self.redirect("--user", "root", "--outbound", ports["outbound"],
                      "--inbound", ports["inbound"])
        return weir

    def ask(self, address, port, host="anything"):
        """The reply to a request of the application."""
        peer = self.application(address, port)
        peer.sendall(f"GET / HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())
        return read_all(peer)


class Outbound(Interception):
    def test_an_endpoint_by_its_address(self):
        server = self.serve(http_talk)
        weir = self.start(rest=upstream("orders", f"{NETWORK[0]}:{server.port}"))
        self.assertIn(b"hello\n", self.ask(NETWORK[0], server.port))
        line, = self.log_lines(weir, 1)
        self.assertEqual(line["upstream"], "orders")
        self.assertEqual(line["client_original_destination"], f"{NETWORK[0]}:{server.port}")
        self.assertEqual(line["client_address"], HOST)
        self.assert_metric(weir, 1, "weir_intercepted_connections_total", direction="outbound",
                           resolution="endpoint")

    def test_over_ipv6(self):
        server = self.serve(http_talk, NETWORK_V6)
        weir = self.start(rest=upstream("orders", f"[{NETWORK_V6}]:{server.port}"))
        self.assertIn(b"hello\n", self.ask(NETWORK_V6, server.port))
        line, = self.log_lines(weir, 1)
        self.assertEqual(line["client_original_destination"], f"[{NETWORK_V6}]:{server.port}")

    def test_a_virtual_address_that_nobody_has(self):
        server = self.serve(http_talk)
        weir = self.start(rest=upstream("orders", f"{NETWORK[0]}:{server.port}",
                                        more='addresses = ["198.18.0.200:80"]'))
        self.assertIn(b"hello\n", self.ask("198.18.0.200", 80))
        self.assert_metric(weir, 1, "weir_intercepted_connections_total", resolution="vip")

    def test_the_host_of_a_request(self):
        server = self.serve(http_talk)
        weir = self.start(rest=upstream("orders", f"{NETWORK[0]}:{server.port}"))
        self.assertIn(b"hello\n", self.ask("198.18.0.201", 80, host="orders"))
        self.assertIn(b"destination_denied", self.ask("198.18.0.201", 80, host="other"))
        self.assert_metric(weir, 2, "weir_intercepted_connections_total", resolution="host")

    def test_only_allowed_destinations_pass_through(self):
        server = self.serve(echo)
        other = self.serve(echo, NETWORK[1])
        weir = self.start(f'egress = ["{NETWORK[0]}"]')
        peer = self.application(NETWORK[0], server.port)
        peer.sendall(b"*1\r\n")
        self.assertEqual(read_exactly(peer, 4), b"*1\r\n")
        peer.close()
        refused = self.application(NETWORK[1], other.port)
        refused.sendall(b"*1\r\n")
        self.assertIn(read_all(refused), (None, b""))
        self.assertEqual(other.connections, 0)
        reasons = [line.get("reason") for line in self.log_lines(weir, 2)]
        self.assertIn("destination_denied", reasons)
        for resolution in ("passthrough", "refused"):
            self.assert_metric(weir, 1, "weir_intercepted_connections_total",
                               resolution=resolution)

    def test_a_server_that_speaks_first(self):
        server = self.serve(naming(b"220 mail ready\r\n"))
        weir = self.start(rest=upstream("mail", f"{NETWORK[0]}:{server.port}"))
        for _ in range(2):
            peer = self.application(NETWORK[0], server.port)
            self.assertEqual(read_exactly(peer, 16), b"220 mail ready\r\n")
            peer.sendall(b"EHLO a\r\n")
            self.assertEqual(read_exactly(peer, 8), b"EHLO a\r\n")
            peer.close()
        self.assert_metric(weir, 2, "weir_protocol_detect_total", result="tcp_server_first")

    def test_a_half_close_reaches_the_server(self):
        def after_the_end(peer):
            peer.sendall(b"all of " + read_all(peer))
        server = self.serve(after_the_end)
        self.start(rest=upstream("orders", f"{NETWORK[0]}:{server.port}"))
        peer = self.application(NETWORK[0], server.port)
        peer.sendall(b"*question")
        peer.shutdown(socket.SHUT_WR)
        self.assertEqual(read_all(peer), b"all of *question")

    def test_a_reset_reaches_the_other_side(self):
        seen = []

        def talk(peer):
            said = peer.recv(100)
            if said == b"*reset":
                reset_on_close(peer)
                return
            peer.sendall(b"ready")
            seen.append(read_all(peer))
        server = self.serve(talk)
        self.start(rest=upstream("orders", f"{NETWORK[0]}:{server.port}"))
        peer = self.application(NETWORK[0], server.port)
        peer.sendall(b"*reset")
        self.assertIsNone(read_all(peer))
        peer = self.application(NETWORK[0], server.port)
        peer.sendall(b"*hello")
        self.assertEqual(read_exactly(peer, 5), b"ready")
        reset_on_close(peer)
        peer.close()
        poll.until(lambda: seen, "the end at the server")
        self.assertEqual(seen, [None])

    def test_weir_and_the_host_itself_are_left_alone(self):
        server = self.serve(echo)
        weir = self.start()
        with socket.create_connection((NETWORK[0], server.port), timeout=poll.PATIENCE) as direct:
            direct.sendall(b"as root")
            self.assertEqual(read_exactly(direct, 7), b"as root")
        with socket.create_server((HOST, 0)) as own:
            peer = self.application(HOST, own.getsockname()[1])
            accepted, _ = own.accept()
            with accepted:
                accepted.sendall(b"itself")
                self.assertEqual(read_exactly(peer, 6), b"itself")
        self.assert_metric(weir, 0, "weir_intercepted_connections_total")

    def test_a_connection_that_was_not_redirected_is_refused(self):
        weir = self.start()
        port = int(weir.address("outbound").rpartition(":")[2])
        for address in (HOST, "127.0.0.1", HOST_V6):
            peer = self.application(address, port)
            try:
                peer.sendall(b"GET / HTTP/1.1\r\nHost: orders\r\n\r\n")
            except ConnectionError:
                pass
            self.assertIn(read_all(peer), (None, b""))
        self.assert_metric(weir, 3, "weir_intercepted_connections_total", resolution="refused")
        self.assertEqual({line["reason"] for line in self.log_lines(weir, 3)}, {"not_redirected"})



class Applications(Interception):
    """Real programs on both sides."""

    def start_server(self, *words, **parts):
        """A program in the network, until the end of the test."""
        with self.network():
            server = subprocess.Popen([str(word) for word in words], **parts)
        self.addCleanup(server.wait)
        self.addCleanup(server.kill)
        return server

    def free_port(self):
        with self.network(), socket.create_server((NETWORK[0], 0)) as reserved:
            return reserved.getsockname()[1]

    def output(self, *words):
        """The output of a program of the application."""
        done = subprocess.run([str(word) for word in words], **AS_APPLICATION, capture_output=True,
                              text=True, check=False)
        return done.stdout

    @unittest.skipUnless(shutil.which("redis-server"), "needs redis-server")
    def test_redis(self):
        port = self.free_port()
        self.start_server("redis-server", "--port", port, "--bind", NETWORK[0], "--dir",
                          self._folder, "--save", "", "--protected-mode", "no",
                          stdout=subprocess.DEVNULL)
        weir = self.start(rest=upstream("redis", f"{NETWORK[0]}:{port}"))
        client = ("redis-cli", "-h", NETWORK[0], "-p", port)
        poll.until(lambda: self.output(*client, "PING") == "PONG\n", "Redis through the sidecar")
        self.assertEqual(self.output(*client, "SET", "a", "1"), "OK\n")
        self.assertEqual(self.output(*client, "GET", "a"), "1\n")
        self.assertGreater(weir.metric("weir_tcp_received_bytes_total", upstream="redis"), 0)

    @unittest.skipUnless(shutil.which("initdb"), "needs initdb and postgres in PATH")
    def test_postgresql(self):
        os.chmod(self._folder, 0o755)
        data = tempfile.mkdtemp(dir=self._folder)
        os.chown(data, APPLICATION_USER, APPLICATION_USER)
        self.output("initdb", "-D", data, "-U", "shop", "-A", "trust", "--no-sync")
        with open(f"{data}/pg_hba.conf", "a", encoding="utf-8") as access:
            access.write("host all all 0.0.0.0/0 trust\n")
        port = self.free_port()
        self.start_server("postgres", "-D", data, "-p", port, "-h", NETWORK[0], "-k", "", "-F",
                          stderr=subprocess.DEVNULL, **AS_APPLICATION)
        weir = self.start(rest=upstream("db", f"{NETWORK[0]}:{port}"))
        query = ("psql", "-h", NETWORK[0], "-p", port, "-U", "shop", "-d", "postgres", "-Atc",
                 "select 6 * 7")
        poll.until(lambda: self.output(*query) == "42\n", "PostgreSQL through the sidecar")
        self.assertGreater(weir.metric("weir_tcp_received_bytes_total", upstream="db"), 0)

    def test_grpc(self):
        server = self.start_server(sys.executable, "-c", GRPC_SERVER, f"{NETWORK[0]}:0",
                                   stdout=subprocess.PIPE, text=True)
        self.addCleanup(server.stdout.close)
        address = f"{NETWORK[0]}:{server.stdout.readline().strip()}"
        weir = self.start(rest=upstream("calls", address, more='protocol = "http2"'))
        self.assertEqual(self.output(sys.executable, "-c", GRPC_CLIENT, address), "hello\n")
        line, = self.log_lines(weir, 1)
        self.assertEqual(line["request_path"], "/test.Echo/Unary")
        self.assertEqual((line["upstream"], line["upstream_endpoint"]), ("calls", address))


class Inbound(Interception):
    def test_the_application_at_the_port_of_the_destination(self):
        with socket.create_server(("127.0.0.1", 0)) as reserved:
            port = reserved.getsockname()[1]
        weir = self.start(None, f"ports = [{port}]")
        listener = socket.create_server(("127.0.0.1", port))
        self.addCleanup(listener.close)
        with self.network():
            caller = socket.create_connection((HOST, port), timeout=poll.PATIENCE)
        self.addCleanup(caller.close)
        caller.sendall(b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        accepted = self.request_at(listener)
        accepted.sendall(HELLO)
        self.assertIn(b"hello\n", read_all(caller))
        line, = self.log_lines(weir, 1)
        self.assertEqual(line["upstream_endpoint"], f"127.0.0.1:{port}")
        self.assertEqual(line["client_address"], NETWORK[0])
        self.assert_metric(weir, 1, "weir_intercepted_connections_total", direction="inbound",
                           resolution="endpoint")

    def request_at(self, listener):
        """The connection that brings a request; others are ahead of need."""
        while True:
            accepted, _ = listener.accept()
            self.addCleanup(accepted.close)
            accepted.settimeout(poll.PATIENCE)
            if accepted.recv(65536):
                return accepted

    def test_other_ports_are_not_opened_to_the_network(self):
        weir = self.start(None, "ports = [8080]")
        with socket.create_server(("127.0.0.1", 0)) as private:
            with self.network():
                caller = socket.create_connection((HOST, private.getsockname()[1]),
                                                  timeout=poll.PATIENCE)
            self.addCleanup(caller.close)
            caller.sendall(b"*1\r\n")
            self.assertIn(read_all(caller), (None, b""))
            private.setblocking(False)
            with self.assertRaises(BlockingIOError):
                private.accept()
        self.assertEqual(self.log_lines(weir, 1)[0]["reason"], "destination_denied")


class Command(Interception):
    def test_down_restores_what_was_there(self):
        run("nft", "-f", "-", input="table inet other {\n chain a {\n type filter hook input "
                                    "priority 0; policy accept;\n tcp dport 1 accept\n }\n}\n")
        self.addCleanup(run, "nft", "delete", "table", "inet", "other")
        before = run("nft", "list", "ruleset")
        options = ("--user", "root", "--skip-inbound", "22,9901", "--skip-outbound", "25")
        self.assertIn("not in force", self.intercept("check", *options, code=1))
        self.intercept("up", *options)
        once = run("nft", "list", "ruleset")
        self.intercept("up", *options)
        self.assertEqual(run("nft", "list", "ruleset"), once)
        self.assertIn("in force", self.intercept("check", *options))
        self.assertIn("other rules", self.intercept("check", "--user", "1", code=1))
        self.intercept("down")
        self.assertEqual(run("nft", "list", "ruleset"), before)
        self.intercept("down")
        self.assertEqual(run("nft", "list", "ruleset"), before)

    def test_print_needs_nothing(self):
        text = self.intercept("print", "--user", "990", "--inbound", "0", "--outbound", "7")
        self.assertIn("\t\tmeta skuid 990 return\n", text)
        self.assertNotIn("chain inbound", text)
        run("nft", "--check", "-f", "-", input=text)

    def test_hostile_names(self):
        for words in (("--user", "1", "--table", "a { }"), ("--cgroup", 'a" accept'),
                      ("--user", "no such user")):
            self.intercept("print", *words, code=2)

    def test_the_rules_of_a_cgroup_are_valid(self):
        text = self.intercept("print", "--cgroup", "system.slice/orders.service")
        self.assertIn('socket cgroupv2 level 2 != "system.slice/orders.service" return', text)


if __name__ == "__main__":
    unittest.main()
