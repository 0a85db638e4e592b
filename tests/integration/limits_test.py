"""Limits: connections, descriptors, slow and oversized heads. Clients get a reason."""

import contextlib
import http.client
import json
import resource
import socket
import struct
import unittest

import poll
from fake_upstream import text
from hostile_http2 import END_HEADERS, END_STREAM, HEADERS, PREFACE, SETTINGS, frame, request_block
from http2_wire import Http2Client
from http_wire import Client, Wire
from integration_case import LOG, IntegrationCase, forward, gateway
from weir_process import sanitized

HELLO = '[[route]]\nname = "all"\nrespond.body = "hello"\n'
SLOW_CLIENTS = 2000


def listener(settings):
    return f'[[listener]]\nname = "public"\naddress = "127.0.0.1:0"\nreason_header = true\n{settings}\n'


def descriptors(count):
    """A command prefix for weir that limits the number of descriptors."""
    return lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (count, count))


class LimitsCase(IntegrationCase):
    def assert_refused(self, weir, reply, status, reason):
        """A local reply that closes the connection; its reason is counted as well."""
        self.assertEqual((reply.status, reply.header("x-weir-reason")), (status, reason))
        self.assertEqual(reply.header("connection"), "close")
        self.assert_metric(weir, 1, "weir_local_replies_total", code=str(status), reason=reason)


class UnreadCase(LimitsCase):
    """Responses that are never read."""

    LIMIT = 4 << 20
    ANSWER = 60_000
    STREAMS = 50
    CLIENTS = 64  # their responses are 192 MB
    # The responses within the limit and their connections; a sanitizer shadows memory and retains
    # freed memory for a while.
    GROWTH = (128 if sanitized() else 16) << 20

    def unread(self, weir):
        """A client that requests many responses without opening a window."""
        host, port = weir.address().split(":")
        wire = socket.create_connection((host, int(port)), poll.PATIENCE)
        self.addCleanup(wire.close)
        closed_window = struct.pack(">HI", 4, 0)
        block = request_block(b"/")
        with contextlib.suppress(OSError):  # it may be refused at once
            wire.sendall(PREFACE + frame(SETTINGS, 0, 0, closed_window) + b"".join(
                frame(HEADERS, END_HEADERS | END_STREAM, 2 * number + 1, block)
                for number in range(self.STREAMS)))
        return wire


class Memory(UnreadCase):
    def test_is_not_taken_without_limit_by_answers_that_are_not_read(self):
        upstream = self.upstream(text(b"x" * self.ANSWER))
        overload = f"[overload]\nmax_buffered = '{self.LIMIT}B'\n"
        weir = self.weir(gateway(forward(upstream.address) + overload))
        before = weir.resident_bytes()
        clients = [self.unread(weir) for _ in range(self.CLIENTS)]
        poll.until(lambda: weir.metric("weir_limit_rejections_total", resource="memory"),
                   "load is shed")
        poll.until(lambda: weir.metric("weir_overload_level") >= 1, "the level is told")
        refused = self.client(weir.address()).read_reply()
        self.assertEqual((refused.status, refused.header("x-weir-reason")),
                         (503, "overload_memory"))
        for client in clients:
            client.close()
        poll.until(lambda: weir.metric("weir_overload_level") == 0, "there is room again")
        self.assertLess(weir.peak_resident_bytes() - before, self.GROWTH)
        self.assertEqual(len(self.get(weir).body), self.ANSWER)


