#!/usr/bin/env python3
"""TCP listeners: bytes in both directions, half-close and reset, destinations."""

import os
import signal
import socket
import threading
import unittest

import poll
from integration_case import LOG, gateway
from sockets import reset_on_close
from tcp_case import TcpCase, read_all, read_exactly, tcp_listener, upstream
from tcp_upstream import echo, naming

CARRIED = 'upstream = "db"'


class Carrying(TcpCase):
    def start(self, talk=echo, listener="", more="", rest="", **parts):
        self.db = self.tcp_upstream(talk)
        config = gateway(upstream("db", self.db.address, more=more) + LOG + rest,
                         listener=tcp_listener(CARRIED + "\n" + listener), **parts)
        return self.weir(config)

    def test_bytes_go_both_ways_and_are_told_of(self):
        weir = self.start()
        text = os.urandom(3_000_000)
        peer = self.connect(weir)
        sender = threading.Thread(target=lambda: (peer.sendall(text),
                                                  peer.shutdown(socket.SHUT_WR)))
        sender.start()
        self.assertEqual(read_all(peer), text)
        sender.join()
        line, = self.log_lines(weir, 1)
        self.assertEqual(line["request_protocol"], "TCP")
        self.assertNotIn("request_method", line)
        self.assertNotIn("request_path", line)
        self.assertEqual(line["request_bytes"], len(text))
        self.assertEqual(line["response_bytes"], len(text))
        self.assertEqual(line["client_address"], "127.0.0.1")
        self.assertEqual(line["listener"], "public")
        self.assertEqual(line["upstream"], "db")
        self.assertEqual(line["upstream_endpoint"], self.db.address)
        self.assertNotIn("reason", line)
        labels = {"listener": "public", "upstream": "db"}
        self.assert_metric(weir, len(text), "weir_tcp_received_bytes_total", **labels)
        self.assert_metric(weir, len(text), "weir_tcp_sent_bytes_total", **labels)
        self.assert_metric(weir, 1, "weir_connections_closed_total", protocol="tcp", reason="")
        self.assert_metric(weir, 0, "weir_connections_active")
        self.assert_metric(weir, 0, "weir_upstream_connections_active")

    def test_a_slow_reader_stops_the_sender(self):
        gate = threading.Event()

        def flood(peer):
            total = 0
            peer.setblocking(False)
            while not gate.is_set():
                try:
                    total += peer.send(bytes(65536))
                except BlockingIOError:
                    gate.wait(0.2)
                    if self.sent[-1:] == [total]:
                        break  # no more space anywhere
                    self.sent.append(total)
            gate.set()
        self.sent = []
        weir = self.start(flood)
        peer = self.connect(weir)
        self.assertTrue(gate.wait(poll.PATIENCE))
        self.assertLess(weir.resident_bytes(), 200 << 20)
        got = 0
        while chunk := peer.recv(1 << 20):
            got += len(chunk)
        self.assertGreaterEqual(got, self.sent[-1])

    def test_the_client_may_end_its_side_first(self):
        def after_the_end(peer):
            self.assertEqual(read_all(peer), b"question")
            peer.sendall(b"answer")
        weir = self.start(after_the_end)
        self.assertEqual(self.ask(weir, b"question"), b"answer")

    def test_the_server_may_end_its_side_first(self):
        heard = []

        def ends(peer):
            peer.sendall(b"bye")
            peer.shutdown(socket.SHUT_WR)
            heard.append(read_all(peer))
        weir = self.start(ends)
        peer = self.connect(weir)
        self.assertEqual(read_all(peer), b"bye")
        peer.sendall(b"still here")
        peer.close()
        poll.until(lambda: heard == [b"still here"], "what was said after the end")

    def test_a_reset_of_the_server_is_one_of_the_client(self):
        weir = self.start(lambda peer: (peer.recv(4), reset_on_close(peer)))
        peer = self.connect(weir)
        peer.sendall(b"ping")
        self.assertIsNone(read_all(peer))
        self.assertEqual(self.log_lines(weir, 1)[0]["reason"], "upstream_reset_before_headers")
        self.assert_metric(weir, 1, "weir_connections_closed_total",
                           reason="upstream_reset_before_headers")

    def test_a_reset_of_the_client_is_one_of_the_server(self):
        heard = []
        weir = self.start(lambda peer: (peer.sendall(b"hello"), heard.append(read_all(peer))))
        peer = self.connect(weir)
        self.assertEqual(read_exactly(peer, 5), b"hello")
        reset_on_close(peer)
        peer.close()
        poll.until(lambda: heard == [None], "a reset")
        self.assertEqual(self.log_lines(weir, 1)[0]["reason"], "client_disconnect")

    def test_silence_ends_it(self):
        weir = self.start(listener='idle_timeout = "150ms"')
        peer = self.connect(weir)
        self.assert_talks(peer)
        self.assertEqual(read_all(peer), b"")
        self.assertEqual(self.log_lines(weir, 1)[0]["reason"], "stream_idle")
        self.assert_metric(weir, 1, "weir_timeouts_total", stage="idle")
        poll.until(lambda: self.db.open_connections == 0, "the upstream's end")

    def test_unix_sockets_on_both_sides(self):
        folder = self._folder
        db = self.tcp_upstream(path=f"{folder}/db.sock")
        weir = self.weir(gateway(upstream("db", db.address),
                                 listener=tcp_listener(CARRIED, f"unix:{folder}/weir.sock")))
        self.assertEqual(self.ask(weir, b"over sockets"), b"over sockets")

    def test_tls_is_ended_here_and_begun_anew(self):
        tls = 'tls = { certificates = [{ cert = "ca/edge.crt", key = "ca/edge.key" }] }'
        weir = self.weir(gateway("", listener=tcp_listener(CARRIED + "\n" + tls)), start=False)
        self.authority(weir.folder, "edge", "db")
        context = self.server_context(weir, "db")
        context.set_alpn_protocols(["postgresql"])  # and does not offer HTTP
        db = self.tcp_upstream(context=context)
        more = 'tls = { ca = "ca/root.crt", server_name = "db.test" }'
        weir.file.write_text(weir.file.read_text() + upstream("db", db.address, more=more))
        weir.start()
        with self.context(weir).wrap_socket(
                self.connect(weir), server_hostname="edge.test") as secure:
            self.assert_talks(secure)
            self.assertIsNone(secure.selected_alpn_protocol())
        self.assert_metric(weir, 1, "weir_connections_opened_total", protocol="tls")
        self.assert_metric(weir, 1, "weir_tls_handshakes_total", result="ok")

    def test_a_full_listener_closes(self):
        weir = self.start(listener="max_connections = 1")
        self.assert_talks(self.connect(weir))
        self.assertIn(read_all(self.connect(weir)), (b"", None))
        self.assertEqual(self.log_lines(weir, 1)[0]["reason"], "overload_connections")


