"""weir as a service of systemd: its messages, the watchdog and the sockets that it is passed."""

import contextlib
import ctypes
import fcntl
import os
import signal
import socket
import unittest
from pathlib import Path

import poll
from integration_case import IntegrationCase, gateway
from weir_process import BINARY, WeirProcess

HELLO = '\n[[route]]\nrespond = { body = "one" }\n'
# Passes descriptors as 3 and following to a process whose id is LISTEN_PID.
PASS = 'export LISTEN_PID=$$; exec "$@"'


PTRACE_SEIZE, PTRACE_INTERRUPT, PTRACE_DETACH = 0x4206, 0x4207, 17
WALL = 0x40000000  # __WALL: threads as well


@contextlib.contextmanager
def stopped(thread):
    """Stops one thread of another process meanwhile."""
    libc = ctypes.CDLL(None, use_errno=True)
    libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
    if libc.ptrace(PTRACE_SEIZE, thread, None, None) != 0:
        raise unittest.SkipTest("threads cannot be traced here")
    libc.ptrace(PTRACE_INTERRUPT, thread, None, None)
    os.waitpid(thread, WALL)
    try:
        yield
    finally:
        libc.ptrace(PTRACE_DETACH, thread, None, None)


class Manager:
    """A service manager's socket for messages."""

    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(str(path))
        self.socket.settimeout(poll.PATIENCE)

    def next(self):
        """The assignments of the next message that does not only feed the watchdog."""
        while True:
            message = self.socket.recv(4096).decode()
            if message != "WATCHDOG=1":
                return dict(line.split("=", 1) for line in message.splitlines())

    def drop_all(self):
        """Discards the messages that have arrived; returns their number."""
        self.socket.setblocking(False)
        number = 0
        with contextlib.suppress(BlockingIOError):
            while self.socket.recv(4096):
                number += 1
        self.socket.settimeout(poll.PATIENCE)
        return number

    def wait_for_food(self):
        while self.socket.recv(4096) != b"WATCHDOG=1":
            pass


class Service(WeirProcess):
    """weir with passed sockets."""

    def __init__(self, folder, config, sockets=(), **popen):
        # Beyond the descriptors as which they are passed.
        self._copies = [fcntl.fcntl(each, fcntl.F_DUPFD, 20) for each in sockets]
        super().__init__(folder, config, pass_fds=self._copies, **popen)

    def arguments(self):
        moves = "".join(f" {number}<&{copy} {copy}<&-"
                        for number, copy in enumerate(self._copies, start=3))
        return ["bash", "-c", PASS + moves, "bash", *super().arguments()]

    def start(self):
        super().start()
        for each in self._copies:
            os.close(each)
        return self


def listening(address=("127.0.0.1", 0), family=socket.AF_INET):
    sock = socket.socket(family)
    sock.bind(address)
    sock.listen()
    return sock


