"""Tests of rate limits in real Redis servers."""

import json
import shutil
import tempfile
import unittest
from pathlib import Path

import poll
from http_wire import Client
from integration_case import forward, gateway
from redis_server import RedisServer
from tls_case import TlsCase

PATIENT = "timeout = '10s'"  # no request is decided alone, however slow the machine is


@unittest.skipUnless(shutil.which("redis-server"), "redis-server is not installed")
class RedisCase(TlsCase):
    def setUp(self):
        super().setUp()
        self.backend = self.upstream()

    def folder(self):
        folder = tempfile.TemporaryDirectory(prefix="weir-test-")
        self.addCleanup(folder.cleanup)
        return Path(folder.name)

    def redis(self, *options, folder=None, **more):
        server = RedisServer(folder or self.folder(), *options, **more)
        self.addCleanup(server.stop)
        return server

    def config(self, redis, limit, settings="", tls="", workers=1):
        """`redis`: a server, or addresses."""
        addresses = redis if isinstance(redis, list) else [redis.address]
        key = "" if "key" in limit else "key = [],"
        return gateway(forward(self.backend.address, route=(
            f"filters = [{{ rate_limit = {{ name = 'api', {key} {limit}, "
            f"redis = {{ upstream = 'limits' {settings} }} }} }}]")) +
            f"[upstream.limits]\ndiscovery = {{ static = {json.dumps(addresses)} }}\n{tls}",
            workers=workers)

    def limited(self, *arguments, **more):
        return self.weir(self.config(*arguments, **more))

    def decisions(self, weir, decision):
        return weir.metric("weir_ratelimit_decisions_total", limiter="api", decision=decision)

    def statuses(self, weir, count):
        client = Client(weir.address())
        answers = [client.request("/").status for _ in range(count)]
        client.close()
        return answers

    def until_shared(self, weir, **parts):
        """Waits until the server decides again."""
        def shared():
            asked, alone = self.questions(weir), self.decisions(weir, "error_local")
            self.assertIn(self.get(weir, **parts).status, (200, 429))
            return self.questions(weir) > asked and self.decisions(weir, "error_local") == alone
        poll.until(shared, "a decision of the server")

    def questions(self, weir):
        """Number of questions that the server has answered."""
        return weir.metric("weir_ratelimit_redis_duration_seconds_count", limiter="api")
