#!/usr/bin/env python3
"""Every filter with HTTP/1.1, HTTP/2, gRPC and WebSocket."""

import base64
import concurrent.futures
import hashlib
import hmac
import json
import os
import re
import subprocess
import time
import unittest

import grpc
import poll
from integration_case import IntegrationCase, gateway
from passwords import CHEAP, sent
from weir_process import ROOT

SECRET = "0123456789abcdef0123456789abcdef"
KEY = hashlib.sha256(b"key").hexdigest()
USER = f"ann:{CHEAP}"
HANDSHAKE = [("Connection", "Upgrade"), ("Upgrade", "websocket"), ("Sec-WebSocket-Version", "13"),
             ("Sec-WebSocket-Key", base64.b64encode(os.urandom(16)).decode())]
PAGE = [("origin", "https://shop.test")]


def token(**claims):
    def encoded(data):
        return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
    claims = {"iss": "me", "aud": "us", "sub": "ann", "exp": time.time() + 300, **claims}
    text = ".".join(encoded(json.dumps(part).encode()) for part in ({"alg": "HS256"}, claims))
    mac = hmac.new(SECRET.encode(), text.encode(), hashlib.sha256)
    return [("authorization", f"Bearer {text}.{encoded(mac.digest())}")]


class Row:
    """A filter, headers of requests that pass, and of those that it refuses with a status."""

    def __init__(self, settings="", good=(), bad=None, kind=None):
        self.settings, self.good, self.kind = settings, list(good), kind
        self.bad, self.status, self.code = bad or (None, 0, None)


UNAUTHENTICATED, DENIED = grpc.StatusCode.UNAUTHENTICATED, grpc.StatusCode.PERMISSION_DENIED
UNAVAILABLE, THROTTLED = grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.RESOURCE_EXHAUSTED
FILTERS = {
    "address_list": Row("allow = ['127.0.0.0/8']"),
    "foreign": Row("allow = ['10.0.0.0/8']", kind="address_list", bad=([], 403, DENIED)),
    "any_of": Row(f"filters = [{{ basic = {{ users = {{ inline = ['{USER}'] }} }} }}, "
                  f"{{ api_key = {{ keys = {{ inline = ['a sha256:{KEY} shop'] }} }} }}]",
                  [("x-api-key", "key")], ([], 401, UNAUTHENTICATED)),
    "api_key": Row(f"keys = {{ inline = ['a sha256:{KEY} shop'] }}", [("x-api-key", "key")],
                   ([("x-api-key", "other")], 401, UNAUTHENTICATED)),
    "basic": Row(f"users = {{ inline = ['{USER}'] }}", sent("ann", "secret"),
                 (sent("ann", "other"), 401, UNAUTHENTICATED)),
    "buffer": Row("max_request = '1KiB'"),
    "client_certificate": Row("mode = 'optional'"),
    "no_certificate": Row(kind="client_certificate", bad=([], 401, UNAUTHENTICATED)),
    "compress": Row(good=[("accept-encoding", "gzip")]),
    "cors": Row("origins = ['https://shop.test']", PAGE),
    "csrf": Row(),
    "decompress": Row(),
    "error_pages": Row(),
    "fault": Row("abort = { percent = 100, status = 503 }", bad=([], 503, UNAVAILABLE)),
    "forward_auth": Row("upstream = 'auth'", [("x-auth", "yes")], ([], 403, DENIED)),
    "known": Row("upstream = 'auth', cache = { key = ['header:x-auth'] }", [("x-auth", "yes")],
                 ([("x-auth", "no")], 403, DENIED), "forward_auth"),
    "grpc_web": Row(),
    "json": Row("response = { remove = ['/internal'] }"),
    "jwt": Row(f"issuer = 'me', audiences = ['us'], secret = '{SECRET}'", token(),
               (token(aud="them"), 401, UNAUTHENTICATED)),
    "rate_limit": Row("rate = '1000/s'"),
    "nobody": Row("rate = '1/h', key = ['header:x-none'], missing = 'deny'", kind="rate_limit",
                  bad=([], 429, THROTTLED)),
    "rbac": Row("policies = [{ name = 'p', action = 'deny', headers = { x-no = ['*'] } }]",
                bad=([("x-no", "1")], 403, DENIED)),
    "transform": Row("request = { headers = { set = { x-set = '1' } } }"),
    "upstream_auth": Row("api_key = { key = 'k' }"),
}