@unittest.skipIf(sanitized(), "a sanitizer reserves more address space than there is")
class AddressSpace(UnreadCase):
    """Memory that the system refuses, without a limit of weir's own."""

    ROOM = 300 << 20
    CLIENTS = 200

    def rejections(self, weir):
        """Asks until there is an answer: for lack of memory, the admin address may refuse, too."""
        found = []

        def ask():
            with contextlib.suppress(ConnectionError, http.client.HTTPException):
                found.append(weir.metric("weir_limit_rejections_total", resource="memory"))
            return found or weir.process.poll() is not None
        poll.until(ask, "an answer of the admin address")
        self.assertTrue(found, "weir has ended")
        return found[0]

    def test_that_is_exhausted_costs_requests_and_not_the_process(self):
        upstream = self.upstream(text(b"x" * self.ANSWER))
        config = gateway(forward(upstream.address) + "[overload]\nmax_buffered = '0B'\n")
        room = (self.ROOM, self.ROOM)
        weir = self.weir("max_connections = 4096\n" + config,
                         preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, room))
        for _ in range(3):
            before = self.rejections(weir)
            clients = []
            while self.rejections(weir) == before:
                self.assertIsNone(weir.process.poll())
                self.assertLess(len(clients), self.CLIENTS)
                clients.append(self.unread(weir))
            for client in clients:
                client.close()
            poll.until(lambda: self.get(weir).status == 200, "it serves again")
            self.assert_metric(weir, 0, "weir_overload_level")
        self.assertEqual(len(self.get(weir).body), self.ANSWER)


class ConnectionLimits(LimitsCase):
    def assert_full(self, weir):
        """The second connection is refused, even with a request; the first one continues."""
        first = self.client(weir.address())
        self.assertEqual(first.request("/").status, 200)
        second = self.client(weir.address())
        refused = second.read_reply()
        self.assertEqual((refused.status, refused.header("connection")), (503, "close"))
        self.assertEqual(refused.header("retry-after"), "1")
        self.assertIn(b'"reason":"overload_connections"', refused.body)
        self.assertTrue(second.ended())
        self.assertEqual(first.request("/").status, 200)
        self.assert_metric(weir, 1, "weir_limit_rejections_total", resource="connections")
        self.assert_metric(weir, 1, "weir_local_replies_total",
                           code="503", reason="overload_connections")
        first.close()
        self.assert_metric(weir, 0, "weir_connections_active")
        self.assertEqual(self.get(weir).status, 200)

    def test_of_a_listener(self):
        self.assert_full(self.weir(gateway(HELLO, listener=listener("max_connections = 1"))))

    def test_of_the_process(self):
        self.assert_full(self.weir("max_connections = 1\n" + gateway(HELLO, workers=2)))

    def test_the_admin_address_does_not_count(self):
        weir = self.weir("max_connections = 1\n" + gateway(HELLO))
        client = self.client(weir.address())
        self.assertEqual(client.request("/").status, 200)
        self.assertEqual(weir.admin("/readyz")[0], 200)

    def test_connections_to_an_upstream_are_waited_for_and_then_refused(self):
        upstream = self.upstream(lambda call: call.stall())
        weir = self.weir(gateway(forward(upstream.address, upstream=(
            'max_connections = 1\nmax_pending = 1\nqueue_timeout = "200ms"'))))
        clients = [self.client(weir.address()) for _ in range(3)]
        clients[0].send_request("/")
        poll.until(lambda: upstream.requests, "the one connection is taken")
        clients[1].send_request("/")
        self.assert_metric(weir, 1, "weir_upstream_queue_depth", upstream="backend")
        self.assertEqual(clients[2].request("/").header("x-weir-reason"), "queue_full")
        self.assertEqual(clients[1].read_reply().header("x-weir-reason"), "queue_timeout")
        self.assert_metric(weir, 0, "weir_upstream_queue_depth", upstream="backend")
        self.assertEqual(upstream.connections, 1)


