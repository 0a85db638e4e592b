"""Spans of requests and attempts, and the identity of their trace in headers."""

import os
import re
import unittest

import poll
from fake_upstream import closed_address, text
from integration_case import LOG, IntegrationCase, forward, gateway
from otlp_collector import OtlpCollector
from weir_process import ADMIN, ROOT

TRACE = "12345678901234567890123456789012"
SPAN = "1234567890123456"
PARENT = f"00-{TRACE}-{SPAN}-01"

SIDECAR = """
workers = 1
role = "sidecar"
[tracing]
endpoint = {{ upstream = "collector" }}
service_name = "{name}"
interval = "50ms"
[[listener]]
name = "public"
address = "127.0.0.1:0"
[[route]]
name = "{name}"
upstream = "next"
[upstream.next]
discovery = {{ static = ["{next}"] }}
[upstream.collector]
discovery = {{ static = ["{collector}"] }}
"""


class TracingCase(IntegrationCase):
    def setUp(self):
        super().setUp()
        self.collector = self.start_collector()

    def start_collector(self, port=0):
        collector = OtlpCollector(port)
        self.addCleanup(self._close, collector)
        return collector

    def tracing(self, settings="", collector=None):
        address = (collector or self.collector).address
        return (f'\n[tracing]\nendpoint = {{ upstream = "collector" }}\ninterval = "50ms"\n'
                f"{settings}\n[upstream.collector]\n"
                f'discovery = {{ static = ["{address}"] }}\n')

    def traced(self, rest, settings="", **parts):
        return self.weir(gateway(rest + self.tracing(settings), **parts))

    def assert_attributes(self, span, **expected):
        names = {name: name.replace("__", ".") for name in expected}
        found = {name: span.attributes.get(names[name]) for name in expected}
        self.assertEqual(found, expected)


class Spans(TracingCase):
    def test_a_request_and_its_attempt(self):
        upstream = self.upstream()
        weir = self.traced(forward(upstream.address) + LOG,
                           'service_name = "edge"\nresource = { "team.name" = "shop" }')
        self.assertEqual(self.get(weir, "/cart?page=2&token=secret", host="shop.test:81",
                                  headers=[("User-Agent", "test/1")]).status, 200)
        spans = self.collector.wait_for_spans(2)
        server = next(span for span in spans if span.kind == "server")
        client = next(span for span in spans if span.kind == "client")
        self.assertEqual(server.name, "GET all")
        self.assertEqual(client.name, "GET")
        self.assertEqual((server.parent_id, client.parent_id), ("", server.span_id))
        self.assertEqual(client.trace_id, server.trace_id)
        self.assertLessEqual(server.fields["start"], client.fields["start"])
        self.assertLessEqual(client.fields["start"], client.fields["end"])
        self.assertLessEqual(client.fields["end"], server.fields["end"])
        self.assertEqual(server.resource["service.name"], "edge")
        self.assertEqual(server.resource["team.name"], "shop")
        self.assert_attributes(server, http__request__method="GET", url__path="/cart",
                               url__query="page=2&token=REDACTED", url__scheme="http",
                               server__address="shop.test", server__port=81, http__route="all",
                               http__response__status_code=200, client__address="127.0.0.1",
                               network__protocol__version="1.1", user_agent__original="test/1")
        host, port = upstream.address.split(":")
        self.assert_attributes(client, network__peer__address=host, network__peer__port=int(port),
                               http__response__status_code=200, weir__upstream="backend",
                               url__full="http://shop.test:81/cart?page=2&token=REDACTED")
        sent = upstream.requests[0].header("traceparent")
        self.assertEqual(sent, f"00-{client.trace_id}-{client.span_id}-03")
        self.assertEqual(upstream.requests[0].header("tracestate"), "ot=th:0")
        self.assertEqual(self.log_lines(weir, 1)[0]["trace_id"], server.trace_id)
        self.assert_metric(weir, 2, "weir_otlp_exported_total", signal="traces")

    def test_each_attempt_has_a_span_of_its_own(self):
        answers = iter(["503 Service Unavailable", "200 OK"])
        upstream = self.upstream(lambda call: call.reply(b"", next(answers)))
        weir = self.traced(forward(upstream.address,
                                   route='retry = { attempts = 1, on = ["503"] }'))
        self.assertEqual(self.get(weir).status, 200)
        spans = self.collector.wait_for_spans(3)
        attempts = [span for span in spans if span.kind == "client"]
        by_resends = {span.attributes.get("http.request.resend_count"): span for span in attempts}
        self.assertEqual(set(by_resends), {None, 1})
        self.assertTrue(by_resends[None].failed)
        self.assertFalse(by_resends[1].failed)
        sent = [request.header("traceparent").split("-")[2] for request in upstream.requests]
        self.assertEqual(sent, [by_resends[None].span_id, by_resends[1].span_id])

    def test_a_failure_tells_its_reason(self):
        weir = self.traced(forward(closed_address(), route="retry = { attempts = 0 }"))
        self.assertEqual(self.get(weir).status, 502)
        spans = self.collector.wait_for_spans(2)
        for span in spans:
            self.assertTrue(span.failed)
            self.assertEqual(span.attributes["error.type"], "upstream_connect_refused")

    def test_the_last_spans_are_sent_when_the_process_ends(self):
        weir = self.weir(gateway(forward(self.upstream().address) +
                                 self.tracing().replace("50ms", "1m")))
        self.assertEqual(self.get(weir).status, 200)
        self.assertEqual(weir.stop(), 0)
        self.assertEqual(len(self.collector.spans()), 2)

    def test_compressed_with_a_key(self):
        weir = self.traced(forward(self.upstream().address),
                           'compression = "gzip"\nheaders = { x-key = "k" }')
        self.assertEqual(self.get(weir).status, 200)
        self.collector.wait_for_spans(2)
        self.assertEqual(self.collector.requests[0].header("x-key"), "k")
        self.assertEqual(self.collector.requests[0].header("content-encoding"), "gzip")
        self.assertNotIn('"k"', weir.admin("/config")[1])

    def test_a_reload_turns_it_on_and_off(self):
        upstream = self.upstream()
        plain = gateway(forward(upstream.address))
        weir = self.weir(plain)
        self.get(weir)
        self.assertIsNone(upstream.requests[0].header("traceparent"))
        weir.file.write_text(plain + self.tracing(), encoding="utf-8")
        weir.admin("/reload", "POST")
        self.get(weir)
        self.collector.wait_for_spans(2)
        weir.file.write_text(plain, encoding="utf-8")
        weir.admin("/reload", "POST")
        self.get(weir)
        self.assertIsNone(upstream.requests[2].header("traceparent"))
        self.assertEqual(len(self.collector.spans()), 2)


