"""Reloads: triggers, invalid files, and no effect on traffic."""

import json
import os
import signal
import threading
import unittest

import poll
from http_wire import Client
from integration_case import IntegrationCase, gateway

RELOADS = 60
LIMITED = """
[[listener]]
name = "public"
address = "127.0.0.1:0"
max_connections = {}
"""


def saying(body, **parts):
    """A configuration that answers every request with this text."""
    return gateway(f'[[route]]\nname = "all"\nrespond = {{ body = "{body}" }}\n', **parts)


def replace(path, text_of_file):
    """Writes a new file and renames it over the old one."""
    beside = path.with_suffix(".new")
    beside.write_text(text_of_file, encoding="utf-8")
    os.replace(beside, path)


class Causes(IntegrationCase):
    def wait_for_body(self, weir, body):
        poll.until(lambda: self.get(weir).body == body, f"the answer {body}")

    def test_a_file_that_is_written_again(self):
        weir = self.weir(saying("one"))
        self.wait_for_body(weir, b"one")
        weir.file.write_text(saying("two"), encoding="utf-8")
        self.wait_for_body(weir, b"two")

    def test_a_file_that_is_renamed_over_the_old_one_again_and_again(self):
        weir = self.weir(saying("one"))
        for body in ("two", "three", "four"):
            replace(weir.file, saying(body))
            self.wait_for_body(weir, body.encode())

    def test_kubernetes_swap_of_a_link(self):
        weir = self.weir(saying("one"), start=False)
        mounted = weir.folder / "mounted"
        for version in ("one", "two"):
            (mounted / f"..{version}").mkdir(parents=True)
            (mounted / f"..{version}" / "weir.toml").write_text(saying(version), encoding="utf-8")
        (mounted / "..data").symlink_to("..one")
        (mounted / "weir.toml").symlink_to("..data/weir.toml")
        weir.run_path = mounted / "weir.toml"
        weir.start()
        self.wait_for_body(weir, b"one")
        (mounted / "..tmp").symlink_to("..two")
        os.replace(mounted / "..tmp", mounted / "..data")
        self.wait_for_body(weir, b"two")

    def test_a_new_file_in_a_folder(self):
        weir = self.weir(saying("one"), start=False)
        parts = weir.folder / "parts"
        parts.mkdir()
        (parts / "10.toml").write_text(saying("one"), encoding="utf-8")
        weir.run_path = parts
        weir.start()
        (parts / "20.toml").write_text(
            '[[route]]\nmatch = { path = "/new" }\nrespond = { body = "new" }\n', encoding="utf-8")
        poll.until(lambda: self.get(weir, "/new").body == b"new", "the route of the new file")
        self.wait_for_body(weir, b"one")

    def test_a_file_that_is_written_in_pieces_is_read_when_it_is_whole(self):
        weir = self.weir("watch_settle = '300ms'\n" + saying("one"))
        whole = "watch_settle = '300ms'\n" + saying("two")
        seen = set()
        with open(weir.file, "w", encoding="utf-8") as file:
            for piece in whole.splitlines(keepends=True):
                file.write(piece)
                file.flush()
                seen.add(self.get(weir).body)
        self.wait_for_body(weir, b"two")
        self.assertEqual(seen, {b"one"})
        self.assertEqual(weir.metric("weir_config_reloads_total", result="rejected"), 0)

    def test_nothing_is_watched_where_that_is_off(self):
        weir = self.weir("watch = false\n" + saying("one"))
        weir.file.write_text("watch = false\nwatch_settle = '10ms'\n" + saying("two"),
                             encoding="utf-8")
        self.assertEqual(weir.metric("weir_config_reloads_total", result="applied"), 1)
        weir.signal(signal.SIGHUP)
        self.wait_for_body(weir, b"two")
        self.assertEqual(weir.metric("weir_config_reloads_total", result="applied"), 2)

    def test_sighup_reads_the_file_again(self):
        weir = self.weir(saying("one"))
        weir.signal(signal.SIGHUP)
        self.assert_metric(weir, 2, "weir_config_reloads_total", result="applied")
        self.assert_metric(weir, 2, "weir_config_generation")

    def test_a_post_to_the_admin_address_answers_once_the_file_is_live(self):
        weir = self.weir(saying("one"))
        replace(weir.file, saying("two"))
        status, answer = weir.admin("/reload", "POST")
        self.assertEqual((status, json.loads(answer)["result"]), (200, "applied"))
        self.assertEqual(self.get(weir).body, b"two")
        self.assertEqual(weir.admin("/reload")[0], 405)


