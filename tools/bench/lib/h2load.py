"""Runs h2load, for HTTP/2. It has the interface of lib.load.Load."""

import os
import re
import shutil
import subprocess
from pathlib import Path

from lib.process import Process

CIPHERS = ("--tls13-ciphers=TLS_AES_128_GCM_SHA256", "--groups=X25519:P-256")
TICK = 1_000_000_000 // os.sysconf("SC_CLK_TCK")
TIMES = {"us": 1.0, "ms": 1000.0, "s": 1e6}


def options(address, size="2", connections=1, streams=1, requests=None, **more):
    """The arguments, always with TLS and HTTP/2. Connections are opened during the run."""
    arguments = [*CIPHERS, "-c", str(connections), "-m", str(streams), "-t", "1"]
    if requests:
        arguments += ["-n", str(requests)]
    for name, value in more.items():
        arguments.append(f"--{name.replace('_', '-')}={value}")
    return [*arguments, f"https://{address}/{size}"]


def parse(text):
    """Its output, converted to the keys of the project's own load generator."""
    counts = re.search(r"^requests: (\d+) total, (\d+) started, (\d+) done, (\d+) succeeded, "
                       r"(\d+) failed, (\d+) errored, (\d+) timeout", text, re.M)
    time = re.search(r"^finished in ([\d.]+)(us|ms|s), ([\d.]+) req/s", text, re.M)
    mean = re.search(r"^time for request: +\S+ +\S+ +([\d.]+)(us|ms|s)", text, re.M)
    protocol = re.search(r"^Application protocol: (\S+)", text, re.M)
    protection = re.search(r"^TLS Protocol: (\S+)\nCipher: (\S+)", text, re.M)
    if not counts or not time or not mean:
        raise RuntimeError(f"h2load failed:\n{text[-2000:]}")
    total, _, _, succeeded, failed, errored, timeout = map(int, counts.groups())
    wrong = {"failed": failed, "errored": errored, "timeout": timeout}
    if protocol and protocol[1] != "h2":
        wrong["protocol"] = total
    return {
        "requests": succeeded, "errors": sum(wrong.values()),
        "error_kinds": {kind: count for kind, count in wrong.items() if count},
        "seconds": float(time[1]) * TIMES[time[2]] / 1e6, "rps": float(time[3]),
        "mean_us": float(mean[1]) * TIMES[mean[2]],
        "protection": " ".join(protection.groups()) if protection else "",
    }


class H2Load:
    def __init__(self, folder, cores, *arguments):
        self._arguments = [shutil.which("h2load"), *arguments]
        self._folder = folder
        self._cores = cores
        self._process = None

    def cpu(self):
        """Like Process.cpu(), in ticks. Readable until close(), which reaps the process."""
        if not self._process:
            return 0, 0
        stat = Path(f"/proc/{self._process.pid}/stat").read_text(encoding="ascii")
        fields = stat.rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) * TICK, 0

    def go(self):
        self._process = Process(self._arguments, [self._cores.others], self._folder / "h2load.log",
                                stdout=subprocess.PIPE, text=True)
        return self

    def result(self):
        return parse(self._process.stdout.read())

    def close(self):
        if self._process:
            self._process.stop()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
