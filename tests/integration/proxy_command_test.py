"""weir proxy, and the files that weir init writes."""

import http.client
import re
import ssl
import subprocess
import tempfile
import unittest
from pathlib import Path

import poll
from fake_upstream import text
from integration_case import IntegrationCase
from weir_process import BINARY, WeirProcess

PORT = 8080  # only printed


def run(*arguments, cwd):
    ended = subprocess.run([BINARY, *arguments], capture_output=True, text=True, check=False,
                           cwd=cwd)
    return ended.returncode, ended.stdout, ended.stderr


class Proxy(WeirProcess):
    """A running `weir proxy`."""

    def __init__(self, folder, *arguments):
        super().__init__(folder, "")
        self.command = ("proxy", *arguments)


class ProxyCommand(IntegrationCase):
    def proxy(self, *arguments):
        process = Proxy(self._folder, *arguments)
        self.addCleanup(self._stop, process)
        return process.start()

    def toml(self, *arguments):
        """The printed configuration, which is valid."""
        code, toml, complaints = run("proxy", *arguments, "--print", cwd=self._folder)
        self.assertEqual((code, complaints), (0, ""))
        path = Path(self._folder) / "printed.toml"
        path.write_text(toml, encoding="utf-8")
        self.assertEqual(run("check", str(path), cwd=self._folder), (0, f"{path}: good\n", ""))
        self.assertEqual(run("fmt", "--check", str(path), cwd=self._folder), (0, "", ""))
        return toml

    def test_it_forwards_at_once(self):
        upstream = self.upstream(text(b"one"))
        weir = self.proxy("--from", "127.0.0.1:0", "--to", upstream.address)
        self.assertEqual(self.client(weir.address("proxy")).request("/").body, b"one")

    def test_it_prints_the_configuration_for_which_it_stands(self):
        self.assertEqual(self.toml("--from", f":{PORT}", "--to", f"localhost:{PORT + 1}"), f"""\
[[listener]]
name = "proxy"
address = "0.0.0.0:{PORT}"

[[route]]
upstream = "app"

[upstream.app]
discovery = {{ static = ["127.0.0.1:{PORT + 1}"] }}
""")

    def test_schemes_names_and_options(self):
        for arguments, expected in (
                ([f"--from=h2c://[::1]:{PORT}", "--to=h2c://10.0.0.1:50051"],
                 [f'address = "[::1]:{PORT}"\nprotocol = "http2"',
                  'static = ["10.0.0.1:50051"] }\nprotocol = "http2"']),
                ([f"--from=localhost:{PORT}", "--to=https://app.example"],
                 [f'address = "127.0.0.1:{PORT}"\n', 'dns = "app.example:443" }\ntls = {}\n']),
                (["--from=http://", "--to=http://10.0.0.1/", f"--to=[::1]:{PORT}"],
                 [f'static = ["10.0.0.1:80", "[::1]:{PORT}"] }}\n']),
                (["--from=unix:/tmp/weir.sock", "--to=unix:/tmp/app.sock"],
                 ['address = "unix:/tmp/weir.sock"', 'static = ["unix:/tmp/app.sock"]']),
                (["--from=:80", "--to=app:81", "--host=app.example", "--access-log"],
                 ['rewrite = { host = "app.example" }', '[[access_log]]\nfile = "stdout"']),
        ):
            with self.subTest(arguments):
                toml = self.toml(*arguments)
                for part in expected:
                    self.assertIn(part, toml)

    def test_https_on_both_sides(self):
        for command in (["init"], ["issue", "localhost"]):
            self.assertEqual(run("ca", *command, cwd=self._folder)[0], 0)
        pair = ["--cert", "ca/localhost.crt", "--key", "ca/localhost.key"]
        upstream = self.upstream(text(b"two"))
        inner = self.proxy("--from", "https://127.0.0.1:0", "--to", upstream.address, *pair)
        port = inner.address("proxy").rpartition(":")[2]
        outer = self.proxy("--from", "https://127.0.0.1:0", "--to", f"https://localhost:{port}",
                           "--ca", "ca/root.crt", *pair)
        context = ssl.create_default_context(cafile=f"{self._folder}/ca/root.crt")
        port = outer.address("proxy").rpartition(":")[2]
        client = http.client.HTTPSConnection("localhost", int(port), context=context,
                                             timeout=poll.PATIENCE)
        self.addCleanup(client.close)
        client.request("GET", "/")
        self.assertEqual(client.getresponse().read(), b"two")

    def test_mistakes_are_explained(self):
        for arguments, complaint in (
                (["--from", "example.com:80", "--to", "a:1"], "needs an IP address or none"),
                (["--from", ":x", "--to", "a:1"], '--from :x: "x" is not a port'),
                (["--from", ":", "--to", "a:1"], "--from :: needs a port"),
                (["--from", ":65536", "--to", "a:1"], '"65536" is not a port'),
                (["--from", "https://:8443", "--to", "a:1"], "needs --cert and --key"),
                (["--from", ":80", "--to", "a:1", "--cert", "c"], "need --from https://"),
                (["--from", ":80", "--to", ":1"], "--to :1: needs a host"),
                (["--from", ":80", "--to", "a"], "--to a: needs a port"),
                (["--from", ":80", "--to", "ftp://a:1"], "must be http, https or h2c"),
                (["--from", ":80", "--to", "http://a/b"], "cannot contain a path"),
                (["--from", ":80", "--to", "a:1", "--to", "b:1"], "several --to need IP addresses"),
                (["--from", ":80", "--to", "1.1.1.1:1", "--to", "h2c://1.1.1.2:1"],
                 "needs the scheme of the first --to"),
                (["--from", ":80", "--to", "a:1", "--ca", "c"], "--ca needs --to https://"),
                (["--from", "[::1:80", "--to", "a:1"], "the bracket is not closed"),
        ):
            with self.subTest(arguments):
                code, said, complaints = run("proxy", *arguments, cwd=self._folder)
                self.assertEqual((code, said), (2, ""))
                self.assertRegex(complaints, "^weir proxy: .*" + re.escape(complaint) + ".*\n$")


