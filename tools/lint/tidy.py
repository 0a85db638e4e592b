#!/usr/bin/python3
"""clang-tidy over weir's sources, in batches, two batches at a time.

Most of the time of clang-tidy is spent on headers. Sources with the same flags are therefore
analyzed together, as one text, in a quarter of the time; names in anonymous namespaces are unique in
their module. A batch that passed is not analyzed again until one of its sources, the included
headers of weir, their flags, the configuration or clang-tidy itself change.
Usage: tidy.py <build folder> [<path prefix>...]
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

BATCH_SIZE = 24
# Tables of tests, which all have the same name, programs of a single source, and what redefines
# functions of the C library.
ALONE = ("_cases.cc", "_fuzz.cc", "/allocations.cc")
CONFIGURATIONS = (".clang-tidy", "tests/.clang-tidy")
# Limits the analyzer's effort for one function: two thirds of the time, the same findings.
ANALYZER = [f"--extra-arg={word}" for word in
            ("-Xclang", "-analyzer-config", "-Xclang", "max-nodes=30000")]
# Findings about a test's own macros and about third-party files.
NOISE = re.compile(r"^\d+ warnings? |^Suppressed |^Use -header-filter|^\s*$")


class Batch:
    """Sources of one target as one text, and the origins of its lines."""

    def __init__(self, root, names, flags, directory):
        self.names, self.flags, self.directory = names, flags, directory
        self.origins = []  # one per line
        lines = []
        for name in names:
            own = (root / name).read_text(encoding="utf-8").splitlines()
            lines += own
            self.origins += [f"{name}:{number}" for number in range(1, len(own) + 1)]
        self.text = "\n".join(lines) + "\n"

    def write(self, folder):
        """Writes the text to a file named after its content."""
        digest = hashlib.sha256(" ".join(self.names).encode()).hexdigest()[:16]
        path = folder / f"{digest}.cc"
        path.write_text(self.text, encoding="utf-8")
        return path

    def told_of_sources(self, text, path):
        """The text with positions in the sources instead of those in the batch."""
        return re.sub(rf"{re.escape(str(path))}:(\d+)",
                      lambda match: self.origins[int(match[1]) - 1], text)


def even_slices(names):
    """The names in order, in slices of nearly the same length."""
    count = -(-len(names) // BATCH_SIZE)
    edges = [len(names) * index // count for index in range(count + 1)]
    return [names[begin:end] for begin, end in zip(edges, edges[1:])]


def flags_of(entry):
    """The arguments of a command without the compiler, the source and the object."""
    words = shlex.split(entry["command"])
    words = words[2:] if words[0].endswith("ccache") else words[1:]
    if "-o" in words:
        at = words.index("-o")
        words = words[:at] + words[at + 2:]
    return tuple(word for word in words if word not in ("-c", entry["file"]))


class Tidy:
    """Runs clang-tidy with the compilation database of one build folder."""

    def __init__(self, root, build):
        self.root, self.build = Path(root), Path(build)
        self.passed = self.build / "tidy-passed"
        self.passed.mkdir(exist_ok=True)
        self.folder = self.build / "tidy-batches"
        self.folder.mkdir(exist_ok=True)
        version = subprocess.run(["clang-tidy", "--version"], check=True, capture_output=True).stdout
        texts = [(self.root / name).read_bytes() for name in CONFIGURATIONS]
        self.common = b"\0".join([version, *texts])

    def batches(self, prefixes):
        """The sources of weir, the largest batch first so that none runs alone at the end."""
        groups = {}
        for entry in json.loads((self.build / "compile_commands.json").read_text()):
            name = os.path.relpath(entry["file"], self.root)
            if name.startswith(("build/", "..")) or not name.startswith(prefixes):
                continue
            group = (flags_of(entry), entry["directory"], name.split("/")[0],
                     name if name.endswith(ALONE) else "")
            groups.setdefault(group, set()).add(name)
        found = [Batch(self.root, names, group[0], group[1])
                 for group, members in groups.items() for names in even_slices(sorted(members))]
        return sorted(found, key=lambda batch: -len(batch.text))

    def key(self, batch, path):
        """A hash of everything that the result depends on, or None if preprocessing fails."""
        listed = subprocess.run(["clang++", *batch.flags, "-MM", str(path)], cwd=batch.directory,
                                capture_output=True, text=True, check=False)
        if listed.returncode != 0:
            return None
        digest = hashlib.sha256(self.common + " ".join(batch.flags).encode())
        for name in sorted(set(listed.stdout.replace("\\\n", " ").split()[1:])):
            digest.update(Path(batch.directory, name).read_bytes())
        return digest.hexdigest()

    def judge(self, batch):
        """The diagnostics for one batch: an empty text if there are none."""
        path = batch.write(self.folder)
        key = self.key(batch, path)
        if key and (self.passed / key).exists():
            return ""
        rules = CONFIGURATIONS[batch.names[0].startswith("tests/")]
        command = ["clang-tidy", "--quiet", f"--config-file={self.root / rules}", *ANALYZER,
                   str(path), "--", *batch.flags]
        run = subprocess.run(command, cwd=batch.directory, capture_output=True, text=True,
                             check=False)
        if run.returncode == 0:
            if key:
                (self.passed / key).touch()
            return ""
        lines = (run.stdout or run.stderr).splitlines()
        told = "\n".join(line for line in lines if not NOISE.match(line))
        return batch.told_of_sources(told, path)


def unjudged(batches, root):
    """Sources without a target in the build folder; those of tools/bench build themselves."""
    judged = {name for batch in batches for name in batch.names}
    return [f"{name}: is not in the compilation database" for name in
            sources.list_files(root, (".cc",))
            if name not in judged and not name.startswith(("build/", "tools/bench/"))]


def first_of_each(complaints, root):
    """Each diagnostic once: one in a header is repeated by every batch that includes it."""
    seen = {}
    for text in complaints:
        for block in re.split(r"\n(?=\S+:\d+:\d+: (?:error|warning):)", text):
            seen.setdefault(block.splitlines()[0], block.replace(f"{root}/", ""))
    return list(seen.values())


def main():
    tidy = Tidy(sources.ROOT, Path(sys.argv[1]).resolve())
    begin = time.monotonic()
    batches = tidy.batches(tuple(sys.argv[2:]) or ("",))
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        complaints = [text for text in pool.map(tidy.judge, batches) if text]
    count = sum(len(batch.names) for batch in batches)
    print(f"clang-tidy: {count} sources in {time.monotonic() - begin:.0f} s")
    missing = [] if sys.argv[2:] else unjudged(batches, sources.ROOT)
    sources.finish("clang-tidy", missing + first_of_each(complaints, sources.ROOT))


if __name__ == "__main__":
    main()