class Descriptors(LimitsCase):
    def test_the_limit_of_connections_follows_from_the_descriptors(self):
        weir = self.weir(gateway(HELLO), preexec_fn=descriptors(200))
        weir.wait_for_line("file descriptors: 200")
        clients = [self.client(weir.address()) for _ in range(100)]
        self.assert_metric(weir, 68, "weir_connections_active")  # (200 - 64) / 2
        self.assert_metric(weir, 32, "weir_limit_rejections_total", resource="connections")
        self.assertEqual([client.request("/").status for client in clients[:68]], 68 * [200])
        self.assertEqual(clients[-1].read_reply().status, 503)

    def test_too_few_for_the_start_are_told_in_one_line(self):
        outcomes = set()
        for limit in range(4, 60):  # with fewer, the program itself cannot be loaded
            with self.subTest(limit):
                weir = self.weir(gateway(HELLO + LOG), start=False, preexec_fn=descriptors(limit))
                weir.launch()
                serves = self.starts(weir)
                outcomes.add(serves)
                if serves:
                    self.assertEqual(self.get(weir).status, 200)
                    self.assertEqual(weir.admin("/readyz")[0], 200)
                    self.assertEqual(weir.stop(), 0)
                    continue
                self.assertEqual(weir.wait(), 1)
                told = [line for line in weir.output if " info " not in line]
                self.assertEqual(len(told), 1, told)
                self.assertRegex(told[0], r"^(weir|\S+ error) ?:? .*too many open files "
                                          r"\(raise the limit of open files\)$")
        self.assertEqual(outcomes, {True, False})

    def starts(self, weir):
        """True if it becomes ready; otherwise it has exited."""
        try:
            weir.wait_for_line(" ready: ")
        except AssertionError:
            return False
        return True

    def test_a_full_table_turns_clients_away_and_recovers(self):
        weir = self.weir("max_connections = 10000\n" + gateway(HELLO),
                         preexec_fn=descriptors(200))
        self.assertEqual(self.get(weir).status, 200)
        weir.metrics()
        kept = weir.client_of_admin()
        self.addCleanup(kept.close)
        clients = [self.client(weir.address()) for _ in range(250)]
        # Connections beyond the limit are closed at once or wait in the backlog.
        poll.until(lambda: 100 < kept.sum("weir_connections_active") < 200, "the table is full")
        poll.until(lambda: kept.sum("weir_limit_rejections_total", resource="connections") > 0,
                   "a rejection is counted")
        self.assertEqual(clients[0].request("/").status, 200)
        for client in clients:
            client.close()
        poll.until(lambda: kept.sum("weir_connections_active") == 0, "all are gone")
        self.assertEqual(self.get(weir).status, 200)

    def test_no_descriptor_for_an_upstream_is_said_so(self):
        upstream = self.upstream()
        weir = self.weir("max_connections = 10000\n" + gateway(forward(upstream.address)),
                         preexec_fn=descriptors(100))
        kept = weir.client_of_admin()
        self.addCleanup(kept.close)
        clients = [self.client(weir.address())]  # libuv opens one more descriptor with the first
        poll.until(lambda: kept.sum("weir_connections_active") == 1, "the first is accepted")
        for taken in range(weir.open_descriptors() + 1, 101):
            clients.append(self.client(weir.address()))
            # Not scraped from weir: a scrape opens files itself and could take the last descriptor.
            poll.until(lambda count=taken: weir.open_descriptors() == count, "accepted")
        reply = clients[0].request("/")
        self.assertEqual((reply.status, reply.header("x-weir-reason")),
                         (503, "overload_connections"))
        for client in clients[1:]:
            client.close()
        poll.until(lambda: kept.sum("weir_connections_active") == 1, "the others are gone")
        self.assertEqual(clients[0].request("/").status, 200)


