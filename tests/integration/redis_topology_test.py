"""The filter rate_limit with Redis behind Sentinel and with Redis Cluster."""

import time
import unittest

import poll
from caller import Load
from redis_case import PATIENT, RedisCase
from redis_server import Cluster, Replicated

CLOCK = 0.001  # seconds: workers measure in milliseconds
RATE, BURST = 150, 100
LOST = 10  # requests whose counts the replica has not received when the primary is lost
LIMIT = f"rate = '{RATE}/s', burst = {BURST}"
BY_USER = "key = ['header:x-user']"
ACL = ("--user", "weir", "on", ">secret", "~weir:*", "+@all", "--user", "default", "on", ">root",
       "~*", "&*", "+@all")
ROOT_LOGIN = (("AUTH", "root"),)


def user(name):
    return {"headers": [("x-user", name)]}


class TopologyCase(RedisCase):
    def statuses_of(self, weir, name, count):
        client = self.client(weir.address())
        return [client.request("/", **user(name)).status for _ in range(count)]

    def load(self, weir):
        load = Load(weir)
        self.addCleanup(load.stop)
        poll.until(lambda: load.answered() > 2 * BURST, "a load over the limit")
        return load

    def check_admitted(self, answers, bursts, lost=0):
        """All were allowed or refused, and at most so many bursts and the rate were allowed; and
        requests whose counts were lost."""
        self.assertEqual({status for _, _, status in answers}, {200, 429})
        allowed = sum(status == 200 for _, _, status in answers)
        whole = max(received for _, received, _ in answers) - answers[0][0]
        self.assertLessEqual(allowed, bursts * BURST + RATE * (whole + CLOCK) + lost)
        self.assertGreaterEqual(allowed, BURST)

    def tls_files(self):
        folder = self.folder()
        self.authority(folder, "limits")
        place = f"{folder}/ca"
        return place, ("--tls-cert-file", f"{place}/limits.crt", "--tls-key-file",
                       f"{place}/limits.key", "--tls-ca-cert-file", f"{place}/root.crt",
                       "--tls-auth-clients", "no")


class Sentinels(TopologyCase):
    SETTINGS = ", sentinel = 'main'"

    def replicated(self, *options, **parts):
        servers = Replicated(self.folder(), *options, **parts)
        self.addCleanup(servers.stop)
        return servers

    def test_instances_share_the_counts_of_the_primary(self):
        servers = self.replicated()
        one, other = (self.limited(servers.addresses(), f"rate = '1/m', burst = 6, {BY_USER}",
                                   f"{self.SETTINGS}, {PATIENT}") for _ in range(2))
        for weir in (one, other):
            self.until_shared(weir, **user("probe"))
        self.assertEqual(self.statuses_of(one, "ann", 4), [200] * 4)
        self.assertEqual(self.statuses_of(other, "ann", 4), [200] * 2 + [429] * 2)
        self.assertGreater(servers.primary().call("DBSIZE"), 0)

    def failover(self, stop):
        servers = self.replicated()
        weir = self.limited(servers.addresses(), LIMIT, f"{self.SETTINGS}, timeout = '1s'")
        self.until_shared(weir)
        load = self.load(weir)
        primary = servers.primary()
        stop(primary)
        new = servers.wait_for_failover(primary)
        promoted = time.monotonic()
        weir.wait_for_line(f"redis limits: the primary is now 127.0.0.1:{new.port}")
        self.until_shared(weir)
        back = time.monotonic() - promoted
        self.assertLess(back, 5)
        # By the counts of the primaries, and by the share of this instance.
        self.check_admitted(load.stop(), bursts=2, lost=LOST)

    def test_a_killed_primary_under_load(self):
        self.failover(lambda primary: primary.kill())

    def test_a_paused_primary_under_load(self):
        def pause(primary):
            primary.pause()
            self.addCleanup(primary.go_on)
        self.failover(pause)

    def test_a_sentinel_that_is_lost_is_replaced(self):
        servers = self.replicated()
        weir = self.limited(servers.addresses(), LIMIT, f"{self.SETTINGS}, timeout = '1s'")
        self.until_shared(weir)
        for sentinel in servers.sentinels[:2]:
            sentinel.kill()
        local = self.decisions(weir, "error_local")
        self.until_shared(weir)
        self.assertEqual(self.decisions(weir, "error_local"), local)
        # Two of three agree on a failover, whichever the connection had.
        for sentinel in servers.sentinels[:2]:
            sentinel.start()
        last = servers.sentinels.pop()
        last.stop()
        primary = servers.primary()
        primary.kill()
        servers.wait_for_failover(primary)
        self.until_shared(weir)

    def test_an_unknown_primary(self):
        servers = self.replicated()
        weir = self.limited(servers.addresses(), "rate = '1/m', burst = 3",
                            f", sentinel = 'other', {PATIENT}")
        self.assertEqual(self.statuses(weir, 4), [200] * 3 + [429])
        weir.wait_for_line("redis limits (sentinel): other: it knows no such primary")

    def test_tls_and_access_control(self):
        place, files = self.tls_files()
        options = files + ("--tls-replication", "yes")
        servers = self.replicated(
            *options, *ACL, "--masterauth", "root", tls=True, login=ROOT_LOGIN,
            sentinel_lines=("sentinel auth-pass main root", "tls-replication yes",
                            *(f"{name[2:]} {value}" for name, value in
                              zip(files[::2], files[1::2])),
                            "user watcher on >watch +@all ~* &*"))
        weir = self.limited(
            servers.addresses(), f"rate = '1/m', burst = 2, {BY_USER}",
            ", user = 'weir', password = 'secret', sentinel = { primary = 'main', "
            f"user = 'watcher', password = 'watch' }}, {PATIENT}",
            tls=f"tls = {{ ca = '{place}/root.crt', server_name = 'limits.test' }}\n")
        self.until_shared(weir, **user("probe"))
        self.assertEqual(self.statuses_of(weir, "ann", 3), [200] * 2 + [429])
        self.assertGreater(servers.primary().call("DBSIZE"), 0)


