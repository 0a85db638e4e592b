"""Debian's Prometheus scrapes weir, and promtool reports no problems."""

import gzip
import http.client
import json
import re
import shutil
import socket
import subprocess
import time
import unittest
import urllib.error
import urllib.parse
import urllib.request

import poll
from fake_upstream import closed_address
from integration_case import LOG, IntegrationCase, forward, gateway
from weir_process import ROOT

SCRAPE = """
global:
  scrape_interval: 200ms
  scrape_timeout: 200ms
scrape_configs:
  - job_name: weir
    static_configs:
      - targets: ["{}"]
"""


DASHBOARD = ROOT / "configs/grafana/weir.json"


def dashboard_queries():
    """(title, query) of everything that the dashboard asks, for all instances and routes."""
    board = json.loads(DASHBOARD.read_text(encoding="utf-8"))
    found = [(panel["title"], target["expr"])
             for panel in board["panels"] for target in panel.get("targets", [])]
    found += [(each["name"], each["expr"]) for each in board["annotations"]["list"]]
    for title, expression in found:
        for variable, value in (("$__rate_interval", "1m"), ("$instance", ".*"), ("$route", ".*")):
            expression = expression.replace(variable, value)
        yield title, expression


class Prometheus:
    """A server that scrapes one address, with its data in a folder."""

    def __init__(self, folder, target, *options):
        (folder / "prometheus.yml").write_text(SCRAPE.format(target), encoding="utf-8")
        # Bound but not listening: reserves the port, which Prometheus can still use.
        self._reserved = socket.socket()
        self._reserved.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._reserved.bind(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self._reserved.getsockname()[1]}"
        self._log = open(folder / "prometheus.log", "w+", encoding="utf-8")
        self._process = subprocess.Popen(
            ["prometheus", f"--config.file={folder}/prometheus.yml",
             f"--storage.tsdb.path={folder}/data", f"--web.listen-address={self.address}",
             *options],
            stdout=self._log, stderr=subprocess.STDOUT)

    def query(self, expression):
        """The samples of an instant query, as {labels without instance and job: value}."""
        if self._process.poll() is not None:
            self._log.seek(0)
            raise AssertionError("prometheus ended:\n" + self._log.read())
        data = self._ask("query", query=expression)
        return [] if data is None else data["result"]

    def exemplars(self, selector):
        """The labels of the exemplars of these series."""
        now = time.time()
        found = self._ask("query_exemplars", query=selector, start=now - 600, end=now + 600)
        return [each["labels"] for series in found or [] for each in series["exemplars"]]

    def _ask(self, page, **parameters):
        """The data of a reply; None if it is not listening or not ready yet."""
        url = f"http://{self.address}/api/v1/{page}?" + urllib.parse.urlencode(parameters)
        try:
            with urllib.request.urlopen(url, timeout=poll.PATIENCE) as answer:
                return json.load(answer)["data"]
        except urllib.error.HTTPError as error:
            with error:
                if error.code == http.HTTPStatus.SERVICE_UNAVAILABLE:
                    return None
                raise AssertionError(f"{parameters}: {error.read().decode()}") from error
        except (urllib.error.URLError, ConnectionError):
            return None

    def value(self, expression):
        """The value of the only sample; None if there is none."""
        samples = self.query(expression)
        return float(samples[0]["value"][1]) if len(samples) == 1 else None

    def stop(self):
        self._process.terminate()
        self._process.wait(poll.PATIENCE)
        self._reserved.close()
        self._log.close()


@unittest.skipUnless(shutil.which("prometheus") and shutil.which("promtool"),
                     "Prometheus is not there: tools/deps --test could not fetch it")
