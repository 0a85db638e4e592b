"""Failures of upstreams: the response to the client, the reason, the metric, the log line."""

import threading
import time
import unittest

import poll
from fake_upstream import closed_address, text
from http_wire import Client, CutShort
from integration_case import LOG, IntegrationCase, forward, gateway
from tcp_upstream import TcpUpstream

EMPTY_SETTINGS = b"\0\0\0\4\0\0\0\0\0"
HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n"
ONCE = "retry.attempts = 0\n"
RETRY = 'retry = {{ attempts = {0}, on = ["connect-failure", "reset", "503"], {1} }}\n'
AGAIN = RETRY.format(1, "backoff = { base = '1ms', max = '1ms' }")


class FailureCase(IntegrationCase):
    def setUp(self):
        super().setUp()
        self._expected_lines = []
        self.addCleanup(self._check_lines)  # once weir has exited and written all lines

    def _check_lines(self):
        for weir, status, reason in self._expected_lines:
            line = self.log_lines(weir, 1)[-1]
            self.assertEqual((line["response_status"], line.get("reason")), (status, reason))

    def start(self, *endpoints, route=ONCE, upstream=""):
        """A weir that forwards to these upstreams or addresses, with an access log."""
        addresses = [getattr(each, "address", each) for each in endpoints]
        return self.weir(gateway(forward(*addresses, route=route, upstream=upstream) + LOG))

    def assert_failed(self, weir, reply, status, reason):
        """A local reply: its status, and its reason in the header, the metric and the log."""
        self.assertEqual((reply.status, reply.header("x-weir-reason")), (status, reason))
        self.assertIn(f'"reason":"{reason}"'.encode(), reply.body)
        self.assert_metric(weir, 1, "weir_local_replies_total", route="all", code=str(status),
                           reason=reason)
        self.assert_metric(weir, 1, "weir_requests_total", route="all", code=str(status))
        self.assert_logged(weir, status, reason)

    def assert_logged(self, weir, status, reason):
        """Expects this last line in the access log, which is checked at the end of the test."""
        self._expected_lines.append((weir, status, reason))

    def assert_broken_off(self, weir, client, reason):
        """A response that has begun is aborted, together with the connection."""
        with self.assertRaises(CutShort):
            client.read_reply()
        self.assert_metric(weir, 1, "weir_local_replies_total", route="all", reason=reason)
        self.assert_logged(weir, 200, reason)


class NoConnection(FailureCase):
    def test_nobody_listens(self):
        weir = self.start(closed_address())
        self.assert_failed(weir, self.get(weir), 502, "upstream_connect_refused")
        self.assert_metric(weir, 1, "weir_upstream_connection_failures_total",
                           upstream="backend", reason="refused")
        self.assert_metric(weir, 1, "weir_upstream_requests_total",
                           upstream="backend", code="none", reason="upstream_connect_refused")

    def test_no_endpoint_has_a_weight(self):
        address = closed_address()
        weir = self.weir(gateway(
            '[[route]]\nname = "all"\nupstream = "backend"\n[upstream.backend]\n'
            f'discovery.static = [{{ address = "{address}", weight = 0 }}]\n' + LOG))
        self.assert_failed(weir, self.get(weir), 503, "no_healthy_upstream")

    def test_another_endpoint_takes_what_one_refuses(self):
        upstream = self.upstream()
        weir = self.start(closed_address(), upstream, route=AGAIN,
                          upstream='balancer = "round_robin"')
        replies = [self.get(weir, method=method) for method in ("GET", "POST", "GET", "POST")]
        self.assertEqual([reply.status for reply in replies], 4 * [200])
        # The retry takes the turn of the next request, which therefore gets the first endpoint.
        retries = sum(line["attempts"] - 1 for line in self.log_lines(weir, 4))
        self.assertGreaterEqual(retries, 3)
        self.assert_metric(weir, retries, "weir_retries_total", upstream="backend", route="all",
                           reason="upstream_connect_refused", outcome="success")


