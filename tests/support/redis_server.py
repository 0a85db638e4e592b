"""Redis servers in folders of their own: single ones, with Sentinel, and clusters."""

import signal
import socket
import ssl
import subprocess

import poll


def reserve():
    """A socket that is bound but not listening: reserves its port, which Redis can still use."""
    reserved = socket.socket()
    reserved.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    reserved.bind(("127.0.0.1", 0))
    return reserved


def encode(words):
    return (f"*{len(words)}\r\n" + "".join(
        f"${len(word)}\r\n{word}\r\n" for word in words)).encode()


def read_reply(file):
    """A reply in the protocol RESP2; an error is raised."""
    line = file.readline().decode().rstrip("\r\n")
    kind, rest = line[:1], line[1:]
    if kind == "-":
        raise RedisError(rest)
    if kind == "*":
        return None if rest == "-1" else [read_reply(file) for _ in range(int(rest))]
    if kind == "$":
        return None if rest == "-1" else file.read(int(rest) + 2)[:-2].decode()
    return int(rest) if kind == ":" else rest


class RedisError(Exception):
    """The server replied with an error."""


class RedisServer:
    """A server on a free port of loopback, which it keeps when it is started again."""

    def __init__(self, folder, *options, tls=False, login=()):
        self._login = login  # commands
        self._folder = folder
        self._options = options
        self._tls = tls
        self._reserved = reserve()
        self.port = self._reserved.getsockname()[1]
        self.address = f"127.0.0.1:{self.port}"
        self._process = None
        self.start()

    def _command(self):
        ports = ["--port", "0", "--tls-port", str(self.port)] if self._tls else [
            "--port", str(self.port)]
        return ["redis-server", *ports, "--bind", "127.0.0.1", "--dir", str(self._folder),
                "--save", "", "--appendonly", "no", *self._options]

    def start(self):
        with open(f"{self._folder}/redis.log", "ab") as log:
            self._process = subprocess.Popen(self._command(), stdout=log,
                                             stderr=subprocess.STDOUT, cwd=self._folder)
        poll.until(self._listens, "Redis")

    def alive(self):
        return self._process.poll() is None

    def _listens(self):
        if self._process.poll() is not None:
            with open(f"{self._folder}/redis.log", encoding="utf-8") as log:
                raise AssertionError("redis-server ended:\n" + log.read())
        try:
            socket.create_connection(("127.0.0.1", self.port), timeout=poll.PATIENCE).close()
            return True
        except ConnectionError:
            return False

    def ask(self, *words):
        """The first line of the reply to a command."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=poll.PATIENCE) as connection:
            connection.sendall(encode(words))
            return connection.makefile().readline().strip()

    def call(self, *words, before=()):
        """The reply to a command, after commands such as AUTH or ASKING on the same connection."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=poll.PATIENCE) as plain:
            with self._secured(plain) as connection, connection.makefile("rb") as file:
                for each in (*before, *self._login):
                    connection.sendall(encode(each))
                    read_reply(file)
                connection.sendall(encode(words))
                return read_reply(file)

    def _secured(self, plain):
        if not self._tls:
            return plain.dup()
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        return context.wrap_socket(plain.dup())

    def pause(self):
        self._process.send_signal(signal.SIGSTOP)

    def go_on(self):
        self._process.send_signal(signal.SIGCONT)

    def kill(self):
        self._process.kill()
        self._process.wait()

    def stop(self):
        self.kill()
        self._reserved.close()


class SentinelServer(RedisServer):
    """One that watches the primaries in the file sentinel.conf of its folder."""

    def _command(self):
        ports = ["--port", "0", "--tls-port", str(self.port)] if self._tls else [
            "--port", str(self.port)]
        return ["redis-server", "sentinel.conf", "--sentinel", *ports, "--bind", "127.0.0.1",
                "--dir", str(self._folder), *self._options]


