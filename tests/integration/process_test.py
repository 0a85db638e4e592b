"""The lifecycle of the process: ready lines, drain, signals, exit codes, privileges."""

import contextlib
import ctypes
import os
import pwd
import re
import shutil
import signal
import socket
import stat
import subprocess
import tempfile
import threading
import unittest
from pathlib import Path

import poll
from integration_case import LOG, IntegrationCase, forward, gateway
from weir_process import BINARY

HELLO = '[[route]]\nname = "all"\nrespond.body = "hello"\n'
DEFAULT_ADMIN = "127.0.0.1:{}".format(9901)
SUPPRESSIONS = Path(__file__).resolve().parents[1] / "tsan.supp"


class Gate:
    """Responses that an upstream holds back until they are released."""

    def __init__(self):
        self._open = threading.Event()

    def __call__(self, call):
        self._open.wait(poll.PATIENCE)
        call.reply(b"late")

    def release(self):
        self._open.set()


class Start(IntegrationCase):
    def test_one_line_for_each_listener_then_ready(self):
        second = '[[listener]]\nname = "second"\naddress = "127.0.0.1:0"\n'
        weir = self.weir(gateway(HELLO + second, workers=2))
        said = [re.sub(r"^\S+ ", "", line) for line in weir.output]
        self.assertRegex(said[0], r"^info file descriptors: \d+$")
        self.assertEqual(said[1:], [
            f"info admin on {weir.admin_address}",
            f"info listener public on {weir.address('public')}",
            f"info listener second on {weir.address('second')}",
            "info access log: off, there is no [[access_log]]",
            "info ready: gateway, 2 workers",
        ])
        self.assertEqual([self.get(weir).body, weir.admin("/readyz")], [b"hello", (200, "ok\n")])

    def test_a_bad_configuration_exits_2_and_names_every_place(self):
        weir = self.weir("workers = 0\nlistner = 1\n[[route]]\nupstream = 'nowhere'\n",
                         start=False)
        weir.launch()
        self.assertEqual(weir.wait(), 2)
        mistakes = [line.rpartition("/")[2] for line in weir.output if " error " in line]
        self.assertEqual([re.match(r"weir\.toml:\d+:\d+: [\w.\[\]]+", each)[0]
                          for each in mistakes],
                         ["weir.toml:1:11: workers", "weir.toml:2:1: listner",
                          "weir.toml:4:12: route[0].upstream"])
        self.assertIn('did you mean "listener"?', mistakes[1])

    def test_an_unknown_upstream_is_named_with_its_place(self):
        weir = self.weir(gateway("[[route]]\nupstream = 'nowhere'\n"), start=False)
        weir.launch()
        self.assertEqual(weir.wait(), 2)
        self.assertRegex("\n".join(weir.output), r"weir\.toml:\d+:\d+: route\[0\]\.upstream: ")

    def test_a_file_that_is_not_there_exits_2(self):
        weir = self.weir("", start=False)
        weir.run_path = weir.folder / "other.toml"
        weir.launch()
        self.assertEqual(weir.wait(), 2)
        self.assertIn("other.toml", "\n".join(weir.output))

    def test_bad_usage_exits_2(self):
        for arguments in ([], ["run"], ["fly"], ["run", "a", "b"], ["ca"], ["--bogus"]):
            with self.subTest(arguments):
                ended = subprocess.run([BINARY, *arguments], capture_output=True, check=False)
                self.assertEqual((ended.returncode, ended.stdout), (2, b""))
                self.assertNotEqual(ended.stderr, b"")

    def assert_taken(self, config, line):
        weir = self.weir(config, start=False)
        weir.launch()
        self.assertEqual(weir.wait(), 1)
        weir.wait_for_line(line)

    def test_a_taken_port_exits_1_with_a_clear_line(self):
        with socket.create_server(("127.0.0.1", 0)) as other:
            taken = f"127.0.0.1:{other.getsockname()[1]}"
            listener = f'[[listener]]\nname = "public"\naddress = "{taken}"\n'
            self.assert_taken(gateway(HELLO, listener=listener),
                              f" error listener public: cannot listen on {taken}: address")

    def test_a_taken_admin_address_exits_1_so_that_nothing_runs_twice(self):
        first = self.weir(gateway(HELLO))
        admin = f'admin = {{ address = "{first.admin_address}" }}\n'
        self.assert_taken(admin, f" error admin: cannot listen on {first.admin_address}: address "
                                 'already in use; set admin = "HOST:PORT" to choose another')

    def test_where_nobody_chose_the_admin_address_and_it_is_taken_another_is(self):
        # The default port may be in use, which is fine here.
        config = gateway(HELLO).replace('admin = { address = "127.0.0.1:0" }\n', "")
        first, second = self.weir(config), self.weir(config)
        self.assertNotEqual(first.admin_address, second.admin_address)
        warning = second.wait_for_line(f" warning admin: cannot listen on {DEFAULT_ADMIN}: ")
        self.assertIn('using a free port instead; set admin = "HOST:PORT" to choose one', warning)
        self.assertEqual(second.admin("/readyz"), (200, "ok\n"))


