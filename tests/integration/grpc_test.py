#!/usr/bin/env python3
"""gRPC through weir, with a real client and a real server."""

import base64
import concurrent.futures
import signal
import struct
import subprocess
import threading
import unittest

import grpc
import poll
from integration_case import IntegrationCase, forward, gateway

STREAMS = 200
CALLS = 3000


class Echo(grpc.GenericRpcHandler):
    """Methods of every kind, whose messages are plain bytes."""

    def __init__(self):
        self.hanging = threading.Event()
        self.cancelled = threading.Event()
        self.deadlines = []

    def service(self, details):
        handlers = {
            "/test.Echo/Unary": grpc.unary_unary_rpc_method_handler(self.unary),
            "/test.Echo/Split": grpc.unary_stream_rpc_method_handler(self.split),
            "/test.Echo/Join": grpc.stream_unary_rpc_method_handler(self.join),
            "/test.Echo/Chat": grpc.stream_stream_rpc_method_handler(self.chat),
            "/test.Echo/Fail": grpc.unary_unary_rpc_method_handler(self.fail),
            "/test.Echo/Hang": grpc.unary_unary_rpc_method_handler(self.hang),
        }
        return handlers.get(details.method)

    def unary(self, request, context):
        self.deadlines.append(context.time_remaining())
        context.set_trailing_metadata((("x-trailer", "end"),))
        return request

    def split(self, request, _context):
        for byte in request:
            yield bytes([byte])

    def join(self, requests, _context):
        return b"".join(requests)

    def chat(self, requests, _context):
        for request in requests:
            yield b"heard " + request

    def fail(self, _request, context):
        context.abort(grpc.StatusCode.FAILED_PRECONDITION, "50% done")

    def hang(self, _request, context):
        context.add_callback(self.cancelled.set)
        self.hanging.set()
        self.cancelled.wait(poll.PATIENCE)
        return b""


class GrpcCase(IntegrationCase):
    def setUp(self):
        super().setUp()
        self.echo = Echo()
        workers = concurrent.futures.ThreadPoolExecutor(max_workers=8)
        self.addCleanup(workers.shutdown)
        server = grpc.server(workers, handlers=(self.echo,),
                             options=(("grpc.max_receive_message_length", -1),))
        port = server.add_insecure_port("127.0.0.1:0")
        server.start()
        self.addCleanup(lambda: server.stop(None).wait())
        self.service = f"127.0.0.1:{port}"

    def through(self, config):
        """A running weir and a channel to it."""
        weir = self.weir(gateway(config))
        channel = grpc.insecure_channel(
            weir.address(), options=(("grpc.max_receive_message_length", -1),
                                     ("grpc.max_send_message_length", -1)))
        self.addCleanup(channel.close)
        return weir, channel

    def forwarding(self, route=""):
        return self.through(forward(self.service, route=route, upstream='protocol = "http2"'))

    def code_of(self, call):
        with self.assertRaises(grpc.RpcError) as raised:
            call()
        return raised.exception.code()


