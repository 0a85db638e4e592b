#!/usr/bin/env python3
"""HTTP/2 on both sides, with curl and h2load."""

import base64
import hashlib
import signal
import subprocess
import threading
import unittest

import poll
from fake_upstream import text
from http2_wire import ACK, GOAWAY, HEADERS, PING, RST_STREAM, Http2Client, frame
from integration_case import LISTENER, IntegrationCase, forward, gateway
from tls_case import TLS_LISTENER, TlsCase

H2C = "--http2-prior-knowledge"
GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"  # RFC 6455, 1.3


class Http2Case(IntegrationCase):
    def curl(self, *arguments):
        """Runs curl, which must succeed; returns its output."""
        done = subprocess.run(["curl", "-sS", "--max-time", str(poll.PATIENCE), *arguments],
                              capture_output=True, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout

    def status(self, *arguments):
        """Status and version of the response."""
        return self.curl("-o", "/dev/null", "-w", "%{http_code} %{http_version}",
                         *arguments).decode()

    def load(self, weir, requests, clients, streams):
        """The number of successful requests of h2load."""
        said = self.start_load(weir, requests, clients, streams).communicate(
            timeout=poll.PATIENCE)[0]
        line = next(line for line in said.splitlines() if line.startswith("requests:"))
        return int(line.split(" succeeded")[0].split()[-1])

    def start_load(self, weir, requests, clients=2, streams=5):
        load = subprocess.Popen(["h2load", "-n", str(requests), "-c", str(clients), "-m",
                                 str(streams), self.url(weir)], stdout=subprocess.PIPE, text=True)
        self.addCleanup(load.wait)
        self.addCleanup(load.stdout.close)
        return load

    def url(self, weir, path="/", scheme="http"):
        return f"{scheme}://{weir.address()}{path}"

    def mesh(self, rest, service):
        """A weir that connects to the service over HTTP/2."""
        return self.weir(gateway(forward(service.address(),
                                         upstream='protocol = "http2"\n' + rest)))


class Downstream(Http2Case):
    def test_prior_knowledge_in_the_clear(self):
        weir = self.weir(gateway(forward(self.upstream().address)))
        self.assertEqual(self.status(H2C, self.url(weir)), "200 2")
        self.assertEqual(self.status(self.url(weir)), "200 1.1")
        self.assert_metric(weir, 1, "weir_requests_total", protocol="h2")
        self.assert_metric(weir, 1, "weir_requests_total", protocol="h1")

    def test_the_versions_that_a_listener_speaks(self):
        listener = ('[[listener]]\nname = "one"\naddress = "127.0.0.1:0"\nprotocol = "http1"\n'
                    '[[listener]]\nname = "two"\naddress = "127.0.0.1:0"\nprotocol = "http2"\n')
        weir = self.weir(gateway(forward(self.upstream().address), listener=listener))
        self.assertEqual(self.status(f"http://{weir.address('one')}/"), "200 1.1")
        self.assertEqual(self.status(H2C, f"http://{weir.address('two')}/"), "200 2")
        for version, listener in ((H2C, "one"), ("--http1.1", "two")):
            refused = subprocess.run(["curl", "-s", version, f"http://{weir.address(listener)}/"],
                                     check=False, capture_output=True)
            self.assertNotEqual(refused.returncode, 0)

    def test_an_upgrade_to_it_is_not_taken(self):
        weir = self.weir(gateway(forward(self.upstream().address)))
        self.assertEqual(self.status("--http2", self.url(weir)), "200 1.1")

    def test_bodies_both_ways(self):
        upstream = self.upstream(lambda call: call.reply(call.read_body()))
        weir = self.weir(gateway(forward(upstream.address)))
        body = weir.folder / "body"
        body.write_bytes(bytes(range(256)) * 12_000)  # several flow-control windows
        answer = self.curl(H2C, "--data-binary", f"@{body}", self.url(weir))
        self.assertEqual(answer, body.read_bytes())

    def test_a_missing_upstream_is_told_with_its_reason(self):
        weir = self.weir(gateway(forward("127.0.0.1:1")))
        head = self.curl(H2C, "-D", "-", "-o", "/dev/null", self.url(weir)).decode()
        self.assertIn("HTTP/2 502", head)
        self.assertIn("x-weir-reason: upstream_connect_refused", head)

    def test_a_head_over_the_limit(self):
        weir = self.weir(gateway(forward(self.upstream().address)))
        self.assertEqual(self.status(H2C, "-H", "x: " + 40_000 * "y", self.url(weir)), "431 2")

    def test_many_at_a_time(self):
        weir = self.weir(gateway(forward(self.upstream().address), workers=2))
        self.assertEqual(self.load(weir, 2000, 4, 25), 2000)
        self.assert_metric(weir, 2000, "weir_requests_total", protocol="h2", code="200")
        self.assert_metric(weir, 0, "weir_requests_in_flight")

    def test_a_reload_takes_no_request_away(self):
        weir = self.weir(gateway(forward(self.upstream().address)))
        load = self.start_load(weir, 3000)
        for number in range(3):
            poll.until(lambda low=300 * number: weir.metric("weir_requests_total") > low, "load")
            weir.file.write_text(weir.file.read_text() + f"\n# {number}\n")
            self.assert_metric(weir, 2 + number, "weir_config_generation")
        self.assertIn("3000 succeeded", load.communicate(timeout=poll.PATIENCE)[0])

    def test_draining_lets_what_is_in_hand_end(self):
        held = []
        upstream = self.upstream(lambda call: (held.append(call), call.read_body(), call.stall()))
        weir = self.weir(gateway(forward(upstream.address, route='timeout = "2s"')))
        curl = subprocess.Popen(["curl", "-s", H2C, "-o", "/dev/null", "-w", "%{http_code}",
                                 self.url(weir)], stdout=subprocess.PIPE, text=True)
        poll.until(lambda: held, "the request is at the upstream")
        weir.signal(signal.SIGTERM)
        self.assertEqual(curl.communicate(timeout=poll.PATIENCE)[0], "504")

    def goaway(self, client):
        """The last stream ID and the error code of the next GOAWAY."""
        while (got := client.read_frame())[0] != GOAWAY:
            self.assertNotIn(got[0], (HEADERS, RST_STREAM))
            if got[0] == PING:
                client.socket.sendall(frame(PING, ACK, 0, got[3]))
        return int.from_bytes(got[3][:4], "big"), int.from_bytes(got[3][4:8], "big")

    def test_an_old_connection_ends_once_its_requests_have(self):
        go_on = threading.Event()

        def answer(call):
            go_on.wait(poll.PATIENCE)
            call.reply(b"late")
        weir = self.weir(gateway(forward(self.upstream(answer).address),
                                 listener=LISTENER + 'max_connection_age = "100ms"\n'))
        client = Http2Client(weir.address())
        self.addCleanup(client.close)
        stream = client.send_head([(":method", "GET"), (":scheme", "http"), (":path", "/"),
                                   (":authority", "test")])
        self.assertEqual(self.goaway(client), (2**31 - 1, 0), "no more is wanted")
        self.assertEqual(self.goaway(client), (stream, 0), "the client has heard of it")
        go_on.set()
        self.assertEqual(client.read_body(stream), b"late")
        self.assertIsNone(client.read_frame())
        other = Http2Client(weir.address())
        self.addCleanup(other.close)
        self.assertEqual(other.get("/"), b"late")
        self.assert_metric(weir, 2, "weir_requests_total", code="200")


class Secured(TlsCase, Http2Case):
    def test_agreed_on_by_alpn(self):
        weir = self.secured(forward(self.upstream().address))
        root = ("--cacert", str(weir.folder / "ca/root.crt"))
        url = self.url(weir, scheme="https")
        self.assertEqual(self.status(*root, url), "200 2")
        self.assertEqual(self.status(*root, "--http1.1", url), "200 1.1")

    def test_an_authority_of_another_certificate_is_misdirected(self):
        more = ', { cert = "ca/other.crt", key = "ca/other.key" }'
        listener = ('[[listener]]\nname = "public"\naddress = "127.0.0.1:0"\n'
                    'tls = { certificates = [{ cert = "ca/edge.crt", key = "ca/edge.key" }%s] }\n'
                    % more)
        weir = self.weir(gateway(forward(self.upstream().address), listener=listener), start=False)
        self.authority(weir.folder, "edge", "other")
        weir.start()
        port = weir.address().rsplit(":", 1)[1]
        at = ("--cacert", str(weir.folder / "ca/root.crt"),
              "--resolve", f"edge.test:{port}:127.0.0.1", f"https://edge.test:{port}/")
        self.assertEqual(self.status(*at), "200 2")
        self.assertEqual(self.status("-H", "Host: unknown.test", *at), "200 2")
        self.assertEqual(self.status("-H", "Host: other.test", *at), "421 2")

    def test_an_upstream_that_agrees_on_it(self):
        service = self.secured(forward(self.upstream().address))
        root = service.folder / "ca/root.crt"
        tls = f'tls = {{ ca = "{root}", server_name = "edge.test" }}'
        weir = self.weir(gateway(forward(service.address(), upstream=tls)))
        self.assertEqual(self.load(weir, 200, 2, 10), 200)
        self.assert_metric(service, 200, "weir_requests_total", protocol="h2")
        self.assert_metric(service, 1, "weir_connections_opened_total", protocol="tls")

    def test_an_upstream_that_does_not_agree_serves_one_at_a_time(self):
        upstream = self.upstream(lambda call: call.stall())
        listener = TLS_LISTENER % "" + 'protocol = "http1"\n'
        service = self.weir(gateway(forward(upstream.address), listener=listener), start=False)
        self.authority(service.folder, "edge")
        service.start()
        root = service.folder / "ca/root.crt"
        weir = self.weir(gateway(forward(service.address(), upstream=(
            f'max_connections = 1\ntls = {{ ca = "{root}", server_name = "edge.test" }}\n'
            'queue_timeout = "20s"'))))
        clients = [self.client(weir.address()) for _ in range(3)]
        for client in clients:
            client.send_request("/")
        # All were expected to share the connection; now two wait for another one, and fail.
        self.assert_metric(weir, 2, "weir_upstream_queue_depth")
        for client in clients:
            client.close()
        self.assert_metric(weir, 0, "weir_upstream_queue_depth")
        self.assert_metric(weir, 0, "weir_requests_in_flight")


class Upstream(Http2Case):
    def test_many_requests_share_a_connection(self):
        service = self.weir(gateway(forward(self.upstream().address)))
        weir = self.mesh("", service)
        self.assertEqual(self.load(weir, 1000, 4, 20), 1000)
        self.assertEqual(self.status(self.url(weir)), "200 1.1")
        self.assert_metric(service, 1, "weir_connections_opened_total")
        self.assert_metric(weir, 1, "weir_upstream_connections_idle")

    def test_another_connection_when_streams_run_out(self):
        release = []
        upstream = self.upstream(lambda call: (poll.until(lambda: release, "told"), call.reply()))
        service = self.weir(gateway(forward(upstream.address)))
        weir = self.mesh("http2 = { max_streams = 2 }", service)
        load = self.start_load(weir, 5, clients=5, streams=1)
        self.assert_metric(service, 5, "weir_requests_in_flight")
        self.assert_metric(service, 3, "weir_connections_active")
        release.append(True)
        self.assertIn("5 succeeded", load.communicate(timeout=poll.PATIENCE)[0])

    def test_a_service_that_drains_loses_no_request(self):
        upstream = self.upstream(text(b"hello\n"))
        leaving, staying = (self.weir(gateway(forward(upstream.address))) for _ in range(2))
        weir = self.weir(gateway(forward(leaving.address(), staying.address(),
                                         upstream='protocol = "http2"')))
        load = self.start_load(weir, 4000)
        poll.until(lambda: leaving.metric("weir_requests_total") > 200, "the load runs")
        leaving.signal(signal.SIGTERM)
        self.assertEqual(leaving.wait(), 0)
        load.communicate(timeout=poll.PATIENCE)
        # Later requests to that endpoint find no server, and may be too many to retry; but no
        # request that was sent is lost.
        lost = weir.metric("weir_requests_total") - weir.metric("weir_requests_total", code="200")
        self.assertEqual(weir.metric("weir_local_replies_total",
                                     reason="upstream_connect_refused"), lost)


class WebSockets(Http2Case):
    """An HTTP/1 client and service, with an HTTP/2 hop between two processes."""

    UPGRADE = (b"GET /chat HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
               b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n")

    def echo(self, call):
        key = call.request.header("sec-websocket-key").encode()
        accept = base64.b64encode(hashlib.sha1(key + GUID).digest())
        call.send(b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\n"
                  b"Upgrade: websocket\r\nSec-WebSocket-Accept: " + accept + b"\r\n\r\n")
        while data := call.wire.socket.recv(65536):
            call.send(b"heard " + data)
        call.close()

    def test_through_a_hop_of_http2(self):
        upstream = self.upstream(self.echo)
        service = self.weir(gateway(forward(upstream.address)))
        weir = self.mesh("", service)
        client = self.client(weir.address())
        client.send(self.UPGRADE)
        head = client.read_head()
        self.assertEqual((head.status, head.header("upgrade")), (101, "websocket"))
        self.assertEqual(head.header("sec-websocket-accept"), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=")
        key = upstream.requests[0].header("sec-websocket-key")  # HTTP/2 has none: weir generates it
        self.assertEqual(len(base64.b64decode(key)), 16)
        for word in (b"one", b"two"):
            client.send(word)
            self.assertEqual(client.read_exactly(6 + len(word)), b"heard " + word)
        self.assert_metric(weir, 1, "weir_requests_in_flight")
        client.half_close()
        self.assertTrue(client.ended())
        for process in (weir, service):
            self.assert_metric(process, 1, "weir_requests_total", protocol="ws", code="101")
            self.assert_metric(process, 0, "weir_requests_in_flight")

    def test_a_refusal_is_an_answer(self):
        upstream = self.upstream(text(b"no\n", status="403 Forbidden"))
        service = self.weir(gateway(forward(upstream.address)))
        weir = self.mesh("", service)
        client = self.client(weir.address())
        client.send(self.UPGRADE)
        reply = client.read_reply()
        self.assertEqual((reply.status, reply.body), (403, b"no\n"))
        self.assertEqual(client.request("/").status, 403)


if __name__ == "__main__":
    unittest.main()
