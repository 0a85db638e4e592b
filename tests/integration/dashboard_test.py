"""The pages behind the dashboard, held against what the process did."""

import json
import unittest

import poll
from fake_upstream import closed_address, text
from integration_case import LISTENER, gateway
from tls_case import TlsCase
from weir_process import ROOT

MOST_BYTES = 200 * 1024
KEY = 'filters = [{ api_key = { keys = { file = "keys.txt" } } }]\n'


def upstream(name, *endpoints, more=""):
    return f"[upstream.{name}]\ndiscovery = {{ static = {json.dumps(endpoints)} }}\n{more}\n"


def route(name, target, more=""):
    return f'[[route]]\nname = "{name}"\nmatch = {{ path_prefix = "/{name}" }}\n{target}\n{more}\n'


class DashboardCase(TlsCase):
    def page(self, weir, path):
        status, body = weir.admin(path)
        self.assertEqual(status, 200, body)
        return json.loads(body)

    def rows(self, page, name="routes"):
        return {row["name"]: row for row in page[name]["rows"]}


class Counts(DashboardCase):
    def setUp(self):
        super().setUp()
        good = self.upstream()
        bad = self.upstream(text(b"sorry", status="503 Service Unavailable"))
        self.running = self.weir(gateway(
            route("good", 'upstream = "good"') + route("bad", 'upstream = "bad"')
            + route("gone", 'respond = { status = 404 }')
            + upstream("good", good.address) + upstream("bad", bad.address)))

    def send(self, path, count):
        client = self.client(self.running.address())
        for _ in range(count):
            client.request(path)

    def totals(self):
        """The pages with the totals of everything that was sent."""
        def complete():
            page = self.page(self.running, "/overview")
            return page if page["total"]["requests"] == 12 else None
        return poll.until(complete, "all requests are counted")

    def test_routes_and_upstreams_have_the_counts_of_what_was_sent(self):
        self.send("/good", 5)
        self.send("/bad", 3)
        self.send("/gone", 4)
        page = self.totals()
        self.assertEqual(page["total"], {"requests": 12, "client_errors": 4, "server_errors": 3})
        routes = self.rows(page)
        self.assertEqual({name: row["total"]["requests"] for name, row in routes.items()},
                         {"good": 5, "bad": 3, "gone": 4})
        self.assertEqual(routes["bad"]["total"]["server_errors"], 3)
        self.assertEqual(routes["good"]["match"], "* prefix /good")
        upstreams = self.rows(self.page(self.running, "/overview/upstreams"), "upstreams")
        self.assertEqual(upstreams["bad"]["total"]["server_errors"], 3)
        self.assertEqual(upstreams["good"]["total"]["requests"], 5)
        self.assertEqual(upstreams["good"]["endpoints"]["healthy"], 1)

    def test_rates_success_and_latency_are_those_of_the_last_seconds(self):
        self.page(self.running, "/overview")  # the first sample

        def measured():
            self.send("/bad", 1)
            self.send("/good", 1)
            page = self.page(self.running, "/overview?sort=errors")
            return page if page["routes"]["rows"][0]["now"]["per_second"] > 0 else None
        page = poll.until(measured, "a rate")
        worst = page["routes"]["rows"][0]
        self.assertEqual((worst["name"], worst["now"]["success"]), ("bad", 0))
        self.assertGreater(worst["now"]["server_errors_per_second"], 0)
        self.assertGreater(worst["now"]["p99_ms"], 0)
        self.assertGreater(page["now"]["per_second"], worst["now"]["per_second"])
        self.assertEqual([row["name"] for row in page["troubled_upstreams"]["rows"]], ["bad"])
        points = self.page(self.running, "/overview/history")["points"]
        self.assertEqual(len(points[-1]), 7)
        self.assertGreater(points[-1][1], 0)

    def test_tables_have_pages_and_filters(self):
        page = self.page(self.running, "/overview?sort=name&offset=1&limit=1")["routes"]
        self.assertEqual((page["count"], [row["name"] for row in page["rows"]]), (3, ["gone"]))
        page = self.page(self.running, "/overview?filter=o&sort=file")["routes"]
        self.assertEqual([row["name"] for row in page["rows"]], ["good", "gone"])
        page = self.page(self.running, "/overview?offset=99")["routes"]
        self.assertEqual((page["count"], page["rows"]), (3, []))
        self.assertEqual(self.running.admin("/overview?limit=x")[0], 400)
        self.assertEqual(self.running.admin("/events?after=-1")[0], 400)

    def test_the_flow_leads_from_listeners_to_upstreams(self):
        page = self.page(self.running, "/overview/routes?sort=file")
        self.assertEqual([each["name"] for each in page["listeners"]], ["public"])
        good, _, gone = page["routes"]["rows"]
        self.assertEqual([(each["upstream"], each["share"], each["exact"])
                          for each in good["targets"]], [("good", 1, True)])
        self.assertEqual((gone["action"], gone["targets"]), ("respond 404", []))
        edges = self.page(self.running, "/edges")["edges"]
        self.assertEqual({(each["from"], each["route"], each["to"]) for each in edges},
                         {("public", "good", "good"), ("public", "bad", "bad")})