class Echo(grpc.GenericRpcHandler):
    def service(self, _details):
        return grpc.unary_unary_rpc_method_handler(lambda request, _context: request)


def backend(call):
    """Echoes the bytes of a tunnel, and answers other requests."""
    if call.request.header("upgrade") is None:
        return call.reply(b"hello")
    call.send(b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
              b"Sec-WebSocket-Accept: x\r\n\r\n")
    call.send(call.wire.read_exactly(4))
    return call.close()


def auth_service(call):
    admitted = call.request.header("x-auth") == "yes" and call.request.header("upgrade") is None
    return call.reply(b"", status="200 OK" if admitted else "403 Forbidden")


class Documented(unittest.TestCase):
    """The filters in the table of docs/gateway-filters.md."""

    def test_no_filter_is_missing(self):
        page = (ROOT / "docs/gateway-filters.md").read_text(encoding="utf-8")
        documented = set(re.findall(r"^\| `(\w+)` \|", page.partition("\n\n| filter |")[2]
                                    .partition("\n\n")[0], re.MULTILINE))
        self.assertEqual({row.kind or name for name, row in FILTERS.items()}, documented)


class FilterProtocols(IntegrationCase):
    def setUp(self):
        super().setUp()
        workers = concurrent.futures.ThreadPoolExecutor(max_workers=4)
        self.addCleanup(workers.shutdown)
        server = grpc.server(workers, handlers=(Echo(),))
        port = server.add_insecure_port("127.0.0.1:0")
        server.start()
        self.addCleanup(lambda: server.stop(None).wait())
        self.weir_of_all = self.weir(self.configuration(f"127.0.0.1:{port}"))
        self.address = self.weir_of_all.address()
        self.channel = grpc.insecure_channel(self.address)
        self.addCleanup(self.channel.close)

    def configuration(self, grpc_address):
        text = ""
        for name, row in FILTERS.items():
            text += f"[filter.{name}]\n{row.kind or name} = {{ {row.settings} }}\n"
            for prefix, upstream in ((f"/{name}", "backend"), (f"/grpc.{name}", "calls")):
                text += (f"[[route]]\nname = '{prefix}'\nmatch.path_prefix = '{prefix}'\n"
                         f"filters = ['{name}']\nupstream = '{upstream}'\n")
        services = (("backend", self.upstream(backend).address, ""),
                    ("auth", self.upstream(auth_service).address, ""),
                    ("calls", grpc_address, "protocol = 'http2'\n"))
        for name, address, more in services:
            text += f"[upstream.{name}]\n{more}discovery = {{ static = ['{address}'] }}\n"
        return gateway(text)

    def over_http1(self, name, headers):
        return self.client(self.address).request(f"/{name}", headers=headers).status

    def over_http2(self, name, headers):
        fields = [part for field, value in headers for part in ("-H", f"{field}: {value}")]
        done = subprocess.run(
            ["curl", "-sS", "--max-time", str(poll.PATIENCE), "--http2-prior-knowledge", "-o",
             os.devnull, "-w", "%{http_code}", *fields, f"http://{self.address}/{name}"],
            capture_output=True, check=True)
        return int(done.stdout)

    def over_grpc(self, name, headers):
        call = self.channel.unary_unary(f"/grpc.{name}/Echo")
        try:
            self.assertEqual(call(b"ping", metadata=headers, timeout=poll.PATIENCE), b"ping")
        except grpc.RpcError as error:
            return error.code()
        return grpc.StatusCode.OK

    def over_websocket(self, name, headers):
        client = self.client(self.address)
        reply = client.request(f"/{name}", headers=[*HANDSHAKE, *headers])
        if reply.status == 101:
            client.send(b"ping")
            self.assertEqual(client.read_exactly(4), b"ping")
        return reply.status

    def test_all(self):
        for name, row in FILTERS.items():
            ways = ((self.over_http1, 200, row.status), (self.over_http2, 200, row.status),
                    (self.over_grpc, grpc.StatusCode.OK, row.code),
                    (self.over_websocket, 101, row.status))
            for send, passed, refused in ways:
                with self.subTest(name, way=send.__name__):
                    if row.bad is not None:
                        self.assertEqual(send(name, row.bad), refused)
                    if row.bad != []:
                        self.assertEqual(send(name, row.good), passed)


if __name__ == "__main__":
    unittest.main()