class Environment(TracingCase):
    def test_the_variables_of_opentelemetry(self):
        environment = dict(os.environ, OTEL_SERVICE_NAME="from-env", OTEL_TRACES_SAMPLER="always_on",
                           OTEL_EXPORTER_OTLP_ENDPOINT=f"http://{self.collector.address}")
        weir = self.weir(gateway(forward(self.upstream().address) +
                                 '[tracing]\ninterval = "50ms"\n'), env=environment)
        self.assertEqual(self.get(weir).status, 200)
        spans = self.collector.wait_for_spans(2)
        self.assertEqual(spans[0].resource["service.name"], "from-env")


class Sampling(TracingCase):
    def test_an_untrusted_client_is_linked(self):
        weir = self.traced(forward(self.upstream().address))
        self.get(weir, headers=[("traceparent", PARENT)])
        server = next(span for span in self.collector.wait_for_spans(2) if span.kind == "server")
        self.assertNotEqual(server.trace_id, TRACE)
        self.assertEqual(server.fields["links"][0]["trace_id"].hex(), TRACE)

    def test_a_trusted_proxy_is_the_parent(self):
        listener = ('[[listener]]\nname = "public"\naddress = "127.0.0.1:0"\n'
                    'trusted_proxies = ["127.0.0.1"]\n')
        weir = self.traced(forward(self.upstream().address), listener=listener)
        self.get(weir, headers=[("traceparent", PARENT)])
        server = next(span for span in self.collector.wait_for_spans(2) if span.kind == "server")
        self.assertEqual((server.trace_id, server.parent_id), (TRACE, SPAN))

    def test_failures_and_slow_requests_are_kept(self):
        def answer(call):
            call.reply(b"", "500 Internal Server Error" if call.request.target == "/bad" else
                       "200 OK")
        weir = self.traced(forward(self.upstream(answer).address),
                           'sample = "0%"\ntail = { errors = true }')
        self.get(weir, "/good")
        self.get(weir, "/bad")
        spans = self.collector.wait_for_spans(2)
        self.assertEqual(weir.stop(), 0)
        self.assertEqual(len(self.collector.spans()), 2)
        server = next(span for span in spans if span.kind == "server")
        self.assertEqual(server.attributes["url.path"], "/bad")
        self.assertEqual(server.attributes["weir.kept"], "tail")

    def test_b3_in_and_out(self):
        upstream = self.upstream()
        weir = self.traced(forward(upstream.address),
                           'accept = ["b3"]\nsend = ["b3multi"]\nparent = "all"')
        self.get(weir, headers=[("b3", f"{TRACE}-{SPAN}-1")])
        client = next(span for span in self.collector.wait_for_spans(2) if span.kind == "client")
        sent = upstream.requests[0]
        self.assertEqual(sent.header("x-b3-traceid"), TRACE)
        self.assertEqual(sent.header("x-b3-spanid"), client.span_id)
        self.assertEqual(sent.header("x-b3-sampled"), "1")
        self.assertIsNone(sent.header("b3"))
        self.assertIsNone(sent.header("traceparent"))


