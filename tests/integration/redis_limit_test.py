"""The filter rate_limit with a real Redis server that several instances share."""

import re
import time
import unittest
from pathlib import Path

from caller import Caller
from redis_case import PATIENT, RedisCase

ROOT = Path(__file__).resolve().parents[2]
CLOCK = 0.001  # seconds: workers measure in milliseconds


class Shared(RedisCase):
    def test_two_instances_share_one_burst(self):
        redis = self.redis()
        one, other = (self.limited(redis, "rate = '1/m', burst = 20", f", {PATIENT}")
                      for _ in range(2))
        clients = [self.client(weir.address()) for weir in (one, other)]
        answers = [clients[i % 2].request("/") for i in range(30)]
        self.assertEqual([answer.status for answer in answers], [200] * 20 + [429] * 10)
        self.assertEqual(answers[4].header("ratelimit"), '"api";r=15;t=300')
        self.assertEqual(answers[20].header("retry-after"), "60")
        self.assertEqual(self.decisions(one, "allow") + self.decisions(other, "allow"), 20)
        self.assertEqual(self.decisions(one, "error_local"), 0)

    def test_two_instances_admit_the_burst_and_the_rate(self):
        rate, burst = 150, 300
        redis = self.redis()
        instances = [self.limited(redis, f"rate = '{rate}/s', burst = {burst}", f", {PATIENT}",
                                  workers=2) for _ in range(2)]
        end = time.monotonic() + 2.5
        threads = [Caller(weir.address(), end) for weir in instances for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        answers = sorted(answer for thread in threads for answer in thread.answers)
        allowed = sum(status == 200 for _, _, status in answers)
        refused = [answer for answer in answers if answer[2] == 429]
        self.assertEqual(allowed + len(refused), len(answers))
        self.assertTrue(refused, "the load did not reach the limit")
        whole = max(received for _, received, _ in answers) - answers[0][0]
        self.assertLessEqual(allowed, burst + rate * (whole + CLOCK))
        first = min(received for _, received, _ in answers)
        used = max(sent for sent, _, _ in refused) - first
        self.assertGreater(allowed, burst + rate * (used - CLOCK) - 1)

    def test_rules_are_charged_together_or_not_at_all(self):
        weir = self.limited(self.redis(), (
            "rules = [{ rate = '1/m', burst = 2, key = ['header:x-user'] }, "
            "{ rate = '1/m', burst = 3, key = [] }]"), f", {PATIENT}")
        client = self.client(weir.address())

        def ask(user):
            return client.request("/", headers=[("x-user", user)])
        self.assertEqual([ask("ann").status for _ in range(4)], [200, 200, 429, 429])
        self.assertEqual([ask("bob").status for _ in range(2)], [200, 429])

    def test_no_caller_is_readable_in_the_server(self):
        redis = self.redis()
        weir = self.limited(redis, "rate = '1/m', key = ['header:x-user']", f", {PATIENT}")
        self.client(weir.address()).request("/", headers=[("x-user", "ann")])
        self.assertEqual(redis.ask("EVAL", (
            "for _, key in ipairs(redis.call('KEYS', '*')) do "
            "if key:find('ann') then return 'found' end end "
            "return #redis.call('KEYS', 'weir:rl:api:*')"), "0"), ":1")


class Outages(RedisCase):
    def test_killed_and_back(self):
        redis = self.redis()
        weir = self.limited(redis, "rate = '1/m', burst = 5", f", {PATIENT}")
        self.assertEqual(self.statuses(weir, 6), [200] * 5 + [429])
        redis.kill()
        self.assertEqual(self.statuses(weir, 7), [200] * 5 + [429] * 2)
        self.assertEqual(self.decisions(weir, "error_local"), 5)
        weir.wait_for_line("redis limits: ")
        redis.start()
        self.until_shared(weir)
        weir.wait_for_line("redis limits: connected")

    def test_the_time_without_the_server_is_no_credit(self):
        redis = self.redis()
        weir = self.limited(redis, "rate = '1/m', burst = 5", f", {PATIENT}")
        self.until_shared(weir)
        redis.kill()
        weir.wait_for_line("redis limits: ")
        self.assertEqual(self.statuses(weir, 7), [200] * 5 + [429] * 2)
        redis.start()  # without any count
        self.until_shared(weir)
        self.assertEqual(self.statuses(weir, 3), [429] * 3)

    def test_each_of_two_instances_has_half_of_the_limit(self):
        redis = self.redis()
        instances = [self.limited(redis, "rate = '1/m', burst = 10", f", {PATIENT}")
                     for _ in range(2)]
        for weir in instances:
            self.get(weir)
        for weir in instances:
            weir.wait_for_line("redis limits: 2 instances share the limits")
        redis.kill()
        for weir in instances:
            self.assertEqual(self.statuses(weir, 7), [200] * 5 + [429] * 2)

    def test_paused(self):
        redis = self.redis()
        weir = self.limited(redis, "rate = '1/m', burst = 50", ", timeout = '200ms'")
        self.until_shared(weir)
        redis.pause()
        try:
            self.assertEqual(self.statuses(weir, 20), [200] * 20)
            self.assertGreaterEqual(self.decisions(weir, "error_local"), 20)
        finally:
            redis.go_on()
        self.until_shared(weir)

    def test_away_from_the_start(self):
        redis = self.redis()
        redis.kill()
        weir = self.limited(redis, "rate = '1/m', burst = 10", ", nodes = 5")
        self.assertEqual(self.statuses(weir, 4), [200] * 2 + [429] * 2)
        redis.start()
        self.until_shared(weir)

    def test_flushed_scripts(self):
        redis = self.redis()
        weir = self.limited(redis, "rate = '1/m', burst = 4", f", {PATIENT}")
        self.assertEqual(self.statuses(weir, 2), [200] * 2)
        self.assertEqual(redis.ask("SCRIPT", "FLUSH"), "+OK")
        self.assertEqual(self.statuses(weir, 3), [200] * 2 + [429])
        self.assertEqual(self.decisions(weir, "error_local"), 0)

    def test_the_server_refuses_the_script(self):
        redis = self.redis("--rename-command", "TIME", "")
        weir = self.limited(redis, "rate = '1/m', burst = 4", f", {PATIENT}")
        self.assertEqual(self.statuses(weir, 5), [200] * 4 + [429])
        weir.wait_for_line("redis limits: the server refuses a command")

    def test_without_the_server_requests_may_be_allowed_or_refused(self):
        redis = self.redis()
        redis.kill()
        weir = self.limited(redis, "rate = '1/m'", ", on_error = 'allow'")
        self.assertEqual(self.statuses(weir, 3), [200] * 3)
        self.assert_metric(weir, 3, "weir_ratelimit_decisions_total", decision="error_allow")
        weir = self.limited(redis, "rate = '1/m'", ", on_error = 'deny'")
        reply = self.get(weir)
        self.assertEqual((reply.status, reply.header("x-weir-reason")), (503, "rate_limit_error"))
        self.assert_metric(weir, 1, "weir_ratelimit_decisions_total", decision="error_deny")


class Access(RedisCase):
    ACL = ("--user", "weir", "on", ">secret", "~weir:*", "+@all", "--user", "default", "off")

    def test_user_and_password(self):
        redis = self.redis(*self.ACL)
        weir = self.limited(redis, "rate = '1/m', burst = 2",
                            f", user = 'weir', password = 'secret', {PATIENT}")
        self.assertEqual(self.statuses(weir, 3), [200] * 2 + [429])
        self.assertEqual(self.decisions(weir, "error_local"), 0)

    def test_a_wrong_password(self):
        redis = self.redis(*self.ACL)
        weir = self.limited(redis, "rate = '1/m', burst = 2",
                            f", user = 'weir', password = 'wrong', {PATIENT}")
        self.assertEqual(self.statuses(weir, 3), [200] * 2 + [429])
        self.assertEqual(self.decisions(weir, "error_local"), 2)
        line = weir.wait_for_line("redis limits: WRONGPASS")
        self.assertNotIn("'wrong'", line)

    def test_tls(self):
        folder = self.folder()
        self.authority(folder, "limits")
        redis = self.redis(
            "--tls-cert-file", "ca/limits.crt", "--tls-key-file", "ca/limits.key",
            "--tls-ca-cert-file", "ca/root.crt", "--tls-auth-clients", "no",
            folder=folder, tls=True)
        weir = self.limited(redis, "rate = '1/m', burst = 2", f", {PATIENT}",
                            tls=(
            f"tls = {{ ca = '{folder}/ca/root.crt', server_name = 'limits.test' }}\n"))
        self.assertEqual(self.statuses(weir, 3), [200] * 2 + [429])
        self.assertEqual(self.decisions(weir, "error_local"), 0)


class Example(RedisCase):
    def test_the_example_loads_and_limits(self):
        redis = self.redis("--requirepass", "secret")
        text = (ROOT / "configs/rate_limit_redis.toml").read_text(encoding="utf-8")
        text = re.sub(r"127\.0\.0\.1:50051", self.backend.address, text)
        text = re.sub(r"127\.0\.0\.1:6379", redis.address, text)
        text = re.sub(r'\baddress = "[^"]*"', 'address = "127.0.0.1:0"', text)
        text = text.replace('timeout = "50ms"', 'timeout = "10s"')
        weir = self.weir(text)
        client = self.client(weir.address())
        answers = [client.request("/", headers=[("x-account", "ann")]) for _ in range(6)]
        self.assertEqual([answer.status for answer in answers], [200] * 5 + [429])
        self.assertEqual(answers[-1].header("retry-after"), "6")
        self.assertEqual(client.request("/", headers=[("x-account", "bob")]).status, 200)


if __name__ == "__main__":
    unittest.main()
