"""Discovery in the real binary: endpoint files, a real etcd, and a scripted Consul."""

import json
import os
import threading
import unittest
import urllib.parse
from pathlib import Path

import poll
from discovery_case import DiscoveryCase, routed
from etcd_process import EtcdProcess, encoded, needs_etcd
from tls_case import TlsCase

ROOT = Path(__file__).resolve().parents[2]


class Files(DiscoveryCase):
    def replace(self, path, contents):
        path.with_suffix(".new").write_text(contents, encoding="utf-8")
        os.rename(path.with_suffix(".new"), path)

    def test_the_example_follows_its_file(self):
        config = (ROOT / "configs/discovery.toml").read_text(encoding="utf-8")
        first, second = self.answering(b"first"), self.answering(b"second")
        weir = self.weir(config.replace(":8080", ":0").replace(":9901", ":0")
                         .replace("/var/lib/weir", "state"), start=False)
        file = weir.folder / "endpoints.json"
        self.replace(file, json.dumps({"endpoints": [{"address": first.address, "weight": 2}]}))
        weir.start()
        self.assertEqual(self.get(weir).body, b"first")
        requests = self.load(weir)
        self.replace(file, json.dumps({"endpoints": [{"address": second.address}]}))
        poll.until(lambda: self.endpoints(weir, "orders") == [second.address], "the new endpoint")
        self.assertEqual(self.get(weir).body, b"second")
        self.replace(file, '{"endpoints": [\n  {"address": "orders"}]}')
        weir.wait_for_line("endpoints.json: 2:3: endpoints[0]: address must be an IP address")
        self.assertEqual(self.get(weir).body, b"second")
        self.replace(file, '{"endpoints": []}')
        weir.wait_for_line("upstream orders: discovery reports that there are no endpoints; "
                           "keeping 1 for 10s")
        self.assertEqual(self.get(weir).body, b"second")
        self.assert_all_succeeded(requests)

    def test_a_link_may_be_swapped(self):
        first, second = self.answering(b"first"), self.answering(b"second")
        weir = self.weir(routed('{ file = "data/endpoints" }'), start=False)
        for name, server in (("one", first), ("two", second)):
            (weir.folder / name).mkdir()
            (weir.folder / name / "endpoints").write_text(server.address, encoding="utf-8")
        os.symlink("one", weir.folder / "data")
        weir.start()
        self.assertEqual(self.get(weir).body, b"first")
        os.symlink("two", weir.folder / "fresh")
        os.rename(weir.folder / "fresh", weir.folder / "data")
        self.await_endpoints(weir, second)
        self.assertEqual(self.get(weir).body, b"second")

    def test_draining_endpoints_get_no_new_requests(self):
        first, second = self.answering(b"first"), self.answering(b"second")
        weir = self.weir(routed('{ file = "endpoints" }'), start=False)
        file = weir.folder / "endpoints"
        file.write_text(f"{first.address} draining=true\n{second.address}\n", encoding="utf-8")
        weir.start()
        self.assertEqual({self.get(weir).body for _ in range(20)}, {b"second"})
        self.assert_metric(weir, 1, "weir_upstream_endpoints", upstream="backend", state="draining")

    def test_endpoints_are_kept_over_a_restart_without_the_file(self):
        server = self.answering(b"hello")
        weir = self.weir('state_directory = "state"\n' + routed('{ file = "endpoints" }'),
                         start=False)
        file = weir.folder / "endpoints"
        file.write_text(server.address, encoding="utf-8")
        weir.start()
        self.assertEqual(weir.stop(), 0)
        file.unlink()
        weir.start()
        weir.wait_for_line("upstream backend: using 1 endpoints of the state directory")
        self.assertEqual(self.get(weir).body, b"hello")
        self.assertGreater(self.stale(weir), 0)
        file.write_text(server.address, encoding="utf-8")
        self.await_fresh(weir)


