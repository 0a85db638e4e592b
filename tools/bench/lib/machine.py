"""The machine under the benchmark: programs, cores, ports and limits."""

import os
import random
import resource
import shutil
import socket
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
SOURCES = ROOT / "tools" / "bench"
BUILT = ROOT / "build" / "bench"

# The Debian package of every program outside of the base system.
PACKAGES = {
    "nginx": "nginx",
    "haproxy": "haproxy",
    "strace": "strace",
    "valgrind": "valgrind",
    "g++": "g++",
}

# The sources of each program that the benchmark compiles.
PROGRAMS = {
    "relay": ["relay.cc"],
    "backend": ["backend.cc"],
    "load": ["load_main.cc", "load.cc", "reply_reader.cc", "tls_client.cc"],
}
SHARED = ["loopback.cc", "options.cc"]
COMPILE = ["g++", "-std=c++20", "-O2", "-Wall", "-Wextra", "-Wpedantic", "-Wshadow",
           "-Wconversion", "-Werror"]
BORINGSSL = ROOT / "build" / "deps" / "boringssl"
# Flags for programs that need more than the standard library: before the sources, and after them.
LIBRARIES = {
    "load": ([f"-isystem{BORINGSSL / 'src' / 'include'}"],
             [BORINGSSL / "lib" / "libssl.a", BORINGSSL / "lib" / "libcrypto.a", "-pthread"]),
}

# The system's ephemeral range begins at 32768: outgoing connections use no ports below it.
PORTS = range(20000, 32000)


def say(text):
    """Progress goes to stderr, results to stdout."""
    print(text, file=sys.stderr, flush=True)


def find(program):
    """The path of a program; NGINX=path and HAPROXY=path select other builds of those two."""
    given = os.environ.get(program.upper()) if program in ("nginx", "haproxy") else None
    if given:
        return given
    places = os.environ.get("PATH", "") + ":/usr/sbin:/usr/local/sbin:/sbin"
    return shutil.which(program, path=places)


def weir_binary():
    """weir's binary, or None with a message if it does not exist."""
    path = Path(os.environ.get("WEIR", ROOT / "build" / "release" / "weir"))
    if os.access(path, os.X_OK):
        return str(path)
    say(f"weir: {path} is not there and is left out (WEIR=path selects a binary)")
    return None


def need(*programs):
    """Installs missing programs with tools/deps --bench; exits with a hint if that fails."""
    missing = [name for name in programs if not find(name)]
    if not missing:
        return
    deps = ROOT / "tools" / "deps"
    if os.access(deps, os.X_OK):
        subprocess.run([deps, "--bench"], stdout=sys.stderr, check=False)
        missing = [name for name in missing if not find(name)]
    if missing:
        packages = " ".join(PACKAGES.get(name, name) for name in missing)
        sys.exit(f"missing: {', '.join(missing)}\ntry: apt-get install {packages}")


def program(name):
    """Compiles one of PROGRAMS if a source is newer than the binary; returns its path."""
    binary = BUILT / name
    sources = [SOURCES / source for source in PROGRAMS[name] + SHARED]
    inputs = sources + list(SOURCES.glob("*.h"))
    newest = max(path.stat().st_mtime for path in inputs)
    if binary.exists() and binary.stat().st_mtime > newest:
        return str(binary)
    need("g++")
    flags, libraries = LIBRARIES.get(name, ([], []))
    if not all(path.exists() for path in libraries if isinstance(path, Path)):
        subprocess.run([ROOT / "tools" / "deps"], stdout=sys.stderr, check=True)
    BUILT.mkdir(parents=True, exist_ok=True)
    fresh = binary.with_suffix(f".{os.getpid()}")
    subprocess.run([*COMPILE, f"-I{ROOT}", *flags, "-o", fresh, *sources, *libraries], check=True)
    fresh.replace(binary)
    return str(binary)


def free_port():
    """A TCP port without a listener."""
    for _ in range(1000):
        port = random.choice(PORTS)
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    sys.exit("no free TCP port between 20000 and 32000")


def free_address():
    return f"127.0.0.1:{free_port()}"


def raise_file_limit():
    """Raises the limit of open files to the maximum; the programs started later inherit it."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


class Cores:
    """The core of the proxy, and the one of the load, the backend and the measurement."""

    def __init__(self):
        allowed = sorted(os.sched_getaffinity(0))
        self.proxy = allowed[0]
        self.others = allowed[-1]
        self.all = allowed
        if len(allowed) == 1:
            say("only one core: everything shares it, and latencies mean little")
        os.sched_setaffinity(0, {self.others})

    def release(self):
        """Lets this process run on all cores again."""
        os.sched_setaffinity(0, self.all)


def stolen_ticks():
    """Clock ticks that the hypervisor gave to other guests, over all cores."""
    with open("/proc/stat", encoding="ascii") as stat:
        return int(stat.readline().split()[8])