class ServiceManagerTest(IntegrationCase):
    def service(self, config, sockets=(), start=True, **variables):
        """A weir with such variables of its environment."""
        if sockets:
            variables["LISTEN_FDS"] = str(len(sockets))
        process = Service(self._folder, config, sockets, env={**os.environ, **variables})
        self.addCleanup(self._stop, process)
        return process.start() if start else process

    def manager(self):
        manager = Manager(Path(self._folder) / "notify")
        self.addCleanup(manager.socket.close)
        return manager, {"NOTIFY_SOCKET": f"{self._folder}/notify"}

    def listener(self, **parts):
        sock = listening(**parts)
        self.addCleanup(sock.close)
        return sock

    def fetch(self, sock):
        port = sock.getsockname()[1]
        client = self.client(f"127.0.0.1:{port}")
        body = client.request("/").body
        client.close()
        return body

    def test_each_state_is_reported(self):
        manager, variables = self.manager()
        config = gateway(HELLO)
        weir = self.service(config, **variables)
        ready = manager.next()
        self.assertEqual(ready["READY"], "1")
        self.assertIn("serving as a gateway with 1 workers, generation 1", ready["STATUS"])
        weir.file.write_text(config.replace('"one"', '"two"'), encoding="utf-8")
        weir.signal(signal.SIGHUP)
        reloading = manager.next()
        self.assertEqual(reloading["RELOADING"], "1")
        self.assertGreater(int(reloading["MONOTONIC_USEC"]), 0)
        again = manager.next()
        self.assertEqual(again["READY"], "1")
        self.assertIn("generation 2", again["STATUS"])
        weir.signal(signal.SIGTERM)
        self.assertEqual(manager.next()["STOPPING"], "1")
        self.assertEqual(weir.wait(), 0)

    def test_a_rejected_configuration_ends_the_reload(self):
        manager, variables = self.manager()
        weir = self.service("watch = false\n" + gateway(HELLO), **variables)
        manager.next()
        weir.file.write_text("nonsense = 1", encoding="utf-8")
        weir.signal(signal.SIGHUP)
        self.assertEqual(manager.next()["RELOADING"], "1")
        ready = manager.next()
        self.assertEqual(ready["READY"], "1")
        self.assertIn("Configuration rejected", ready["STATUS"])
        self.assertIn("generation 1", ready["STATUS"])

    def test_the_watchdog_is_fed_only_while_every_worker_answers(self):
        manager, variables = self.manager()
        weir = self.service(gateway(HELLO, workers=2), WATCHDOG_USEC="100000", **variables)
        manager.wait_for_food()
        manager.wait_for_food()
        tasks = Path(f"/proc/{weir.process.pid}/task")
        worker = next(int(task.name) for task in tasks.iterdir()
                      if (task / "comm").read_text(encoding="utf-8").startswith("weir-0"))
        with stopped(worker):
            # Each of these takes as long as the control thread waits for a worker.
            self.assertEqual(weir.admin("/upstreams")[0], 200)
            manager.drop_all()
            self.assertEqual(weir.admin("/upstreams")[0], 200)
            self.assertEqual(manager.drop_all(), 0)
        manager.wait_for_food()

    def test_a_passed_socket_is_used_and_not_bound_again(self):
        for case, name in (("by name", "public"), ("by address", "weir.socket")):
            with self.subTest(case):
                sock = self.listener()
                port = sock.getsockname()[1]
                config = gateway(HELLO, workers=2).replace('"127.0.0.1:0"\nreason',
                                                           f'"127.0.0.1:{port}"\nreason')
                weir = self.service(config, [sock.fileno()], LISTEN_FDNAMES=name)
                self.assertEqual(weir.address(), f"127.0.0.1:{port}")
                for _ in range(8):
                    self.assertEqual(self.fetch(sock), b"one")
                self.assertEqual(weir.stop(), 0)

    def test_clients_wait_for_the_next_process(self):
        sock = self.listener()
        config = gateway(HELLO)
        first = self.service(config, [sock.fileno()], LISTEN_FDNAMES="public")
        self.assertEqual(self.fetch(sock), b"one")
        self.assertEqual(first.stop(), 0)
        waiting = self.client(f"127.0.0.1:{sock.getsockname()[1]}")
        waiting.send_request("/")
        self.service(config, [sock.fileno()], LISTEN_FDNAMES="public")
        self.assertEqual(waiting.read_reply().body, b"one")

    def test_a_listener_that_comes_back_gets_its_socket_again(self):
        sock = self.listener()
        config = gateway(HELLO)
        extra = '\n[[listener]]\nname = "extra"\naddress = "127.0.0.1:0"\n'
        weir = self.service(config + extra, [sock.fileno()], LISTEN_FDNAMES="extra")
        self.assertEqual(self.fetch(sock), b"one")
        for text in (config, config + extra):
            weir.file.write_text(text, encoding="utf-8")
            self.assertEqual(weir.admin("/reload", method="POST")[0], 200)
        self.assertEqual(self.fetch(sock), b"one")

    def test_the_file_of_a_unix_socket_remains(self):
        path = f"{self._folder}/socket"
        sock = self.listener(address=path, family=socket.AF_UNIX)
        config = gateway(HELLO).replace('"127.0.0.1:0"\nreason', f'"unix:{path}"\nreason')
        weir = self.service(config, [sock.fileno()])
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(poll.PATIENCE)
            client.connect(path)
            client.sendall(b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
            reply = b""
            while piece := client.recv(4096):
                reply += piece
        self.assertTrue(reply.endswith(b"one"))
        self.assertEqual(weir.stop(), 0)
        self.assertTrue(Path(path).exists())

    def test_a_socket_without_a_listener_is_closed_with_a_warning(self):
        used, unused = self.listener(), self.listener()
        port = unused.getsockname()[1]
        weir = self.service(gateway(HELLO), [used.fileno(), unused.fileno()],
                            LISTEN_FDNAMES="public:other")
        weir.wait_for_line("no listener for a socket of the service manager: "
                           f'descriptor 4 "other" on 127.0.0.1:{port}')
        self.assertFalse(Path(f"/proc/{weir.process.pid}/fd/4").is_socket()
                         and os.stat(f"/proc/{weir.process.pid}/fd/4").st_ino
                         == os.fstat(unused.fileno()).st_ino)

    def test_sockets_for_another_process_are_left_alone(self):
        sock = self.listener()
        weir = self.weir(gateway(HELLO), env={**os.environ, "LISTEN_PID": "1", "LISTEN_FDS": "1",
                                              "LISTEN_FDNAMES": "public"})
        self.assertNotEqual(weir.address(), f"127.0.0.1:{sock.getsockname()[1]}")


if __name__ == "__main__":
    unittest.main()
