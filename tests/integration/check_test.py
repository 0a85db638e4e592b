"""`weir check`: warnings, all errors at once, and its output."""

import json
import subprocess
import tempfile
import unittest
from pathlib import Path

from weir_process import BINARY

LISTENER = '[[listener]]\nname = "public"\naddress = "127.0.0.1:0"\n'
ROUTE = '[[route]]\nname = "all"\nupstream = "backend"\n'
UPSTREAM = '[upstream.backend]\ndiscovery = { static = ["127.0.0.1:9"] }\n'


class CheckCase(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="weir-check-")
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        self.file = self.folder / "weir.toml"

    def check(self, config, *arguments):
        """(exit code, output) of a check, without the path of the file."""
        self.file.write_text(config, encoding="utf-8")
        ended = subprocess.run([BINARY, "check", str(self.file), *arguments], capture_output=True,
                               text=True, check=False)
        return ended.returncode, ended.stdout.replace(str(self.folder) + "/", "")


class Warnings(CheckCase):
    def assert_warns(self, config, *expected):
        code, said = self.check(config)
        warnings = [line for line in said.splitlines() if ": warning: " in line]
        self.assertEqual(warnings, list(expected))
        self.assertEqual(code, 0)
        self.assertIn("weir.toml: good", said)

    def test_a_good_file_has_none(self):
        self.assert_warns(LISTENER + ROUTE + UPSTREAM)

    def test_a_split_of_weight_0(self):
        split = '[[route]]\nsplit = [{ upstream = "backend", weight = 0 }, { upstream = "b" }]\n'
        other = '[upstream.b]\ndiscovery = { static = ["127.0.0.1:9"] }\n'
        self.assert_warns(
            split + UPSTREAM + other,
            "weir.toml:2:43: warning: route[0].split[0].weight: is 0: it receives no requests")

    def test_an_upstream_without_endpoints(self):
        self.assert_warns(
            ROUTE + "[upstream.backend]\ndiscovery = { static = [] }\n",
            "weir.toml:5:13: warning: upstream.backend.discovery: has no endpoint: every request "
            "fails")
        self.assert_warns(
            ROUTE + '[upstream.backend]\ndiscovery.static = [{ address = "127.0.0.1:9", '
            "weight = 0 }]\n",
            "weir.toml:5:1: warning: upstream.backend.discovery: gives every endpoint weight 0: "
            "every request fails")

    def test_fewer_connections_than_endpoints_of_the_workers(self):
        endpoints = "max_connections = {}\n[upstream.backend.discovery]\n" \
                    'static = ["127.0.0.1:7", "127.0.0.1:8", "127.0.0.1:9"]\n'
        config = "workers = 4\n" + ROUTE + "[upstream.backend]\n" + endpoints
        self.assert_warns(config.format(12))
        self.assert_warns(config.format(0))
        self.assert_warns(
            config.format(11),
            "weir.toml:5:1: warning: upstream.backend.max_connections: is less than one "
            "connection for each of 3 endpoints and 4 workers: connections are closed and opened "
            'all the time (did you mean "12"?)')

    def test_an_upstream_that_nothing_leads_to(self):
        self.assert_warns(
            UPSTREAM,
            "weir.toml:1:1: warning: upstream.backend: is not used by any route, filter or listener")

    def test_a_route_that_never_matches(self):
        first = ROUTE + 'match = { path = "/a", methods = ["GET", "POST"] }\n'
        second = '[[route]]\nupstream = "backend"\nmatch = { path = "/a", methods = ["GET"] }\n'
        code, said = self.check(first + second + UPSTREAM)
        self.assertEqual(code, 0)
        self.assertRegex(said, r"weir\.toml:5:1: warning: route\[1\]\.match: never matches: the "
                               r"route at weir\.toml:1:1 matches the same requests and more\n")
        more = second.replace('["GET"]', '["GET", "PUT"]')
        self.assert_warns(first + more + UPSTREAM)

    def test_a_try_that_is_longer_than_the_whole(self):
        self.assert_warns(
            ROUTE + 'timeout = "1s"\nper_try_timeout = "2s"\n' + UPSTREAM,
            "weir.toml:5:19: warning: route[0].per_try_timeout: is not shorter than `timeout` and "
            "never expires")
        self.assert_warns(ROUTE + 'timeout = "0s"\nper_try_timeout = "2s"\n' + UPSTREAM)

    def test_a_log_format_without_fields(self):
        self.assert_warns(
            '[[access_log]]\nformat = "jsn"\n',
            'weir.toml:2:10: warning: access_log[0].format: has no field, so that all lines are '
            'the same (did you mean "json"?)')

    def test_certificates(self):
        for arguments in (["init"], ["issue", "edge", "--dns", "edge.test"]):
            subprocess.run([BINARY, "ca", *arguments], cwd=self.folder, check=True,
                           capture_output=True)
        tls = ('[listener.tls]\ncertificates = [{ cert = "ca/edge.crt", key = "ca/edge.key" }]\n')
        route = '[[route]]\nhosts = ["shop.example"]\nrespond.body = "x"\n'
        code, said = self.check(LISTENER + tls + route)
        self.assertEqual(code, 0)
        self.assertRegex(said, r"warning: listener\[0\]\.tls: the certificate \S*ca/edge\.crt is "
                               r"for edge\.test, and no route has a matching host\n")
        self.assert_warns(LISTENER + tls + route.replace("shop.example", "edge.test"))

    def test_are_told_to_programs(self):
        code, said = self.check(UPSTREAM, "--format", "json")
        self.assertEqual(code, 0)
        self.assertEqual([(each["severity"], each["path"]) for each in json.loads(said)],
                         [("warning", "upstream.backend")])