class BrokenFiles(IntegrationCase):
    def test_series_of_routes_and_upstreams_that_left_are_gone(self):
        def version(name, port):
            return gateway(f'[[route]]\nname = "r-{name}"\nupstream = "u-{name}"\n'
                           f'[upstream.u-{name}]\ndiscovery = {{ static = ["{port}"] }}\n')
        address = self.upstream().address
        weir = self.weir(version("one", address))
        self.get(weir)

        def apply(name):
            weir.file.write_text(version(name, address), encoding="utf-8")
            self.assertEqual(weir.admin("/reload", "POST")[0], 200)
            self.get(weir)

        def page_has(text_of_label):
            return text_of_label in weir.admin("/metrics")[1]
        self.assertTrue(page_has("r-one") and page_has("u-one"))
        apply("two")
        poll.until(lambda: not page_has("r-one") and not page_has("u-one"), "series that left")
        self.assertEqual(weir.metric("weir_requests_total", route="r-two"), 1)
        apply("one")
        poll.until(lambda: not page_has("r-two"), "series that left")
        self.assertEqual(weir.metric("weir_requests_total", route="r-one"), 2)  # counted further

    def test_what_takes_a_restart_is_said(self):
        weir = self.weir(saying("one"))
        weir.file.write_text('role = "sidecar"\n' + saying("two", workers=2), encoding="utf-8")
        status, answer = weir.admin("/reload", "POST")
        self.assertEqual(status, 200)
        notes = json.loads(answer)["notes"]
        self.assertEqual(notes, ["workers = 2 takes effect after a restart; 1 are running",
                                 "role takes effect after a restart; running as a gateway"])
        for note in notes:
            weir.wait_for_line("warning " + note)
            self.assertIn("# " + note, weir.admin("/config")[1])
        weir.file.write_text(saying("three"), encoding="utf-8")
        self.assertNotIn("notes", json.loads(weir.admin("/reload", "POST")[1]))

    def test_the_configuration_shown_is_the_one_in_use(self):
        weir = self.weir(saying("one"))
        replace(weir.file, saying("two") + "nonsense = 1\n")
        self.assertEqual(weir.admin("/reload", "POST")[0], 422)
        self.assertIn('body = "one"', weir.admin("/config")[1])
        replace(weir.file, saying("two"))
        self.assertEqual(weir.admin("/reload", "POST")[0], 200)
        self.assertIn('body = "two"', weir.admin("/config")[1])

    def test_a_broken_file_changes_nothing_and_says_every_mistake(self):
        weir = self.weir(saying("one"))
        self.assert_metric(weir, 1, "weir_config_last_reload_successful")
        good = saying("two")
        line = good.count("\n") + 1
        replace(weir.file, good + "nonsense = 1\n[[route]]\nhosts = 5\n")
        status, answer = weir.admin("/reload", "POST")
        answer = json.loads(answer)
        self.assertEqual((status, answer["result"]), (422, "rejected"))
        self.assertEqual([(each["line"], each["path"]) for each in answer["mistakes"]],
                         [(line, "route[0].nonsense"), (line + 1, "route[1]"),
                          (line + 2, "route[1].hosts")])
        self.assertEqual(self.get(weir).body, b"one")
        self.assert_metric(weir, 0, "weir_config_last_reload_successful")
        self.assertGreaterEqual(weir.metric("weir_config_reloads_total", result="rejected"), 1)
        self.assertEqual(weir.metric("weir_config_generation"), 1)
        weir.wait_for_line("configuration rejected, the old one stays in force")
        weir.wait_for_line(f"weir.toml:{line}:1: route[0].nonsense: unknown key")

    def test_an_empty_file_changes_nothing(self):
        weir = self.weir(saying("one"))
        replace(weir.file, "# truncated\n")
        status, answer = weir.admin("/reload", "POST")
        self.assertEqual((status, json.loads(answer)["result"]), (422, "rejected"))
        self.assertEqual(self.get(weir).body, b"one")
        weir.wait_for_line("weir.toml: contains no settings")

    def test_a_good_file_after_a_broken_one_is_applied(self):
        weir = self.weir(saying("one"))
        replace(weir.file, "this is no TOML")
        weir.wait_for_line("configuration rejected")
        replace(weir.file, saying("two"))
        poll.until(lambda: self.get(weir).body == b"two", "the good file is applied")
        self.assert_metric(weir, 1, "weir_config_last_reload_successful")

    def test_a_listener_that_cannot_be_opened_changes_nothing(self):
        weir = self.weir(saying("one"))
        taken = self.upstream().address
        replace(weir.file,
                saying("two") + f'\n[[listener]]\nname = "second"\naddress = "{taken}"\n')
        status, answer = weir.admin("/reload", "POST")
        self.assertEqual(status, 422)
        self.assertIn("cannot listen on " + taken, answer)
        self.assertEqual(self.get(weir).body, b"one")
        self.assertEqual(len(json.loads(weir.admin("/listeners")[1])["listeners"]), 1)


