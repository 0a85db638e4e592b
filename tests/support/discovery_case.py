"""Tests of discovery in the real binary, under a load that must not fail."""

import json
import threading

import poll
from fake_upstream import text
from http_wire import Client
from integration_case import IntegrationCase, gateway


def routed(discovery, more=""):
    """A gateway whose only upstream has this discovery."""
    return gateway(f'[[route]]\nname = "all"\nupstream = "backend"\n'
                   f"[upstream.backend]\ndiscovery = {discovery}\n{more}")


class Requests(threading.Thread):
    """Sends requests on one connection until it is stopped."""

    def __init__(self, address):
        super().__init__()
        self._client = Client(address)
        self._end = threading.Event()
        self.statuses = {}

    def run(self):
        while not self._end.is_set():
            status = self._client.request("/").status
            self.statuses[status] = self.statuses.get(status, 0) + 1

    def stop(self):
        self._end.set()
        self.join()
        self._client.close()
        return self.statuses


class DiscoveryCase(IntegrationCase):
    def endpoints(self, weir, upstream="backend"):
        page = json.loads(weir.admin("/upstreams")[1])["upstreams"]
        return sorted(each["address"] for one in page if one["name"] == upstream
                      for each in one["endpoints"])

    def await_endpoints(self, weir, *servers):
        wanted = sorted(each.address for each in servers)
        poll.until(lambda: self.endpoints(weir) == wanted, f"endpoints {wanted}")

    def stale(self, weir):
        return weir.metric("weir_discovery_stale_seconds", upstream="backend")

    def await_stale(self, weir):
        poll.until(lambda: self.stale(weir) > 0, "stale endpoints")

    def await_fresh(self, weir):
        poll.until(lambda: self.stale(weir) == 0, "current endpoints")

    def load(self, weir):
        requests = Requests(weir.address())
        requests.start()
        self.addCleanup(requests.stop)
        return requests

    def assert_all_succeeded(self, requests):
        statuses = requests.stop()
        self.assertEqual(list(statuses), [200], statuses)

    def answering(self, body):
        return self.upstream(text(body))
