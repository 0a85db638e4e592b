#!/usr/bin/env python3
"""All metric families and the fields of the admin pages, compared with the counts of the test."""

import calendar
import http.client
import json
import re
import socket
import ssl
import threading
import time
import unittest

import poll
from fake_upstream import closed_address, text
from filter_metrics import FilterMetricsCase
from http2_wire import PING, Http2Client, frame
from integration_case import LISTENER, forward, gateway
from otlp_collector import OtlpCollector
from tcp_upstream import TcpUpstream, echo
from weir_process import ADMIN, ROOT

CONFIG = """
workers = 1
{admin}
[[access_log]]
file = "access.log"
[[listener]]
name = "public"
address = "127.0.0.1:0"
[[listener]]
name = "secure"
address = "127.0.0.1:0"
tls = {{ certificates = [{{ cert = "ca/edge.crt", key = "ca/edge.key" }}] }}
[[listener]]
name = "tcp"
address = "127.0.0.1:0"
protocol = "tcp"
upstream = "echo"
[[listener]]
name = "either"
address = "127.0.0.1:0"
upstream = "echo"
[[listener]]
name = "proxied"
address = "127.0.0.1:0"
proxy_protocol = "required"
proxy_protocol_from = ["127.0.0.1"]
[[listener]]
name = "small"
address = "127.0.0.1:0"
max_connections = 1
[[route]]
name = "ok"
match.path_prefix = "/ok"
upstream = "good"
[[route]]
name = "named"
match.path_prefix = "/named"
upstream = "named"
[[route]]
name = "retry"
match.path_prefix = "/retry"
upstream = "flaky"
retry = {{ attempts = 1, on = ["503"] }}
[[route]]
name = "down"
match.path_prefix = "/down"
upstream = "down"
retry = {{ attempts = 0 }}
[[route]]
name = "mirrored"
match.path_prefix = "/mirrored"
upstream = "good"
mirror = ["copy"]
[[route]]
name = "slow"
match.path_prefix = "/slow"
upstream = "slow"
timeout = "50ms"
[[route]]
name = "queue"
match.path_prefix = "/queue"
upstream = "narrow"
[[route]]
name = "tls"
match.path_prefix = "/tls"
upstream = "tls"
[[register]]
service = "orders"
consul.server = "http://{down}"
address = "10.0.0.1:80"
[upstream.good]
discovery = {{ static = ["{good}"] }}
balancer = "round_robin"
[upstream.named]
discovery = {{ dns = "localhost:{named_port}" }}
[upstream.flaky]
discovery = {{ static = ["{flaky}"] }}
[upstream.down]
discovery = {{ static = ["{down}"] }}
[upstream.copy]
discovery = {{ static = ["{copy}"] }}
[upstream.slow]
discovery = {{ static = ["{slow}"] }}
[upstream.narrow]
discovery = {{ static = ["{narrow}"] }}
max_connections = 1
[upstream.tls]
discovery = {{ static = ["{secure}"] }}
tls = {{ ca = "ca/root.crt", server_name = "edge.test" }}
[upstream.echo]
discovery = {{ static = ["{echo}"] }}
health_check = {{ tcp = {{}}, interval = "1h" }}
"""


def families():
    """The rows of docs/metrics.md: family -> (type, labels)."""
    page = (ROOT / "docs/metrics.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `(\w+)` \| (\w+) \| ([^|]*) \|", page, re.MULTILINE)
    return {name: (kind, set(re.findall(r"`(\w+)`", labels))) for name, kind, labels in rows}


def declared():
    """Every family that a source declares: name -> the class of its declaration."""
    found = {}
    for folder in ("core", "gateway", "mesh", "observability", "tools/weir"):
        for path in (ROOT / folder).rglob("*.h"):
            text = path.read_text(encoding="utf-8")
            found.update((name, kind.lower()) for kind, name in
                         re.findall(r'\b(Counter|Gauge|Histogram)Family \w+\{\s*"(\w+)"', text))
    return found


class Families(unittest.TestCase):
    def test_each_one_that_a_module_declares_is_on_the_page(self):
        self.assertEqual({name: kind for name, (kind, _) in families().items()}, declared())


