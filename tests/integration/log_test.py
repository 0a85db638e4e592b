"""The log of the program: forms, levels, messages about failing upstreams, and a stalled reader."""

import json
import os
import signal
import subprocess
import unittest

import poll
from fake_upstream import closed_address
from http_wire import Client
from integration_case import IntegrationCase, forward, gateway
from weir_process import BINARY, AdminClient

HELLO = '[[route]]\nname = "all"\nrespond.body = "hello"\n'


class Form(IntegrationCase):
    def test_json(self):
        weir = self.weir('log = { format = "json" }\n' + gateway(HELLO), start=False)
        weir.launch()
        weir.wait_for_line('"ready: ')
        lines = [json.loads(line) for line in weir.output if line.startswith("{")]
        self.assertEqual(lines[-1]["message"], "ready: gateway, 1 workers")
        self.assertEqual(set(lines[-1]), {"time", "level", "message"})

    def test_level_of_the_configuration(self):
        weir = self.weir(gateway(HELLO))
        self.assertEqual(weir.admin("/reload", "POST")[0], 200)
        weir.file.write_text('log = { level = "warning" }\n' + gateway(HELLO), encoding="utf-8")
        for _ in range(2):
            self.assertEqual(weir.admin("/reload", "POST")[0], 200)
        weir.signal(signal.SIGTERM)
        self.assertEqual(weir.wait(), 0)
        said = "\n".join(weir.output)
        self.assertEqual(said.count(" configuration applied"), 1)
        self.assertNotIn(" drain", said)

    def test_level_of_the_command_line_counts_more(self):
        config = gateway(HELLO)
        weir = self.weir('log = { level = "error" }\n' + config, start=False)
        ended = subprocess.Popen([BINARY, "run", "--log-level", "debug", str(weir.file)],
                                 stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True)
        with ended.stderr:
            line = next(line for line in ended.stderr if " ready: " in line)
            ended.send_signal(signal.SIGTERM)
            ended.stderr.read()
        self.assertEqual(ended.wait(poll.PATIENCE), 0)
        self.assertIn(" info ready: ", line)

    def test_an_unknown_level_is_refused(self):
        ended = subprocess.run([BINARY, "run", "--log-level", "loud", "weir.toml"],
                               capture_output=True, check=False)
        self.assertEqual(ended.returncode, 2)


class Upstreams(IntegrationCase):
    def all_said(self, weir, text_of_line):
        """The lines with that text, once all lines up to now have arrived."""
        self.assertEqual(weir.admin("/reload", "POST")[0], 200)
        weir.wait_for_line(" configuration applied")
        return [line for line in weir.output if text_of_line in line]

    def test_failures_are_told_of_once_in_a_while_with_their_number(self):
        nobody = closed_address()
        weir = self.weir(gateway(forward(nobody, route="retry.attempts = 0")))
        for _ in range(5):
            self.assertEqual(self.get(weir).status, 502)
        said = self.all_said(weir, " warning upstream backend: ")
        self.assertEqual(len(said), 1)
        self.assertIn(f"upstream backend: {nobody}: upstream_connect_refused", said[0])

    def test_every_failure_is_told_of_at_debug(self):
        weir = self.weir(gateway(forward(closed_address(), route="retry.attempts = 0")))
        self.assertEqual(weir.admin("/log-level?level=debug", "POST")[0], 200)
        for _ in range(5):
            self.get(weir)
        self.assertEqual(len(self.all_said(weir, " debug upstream backend: ")), 4)


class NobodyReads(IntegrationCase):
    def test_reloads_health_and_the_end_go_on(self):
        weir = self.weir(gateway(HELLO), start=False)
        reading, writing = os.pipe()
        self.addCleanup(os.close, reading)
        running = subprocess.Popen([BINARY, "run", str(weir.file)], stderr=writing,
                                   stdout=subprocess.DEVNULL, cwd=weir.folder)
        os.close(writing)
        self.addCleanup(running.kill)
        said = b""
        while b" ready: " not in said:
            said += os.read(reading, 65536)
        address = said.split(b" admin on ")[1].split(b"\n")[0].decode()
        listener = said.split(b" listener public on ")[1].split(b"\n")[0].decode()
        weir.file.write_text(gateway(HELLO) + "".join(
            f'unknown_{"x" * 200}_{i} = 1\n' for i in range(100)), encoding="utf-8")
        admin = AdminClient(address)
        self.addCleanup(admin.close)
        for _ in range(40):  # 25 KB of errors each: more than the pipe and the queue hold
            self.assertEqual(admin.post("/reload"), 422)
        self.assertGreater(admin.sum("weir_log_dropped_total"), 0)
        client = Client(listener)
        self.assertEqual(client.request("/").body, b"hello")
        client.close()
        running.send_signal(signal.SIGTERM)
        self.assertEqual(running.wait(poll.PATIENCE), 0)


if __name__ == "__main__":
    unittest.main()
