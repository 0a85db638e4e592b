#!/usr/bin/env python3
"""Header fields reserved from clients: none of their spellings reaches an upstream."""

import subprocess
import unittest

import poll
from integration_case import LISTENER, IntegrationCase, forward, gateway
from weir_process import ADMIN

FORGED = ("X-Weir-Identity", "x_weir_identity", "X-Weir_Identity", "x.weir.identity",
          "X-Weir-Original-Path", "X_Weir_Original_Path", "X-Weir-Reason", "x_weir_reason",
          "x_forwarded_client_cert", "X-Forwarded-Client-Cert")
AT_AN_EDGE = ("Proxy", "X-Original-URL", "x_original_url", "X-Rewrite-URL", "x_forwarded_for",
              "X-Forwarded-Port", "X-Real-IP", "X-Client-IP", "True-Client-IP", "CF-Connecting-IP",
              "Front-End-Https", "X-Original-Host", "true_client_ip")


class ReservedHeaders(IntegrationCase):
    def setUp(self):
        super().setUp()
        self.seen = []

        def answer(call):
            call.read_body()
            self.seen.append(call.request)
            call.reply(b"ok")
        self.service = self.upstream(answer)

    def edge(self):
        return self.weir(gateway(forward(self.service.address),
                                 listener=LISTENER + 'underscores_in_headers = "allow"\n'))

    def sidecar(self):
        return self.weir(f'role = "sidecar"\nworkers = 1\n{ADMIN}[sidecar]\nservice = "s"\n'
                         'inbound = { address = "127.0.0.1:0", '
                         f'application = "{self.service.address}" }}\n')

    def names(self):
        """The names of the header and trailer fields of the latest request, as received."""
        request = self.seen.pop()
        self.assertEqual(self.seen, [])
        return {name for name, value in request.headers + request.trailers if value == "forged"}

    def send(self, weir, listener, names, version):
        if version == "1":
            client = self.client(weir.address(listener))
            self.assertEqual(client.request("/", headers=[(n, "forged") for n in names]).status, 200)
            return
        fields = [part for name in names for part in ("-H", f"{name}: forged")]
        done = subprocess.run(
            ["curl", "-sS", "--max-time", str(poll.PATIENCE), "--http2-prior-knowledge", *fields,
             f"http://{weir.address(listener)}/"], capture_output=True, check=True)
        self.assertEqual(done.stdout, b"ok")

    def test_an_edge_drops_them_all(self):
        weir = self.edge()
        for version in "12":
            with self.subTest(version=version):
                self.send(weir, "public", FORGED + AT_AN_EDGE + ("X_Own", "X-Own"), version)
                self.assertEqual(self.names(), {"x_own", "x-own"})

    def test_a_sidecar_drops_what_is_weirs(self):
        weir = self.sidecar()
        for version in "12":
            with self.subTest(version=version):
                self.send(weir, "inbound", FORGED + ("X_Own", "X-Original-URL"), version)
                self.assertEqual(self.names(), {"x_own", "x-original-url"})

    def test_trailers(self):
        fields = "".join(f"{name}: forged\r\n" for name in FORGED + AT_AN_EDGE + ("X_Own", "X-Own"))
        for weir, listener in ((self.edge(), "public"), (self.sidecar(), "inbound")):
            with self.subTest(listener):
                client = self.client(weir.address(listener))
                client.send(b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
                            b"1\r\nx\r\n0\r\n" + fields.encode() + b"\r\n")
                self.assertEqual(client.read_reply().status, 200)
                self.assertEqual(self.names(), {"x_own", "x-own"})

    def test_a_gateway_refuses_underscores_in_trailers_too(self):
        weir = self.weir(gateway(forward(self.service.address)))
        client = self.client(weir.address())
        client.send(b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
                    b"1\r\nx\r\n0\r\nx_own: 1\r\n\r\n")
        reply = client.read_reply()
        self.assertEqual((reply.status, reply.header("x-weir-reason")), (400, "bad_request"))

    def test_the_head_of_a_websocket(self):
        upstream = self.upstream(lambda call: (self.seen.append(call.request),
                                               call.reply(b"", "403 Forbidden")))
        weir = self.weir(gateway(forward(upstream.address),
                                 listener=LISTENER + 'underscores_in_headers = "allow"\n'))
        reply = self.client(weir.address()).request("/", headers=[
            ("Connection", "Upgrade"), ("Upgrade", "websocket"), ("Sec-WebSocket-Version", "13"),
            ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="), ("X-Own", "forged"),
            *((name, "forged") for name in FORGED + AT_AN_EDGE)])
        self.assertEqual(reply.status, 403)
        self.assertEqual(self.names(), {"x-own"})

    def test_a_trusted_peer_may_say_who_the_client_is(self):
        weir = self.weir(gateway(forward(self.service.address),
                                 listener=LISTENER + 'trusted_proxies = ["127.0.0.1"]\n'))
        self.send(weir, "public", ("X-Forwarded-Port", "X-Real-IP", "Proxy", "X-Weir-Identity"), "1")
        self.assertEqual(self.names(), {"x-forwarded-port", "x-real-ip"})

    def test_an_operator_may_set_what_a_client_may_not(self):
        rule = 'request_headers.set = { x-original-url = "${request.path}" }\n'
        weir = self.weir(gateway(forward(self.service.address, route=rule)))
        self.client(weir.address()).request("/a", headers=[("X-Original-URL", "/admin")])
        self.assertEqual(self.seen.pop().all("x-original-url"), ["/a"])


if __name__ == "__main__":
    unittest.main()
