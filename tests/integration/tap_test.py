"""/tap and /errors, and `weir tap`, held against what the process does."""

import http.client
import json
import subprocess
import unittest
import urllib.parse

import poll
from integration_case import IntegrationCase, forward, gateway
from weir_process import BINARY

FILTERED = """
filters = [{ cors = { origins = ["https://app.example"] } },
           { rbac = { policies = [
               { name = "no-deletes", action = "deny", to = { methods = ["DELETE"] } }] } }]
"""


class TapStream:
    """The lines of /tap, from the moment at which every worker watches."""

    def __init__(self, address, accept="application/jsonl", **parameters):
        self._connection = http.client.HTTPConnection(address, timeout=poll.PATIENCE)
        self._connection.request("POST", "/tap?" + urllib.parse.urlencode(parameters),
                                 headers={"Accept": accept})
        self.answer = self._connection.getresponse()

    def started(self):
        start = self.line()
        assert start == {"event": "start"}, start
        return self

    def raw_line(self):
        line = self.answer.readline()
        while line == b"\n":  # a sign of life
            line = self.answer.readline()
        return line

    def line(self):
        return json.loads(self.raw_line())

    def close(self):
        self._connection.close()


class Case(IntegrationCase):
    def tap(self, weir, **parameters):
        stream = TapStream(weir.admin_address, **parameters)
        self.addCleanup(stream.close)
        self.assertEqual(stream.answer.status, 200)
        return stream.started()

    def errors(self, weir, **parameters):
        status, page = weir.admin("/errors?" + urllib.parse.urlencode(parameters))
        self.assertEqual(status, 200)
        return json.loads(page)["errors"]