@needs_etcd
class Etcd(DiscoveryCase, TlsCase):
    SOURCE = '{ etcd = { server = { upstream = "etcd" }, prefix = "/w/" %s } }'

    def etcd(self, *arguments):
        etcd = EtcdProcess(self._folder)
        self.addCleanup(etcd.close)
        return etcd.start(*arguments)

    def config(self, etcd, more="", backend="", upstream='protocol = "http2"'):
        return ('state_directory = "state"\n' + routed(self.SOURCE % more, backend + "\n") +
                f'[upstream.etcd]\ndiscovery = {{ static = ["{etcd.address}"] }}\n{upstream}\n')

    def test_follows_the_keys(self):
        first, second = self.answering(b"first"), self.answering(b"second")
        etcd = self.etcd()
        etcd.put("/w/1", first.address)
        etcd.put("/x/1", second.address)  # of somebody else
        weir = self.weir(self.config(etcd))
        self.assertEqual(self.get(weir).body, b"first")
        requests = self.load(weir)
        host, port = second.address.split(":")
        etcd.put("/w/2", json.dumps({"address": host, "port": int(port), "weight": 3}))
        self.await_endpoints(weir, first, second)
        etcd.delete("/w/1")
        self.await_endpoints(weir, second)
        self.assertEqual(self.get(weir).body, b"second")
        etcd.put("/w/2", first.address)
        self.await_endpoints(weir, first)
        self.assert_all_succeeded(requests)
        self.assertEqual(self.stale(weir), 0)

    def test_many_keys_are_read_in_pages(self):
        server = self.answering(b"hello")
        etcd = self.etcd()
        for page in range(11):
            etcd.post("kv/txn", {"success": [
                {"request_put": {"key": encoded(f"/w/{page}-{i}"),
                                 "value": encoded(f"10.0.{page}.{i}:80")}}
                for i in range(100)]})
        etcd.put("/w/z", server.address)
        weir = self.weir(self.config(etcd))
        self.assertEqual(len(self.endpoints(weir)), 1101)

    def test_survives_a_crash_and_a_compaction(self):
        first, second = self.answering(b"first"), self.answering(b"second")
        etcd = self.etcd()
        etcd.put("/w/1", first.address)
        weir = self.weir(self.config(etcd))
        requests = self.load(weir)
        etcd.kill()
        self.await_stale(weir)
        self.assertEqual(self.endpoints(weir), [first.address])
        etcd.start()
        etcd.delete("/w/1")
        revision = etcd.put("/w/2", second.address)
        etcd.compact(revision)
        self.await_endpoints(weir, second)
        self.await_fresh(weir)
        etcd.put("/w/1", first.address)
        self.await_endpoints(weir, first, second)
        self.assert_all_succeeded(requests)

    def test_starts_without_etcd(self):
        first, second = self.answering(b"first"), self.answering(b"second")
        etcd = self.etcd()
        etcd.put("/w/1", first.address)
        weir = self.weir(self.config(etcd))
        self.assertEqual(self.get(weir).body, b"first")
        etcd.put("/w/1", second.address)
        self.await_endpoints(weir, second)
        self.assertEqual(weir.stop(), 0)
        etcd.kill()
        weir.start()
        requests = self.load(weir)
        self.assertEqual(self.get(weir).body, b"second")
        self.assertGreater(self.stale(weir), 0)
        etcd.start()
        etcd.put("/w/1", first.address)
        self.await_endpoints(weir, first)
        self.assert_all_succeeded(requests)

    def test_starts_without_etcd_and_without_endpoints(self):
        server = self.answering(b"hello")
        etcd = self.etcd()
        etcd.kill()
        weir = self.weir(self.config(etcd))
        self.assertEqual(self.get(weir).status, 503)
        etcd.start()
        etcd.put("/w/1", server.address)
        self.await_endpoints(weir, server)
        self.assertEqual(self.get(weir).body, b"hello")

    def test_the_end_of_all_keys_is_believed_later(self):
        server = self.answering(b"hello")
        etcd = self.etcd()
        etcd.put("/w/1", server.address)
        weir = self.weir(self.config(etcd, backend='empty_hold = "1s"'))
        etcd.delete("/w/1")
        weir.wait_for_line("keeping 1 for 1s")
        self.assertEqual(self.get(weir).status, 200)
        poll.until(lambda: self.endpoints(weir) == [], "no endpoints")
        reply = self.get(weir)
        self.assertEqual((reply.status, reply.header("x-weir-reason")),
                         (503, "no_healthy_upstream"))
        self.assert_metric(weir, 1, "weir_discovery_updates_total", upstream="backend",
                           source="etcd", result="held")
        etcd.put("/w/1", server.address)
        self.await_endpoints(weir, server)
        self.assertEqual(self.get(weir).status, 200)

    def test_authenticates(self):
        server = self.answering(b"hello")
        etcd = self.etcd()
        etcd.put("/w/1", server.address)
        etcd.post("auth/user/add", {"name": "root", "password": "r"})
        etcd.post("auth/user/grant", {"user": "root", "role": "root"})
        etcd.post("auth/role/add", {"name": "reader"})
        etcd.post("auth/role/grant", {"name": "reader", "perm": {
            "permType": "READ", "key": encoded("/w/"), "range_end": encoded("/w0")}})
        etcd.post("auth/user/add", {"name": "weir", "password": "secret"})
        etcd.post("auth/user/grant", {"user": "weir", "role": "reader"})
        etcd.post("auth/enable", {})
        weir = self.weir(self.config(etcd, ', user = "weir", password = "secret"'))
        self.assertEqual(self.get(weir).body, b"hello")
        wrong = self.weir(self.config(etcd, ', user = "weir", password = "wrong"'))
        wrong.wait_for_line("upstream backend: etcd: etcdserver: authentication failed")

    def test_mutual_tls(self):
        server = self.answering(b"hello")
        etcd = self.etcd()
        etcd.put("/w/1", server.address)
        etcd.kill()
        weir = self.weir(self.config(etcd, upstream=(
            'tls = { ca = "ca/root.crt", cert = "ca/edge.crt", key = "ca/edge.key", '
            'server_name = "etcd.test" }')), start=False)
        self.authority(weir.folder, "edge", "etcd")
        folder = weir.folder / "ca"
        etcd.start("--cert-file", str(folder / "etcd.crt"), "--key-file", str(folder / "etcd.key"),
                   "--client-cert-auth", "--trusted-ca-file", str(folder / "root.crt"),
                   scheme="https")
        weir.start()
        self.assertEqual(self.get(weir).body, b"hello")

    def test_a_check_refuses_an_upstream_without_http2(self):
        etcd = EtcdProcess(self._folder)
        self.addCleanup(etcd.close)
        weir = self.weir(self.config(etcd, upstream=""), start=False)
        weir.launch()
        weir.wait_for_line('upstream.backend.discovery: uses gRPC, but upstream "etcd" speaks '
                           'HTTP/1 (did you mean protocol = "http2"?)')
        self.assertEqual(weir.wait(), 2)


