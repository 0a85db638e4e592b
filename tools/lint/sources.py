"""The files for the checks, and the report of a check."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PRODUCTION = ("core/", "gateway/", "mesh/", "observability/", "tools/weir/")


def list_files(root, suffixes=()):
    """Paths below root, relative and sorted: those git tracks or would add, else all."""
    if (Path(root) / ".git").exists():
        command = ["git", "-C", str(root), "ls-files", "-z", "--cached", "--others",
                   "--exclude-standard"]
        listed = subprocess.run(command, check=True, capture_output=True, text=True).stdout
        names = [name for name in listed.split("\0") if name and (Path(root) / name).is_file()]
    else:
        names = [os.path.relpath(os.path.join(folder, name), root)
                 for folder, _, files in os.walk(root) for name in files]
    return sorted(name for name in set(names) if not suffixes or name.endswith(tuple(suffixes)))


def matching(root, patterns):
    """The files below root, relative, that match each pattern such as "docs/*.md", in its order."""
    return [path.relative_to(root).as_posix()
            for pattern in patterns for path in sorted(Path(root).glob(pattern)) if path.is_file()]


def read(root, name):
    """The text of a file, or nothing if it is binary."""
    try:
        return (Path(root) / name).read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return ""


def finish(what, mistakes):
    """Prints the errors and ends the process: 1 if there are any."""
    for mistake in mistakes:
        print(mistake)
    print(f"{what}: {len(mistakes)} mistakes" if mistakes else f"{what}: ok")
    sys.exit(1 if mistakes else 0)
