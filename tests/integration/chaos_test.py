"""Clients and upstreams with random behavior, valid and invalid, while the configuration changes.

The outcome of one exchange is random; the invariants are not: the process stays alive, well-behaved
exchanges get complete responses, and no gauge shows anything left behind.
"""

import os
import random
import threading
import unittest

import poll
from http_wire import Client, CutShort, chunk
from integration_case import LISTENER, LOG, IntegrationCase, gateway

EXCHANGES = 80  # per client
BODY = bytes(range(256)) * 200


class Upstream:
    """Answers at random, unless the request asks for a good response."""

    def __init__(self, seed):
        self._random = random.Random(seed)
        self._ways = (self.good, self.good, self.in_chunks, self.resets, self.breaks_off,
                      self.closes, self.stalls, self.garbles, self.early)

    def __call__(self, call):
        if call.request.header("upgrade") is not None:
            return self.tunnel(call)
        if call.request.target.startswith("/good"):
            return self.good(call)
        return self._random.choice(self._ways)(call)

    def good(self, call):
        body = call.read_body()
        call.reply(body or b"good")

    def in_chunks(self, call):
        call.read_body()
        call.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                  + chunk(BODY) + chunk(b"x") + b"0\r\nX-Sum: 1\r\n\r\n")

    def resets(self, call):
        call.reset()

    def breaks_off(self, call):
        call.read_body()
        call.send(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n" + BODY)
        call.close()

    def closes(self, call):
        call.close()

    def stalls(self, call):
        call.send(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nab")
        call.stall()

    def garbles(self, call):
        call.send(b"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n")
        call.close()

    def early(self, call):
        """A response before the body of the request."""
        call.send(b"HTTP/1.1 413 No\r\nContent-Length: 2\r\nConnection: close\r\n\r\nno")
        call.close()

    def tunnel(self, call):
        call.send(b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\n"
                  b"Upgrade: websocket\r\n\r\n")
        call.send(call.wire.read_until(b"\n"))
        call.close()


class Clients:
    """One thread of clients with random behavior."""

    def __init__(self, address, seed):
        self.address = address
        self.mistakes = []  # of weir, towards well-behaved exchanges
        self._random = random.Random(seed)
        self._ways = (self.asks_well, self.asks_well, self.sends_well, self.asks, self.asks,
                      self.sends, self.sends_chunks, self.pipelines, self.leaves,
                      self.leaves_within_a_body, self.reads_little, self.tunnels, self.garbles)
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    def _run(self):
        for _ in range(EXCHANGES):
            client = Client(self.address)
            try:
                self._random.choice(self._ways)(client)
            except (OSError, CutShort):
                pass  # because of its own behavior, or its upstream's
            except Exception as error:
                self.mistakes.append(error)
            finally:
                client.close()

    def owed(self, reply, body):
        if (reply.status, reply.body) != (200, body):
            self.mistakes.append((reply.raw_head, reply.body[:100]))

    def asks_well(self, client):
        try:
            for _ in range(3):
                self.owed(client.request("/good"), b"good")
        except (OSError, CutShort) as error:
            self.mistakes.append(error)

    def sends_well(self, client):
        try:
            self.owed(client.request("/good", method="PUT", body=BODY), BODY)
        except (OSError, CutShort) as error:
            self.mistakes.append(error)

    def asks(self, client):
        for _ in range(3):
            client.request("/any")

    def sends(self, client):
        client.request("/any", method="POST", body=BODY)

    def sends_chunks(self, client):
        client.send(b"POST /any HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n")
        for _ in range(5):
            client.send(chunk(BODY))
        client.send(b"0\r\n\r\n")
        client.read_reply()

    def pipelines(self, client):
        client.send(5 * b"GET /any HTTP/1.1\r\nHost: a\r\n\r\n")
        for _ in range(5):
            client.read_reply()

    def leaves(self, client):
        client.send_request("/any")
        client.reset() if self._random.random() < 0.5 else client.close()

    def leaves_within_a_body(self, client):
        client.send(b"PUT /any HTTP/1.1\r\nHost: a\r\nContent-Length: 90000\r\n\r\n" + BODY)
        client.reset()

    def reads_little(self, client):
        client.send_request("/any")
        client.socket.recv(100)

    def tunnels(self, client):
        client.send_request("/good", headers=[("Connection", "Upgrade"), ("Upgrade", "websocket")])
        if client.read_reply().status == 101:
            client.send(b"hello\n")
            client.read_rest()

    def garbles(self, client):
        client.send(b"GET /any HTTP/1.1\r\nHost: a\r\nX : y\r\n\r\n" + BODY)
        client.read_rest()


class Chaos(IntegrationCase):
    def plan(self, generation, addresses):
        """The endpoints, the balancer and the name of the upstream change with each generation."""
        first = addresses[generation % 2:]
        listed = ", ".join(f'"{address}"' for address in first)
        balancer = ("round_robin", "least_request", "random")[generation % 3]
        return gateway(f"""
[[route]]
name = "all"
upstream = "u{generation % 4}"
timeout = "300ms"
idle_timeout = "300ms"
retry = {{ attempts = 2, on = ["connect-failure", "reset"], backoff.base = "1ms" }}
[[route]]
name = "good"
match.path_prefix = "/good"
upstream = "u{generation % 4}"
[upstream.u{generation % 4}]
discovery.static = [{listed}]
balancer = "{balancer}"
max_connections = 20
""" + LOG, workers=2, listener=LISTENER)

    def assert_nothing_left(self, weir):
        for gauge in ("weir_connections_active", "weir_requests_in_flight",
                      "weir_upstream_queue_depth"):
            self.assert_metric(weir, 0, gauge)
        poll.until(lambda: weir.metric("weir_upstream_connections_active")
                   == weir.metric("weir_upstream_connections_idle"), "no upstream is in use")
        self.assert_metric(weir, 1, "weir_config_active_generations")

    def test_nothing_is_left_behind(self):
        seed = int(os.environ.get("WEIR_CHAOS_SEED", "1"))
        upstreams = [self.upstream(Upstream(seed + number)) for number in range(3)]
        addresses = [upstream.address for upstream in upstreams]
        weir = self.weir(self.plan(0, addresses))
        clients = [Clients(weir.address(), seed + number) for number in range(6)]
        generation = 0
        while any(client.thread.is_alive() for client in clients):
            generation += 1
            weir.file.with_suffix(".new").write_text(self.plan(generation, addresses),
                                                     encoding="utf-8")
            os.replace(weir.file.with_suffix(".new"), weir.file)
            self.assertEqual(weir.admin("/reload", "POST")[0], 200)
            clients[0].thread.join(0.02)
        self.assertEqual([each for client in clients for each in client.mistakes], [])
        self.assert_nothing_left(weir)
        self.assertGreater(generation, 5)
        self.assertEqual(self.get(weir, "/good").body, b"good")


if __name__ == "__main__":
    unittest.main()