class FakeConsul:
    """Blocking queries about one service, over a FakeUpstream."""

    def __init__(self, case):
        self._changed = threading.Condition()
        self.index = 10
        self.servers = []
        self.queries = []
        self.status = "200 OK"
        self._ended = False
        case.addCleanup(self.end)
        self.upstream = case.upstream(self._answer)

    def _answer(self, call):
        target = call.request.first_line.split(" ")[1]
        query = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(target).query))
        with self._changed:
            self.queries.append(query)
            asked = int(query.get("index", "0"))
            self._changed.wait_for(lambda: self._ended or self.index != asked, poll.PATIENCE)
            body = json.dumps([self._instance(each) for each in self.servers]).encode()
            status, index = self.status, str(self.index)
        call.reply(body, status, [("X-Consul-Index", index)])

    @staticmethod
    def _instance(server):
        host, port = server.address.split(":")
        return {"Node": {"Address": "10.255.255.1", "Datacenter": "dc1"},
                "Service": {"Address": host, "Port": int(port),
                            "Weights": {"Passing": 1, "Warning": 1}},
                "Checks": [{"Status": "passing"}]}

    def change(self, index, *servers, status="200 OK"):
        with self._changed:
            self.index, self.servers, self.status = index, list(servers), status
            self._changed.notify_all()

    def end(self):
        with self._changed:
            self._ended = True
            self._changed.notify_all()


class Consul(DiscoveryCase):
    def test_follows_a_service(self):
        first, second = self.answering(b"first"), self.answering(b"second")
        consul = FakeConsul(self)
        consul.change(10, first)
        weir = self.weir(routed('{ consul = { server = "http://%s", service = "orders", '
                                'tags = ["v1"] } }' % consul.upstream.address))
        self.assertEqual(self.get(weir).body, b"first")
        requests = self.load(weir)
        consul.change(11, first, second)
        self.await_endpoints(weir, first, second)
        consul.change(3, second)  # the server was restored: its index begins again
        self.await_endpoints(weir, second)
        consul.change(4, status="500 Internal Server Error")
        self.await_stale(weir)
        consul.change(5, first)
        self.await_endpoints(weir, first)
        self.await_fresh(weir)
        self.assert_all_succeeded(requests)
        self.assertEqual(consul.queries[0], {"wait": "55s", "passing": "1", "tag": "v1",
                                             "stale": "1"})


if __name__ == "__main__":
    unittest.main()