class Kinds(GrpcCase):
    def test_unary_with_metadata_and_trailers(self):
        weir, channel = self.forwarding()
        answer, call = channel.unary_unary("/test.Echo/Unary").with_call(b"hello")
        self.assertEqual(answer, b"hello")
        self.assertIn(("x-trailer", "end"), call.trailing_metadata())
        self.assert_metric(weir, 1, "weir_requests_total", protocol="grpc", code="200")

    def test_streams_of_the_server(self):
        _, channel = self.forwarding()
        self.assertEqual(list(channel.unary_stream("/test.Echo/Split")(b"abc")), [b"a", b"b", b"c"])

    def test_streams_of_the_client(self):
        _, channel = self.forwarding()
        self.assertEqual(channel.stream_unary("/test.Echo/Join")(iter([b"a", b"b"])), b"ab")

    def test_both_ways_in_turn(self):
        _, channel = self.forwarding()
        heard = threading.Semaphore(1)

        def words():
            for number in range(20):
                heard.acquire()  # the response to the previous one has arrived
                yield str(number).encode()
        answers = []
        for answer in channel.stream_stream("/test.Echo/Chat")(words()):
            answers.append(answer)
            heard.release()
        self.assertEqual(answers, [f"heard {number}".encode() for number in range(20)])

    def test_pings_that_measure_the_bandwidth_are_no_flood(self):
        weir, channel = self.forwarding()
        call = channel.unary_unary("/test.Echo/Unary")
        with concurrent.futures.ThreadPoolExecutor(max_workers=8) as callers:
            answers = list(callers.map(lambda _: call(b"x" * 100), range(CALLS)))
        self.assertEqual(answers, [b"x" * 100] * CALLS)
        self.assert_metric(weir, 0, "weir_http2_floods_total")
        # All calls used one connection, which was not closed.
        self.assert_metric(weir, 1, "weir_connections_opened_total", listener="public")

    def test_large_messages(self):
        _, channel = self.forwarding()
        message = bytes(range(256)) * 40_000  # 10 MB
        self.assertEqual(channel.unary_unary("/test.Echo/Unary")(message), message)

    def test_many_at_a_time(self):
        weir, channel = self.forwarding()
        unary = channel.unary_unary("/test.Echo/Unary")
        calls = [unary.future(str(number).encode()) for number in range(STREAMS)]
        self.assertEqual([call.result(poll.PATIENCE) for call in calls],
                         [str(number).encode() for number in range(STREAMS)])
        self.assert_metric(weir, STREAMS, "weir_requests_total", protocol="grpc")


class FromTheWeb(GrpcCase):
    """gRPC-Web over HTTP/1, as a browser sends it."""

    TRAILERS = b"\x80\x00\x00\x00"

    def ask(self, method, body, kind="application/grpc-web+proto"):
        weir, _ = self.forwarding(route="filters = [{ grpc_web = {} }]")
        client = self.client(weir.address())
        return client.request(f"/test.Echo/{method}", "POST", body=body,
                              headers=[("Content-Type", kind)])

    def message(self, text_of_it):
        return b"\0" + struct.pack(">I", len(text_of_it)) + text_of_it

    def test_a_call(self):
        reply = self.ask("Unary", self.message(b"hello"))
        self.assertEqual((reply.status, reply.header("content-type")),
                         (200, "application/grpc-web+proto"))
        self.assertTrue(reply.body.startswith(self.message(b"hello") + self.TRAILERS), reply.body)
        self.assertIn(b"grpc-status: 0\r\n", reply.body)
        self.assertIn(b"x-trailer: end\r\n", reply.body)

    def test_a_call_in_text_with_a_stream_for_an_answer(self):
        text_of_it = base64.b64encode(self.message(b"ab"))
        reply = self.ask("Split", text_of_it, "application/grpc-web-text")
        self.assertEqual(reply.header("content-type"), "application/grpc-web-text")
        # Each piece is padded separately.
        body = b"".join(base64.b64decode(piece + b"=" * (-len(piece) % 4))
                        for piece in reply.body.replace(b"=", b" ").split())
        self.assertTrue(body.startswith(self.message(b"a") + self.message(b"b") + self.TRAILERS),
                        body)

    def test_a_status_without_a_message(self):
        reply = self.ask("Fail", self.message(b""))
        self.assertEqual(reply.status, 200)
        in_body = b"grpc-status: 9\r\n" in reply.body
        self.assertTrue(reply.header("grpc-status") == "9" or in_body, reply.body)

    def test_text_that_is_no_base64(self):
        reply = self.ask("Unary", b"!!!!", "application/grpc-web-text")
        self.assertEqual((reply.header("grpc-status"), reply.header("content-type")),
                         ("13", "application/grpc-web-text"))