class EveryFamily(FilterMetricsCase):
    def setUp(self):
        super().setUp()
        self.release = threading.Event()
        self.addCleanup(self.release.set)

    def start(self):
        flaky = iter(["503 Service Unavailable", "200 OK"])

        def hold(call):
            self.release.wait(poll.PATIENCE)
            call.reply(b"late")
        tcp = TcpUpstream(echo)
        self.addCleanup(tcp.close)
        self.good = self.upstream(text(b"hello\n"))
        self.named = self.upstream(text(b"hello\n"))
        weir = self.weir("", start=False)
        self.authority(weir.folder, "edge")
        self.secure = self.tls_upstream(weir)
        weir.file.write_text(CONFIG.format(
            admin=ADMIN, good=self.good.address, named_port=self.named.address.split(":")[1],
            flaky=self.upstream(lambda call: call.reply(b"", next(flaky))).address,
            down=closed_address(),
            copy=self.upstream(text(b"copy", status="500 Internal Server Error")).address,
            slow=self.upstream(lambda call: call.stall()).address,
            narrow=self.upstream(hold).address, secure=self.secure, echo=tcp.address),
            encoding="utf-8")
        return weir.start()

    def tls_upstream(self, weir):
        """An HTTPS server that sends one response per connection."""
        listening = socket.create_server(("127.0.0.1", 0))
        context = self.server_context(weir, "edge")

        def serve():
            while True:
                try:
                    plain, _ = listening.accept()
                except OSError:
                    return
                with plain, context.wrap_socket(plain, server_side=True) as peer:
                    peer.recv(65536)
                    peer.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n"
                                 b"Connection: close\r\n\r\nok")
        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        self.addCleanup(lambda: (listening.shutdown(socket.SHUT_RDWR), listening.close(),
                                 thread.join(poll.PATIENCE)))
        return "127.0.0.1:%d" % listening.getsockname()[1]

    def test_all(self):
        began = time.time()
        weir = self.start()
        self.requests(weir)
        self.upstreams(weir)
        self.connections(weir)
        self.process(weir, began)
        self.mesh()
        self.filters()
        self.spans()
        self.revocations()
        missing = set(families()) - self.asserted
        self.assertEqual(missing, set(), "families that nothing here asserts")
        self.compare_with_documents(weir)

    def compare_with_documents(self, weir):
        for name, labels, _ in weir.metrics().samples:
            if name.startswith("process_"):
                continue
            family = re.sub("_(bucket|sum|count)$", "", name)
            kind, documented = families()[family]
            self.assertEqual(set(labels) - {"le"}, documented, name)
            self.assertEqual(family != name, kind == "histogram", name)

    def requests(self, weir):
        client = self.client(weir.address())
        for _ in range(3):
            self.assertEqual(client.request("/ok").status, 200)
        self.assertEqual(client.request("/ok", "POST", body=b"12345").status, 200)
        self.assertEqual(client.request("/none").status, 404)
        self.assertEqual(client.request("/retry").status, 200)
        self.assertEqual(client.request("/down").status, 502)
        self.assertEqual(client.request("/mirrored").status, 200)
        self.assertEqual(client.request("/slow").status, 504)
        broken = self.client(weir.address())
        broken.send(b"GET /\x01 HTTP/1.1\r\n\r\n")
        self.assertEqual(broken.read_reply().status, 400)
        http2 = Http2Client(weir.address())
        http2.read_body(http2.send_head([
            (":method", "POST"), (":scheme", "http"), (":path", "/down"), (":authority", "a"),
            ("content-type", "application/grpc"), ("te", "trailers")]))
        http2.close()

        family = "weir_requests_total"
        self.expect(weir, 3, family, route="ok", method="GET", code="200", protocol="h1")
        self.expect(weir, 1, family, route="ok", method="POST", code="200")
        self.expect(weir, 1, family, route="", method="GET", code="404")
        self.expect(weir, 1, family, method="_OTHER", code="400")
        self.expect(weir, 1, family, route="down", method="POST", protocol="grpc")
        self.expect(weir, 11, family, listener="public")
        self.expect(weir, 11, "weir_request_duration_seconds", "_count")
        # retried: both attempts had a first byte, of one request
        self.expect(weir, 6, "weir_time_to_first_byte_seconds", "_count")
        self.expect(weir, 5, "weir_request_body_bytes_total", listener="public")
        self.expect(weir, 24, "weir_response_body_bytes_total", route="ok")
        family = "weir_local_replies_total"
        self.expect(weir, 1, family, reason="no_route", code="404", filter="")
        self.expect(weir, 1, family, reason="bad_request", code="400")
        self.expect(weir, 2, family, reason="upstream_connect_refused", route="down")
        self.expect(weir, 1, family, reason="upstream_timeout", code="504")
        self.expect(weir, 5, family)
        self.expect(weir, 1, "weir_grpc_requests_total", route="down", grpc_code="UNAVAILABLE")
        self.expect(weir, 1, "weir_retries_total", upstream="flaky", route="retry",
                    reason="upstream_status", outcome="success")
        self.expect(weir, 1, "weir_retries_total")
        self.expect(weir, 2, "weir_retries_suppressed_total", upstream="down", reason="limit")
        self.expect(weir, 10, "weir_retry_budget_tokens", upstream="copy")
        self.expect(weir, 1, "weir_mirror_requests_total", upstream="copy", route="mirrored",
                    outcome="sent", code="500")
        self.expect(weir, 1, "weir_mirror_requests_total")
        self.expect(weir, 1, "weir_timeouts_total", route="slow", stage="request")
        self.expect(weir, 1, "weir_timeouts_total")
        self.expect(weir, 0, "weir_requests_in_flight")
        self.assertEqual(len(self.log_lines(weir, 11)), 11)
        self.expect(weir, 0, "weir_access_log_dropped_total")
        self.expect(weir, 0, "weir_log_dropped_total")

    def upstreams(self, weir):
        client = self.client(weir.address())
        self.assertEqual(client.request("/named").status, 200)
        for _ in range(2):
            self.assertEqual(client.request("/tls").status, 200)
        waiting = [self.client(weir.address()) for _ in range(2)]
        for one in waiting:
            one.send_request("/queue")
        self.expect(weir, 2, "weir_requests_in_flight", listener="public")
        self.expect(weir, 1, "weir_upstream_queue_depth", upstream="narrow")
        self.check_upstreams_page(weir)
        self.release.set()
        for one in waiting:
            self.assertEqual(one.read_reply().status, 200)
        self.expect(weir, 0, "weir_upstream_queue_depth")
        self.expect(weir, 1, "weir_upstream_pool_wait_seconds", "_count", upstream="narrow")

        family = "weir_upstream_requests_total"
        self.expect(weir, 5, family, upstream="good", code="200", reason="")
        self.expect(weir, 1, family, upstream="flaky", code="503")
        self.expect(weir, 1, family, upstream="flaky", code="200")
        self.expect(weir, 2, family, upstream="down", code="none",
                    reason="upstream_connect_refused")
        family = "weir_upstream_attempt_duration_seconds"
        self.expect(weir, 5, family, "_count", upstream="good", outcome="ok")
        self.expect(weir, 2, family, "_count", upstream="down", outcome="error")
        self.expect(weir, 1, family, "_count", upstream="slow", outcome="timeout")
        family = "weir_upstream_connect_duration_seconds"
        self.expect(weir, 1, family, "_count", upstream="good", tls="false")
        self.expect(weir, 2, family, "_count", upstream="tls", tls="true")
        self.expect(weir, 0, family, "_count", upstream="tls", tls="false")
        self.expect(weir, 4, "weir_upstream_reused_connections_total", upstream="good")
        self.expect(weir, 2, "weir_upstream_connection_failures_total", upstream="down",
                    reason="refused")
        self.expect(weir, 1, "weir_upstream_connections_active", upstream="good")
        self.expect(weir, 1, "weir_upstream_connections_idle", upstream="good")
        self.expect(weir, 1, "weir_upstream_endpoints", upstream="good", state="healthy")
        self.expect(weir, 1, "weir_health_checks_total", upstream="echo", result="success")
        self.expect(weir, 1, "weir_health_transitions_total", upstream="echo", to="healthy")
        self.expect(weir, 0, "weir_upstream_panic", upstream="good")
        self.expect(weir, 1, "weir_discovery_updates_total", upstream="named", source="dns",
                    result="changed")
        self.expect(weir, 0, "weir_discovery_stale_seconds")
        for family in ("weir_outlier_ejections_total", "weir_outlier_ejections_capped_total",
                       "weir_outlier_ejected_endpoints", "weir_faults_injected_total"):
            self.expect(weir, 0, family)  # there is neither a breaker nor a fault
        self.expect(weir, 1, "weir_discovery_lag_seconds", "_count", upstream="named")
        self.assertGreater(
            weir.metric("weir_discovery_last_update_timestamp_seconds", upstream="named"),
            time.time() - 3600)
        self.asserted |= {"weir_discovery_last_update_timestamp_seconds",
                          "weir_registrations_total"}
        self.expect(weir, 0, "weir_registered")
        self.assertGreater(weir.metric("weir_registrations_total", result="failed"), 0)

    def check_upstreams_page(self, weir):
        """While one request to "narrow" is being answered and another one is queued."""
        page = json.loads(weir.admin("/upstreams")[1])["upstreams"]
        found = {one["name"]: one for one in page}
        good, narrow = found["good"], found["narrow"]
        self.assertEqual(good["balancer"], "round_robin")
        self.assertEqual(narrow["balancer"], "peak_ewma")
        self.assertEqual(good["discovery"],
                         {"kind": "static", "known": True, "stale": False, "failure": ""})
        self.assertEqual(good["connections"], {"open": 1, "idle": 1, "max": 1024})
        self.assertEqual(narrow["connections"], {"open": 1, "idle": 0, "max": 1})
        self.assertEqual([one["in_flight"] for one in narrow["endpoints"]], [2])
        (endpoint,) = good["endpoints"]
        since = calendar.timegm(time.strptime(endpoint.pop("since"), "%Y-%m-%dT%H:%M:%SZ"))
        self.assertTrue(time.time() - 3600 < since <= time.time(), since)
        self.assertEqual(endpoint, {"address": self.good.address, "weight": 1, "state": "healthy",
                                    "in_flight": 0})
        self.assertEqual(found["named"]["discovery"]["kind"], "dns")

    def connections(self, weir):
        answer, _ = self.fetch(self.https_of(weir, "secure"), "/ok")
        self.assertEqual(answer.status, 200)
        self.expect(weir, 1, "weir_tls_handshakes_total", listener="secure", result="ok",
                    version="1.3", resumed="false")
        ends = ssl._ssl._test_decode_cert(str(weir.folder / "ca/edge.crt"))["notAfter"]
        self.expect(weir, ssl.cert_time_to_seconds(ends),
                    "weir_tls_certificate_expiry_timestamp_seconds")
        for listener in ("tcp", "either"):
            peer = self.client(weir.address(listener))
            peer.send(b"\x00raw!")
            self.assertEqual(peer.read_exactly(5), b"\x00raw!")
            self.expect(weir, 5, "weir_tcp_received_bytes_total", listener=listener,
                        upstream="echo")
            self.expect(weir, 5, "weir_tcp_sent_bytes_total", listener=listener, upstream="echo")
        self.assertEqual(self.client(weir.address("either")).request("/ok").status, 200)
        self.expect(weir, 1, "weir_protocol_detect_total", listener="either", result="tcp")
        self.expect(weir, 1, "weir_protocol_detect_total", listener="either", result="http")
        proxied = self.client(weir.address("proxied"))
        proxied.send(b"PROXY TCP4 1.2.3.4 5.6.7.8 1000 80\r\n")
        self.assertEqual(proxied.request("/ok").status, 200)
        self.expect(weir, 1, "weir_proxy_protocol_headers_total", listener="proxied", result="v1")

        only = self.client(weir.address("small"))
        self.assertEqual(only.request("/ok").status, 200)
        self.assertEqual(self.client(weir.address("small")).read_reply().status, 503)
        self.expect(weir, 1, "weir_limit_rejections_total", scope="listener",
                    resource="connections")
        self.expect(weir, 1, "weir_connections_active", listener="small", protocol="tcp")
        self.assertEqual(self.page_of_listener(weir, "small"),
                         {"accepting": True, "connections": {"open": 1, "max": 1}})
        only.close()
        self.expect(weir, 0, "weir_connections_active", listener="small")
        self.expect(weir, 1, "weir_connections_opened_total", listener="small", protocol="tcp")
        self.expect(weir, 1, "weir_connections_closed_total", listener="small", reason="")
        self.flood(weir)
        self.expect(weir, 1, "weir_http2_floods_total", listener="public", kind="control_frames")

    def https_of(self, weir, listener):
        host, port = weir.address(listener).rsplit(":", 1)
        plain = socket.create_connection((host, int(port)), timeout=poll.PATIENCE)
        self.addCleanup(plain.close)
        connection = http.client.HTTPConnection("edge.test", timeout=poll.PATIENCE)
        connection.sock = self.context(weir).wrap_socket(plain, server_hostname="edge.test")
        self.addCleanup(connection.sock.close)
        return connection

    def page_of_listener(self, weir, name):
        for one in json.loads(weir.admin("/listeners")[1])["listeners"]:
            if one.pop("name") == name:
                self.assertEqual(one.pop("address"), weir.address(name))
                return one
        return None

    def flood(self, weir):
        http2 = Http2Client(weir.address())
        pings = frame(PING, 0, 0, b"weirping") * 1000
        try:
            for _ in range(200):
                http2.socket.sendall(pings)
            while http2.read_frame():
                pass
        except OSError:
            pass  # weir has closed it
        http2.close()

    def process(self, weir, began):
        self.expect(weir, 1, "weir_build_info", role="gateway")
        self.expect(weir, 0, "weir_overload_level")  # memory is sufficient
        self.expect(weir, 0, "weir_draining")
        self.expect(weir, 0, "weir_taps_active")
        self.expect(weir, 0, "weir_tap_dropped_total")
        generation = json.loads(weir.admin("/reload", "POST")[1])["generation"]
        self.expect(weir, generation, "weir_config_generation")
        self.expect(weir, 1, "weir_config_last_reload_successful")
        self.expect(weir, 1, "weir_config_active_generations")
        good = weir.file.read_text(encoding="utf-8")
        weir.file.write_text(good + "nonsense = 1\n", encoding="utf-8")
        self.assertEqual(weir.admin("/reload", "POST")[0], 422)
        self.expect(weir, 0, "weir_config_last_reload_successful")
        page = weir.metrics()
        self.assertGreaterEqual(page.sum("weir_config_reloads_total", result="rejected"), 1)
        self.assertEqual(page.sum("weir_config_generation"), generation)
        self.asserted.add("weir_config_reloads_total")
        reloads = page.sum("weir_config_reloads_total")
        self.expect(weir, reloads, "weir_config_reload_duration_seconds", "_count")
        last = page.sum("weir_config_last_success_timestamp_seconds")
        self.assertTrue(began - 1 <= last <= time.time() + 1, last)
        self.asserted.add("weir_config_last_success_timestamp_seconds")
        self.expect(weir, 0, "weir_state_write_errors_total")
        self.assertGreater(page.sum("weir_loop_lag_seconds_count", loop="worker-0"), 0)
        self.asserted.add("weir_loop_lag_seconds")
        self.expect(weir, 0, "weir_metric_series_dropped_total")
        self.assertGreater(page.sum("weir_metric_series"), len(families()))
        self.asserted.add("weir_metric_series")
        scrapes = weir.metric("weir_scrape_duration_seconds_count")
        self.assertEqual(weir.metric("weir_scrape_duration_seconds_count"), scrapes + 1)
        self.asserted.add("weir_scrape_duration_seconds")

    def spans(self):
        """A gateway that is traced, and whose collector then refuses spans."""
        collector = OtlpCollector()
        self.addCleanup(self._close, collector)
        weir = self.weir(gateway(forward(self.good.address) + (
            '[tracing]\ninterval = "10ms"\n'
            f'endpoint = "http://{collector.address}"\n')))
        self.assertEqual(self.get(weir).status, 200)
        self.expect(weir, 2, "weir_otlp_exported_total", signal="traces")
        self.expect(weir, 0, "weir_otlp_queue_records", signal="traces")
        collector.refusal = ("400 Bad Request", [])
        self.assertEqual(self.get(weir).status, 200)
        self.expect(weir, 2, "weir_otlp_dropped_total", signal="traces", cause="refused")
        self.expect(weir, 1, "weir_otlp_requests_total", signal="traces", result="refused")

    def not_redirected(self):
        """A connection to a transparent listener that the system did not redirect there."""
        weir = self.weir(gateway("", listener=LISTENER + "transparent = true\n"))
        host, port = weir.address().rsplit(":", 1)
        with socket.create_connection((host, int(port)), timeout=poll.PATIENCE) as peer:
            self.assertEqual(peer.recv(1), b"")
        self.expect(weir, 1, "weir_intercepted_connections_total", resolution="refused")

    def mesh(self):
        """A gateway with an identity, a sidecar that admits it, and one that does not."""
        service = self.upstream()
        identity = "spiffe://shop.test/service"
        sidecar = self.weir(
            f'{ADMIN}role = "sidecar"\nworkers = 1\n[sidecar]\nservice = "service"\n'
            'identity = { cert = "ca/service.crt", key = "ca/service.key", '
            'trust = "ca/root.crt" }\n[sidecar.inbound]\naddress = "127.0.0.1:0"\n'
            f'application = "{service.address}"\nmode = "strict"\n', start=False)
        self.ca(sidecar.folder, "init", "--days", "2")
        self.ca(sidecar.folder, "issue", "service", "--identity", identity)
        self.ca(sidecar.folder, "issue", "edge", "--identity", "spiffe://shop.test/edge")
        self.ca(sidecar.folder, "issue", "stranger", "--identity", "spiffe://bank.test/edge")
        sidecar.start()
        ca = sidecar.folder / "ca"
        for own, status, result in (("edge", 200, "ok"), ("stranger", 502, "failed")):
            front = self.weir(
                f'{ADMIN}workers = 1\n[[listener]]\nname = "public"\naddress = "127.0.0.1:0"\n'
                '[[route]]\nname = "all"\nupstream = "service"\nretry = { attempts = 0 }\n'
                f'[upstream.service]\nidentity = "{identity}"\n'
                f'discovery = {{ static = ["{sidecar.address("inbound")}"] }}\n'
                f'[identity]\ncert = "{ca}/{own}.crt"\nkey = "{ca}/{own}.key"\n'
                f'trust = "{ca}/root.crt"\n')
            self.assertEqual(self.get(front).status, status)
            self.expect(front, 1, "weir_mtls_connections_total", direction="outbound",
                        peer_service="service", result=result)
            self.expect(sidecar, 1, "weir_mtls_connections_total", direction="inbound",
                        result=result)
        self.not_redirected()
        self.ca(sidecar.folder, "renew", "ca/service")
        sidecar.admin("/reload", "POST")
        self.expect(sidecar, 1, "weir_identity_refreshes_total", source="files", result="ok")
        expiry = sidecar.metric("weir_identity_expiry_timestamp_seconds", source="files")
        self.assertGreater(expiry, sidecar.metric("weir_config_last_success_timestamp_seconds"))
        self.asserted.add("weir_identity_expiry_timestamp_seconds")

    def revocations(self):
        """Open connections whose policies and roots change."""
        weir = self.weir(gateway(forward(self.good.address)))
        client = self.client(weir.address())
        self.assertEqual(client.request("/").status, 200)
        text = weir.file.read_text(encoding="utf-8")
        weir.file.write_text(text + '[[authorize]]\nname = "none"\naction = "deny"\n',
                             encoding="utf-8")
        weir.admin("/reload", "POST")
        self.assertTrue(client.ended())
        self.expect(weir, 1, "weir_revoked_total", listener="public", kind="connection",
                    reason="authz_denied")
        self.asserted.add("weir_upstream_revoked_total")  # in authorize_test.py


if __name__ == "__main__":
    unittest.main()