class Replicated:
    """A primary and a replica, which three sentinels watch."""

    NAME = "main"

    def __init__(self, folder, *options, tls=False, login=(), sentinel_lines=()):
        self.folder = folder
        self._tls = tls
        self._login = login
        self.nodes = [self._server("a", *options)]
        primary = self.nodes[0]
        replica = ["--replicaof", "127.0.0.1", str(primary.port), "--repl-diskless-sync-delay", "0"]
        self.nodes.append(self._server("b", *options, *replica))
        self.sentinels = [self._sentinel(f"s{number}", primary.port, sentinel_lines)
                          for number in range(3)]
        poll.until(self._complete, "the sentinels know the replica and each other")

    def _server(self, name, *options):
        folder = self.folder / name
        folder.mkdir()
        return RedisServer(folder, *options, tls=self._tls, login=self._login)

    def _sentinel(self, name, port, lines):
        folder = self.folder / name
        folder.mkdir()
        text = (f"sentinel monitor {self.NAME} 127.0.0.1 {port} 2\n"
                f"sentinel down-after-milliseconds {self.NAME} 500\n"
                f"sentinel failover-timeout {self.NAME} 2000\n" + "".join(
                    f"{line}\n" for line in lines))
        (folder / "sentinel.conf").write_text(text, encoding="utf-8")
        return SentinelServer(folder, tls=self._tls)

    def _complete(self):
        for sentinel in self.sentinels:
            if len(sentinel.call("SENTINEL", "SENTINELS", self.NAME)) != 2:
                return False
            replicas = sentinel.call("SENTINEL", "REPLICAS", self.NAME)
            if len(replicas) != 1 or "master-link-status" not in replicas[0]:
                return False
            state = dict(zip(replicas[0][::2], replicas[0][1::2]))
            if state["master-link-status"] != "ok" or state["flags"] != "slave":
                return False
        return True

    def primary(self):
        """The server that the sentinels name."""
        ports = {int(sentinel.call("SENTINEL", "GET-MASTER-ADDR-BY-NAME", self.NAME)[1])
                 for sentinel in self.sentinels}
        return next((node for node in self.nodes if {node.port} == ports), None)

    def wait_for_failover(self, old):
        """The new primary, when it is one."""
        def promoted():
            node = self.primary()
            return node is not None and node is not old and node.call("ROLE")[0] == "master" and node
        return poll.until(promoted, "a failover")

    def addresses(self):
        return [sentinel.address for sentinel in self.sentinels]

    def stop(self):
        for server in self.sentinels + self.nodes:
            server.stop()


class Cluster:
    """Primaries among which the slots are divided, and replicas of all of them."""

    SLOTS = 16384

    def __init__(self, folder, *options, primaries=2, replicas=0, tls=False, login=()):
        self.nodes = []
        self._buses = []
        options += ("--cluster-enabled", "yes", "--cluster-node-timeout", "1000",
                    "--cluster-replica-validity-factor", "0", "--repl-diskless-sync-delay", "0")
        for number in range(primaries * (1 + replicas)):
            place = folder / f"n{number}"
            place.mkdir()
            self._buses.append(reserve())
            bus = str(self._buses[-1].getsockname()[1])
            self.nodes.append(RedisServer(place, "--cluster-port", bus, *options, tls=tls,
                                          login=login))
        self.primaries = self.nodes[:primaries]
        self._join()
        self._divide()
        poll.until(self._agree, "the cluster")
        for number, replica in enumerate(self.nodes[primaries:]):
            primary = self.primaries[number % primaries]
            identity = primary.call("CLUSTER", "MYID")
            poll.until(lambda r=replica, i=identity: i in r.call("CLUSTER", "NODES"), "a node")
            replica.call("CLUSTER", "REPLICATE", identity)
        poll.until(self._agree, "the cluster")
        poll.until(self._replicated, "the replicas")

    def _join(self):
        for number, node in enumerate(self.nodes, 1):
            node.call("CLUSTER", "SET-CONFIG-EPOCH", str(number))
        first = self.nodes[0]
        for node, bus in list(zip(self.nodes, self._buses))[1:]:
            first.call("CLUSTER", "MEET", "127.0.0.1", str(node.port), str(bus.getsockname()[1]))

    def _divide(self):
        each = self.SLOTS // len(self.primaries)
        for number, node in enumerate(self.primaries):
            last = self.SLOTS if node is self.primaries[-1] else (number + 1) * each
            node.call("CLUSTER", "ADDSLOTSRANGE", str(number * each), str(last - 1))

    def _agree(self):
        def state(node):
            lines = dict(line.split(":", 1) for line in
                         node.call("CLUSTER", "INFO").split("\r\n") if ":" in line)
            return (lines["cluster_state"], int(lines["cluster_known_nodes"]))
        return all(state(node) == ("ok", len(self.nodes)) for node in self.nodes)

    def _replicated(self):
        return all(node.call("ROLE")[0] == "master" or node.call("ROLE")[3] == "connected"
                   for node in self.nodes)

    def owner(self, slot):
        """The primary with this slot, as the first living node tells."""
        for first, last, (_, port, *_), *_ in self.living()[0].call("CLUSTER", "SLOTS"):
            if first <= slot <= last:
                return next(node for node in self.nodes if node.port == port)
        return None

    def living(self):
        return [node for node in self.nodes if node.alive()]

    def move(self, slot, target):
        """Moves a slot with its keys to another primary, as redis-cli does."""
        source = self.owner(slot)
        ids = [node.call("CLUSTER", "MYID") for node in (source, target)]
        target.call("CLUSTER", "SETSLOT", str(slot), "IMPORTING", ids[0])
        source.call("CLUSTER", "SETSLOT", str(slot), "MIGRATING", ids[1])
        while keys := source.call("CLUSTER", "GETKEYSINSLOT", str(slot), "10"):
            source.call("MIGRATE", "127.0.0.1", str(target.port), "", "0", "5000", "KEYS", *keys)
        for node in (target, source):
            node.call("CLUSTER", "SETSLOT", str(slot), "NODE", ids[1])

    def stop(self):
        for node in self.nodes:
            node.stop()
        for bus in self._buses:
            bus.close()