class Trouble(DashboardCase):
    def test_a_denied_request_is_an_edge_with_its_filter_and_reason(self):
        weir = self.weir(gateway(route("all", 'upstream = "app"', KEY)
                                 + upstream("app", self.upstream().address)), start=False)
        (weir.folder / "keys.txt").write_text("", encoding="utf-8")
        weir.start()
        self.assertEqual(self.get(weir, "/all").status, 401)

        def denied():
            return self.page(weir, "/edges")["denied"]
        only, = poll.until(denied, "a denied edge")
        self.assertEqual(
            {key: only[key] for key in ("from", "route", "filter", "status", "total")},
            {"from": "public", "route": "all", "filter": "api_key", "status": 401, "total": 1})
        self.assertEqual(only["reason"], "authn_missing")

    def test_an_ejected_endpoint_is_an_event_and_a_state(self):
        dead = closed_address()
        breaker = ('balancer = "round_robin"\n'
                   'guards = [{ breaker = { consecutive_failures = 1, backoff = "10m" } }]')
        weir = self.weir(gateway(route("all", 'upstream = "app"')
                                 + upstream("app", dead, self.upstream().address, more=breaker)))
        for _ in range(2):
            self.get(weir, "/all")

        def ejection():
            events = self.page(weir, "/events")["events"]
            return [each for each in events if each["kind"] == "ejection"]
        only, = poll.until(ejection, "an event")
        self.assertEqual((only["subject"], only["severity"]), ("app", "bad"))
        self.assertEqual(only["text"], "ejected an endpoint: consecutive failures, no connection")
        row, = self.page(weir, "/overview/upstreams?sort=trouble")["upstreams"]["rows"]
        self.assertEqual(row["ejected"], 1)
        state, = self.page(weir, "/upstreams?name=app&limit=1")["upstreams"]
        self.assertEqual([(each["address"], each["state"]) for each in state["endpoints"]],
                         [(dead, "ejected")])
        self.assertEqual(weir.admin("/upstreams?name=none")[0], 404)


class Configuration(DashboardCase):
    def test_reloads_are_events_with_their_mistakes(self):
        weir = self.weir(gateway(route("all", "respond = { status = 200 }")))
        before = self.page(weir, "/events")["latest"]
        good = weir.file.read_text(encoding="utf-8")
        weir.file.write_text(good + "\nworker = 2\n", encoding="utf-8")
        self.assertEqual(weir.admin("/reload", "POST")[0], 422)
        weir.file.write_text(good.replace("200", "201"), encoding="utf-8")
        self.assertEqual(weir.admin("/reload", "POST")[0], 200)

        def both():
            page = self.page(weir, f"/events?after={before}")
            return page if "good" in [each["severity"] for each in page["events"]] else None
        page = poll.until(both, "the reload")
        rejected = [each for each in page["events"] if each["severity"] == "bad"][0]
        self.assertEqual(rejected["text"], "configuration rejected, the old one is in force")
        mistake, = rejected["mistakes"]
        self.assertEqual(mistake["line"], good.count("\n") + 2)
        self.assertIn("worker", mistake["text"])
        applied = page["events"][-1]
        self.assertEqual((applied["kind"], applied["text"]), ("reload", "configuration applied"))
        self.assertEqual(self.page(weir, f"/events?after={page['latest']}")["events"], [])

    def test_certificates_have_their_users_and_renewals_are_events(self):
        weir = self.secured(route("all", "respond = { status = 200 }"))
        only, = self.page(weir, "/certificates")["certificates"]
        self.assertEqual(only["names"], ["edge.test", "127.0.0.1"])
        self.assertEqual(only["used_by"], ["listener public"])
        self.assertLess(only["not_before"], only["not_after"])
        self.ca(weir.folder, "renew", "ca/edge")

        def renewed():
            events = self.page(weir, "/events")["events"]
            return [each for each in events if each["kind"] == "certificate"]
        event = poll.until(renewed, "the renewal")[-1]
        self.assertEqual((event["severity"], event["text"]), ("good", "a certificate was renewed"))


class Page(DashboardCase):
    def test_the_page_is_small_and_loads_nothing_from_elsewhere(self):
        weir = self.weir(gateway(route("all", "respond = { status = 200 }"), listener=LISTENER))
        folder = ROOT / "observability" / "dashboard" / "page"
        served = 0
        for file in sorted(folder.iterdir()):
            status, body = weir.admin(f"/dashboard/{file.name}")
            self.assertEqual((status, body), (200, file.read_text(encoding="utf-8")), file.name)
            served += len(body.encode())
            for word in ("http://", "https://", "eval(", "innerHTML", " style="):
                allowed = body.count("http://www.w3.org/2000/svg") if word == "http://" else 0
                self.assertEqual(body.count(word), allowed, f"{word} in {file.name}")
        self.assertLessEqual(served, MOST_BYTES)
        status, index = weir.admin("/dashboard")
        self.assertEqual(status, 200)
        self.assertIn('<html lang="en">', index)


if __name__ == "__main__":
    unittest.main()