class Health(GrpcCase):
    """The health service of weir itself, as used by an orchestrator."""

    SERVING, NOT_SERVING = b"\x08\x01", b"\x08\x02"

    def ask(self, weir, service=b"", method="Check"):
        channel = grpc.insecure_channel(weir.admin_address)
        self.addCleanup(channel.close)
        message = b"\x0a" + bytes([len(service)]) + service if service else b""
        return channel.unary_unary(f"/grpc.health.v1.Health/{method}")(message)

    def test_while_all_is_well(self):
        weir, _ = self.forwarding()
        self.assertEqual([self.ask(weir, service) for service in (b"", b"readiness", b"liveness")],
                         3 * [self.SERVING])

    def test_of_what_it_does_not_know(self):
        weir, _ = self.forwarding()
        self.assertEqual(self.code_of(lambda: self.ask(weir, b"orders")), grpc.StatusCode.NOT_FOUND)
        self.assertEqual(self.code_of(lambda: self.ask(weir, method="Watch")),
                         grpc.StatusCode.UNIMPLEMENTED)

    def test_while_it_drains(self):
        weir, channel = self.forwarding()
        call = channel.unary_unary("/test.Echo/Hang").future(b"")
        self.assertTrue(self.echo.hanging.wait(poll.PATIENCE))
        weir.signal(signal.SIGTERM)
        weir.wait_for_line("draining")
        poll.until(lambda: self.ask(weir) == self.NOT_SERVING, "unready")
        self.assertEqual(self.ask(weir, b"liveness"), self.SERVING)
        call.cancel()
        self.assertEqual(weir.wait(), 0)

    def test_pages_over_http2(self):
        weir, _ = self.forwarding()
        page = subprocess.run(
            ["curl", "-sS", "--http2-prior-knowledge", "-w", "%{http_version}",
             f"http://{weir.admin_address}/metrics"],
            capture_output=True, check=True, timeout=poll.PATIENCE).stdout
        self.assertIn(b"weir_build_info", page)
        self.assertTrue(page.endswith(b"\n2"), page[-20:])


class Failures(GrpcCase):
    def test_the_servers_status_comes_through(self):
        _, channel = self.forwarding()
        with self.assertRaises(grpc.RpcError) as raised:
            channel.unary_unary("/test.Echo/Fail")(b"")
        self.assertEqual(raised.exception.code(), grpc.StatusCode.FAILED_PRECONDITION)
        self.assertEqual(raised.exception.details(), "50% done")

    def test_a_cancelled_call_is_cancelled_at_the_server(self):
        weir, channel = self.forwarding()
        call = channel.unary_unary("/test.Echo/Hang").future(b"")
        self.assertTrue(self.echo.hanging.wait(poll.PATIENCE))
        self.assert_metric(weir, 1, "weir_requests_in_flight")
        call.cancel()
        self.assertTrue(self.echo.cancelled.wait(poll.PATIENCE))
        self.assert_metric(weir, 0, "weir_requests_in_flight")

    def test_the_callers_deadline_is_kept_and_passed_on(self):
        weir, channel = self.forwarding()
        channel.unary_unary("/test.Echo/Unary")(b"", timeout=20)
        self.assertLess(self.echo.deadlines[0], 20.1)
        self.assertEqual(
            self.code_of(lambda: channel.unary_unary("/test.Echo/Hang")(b"", timeout=0.3)),
            grpc.StatusCode.DEADLINE_EXCEEDED)
        self.assertTrue(self.echo.cancelled.wait(poll.PATIENCE))
        self.assert_metric(weir, 0, "weir_requests_in_flight")

    def test_answers_of_weir_itself_are_statuses(self):
        _, channel = self.through(forward("127.0.0.1:1", upstream='protocol = "http2"'))
        with self.assertRaises(grpc.RpcError) as raised:
            channel.unary_unary("/test.Echo/Unary")(b"")
        self.assertEqual(raised.exception.code(), grpc.StatusCode.UNAVAILABLE)
        self.assertEqual(raised.exception.details(), "connection refused")

    def test_no_route_is_an_unknown_method(self):
        _, channel = self.forwarding(route='match = { path = "/elsewhere" }')
        self.assertEqual(self.code_of(lambda: channel.unary_unary("/test.Echo/Unary")(b"")),
                         grpc.StatusCode.UNIMPLEMENTED)


if __name__ == "__main__":
    unittest.main()
