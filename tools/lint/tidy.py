#!/usr/bin/python3
"""clang-tidy over weir's sources, two at a time; a source that passed is not asked again.

A source counts as unchanged while it, the headers of weir it includes, its flags, the configuration
and clang-tidy itself are unchanged. Usage: tidy.py <build folder> [<path prefix>...]
"""

import hashlib
import json
import os
import re
import shlex
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import sources

CONFIGURATIONS = (".clang-tidy", "tests/.clang-tidy")
# Bounds what the analyzer spends on one function: two thirds of the time, the same findings.
ANALYZER = [f"--extra-arg={word}" for word in
            ("-Xclang", "-analyzer-config", "-Xclang", "max-nodes=30000")]
# Facts about a test's own macros and about files of others.
NOISE = re.compile(r"^\d+ warnings? |^Suppressed |^Use -header-filter|^\s*$")


class Tidy:
    """Runs clang-tidy against the compilation database of one build folder."""

    def __init__(self, root, build):
        self.root, self.build = Path(root), Path(build)
        self.passed = self.build / "tidy-passed"
        self.passed.mkdir(exist_ok=True)
        version = subprocess.run(["clang-tidy", "--version"], check=True, capture_output=True).stdout
        texts = [(self.root / name).read_bytes() for name in CONFIGURATIONS]
        self.common = b"\0".join([version, *texts])

    def entries(self, prefixes):
        """The commands of our sources, the largest first so that none is left alone at the end."""
        found = {}
        for entry in json.loads((self.build / "compile_commands.json").read_text()):
            name = os.path.relpath(entry["file"], self.root)
            if not name.startswith(("build/", "..")) and name.startswith(prefixes):
                found[name] = entry
        return sorted(found.items(), key=lambda item: -os.path.getsize(item[1]["file"]))

    def key(self, entry):
        """What the outcome depends on, or None when the source cannot even be preprocessed."""
        words = shlex.split(entry["command"])
        words = words[1:] if words[0].endswith("ccache") else words
        words = words[:words.index("-o")] + [entry["file"]]
        listed = subprocess.run([*words, "-MM"], cwd=entry["directory"], capture_output=True,
                                text=True, check=False)
        if listed.returncode != 0:
            return None
        digest = hashlib.sha256(self.common + " ".join(words).encode())
        for name in sorted(set(listed.stdout.replace("\\\n", " ").split()[1:])):
            digest.update(Path(entry["directory"], name).read_bytes())
        return digest.hexdigest()

    def judge(self, item):
        """The complaints about one source: an empty text when there are none."""
        _, entry = item
        key = self.key(entry)
        if key and (self.passed / key).exists():
            return ""
        command = ["clang-tidy", "--quiet", *ANALYZER, "-p", str(self.build), entry["file"]]
        run = subprocess.run(command, capture_output=True, text=True, check=False)
        if run.returncode == 0:
            if key:
                (self.passed / key).touch()
            return ""
        lines = (run.stdout or run.stderr).splitlines()
        return "\n".join(line for line in lines if not NOISE.match(line))


def first_of_each(complaints, root):
    """Each complaint once: a header's is repeated by every source that includes it."""
    seen = {}
    for text in complaints:
        for block in re.split(r"\n(?=\S+:\d+:\d+: (?:error|warning):)", text):
            seen.setdefault(block.splitlines()[0], block.replace(f"{root}/", ""))
    return list(seen.values())


def main():
    tidy = Tidy(sources.ROOT, Path(sys.argv[1]).resolve())
    begin = time.monotonic()
    items = tidy.entries(tuple(sys.argv[2:]) or ("",))
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        complaints = [text for text in pool.map(tidy.judge, items) if text]
    print(f"clang-tidy: {len(items)} sources in {time.monotonic() - begin:.0f} s")
    sources.finish("clang-tidy", first_of_each(complaints, sources.ROOT))


if __name__ == "__main__":
    main()
