"""The distribution of a proxy's CPU time, from perf."""

import re
import signal

from lib import machine
from lib.process import Process
from lib.rounds import measure_once

# Functions of AES-GCM in BoringSSL and OpenSSL.
ENCRYPTION = re.compile(r"aes|gcm|ghash|gmult|gctr", re.IGNORECASE)
LINE = re.compile(r"^\s*([\d.]+)%\s+\[(.)\]\s+(\S+)", re.MULTILINE)


def share_of(bench, proxy, case, seconds, pattern):
    """The share of a slice's samples in functions with such a name; None without perf."""
    perf = machine.find("perf")
    if not perf:
        return None
    data = bench.folder / "perf.data"
    recorder = Process([perf, "record", "-q", "-e", "cpu-clock", "-F", "999", "-o", data, "-p",
                        proxy.process.pid], [bench.cores.others], bench.folder / "perf.log")
    with recorder:
        measure_once(bench, proxy, case.load_options(proxy.address, seconds=seconds), case.loader)
        recorder.signal(signal.SIGINT)
        recorder.wait(20)
    report = bench.folder / "perf.txt"
    with Process([perf, "report", "--stdio", "--no-children", "-s", "symbol", "-i", data,
                  "--percentage", "relative"], [bench.cores.others], report) as reporter:
        reporter.wait(60)
    found = LINE.findall(report.read_text(errors="replace"))
    if not found:
        return None
    return sum(float(share) for share, where, name in found
               if where == "." and pattern.search(name)) / 100
