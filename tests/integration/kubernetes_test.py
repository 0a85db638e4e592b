"""Discovery of EndpointSlices in the real binary, with an API server of the test."""

import json
import os
import shutil
import unittest

import poll
from discovery_case import DiscoveryCase, routed
from kubernetes_api import KubernetesApi
from tls_case import TlsCase


class KubernetesCase(DiscoveryCase):
    def config(self, api, more="", backend=""):
        return routed('{ kubernetes = { service = "shop/orders", service_account = "account", '
                      f'server = {{ upstream = "api" }}{more} }} }}', backend + "\n") + (
            f'[upstream.api]\ndiscovery = {{ static = ["{api.address}"] }}\n')

    def started(self, api, **parts):
        return self.weir(self.config(api, **parts))

    def failures(self, weir):
        return weir.metric("weir_discovery_updates_total", upstream="backend", source="kubernetes",
                           result="failed")


class Watching(KubernetesCase):
    def test_follows_the_slices(self):
        first, second = self.answering(b"first"), self.answering(b"second")
        api = KubernetesApi(self)
        api.put("a", first)
        weir = self.started(api)
        self.assertEqual(self.get(weir).body, b"first")
        requests = self.load(weir)
        api.put("b", second)
        self.await_endpoints(weir, first, second)
        api.put("b")
        self.await_endpoints(weir, first)
        api.put("b", second)
        api.delete("a")
        self.await_endpoints(weir, second)
        self.assertEqual(self.get(weir).body, b"second")
        self.assert_all_succeeded(requests)
        self.assertEqual(self.failures(weir), 0)

    def test_a_server_without_initial_events(self):
        first, second = self.answering(b"first"), self.answering(b"second")
        api = KubernetesApi(self, initial_events=False)
        for number in range(250):  # several pages
            api.put(f"empty-{number}")
        api.put("a", first)
        weir = self.started(api)
        self.assertEqual(self.endpoints(weir), [first.address])
        api.put("a", second)
        self.await_endpoints(weir, second)
        self.assertEqual([each.get("continue") for each in api.requests if "limit" in each],
                         [None, "100", "200"])
        self.assertEqual(self.failures(weir), 0)

    def test_versions_that_expire_are_listed_again(self):
        first, second = self.answering(b"first"), self.answering(b"second")
        for by_status in (False, True):
            with self.subTest(by_status=by_status):
                api = KubernetesApi(self)
                api.gone_by_status = by_status
                api.put("a", first)
                weir = self.started(api)
                requests = self.load(weir)
                api.put("b", second)
                self.await_endpoints(weir, first, second)
                api.delete("a")
                api.expire()
                self.await_endpoints(weir, second)
                self.assert_all_succeeded(requests)

    def test_terminating_endpoints_drain(self):
        first, second = self.answering(b"first"), self.answering(b"second")
        api = KubernetesApi(self)
        api.put("a", first)
        api.put("b", second, ready=False, serving=True, terminating=True)
        weir = self.started(api)
        self.assertEqual({self.get(weir).body for _ in range(20)}, {b"first"})
        self.assert_metric(weir, 1, "weir_upstream_endpoints", upstream="backend", state="draining")
        api.delete("a")
        self.await_endpoints(weir, second)
        poll.until(lambda: self.get(weir).body == b"second", "the draining endpoint")

    def test_an_outage_changes_nothing(self):
        server, other = self.answering(b"hello"), self.answering(b"other")
        api = KubernetesApi(self)
        api.put("a", server)
        weir = self.started(api)
        requests = self.load(weir)
        api.status = "503 Service Unavailable"
        api.end_watches()
        self.await_stale(weir)
        self.assertEqual(self.endpoints(weir), [server.address])
        api.put("a", other)
        api.status = None
        self.await_endpoints(weir, other)
        self.await_fresh(weir)
        self.assert_all_succeeded(requests)

    def test_the_token_is_read_again(self):
        server, other = self.answering(b"hello"), self.answering(b"other")
        api = KubernetesApi(self)
        api.put("a", server)
        weir = self.weir(self.config(api), start=False)
        (weir.folder / "account").mkdir()
        token = weir.folder / "account/token"
        token.write_text("one\n", encoding="utf-8")
        weir.start()
        self.assertEqual(set(api.tokens), {"Bearer one"})
        token.write_text("two\n", encoding="utf-8")
        api.status = "401 Unauthorized"
        api.end_watches()
        self.await_stale(weir)
        api.status = None
        api.put("a", other)
        self.await_endpoints(weir, other)
        self.assertEqual(api.tokens[-1], "Bearer two")

    def test_an_unknown_port_is_reported(self):
        api = KubernetesApi(self)
        api.put("a", self.answering(b"hello"))
        weir = self.started(api, more=', port = "grpc"')
        weir.wait_for_line('upstream backend: kubernetes: service shop/orders: the service has no '
                           'port "grpc"')


class InCluster(KubernetesCase, TlsCase):
    def test_the_environment_names_the_server(self):
        server = self.answering(b"hello")
        weir = self.weir("", start=False)
        self.authority(weir.folder, "edge")
        api = KubernetesApi(self, context=self.server_context(weir, "edge"))
        api.put("a", server)
        account = weir.folder / "account"
        account.mkdir()
        shutil.copy(weir.folder / "ca/root.crt", account / "ca.crt")
        (account / "namespace").write_text("shop", encoding="utf-8")
        (account / "token").write_text("secret", encoding="utf-8")
        host, port = api.address.split(":")
        inside = self.weir(routed('{ kubernetes = { service = "orders", '
                                  f"service_account = {json.dumps(str(account))} }} }}"),
                           env=dict(os.environ, KUBERNETES_SERVICE_HOST=host,
                                    KUBERNETES_SERVICE_PORT=port))
        self.assertEqual(self.get(inside).body, b"hello")
        self.assertEqual(api.tokens[0], "Bearer secret")

    def test_outside_a_server_is_needed(self):
        weir = self.weir(routed('{ kubernetes = "shop/orders" }'), start=False)
        weir.launch()
        weir.wait_for_line("does not run in a cluster")
        self.assertEqual(weir.wait(), 2)


if __name__ == "__main__":
    unittest.main()
