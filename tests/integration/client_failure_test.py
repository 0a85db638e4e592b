"""Clients that close the connection: the upstream is notified; log and metrics show the reason."""

import unittest

import poll
from fake_upstream import text
from integration_case import LOG, IntegrationCase, forward, gateway


class ClientFailures(IntegrationCase):
    def start(self, answer):
        self.seen = self.upstream(answer)
        return self.weir(gateway(forward(self.seen.address) + LOG))

    def assert_gone(self, weir, status):
        """The exchange ended because of its client, and holds no resources."""
        poll.until(lambda: self.seen.open_connections == 0, "the upstream's connection is closed")
        self.assert_metric(weir, 1, "weir_local_replies_total", route="all", code=str(status),
                           reason="client_disconnect")
        self.assert_metric(weir, 0, "weir_requests_in_flight")
        self.assert_metric(weir, 0, "weir_connections_active")
        self.assert_metric(weir, 0, "weir_upstream_connections_active", upstream="backend")
        weir.stop()
        line = self.log_lines(weir, 1)[0]
        self.assertEqual((line["response_status"], line["reason"]), (status, "client_disconnect"))

    def waiting(self, **parts):
        """(weir, client) of a request whose upstream does not answer."""
        weir = self.start(lambda call: call.stall())
        client = self.client(weir.address())
        client.send_request("/", **parts)
        poll.until(lambda: self.seen.requests, "the request is at the upstream")
        return weir, client

    def test_a_reset_while_it_waits(self):
        weir, client = self.waiting()
        client.reset()
        self.assert_gone(weir, 499)

    def test_a_close_while_it_waits(self):
        weir, client = self.waiting()
        client.close()
        self.assert_gone(weir, 499)

    def test_a_reset_within_its_body(self):
        weir = self.start(lambda call: call.stall())
        client = self.client(weir.address())
        client.send(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nhalf")
        poll.until(lambda: self.seen.requests, "the request is at the upstream")
        client.reset()
        self.assert_gone(weir, 499)

    def test_a_reset_within_the_answer(self):
        def answer(call):
            call.send(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")
            call.stall()
        weir = self.start(answer)
        client = self.client(weir.address())
        client.send_request("/")
        self.assertEqual(client.read_head().status, 200)
        client.reset()
        self.assert_gone(weir, 200)

    def test_a_reset_of_a_tunnel(self):
        def answer(call):
            call.send(b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\n"
                      b"Upgrade: websocket\r\n\r\n")
            call.stall()
        weir = self.start(answer)
        client = self.client(weir.address())
        client.send_request("/", headers=[("Connection", "Upgrade"), ("Upgrade", "websocket")])
        self.assertEqual(client.read_head().status, 101)
        client.reset()
        self.assert_gone(weir, 101)

    def test_many_that_go_leave_nothing_behind(self):
        weir = self.start(lambda call: call.stall())
        for _ in range(5):
            clients = [self.client(weir.address()) for _ in range(50)]
            for client in clients:
                client.send_request("/")
            for number, client in enumerate(clients):
                client.reset() if number % 2 else client.close()
        self.assert_metric(weir, 0, "weir_connections_active")
        self.assert_metric(weir, 0, "weir_requests_in_flight")
        # Connections still being opened when their client disconnected are kept for others.
        poll.until(lambda: weir.metric("weir_upstream_connections_active", upstream="backend")
                   == weir.metric("weir_upstream_connections_idle", upstream="backend"),
                   "no connection to the upstream is in use")
        self.seen.answer = text(b"well")
        self.assertEqual(self.get(weir).body, b"well")


if __name__ == "__main__":
    unittest.main()
