"""The filter rate_limit with leases: units that instances take from Redis in advance."""

import time
import unittest

from caller import Caller
from redis_case import PATIENT, RedisCase

CLOCK = 0.001  # seconds: workers measure in milliseconds
FAST = f", accuracy = 'fast', {PATIENT}"


class Fast(RedisCase):
    def test_few_requests_of_a_busy_caller_ask_the_server(self):
        # A lease has 20 units: those of 20 ms.
        weir = self.limited(self.redis(), "rate = '1000/s', burst = 1000", FAST)
        self.assertEqual(self.statuses(weir, 400), [200] * 400)
        self.assertEqual(self.decisions(weir, "allow"), 400)
        self.assertGreaterEqual(self.questions(weir), 400 / 20)
        self.assertLess(self.questions(weir), 200)
        self.assertEqual(self.decisions(weir, "error_local"), 0)

    def test_a_small_limit_is_admitted_exactly(self):
        weir = self.limited(self.redis(), "rate = '1/m', burst = 8", FAST)
        self.assertEqual(self.statuses(weir, 20), [200] * 8 + [429] * 12)

    def test_a_quota_is_admitted_exactly(self):
        weir = self.limited(self.redis(), "quota = '400/month'", FAST)
        self.assertEqual(self.statuses(weir, 420), [200] * 400 + [429] * 20)
        self.assertLess(self.questions(weir), 300)

    def test_refusals_do_not_ask_the_server(self):
        weir = self.limited(self.redis(), "rate = '1/m', burst = 8", FAST)
        self.assertEqual(self.statuses(weir, 10)[-1], 429)
        asked = self.questions(weir)
        client = self.client(weir.address())
        answers = [client.request("/") for _ in range(30)]
        self.assertEqual({answer.status for answer in answers}, {429})
        self.assertEqual(self.questions(weir), asked)
        self.assertEqual(answers[0].header("retry-after"), "60")
        self.assertIn('"api";r=0', answers[0].header("ratelimit"))

    def test_a_response_tells_what_remains(self):
        weir = self.limited(self.redis(), "rate = '1000/h', burst = 100", FAST)
        client = self.client(weir.address())
        rests = [client.request("/").header("ratelimit").split(";")[1] for _ in range(3)]
        self.assertEqual(rests, ["r=99", "r=98", "r=97"])

    def test_rules_are_charged_together_or_not_at_all(self):
        weir = self.limited(self.redis(), (
            "rules = [{ rate = '1/m', burst = 8, key = ['header:x-user'] }, "
            "{ rate = '1/m', burst = 12, key = [] }]"), FAST)
        client = self.client(weir.address())

        def ask(user):
            return client.request("/", headers=[("x-user", user)]).status
        self.assertEqual([ask("ann") for _ in range(10)], [200] * 8 + [429] * 2)
        self.assertEqual([ask("bob") for _ in range(6)], [200] * 4 + [429] * 2)

    def test_two_instances_exceed_the_limit_by_their_leases_at_most(self):
        rate, burst, lease = 400, 400, 400 * 0.020
        redis = self.redis()
        instances = [self.limited(redis, f"rate = '{rate}/s', burst = {burst}",
                                  FAST + ", nodes = 2", workers=2) for _ in range(2)]
        end = time.monotonic() + 2.5
        threads = [Caller(weir.address(), end) for weir in instances for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        answers = sorted(answer for thread in threads for answer in thread.answers)
        allowed = sum(status == 200 for _, _, status in answers)
        refused = sum(status == 429 for _, _, status in answers)
        self.assertEqual(allowed + refused, len(answers))
        self.assertTrue(refused, "the load did not reach the limit")
        whole = max(received for _, received, _ in answers) - answers[0][0]
        self.assertLessEqual(allowed, burst + rate * (whole + CLOCK) + 2 * lease)
        self.assertGreater(allowed, burst)

    def test_without_the_server_the_lease_is_used_first(self):
        redis = self.redis()
        weir = self.limited(redis, "rate = '1/m', burst = 8", FAST)
        self.assertEqual(self.statuses(weir, 1), [200])
        redis.kill()
        weir.wait_for_line("redis limits: ")
        self.assertEqual(self.statuses(weir, 10), [200] * 9 + [429])
        self.assertEqual(self.decisions(weir, "error_local"), 8)
        redis.start()
        self.until_shared(weir)

    def test_flushed_scripts(self):
        redis = self.redis()
        weir = self.limited(redis, "rate = '1/m', burst = 8", FAST)
        self.assertEqual(self.statuses(weir, 3), [200] * 3)
        self.assertEqual(redis.ask("SCRIPT", "FLUSH"), "+OK")
        self.assertEqual(self.statuses(weir, 6), [200] * 5 + [429])
        self.assertEqual(self.decisions(weir, "error_local"), 0)


if __name__ == "__main__":
    unittest.main()
