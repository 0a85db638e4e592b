"""The filter api_key in the real binary, with a file of keys that changes, and `weir key`."""

import hashlib
import re
import subprocess
import unittest
from pathlib import Path

from http2_wire import Http2Client
from integration_case import IntegrationCase, forward, gateway
from poll import until
from weir_process import BINARY

ROOT = Path(__file__).resolve().parents[2]


def weir_key(*arguments, text=None):
    """(exit code, lines of stdout, stderr) of `weir key`."""
    ended = subprocess.run([BINARY, "key", *arguments], capture_output=True, text=True,
                           check=False, input=text)
    return ended.returncode, ended.stdout.splitlines(), ended.stderr


def line_of(key, consumer="shop", more=""):
    return f"{consumer}-1 sha256:{hashlib.sha256(key.encode()).hexdigest()} {consumer} {more}\n"


class ApiKey(IntegrationCase):
    def gateway_with(self, keys, settings="keys = 'keys.txt'", config=None):
        weir = self.weir(config or gateway(forward(self.upstream().address, route=(
            f"filters = [{{ api_key = {{ {settings} }} }}]"))), start=False)
        self.replace(weir, keys)
        return weir.start()

    @staticmethod
    def replace(weir, keys):
        """Puts another file in the place of the keys."""
        new = weir.folder / "keys.new"
        new.write_text(keys, encoding="utf-8")
        new.rename(weir.folder / "keys.txt")

    def status(self, weir, key):
        return self.get(weir, headers=[("x-api-key", key)]).status

    def test_the_example_takes_a_new_key_over_both_versions(self):
        code, printed, said = weir_key("new", "shop", "--scopes", "orders:read,orders:write",
                                       "--expires", "2100-01-01T00:00:00Z", "--label", "plan=gold")
        self.assertEqual((code, said, len(printed)), (0, "", 2))
        key, line = printed
        _, other, _ = weir_key("new", "bank")
        text = (ROOT / "configs/api_key.toml").read_text(encoding="utf-8")
        upstream = self.upstream()
        seen = upstream.requests
        text = re.sub(r'static = \["[^"]*"\]', f'static = ["{upstream.address}"]', text)
        text = re.sub(r'address = "[^"]*"', 'address = "127.0.0.1:0"', text)
        weir = self.gateway_with(f"{line}\n{other[1]}\n", config=text)
        self.assertEqual(self.status(weir, key), 200)
        self.assertEqual(seen[-1].header("x-consumer-id"), "shop")
        self.assertIsNone(seen[-1].header("x-api-key"))
        self.assertEqual(self.status(weir, other[0]), 403)
        self.assertEqual(self.status(weir, key + "x"), 401)
        http2 = Http2Client(weir.address())
        self.addCleanup(http2.close)
        fields = [("x-api-key", key), ("x-consumer-id", "mallory")]
        self.assertEqual(http2.get("/", fields=fields), b"hello\n")
        self.assertEqual(seen[-1].all("x-consumer-id"), ["shop"])
        self.assertIn(b'"status":401', http2.get("/"))
        self.assert_metric(weir, 2, "weir_authn_total", method="api_key", result="ok")
        self.assert_metric(weir, 1, "weir_authn_total", method="api_key", result="missing")

    def test_a_file_is_followed_and_a_bad_one_changes_nothing(self):
        weir = self.gateway_with(line_of("k1"))
        self.assertEqual(self.status(weir, "k1"), 200)
        self.replace(weir, line_of("k2"))
        until(lambda: self.status(weir, "k2") == 200, "the new key")
        self.assertEqual(self.status(weir, "k1"), 401)
        self.replace(weir, line_of("k3") + "# comment\nk4 sha256:00 shop\n")
        self.assert_metric(weir, 1, "weir_filter_file_reads_total", result="failure")
        self.assertEqual((self.status(weir, "k2"), self.status(weir, "k3")), (200, 401))
        until(lambda: any("keys.txt:3: the digest is not 64 hexadecimal digits" in line
                          for line in weir.output), "the line in the log")
        (weir.folder / "keys.txt").unlink()
        self.assert_metric(weir, 2, "weir_filter_file_reads_total", result="failure")
        self.assertEqual(self.status(weir, "k2"), 200)
        self.replace(weir, line_of("k5"))
        until(lambda: self.status(weir, "k5") == 200, "the file that is back")

    def test_check_names_the_line(self):
        weir = self.weir(gateway(forward("127.0.0.1:9", route=(
            "filters = [{ api_key = { keys = 'keys.txt' } }]"))), start=False)

        def check():
            ended = subprocess.run([BINARY, "check", str(weir.file)], capture_output=True,
                                   text=True, check=False)
            return ended.returncode, ended.stdout
        code, said = check()
        self.assertEqual(code, 2)
        self.assertIn("keys.txt: route[0].filters[0].api_key.keys.file: No such file", said)
        self.replace(weir, line_of("a") + "nonsense\n" + line_of("a", "bank"))
        code, said = check()
        self.assertEqual(code, 2)
        self.assertIn("keys.txt:2:1: route[0].filters[0].api_key.keys.file: needs an id and", said)
        self.assertIn("keys.txt:3:1: route[0].filters[0].api_key.keys.file: is the same key as "
                      '"shop-1"', said)
        self.replace(weir, line_of("a"))
        self.assertEqual(check()[0], 0)

    def test_a_hundred_thousand_keys(self):
        keys = "".join(line_of(f"key-{i}", f"consumer-{i}", "scopes=a,b") for i in range(100_000))
        weir = self.gateway_with(keys)
        for i in (0, 50_000, 99_999):
            self.assertEqual(self.status(weir, f"key-{i}"), 200)
        self.assertEqual(self.status(weir, "key-100000"), 401)


class Commands(unittest.TestCase):
    def test_a_key_has_the_digest_of_its_line(self):
        _, (key, line), _ = weir_key("new", "shop", "--id", "mobile")
        digest = "sha256:" + hashlib.sha256(key.encode()).hexdigest()
        self.assertEqual(line, f"mobile {digest} shop")
        self.assertRegex(key, r"^weir_[\w-]{43}$")
        self.assertEqual(weir_key("hash", text=key + "\n"), (0, [digest], ""))

    def test_bad_options(self):
        for arguments in (["--expires", "tomorrow"], ["--scopes", "a b"], ["--label", "x y=1"],
                          ["--id", "a b"]):
            code, printed, said = weir_key("new", "shop", *arguments)
            self.assertEqual((code, printed), (2, []), arguments)
            self.assertTrue(said.startswith("the key "), said)
        self.assertEqual(weir_key("hash", text="\n")[0], 2)


class KeyFiles(IntegrationCase):
    def test_a_line_is_added_to_a_file(self):
        weir = self.weir("", start=False)
        path = weir.folder / "keys.txt"
        path.write_text("# keys, without a line break at the end", encoding="utf-8")
        for consumer in ("shop", "bank"):
            code, printed, _ = weir_key("new", consumer, "--file", str(path))
            self.assertEqual((code, len(printed)), (0, 1))
        lines = path.read_text(encoding="utf-8").splitlines()
        self.assertEqual([line.split()[-1] for line in lines[1:]], ["shop", "bank"])
        self.assertEqual(weir_key("new", "shop", "--file", str(weir.folder / "no/keys"))[0], 1)


if __name__ == "__main__":
    unittest.main()