class InitCommand(unittest.TestCase):
    def setUp(self):
        self._folder = self.enterContext(tempfile.TemporaryDirectory(prefix="weir-init-"))
        self._file = Path(self._folder) / "weir.toml"

    def weir(self, *arguments):
        return run(*arguments, cwd=self._folder)

    def test_the_file_is_valid_and_formatted(self):
        for role in ("gateway", "sidecar"):
            with self.subTest(role):
                self.assertEqual(self.weir("init", role, f"{role}.toml"), (0, f"{role}.toml\n", ""))
                self.assertEqual(self.weir("check", f"{role}.toml"),
                                 (0, f"{role}.toml: good\n", ""))
                self.assertEqual(self.weir("fmt", "--check", f"{role}.toml"), (0, "", ""))

    def test_it_is_valid_with_every_setting_switched_on(self):
        for command in (["init"], ["issue", "edge", "--dns", "localhost"],
                        ["issue", "node", "--identity", "spiffe://shop.test/ns/shop/sa/shop"]):
            self.assertEqual(self.weir("ca", *command)[0], 0)
        for role in ("gateway", "sidecar"):
            with self.subTest(role):
                self._file.unlink(missing_ok=True)
                self.assertEqual(self.weir("init", role)[0], 0)
                written = self._file.read_text(encoding="utf-8")
                switched_on = re.sub(r"(?m)^#(?=\S)", "", written)
                self.assertNotEqual(switched_on, written)
                self._file.write_text(switched_on, encoding="utf-8")
                self.assertEqual(self.weir("check", "weir.toml"), (0, "weir.toml: good\n", ""))

    def test_nothing_is_overwritten(self):
        self._file.write_text("mine", encoding="utf-8")
        code, said, complaints = self.weir("init", "gateway")
        self.assertEqual((code, said), (1, ""))
        self.assertEqual(complaints, "weir: weir.toml: already exists\n")
        self.assertEqual(self._file.read_text(encoding="utf-8"), "mine")
        self._file.unlink()
        self._file.symlink_to("elsewhere.toml")
        self.assertEqual(self.weir("init", "gateway")[0], 1)
        self.assertEqual([path.name for path in Path(self._folder).iterdir()], ["weir.toml"])


class FmtCommand(unittest.TestCase):
    def setUp(self):
        self._folder = Path(self.enterContext(tempfile.TemporaryDirectory(prefix="weir-fmt-")))

    def weir(self, *arguments, **options):
        return run(*arguments, cwd=self._folder, **options)

    def write(self, name, content):
        path = self._folder / name
        path.write_text(content, encoding="utf-8")
        return path

    def test_files_are_replaced_and_keep_their_mode(self):
        path = self.write("a.toml", "a=1 # one\n[b]\n")
        path.chmod(0o640)
        (self._folder / "link.toml").symlink_to("a.toml")
        self.assertEqual(self.weir("fmt", "link.toml"), (0, "link.toml\n", ""))
        self.assertEqual(path.read_text(encoding="utf-8"), "a = 1  # one\n\n[b]\n")
        self.assertEqual(path.stat().st_mode & 0o777, 0o640)
        self.assertTrue((self._folder / "link.toml").is_symlink())
        self.assertEqual(self.weir("fmt", "a.toml"), (0, "", ""))

    def test_check_changes_nothing(self):
        path = self.write("a.toml", "a=1\n")
        self.write("good.toml", "a = 1\n")
        self.write("note.txt", "a=1\n")
        self.assertEqual(self.weir("fmt", "--check", "."), (1, "./a.toml\n", ""))
        self.assertEqual(path.read_text(encoding="utf-8"), "a=1\n")
        self.assertEqual(self.weir("fmt", "--check", "good.toml"), (0, "", ""))

    def test_standard_input(self):
        ended = subprocess.run([BINARY, "fmt", "-"], input="a=1", capture_output=True, text=True,
                               check=False)
        self.assertEqual((ended.returncode, ended.stdout, ended.stderr), (0, "a = 1\n", ""))

    def test_a_file_that_is_not_valid_stays(self):
        path = self.write("a.toml", "b=1\na = \n")
        code, said, complaints = self.weir("fmt", "a.toml", "none.toml")
        self.assertEqual((code, said), (2, ""))
        self.assertRegex(complaints, r"\Aa\.toml:2:\d+: .*\nnone\.toml: .*\n\Z")
        self.assertEqual(path.read_text(encoding="utf-8"), "b=1\na = \n")


if __name__ == "__main__":
    unittest.main()
