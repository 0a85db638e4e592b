"""Active health checks in the real binary, with endpoints that fail and recover."""

import concurrent.futures
import json
import re
import threading
import unittest
from pathlib import Path

import grpc
import poll
from fake_upstream import closed_address, text
from integration_case import IntegrationCase, forward, gateway
from tcp_upstream import TcpUpstream, naming
from tls_case import TlsCase

ROOT = Path(__file__).resolve().parents[2]
FAST = 'interval = "20ms"\nunhealthy_interval = "20ms"\ntimeout = "10s"\n'


class Service:
    """An HTTP server with a health that the test changes."""

    def __init__(self, case, name):
        self.name = name
        self.healthy = True
        self.checks = 0
        self.served = 0
        self._lock = threading.Lock()
        self.server = case.upstream(self._answer)
        self.address = self.server.address

    def _answer(self, call):
        check = call.request.first_line.startswith("GET /healthz ")
        with self._lock:
            self.checks += check
            self.served += not check
        if check and not self.healthy:
            return call.reply(b"no", "500 Internal Server Error")
        return call.reply(self.name)


class HealthCase(IntegrationCase):
    def health(self, weir, address, upstream="backend"):
        """What /upstreams shows about the health of an endpoint."""
        page = json.loads(weir.admin("/upstreams")[1])["upstreams"]
        found = [each for one in page if one["name"] == upstream
                 for each in one["endpoints"] if each["address"] == address]
        return found[0].get("health") if found else None

    def await_health(self, weir, address, state, upstream="backend"):
        return poll.until(lambda: (seen := self.health(weir, address, upstream)) is not None
                          and seen["state"] == state and seen, f"{address} is {state}")

    def await_checks(self, service, more=2):
        """Until further checks have begun, so that the results of earlier ones have arrived."""
        wanted = service.checks + more
        poll.until(lambda: service.checks >= wanted, "further checks")

    def checked(self, kind, *endpoints, upstream=""):
        return self.weir(gateway(forward(
            *endpoints, upstream=f"{upstream}\n[upstream.backend.health_check]\n{kind}\n{FAST}")))


class Http(HealthCase):
    def test_the_example_takes_an_endpoint_out_and_back(self):
        config = (ROOT / "configs/health_checks.toml").read_text(encoding="utf-8")
        first, second = Service(self, b"first"), Service(self, b"second")
        for old, new in ((":8080", ":0"), (":9901", ":0"), ('"5s"', '"20ms"'),
                         ('"2s"', '"20ms"'), ('"1s"', '"10s"')):
            config = config.replace(old, new)
        servers = json.dumps([first.address, second.address])
        config = re.sub(r"static = \[.*\]", f"static = {servers}", config)
        config = config.replace("[upstream.orders]\n",
                                '[upstream.orders]\nbalancer = "round_robin"\n')
        weir = self.weir(config)
        self.await_health(weir, first.address, "healthy", "orders")
        self.await_health(weir, second.address, "healthy", "orders")
        self.assertEqual({self.get(weir).body for _ in range(50)}, {b"first", b"second"})
        first.healthy = False
        seen = self.await_health(weir, first.address, "unhealthy", "orders")
        self.assertEqual((seen["last_check"]["result"], seen["last_check"]["detail"]),
                         ("status", "status 500"))
        weir.wait_for_line(f"upstream orders: {first.address} is unhealthy: status 500")
        self.assert_metric(weir, 1, "weir_upstream_endpoints", upstream="orders", state="unhealthy")
        self.assert_metric(weir, 1, "weir_upstream_endpoints", upstream="orders", state="healthy")
        self.get(weir)  # the worker has heard of it once a request after the report is answered
        poll.until(lambda: self.get(weir).body == b"second", "the worker has heard of it")
        served = first.served
        self.assertEqual({self.get(weir).body for _ in range(50)}, {b"second"})
        self.assertEqual(first.served, served)
        first.healthy = True
        self.await_health(weir, first.address, "healthy", "orders")
        poll.until(lambda: self.get(weir).body == b"first", "traffic to the first endpoint")
        self.assert_metric(weir, 0, "weir_upstream_endpoints", upstream="orders", state="unhealthy")

    def test_all_unhealthy_is_503(self):
        service = Service(self, b"hello")
        service.healthy = False
        weir = self.checked('http = "/healthz"', service.address)
        # The first check has decided before weir was ready.
        reply = self.get(weir)
        self.assertEqual((reply.status, reply.header("x-weir-reason")),
                         (503, "no_healthy_upstream"))
        service.healthy = True
        poll.until(lambda: self.get(weir).status == 200, "the endpoint is used")

    def test_what_discovery_finds_is_checked(self):
        first, second = Service(self, b"first"), Service(self, b"second")
        second.healthy = False
        weir = self.weir(gateway(
            '[[route]]\nname = "all"\nupstream = "backend"\n[upstream.backend]\n'
            'balancer = "round_robin"\n'
            'discovery = { file = "endpoints" }\n[upstream.backend.health_check]\n'
            f'http = "/healthz"\ninitial = "unhealthy"\n{FAST}'), start=False)
        file = weir.folder / "endpoints"
        file.write_text(f"{first.address}\n", encoding="utf-8")
        weir.start()
        self.assertEqual(self.get(weir).body, b"first")
        file.with_suffix(".new").write_text(f"{first.address}\n{second.address}\n",
                                            encoding="utf-8")
        file.with_suffix(".new").rename(file)
        self.await_health(weir, second.address, "unhealthy")
        self.await_checks(second)
        self.assertEqual({self.get(weir).body for _ in range(50)}, {b"first"})
        self.assertEqual(second.served, 0)
        second.healthy = True
        poll.until(lambda: self.get(weir).body == b"second", "traffic to the second endpoint")

    def test_results_are_kept_over_a_reload(self):
        first, second = Service(self, b"first"), Service(self, b"second")
        first.healthy = False
        weir = self.checked('http = "/healthz"', first.address, second.address,
                            upstream='balancer = "round_robin"')
        seen = self.await_health(weir, first.address, "unhealthy")
        config = weir.file.read_text(encoding="utf-8")
        weir.file.write_text(config + '[upstream.other]\ndiscovery = { static = ["127.0.0.1:1"] }\n',
                             encoding="utf-8")
        self.assertEqual(json.loads(weir.admin("/reload", "POST")[1])["result"], "applied")
        self.assertEqual(self.health(weir, first.address)["since"], seen["since"])
        self.assertEqual({self.get(weir).body for _ in range(20)}, {b"second"})
        weir.file.write_text(config[:config.index("[upstream.backend.health_check]")],
                             encoding="utf-8")
        self.assertEqual(json.loads(weir.admin("/reload", "POST")[1])["result"], "applied")
        self.assertIsNone(self.health(weir, first.address))
        poll.until(lambda: self.get(weir).body == b"first", "traffic without checks")

    def test_a_refused_connection(self):
        address = closed_address()
        weir = self.checked('http = "/"', address)
        seen = self.await_health(weir, address, "unhealthy")
        self.assertEqual(seen["last_check"]["result"], "connect")

    def test_checks_are_no_traffic(self):
        service = Service(self, b"hello")
        weir = self.checked('http = "/healthz"', service.address)
        self.await_checks(service, 5)
        self.assertEqual(self.get(weir).status, 200)
        self.assert_metric(weir, 1, "weir_upstream_requests_total", upstream="backend")
        self.assertGreaterEqual(weir.metric("weir_health_checks_total", upstream="backend",
                                            result="success"), 5)
        self.assert_metric(weir, 1, "weir_health_transitions_total", upstream="backend",
                           to="healthy")