class UnixSockets(IntegrationCase):
    def ask(self, path):
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(poll.PATIENCE)
            client.connect(str(path))
            client.sendall(b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
            return client.makefile("rb").read()

    def test_it_starts_again_where_one_was_stopped_or_killed(self):
        weir = self.weir("", start=False)
        path = weir.folder / "in.sock"
        listener = f'[[listener]]\nname = "public"\naddress = "unix:{path}"\n'
        weir.file.write_text(gateway(HELLO, workers=2, listener=listener), encoding="utf-8")
        for end in (signal.SIGKILL, signal.SIGTERM, signal.SIGTERM):
            weir.start()
            self.assertTrue(self.ask(path).endswith(b"\r\n\r\nhello"))
            weir.signal(end)
            self.assertEqual(weir.wait(), -9 if end == signal.SIGKILL else 0)
            self.assertEqual(path.exists(), end == signal.SIGKILL)  # nobody removed it

    def test_a_reload_removes_it_and_brings_it_back(self):
        weir = self.weir("", start=False)
        path = weir.folder / "in.sock"
        listener = f'[[listener]]\nname = "unix"\naddress = "unix:{path}"\n'
        without = gateway(HELLO)
        weir.file.write_text(without + listener, encoding="utf-8")
        weir.start()
        for _ in range(3):
            self.assertTrue(self.ask(path).endswith(b"\r\n\r\nhello"))
            weir.file.write_text(without, encoding="utf-8")
            weir.signal(signal.SIGHUP)
            poll.until(lambda: not path.exists(), "the file is removed")
            weir.file.write_text(without + listener, encoding="utf-8")
            weir.signal(signal.SIGHUP)
            # The file is there a moment before the address accepts.
            poll.until(lambda: self.accepts(path), "the file is back")

    @staticmethod
    def accepts(path):
        with socket.socket(socket.AF_UNIX) as client:
            return client.connect_ex(str(path)) == 0

    @staticmethod
    def mode(path):
        return stat.S_IMODE(os.lstat(path).st_mode)

    def test_its_mode_is_set_and_changed_by_a_reload(self):
        weir = self.weir("", start=False)
        path, admin = weir.folder / "in.sock", weir.folder / "admin.sock"

        def write(mode):
            listener = (f'[[listener]]\nname = "public"\naddress = "unix:{path}"\n'
                        f'socket_mode = "{mode}"\n')
            text = f'admin = {{ address = "unix:{admin}", socket_mode = "{mode}" }}\n'
            weir.file.write_text(text + listener + HELLO, encoding="utf-8")

        write("0660")
        weir.start()
        self.assertEqual((self.mode(path), self.mode(admin)), (0o660, 0o660))
        for mode in ("0600", "0666"):  # each is seen before the file changes again
            write(mode)
            weir.signal(signal.SIGHUP)
            poll.until(lambda mode=mode: self.mode(path) == int(mode, 8), "the mode")
            poll.until(lambda mode=mode: self.mode(admin) == int(mode, 8), "the admin's mode")
            self.assertTrue(self.ask(path).endswith(b"\r\n\r\nhello"))

    def test_wrong_modes_are_refused(self):
        for address, mode in (("unix:/run/x.sock", '"0668"'), ("unix:/run/x.sock", "660"),
                              ("unix:/run/x.sock", '"u+rw"'), ("127.0.0.1:0", '"0660"')):
            with self.subTest(address=address, mode=mode):
                weir = self.weir(f'[[listener]]\nname = "a"\naddress = "{address}"\n'
                                 f"socket_mode = {mode}\n" + HELLO, start=False)
                done = subprocess.run([BINARY, "check", str(weir.file)], capture_output=True,
                                      text=True, check=False)
                self.assertNotEqual(done.returncode, 0)
                self.assertIn("weir.toml:4:1", done.stdout + done.stderr)

    def test_its_client_is_unknown(self):
        upstream = self.upstream()
        weir = self.weir("", start=False)
        path = weir.folder / "in.sock"
        listener = f'[[listener]]\nname = "public"\naddress = "unix:{path}"\n'
        weir.file.write_text(gateway(LOG + forward(upstream.address), listener=listener),
                             encoding="utf-8")
        weir.start()
        self.ask(path)
        request = upstream.requests[0]
        self.assertEqual(request.header("forwarded"), 'for=unknown;proto=http;host="a"')
        self.assertIsNone(request.header("x-forwarded-for"))
        self.assertEqual(self.log_lines(weir, 1)[0]["client_address"], "unknown")


class HungWorker(IntegrationCase):
    ATTACH, WAIT_FOR_THREADS = 16, 0x40000000  # PTRACE_ATTACH, __WALL

    def stop_worker(self, weir):
        """Its thread is stopped, as if it were caught in a loop."""
        tasks = Path(f"/proc/{weir.process.pid}/task")
        thread = next(int(each.name) for each in tasks.iterdir()
                      if (each / "comm").read_text(encoding="utf-8").startswith("weir-"))
        ptrace = ctypes.CDLL(None, use_errno=True).ptrace
        self.assertEqual(ptrace(self.ATTACH, thread, None, None), 0,
                         os.strerror(ctypes.get_errno()))
        os.waitpid(thread, self.WAIT_FOR_THREADS)
        self.addCleanup(self.reap, thread)
        return thread

    def reap(self, thread):
        with contextlib.suppress(ChildProcessError):
            os.waitpid(thread, self.WAIT_FOR_THREADS)

    def test_a_second_sigterm_ends_the_process_all_the_same(self):
        weir = self.weir(gateway(HELLO, workers=1))
        thread = self.stop_worker(weir)
        weir.signal(signal.SIGTERM)
        weir.wait_for_line("draining")
        weir.signal(signal.SIGTERM)
        weir.wait_for_line("a worker does not stop")
        self.reap(thread)  # its tracer has to see its end first
        self.assertEqual(weir.wait(), 1)


class Drain(IntegrationCase):
    def start_request(self, **settings):
        """(weir, client, gate): a request that waits for its upstream."""
        gate = Gate()
        upstream = self.upstream(gate)
        self.addCleanup(gate.release)
        config = "".join(f"{key} = {value}\n" for key, value in settings.items())
        weir = self.weir(config + gateway(forward(upstream.address)))
        client = self.client(weir.address())
        client.send_request("/")
        poll.until(lambda: upstream.requests, "the request is at the upstream")
        return weir, client, gate

    def refuses(self, address):
        try:
            self.client(address).close()
        except ConnectionRefusedError:
            return True
        return False

    def test_requests_in_flight_finish_and_the_process_exits_0(self):
        weir, client, gate = self.start_request()
        weir.signal(signal.SIGTERM)
        weir.wait_for_line("draining")
        poll.until(lambda: weir.admin("/readyz")[0] == 503, "unready")
        self.assertEqual(weir.admin("/readyz"), (503, "draining\n"))
        self.assertEqual(weir.admin("/healthz")[0], 200)
        self.assertEqual(weir.metric("weir_draining"), 1)
        poll.until(lambda: self.refuses(weir.address()), "new connections are refused")
        gate.release()
        reply = client.read_reply()
        self.assertEqual((reply.status, reply.body), (200, b"late"))
        self.assertEqual(reply.header("connection"), "close")
        self.assertTrue(client.ended())
        self.assertEqual(weir.wait(), 0)
        weir.wait_for_line("drained")

    def test_requests_of_connections_that_are_new_when_it_drains_are_answered(self):
        upstream = self.upstream()
        for _ in range(5):
            weir = self.weir(gateway(forward(upstream.address), workers=2))
            clients = [self.client(weir.address()) for _ in range(20)]
            clients[0].send(b"GET / HT")
            weir.signal(signal.SIGTERM)
            weir.wait_for_line("draining")
            poll.until(lambda: weir.admin("/readyz")[0] == 503, "unready")
            clients[0].send(b"TP/1.1\r\nHost: test\r\n\r\n")
            for client in clients[1:]:
                client.send_request("/")
            replies = [client.read_reply() for client in clients]
            self.assertEqual([(reply.status, reply.header("connection")) for reply in replies],
                             [(200, "close")] * len(clients))
            self.assertEqual(weir.wait(), 0)

    def test_a_second_sigterm_ends_at_once(self):
        weir, client, _ = self.start_request()
        weir.signal(signal.SIGTERM)
        weir.wait_for_line("draining")
        weir.signal(signal.SIGTERM)
        self.assertEqual(weir.wait(), 0)
        weir.wait_for_line("exiting immediately")
        self.assertTrue(client.ended())

    def test_the_deadline_breaks_off_what_is_left(self):
        weir, client, _ = self.start_request(drain_timeout='"200ms"')
        weir.signal(signal.SIGTERM)
        self.assertEqual(weir.wait(), 0)
        weir.wait_for_line("drain: time limit reached")
        self.assertTrue(client.ended())

    def test_a_post_to_the_admin_address_drains(self):
        weir = self.weir(gateway(HELLO))
        self.assertEqual(weir.admin("/drain", "POST")[0], 202)
        self.assertEqual(weir.wait(), 0)

    def test_signals_in_a_row_never_kill_it(self):
        for _ in range(20):
            weir = self.weir(gateway(HELLO))
            while weir.process.poll() is None:
                weir.signal(signal.SIGTERM)
            self.assertEqual(weir.wait(), 0, weir.output)


@unittest.skipUnless(os.getuid() == 0, "is unprivileged anyway")
class Rights(IntegrationCase):
    def test_it_runs_as_nobody(self):
        nobody = pwd.getpwnam("nobody")
        # The source folders, which contain files for sanitizers, may be inaccessible to other
        # users.
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        os.chmod(folder.name, 0o755)
        binary = Path(folder.name) / "weir"
        shutil.copy(BINARY, binary)
        shutil.copy(SUPPRESSIONS, folder.name)
        options = os.environ.get("TSAN_OPTIONS", "").replace(str(SUPPRESSIONS.parent), folder.name)
        weir = self.weir(gateway(HELLO), start=False, executable=binary, user=nobody.pw_uid,
                         group=nobody.pw_gid, extra_groups=[],
                         env={**os.environ, "TSAN_OPTIONS": options})
        for folder in (weir.folder, weir.folder.parent):
            folder.chmod(0o755)
        weir.start()
        self.assertEqual(Path(f"/proc/{weir.process.pid}").stat().st_uid, nobody.pw_uid)
        self.assertEqual(self.get(weir).body, b"hello")


if __name__ == "__main__":
    unittest.main()