class Collector(TracingCase):
    def test_away_it_costs_spans_and_nothing_else(self):
        upstream = self.upstream()
        address = closed_address()
        port = int(address.split(":")[1])
        weir = self.weir(gateway(
            forward(upstream.address) + '[tracing]\ninterval = "10ms"\nqueue = 10\nbatch = 10\n'
            f'endpoint = "http://{address}"\n'))
        client = self.client(weir.address())
        for _ in range(2_000):
            self.assertEqual(client.request("/" + 1_000 * "x").status, 200)
        self.assert_metric(weir, 0, "weir_otlp_exported_total")
        poll.until(lambda: weir.metric("weir_otlp_requests_total", result="retried") > 0, "tries")
        queued = weir.metric("weir_otlp_queue_records", signal="traces")
        self.assertGreaterEqual(queued, 10)
        self.assertLess(queued, 200)  # the queue and a block of a worker
        poll.until(lambda: weir.metric("weir_otlp_dropped_total", cause="queue_full") > 0, "drops")
        dropped = weir.metric("weir_otlp_dropped_total", cause="queue_full")
        collector = self.start_collector(port)
        poll.until(lambda: weir.metric("weir_otlp_exported_total") + dropped == 4_000,
                   "what was kept is sent", 60)
        self.assertEqual(len(collector.spans()) + dropped, 4_000)

    def test_its_wish_to_wait_is_respected(self):
        self.collector.refusal = ("429 Too Many Requests", [("Retry-After", "1")])
        weir = self.traced(forward(self.upstream().address))
        self.get(weir)
        poll.until(lambda: weir.metric("weir_otlp_requests_total", result="retried") == 1, "a try")
        self.collector.refusal = None
        self.collector.wait_for_spans(2)
        self.assertEqual(len(self.collector.requests), 2)

    def test_what_it_refuses_is_not_repeated(self):
        self.collector.refusal = ("400 Bad Request", [])
        weir = self.traced(forward(self.upstream().address))
        self.get(weir)
        self.assert_metric(weir, 2, "weir_otlp_dropped_total", signal="traces", cause="refused")
        self.assertEqual(len(self.collector.requests), 1)
        weir.wait_for_line("the collector refuses traces: status 400")


class WholeTrace(TracingCase):
    def test_gateway_two_sidecars_and_services(self):
        """A gateway, the outbound sidecar of a service, and the inbound one of the next."""
        orders = self.upstream(text(b"orders\n"))
        inbound = self.weir(ADMIN + SIDECAR.format(name="orders", next=orders.address,
                                           collector=self.collector.address))
        outbound = self.weir(ADMIN + SIDECAR.format(name="shop", next=inbound.address(),
                                            collector=self.collector.address))

        def shop(call):
            sidecar = self.client(outbound.address())
            passed = [(name, value) for name, value in call.request.headers
                      if name in ("traceparent", "tracestate")]
            call.reply(sidecar.request("/orders", headers=passed).body)
        gate = self.traced(forward(self.upstream(shop).address), 'service_name = "edge"')
        self.assertEqual(self.get(gate).body, b"orders\n")
        spans = self.collector.wait_for_spans(6)
        self.assertEqual(len({span.trace_id for span in spans}), 1)
        by_id = {span.span_id: span for span in spans}
        at = next(span for span in spans if span.span_id ==
                  orders.requests[0].header("traceparent").split("-")[2])
        path = []
        while at is not None:
            path.append((at.resource["service.name"], at.kind))
            at = by_id.get(at.parent_id)
        self.assertEqual(path, [("orders", "client"), ("orders", "server"), ("shop", "client"),
                                ("shop", "server"), ("edge", "client"), ("edge", "server")])


class Logs(TracingCase):
    def test_records_of_the_access_log(self):
        upstream = self.upstream()
        weir = self.traced(forward(upstream.address) + (
            '\n[[access_log]]\nwhen = "response.status == 200"\n[access_log.otlp]\n'
            'endpoint = { upstream = "collector" }\ninterval = "50ms"\nservice_name = "edge"\n'))
        self.assertEqual(self.get(weir, "/a?code=1").status, 200)
        record = self.collector.wait_for_logs(1)[0]
        server = next(span for span in self.collector.wait_for_spans(2) if span.kind == "server")
        self.assertEqual(record.trace_id, server.trace_id)
        self.assertEqual(record.resource["service.name"], "edge")
        self.assertEqual(record.fields["event_name"], "http.server.request")
        self.assert_attributes(record, url__path="/a", url__query="code=REDACTED",
                               http__route="all", http__response__status_code=200,
                               http__response__body__size=6)
        self.assert_metric(weir, 1, "weir_otlp_exported_total", signal="logs")


class Example(TracingCase):
    def test_the_example_traces(self):
        upstream = self.upstream(text(b"", status="503 Service Unavailable"))
        example = (ROOT / "configs/tracing.toml").read_text(encoding="utf-8")
        addresses = iter((upstream.address, self.collector.address))
        example = re.sub(r'static = \["[^"]*"\]',
                         lambda _: f'static = ["{next(addresses)}"]', example)
        example = re.sub(r'address = "[^"]*"', 'address = "127.0.0.1:0"', example)
        weir = self.weir(example)
        self.assertEqual(self.get(weir).status, 503)
        spans = self.collector.wait_for_spans(3)  # the tail keeps failures
        self.assertEqual({span.resource["service.name"] for span in spans}, {"edge"})
        self.assertEqual({span.resource["deployment.environment.name"] for span in spans},
                         {"production"})


if __name__ == "__main__":
    unittest.main()
