"""Registration of this node in the real binary: a real etcd, and a scripted Consul agent."""

import json
import signal
import threading
import unittest

import poll
from etcd_process import EtcdProcess, needs_etcd
from fake_upstream import closed_address, text
from integration_case import IntegrationCase, gateway

RESPOND = '[[route]]\nname = "all"\nrespond = { body = "hello" }\n'


def address_of(weir):
    return weir.address("public")


class RegisterCase(IntegrationCase):
    def registered(self, weir, target):
        return weir.metric("weir_registered", service="orders", target=target)

    def await_registered(self, weir, target, wanted=1):
        poll.until(lambda: self.registered(weir, target) == wanted, f"registered: {wanted}")

    def results(self, weir, target, result):
        return weir.metric("weir_registrations_total", service="orders", target=target,
                           result=result)

    def terminate(self, weir):
        weir.process.send_signal(signal.SIGTERM)


@needs_etcd
class Etcd(RegisterCase):
    KEY = "/w/orders-1"

    def setUp(self):
        super().setUp()
        self.etcd = EtcdProcess(self._folder)
        self.addCleanup(self.etcd.close)

    def config(self, more="", delay="0s"):
        return gateway(f'''{RESPOND}
            [[register]]
            service = "orders"
            id = "orders-1"
            weight = 3
            metadata = {{ version = "2" }}
            deregister_delay = "{delay}"
            etcd = {{ server = {{ upstream = "etcd" }}, prefix = "/w/", ttl = "3s" }}
            {more}
            [upstream.etcd]
            discovery = {{ static = ["{self.etcd.address}"] }}
            protocol = "http2"
            ''')

    def found(self):
        return self.etcd.get(self.KEY)

    def await_key(self):
        return json.loads(poll.until(self.found, "the key"))

    def test_others_find_the_node_until_it_leaves(self):
        self.etcd.start()
        weir = self.weir(self.config(delay="1s"))
        host, port = address_of(weir).rsplit(":", 1)
        self.assertEqual(self.await_key(), {"address": host, "port": int(port), "weight": 3,
                                            "metadata": {"version": "2"}})
        self.await_registered(weir, "etcd")
        other = self.weir(gateway(f'''
            [[route]]
            upstream = "orders"
            [upstream.orders]
            discovery = {{ etcd = {{ server = {{ upstream = "etcd" }}, prefix = "/w/" }} }}
            [upstream.etcd]
            discovery = {{ static = ["{self.etcd.address}"] }}
            protocol = "http2"
            '''))
        self.assertEqual(self.get(other).body, b"hello")
        self.terminate(weir)
        poll.until(lambda: self.found() is None, "the key is gone")
        self.assertEqual(self.get(weir).body, b"hello")  # while others learn of it
        self.assertEqual(weir.admin("/readyz")[0], 503)
        self.assertEqual(weir.wait(), 0)
        weir.wait_for_line("not registered any more; draining in 1s")

    def test_what_is_lost_is_registered_again(self):
        self.etcd.start()
        weir = self.weir(self.config())
        self.await_key()
        self.await_registered(weir, "etcd")
        self.etcd.delete(self.KEY)
        self.await_key()
        self.await_registered(weir, "etcd")
        self.etcd.revoke_lease_of(self.KEY)
        self.await_key()
        poll.until(lambda: self.results(weir, "etcd", "lost") >= 2, "two losses")
        self.assertEqual(self.results(weir, "etcd", "failed"), 0)

    def test_a_registry_that_is_away_is_tried_again(self):
        weir = self.weir(self.config())
        self.assertEqual(self.get(weir).body, b"hello")
        poll.until(lambda: self.results(weir, "etcd", "failed") > 0, "a failure")
        self.assertEqual(self.registered(weir, "etcd"), 0)
        self.etcd.start()
        self.await_key()
        self.await_registered(weir, "etcd")
        self.etcd.kill()
        self.await_registered(weir, "etcd", 0)  # after its TTL
        self.etcd.start()
        self.await_registered(weir, "etcd")
        self.await_key()

    def test_the_key_of_another_instance_stays(self):
        self.etcd.start()
        self.etcd.put(self.KEY, '{"address": "10.0.0.9:80"}')
        weir = self.weir(self.config())
        weir.wait_for_line("register orders (etcd): the key /w/orders-1 belongs to another "
                           "instance, at 10.0.0.9:80")
        self.etcd.delete(self.KEY)
        self.assertEqual(self.await_key()["weight"], 3)

    def test_a_reload_changes_and_removes_it(self):
        self.etcd.start()
        weir = self.weir(self.config())
        self.await_key()
        config = weir.file.read_text(encoding="utf-8")
        weir.file.write_text(config.replace("weight = 3", "weight = 4"), encoding="utf-8")
        self.assertEqual(json.loads(weir.admin("/reload", "POST")[1])["result"], "applied")
        poll.until(lambda: (self.found() or "").find('"weight":4') > 0, "the new weight")
        begin, end = config.index("[[register]]"), config.index("[upstream.etcd]")
        weir.file.write_text(config[:begin] + config[end:], encoding="utf-8")
        self.assertEqual(json.loads(weir.admin("/reload", "POST")[1])["result"], "applied")
        poll.until(lambda: self.found() is None, "the key is gone")
        self.assertEqual(self.registered(weir, "etcd"), 0)

    def test_a_check_refuses_an_upstream_without_http2(self):
        weir = self.weir(self.config().replace('protocol = "http2"', ""), start=False)
        weir.launch()
        weir.wait_for_line('register[0]: uses gRPC, but upstream "etcd" speaks HTTP/1')
        self.assertEqual(weir.wait(), 2)