class Reaching(TcpCase):
    def two(self, first, second, more="", log=LOG):
        return self.weir(gateway(upstream("db", first, second, more=more) + log,
                                 listener=tcp_listener(CARRIED)))

    def closed_port(self):
        with socket.create_server(("127.0.0.1", 0)) as server:
            return f"127.0.0.1:{server.getsockname()[1]}"

    def test_connections_are_spread(self):
        one, other = (self.tcp_upstream(naming(name)) for name in (b"1", b"2"))
        weir = self.two(one.address, other.address)
        held = []
        for _ in range(8):  # all open at the same time: the least loaded endpoint is next
            held.append(self.connect(weir))
            read_exactly(held[-1], 1)
        self.assertEqual((one.connections, other.connections), (4, 4))

    def test_another_endpoint_is_tried(self):
        db = self.tcp_upstream()
        weir = self.two(self.closed_port(), db.address, 'balancer = "round_robin"')
        for _ in range(4):
            self.assertEqual(self.ask(weir, b"ping"), b"ping")
        attempts = [line["attempts"] for line in self.log_lines(weir, 4)]
        self.assertIn(2, attempts)
        retried = weir.metric("weir_retries_total", upstream="db", outcome="success",
                              reason="upstream_connect_refused")
        self.assertEqual(retried, sum(attempts) - 4)
        self.assertEqual(weir.metric("weir_upstream_connection_failures_total", upstream="db",
                                     reason="refused"), retried)

    def test_when_none_answers_the_client_sees_a_reset(self):
        weir = self.two(self.closed_port(), self.closed_port())
        self.assertIsNone(read_all(self.connect(weir)))
        line, = self.log_lines(weir, 1)
        self.assertEqual(line["reason"], "upstream_connect_refused")
        self.assertEqual(line["attempts"], 2)
        self.assert_metric(weir, 1, "weir_connections_closed_total",
                           reason="upstream_connect_refused")

    def test_the_upstreams_limit_holds(self):
        db = self.tcp_upstream(naming(b"!"))
        weir = self.two(db.address, db.address.replace("127.0.0.1", "127.0.0.2"),
                        "max_connections = 1")
        first = self.connect(weir)
        self.assertEqual(read_exactly(first, 1), b"!")
        self.assertIsNone(read_all(self.connect(weir)))
        first.close()
        self.assert_metric(weir, 0, "weir_upstream_connections_active", upstream="db")
        self.assertEqual(read_exactly(self.connect(weir), 1), b"!")
        self.assert_metric(weir, 1, "weir_limit_rejections_total", scope="upstream",
                           resource="connections")


