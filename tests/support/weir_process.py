"""A process of the real binary, with a configuration in a folder of its own."""

import http.client
import os
import re
import signal
import subprocess
import threading
from pathlib import Path

import poll

ROOT = Path(__file__).resolve().parents[2]
BINARY = Path(os.environ.get("WEIR_BINARY", ROOT / "build" / "release" / "weir")).resolve()
ADMIN = 'admin = { address = "127.0.0.1:0" }\n'


def sanitized():
    """True if the binary was built with a sanitizer, which retains and shadows freed memory."""
    binary = BINARY.read_bytes()
    return b"__asan_init" in binary or b"__tsan_init" in binary


class Metrics:
    """A metrics page: (name, labels, value) of each sample."""

    _SAMPLE = re.compile(r"^(\w+)(?:\{(.*)\})? (\S+)$")
    _LABEL = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')

    def __init__(self, page):
        self.samples = []
        for line in page.splitlines():
            if line.startswith("#") or not line:
                continue
            name, labels, value = self._SAMPLE.match(line).groups()
            self.samples.append((name, dict(self._LABEL.findall(labels or "")), float(value)))

    def sum(self, name, **labels):
        """The sum of all samples of that name that have at least these labels."""
        return sum(value for sample, has, value in self.samples
                   if sample == name and labels.items() <= has.items())


class AdminClient:
    """A persistent connection to the admin address."""

    def __init__(self, address):
        self._connection = http.client.HTTPConnection(address, timeout=poll.PATIENCE)
        self._connection.request("GET", "/healthz")  # a response proves that it was accepted
        self._connection.getresponse().read()

    def post(self, path):
        """Requests an action; returns the status."""
        self._connection.request("POST", path)
        answer = self._connection.getresponse()
        answer.read()
        return answer.status

    def sum(self, name, **labels):
        """Like Metrics.sum(), for a new scrape."""
        self._connection.request("GET", "/metrics")
        return Metrics(self._connection.getresponse().read().decode()).sum(name, **labels)

    def close(self):
        self._connection.close()


class WeirProcess:
    """A weir with a folder of its own. start() runs it and waits until it is ready."""

    def __init__(self, folder, config, **popen):
        self.folder = Path(folder)
        self.file = self.folder / "weir.toml"
        self.file.write_text(config, encoding="utf-8")
        self.run_path = self.file  # the argument of `weir run`
        self.command = None  # the arguments of another command
        self.process = None
        self._reader = None
        self._popen = {"cwd": self.folder, "stdin": subprocess.DEVNULL,
                       "stdout": subprocess.DEVNULL, **popen}
        self._lines = []
        self._more = threading.Condition()
        self._ended = False

    def arguments(self):
        return [BINARY, *(self.command or ("run", str(self.run_path)))]

    # Lifecycle

    def launch(self):
        """Starts the process without waiting."""
        if self._reader is not None:
            self._reader.join()  # the previous one still sets self._ended
        self._lines, self._ended = [], False
        self.process = subprocess.Popen(
            self.arguments(), stderr=subprocess.PIPE, text=True, **self._popen)
        self._reader = threading.Thread(target=self._read, args=(self.process.stderr,), daemon=True)
        self._reader.start()
        return self

    def start(self):
        self.launch()
        self.wait_for_line(" ready: ")
        return self

    def signal(self, number):
        self.process.send_signal(number)

    def wait(self, patience=poll.PATIENCE):
        """Waits for the end of the process; returns the exit code."""
        return self.process.wait(patience)

    def stop(self):
        """Ends the process cleanly, with a short drain; returns the exit code."""
        if self.process is None:
            return None
        if self.process.poll() is not None:
            return self.process.returncode
        self.signal(signal.SIGTERM)
        if not self._ends_within(0.2):
            self.signal(signal.SIGTERM)  # connections are still open
        if not self._ends_within(poll.PATIENCE):
            self.process.kill()
            self.process.wait()
        return self.process.returncode

    def _ends_within(self, seconds):
        try:
            self.wait(seconds)
        except subprocess.TimeoutExpired:
            return False
        return True

    # Output

    def _read(self, stream):
        with stream:
            for line in stream:
                with self._more:
                    self._lines.append(line.rstrip("\n"))
                    self._more.notify_all()
        with self._more:
            self._ended = True
            self._more.notify_all()

    @property
    def output(self):
        """The lines on stderr so far; all of them once the process has ended."""
        with self._more:
            if self.process.poll() is not None:
                self._more.wait_for(lambda: self._ended, poll.PATIENCE)
            return list(self._lines)

    def wait_for_line(self, text, patience=poll.PATIENCE):
        """The first line with that text; returns at once if it was already written."""
        with self._more:
            self._more.wait_for(lambda: self._ended or self._find(text), patience)
            line = self._find(text)
            if line is None:
                raise AssertionError(f"no line with {text!r} in:\n" + "\n".join(self._lines))
            return line

    def _find(self, text):
        return next((line for line in self._lines if text in line), None)

    def address(self, listener="public"):
        """The address of a listener, from its line in the log."""
        return self.wait_for_line(f" listener {listener} on ").rpartition(" ")[2]

    # The admin pages

    @property
    def admin_address(self):
        return self.wait_for_line(" admin on ").rpartition(" ")[2]

    def admin(self, path, method="GET"):
        """(status, text) of an admin page."""
        connection = http.client.HTTPConnection(self.admin_address, timeout=poll.PATIENCE)
        try:
            connection.request(method, path)
            answer = connection.getresponse()
            return answer.status, answer.read().decode()
        finally:
            connection.close()

    def metrics(self):
        return Metrics(self.admin("/metrics")[1])

    def metric(self, name, **labels):
        return self.metrics().sum(name, **labels)

    def client_of_admin(self):
        """A client with one connection, for tests in which no other can be opened."""
        return AdminClient(self.admin_address)

    def open_descriptors(self):
        return len(os.listdir(f"/proc/{self.process.pid}/fd"))

    def resident_bytes(self):
        """The resident memory of the process."""
        return self._memory("VmRSS")

    def peak_resident_bytes(self):
        """The peak of the resident memory of the process."""
        return self._memory("VmHWM")

    def _memory(self, name):
        status = Path(f"/proc/{self.process.pid}/status").read_text(encoding="ascii")
        return int(re.search(rf"{name}:\s+(\d+) kB", status).group(1)) * 1024