class Mistakes(CheckCase):
    def test_all_in_one_pass(self):
        code, said = self.check('workers = 0\n' + LISTENER + LISTENER +
                                '[[route]]\nupstream = "nowhere"\ntimeuot = "1s"\n'
                                '[[route]]\nupstream = "elsewhere"\nmatch = { path = "/a" }\n')
        self.assertEqual(code, 2)
        self.assertEqual([line.split(": ")[1] for line in said.splitlines()],
                         ["workers", "listener[1].name", "route[0].upstream", "route[0].timeuot",
                          "route[1].upstream"])

    def test_control_characters_are_escaped(self):
        _, said = self.check('role = "\\u001b[2J"\n"a\\u0007" = 1\n')
        self.assertFalse([c for c in said if ord(c) < 32 and c != "\n"])

    def test_fields_of_the_log_are_listed(self):
        _, said = self.check('[[access_log]]\nfields = ["colour"]\n')
        self.assertIn("there are time, duration, ", said)
        self.assertIn("request.header.NAME", said)

    def test_a_string_in_the_place_of_a_table(self):
        _, said = self.check(LISTENER + 'tls = "edge.crt"\n')
        self.assertIn("expected a table", said)


KEY = "api_key = { keys = { inline = ['a sha256:" + "0" * 64 + " b'] } }"


class Orders(CheckCase):
    def warnings(self, *filters):
        config = (LISTENER + '[[route]]\nname = "all"\nupstream = "backend"\nfilters = [\n'
                  + "".join(f"{{ {each} }},\n" for each in filters) + "]\n" + UPSTREAM)
        code, said = self.check(config)
        self.assertEqual(code, 0, said)
        return [line.partition(": warning: ")[::2] for line in said.splitlines()
                if ": warning: " in line]

    def test_filters_about_the_caller_before_authentication(self):
        about = "rbac = { policies = [{ name = 'a', action = 'allow', from = { %s } }] }"
        limit = "rate_limit = { rate = '1/s', key = ['%s'] }"
        text = "is about the caller, whom api_key after it authenticates: it finds no caller"
        for early, kind in ((about % "subjects = ['x']", "rbac"),
                            (about % "authenticated = true", "rbac"),
                            (limit % "auth.consumer", "rate_limit"),
                            ("fault = { abort = { status = 500 }, when = 'auth.subject == \"x\"' }",
                             "fault")):
            found = self.warnings(early, KEY)
            self.assertEqual([what for _, what in found], [f"{kind}: {text}"], early)
            self.assertTrue(found[0][0].startswith("weir.toml:8:"), found)
            self.assertEqual(self.warnings(KEY, early), [], early)
        for early in (about % "addresses = ['10.0.0.0/8']", limit % "client_address"):
            self.assertEqual(self.warnings(early, KEY), [], early)

    def test_cors_after_authentication(self):
        cors = "cors = { origins = ['https://a.test'] }"
        self.assertEqual(self.warnings(cors, KEY), [])
        self.assertEqual([what for _, what in self.warnings(KEY, cors)], [
            "cors: comes after api_key, which refuses the requests without credentials that it is "
            "for"])

    def test_a_mode_belongs_to_any_of(self):
        code, said = self.check(LISTENER + '[[route]]\nupstream = "backend"\nfilters = [\n'
                                "{ any_of = [{ client_certificate = { mode = 'shadow' } }] }]\n"
                                + UPSTREAM)
        self.assertEqual(code, 2)
        self.assertIn("`mode` belongs to any_of", said)


if __name__ == "__main__":
    unittest.main()
