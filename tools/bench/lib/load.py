"""Runs the load generator."""

import json
import signal
import subprocess

from lib import machine
from lib.process import Process

SIZES = {"0": 0, "2": 2, "1k": 1024, "16k": 16384, "64k": 65536, "256k": 262144, "1m": 1048576}
WAIT = 30.0  # Seconds for requests in flight to complete.


def options(address, size="2", connections=64, **more):
    """The arguments; True is a switch, and the default of path follows from the size."""
    path = more.pop("path", f"/{size}")
    given = {"target": address, "path": path, "expect-length": SIZES[size],
             "connections": connections, **more}
    arguments = []
    for name, value in given.items():
        if value is None or value is False:
            continue
        arguments.append("--" + name.replace("_", "-"))
        if value is not True:
            arguments.append(str(value))
    return arguments


class Load:
    """Connected and warm after construction; go() starts it, result() waits for its end.

    Its connections stay open until close(), so that memory can be measured.
    """

    def __init__(self, folder, cores, *arguments):
        self._process = Process([machine.program("load"), "--hold", *arguments], [cores.others],
                                folder / "load.log", stdin=subprocess.PIPE,
                                stdout=subprocess.PIPE, text=True)
        line = self._process.stdout.readline()
        if line.strip() != "ready":
            self._process.wait(5)
            log = (folder / "load.log").read_text()[-500:]
            self.close()
            raise RuntimeError(f"the load could not start: {line.strip()} {log}")

    @property
    def pid(self):
        return self._process.pid

    def cpu(self):
        return self._process.cpu()

    def go(self):
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        return self

    def result(self):
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError("the load generator died")
        return json.loads(line)

    def finish(self):
        """Ends the run early; returns its output."""
        self._process.signal(signal.SIGUSR1)
        return self.result()

    def close(self):
        """Ends cleanly: an unfinished run first, then the connections."""
        if self._process.running():
            self._process.signal(signal.SIGUSR1)
            self._process.stdin.close()
            try:
                self._process.wait(WAIT)
            except subprocess.TimeoutExpired:
                pass
        self._process.stop()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def run(folder, cores, *arguments):
    """One complete run."""
    with Load(folder, cores, *arguments) as load:
        return load.go().result()