class Connections(IntegrationCase):
    def reload(self, weir, config):
        replace(weir.file, config)
        self.assertEqual(weir.admin("/reload", "POST")[0], 200)

    def test_a_kept_alive_connection_survives_and_sees_the_new_routes(self):
        weir = self.weir(saying("one"))
        client = self.client(weir.address())
        self.assertEqual(client.request("/").body, b"one")
        for body in ("two", "three"):
            self.reload(weir, saying(body))
            self.assertEqual(client.request("/").body, body.encode())
        self.assert_metric(weir, 1, "weir_connections_opened_total", listener="public")

    def test_a_request_in_flight_ends_on_the_plan_it_began_with(self):
        release = threading.Event()

        def answer(call):
            release.wait(poll.PATIENCE)
            call.reply(b"from the old upstream")
        old = self.upstream(answer)
        weir = self.weir(gateway(
            f'[[route]]\nupstream = "old"\n[upstream.old]\ndiscovery.static = ["{old.address}"]\n'))
        client = self.client(weir.address())
        client.send_request("/")
        poll.until(lambda: old.requests, "the request is at the upstream")
        self.reload(weir, saying("new"))
        self.assertEqual(self.get(weir).body, b"new")
        self.assertEqual(weir.metric("weir_config_active_generations"), 2)
        release.set()
        self.assertEqual(client.read_reply().body, b"from the old upstream")
        self.assertEqual(client.request("/").body, b"new")
        self.assert_metric(weir, 1, "weir_config_active_generations")

    def test_the_connection_limit_of_the_new_file_holds(self):
        weir = self.weir(saying("hello", listener=LIMITED.format(1)))
        first = self.client(weir.address())
        self.assertEqual(first.request("/").status, 200)
        self.assertEqual(self.client(weir.address()).read_reply().status, 503)
        self.reload(weir, saying("hello", listener=LIMITED.format(2)))
        second = self.client(weir.address())
        self.assertEqual(second.request("/").status, 200)
        self.reload(weir, saying("hello", listener=LIMITED.format(1)))
        self.assertEqual(self.client(weir.address()).read_reply().status, 503)
        self.assertEqual([first.request("/").status, second.request("/").status], [200, 200])
        self.assert_metric(weir, 2, "weir_limit_rejections_total",
                           scope="listener", resource="connections")

    def test_a_listener_that_left_ends_its_connections_in_good_order(self):
        extra = '\n[[listener]]\nname = "extra"\naddress = "127.0.0.1:0"\n'
        weir = self.weir(saying("hello") + extra)
        address = weir.address("extra")
        idle = self.client(address)
        self.assertEqual(idle.request("/").status, 200)
        self.reload(weir, saying("hello"))
        self.assertTrue(idle.ended())
        with self.assertRaises(ConnectionRefusedError):
            Client(address)