class Clusters(TopologyCase):
    SETTINGS = ", cluster = true"

    def cluster(self, *options, **parts):
        cluster = Cluster(self.folder(), *options, **parts)
        self.addCleanup(cluster.stop)
        return cluster

    def addresses(self, cluster):
        return [node.address for node in cluster.nodes]

    def slot_of_the_limit(self, cluster):
        for node in cluster.primaries:
            for key in node.call("KEYS", "weir:rl:api:*"):
                return int(node.call("CLUSTER", "KEYSLOT", key))
        return None

    def test_the_counts_are_distributed(self):
        cluster = self.cluster()
        weir = self.limited(self.addresses(cluster), f"rate = '1/m', burst = 2, {BY_USER}",
                            f"{self.SETTINGS}, {PATIENT}")
        for number in range(16):
            self.assertEqual(self.statuses_of(weir, f"user-{number}", 3), [200] * 2 + [429])
        self.assertEqual(self.decisions(weir, "error_local"), 0)
        for node in cluster.primaries:
            self.assertGreater(node.call("DBSIZE"), 0)

    def test_rules_with_different_keys_are_charged_together(self):
        cluster = self.cluster()
        weir = self.limited(self.addresses(cluster), (
            "rules = [{ rate = '1/m', burst = 2, key = ['header:x-user'] }, "
            "{ rate = '1/m', burst = 5, key = [] }]"), f"{self.SETTINGS}, {PATIENT}")
        self.assertEqual(self.statuses_of(weir, "ann", 3), [200] * 2 + [429])
        self.assertEqual(self.statuses_of(weir, "bob", 3), [200] * 2 + [429])
        self.assertEqual(self.statuses_of(weir, "cat", 3), [200] + [429] * 2)
        self.assertEqual(self.decisions(weir, "error_local"), 0)

    def test_a_slot_moves_under_load(self):
        cluster = self.cluster()
        weir = self.limited(self.addresses(cluster), LIMIT, f"{self.SETTINGS}, {PATIENT}")
        load = self.load(weir)
        slot = self.slot_of_the_limit(cluster)
        for _ in range(3):
            owner = cluster.owner(slot)
            cluster.move(slot, next(node for node in cluster.primaries if node is not owner))
            answered = load.answered()
            poll.until(lambda a=answered: load.answered() > a + BURST, "requests after the move")
        self.assertEqual(self.decisions(weir, "error_local"), 0)
        self.check_admitted(load.stop(), bursts=1)

    def test_a_killed_primary_under_load(self):
        cluster = self.cluster(primaries=3, replicas=1)
        weir = self.limited(self.addresses(cluster), LIMIT, f"{self.SETTINGS}, timeout = '1s'")
        self.until_shared(weir)
        load = self.load(weir)
        slot = self.slot_of_the_limit(cluster)
        owner = cluster.owner(slot)
        owner.kill()

        def failed_over():
            new = cluster.owner(slot)
            return new not in (None, owner) and new.call("ROLE")[0] == "master"
        poll.until(failed_over, "a failover")
        promoted = time.monotonic()
        self.until_shared(weir)
        self.assertLess(time.monotonic() - promoted, 5)
        self.check_admitted(load.stop(), bursts=2, lost=LOST)

    def test_flushed_scripts_under_load(self):
        cluster = self.cluster()
        weir = self.limited(self.addresses(cluster), LIMIT, f"{self.SETTINGS}, {PATIENT}")
        load = self.load(weir)
        for _ in range(3):
            for node in cluster.primaries:
                node.call("SCRIPT", "FLUSH")
            answered = load.answered()
            poll.until(lambda a=answered: load.answered() > a + BURST, "requests after the flush")
        self.assertEqual(self.decisions(weir, "error_local"), 0)
        self.check_admitted(load.stop(), bursts=1)

    def test_tls_and_access_control(self):
        place, files = self.tls_files()
        cluster = self.cluster(*files, "--tls-cluster", "yes", "--tls-replication", "yes", *ACL,
                               "--masterauth", "root", tls=True, login=ROOT_LOGIN)
        weir = self.limited(
            self.addresses(cluster), f"rate = '1/m', burst = 2, {BY_USER}",
            f", user = 'weir', password = 'secret' {self.SETTINGS}, {PATIENT}",
            tls=f"tls = {{ ca = '{place}/root.crt', server_name = 'limits.test' }}\n")
        for number in range(8):
            self.assertEqual(self.statuses_of(weir, f"user-{number}", 3), [200] * 2 + [429])
        self.assertEqual(self.decisions(weir, "error_local"), 0)
        for node in cluster.primaries:
            self.assertGreater(node.call("DBSIZE"), 0)


if __name__ == "__main__":
    unittest.main()
