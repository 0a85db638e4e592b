"""The access log: JSON and templates, files and stdout, rotation, conditions and sampling."""

import json
import os
import re
import select
import signal
import socket
import subprocess
import tempfile
import unittest

import poll
from fake_upstream import closed_address
from integration_case import IntegrationCase, forward, gateway

HELLO = ('[[route]]\nname = "hello"\nmatch.path = "/hello"\nrespond.body = "hello"\n'
         '[[route]]\nname = "missing"\nmatch.path_prefix = "/missing"\nrespond.status = 404\n')


def log(settings='file = "access.log"'):
    return f"[[access_log]]\n{settings}\n"


class AccessLogCase(IntegrationCase):
    def lines(self, weir, count, name="access.log"):
        """The lines of a file, once there are `count`."""
        path = weir.folder / name

        def found():
            lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
            return lines if len(lines) >= count else None
        return poll.until(found, f"{count} lines in {name}")

    def all_lines(self, weir, name="access.log"):
        """The lines of a file once weir has ended."""
        weir.stop()
        return (weir.folder / name).read_text(encoding="utf-8").splitlines()


SYSLOG = re.compile(rb"<134>1 \d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z \S+ edge (\d+) "
                    rb"access - (\{.*\})")


class Syslog(AccessLogCase):
    def start(self, address):
        return self.weir(gateway(HELLO + log(
            f'syslog = {{ address = "{address}", app_name = "edge" }}')))

    def assert_message(self, weir, message, path):
        match = SYSLOG.fullmatch(message)
        self.assertIsNotNone(match, message)
        self.assertEqual(int(match[1]), weir.process.pid)
        self.assertEqual(json.loads(match[2])["request_path"], path)

    def test_datagrams_of_udp(self):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
            server.settimeout(poll.PATIENCE)
            server.bind(("127.0.0.1", 0))
            weir = self.start("udp://127.0.0.1:%d" % server.getsockname()[1])
            for path in ("/hello", "/none"):
                self.get(weir, path)
            for path in ("/hello", "/none"):
                self.assert_message(weir, server.recv(65536), path)

    def test_datagrams_of_a_unix_socket(self):
        with tempfile.TemporaryDirectory(prefix="weir-test-") as folder:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as server:
                server.settimeout(poll.PATIENCE)
                server.bind(folder + "/log")
                weir = self.start(f"unix:{folder}/log")
                self.get(weir, "/hello")
                self.assert_message(weir, server.recv(65536), "/hello")

    def test_tcp_is_connected_again(self):
        with socket.create_server(("127.0.0.1", 0)) as server:
            server.settimeout(poll.PATIENCE)
            weir = self.start("tcp://127.0.0.1:%d" % server.getsockname()[1])
            self.get(weir, "/hello")
            with server.accept()[0] as peer, peer.makefile("rb") as lines:
                self.assert_message(weir, lines.readline().rstrip(b"\n"), "/hello")

            def again():
                self.get(weir, "/again")
                return select.select([server], [], [], 0.1)[0]
            poll.until(again, "another connection")
            with server.accept()[0] as peer, peer.makefile("rb") as lines:
                self.assert_message(weir, lines.readline().rstrip(b"\n"), "/again")

    def test_without_a_server_lines_are_dropped_and_counted(self):
        weir = self.start("tcp://" + closed_address())
        poll.until(lambda: self.get(weir, "/hello").status == 200 and
                   weir.metric("weir_access_log_dropped_total") > 0, "a dropped line")