class Taps(Case):
    def test_a_request_is_shown_with_every_step(self):
        first, second = self.upstream(), self.upstream()
        weir = self.weir(gateway(forward(first.address, second.address, route=FILTERED,
                                         upstream='balancer = "least_request"')))
        tap = self.tap(weir)
        reply = self.get(weir, "/orders?page=2&token=s3cret",
                         headers=[("Authorization", "Bearer s3cret"), ("X-Team", "blue")])
        self.assertEqual(reply.status, 200)
        line = tap.line()
        self.assertEqual((line["request"]["method"], line["request"]["path"],
                          line["request"]["query"]), ("GET", "/orders", "page=2&token=REDACTED"))
        self.assertEqual((line["listener"], line["route"], line["upstream"]),
                         ("public", "all", "backend"))
        self.assertEqual(line["client"]["address"], "127.0.0.1")
        self.assertEqual(line["response"]["status"], 200)
        filters = [(each["filter"], each["side"], each["verdict"]) for each in line["filters"]]
        self.assertEqual(filters[:2], [("cors", "request", "proceeds"),
                                       ("rbac", "request", "proceeds")])
        attempt, = line["attempts"]
        self.assertIn(attempt["endpoint"], (first.address, second.address))
        self.assertEqual({each["endpoint"] for each in attempt["candidates"]},
                         {first.address, second.address})
        self.assertEqual((attempt["connection"], attempt["outcome"], attempt["status"]),
                         ("new", "ok", 200))
        times = [attempt[name] for name in ("began_ms", "connected_ms", "first_byte_ms", "ended_ms")]
        self.assertEqual(times, sorted(times))
        self.assertLessEqual(attempt["ended_ms"], line["timings_ms"]["total"])
        headers = dict(line["request_headers"])
        self.assertEqual((headers["Authorization"], headers["X-Team"]), ("REDACTED", "blue"))
        self.assertNotIn("s3cret", json.dumps(line))

    def test_a_reply_of_a_filter_and_a_retry_are_steps_too(self):
        dead = self.refusing_address()
        live = self.upstream()
        retry = 'retry = { on = ["connect-failure"], attempts = 3 }\n'
        weir = self.weir(gateway(forward(dead, live.address, route=retry + FILTERED,
                                         upstream='balancer = "first"')))
        tap = self.tap(weir)
        self.assertEqual(self.get(weir, "/", method="DELETE").status, 403)
        line = tap.line()
        self.assertEqual((line["response"]["status"], line["response"]["reason"]),
                         (403, "authz_denied"))
        self.assertEqual([each["verdict"] for each in line["filters"]][:2],
                         ["proceeds", "replies"])
        self.assertNotIn("attempts", line)
        self.assertEqual(self.get(weir).status, 200)
        failed, good = tap.line()["attempts"]
        self.assertEqual((failed["endpoint"], failed["outcome"], failed["reason"]),
                         (dead, "error", "upstream_connect_refused"))
        self.assertEqual((good["endpoint"], good["outcome"]), (live.address, "ok"))

    def test_a_condition_selects(self):
        weir = self.weir(gateway('[[route]]\nname = "all"\nrespond.body = "hello"\n', workers=2))
        tap = self.tap(weir, when='request.path.startsWith("/wanted")', headers="false")
        self.assert_metric(weir, 1, "weir_taps_active")
        for path in ("/other", "/wanted/1", "/other", "/wanted/2"):
            self.get(weir, path)
        lines = [tap.line(), tap.line()]
        self.assertEqual({line["request"]["path"] for line in lines}, {"/wanted/1", "/wanted/2"})
        self.assertNotIn("request_headers", lines[0])

    def test_the_time_ends(self):
        weir = self.weir(gateway('[[route]]\nname = "all"\nrespond.body = "hello"\n', workers=2))
        tap = self.tap(weir, duration="10ms")
        self.assertEqual(tap.line(), {"event": "end", "watched": 0, "sent": 0, "limited": 0,
                                      "dropped": 0})
        self.assertEqual(tap.raw_line(), b"")
        self.assert_metric(weir, 0, "weir_taps_active")

    def test_events_for_browsers(self):
        weir = self.weir(gateway('[[route]]\nname = "all"\nrespond.body = "hello"\n'))
        stream = TapStream(weir.admin_address, accept="text/event-stream")
        self.addCleanup(stream.close)
        self.assertEqual(stream.answer.getheader("content-type"), "text/event-stream")
        self.assertEqual([stream.answer.readline() for _ in range(3)],
                         [b"event: start\n", b'data: {"event":"start"}\n', b"\n"])
        self.get(weir, "/seen")
        self.assertEqual(stream.answer.readline(), b"event: request\n")
        data = stream.answer.readline()
        self.assertEqual(json.loads(data.removeprefix(b"data: "))["request"]["path"], "/seen")

    def test_there_are_few_taps_and_bad_questions_are_refused(self):
        weir = self.weir(gateway('[[route]]\nname = "all"\nrespond.body = "hello"\n'))
        for parameter in ("when=response.stauts", "rate=0", "sample=0%25", "duration=1h", "x=1"):
            self.assertEqual(weir.admin(f"/tap?{parameter}", "POST")[0], 400, parameter)
        self.assertEqual(weir.admin("/tap")[0], 405)
        taps = [self.tap(weir) for _ in range(4)]
        status, page = weir.admin("/tap", "POST")
        self.assertEqual(status, 503)
        self.assertIn("too many taps", page)
        taps.pop().close()
        self.assert_metric(weir, 3, "weir_taps_active")
        self.tap(weir)

    # More than all buffers between the worker and the client hold.
    def test_a_client_that_does_not_read_holds_up_nothing(self):
        weir = self.weir(gateway('[[route]]\nname = "all"\nrespond.body = "hello"\n'))
        self.tap(weir, rate="10000")
        client = self.client(weir.address())
        path = "/" + 400 * "x"

        def dropped():
            for _ in range(500):
                self.assertEqual(client.request(path).status, 200)
            return weir.metric("weir_tap_dropped_total") > 0
        poll.until(dropped, "requests that are not shown")

    def test_the_command_shows_requests(self):
        upstream = self.upstream()
        weir = self.weir(gateway(forward(upstream.address)))
        command = subprocess.Popen(
            [BINARY, "tap", weir.admin_address, "--when", "response.status == 200", "--headers"],
            stdout=subprocess.PIPE, text=True)
        self.addCleanup(command.stdout.close)
        self.addCleanup(command.wait)
        self.addCleanup(command.kill)
        self.assertEqual(command.stdout.readline(), "watching requests\n")
        self.get(weir, "/shown", headers=[("X-Odd", "a\tb"), ("Cookie", "id=1")])
        self.assertRegex(command.stdout.readline(),
                         r"^\S+ GET test/shown -> 200 in \d+\.\d+ ms client=127\.0\.0\.1 "
                         r"listener=public route=all id=\S+\n$")
        self.assertIn(f"    attempt 1: {upstream.address}, new connection at ",
                      command.stdout.readline())
        headers = iter(command.stdout.readline, "    > Cookie: REDACTED\n")
        self.assertIn("    > X-Odd: a?b\n", list(headers))

    def test_the_command_ends_with_the_time(self):
        weir = self.weir(gateway('[[route]]\nname = "all"\nrespond.body = "hello"\n'))
        ended = subprocess.run([BINARY, "tap", weir.admin_address, "--duration", "10ms"],
                               capture_output=True, text=True, check=False)
        self.assertEqual((ended.returncode, ended.stderr, ended.stdout),
                         (0, "", "watching requests\nthe time is over: 0 watched, 0 shown, "
                                 "0 beyond the rate, 0 dropped\n"))

    def test_the_command_tells_what_is_wrong(self):
        weir = self.weir(gateway('[[route]]\nname = "all"\nrespond.body = "hello"\n'))
        for arguments, expected in (
                ([weir.admin_address, "--when", "x"], "weir: 400: when, at byte 0: "),
                ([self.refusing_address()], "weir: cannot connect to 127.0.0.1:"),
                (["nowhere"], "weir: \"nowhere\": needs HOST:PORT or unix:PATH")):
            ended = subprocess.run([BINARY, "tap", *arguments], capture_output=True, text=True,
                                   check=False)
            self.assertEqual((ended.returncode, ended.stderr.startswith(expected)), (1, True),
                             ended.stderr)


