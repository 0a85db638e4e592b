"""A Redis server in a folder of its own."""

import signal
import socket
import subprocess

import poll


class RedisServer:
    """A server on a free port of loopback, which it keeps when it is started again."""

    def __init__(self, folder, *options, tls=False):
        self._folder = folder
        self._options = options
        self._tls = tls
        # Bound but not listening: reserves the port, which Redis can still use.
        self._reserved = socket.socket()
        self._reserved.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._reserved.bind(("127.0.0.1", 0))
        self.port = self._reserved.getsockname()[1]
        self.address = f"127.0.0.1:{self.port}"
        self._process = None
        self.start()

    def start(self):
        ports = ["--port", "0", "--tls-port", str(self.port)] if self._tls else [
            "--port", str(self.port)]
        with open(f"{self._folder}/redis.log", "ab") as log:
            self._process = subprocess.Popen(
                ["redis-server", *ports, "--bind", "127.0.0.1", "--dir", str(self._folder),
                 "--save", "", "--appendonly", "no", *self._options],
                stdout=log, stderr=subprocess.STDOUT, cwd=self._folder)
        poll.until(self._listens, "Redis")

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
            command = f"*{len(words)}\r\n" + "".join(f"${len(word)}\r\n{word}\r\n" for word in words)
            connection.sendall(command.encode())
            return connection.makefile().readline().strip()

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
