"""What /explain and `weir explain` say, held against what the same process does."""

import json
import re
import subprocess
import tempfile
import unittest
import urllib.parse
from pathlib import Path

from integration_case import LISTENER, IntegrationCase, forward, gateway
from weir_process import BINARY, ROOT

IDENTITY = "spiffe://prod.example/ns/shop/sa/web"


def explain(*arguments):
    """(exit code, stdout, stderr) of `weir explain`."""
    ended = subprocess.run([BINARY, "explain", *arguments], capture_output=True, text=True,
                           check=False)
    return ended.returncode, ended.stdout, ended.stderr


def without_connections(page):
    """Only a running process has connections, from earlier requests, and states of endpoints."""
    for upstream in page["upstreams"]:
        del upstream["connections"]
        for endpoint in upstream["endpoints"]:
            endpoint.pop("state", None)
            endpoint.pop("since", None)
    return page


class Case(IntegrationCase):
    def offline(self, config, method, url, *options):
        """(exit code, page)"""
        with tempfile.NamedTemporaryFile("w", suffix=".toml", encoding="utf-8") as file:
            file.write(config)
            file.flush()
            code, said, complaints = explain(file.name, method, url, "--json", *options)
            self.assertEqual(complaints, "")
            return code, json.loads(said)

    def live(self, weir, **parameters):
        status, page = weir.admin("/explain?" + urllib.parse.urlencode(parameters))
        self.assertEqual(status, 200)
        return json.loads(page)


class Policies(Case):
    def setUp(self):
        super().setUp()
        text = (ROOT / "configs/rbac.toml").read_text(encoding="utf-8")
        upstream = self.upstream()
        text = re.sub(r'static = \["[^"]*"\]', f'static = ["{upstream.address}"]', text)
        self.config = re.sub(r'address = "[^"]*"', 'address = "127.0.0.1:0"', text)

    def test_it_tells_what_the_process_does_live_and_offline(self):
        weir = self.weir(self.config)
        client = self.client(weir.address())
        for method, path, team, by in (
                ("GET", "/orders/7", None, 'allow policy "read" matches'),
                ("POST", "/orders", None, "no allow policy matches"),
                ("POST", "/orders", "blue", 'allow policy "team" matches'),
                ("POST", "/orders", "red", "no allow policy matches"),
                ("GET", "/admin/users", "blue", 'deny policy "administration" matches'),
                ("GET", "/x/..//admin;v=1/users", None, 'deny policy "administration" matches'),
                ("GET", "/administrator", None, 'allow policy "read" matches')):
            with self.subTest(method=method, path=path, team=team):
                headers = [] if team is None else [("x-team", team)]
                reply = client.request(path, method=method, headers=headers)
                fields = {f"header.{name}": value for name, value in headers}
                page = self.live(weir, method=method, path=path, source="127.0.0.1", **fields)
                outcome = page["outcome"]
                self.assertEqual(outcome.get("status", 200), reply.status)
                self.assertEqual(outcome.get("reason"), reply.header("x-weir-reason"))
                self.assertEqual(page["filters"][0]["why"], by)
                self.assertEqual(outcome["kind"], "forward" if reply.status == 200 else "refused")
                options = [option for name, value in headers
                           for option in ("--header", f"{name}: {value}")]
                code, offline = self.offline(self.config, method, path, "--from", "127.0.0.1",
                                             *options)
                self.assertEqual(without_connections(offline), without_connections(page))
                self.assertEqual(code, 0 if reply.status == 200 else 1)

    def test_near_misses_name_the_one_setting_that_does_not_match(self):
        _, page = self.offline(self.config, "POST", "/orders/7/export", "--from", "127.0.0.1")
        self.assertEqual(page["filters"], [{
            "filter": "rbac", "of": "route", "outcome": "replies",
            "why": "no allow policy matches",
            "near_misses": ['deny policy "administration" would match but for paths',
                            'allow policy "read" would match but for methods',
                            'allow policy "team" would match but for when',
                            'deny policy "no-export" (shadow) matches, and decides nothing']}])

    def test_it_is_readable_at_a_terminal(self):
        with tempfile.NamedTemporaryFile("w", suffix=".toml", encoding="utf-8") as file:
            file.write(self.config)
            file.flush()
            code, said, _ = explain(file.name, "DELETE", "http://shop.example/admin/users",
                                    "--from", "127.0.0.1", "--as", "alice")
        self.assertEqual(code, 1)
        self.assertTrue(said.startswith(
            "DELETE shop.example/admin/users on listener public from 127.0.0.1 as alice\n"
            "  is refused by the filter rbac: 403 authz_denied, "
            'deny policy "administration" matches\n\nROUTE '), said)
        self.assertIn("\nFILTER  OF     OUTCOME  WHY\nrbac    route  replies  deny policy", said)