class Lines(AccessLogCase):
    def test_secrets_in_queries_are_replaced(self):
        for settings, query in (("", "token=REDACTED&a=1"),
                                ("\nredact_secrets = false", "token=x&a=1")):
            weir = self.weir(gateway(HELLO + log('file = "access.log"' + settings)))
            self.get(weir, "/hello?token=x&a=1",
                     headers=[("Referer", "http://a.test/?code=x")])
            line = json.loads(self.all_lines(weir)[0])
            self.assertEqual(line["request_query"], query)
            self.assertEqual("REDACTED" in line["request_header_referer"], settings == "")

    def test_json_tells_the_whole_story(self):
        upstream = self.upstream(lambda call: call.reply(7 * b"x"))
        weir = self.weir(gateway(forward(upstream.address) + log()))
        self.assertEqual(self.get(weir, "/a%20b?q=1", method="PUT", body=b"12345", host="shop",
                                  headers=[("User-Agent", 'a "quoted" one')]).status, 200)
        line = json.loads(self.all_lines(weir)[0])
        expected = {
            "request_method": "PUT", "request_path": "/a%20b", "request_query": "q=1",
            "request_protocol": "HTTP/1.1", "request_authority": "shop", "request_scheme": "http",
            "request_bytes": 5, "response_bytes": 7, "response_status": 200, "attempts": 1,
            "client_address": "127.0.0.1", "listener": "public", "route": "all",
            "upstream": "backend", "upstream_endpoint": upstream.address,
            "request_header_user_agent": 'a "quoted" one',
            "request_id": upstream.requests[0].header("x-request-id"),
        }
        self.assertEqual({key: line.get(key) for key in expected}, expected)
        self.assertNotIn("reason", line)
        self.assertRegex(line["time"], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$")
        self.assertLessEqual(line["time_connected"], line["time_upstream_first_byte"])
        self.assertLessEqual(line["time_upstream_first_byte"], line["duration"])

    def test_a_template(self):
        weir = self.weir(gateway(HELLO + log(
            'file = "access.log"\nformat = "${request.method} ${request.path} '
            '${response.status} ${response.bytes} $$ [${reason}]"')))
        self.get(weir, "/hello")
        self.get(weir, "/none")
        self.assertEqual(self.all_lines(weir)[0], "GET /hello 200 5 $ [-]")

    def test_chosen_fields_only_and_no_query(self):
        weir = self.weir(gateway(HELLO + log(
            'file = "access.log"\nfields = ["request.path", "request.query"]\n'
            "redact_query = true")))
        self.get(weir, "/hello?token=secret")
        self.assertEqual(json.loads(self.all_lines(weir)[0]),
                         {"request_path": "/hello", "request_query": "redacted"})

    def test_a_line_holds_no_line_of_a_clients_making(self):
        weir = self.weir(gateway(HELLO + log(
            'file = "access.log"\nformat = "${request.header.x} ${request.path}"')))
        client = self.client(weir.address())
        client.send(b"GET /hello HTTP/1.1\r\nHost: a\r\nX: caf\xc3\xa9 \"x\" \xff\r\n\r\n")
        self.assertEqual(client.read_reply().status, 200)
        self.assertEqual(len(self.all_lines(weir)), 1)

    def test_stdout(self):
        weir = self.weir(gateway(HELLO + log('file = "stdout"')), start=False,
                         stdout=subprocess.PIPE)
        weir.start()
        self.addCleanup(weir.process.stdout.close)
        self.get(weir, "/hello")
        line = json.loads(weir.process.stdout.readline())
        self.assertEqual((line["route"], line["response_status"]), ("hello", 200))

    def test_every_exchange_of_a_busy_process_has_its_line(self):
        weir = self.weir(gateway(HELLO + log(), workers=2))
        clients = [self.client(weir.address()) for _ in range(8)]
        for number in range(1000):
            clients[number % 8].request(f"/hello?n={number}")
        lines = [json.loads(line) for line in self.all_lines(weir)]
        self.assertEqual(sorted(int(line["request_query"][2:]) for line in lines),
                         list(range(1000)))
        self.assertEqual(len({line["request_id"] for line in lines}), 1000)


class Rotation(AccessLogCase):
    def test_sigusr1_opens_the_file_again(self):
        weir = self.weir(gateway(HELLO + log()))
        self.get(weir, "/hello?n=1")
        self.lines(weir, 1)
        os.rename(weir.folder / "access.log", weir.folder / "access.log.1")
        weir.signal(signal.SIGUSR1)
        poll.until((weir.folder / "access.log").exists, "the new file")
        self.get(weir, "/hello?n=2")
        new = self.all_lines(weir)
        self.assertEqual([json.loads(line)["request_query"] for line in new], ["n=2"])
        self.assertEqual(len(self.lines(weir, 1, "access.log.1")), 1)

    def test_a_reload_may_change_the_log(self):
        weir = self.weir(gateway(HELLO + log()))
        self.get(weir, "/hello?n=1")
        weir.file.write_text(gateway(HELLO + log('file = "second.log"')), encoding="utf-8")
        self.assertEqual(weir.admin("/reload", "POST")[0], 200)
        self.get(weir, "/hello?n=2")
        second = self.all_lines(weir, "second.log")
        self.assertEqual([json.loads(line)["request_query"] for line in second], ["n=2"])
        self.assertEqual(len(self.lines(weir, 1)), 1)

    def test_a_file_that_cannot_be_written_is_told_and_traffic_goes_on(self):
        weir = self.weir(gateway(HELLO + log('file = "no/such/folder.log"')))
        weir.wait_for_line("cannot open no/such/folder.log: no such directory")
        self.assertEqual(self.get(weir, "/hello").status, 200)

    def test_a_file_that_could_not_be_opened_is_opened_later(self):
        for ask in ("signal", "reload", "nothing"):
            with self.subTest(ask):
                weir = self.weir(gateway(HELLO + log('file = "later/access.log"')))
                weir.wait_for_line("cannot open later/access.log")
                os.mkdir(weir.folder / "later")
                if ask == "signal":
                    weir.signal(signal.SIGUSR1)
                if ask == "reload":
                    self.assertEqual(weir.admin("/reload", "POST")[0], 200)
                poll.until((weir.folder / "later/access.log").exists, "the file")
                self.get(weir, "/hello?n=1")
                self.lines(weir, 1, "later/access.log")


class Choice(AccessLogCase):
    def paths(self, weir):
        return [json.loads(line)["request_path"] for line in self.all_lines(weir)]

    def test_by_status(self):
        weir = self.weir(gateway(HELLO + log(
            'file = "access.log"\nwhen = "response.status == 404 || response.status >= 500"')))
        for path in ("/hello", "/missing/1", "/hello", "/missing/2"):
            self.get(weir, path)
        self.assertEqual(self.paths(weir), ["/missing/1", "/missing/2"])

    def test_by_reason(self):
        weir = self.weir(gateway(HELLO + log('file = "access.log"\nwhen = "has(response.reason)"')))
        for path in ("/hello", "/missing", "/no-route"):
            self.get(weir, path)
        self.assertEqual(self.paths(weir), ["/no-route"])

    def test_a_sample(self):
        weir = self.weir(gateway(HELLO + log('file = "access.log"\nsample = "50%"')))
        client = self.client(weir.address())
        for _ in range(1000):
            client.request("/hello")
        count = len(self.all_lines(weir))
        self.assertTrue(350 < count < 650, count)

    def test_two_logs_with_choices_of_their_own(self):
        weir = self.weir(gateway(HELLO + log() + log('file = "errors.log"\nwhen = "response.status >= 400"')))
        self.get(weir, "/hello")
        self.get(weir, "/missing")
        self.assertEqual(len(self.all_lines(weir)), 2)
        errors = self.lines(weir, 1, "errors.log")
        self.assertEqual(len(errors), 1)
        self.assertTrue(re.search('"response_status":404', errors[0]))


if __name__ == "__main__":
    unittest.main()
