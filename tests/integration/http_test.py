"""HTTP/1.1 on both sides: framing, connections, upgrades, hop-by-hop headers."""

import unittest

import poll
from fake_upstream import text
from http_wire import chunk
from integration_case import IntegrationCase, forward, gateway

UUID = r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"


def listener(settings):
    return ('[[listener]]\nname = "public"\naddress = "127.0.0.1:0"\nreason_header = true\n'
            + settings + "\n")


class HttpCase(IntegrationCase):
    def start(self, answer=text(b"hello\n"), settings="", **parts):
        """(weir, upstream) of a gateway whose listener has these settings."""
        upstream = self.upstream(answer)
        weir = self.weir(gateway(forward(upstream.address, **parts), listener=listener(settings)))
        return weir, upstream

    def ask(self, weir, raw, method="GET"):
        """The response to these bytes on a new connection."""
        client = self.client(weir.address())
        client.send(raw)
        return client.read_reply(method)


class Requests(HttpCase):
    def test_pipelined_requests_are_answered_in_order(self):
        weir, upstream = self.start(lambda call: call.reply(call.request.target.encode()))
        client = self.client(weir.address())
        client.send(b"".join(b"GET /%d HTTP/1.1\r\nHost: a\r\n\r\n" % i for i in range(50)))
        bodies = [client.read_reply().body for _ in range(50)]
        self.assertEqual(bodies, [b"/%d" % i for i in range(50)])
        self.assertEqual(upstream.connections, 1)

    def test_pipelined_requests_with_bodies_stay_apart(self):
        weir, _ = self.start(lambda call: call.reply(call.read_body()))
        client = self.client(weir.address())
        client.send(b"PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\none"
                    b"PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
                    b"3\r\ntwo\r\n0\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n")
        self.assertEqual([client.read_reply().body for _ in range(3)], [b"one", b"two", b""])

    def test_http_1_0_gets_what_it_understands(self):
        def answer(call):
            call.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                      + chunk(b"in ") + chunk(b"pieces") + b"0\r\n\r\n")
        weir, upstream = self.start(answer)
        client = self.client(weir.address())
        client.send(b"GET / HTTP/1.0\r\nHost: old\r\nConnection: keep-alive\r\n\r\n")
        reply = client.read_reply()
        self.assertIsNone(reply.header("transfer-encoding"))
        self.assertEqual((reply.body, reply.header("connection")), (b"in pieces", "close"))
        self.assertEqual(upstream.requests[0].first_line, "GET / HTTP/1.1")

    def test_http_1_0_keeps_its_connection_only_when_it_asks(self):
        weir, _ = self.start()
        client = self.client(weir.address())
        client.send(b"GET / HTTP/1.0\r\nHost: a\r\nConnection: keep-alive\r\n\r\n")
        self.assertEqual(client.read_reply().header("connection"), "keep-alive")
        client.send(b"GET / HTTP/1.0\r\nHost: a\r\n\r\n")
        self.assertEqual(client.read_reply().header("connection"), "close")
        self.assertTrue(client.ended())

    def test_expect_100_continue_goes_from_end_to_end(self):
        def answer(call):
            self.assertEqual(call.request.header("expect"), "100-continue")
            call.send(b"HTTP/1.1 100 Continue\r\n\r\n")
            call.reply(call.read_body())
        weir, _ = self.start(answer)
        client = self.client(weir.address())
        client.send(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n"
                    b"Expect: 100-continue\r\n\r\n")
        self.assertEqual(client.read_head().status, 100)
        client.send(b"body")
        self.assertEqual(client.read_reply().body, b"body")

    def test_an_expectation_that_is_refused_costs_no_body(self):
        def answer(call):
            call.send(b"HTTP/1.1 417 No\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
            call.close()
        weir, _ = self.start(answer)
        client = self.client(weir.address())
        client.send(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n"
                    b"Expect: 100-continue\r\n\r\n")
        reply = client.read_reply()
        self.assertEqual((reply.status, reply.header("connection")), (417, "close"))

    def test_chunks_and_trailers_go_both_ways(self):
        def answer(call):
            body = call.read_body()
            call.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n"
                      + chunk(body) + b"0\r\nX-Sum: 7\r\n\r\n")
        weir, upstream = self.start(answer)
        reply = self.ask(weir, b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n"
                               b"Trailer: X-Count\r\n\r\n3\r\nabc\r\n4\r\ndefg\r\n"
                               b"0\r\nX-Count: 2\r\n\r\n")
        self.assertEqual((reply.chunked, reply.body), (True, b"abcdefg"))
        self.assertEqual(reply.trailers, [("x-sum", "7")])
        self.assertEqual(upstream.requests[0].body, b"abcdefg")
        self.assertEqual(upstream.requests[0].trailers, [("x-count", "2")])

    def test_head_and_statuses_without_bodies(self):
        heads = {"/204": b"HTTP/1.1 204 No Content\r\n\r\n",
                 "/304": b"HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n",
                 "/head": b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n"}
        weir, upstream = self.start(lambda call: call.send(heads[call.request.target]))
        client = self.client(weir.address())
        head = client.request("/head", method="HEAD")
        self.assertEqual((head.status, head.header("content-length")), (200, "5"))
        self.assertEqual(client.request("/204").status, 204)
        self.assertEqual(client.request("/304").status, 304)
        self.assertEqual(client.request("/204").status, 204)
        self.assertEqual(upstream.connections, 1)

    def test_absolute_and_asterisk_targets(self):
        weir, upstream = self.start()
        self.ask(weir, b"GET http://shop.example/cart?a=1 HTTP/1.1\r\nHost: shop.example\r\n\r\n")
        self.ask(weir, b"OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n")
        self.assertEqual([request.first_line for request in upstream.requests],
                         ["GET /cart?a=1 HTTP/1.1", "OPTIONS * HTTP/1.1"])
        self.assertEqual(upstream.requests[0].header("host"), "shop.example")

    def test_what_can_be_read_in_two_ways_is_refused_and_closed(self):
        weir, upstream = self.start()
        for head in (b"Content-Length: 1\r\nContent-Length: 2\r\n",
                     b"Content-Length: 1\r\nTransfer-Encoding: chunked\r\n",
                     b"X : y\r\n", b"X: y\r\n folded\r\n", b"Host: b\r\n",
                     b"Transfer-Encoding: xchunked\r\n", b"X: a\x00b\r\n"):
            with self.subTest(head):
                client = self.client(weir.address())
                client.send(b"POST / HTTP/1.1\r\nHost: a\r\n" + head + b"\r\n")
                reply = client.read_reply()
                self.assertIn(reply.status, (400, 501))
                self.assertEqual(reply.header("x-weir-reason"), "bad_request")
                self.assertTrue(client.ended())
        self.assertEqual(upstream.connections, 0)


class Upgrades(HttpCase):
    UPGRADE = b"GET /chat HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"

    def switch(self, call):
        call.send(b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\n"
                  b"Upgrade: websocket\r\n\r\n")

    def test_an_upgrade_becomes_a_tunnel_with_half_close(self):
        def answer(call):
            self.switch(call)
            heard = call.wire.read_rest()  # until the client half-closes
            call.send(heard.upper())
            call.close()
        weir, upstream = self.start(answer)
        client = self.client(weir.address())
        client.send(self.UPGRADE + b"sent ahead, ")
        self.assertEqual(client.read_reply().status, 101)
        client.send(b"and after")
        client.half_close()
        self.assertEqual(client.read_rest(), b"SENT AHEAD, AND AFTER")
        self.assertEqual(upstream.requests[0].header("upgrade"), "websocket")
        self.assert_metric(weir, 1, "weir_requests_total", protocol="ws", code="101")

    def test_the_upstream_may_end_its_side_first(self):
        heard = []

        def answer(call):
            self.switch(call)
            call.send(b"bye")
            call.wire.half_close()
            heard.append(call.wire.read_rest())
            call.close()
        weir, _ = self.start(answer)
        client = self.client(weir.address())
        client.send(self.UPGRADE)
        self.assertEqual(client.read_reply().status, 101)
        self.assertEqual(client.read_rest(), b"bye")
        client.send(b"still here")
        client.half_close()
        poll.until(lambda: heard, "the upstream heard the end")
        self.assertEqual(heard, [b"still here"])

    def test_an_upgrade_that_is_refused_is_an_answer(self):
        weir, _ = self.start(text(b"no", status="403 No"))
        client = self.client(weir.address())
        client.send(self.UPGRADE)
        self.assertEqual(client.read_reply().body, b"no")
        self.assertEqual(client.request("/").body, b"no")

    def test_connect_is_refused(self):
        weir, upstream = self.start()
        reply = self.ask(weir, b"CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n", "CONNECT")
        self.assertEqual((reply.status, reply.header("x-weir-reason")), (405, "config_disabled"))
        self.assertEqual(upstream.connections, 0)


class Headers(HttpCase):
    CLAIMS = [("X-Forwarded-For", "203.0.113.7"), ("X-Forwarded-Proto", "https"),
              ("X-Forwarded-Host", "outside.example"),
              ("Forwarded", "for=203.0.113.7;proto=https")]

    def seen(self, settings="", headers=(), **parts):
        """The request that the upstream receives for one with these headers."""
        weir, upstream = self.start(settings=settings)
        client = self.client(weir.address())
        self.assertEqual(client.request("/", headers=headers, **parts).status, 200)
        return upstream.requests[0]

    def test_who_asked_is_told(self):
        request = self.seen(host="shop.example")
        self.assertEqual(request.header("x-forwarded-for"), "127.0.0.1")
        self.assertEqual(request.header("x-forwarded-proto"), "http")
        self.assertEqual(request.header("x-forwarded-host"), "shop.example")
        self.assertEqual(request.header("forwarded"),
                         'for=127.0.0.1;proto=http;host="shop.example"')
        self.assertEqual(request.header("via"), "1.1 weir")

    def test_strangers_are_not_believed(self):
        request = self.seen(headers=self.CLAIMS)
        self.assertEqual(request.all("x-forwarded-for"), ["127.0.0.1"])
        self.assertEqual(request.all("x-forwarded-proto"), ["http"])
        self.assertNotIn("203.0.113.7", request.raw_head.decode())

    def test_trusted_peers_are_believed_and_appended_to(self):
        request = self.seen('trusted_proxies = ["127.0.0.0/8"]', headers=self.CLAIMS)
        self.assertEqual(request.header("x-forwarded-for"), "203.0.113.7, 127.0.0.1")
        self.assertEqual(request.header("x-forwarded-proto"), "https")
        self.assertEqual(request.header("x-forwarded-host"), "outside.example")

    def test_a_sidecar_lets_them_pass(self):
        request = self.seen('forwarded = "preserve"', headers=self.CLAIMS)
        self.assertEqual(request.header("x-forwarded-for"), "203.0.113.7")
        self.assertEqual(request.header("forwarded"), "for=203.0.113.7;proto=https")

    def test_a_request_has_an_id_that_clients_may_bring_where_it_is_allowed(self):
        given = [("X-Request-Id", "mine-1")]
        self.assertRegex(self.seen(headers=given).header("x-request-id"), f"^{UUID}$")
        kept = self.seen('request_id = "keep"', headers=given)
        self.assertEqual(kept.header("x-request-id"), "mine-1")

    def test_hop_by_hop_headers_stay_on_their_hop(self):
        def answer(call):
            call.reply(b"x", headers=[("Connection", "X-Local"), ("X-Local", "1"),
                                      ("Keep-Alive", "timeout=5"), ("X-Kept", "2")])
        weir, upstream = self.start(answer)
        client = self.client(weir.address())
        reply = client.request("/", headers=[
            ("Connection", "X-Private, keep-alive"), ("X-Private", "1"), ("Keep-Alive", "9"),
            ("Proxy-Connection", "keep-alive"), ("TE", "trailers"), ("X-Kept", "2")])
        names = {name for name, _ in upstream.requests[0].headers}
        self.assertEqual(names & {"x-private", "keep-alive", "proxy-connection"}, set())
        self.assertIn("x-kept", names)
        # Trailers are forwarded, so weir announces TE itself.
        said = upstream.requests[0]
        self.assertEqual((said.header("te"), said.header("connection")), ("trailers", "te"))
        names = {name for name, _ in reply.headers}
        self.assertEqual(names & {"connection", "x-local", "keep-alive"}, set())
        self.assertEqual(reply.header("via"), "1.1 weir")

    def test_callers_may_not_claim_an_identity(self):
        request = self.seen(headers=[("X-Weir-Identity", "spiffe://example.org/ns/a/sa/b")])
        self.assertIsNone(request.header("x-weir-identity"))

    def test_an_underscore_is_refused_at_the_edge(self):
        weir, _ = self.start()
        client = self.client(weir.address())
        reply = client.request("/", headers=[("X_Forwarded_For", "10.0.0.1")])
        self.assertEqual((reply.status, reply.header("x-weir-reason")), (400, "bad_request"))

    def test_the_server_header_of_an_upstream_stays(self):
        weir, _ = self.start(text(b"x", headers=[("Server", "theirs")]))
        self.assertEqual(self.client(weir.address()).request("/").all("server"), ["theirs"])


if __name__ == "__main__":
    unittest.main()
