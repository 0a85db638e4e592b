"""The filter rate_limit in the real binary."""

import json
import re
import threading
import time
import unittest
from pathlib import Path

import poll
from caller import Caller, Load
from integration_case import IntegrationCase, forward, gateway

ROOT = Path(__file__).resolve().parents[2]
CLOCK = 0.001  # seconds: workers decide by the time at which their turn began, in milliseconds


def limited(upstream, settings, workers=1, more=""):
    """A configuration whose only route has the filter."""
    return gateway(forward(upstream.address, route=(
        f"filters = [{{ rate_limit = {{ {settings} }} }}]")) + more, workers=workers)


class Exactness(IntegrationCase):
    RATE, BURST = 150, 300

    def answers(self, weir, callers, seconds):
        end = time.monotonic() + seconds
        threads = [Caller(weir.address(), end) for _ in range(callers)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return sorted(answer for thread in threads for answer in thread.answers)

    def test_workers_together_admit_the_burst_and_the_rate(self):
        weir = self.weir(limited(self.upstream(), (
            f"name = 'all', key = [], rate = '{self.RATE}/s', burst = {self.BURST}"), workers=2))
        answers = self.answers(weir, callers=8, seconds=2.5)
        allowed = sum(status == 200 for _, _, status in answers)
        refused = [answer for answer in answers if answer[2] == 429]
        self.assertEqual(allowed + len(refused), len(answers))
        self.assertTrue(refused, "the load did not reach the limit")
        # Every decision was made between the first request and the last response.
        whole = max(received for _, received, _ in answers) - answers[0][0]
        self.assertLessEqual(allowed, self.BURST + self.RATE * (whole + CLOCK))
        # When the last refused request was decided on, less than one unit was left: the bucket was
        # never full again after the first request, because that takes two seconds of silence.
        first = min(received for _, received, _ in answers)
        used = max(sent for sent, _, _ in refused) - first
        self.assertGreater(allowed, self.BURST + self.RATE * (used - CLOCK) - 1)
        self.assert_metric(weir, allowed, "weir_ratelimit_decisions_total", limiter="all",
                           decision="allow")
        self.assert_metric(weir, len(refused), "weir_ratelimit_decisions_total", limiter="all",
                           decision="deny")

    def test_places_in_flight_are_counted_by_all_workers(self):
        gate, stalling = threading.Event(), threading.Event()

        def answer(call):
            if stalling.is_set():
                call.stall()
            gate.wait(poll.PATIENCE)
            call.reply(b"hello\n")
        weir = self.weir(limited(self.upstream(answer), "in_flight = 5", workers=2))
        clients = [self.client(weir.address()) for _ in range(12)]
        for client in clients:
            client.send_request("/")
        self.assert_metric(weir, 7, "weir_ratelimit_decisions_total", decision="deny")
        gate.set()
        statuses = sorted(client.read_reply().status for client in clients)
        self.assertEqual(statuses, [200] * 5 + [429] * 7)
        # The connections stay open without occupying a place.
        poll.until(lambda: self.get(weir).status == 200, "a free place")
        # A request whose client goes away gives its place back as well.
        stalling.set()
        allowed = weir.metric("weir_ratelimit_decisions_total", decision="allow")
        for client in clients[:5]:
            client.send_request("/")
        self.assert_metric(weir, allowed + 5, "weir_ratelimit_decisions_total", decision="allow")
        self.assertEqual(self.get(weir).status, 429)
        stalling.clear()
        for client in clients[:5]:
            client.reset()
        poll.until(lambda: self.get(weir).status == 200, "a free place")


class Answers(IntegrationCase):
    def test_a_refusal(self):
        weir = self.weir(limited(self.upstream(), "rate = '1/m', name = 'api', headers = 'both'"))
        client = self.client(weir.address())
        allowed = client.request("/")
        self.assertEqual(allowed.status, 200)
        self.assertEqual(allowed.header("ratelimit-policy"), '"api";q=1;w=60')
        self.assertEqual(allowed.header("ratelimit"), '"api";r=0;t=60')
        self.assertEqual(allowed.header("x-ratelimit-remaining"), "0")
        refused = client.request("/")
        self.assertEqual((refused.status, refused.header("x-weir-reason")), (429, "rate_limited"))
        self.assertIn(refused.header("retry-after"), ("59", "60"))
        self.assertEqual(refused.header("content-type"), "application/problem+json")
        self.assertIn(b"http-problem-types#quota-exceeded", refused.body)
        self.assert_metric(weir, 1, "weir_local_replies_total", filter="rate_limit",
                           reason="rate_limited")

    def test_a_call_of_grpc(self):
        weir = self.weir(limited(self.upstream(), "rate = '1/m'"))
        client = self.client(weir.address())
        client.request("/")
        refused = client.request("/shop.Orders/Get", method="POST",
                                 headers=[("content-type", "application/grpc")])
        self.assertEqual((refused.status, refused.header("grpc-status")), (200, "8"))
        self.assertGreater(int(refused.header("grpc-retry-pushback-ms")), 50_000)

    def test_shadow_mode(self):
        weir = self.weir(limited(self.upstream(), "rate = '1/m', name = 'api', mode = 'shadow'"))
        client = self.client(weir.address())
        self.assertEqual([client.request("/").status for _ in range(4)], [200] * 4)
        self.assert_metric(weir, 3, "weir_ratelimit_decisions_total", limiter="api",
                           decision="shadow_deny")

    def test_keys_of_expressions(self):
        weir = self.weir(limited(self.upstream(), (
            "rate = '1/m', key = ['request.query[\"user\"]', 'route'], "
            "cost = 'request.headers[\"x-free\"] == \"yes\" ? 0 : 1'")))
        client = self.client(weir.address())

        def statuses(target, headers=()):
            return [client.request(target, headers=headers).status for _ in range(2)]
        self.assertEqual(statuses("/?user=ann"), [200, 429])
        self.assertEqual(statuses("/?user=bob"), [200, 429])
        self.assertEqual(statuses("/?user=bob", [("x-free", "yes")]), [200, 200])
        self.assertEqual(statuses("/"), [200, 429])

    def test_each_route_has_counts_of_its_own_unless_they_have_a_name(self):
        upstream = self.upstream()

        def route(path, settings):
            return (f'[[route]]\nmatch = {{ path = "{path}" }}\nupstream = "backend"\n'
                    f"filters = [{{ rate_limit = {{ rate = '1/m', {settings} }} }}]\n")
        weir = self.weir(gateway(
            route("/a", "burst = 1") + route("/b", "burst = 1") + route("/c", "name = 'x'") +
            route("/d", "name = 'x', headers = 'off'") + forward(upstream.address)))
        client = self.client(weir.address())
        statuses = [client.request(target).status for target in ("/a", "/b", "/a", "/c", "/d")]
        self.assertEqual(statuses, [200, 200, 429, 200, 429])


class Reloads(IntegrationCase):
    def test_counts_with_a_name_survive_other_settings(self):
        upstream = self.upstream()
        weir = self.weir(limited(upstream, "rate = '2/m', burst = 2, name = 'api'"))
        client = self.client(weir.address())
        self.assertEqual([client.request("/").status for _ in range(3)], [200, 200, 429])
        more = '[[route]]\nhosts = ["other.test"]\nrespond = { body = "new" }\n'
        weir.file.write_text(limited(
            upstream, "rate = '2/m', burst = 2, name = 'api', headers = 'legacy'", more=more),
            encoding="utf-8")
        weir.wait_for_line("configuration applied, generation 2")
        refused = self.get(weir)
        self.assertEqual(refused.status, 429)
        self.assertEqual(refused.header("x-ratelimit-remaining"), "0")

    def test_counts_survive_reloads_under_load(self):
        rate, burst = 150, 300
        upstream = self.upstream()

        def config(number):
            more = f'[[route]]\nhosts = ["other.test"]\nrespond = {{ body = "{number}" }}\n'
            return limited(upstream, (f"name = 'all', key = [], rate = '{rate}/s', "
                                      f"burst = {burst}"), workers=2, more=more)
        weir = self.weir(config(0))
        load = Load(weir)
        self.addCleanup(load.stop)
        for number in range(1, 11):
            answered = load.answered()
            weir.file.write_text(config(number), encoding="utf-8")
            weir.wait_for_line(f"configuration applied, generation {number + 1}")
            poll.until(lambda a=answered: load.answered() > a + burst, "requests")
        answers = load.stop()
        self.assertEqual({status for _, _, status in answers}, {200, 429})
        allowed = sum(status == 200 for _, _, status in answers)
        whole = max(received for _, received, _ in answers) - answers[0][0]
        self.assertLessEqual(allowed, burst + rate * (whole + CLOCK))

    def test_counts_survive_other_routes(self):
        upstream = self.upstream()
        weir = self.weir(limited(upstream, "rate = '1/m'"))
        self.assertEqual([self.get(weir).status for _ in range(2)], [200, 429])
        more = '[[route]]\nhosts = ["other.test"]\nrespond = { body = "new" }\n'
        weir.file.write_text(limited(upstream, "rate = '1/m'", more=more), encoding="utf-8")
        weir.wait_for_line("configuration applied, generation 2")
        self.assertEqual(self.get(weir).status, 429)

    def test_a_higher_rate_keeps_the_used_fraction(self):
        upstream = self.upstream()
        weir = self.weir(limited(upstream, "rate = '4/m', burst = 4, name = 'api'"))
        client = self.client(weir.address())
        self.assertEqual([client.request("/").status for _ in range(2)], [200, 200])
        more = '[[route]]\nhosts = ["other.test"]\nrespond = { body = "new" }\n'
        weir.file.write_text(limited(
            upstream, "rate = '8/m', burst = 8, name = 'api'", more=more), encoding="utf-8")
        weir.wait_for_line("configuration applied, generation 2")
        allowed = sum(self.get(weir).status == 200 for _ in range(8))
        self.assertIn(allowed, (4, 5))  # a unit comes back every 7.5 s


class Example(IntegrationCase):
    def test_the_example_loads_and_limits(self):
        text = (ROOT / "configs/rate_limit.toml").read_text(encoding="utf-8")
        upstream = self.upstream()
        text = re.sub(r'static = \["[^"]*"\]', f'static = ["{upstream.address}"]', text)
        weir = self.weir(re.sub(r'address = "[^"]*"', 'address = "127.0.0.1:0"', text))
        client = self.client(weir.address())
        account = [("x-account", "ann")]
        self.assertEqual(client.request("/login").status, 429)
        statuses = [client.request("/login", headers=account).status for _ in range(6)]
        self.assertEqual(statuses, [200] * 5 + [429])
        left = client.request("/reports/1").header("ratelimit")
        self.assertRegex(left, r'^"shop";r=19\d;t=1$')
        self.assertEqual(client.request("/").status, 200)

    def test_the_example_of_plans_loads_and_limits(self):
        text = (ROOT / "configs/rate_limit_plans.toml").read_text(encoding="utf-8")
        statuses = {"/login": "401 Unauthorized"}
        upstream = self.upstream(lambda call: call.reply(
            b"hello\n", statuses.get(call.request.target, "200 OK")))
        text = re.sub(r'static = \["[^"]*"\]', f'static = ["{upstream.address}"]', text)
        weir = self.weir(re.sub(r'\baddress = "[^"]*"', 'address = "127.0.0.1:0"', text))
        client = self.client(weir.address())

        def ask(target, account, plan=""):
            return client.request(target, headers=[("x-account", account), ("x-plan", plan)])
        self.assertEqual([ask("/", "ann").status for _ in range(3)], [200, 200, 429])
        self.assertEqual([ask("/", "bob", "gold").status for _ in range(6)], [200] * 5 + [429])
        self.assertIn('"api-1-gold";q=', ask("/", "bob", "gold").header("ratelimit-policy"))
        self.assertEqual([ask("/login", "ann").status for _ in range(4)], [401] * 3 + [429])


class Replicas(IntegrationCase):
    LIMIT = ("rate = '1/m', burst = 10, key = ['header:x-user'], name = 'api', "
             "share = 'replicas', peers = 'weir'")

    def list_instances(self, path, count):
        endpoints = [{"address": f"10.0.0.{number + 1}:80"} for number in range(count)]
        new = path.with_suffix(".new")
        new.write_text(json.dumps({"endpoints": endpoints}), encoding="utf-8")
        new.rename(path)

    def admitted(self, weir, user):
        client = self.client(weir.address())
        return sum(client.request("/", headers=[("x-user", user)]).status == 200
                   for _ in range(12))

    def test_the_limit_is_divided_among_the_listed_instances(self):
        more = '[upstream.weir]\ndiscovery = { file = "instances.json" }\n'
        weir = self.weir(limited(self.upstream(), self.LIMIT, workers=2, more=more), start=False)
        self.list_instances(weir.folder / "instances.json", 2)
        weir.start()
        self.assert_metric(weir, 2, "weir_ratelimit_share", limiter="api")
        self.assertEqual(self.admitted(weir, "ann"), 5)
        # A change is followed; shares are rounded up.
        self.list_instances(weir.folder / "instances.json", 4)
        self.assert_metric(weir, 4, "weir_ratelimit_share", limiter="api")
        poll.until(lambda: self.admitted(weir, f"user-{time.monotonic()}") == 3, "the new share")
        self.assertEqual(self.admitted(weir, "ann"), 0)

    def test_without_a_list_the_limit_is_not_divided(self):
        more = '[upstream.weir]\ndiscovery = { static = [] }\n'
        weir = self.weir(limited(self.upstream(), self.LIMIT, more=more))
        self.assertEqual(self.admitted(weir, "ann"), 10)


if __name__ == "__main__":
    unittest.main()
