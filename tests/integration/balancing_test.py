#!/usr/bin/env python3
"""Balancing with real servers: latency, failures, priorities, panic, keys and sessions."""

import json
import re
import threading
import unittest
from collections import Counter

from fake_upstream import text
from integration_case import IntegrationCase, forward, gateway
from weir_process import ROOT


def after(seconds, body, **parts):
    """Replies after a time."""
    def answer(call):
        call.read_body()
        threading.Event().wait(seconds)  # the latency of this server
        call.reply(body, **parts)
    return answer


class Balancing(IntegrationCase):
    def servers(self, *answers):
        return [self.upstream(answer).address for answer in answers]

    def bodies(self, weir, count, **parts):
        """How often each body was received on one connection."""
        client = self.client(weir.address())
        return Counter(client.request("/", **parts).body for _ in range(count))

    def endpoints(self, weir):
        return json.loads(weir.admin("/upstreams")[1])["upstreams"][0]["endpoints"]


class Latency(Balancing):
    def test_a_slow_endpoint_gets_few_requests(self):
        addresses = self.servers(after(0.01, b"fast"), after(0.01, b"fast"), after(0.1, b"slow"))
        weir = self.weir(gateway(forward(*addresses)))
        counts = self.bodies(weir, 300)
        self.assertLess(counts[b"slow"], 0.05 * 300)
        latencies = [one["expected_latency_ms"] for one in self.endpoints(weir)]
        self.assertGreater(latencies[2], max(latencies[:2]))

    def test_an_endpoint_that_fails_at_once_gets_few_requests(self):
        addresses = self.servers(after(0.01, b"good"), after(0.01, b"good"),
                                 text(b"bad", status="503 Service Unavailable"))
        counts = self.bodies(self.weir(gateway(forward(*addresses))), 300)
        self.assertLess(counts[b"bad"], 0.02 * 300)


class State(Balancing):
    def test_the_next_priority_takes_what_the_first_cannot(self):
        good, bad, spare = self.servers(
            text(b"good"), text(b"bad", status="503 Service Unavailable"), text(b"spare"))
        weir = self.weir(gateway(
            '[[route]]\nupstream = "backend"\n[upstream.backend]\nbalancer = "round_robin"\n'
            'guards = [{ breaker = { consecutive_failures = 1, backoff = "10m" } }]\n'
            f'discovery.static = ["{good}", "{bad}", {{ address = "{spare}", priority = 1 }}]\n'))
        while b"bad" not in self.bodies(weir, 1):
            pass
        counts = self.bodies(weir, 400)
        self.assertEqual(set(counts), {b"good", b"spare"})
        self.assertTrue(60 < counts[b"spare"] < 180, counts)  # 30 %
        states = [(one["state"], one.get("priority", 0)) for one in self.endpoints(weir)]
        self.assertEqual(states, [("healthy", 0), ("ejected", 0), ("healthy", 1)])
        self.assertEqual(self.endpoints(weir)[1]["ejected_by_workers"], 1)

    def test_if_few_are_usable_all_are_used(self):
        good, bad = self.servers(text(b"good"), text(b"bad", status="503 Service Unavailable"))
        breaker = '"round_robin"\nguards = [{ breaker = { consecutive_failures = 1 } }]\n'
        weir = self.weir(gateway(forward(
            good, bad, upstream=f"balancer = {breaker}panic_threshold = '60%'")))
        counts = self.bodies(weir, 20)
        self.assertEqual(set(counts), {b"good", b"bad"})
        self.assertAlmostEqual(counts[b"bad"], 10, delta=1)  # an ejection restarts the round
        self.assert_metric(weir, 1, "weir_upstream_panic", upstream="backend")

    def test_slow_start_is_shown_and_limits_an_added_endpoint(self):
        one, two = self.upstream(text(b"old")), self.upstream(text(b"old"))
        added = self.upstream(text(b"new"))
        weir = self.weir("", start=False)
        file = weir.folder / "endpoints"
        file.write_text(f"{one.address}\n{two.address}\n", encoding="utf-8")
        weir.file.write_text(gateway(
            '[[route]]\nupstream = "backend"\n[upstream.backend]\nbalancer = "random"\n'
            'slow_start = { window = "1h", min_weight = "1%" }\n'
            'discovery.file = "endpoints"\n'), encoding="utf-8")
        weir.start()
        self.assertEqual(self.bodies(weir, 20), {b"old": 20})
        file.write_text(f"{one.address}\n{two.address}\n{added.address}\n", encoding="utf-8")
        self.assert_metric(weir, 3, "weir_upstream_endpoints", upstream="backend")
        states = {one["address"]: one["state"] for one in self.endpoints(weir)}
        self.assertEqual(states, {one.address: "healthy", two.address: "healthy",
                                  added.address: "warming"})
        self.assertLess(self.bodies(weir, 400)[b"new"], 40)  # 0.5 %


SESSION = """
[[route]]
split = [{{ upstream = "a", weight = {weight} }}, {{ upstream = "b", weight = 1 }}]
session_persistence = {{ cookie = "s"{more} }}
[upstream.a]
discovery.file = "a"
balancer = "round_robin"
[upstream.b]
discovery.static = ["{b}"]
"""


