"""Tests in network namespaces of their own: a host with an application, and the network around."""

import contextlib
import ctypes
import os
import shutil
import socket
import subprocess
import unittest

from integration_case import IntegrationCase
from thread_server import ThreadServer
from weir_process import BINARY

NEW_NETWORK = 0x40000000  # CLONE_NEWNET
APPLICATION_USER = 65534
LIBC = ctypes.CDLL(None, use_errno=True)

HOST, HOST_V6 = "198.18.0.1", "fd00:18::1"
NETWORK = [f"198.18.0.{number}" for number in range(2, 8)]
NETWORK_V6 = "fd00:18::2"


def call(function, *arguments):
    if function(*arguments) != 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


def run(*words, **parts):
    return subprocess.run([str(word) for word in words], check=True, capture_output=True,
                          text=True, **parts).stdout


class Namespace:
    """A network namespace, held by a descriptor. Only the calling thread enters and leaves it."""

    def __init__(self, descriptor):
        self.descriptor = descriptor

    @classmethod
    def current(cls):
        return cls(os.open("/proc/thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC))

    @classmethod
    def new(cls):
        before = cls.current()
        try:
            call(LIBC.unshare, NEW_NETWORK)
            made = cls.current()
            before.enter()
            return made
        finally:
            before.close()

    def enter(self):
        call(LIBC.setns, self.descriptor, NEW_NETWORK)

    def close(self):
        os.close(self.descriptor)

    @contextlib.contextmanager
    def inside(self):
        before = self.current()
        try:
            self.enter()
            try:
                yield
            finally:
                before.enter()
        finally:
            before.close()


class NetworkServer(ThreadServer):
    """A server on an address of the network; talk(socket) is called for each connection."""

    def __init__(self, listener, talk):
        super().__init__()
        self.talk = talk
        self._accept_at(listener)


class NetworkCase(IntegrationCase):
    """The test itself runs on the host, whose connections as another user are redirected."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        for program in ("nft", "ip"):
            if shutil.which(program, path="/usr/sbin:/sbin:/usr/bin:/bin") is None:
                raise unittest.SkipTest(f"needs {program} (Debian: nftables, iproute2)")
        if os.geteuid() != 0:
            raise unittest.SkipTest("needs root, to make network namespaces")
        try:
            cls._before, cls._host, cls._network = (
                Namespace.current(), Namespace.new(), Namespace.new())
        except PermissionError as error:
            raise unittest.SkipTest(f"cannot make network namespaces: {error}") from error
        cls._connect()
        cls._host.enter()

    @classmethod
    def tearDownClass(cls):
        cls._before.enter()
        for namespace in (cls._network, cls._host, cls._before):
            namespace.close()
        super().tearDownClass()

    @classmethod
    def _connect(cls):
        with cls._network.inside():
            holder = subprocess.Popen(["sleep", "infinity"])
        try:
            with cls._host.inside():
                run("ip", "link", "set", "lo", "up")
                run("ip", "link", "add", "host0", "type", "veth", "peer", "name", "net0", "netns",
                    holder.pid)
                cls._configure("host0", [f"{HOST}/24"], HOST_V6)
            with cls._network.inside():
                run("ip", "link", "set", "lo", "up")
                cls._configure("net0", [f"{address}/24" for address in NETWORK], NETWORK_V6)
        finally:
            holder.kill()
            holder.wait()

    @staticmethod
    def _configure(device, addresses, address_v6):
        for address in addresses:
            run("ip", "address", "add", address, "dev", device)
        run("ip", "address", "add", f"{address_v6}/64", "dev", device, "nodad")
        run("ip", "link", "set", device, "up")

    def network(self):
        """With it: sockets and processes of the network, not of the host."""
        return self._network.inside()

    def serve(self, talk, address=NETWORK[0], port=0):
        """A server in the network; with its port."""
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        with self.network():
            listener = socket.create_server((address, port), family=family, backlog=128)
        server = NetworkServer(listener, talk)
        server.port = listener.getsockname()[1]
        self.addCleanup(self._close, server)
        return server

    def application(self, address, port, timeout=30):
        """A connection of the application, which knows nothing of weir."""
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        os.seteuid(APPLICATION_USER)  # the owner of a socket is the user who made it
        try:
            peer = socket.socket(family, socket.SOCK_STREAM)
        finally:
            os.seteuid(0)
        self.addCleanup(peer.close)
        peer.settimeout(timeout)
        peer.connect((address, port))
        return peer

    def intercept(self, *words, code=0):
        """The output of `weir intercept`."""
        done = subprocess.run([BINARY, "intercept", *words], capture_output=True, text=True,
                              check=False)
        self.assertEqual(done.returncode, code, done.stderr)
        return done.stdout + done.stderr

    def redirect(self, *words):
        """Puts rules in force until the end of the test."""
        self.addCleanup(self.intercept, "down")
        return self.intercept("up", *words)
