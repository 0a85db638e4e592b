#!/usr/bin/python3
"""Each header compiles by itself and is guarded by #pragma once."""

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import sources

FLAGS = ["-std=c++20", "-fsyntax-only", "-Wall", "-Wextra", "-Werror", "-x", "c++", "-I."]


def compile_alone(root, name, flags):
    """The first compiler error for a file that includes only this header, or None."""
    text = f'#include "{name}"\n'
    command = [os.environ.get("CXX", "g++"), *FLAGS, *flags, "-"]
    run = subprocess.run(command, input=text, cwd=root, capture_output=True, text=True, check=False)
    if run.returncode == 0:
        return None
    first = next((line for line in run.stderr.splitlines() if "error:" in line), run.stderr)
    return f"{name}: does not compile alone: {first}"


def check(root, flags=()):
    """All errors below root."""
    names = sources.list_files(root, (".h",))
    mistakes = [f"{name}: #pragma once is missing" for name in names
                if "#pragma once\n" not in sources.read(root, name)]
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        complaints = pool.map(lambda name: compile_alone(root, name, flags), names)
        return mistakes + [complaint for complaint in complaints if complaint]


if __name__ == "__main__":
    sources.finish("headers", check(sources.ROOT, sys.argv[1:]))
