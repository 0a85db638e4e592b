"""Debian's Prometheus scrapes weir, and promtool reports no problems."""

import json
import shutil
import socket
import subprocess
import unittest
import urllib.error
import urllib.parse
import urllib.request

import poll
from fake_upstream import closed_address
from integration_case import LOG, IntegrationCase, forward, gateway

SCRAPE = """
global:
  scrape_interval: 200ms
  scrape_timeout: 200ms
scrape_configs:
  - job_name: weir
    static_configs:
      - targets: ["{}"]
"""


class Prometheus:
    """A server that scrapes one address, with its data in a folder."""

    def __init__(self, folder, target):
        (folder / "prometheus.yml").write_text(SCRAPE.format(target), encoding="utf-8")
        # Bound but not listening: reserves the port, which Prometheus can still use.
        self._reserved = socket.socket()
        self._reserved.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._reserved.bind(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self._reserved.getsockname()[1]}"
        self._log = open(folder / "prometheus.log", "w+", encoding="utf-8")
        self._process = subprocess.Popen(
            ["prometheus", f"--config.file={folder}/prometheus.yml",
             f"--storage.tsdb.path={folder}/data", f"--web.listen-address={self.address}"],
            stdout=self._log, stderr=subprocess.STDOUT)

    def query(self, expression):
        """The samples of an instant query, as {labels without instance and job: value}."""
        if self._process.poll() is not None:
            self._log.seek(0)
            raise AssertionError("prometheus ended:\n" + self._log.read())
        url = f"http://{self.address}/api/v1/query?" + urllib.parse.urlencode({"query": expression})
        try:
            with urllib.request.urlopen(url, timeout=poll.PATIENCE) as answer:
                return json.load(answer)["data"]["result"]
        except (urllib.error.URLError, ConnectionError):
            return []  # it is not listening yet

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


if __name__ == "__main__":
    unittest.main()