class Tcp(HealthCase):
    def test_the_answer_is_compared(self):
        good, bad = TcpUpstream(naming(b"220 mail")), TcpUpstream(naming(b"554 no"))
        self.addCleanup(good.close)
        self.addCleanup(bad.close)
        weir = self.checked('tcp = { expect = "220 " }', good.address, bad.address)
        self.await_health(weir, good.address, "healthy")
        seen = self.await_health(weir, bad.address, "unhealthy")
        self.assertEqual(seen["last_check"]["result"], "body")


class Tls(HealthCase, TlsCase):
    def test_the_tls_of_the_upstream_is_used(self):
        weir = self.weir("", start=False)
        self.authority(weir.folder, "edge", "other")
        good, bad = (TcpUpstream(lambda peer: peer.recv(100), context=self.server_context(
            weir, name)) for name in ("edge", "other"))
        for each in (good, bad):
            self.addCleanup(each.close)
        weir.file.write_text(gateway(forward(good.address, bad.address, upstream=(
            'tls = { ca = "ca/root.crt", server_name = "edge.test" }\n'
            f"[upstream.backend.health_check]\ntcp = {{}}\n{FAST}"))), encoding="utf-8")
        weir.start()
        self.await_health(weir, good.address, "healthy")
        seen = self.await_health(weir, bad.address, "unhealthy")
        self.assertEqual(seen["last_check"]["result"], "tls")


class Grpc(HealthCase):
    def test_the_health_service_decides(self):
        status = [b"\x08\x01"]
        asked = []

        def check(request, _):
            asked.append(request)
            return status[0]
        server = grpc.server(concurrent.futures.ThreadPoolExecutor(max_workers=4))
        server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(
            "grpc.health.v1.Health", {"Check": grpc.unary_unary_rpc_method_handler(check)}),))
        address = f'127.0.0.1:{server.add_insecure_port("127.0.0.1:0")}'
        server.start()
        self.addCleanup(lambda: server.stop(None).wait())
        weir = self.checked('grpc = "orders"', address, upstream='protocol = "http2"')
        self.await_health(weir, address, "healthy")
        self.assertEqual(asked[0], b"\x0a\x06orders")
        status[0] = b"\x08\x02"
        seen = self.await_health(weir, address, "unhealthy")
        self.assertEqual(seen["last_check"]["result"], "not_serving")
        status[0] = b"\x08\x01"
        self.await_health(weir, address, "healthy")


class Settings(HealthCase):
    def assert_refused(self, upstream, message):
        weir = self.weir(gateway(forward("127.0.0.1:1", upstream=upstream)), start=False)
        weir.launch()
        weir.wait_for_line(message)
        self.assertEqual(weir.wait(), 2)

    def test_mistakes_are_refused(self):
        self.assert_refused("health_check = {}", "http")
        self.assert_refused('health_check = { grpc = "" }',
                            "health_check: uses gRPC, but the endpoints speak HTTP/1")
        self.assert_refused('health_check = { http = "/" }\nproxy_protocol = "v1"',
                            "health_check: can only be tcp with proxy_protocol")
        self.assert_refused('health_check = { http = { expected_statuses = ["2xx"] } }',
                            "is neither a status nor a range")


if __name__ == "__main__":
    unittest.main()