class Sessions(Balancing):
    def start(self, weight=1_000_000, more=""):
        """Upstream "a" with 2 endpoints, of which a file tells, and rarely upstream "b"."""
        self.one, self.two = self.upstream(text(b"1")), self.upstream(text(b"2"))
        self.other = self.upstream(text(b"b"))
        weir = self.weir("", start=False)
        self.file = weir.folder / "a"
        self.list(self.one.address, self.two.address)
        weir.file.write_text(gateway(SESSION.format(
            weight=weight, more=more, b=self.other.address)), encoding="utf-8")
        return weir.start()

    def list(self, *lines):
        self.file.write_text("\n".join(lines) + "\n", encoding="utf-8")

    def visit(self, client, cookie=None):
        """The body of the response, and the cookie that the client has then."""
        headers = [("Cookie", f"other=1; s={cookie}")] if cookie else []
        reply = client.request("/", headers=headers)
        given = [value for name, value in reply.headers if name.lower() == "set-cookie"]
        if not given:
            return reply, cookie
        self.assertEqual(len(given), 1)
        return reply, given[0].split(";")[0].removeprefix("s=")

    def test_a_client_stays_at_its_endpoint(self):
        weir = self.start()
        client = self.client(weir.address())
        first, cookie = self.visit(client)
        seen = set()
        for _ in range(6):
            reply, kept = self.visit(client, cookie)
            self.assertEqual((reply.body, kept), (first.body, cookie))
            seen.add(self.visit(client)[0].body)
        self.assertEqual(seen, {b"1", b"2"})
        self.assertEqual(self.visit(client, cookie[:-2] + "AA")[0].status, 200)

    def test_a_session_survives_a_split(self):
        weir = self.start(weight=1)
        client = self.client(weir.address())
        cookies = {}
        while set(cookies) != {b"1", b"2", b"b"}:
            reply, cookie = self.visit(client)
            cookies[reply.body] = cookie
        for body, cookie in cookies.items():
            bodies = {self.visit(client, cookie)[0].body for _ in range(10)}
            self.assertEqual(bodies, {body})

    def test_a_draining_endpoint_keeps_its_clients_and_one_that_left_loses_them(self):
        weir = self.start()
        client = self.client(weir.address())
        cookie = None
        while (reply := self.visit(client))[0].body != b"1":
            pass
        cookie = reply[1]
        self.list(f"{self.one.address} draining=true", self.two.address)
        self.assert_metric(weir, 1, "weir_upstream_endpoints", upstream="a", state="draining")
        self.assertEqual(self.visit(client, cookie)[0].body, b"1")
        self.assertEqual(self.visit(client)[0].body, b"2")
        self.list(self.two.address)
        self.assert_metric(weir, 1, "weir_upstream_endpoints", upstream="a")
        reply, renewed = self.visit(client, cookie)
        self.assertEqual(reply.body, b"2")
        self.assertNotEqual(renewed, cookie)
        self.assertEqual(self.visit(client, renewed)[1], renewed)

    def test_a_strict_session_waits_for_its_endpoint(self):
        weir = self.start(more=", strict = true")
        client = self.client(weir.address())
        while (reply := self.visit(client))[0].body != b"1":
            pass
        cookie = reply[1]
        self.list(self.two.address)
        self.assert_metric(weir, 1, "weir_upstream_endpoints", upstream="a")
        refused = client.request("/", headers=[("Cookie", f"s={cookie}")])
        self.assertEqual(refused.status, 503)
        self.assertIn(("no_healthy_upstream"), [value for _, value in refused.headers])
        self.list(self.one.address, self.two.address)
        self.assert_metric(weir, 2, "weir_upstream_endpoints", upstream="a")
        self.assertEqual(self.visit(client, cookie)[0].body, b"1")


class Example(Balancing):
    def test_the_example_keeps_users_and_carts_where_they_are(self):
        """configs/load_balancing.toml, with servers of the test."""
        config = (ROOT / "configs/load_balancing.toml").read_text(encoding="utf-8")
        ports = sorted(set(re.findall(r"127\.0\.0\.1:(5\d{4})", config)))
        for port in ports:
            server = self.upstream(text(port.encode()))
            config = config.replace(f"127.0.0.1:{port}", server.address)
        config = re.sub(r"127\.0\.0\.1:(9901|8080)", "127.0.0.1:0", config)
        weir = self.weir(config)
        client = self.client(weir.address())

        def bodies(target, headers=(), count=20):
            return {client.request(target, headers=list(headers)).body for _ in range(count)}
        self.assertEqual(len(bodies("/carts/7")), 1)
        self.assertEqual(len(set().union(*(bodies(f"/carts/{n}", count=1) for n in range(40)))), 3)
        versions = {body == b"50073" for body in bodies("/shop", [("Cookie", "user=ann")])}
        self.assertEqual(len(versions), 1)
        reply = client.request("/shop")
        (cookie,) = [value.split(";")[0] for name, value in reply.headers
                     if name.lower() == "set-cookie"]
        self.assertEqual(bodies("/shop", [("Cookie", cookie)]), {reply.body})
        self.assertNotIn(b"50083", bodies("/"))  # of priority 1


if __name__ == "__main__":
    unittest.main()