class Callers(Case):
    ROUTES = f"""
filters = [{{ address_list = {{ allow = ["10.0.0.0/8"] }} }}]
[[route]]
name = "shop"
match.path_prefix = "/shop"
respond = {{ status = 204 }}
[[route.filters]]
rate_limit.rate = "10/s"
[[route.filters]]
[route.filters.rbac]
when = 'request.method != "GET"'
policies = [
  {{ name = "web", action = "allow", from = {{ identities = ["{IDENTITY}"] }} }},
  {{ name = "admins", action = "allow", from = {{ groups = ["admins"], scopes = ["write"] }} }},
]
"""

    def outcome(self, method, *options):
        code, page = self.offline(gateway(self.ROUTES), method, "/shop/cart", *options)
        self.assertEqual(code == 0, page["outcome"]["kind"] in ("respond", "forward"))
        return page["outcome"].get("filter", page["outcome"]["kind"])

    def test_the_caller_and_the_address_are_those_of_the_question(self):
        inside = ("--from", "10.1.2.3")
        self.assertEqual(self.outcome("POST"), "address_list")
        self.assertEqual(self.outcome("POST", *inside), "rbac")
        self.assertEqual(self.outcome("GET", *inside), "respond")
        self.assertEqual(self.outcome("POST", *inside, "--as", IDENTITY), "respond")
        self.assertEqual(self.outcome("POST", *inside, "--as", IDENTITY + "x"), "rbac")
        admin = (*inside, "--as", "alice", "--group", "admins")
        self.assertEqual(self.outcome("POST", *admin), "rbac")
        self.assertEqual(self.outcome("POST", *admin, "--scope", "write"), "respond")

    def test_filters_are_shown_with_what_they_do(self):
        def filters(method, *options):
            page = self.offline(gateway(self.ROUTES), method, "/shop", *options)[1]
            return [(each["filter"], each["of"], each["outcome"]) for each in page["filters"]]
        self.assertEqual(filters("GET", "--from", "10.0.0.1"), [
            ("address_list", "listener", "proceeds"), ("rate_limit", "route", "depends"),
            ("rbac", "route", "skipped")])
        self.assertEqual(filters("GET"), [("address_list", "listener", "replies")])

    def test_limits_are_named(self):
        page = self.offline(gateway(self.ROUTES), "GET", "/shop", "--from", "10.0.0.1")[1]
        self.assertEqual(page["filters"][1]["why"],
                         "depends on counts: 10/s by client_address")


class Choices(Case):
    def test_endpoints_are_those_of_the_upstreams(self):
        config = gateway(forward("127.0.0.1:1", "127.0.0.1:2"))
        code, page = self.offline(config, "GET", "http://a/")
        self.assertEqual((code, page["outcome"]), (0, {"kind": "forward"}))
        self.assertEqual([each["address"] for each in page["upstreams"][0]["endpoints"]],
                         ["127.0.0.1:1", "127.0.0.1:2"])
        self.assertEqual(self.live(self.weir(config), url="http://a/"), page)

    def test_no_route_and_what_the_listener_refuses(self):
        config = gateway("[[route]]\nname = 'a'\nhosts = ['a.test']\nrespond.status = 200\n")
        code, page = self.offline(config, "GET", "http://b.test/")
        self.assertEqual((code, page["outcome"]["kind"], page["route"]), (1, "no_route", None))
        code, page = self.offline(config, "GET", "http://a.test/x%2Fy")
        self.assertEqual((code, page["outcome"]["status"]), (1, 400))
        code, page = self.offline(config, "GET", "/", "--header", "Host: a.test")
        self.assertEqual((code, page["route"]), (0, "a"))

    def test_the_listener_is_the_one_for_the_url(self):
        port = 8443  # of a listener that is not opened
        listeners = f"{LISTENER}[[listener]]\nname = 'other'\naddress = '127.0.0.1:{port}'\n"
        config = gateway("[[route]]\nname = 'a'\nrespond.status = 200\n", listener=listeners)
        for url, options, listener in (("/", (), "public"), (f"http://a:{port}/", (), "other"),
                                       ("http://a/", (), "public"),
                                       ("http://a/", ("--listener", "other"), "other")):
            with self.subTest(url=url, options=options):
                page = self.offline(config, "GET", url, *options)[1]
                self.assertEqual(page["request"]["listener"], listener)


class Mistakes(Case):
    def test_they_end_with_2_and_a_line(self):
        example = str(ROOT / "configs/rbac.toml")
        for arguments, complaint in (
                (("no-such-file.toml", "GET", "/"), "no-such-file.toml"),
                ((example, "GET", "shop.example"), "needs a URL"),
                ((example, "G T", "/"), "is no method"),
                ((example, "GET", "/", "--header", "x"), 'needs "Name: value"'),
                ((example, "GET", "/", "--listener", "pubic"), 'no listener "pubic"'),
                ((example, "GET", "/", "--from", "here"), "is not an IP address")):
            with self.subTest(arguments):
                code, said, complaints = explain(*arguments)
                self.assertEqual((code, said), (2, ""))
                self.assertIn(complaint, complaints)

    def test_a_mistake_in_the_configuration_is_shown_with_its_place(self):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "weir.toml"
            path.write_text("[[listener]]\naddres = '127.0.0.1:0'\n", encoding="utf-8")
            code, said, complaints = explain(str(path), "GET", "/")
        self.assertEqual((code, said), (2, ""))
        self.assertIn(f"{path}:2:1:", complaints)


if __name__ == "__main__":
    unittest.main()