class Heads(LimitsCase):
    def ask(self, weir, raw):
        client = self.client(weir.address())
        client.send(raw)
        reply = client.read_reply()
        self.assertTrue(client.ended())
        return reply

    def test_a_head_that_is_too_large(self):
        weir = self.weir(gateway(HELLO, listener=listener('max_header_size = "4KiB"')))
        reply = self.ask(weir, b"GET / HTTP/1.1\r\nHost: a\r\nX: " + 5000 * b"x" + b"\r\n\r\n")
        self.assert_refused(weir, reply, 431, "header_too_large")

    def test_a_field_of_http2_that_is_too_large_costs_its_stream_alone(self):
        for more in ("", 'max_header_size = "1KiB"', 'max_header_size = "1MiB"'):
            weir = self.weir(gateway(HELLO, listener=listener(more)))
            client = Http2Client(weir.address())
            self.addCleanup(client.close)
            for size in (65_537, 100_000, 2_000_000):
                with self.subTest(more=more, size=size):
                    refused = json.loads(client.get("/", fields=[("x", size * "y")]))
                    self.assertEqual(refused["status"], 431)
                    self.assertEqual(client.get("/"), b"hello")

    def test_too_many_headers(self):
        weir = self.weir(gateway(HELLO, listener=listener("max_headers = 10")))
        reply = self.ask(weir, b"GET / HTTP/1.1\r\nHost: a\r\n" + 10 * b"X: y\r\n" + b"\r\n")
        self.assert_refused(weir, reply, 431, "header_too_large")

    def test_a_target_that_is_too_long(self):
        weir = self.weir(gateway(HELLO))
        reply = self.ask(weir, b"GET /" + 9000 * b"x" + b" HTTP/1.1\r\nHost: a\r\n\r\n")
        self.assert_refused(weir, reply, 414, "header_too_large")

    def test_the_length_of_targets_is_a_setting(self):
        limits = 'max_target_size = "12KiB"'
        weir = self.weir(gateway(HELLO, listener=listener(limits)))
        self.assertEqual(self.get(weir, "/" + 12_000 * "x").status, 200)
        reply = self.ask(weir, b"GET /" + 13_000 * b"x" + b" HTTP/1.1\r\nHost: a\r\n\r\n")
        self.assert_refused(weir, reply, 414, "header_too_large")

    def test_the_size_of_upstream_heads_is_a_setting(self):
        upstream = self.upstream(text(b"hello\n", headers=[("X-Large", 2000 * "x")]))
        for limits, status in (('max_header_size = "1KiB"', 502), ("max_headers = 1", 502),
                               ('max_header_size = "4KiB"\nmax_headers = 2', 200)):
            with self.subTest(limits=limits):
                weir = self.weir(gateway(forward(upstream.address, upstream=limits)))
                self.assertEqual(self.get(weir).status, status)

    def test_a_head_that_does_not_end(self):
        weir = self.weir(gateway(HELLO, listener=listener('header_timeout = "100ms"')))
        client = self.client(weir.address())
        client.send(b"GET / HTTP/1.1\r\nHost: a\r\n")
        self.assert_refused(weir, client.read_reply(), 408, "header_timeout")
        self.assert_metric(weir, 1, "weir_timeouts_total", stage="headers")

    def test_a_connection_without_a_byte_is_closed(self):
        weir = self.weir(gateway(HELLO, listener=listener('header_timeout = "100ms"')))
        self.assertTrue(self.client(weir.address()).ended())

    def test_a_connection_that_idles_is_closed(self):
        weir = self.weir(gateway(HELLO, listener=listener('idle_timeout = "100ms"')))
        client = self.client(weir.address())
        self.assertEqual(client.request("/").status, 200)
        self.assertTrue(client.ended())


class SlowClients(LimitsCase):
    def open_slow(self, address):
        host, _, port = address.rpartition(":")
        connection = Wire(socket.create_connection((host, int(port)), timeout=poll.PATIENCE))
        self.addCleanup(connection.close)
        connection.send(b"GET / HTTP/1.1\r\nHost: slow\r\nX-Begun: ")
        return connection

    def test_thousands_of_half_sent_heads_end_with_408_while_others_are_served(self):
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        self.addCleanup(resource.setrlimit, resource.RLIMIT_NOFILE, (soft, hard))
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        weir = self.weir(gateway(HELLO, listener=listener('header_timeout = "3s"')))
        slow = [self.open_slow(weir.address()) for _ in range(SLOW_CLIENTS)]
        other = Client(weir.address())
        self.addCleanup(other.close)
        self.assertEqual(other.request("/").status, 200)
        for connection in slow:
            self.assertEqual(connection.read_head().status, 408)
            connection.close()
        self.assert_metric(weir, SLOW_CLIENTS, "weir_timeouts_total", stage="headers")
        self.assert_metric(weir, SLOW_CLIENTS, "weir_local_replies_total",
                           code="408", reason="header_timeout")
        self.assertEqual(other.request("/").status, 200)

    def test_a_slow_body_ends_after_the_idle_time(self):
        upstream = self.upstream(text(b"done"))
        weir = self.weir(gateway(forward(upstream.address, route='idle_timeout = "200ms"')))
        client = self.client(weir.address())
        client.send(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nbegun")
        self.assert_refused(weir, client.read_reply(), 408, "stream_idle")
        self.assert_metric(weir, 1, "weir_timeouts_total", route="all", stage="idle")


if __name__ == "__main__":
    unittest.main()