class Scraped(IntegrationCase):
    def start_with_traffic(self):
        """A weir after a successful request, one without a route and one that failed."""
        upstream = self.upstream()
        weir = self.weir(gateway(
            forward(upstream.address, closed_address(), route='match.path = "/"') + LOG, workers=2))
        self.assertEqual(self.get(weir).status, 200)
        self.assertEqual(self.get(weir, "/none").status, 404)
        weir.admin("/reload", "POST")
        return weir

    def test_promtool_finds_the_page_clean(self):
        weir = self.start_with_traffic()
        for _ in range(2):  # the second one includes the first
            page = weir.admin("/metrics")[1]
        checked = subprocess.run(["promtool", "check", "metrics"], input=page, text=True,
                                 capture_output=True, check=False, timeout=poll.PATIENCE)
        self.assertEqual((checked.returncode, checked.stdout, checked.stderr), (0, "", ""))
        self.assertIn("\nweir_requests_total{", page)

    def test_a_real_prometheus_scrapes_it(self):
        weir = self.start_with_traffic()
        prometheus = Prometheus(weir.folder, weir.admin_address)
        self.addCleanup(prometheus.stop)
        of_page = 'weir_requests_total{listener="public",route="all",method="GET",code="200"}'
        poll.until(lambda: prometheus.value(of_page) == 1, "the counter of the first request")
        client = self.client(weir.address())
        for _ in range(41):
            self.assertEqual(client.request("/").status, 200)
        poll.until(lambda: prometheus.value(of_page) == 42, "the counter of all requests")
        self.assertEqual(prometheus.value("up"), 1)
        self.assertEqual(prometheus.value("weir_config_last_reload_successful"), 1)
        buckets = 'histogram_quantile(0.5, sum by (le) (weir_request_duration_seconds_bucket))'
        self.assertLess(prometheus.value(buckets), 1)


    def traced(self):
        """A weir that keeps all details, after some requests, and the trace ID of the first."""
        upstream = self.upstream()
        weir = self.weir(gateway(
            forward(upstream.address) + f'[tracing]\nendpoint = "http://{closed_address()}"\n'
            "[metrics]\nnative_histograms = true\nexemplars = true\n", workers=2))
        client = self.client(weir.address())
        for _ in range(41):
            self.assertEqual(client.request("/").status, 200)
        return weir, [each.header("traceparent").split("-")[1] for each in upstream.requests]

    def test_it_reads_native_histograms_and_exemplars(self):
        weir, traces = self.traced()
        prometheus = Prometheus(weir.folder, weir.admin_address,
                                "--enable-feature=native-histograms,exemplar-storage")
        self.addCleanup(prometheus.stop)
        family = "weir_request_duration_seconds"
        poll.until(lambda: prometheus.value(f"histogram_count({family})") == 41, "the histogram")
        quantile = prometheus.value(f"histogram_quantile(0.5, {family})")
        self.assertTrue(0 <= quantile < 10, quantile)
        self.assertGreater(prometheus.value(f"histogram_sum({family})"), 0)
        self.assertEqual(prometheus.value("up"), 1)
        found = poll.until(
            lambda: prometheus.exemplars(f'{{__name__=~"{family}.*"}}'), "an exemplar")
        self.assertIn(found[0]["trace_id"], traces)
        self.assertEqual(len(found[0]["span_id"]), 16)

    def test_it_reads_exemplars_of_openmetrics(self):
        weir, traces = self.traced()
        prometheus = Prometheus(weir.folder, weir.admin_address,
                                "--enable-feature=exemplar-storage")
        self.addCleanup(prometheus.stop)
        found = poll.until(lambda: prometheus.exemplars("weir_request_duration_seconds_bucket"),
                           "an exemplar")
        self.assertIn(found[0]["trace_id"], traces)
        self.assertEqual(prometheus.value("sum(weir_request_duration_seconds_count)"), 41)

    def test_every_query_of_the_dashboard(self):
        weir = self.start_with_traffic()
        prometheus = Prometheus(weir.folder, weir.admin_address)
        self.addCleanup(prometheus.stop)
        poll.until(lambda: prometheus.value("count_over_time(weir_build_info[1m])"), "scrapes")
        poll.until(lambda: prometheus.value("count_over_time(weir_build_info[1m])") > 3, "scrapes")
        names = set(re.findall(r"^# TYPE (\w+) ", weir.admin("/metrics")[1], re.MULTILINE))
        documented = (ROOT / "docs/metrics.md").read_text(encoding="utf-8")
        for title, expression in dashboard_queries():
            with self.subTest(title, query=expression):
                found = prometheus.query(expression)  # fails if it is not valid
                used = {re.sub("_(bucket|sum|count)$", "", name)
                        for name in re.findall(r"\b(?:weir|process)_\w+", expression)}
                self.assertTrue(used)
                for name in used:
                    self.assertTrue(name.startswith("process_") or f"`{name}`" in documented, name)
                always = not re.search(r"code=~|> 0", expression)
                if used <= names and always:
                    self.assertNotEqual(found, [])

    def test_the_page_may_be_compressed(self):
        weir = self.start_with_traffic()
        connection = http.client.HTTPConnection(weir.admin_address, timeout=poll.PATIENCE)
        self.addCleanup(connection.close)
        connection.request("GET", "/metrics", headers={
            "Accept-Encoding": "gzip", "Accept": "application/openmetrics-text;version=1.0.0"})
        answer = connection.getresponse()
        self.assertEqual(answer.getheader("Content-Encoding"), "gzip")
        self.assertTrue(answer.getheader("Content-Type").startswith(
            "application/openmetrics-text; version=1.0.0;"))
        page = gzip.decompress(answer.read()).decode()
        self.assertIn("\n# TYPE weir_requests counter\n", page)
        self.assertTrue(page.endswith("\n# EOF\n"))


if __name__ == "__main__":
    unittest.main()
