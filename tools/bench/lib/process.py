"""A program that runs in the foreground, and its measurements in /proc."""

import os
import signal
import subprocess
import time
from pathlib import Path

GRACE = 20.0  # Seconds between SIGTERM and SIGKILL: enough for callgrind to write its file.


class Process:
    """Pinned to some cores; dies with this process; stopped by its own pid only."""

    def __init__(self, arguments, cores, log, **popen):
        cores = ",".join(str(core) for core in cores)
        self.arguments = [str(argument) for argument in arguments]
        self.log = Path(log)
        with open(self.log, "ab") as output:
            # Both wrappers exec, so the pid is the program's.
            self._child = subprocess.Popen(
                ["setpriv", "--pdeathsig", "TERM", "taskset", "-c", cores, *self.arguments],
                stderr=output, stdout=popen.pop("stdout", output),
                stdin=popen.pop("stdin", subprocess.DEVNULL), **popen)
        self.pid = self._child.pid

    @property
    def stdin(self):
        return self._child.stdin

    @property
    def stdout(self):
        return self._child.stdout

    def running(self):
        return self._child.poll() is None

    def signal(self, number):
        self._child.send_signal(number)

    def wait(self, seconds=None):
        return self._child.wait(seconds)

    def stop(self):
        """Sends SIGTERM, and SIGKILL after a while."""
        for number in (signal.SIGTERM, signal.SIGKILL):
            if not self.running():
                break
            self.signal(number)
            try:
                self.wait(GRACE)
            except subprocess.TimeoutExpired:
                pass
        for pipe in (self._child.stdin, self._child.stdout):
            if pipe:
                pipe.close()

    def require_running(self):
        if not self.running():
            tail = self.log.read_text(errors="replace")[-2000:]
            raise RuntimeError(f"{self.arguments[0]} ended with {self.wait()}:\n{tail}")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    def tree(self):
        """The pids of the process and all its descendants."""
        parents = {}
        for entry in os.listdir("/proc"):
            if entry.isdigit():
                parents.setdefault(_parent_of(int(entry)), []).append(int(entry))
        found = [self.pid]
        for pid in found:
            found.extend(parents.get(pid, []))
        return found

    def cpu(self):
        """(nanoseconds on a CPU, nanoseconds ready but waiting for one), exact, for the tree."""
        used = waited = 0
        for pid in self.tree():
            for path in Path(f"/proc/{pid}/task").glob("*/schedstat"):
                try:
                    fields = path.read_text().split()
                except OSError:
                    continue  # The thread has ended meanwhile.
                used += int(fields[0])
                waited += int(fields[1])
        return used, waited

    def resident(self):
        """Resident bytes, summed over the tree; exact, unlike VmRSS, which lags by some pages."""
        return sum(file_bytes(f"/proc/{pid}/smaps_rollup", "Rss") for pid in self.tree())

    def peak(self):
        """Peak of the resident bytes since reset_peak(), summed over the tree."""
        return sum(file_bytes(f"/proc/{pid}/status", "VmHWM") for pid in self.tree())

    def reset_peak(self):
        for pid in self.tree():
            Path(f"/proc/{pid}/clear_refs").write_text("5")


def _parent_of(pid):
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return 0
    return int(text.rpartition(")")[2].split()[1])


def file_bytes(path, name):
    """A size that a /proc file gives in kB, in bytes; 0 if the process is gone."""
    try:
        lines = Path(path).read_text().splitlines()
    except OSError:
        return 0
    for line in lines:
        if line.startswith(name + ":"):
            return int(line.split()[1]) * 1024
    return 0


def wait_until(condition, seconds, what, pause=0.01):
    """Polls until the condition returns a true value; returns that."""
    deadline = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise RuntimeError(f"{what}: not within {seconds:g} s")
        time.sleep(pause)