class Life(TcpCase):
    def start(self, rest=""):
        self.db = self.tcp_upstream()
        self.config = gateway(upstream("db", self.db.address) + LOG + rest,
                              listener=tcp_listener(CARRIED))
        return self.weir(self.config)

    def test_a_reload_leaves_connections_alone(self):
        weir = self.start()
        peer = self.connect(weir)
        self.assert_talks(peer)
        other = self.tcp_upstream(naming(b"!"))
        weir.file.write_text(self.config.replace(self.db.address, other.address))
        poll.until(lambda: b"!" in self.ask(weir, b""), "the new upstream")
        self.assert_talks(peer)
        peer.shutdown(socket.SHUT_WR)
        self.assertEqual(read_all(peer), b"")

    def test_a_listener_that_leaves_drains(self):
        weir = self.start()
        peer = self.connect(weir)
        self.assert_talks(peer)
        address = weir.address()
        weir.file.write_text(self.config.replace('name = "public"', 'name = "other"'))
        weir.wait_for_line("generation 2")
        self.assert_talks(peer)
        host, port = address.rsplit(":", 1)

        def refused():
            try:
                socket.create_connection((host, int(port))).close()
                return False
            except ConnectionRefusedError:
                return True
        poll.until(refused, "the listener's end")

    def test_draining_lets_it_go_on_and_then_breaks_it(self):
        weir = self.start()
        weir.file.write_text('drain_timeout = "400ms"\n' + self.config)
        weir.signal(signal.SIGHUP)
        poll.until(lambda: weir.metric("weir_config_generation") >= 2, "the reload")
        peer = self.connect(weir)
        self.assert_talks(peer)
        weir.signal(signal.SIGTERM)
        poll.until(lambda: weir.metric("weir_draining") == 1, "that it drains")
        self.assert_talks(peer)
        self.assertIsNone(read_all(peer))
        weir.wait()
        self.assertEqual(self.log_lines(weir, 1)[0]["reason"], "draining")

    def test_draining_waits_for_the_last(self):
        weir = self.start()
        peer = self.connect(weir)
        self.assert_talks(peer)
        weir.signal(signal.SIGTERM)
        poll.until(lambda: weir.metric("weir_draining") == 1, "that it drains")
        peer.sendall(b"the end")
        peer.shutdown(socket.SHUT_WR)
        self.assertEqual(read_all(peer), b"the end")
        self.assertEqual(weir.wait(), 0)


if __name__ == "__main__":
    unittest.main()