class FakeAgent:
    """The part of a Consul agent that registrations use."""

    def __init__(self, case):
        self._lock = threading.Lock()
        self.services = {}
        self.passes = 0
        self.tokens = set()
        self.upstream = case.upstream(self._answer)

    def _answer(self, call):
        method, target, _ = call.request.first_line.split(" ")
        body = call.read_body()
        with self._lock:
            self.tokens.add(call.request.header("x-consul-token"))
            status = self._do(method, target.split("?")[0], body)
        call.reply(b"", status)

    def _do(self, method, path, body):
        assert method == "PUT", method
        if path == "/v1/agent/service/register":
            service = json.loads(body)
            self.services[service["ID"]] = service
            return "200 OK"
        name = path.rpartition("/")[2].removeprefix("service%3A").removeprefix("service:")
        if name not in self.services:
            return "404 Not Found"
        if path.startswith("/v1/agent/check/pass/"):
            self.passes += 1
        elif path.startswith("/v1/agent/service/deregister/"):
            del self.services[name]
        else:
            return "400 Bad Request"
        return "200 OK"


class Consul(RegisterCase):
    def config(self, agent):
        return gateway(f'''{RESPOND}
            [[register]]
            service = "orders"
            id = "orders-1"
            weight = 3
            zone = "a"
            deregister_delay = "0s"
            [register.consul]
            server = "http://{agent.upstream.address}"
            tags = ["v2"]
            token = "secret"
            ttl = "3s"
            ''')

    def test_registers_renews_and_removes(self):
        agent = FakeAgent(self)
        weir = self.weir(self.config(agent))
        self.await_registered(weir, "consul")
        host, port = address_of(weir).rsplit(":", 1)
        self.assertEqual(agent.services["orders-1"], {
            "ID": "orders-1", "Name": "orders", "Address": host, "Port": int(port),
            "Tags": ["v2"], "Meta": {"zone": "a"}, "Weights": {"Passing": 3, "Warning": 1},
            "Check": {"CheckID": "service:orders-1", "Name": "weir", "TTL": "3000ms",
                      "Status": "passing", "DeregisterCriticalServiceAfter": "60000ms"}})
        poll.until(lambda: agent.passes >= 2, "two renewals")
        agent.services.clear()  # an agent that was restarted without its data
        poll.until(lambda: "orders-1" in agent.services, "registered again")
        self.assertEqual(self.results(weir, "consul", "lost"), 1)
        self.assertEqual(weir.stop(), 0)
        self.assertEqual(agent.services, {})
        self.assertEqual(agent.tokens, {"secret"})

    def test_a_refusal_is_logged_and_retried(self):
        agent = self.upstream(text(b"", status="403 Forbidden"))
        weir = self.weir(gateway(f'''{RESPOND}
            [[register]]
            service = "orders"
            consul = {{ server = "http://{agent.address}" }}
            '''))
        weir.wait_for_line("register orders (consul): the token is refused")
        poll.until(lambda: self.results(weir, "consul", "failed") >= 2, "two failures")
        self.assertEqual(weir.stop(), 0)

    def test_an_agent_that_is_away_does_not_hold_back_the_end(self):
        weir = self.weir(gateway(f'''{RESPOND}
            [[register]]
            service = "orders"
            consul = {{ server = "http://{closed_address()}" }}
            '''))
        poll.until(lambda: self.results(weir, "consul", "failed") > 0, "a failure")
        self.assertEqual(weir.stop(), 0)


class Settings(IntegrationCase):
    def assert_refused(self, settings, message):
        weir = self.weir(gateway(f'{RESPOND}[[register]]\nservice = "orders"\n{settings}'),
                         start=False)
        weir.launch()
        weir.wait_for_line(message)
        self.assertEqual(weir.wait(), 2)

    def test_mistakes_are_refused(self):
        self.assert_refused("", "etcd")
        self.assert_refused('consul = { server = "http://127.0.0.1:1" }\naddress = "name:80"',
                            "register[0].address: must be an IP address with a port")
        self.assert_refused('consul = { server = { upstream = "none" } }', "none")


if __name__ == "__main__":
    unittest.main()