class BeforeTheHead(FailureCase):
    def test_reset(self):
        weir = self.start(self.upstream(lambda call: call.reset()))
        self.assert_failed(weir, self.get(weir), 502, "upstream_reset_before_headers")

    def test_closed_within_the_head(self):
        def answer(call):
            call.send(b"HTTP/1.1 200 OK\r\nContent-Le")
            call.close()
        weir = self.start(self.upstream(answer))
        self.assert_failed(weir, self.get(weir), 502, "upstream_reset_before_headers")

    def test_closed_without_a_byte(self):
        weir = self.start(self.upstream(lambda call: call.close()))
        self.assert_failed(weir, self.get(weir), 502, "upstream_reset_before_headers")

    def test_stalls_within_the_head(self):
        def answer(call):
            call.send(b"HTTP/1.1 200 OK\r\nContent-Le")
            call.stall()
        upstream = self.upstream(answer)
        weir = self.start(upstream, route=ONCE + 'timeout = "150ms"')
        self.assert_failed(weir, self.get(weir), 504, "upstream_timeout")
        self.assert_metric(weir, 1, "weir_timeouts_total", route="all", stage="request")
        poll.until(lambda: upstream.open_connections == 0, "the connection is given up")

    def test_an_http2_endpoint_that_vanished(self):
        def vanish(peer):
            peer.sendall(EMPTY_SETTINGS)
            peer.makefile("rb").read()
        upstream = TcpUpstream(vanish)
        self.addCleanup(self._close, upstream)
        asking = 'protocol = "http2"\nhttp2 = { ping_interval = "50ms", ping_timeout = "50ms" }'
        weir = self.start(upstream, upstream=asking)
        self.assert_failed(weir, self.get(weir), 502, "upstream_reset_before_headers")
        poll.until(lambda: upstream.open_connections == 0, "the connection is given up")

    def test_an_http2_endpoint_that_never_says_what_it_takes(self):
        upstream = TcpUpstream(lambda peer: peer.makefile("rb").read())
        self.addCleanup(self._close, upstream)
        weir = self.start(upstream, upstream='protocol = "http2"\nconnect_timeout = "100ms"')
        self.assert_failed(weir, self.get(weir), 504, "upstream_connect_timeout")
        poll.until(lambda: upstream.open_connections == 0, "the connection is given up")

    def test_an_endpoint_that_does_not_speak_http2(self):
        weir = self.start(self.upstream(lambda call: call.reply()), upstream='protocol = "http2"')
        self.assert_failed(weir, self.get(weir), 502, "upstream_protocol_error")

    def test_no_answer_to_a_try(self):
        weir = self.start(self.upstream(lambda call: call.stall()),
                          route=ONCE + 'per_try_timeout = "150ms"')
        self.assert_failed(weir, self.get(weir), 504, "per_try_timeout")
        self.assert_metric(weir, 1, "weir_timeouts_total", route="all", stage="per_try")
        self.assert_metric(weir, 1, "weir_upstream_attempt_duration_seconds_count",
                           upstream="backend", outcome="timeout")

    def test_what_is_no_http(self):
        for garbage in (b"SSH-2.0-OpenSSH_9.2\r\n", b"HTTP/1.1 2000 OK\r\n\r\n",
                        b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
                        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\nab"):
            with self.subTest(garbage):
                weir = self.start(self.upstream(lambda call, bytes_=garbage: call.send(bytes_)))
                self.assert_failed(weir, self.get(weir), 502, "upstream_protocol_error")


class AfterTheHead(FailureCase):
    def broken_off(self, answer, reason, **settings):
        weir = self.start(self.upstream(answer), **settings)
        client = self.client(weir.address())
        client.send_request("/")
        self.assert_broken_off(weir, client, reason)
        return weir

    def test_reset_within_the_body(self):
        def answer(call):
            call.send(HEAD + b"half")
            call.wire.socket.recv(1)  # until the test resets it
        upstream = self.upstream(answer)
        weir = self.start(upstream)
        client = self.client(weir.address())
        client.send_request("/")
        self.assertEqual(client.read_head().status, 200)
        upstream.reset_all()
        self.assertEqual(client.read_rest(), b"half")
        self.assert_metric(weir, 1, "weir_local_replies_total", route="all",
                           reason="upstream_reset_after_headers")
        self.assert_logged(weir, 200, "upstream_reset_after_headers")

    def test_closed_within_a_body_of_known_length(self):
        def answer(call):
            call.send(HEAD + b"half")
            call.close()
        self.broken_off(answer, "upstream_reset_after_headers")

    def test_closed_within_a_chunked_body(self):
        def answer(call):
            call.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n")
            call.close()
        self.broken_off(answer, "upstream_reset_after_headers")

    def test_a_bad_chunk(self):
        def answer(call):
            call.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\nxx\r\n")
            call.stall()
        self.broken_off(answer, "upstream_reset_after_headers")

    def test_a_body_that_stalls(self):
        def answer(call):
            call.send(HEAD + b"half")
            call.stall()
        weir = self.broken_off(answer, "stream_idle", route=ONCE + 'idle_timeout = "150ms"')
        self.assert_metric(weir, 1, "weir_timeouts_total", route="all", stage="idle")

    def test_a_body_that_takes_too_long_in_all(self):
        def answer(call):
            call.send(HEAD + b"half")
            call.stall()
        self.broken_off(answer, "request_timeout", route=ONCE + 'timeout = "150ms"')


class Retries(FailureCase):
    def failing(self, how, times):
        """An upstream that fails this many times and then answers."""
        def answer(call):
            if call.number > times:
                return call.reply(b"at last")
            return how(call)
        return self.upstream(answer)

    def test_a_reset_is_tried_again(self):
        upstream = self.failing(lambda call: call.reset(), 1)
        weir = self.start(upstream, route=AGAIN)
        self.assertEqual(self.get(weir).body, b"at last")
        self.assert_metric(weir, 1, "weir_retries_total", route="all",
                           reason="upstream_reset_before_headers", outcome="success")
        self.assertEqual(self.log_lines(weir, 1)[0]["attempts"], 2)

    def test_a_listed_status_is_tried_again_and_the_last_answer_passes(self):
        upstream = self.failing(lambda call: call.reply(b"no", status="503 No"), 5)
        weir = self.start(upstream, route=RETRY.format(2, "backoff.base = '1ms'"))
        reply = self.get(weir)
        self.assertEqual((reply.status, reply.body), (503, b"no"))
        self.assertIsNone(reply.header("x-weir-reason"))
        self.assertEqual(len(upstream.requests), 3)
        self.assert_metric(weir, 2, "weir_retries_total", route="all", outcome="failure")
        self.assert_metric(weir, 1, "weir_retries_suppressed_total", reason="limit")

    def test_a_post_is_not_sent_again_once_it_may_have_been_acted_on(self):
        upstream = self.failing(lambda call: (call.read_body(), call.reset()), 1)
        weir = self.start(upstream, route=AGAIN)
        reply = self.get(weir, method="POST", body=b"order")
        self.assert_failed(weir, reply, 502, "upstream_reset_before_headers")
        self.assertEqual(len(upstream.requests), 1)
        self.assert_metric(weir, 1, "weir_retries_suppressed_total",
                           upstream="backend", reason="not_idempotent")

    def test_a_body_is_sent_again_whole(self):
        upstream = self.failing(lambda call: (call.read_body(), call.reset()), 1)
        weir = self.start(upstream, route=AGAIN)
        body = 1000 * b"0123456789"
        self.assertEqual(self.get(weir, method="PUT", body=body).body, b"at last")
        self.assertEqual([request.body for request in upstream.requests], [body, body])

    def test_a_body_too_large_to_keep_is_sent_once(self):
        upstream = self.failing(lambda call: (call.read_body(), call.reset()), 1)
        weir = self.start(upstream, route=RETRY.format(1, 'replay_body = "1KiB"'))
        reply = self.get(weir, method="PUT", body=5000 * b"x")
        self.assert_failed(weir, reply, 502, "upstream_reset_before_headers")
        self.assert_metric(weir, 1, "weir_retries_suppressed_total", reason="body_too_large")

    def test_the_budget_ends_retries(self):
        upstream = self.upstream(lambda call: call.reply(status="503 No"))
        weir = self.start(upstream, route=RETRY.format(100, "backoff.base = '1ms', "
                                                            "backoff.max = '1ms'"))
        client = self.client(weir.address())
        requests = 10
        began = time.monotonic()
        for _ in range(requests):
            self.assertEqual(client.request("/").status, 503)
        seconds = int(time.monotonic() - began) + 2  # of the clock, in which the requests came
        retries = len(upstream.requests) - requests
        # 20 % of the requests, and 10 in each second.
        self.assertIn(retries, range(12, 2 + 10 * seconds + 1))
        self.assert_metric(weir, retries, "weir_retries_total", outcome="failure")
        self.assertGreater(weir.metric("weir_retries_suppressed_total", reason="budget"), 0)


class KeptConnections(FailureCase):
    def closing_on_reuse(self):
        """Closes a reused connection at its second request, but not a new one."""
        def answer(call):
            if getattr(call.wire, "used", False):
                call.close()
            call.wire.used = True
            call.reply(b"fresh")
        return self.upstream(answer)

    def test_a_get_that_meets_a_closing_connection_is_sent_on_a_new_one(self):
        upstream = self.closing_on_reuse()
        weir = self.start(upstream)
        client = self.client(weir.address())
        self.assertEqual([client.request("/").status for _ in range(5)], 5 * [200])
        self.assertEqual(upstream.connections, 5)
        self.assert_metric(weir, 4, "weir_upstream_requests_total",
                           upstream="backend", reason="upstream_keepalive_race")

    def test_a_post_that_meets_one_is_not_sent_again(self):
        upstream = self.closing_on_reuse()
        weir = self.start(upstream)
        client = self.client(weir.address())
        self.assertEqual(client.request("/").status, 200)
        reply = client.request("/", method="POST", body=b"order")
        self.assertEqual((reply.status, reply.header("x-weir-reason")),
                         (502, "upstream_keepalive_race"))
        self.assertEqual(len(upstream.requests), 2)

    def test_a_connection_that_the_upstream_closed_meanwhile_is_not_used(self):
        def answer(call):
            call.reply(b"one")
            call.close()
        upstream = self.upstream(answer)
        weir = self.start(upstream)
        client = self.client(weir.address())
        for _ in range(3):
            self.assertEqual(client.request("/", method="POST", body=b"x").status, 200)
            self.assert_metric(weir, 0, "weir_upstream_connections_active", upstream="backend")


class Killed(FailureCase):
    def test_an_upstream_killed_under_load_costs_nothing_when_another_is_there(self):
        upstreams = [self.upstream(text(b"a")), self.upstream(text(b"b"))]
        weir = self.start(*upstreams, route=RETRY.format(3, "backoff.base = '1ms'"))
        failures, stopped = [], threading.Event()
        answered = []

        def ask():
            client = Client(weir.address())
            try:
                while not stopped.is_set():
                    reply = client.request("/")
                    answered.append(reply.body)
                    if reply.status != 200:
                        failures.append(reply.raw_head)
            except (OSError, CutShort) as error:
                failures.append(error)
            finally:
                client.close()
        threads = [threading.Thread(target=ask) for _ in range(4)]
        for thread in threads:
            thread.start()
        poll.until(lambda: min(len(each.requests) for each in upstreams) > 50, "both answer")
        upstreams[0].close()
        seen = len(answered)
        poll.until(lambda: len(answered) > seen + 200, "the other goes on")
        stopped.set()
        for thread in threads:
            thread.join()
        self.assertEqual(failures, [])
        # Attempts without a response, after which the balancer avoids the endpoint.
        self.assertGreater(weir.metric("weir_upstream_requests_total", code="none"), 0)

    def test_an_upstream_that_comes_back_is_used_again(self):
        upstream = self.upstream()
        weir = self.start(upstream)
        self.assertEqual(self.get(weir).status, 200)
        upstream.close()
        self.assertEqual(self.get(weir).header("x-weir-reason"), "upstream_connect_refused")
        upstream.reopen()
        self.assertEqual(self.get(weir).status, 200)


if __name__ == "__main__":
    unittest.main()