class Load:
    """Clients that send requests without a pause, over one connection or a new one each time."""

    def __init__(self, address):
        self.address = address
        self.failures = []
        self.answered = 0
        self._stopped = threading.Event()
        self._threads = [threading.Thread(target=self._run, args=(kept,), daemon=True)
                         for kept in (True, True, True, False)]
        for thread in self._threads:
            thread.start()

    def _run(self, kept):
        try:
            client = Client(self.address)
            while not self._stopped.is_set():
                if not kept:
                    client.close()
                    client = Client(self.address)
                reply = client.request("/load")
                if (reply.status, reply.body) != (200, b"hello\n"):
                    self.failures.append((reply.raw_head, reply.body))
                self.answered += 1
            client.close()
        except (OSError, AssertionError) as error:
            self.failures.append(repr(error))

    def stop(self):
        self._stopped.set()
        for thread in self._threads:
            thread.join(poll.PATIENCE)


def echo(call):
    """Upgrades and echoes all data; other requests get a greeting."""
    if call.request.header("upgrade") is None:
        return call.reply(b"hello\n")
    call.send(b"HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n")
    while data := call.wire.read_until(b"\n"):
        call.send(data)
    return call.close()


class UnderLoad(IntegrationCase):
    def plan(self, generation, upstreams):
        """A different listener, different clusters and routes for each generation."""
        names = [f"u{generation}", f"u{generation + 1}"]
        config = gateway(f'\n[[listener]]\nname = "extra{generation}"\naddress = "127.0.0.1:0"\n',
                         workers=2)
        for number, name in enumerate(names):
            address = upstreams[(generation + number) % 2].address
            config += f'[upstream.{name}]\ndiscovery.static = ["{address}"]\n'
        config += f'[[route]]\nmatch.path = "/load"\nupstream = "{names[generation % 2]}"\n'
        config += f'[[route]]\nmatch.path = "/tunnel"\nupstream = "{names[0]}"\n'
        config += f'[[route]]\nmatch.path = "/g{generation}"\nrespond.body = "{generation}"\n'
        return config

    def extra_address(self, weir, generation):
        listeners = json.loads(weir.admin("/listeners")[1])["listeners"]
        return next(each["address"] for each in listeners if each["name"] == f"extra{generation}")

    def reload(self, weir, generation, upstreams):
        replace(weir.file, self.plan(generation, upstreams))
        self.assertEqual(weir.admin("/reload", "POST")[0], 200)
        probe = Client(self.extra_address(weir, generation))
        self.assertEqual(probe.request(f"/g{generation}").body, str(generation).encode())
        probe.close()

    def reject(self, weir):
        replace(weir.file, "[[route]]\nnonsense = 1\n")
        self.assertEqual(weir.admin("/reload", "POST")[0], 422)

    def open_tunnel(self, weir):
        tunnel = self.client(weir.address())
        tunnel.send_request("/tunnel", headers=[("Connection", "upgrade"), ("Upgrade", "websocket")])
        self.assertEqual(tunnel.read_reply().status, 101)
        return tunnel

    def test_not_a_request_and_not_a_tunnel_is_lost(self):
        upstreams = [self.upstream(echo), self.upstream(echo)]
        weir = self.weir(self.plan(0, upstreams))
        tunnel = self.open_tunnel(weir)
        load = Load(weir.address())
        self.addCleanup(load.stop)
        for generation in range(1, RELOADS + 1):
            if generation % 10 == 0:
                self.reject(weir)
            self.reload(weir, generation, upstreams)
            line = f"after reload {generation}\n".encode()
            tunnel.send(line)
            self.assertEqual(tunnel.read_until(b"\n"), line)
        load.stop()
        self.assertEqual(load.failures, [])
        self.assertGreater(load.answered, RELOADS)
        self.assertGreaterEqual(weir.metric("weir_config_reloads_total", result="applied"),
                                RELOADS + 1)
        self.assertGreaterEqual(weir.metric("weir_config_reloads_total", result="rejected"), 6)
        self.assertEqual(weir.metric("weir_local_replies_total"), 0)


if __name__ == "__main__":
    unittest.main()
