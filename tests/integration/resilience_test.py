"""Breakers, retries, limits and deadlines of the real binary, with configs/resilience.toml."""

import json
import re
import threading
import time
import unittest

import poll
from caller import Caller
from fake_upstream import text
from integration_case import IntegrationCase
from weir_process import ROOT

ENDPOINTS = 3
BUSY = text(b"busy", status="503 Busy")


class ResilienceCase(IntegrationCase):
    def start(self, endpoints, **changes):
        """configs/resilience.toml with these endpoints; values of some keys are replaced."""
        config = (ROOT / "configs/resilience.toml").read_text(encoding="utf-8")
        config = re.sub(r'address = "[^"]*"', 'address = "127.0.0.1:0"', config)
        static = json.dumps([each.address for each in endpoints])
        config = re.sub(r"static = \[[^\]]*\]", f"static = {static}", config)
        for key, value in changes.items():
            config, count = re.subn(rf"\b{key} = [^,}}\n]+", f"{key} = {value}", config)
            self.assertEqual(count, 1, key)
        return self.weir("workers = 2\n" + config)

    def endpoints(self, answer=text(b"hello")):
        return [self.upstream(answer) for _ in range(ENDPOINTS)]


class Breakers(ResilienceCase):
    def test_an_endpoint_that_dies_costs_no_request(self):
        endpoints = self.endpoints()
        weir = self.start(endpoints)
        callers = [Caller(weir.address(), time.monotonic() + 2) for _ in range(4)]
        for caller in callers:
            caller.start()
        poll.until(lambda: len(endpoints[0].requests) > 20, "it is in use")
        endpoints[0].close()
        for caller in callers:
            caller.join()
        statuses = [status for caller in callers for _, _, status in caller.answers]
        self.assertEqual(set(statuses), {200})
        self.assertGreater(weir.metric("weir_outlier_ejections_total", enforced="true"), 0)

    def test_without_retries_a_few_requests_fail_until_it_is_ejected(self):
        endpoints = self.endpoints()
        weir = self.start(endpoints, attempts="0", backoff='"1h"')
        endpoints[0].close()
        client = self.client(weir.address())
        statuses = [client.request("/").status for _ in range(200)]
        self.assertLessEqual(statuses.count(502), 5, "consecutive_failures")
        self.assertGreaterEqual(statuses.count(502), 1)
        self.assertEqual(set(statuses[100:]), {200})
        self.assert_metric(weir, 1, "weir_outlier_ejected_endpoints", upstream="orders")
        page = json.loads(weir.admin("/upstreams")[1])["upstreams"][0]["endpoints"]
        ejected = [each["address"] for each in page if each.get("ejected")]
        self.assertEqual(ejected, [endpoints[0].address])

    def test_an_endpoint_that_recovers_returns_after_one_probe(self):
        failing = threading.Event()
        failing.set()
        upstreams = [self.upstream(lambda call: (BUSY if failing.is_set() else text(b"a"))(call)),
                     self.upstream(text(b"b")), self.upstream(text(b"c"))]
        weir = self.start(upstreams, attempts="0", backoff='"200ms"')
        client = self.client(weir.address())

        def ejected():
            client.request("/")
            return weir.metric("weir_outlier_ejected_endpoints") == 1
        poll.until(ejected, "it is out of use")
        failing.clear()

        def returned():
            client.request("/")
            return weir.metric("weir_outlier_ejected_endpoints") == 0
        poll.until(returned, "it is in use again")


class Storms(ResilienceCase):
    def test_failing_endpoints_are_not_overloaded_by_retries(self):
        endpoints = self.endpoints(BUSY)
        weir = self.start(endpoints, attempts="5", max_retries="0")
        began = time.monotonic()
        callers = [Caller(weir.address(), began + 3) for _ in range(4)]
        for caller in callers:
            caller.start()
        for caller in callers:
            caller.join()
        requests = sum(len(caller.answers) for caller in callers)
        seen = sum(len(each.requests) for each in endpoints)
        seconds = int(time.monotonic() - began) + 2  # of the clock, in which the requests came
        self.assertLessEqual(seen, 1.2 * requests + 10 * seconds)
        self.assertGreater(requests, 0)
        self.assertGreater(weir.metric("weir_retries_suppressed_total", reason="budget"), 0)


class Limits(ResilienceCase):
    def hold(self, weir, count):
        """Requests that the upstreams do not answer yet."""
        clients = [self.client(weir.address()) for _ in range(count)]
        for each in clients:
            each.send_request("/")
        return clients

    def test_requests_in_flight(self):
        release = threading.Event()

        def answer(call):
            release.wait(poll.PATIENCE)
            call.reply(b"late")
        weir = self.start(self.endpoints(answer), max_requests="3")
        held = self.hold(weir, 3)
        self.assert_metric(weir, 3, "weir_upstream_connections_active")
        refused = self.get(weir)
        self.assertEqual((refused.status, refused.header("x-weir-reason")),
                         (503, "limit_concurrency"))
        self.assert_metric(weir, 1, "weir_limit_rejections_total", scope="upstream",
                           resource="requests")
        release.set()
        self.assertEqual([each.read_reply().status for each in held], 3 * [200])
        self.assertEqual(self.get(weir).status, 200)


class Pauses(ResilienceCase):
    def test_retry_after_is_waited_for_within_its_limit(self):
        asked = {"1": 200, "3": 503}
        for seconds, status in asked.items():
            with self.subTest(seconds):
                first = threading.Event()

                def answer(call, seconds=seconds, first=first):
                    if first.is_set():
                        return call.reply(b"good")
                    first.set()
                    return call.reply(b"busy", status="503 Busy",
                                      headers=[("Retry-After", seconds)])
                weir = self.start(self.endpoints(answer))
                began = time.monotonic()
                self.assertEqual(self.get(weir).status, status)
                if status == 200:
                    self.assertGreaterEqual(time.monotonic() - began, 1)
                else:
                    self.assert_metric(weir, 1, "weir_retries_suppressed_total",
                                       reason="pushback")


if __name__ == "__main__":
    unittest.main()