class Errors(Case):
    def test_failures_are_kept_with_reason_and_place(self):
        dead = self.refusing_address()
        broken = self.upstream(lambda call: call.reply(status="500 Internal Server Error"))
        weir = self.weir(gateway(
            forward(dead, route='match = { path_prefix = "/dead" }')
            + '\n[[route]]\nname = "broken"\nmatch = { path_prefix = "/broken" }\n'
              f'upstream = "other"\n[upstream.other]\ndiscovery = {{ static = ["{broken.address}"] }}\n',
            workers=2))
        self.assertEqual(self.errors(weir), [])
        self.assertEqual(self.get(weir, "/broken").status, 500)
        self.assertEqual(self.get(weir, "/dead?code=s3cret").status, 502)
        self.assertEqual(self.get(weir, "/nowhere").status, 404)
        nowhere, gone, failed = self.errors(weir)
        self.assertEqual((nowhere["reason"], nowhere["status"], nowhere["path"]),
                         ("no_route", 404, "/nowhere"))
        self.assertEqual((gone["reason"], gone["route"], gone["endpoint"], gone["path"]),
                         ("upstream_connect_refused", "all", dead, "/dead?code=REDACTED"))
        self.assertEqual((gone["method"], gone["client"], gone["listener"]),
                         ("GET", "127.0.0.1", "public"))
        self.assertGreaterEqual(gone["attempts"], 1)
        self.assertEqual((failed["reason"], failed["route"], failed["endpoint"], failed["status"]),
                         ("upstream_status", "broken", broken.address, 500))
        self.assertEqual([each["status"] for each in self.errors(weir, limit=1)], [404])
        self.assertEqual(len(self.errors(weir, reason="no_route")), 1)
        self.assertEqual(len(self.errors(weir, route="broken", upstream="other")), 1)
        self.assertEqual(weir.admin("/errors?limit=0")[0], 400)

    def test_tunnels_fail_too_and_there_is_text_for_terminals(self):
        dead = self.refusing_address()
        weir = self.weir(gateway(
            f'[upstream.db]\ndiscovery = {{ static = ["{dead}"] }}\n',
            listener='[[listener]]\nname = "public"\naddress = "127.0.0.1:0"\n'
                     'protocol = "tcp"\nupstream = "db"\n'))
        client = self.client(weir.address())
        self.assertTrue(client.ended())
        failure, = self.errors(weir)
        self.assertEqual((failure["method"], failure["reason"], failure["endpoint"]),
                         ("TCP", "upstream_connect_refused", dead))
        connection = http.client.HTTPConnection(weir.admin_address, timeout=poll.PATIENCE)
        self.addCleanup(connection.close)
        connection.request("GET", "/errors", headers={"Accept": "text/plain"})
        text = connection.getresponse().read().decode()
        self.assertRegex(text, r"\nTIME +STATUS +REASON +REQUEST +CLIENT +ROUTE +ENDPOINT +DETAIL\n")
        self.assertIn("upstream_connect_refused", text)


if __name__ == "__main__":
    unittest.main()
