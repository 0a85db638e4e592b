#!/usr/bin/python3
"""Every `Class::member` and every path in backticks in the documents must exist."""

import re
from pathlib import Path

import sources

DOCUMENTS = ("ARCHITECTURE.md", "README.md", "CONTRIBUTING.md", "docs/*.md")
FOLDERS = "core|gateway|mesh|observability|configs|tests|tools"
MEMBER = re.compile(r"\b([A-Z]\w+)::(~?\w+)")
PATH = re.compile(rf"`((?:{FOLDERS})/[\w./-]*)`")
FENCED = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)


def code_spans(text):
    """All text in backticks, and all fenced blocks."""
    fenced = FENCED.findall(text)
    return fenced + re.findall(r"`([^`\n]+)`", FENCED.sub("", text))


def declares(source, type_name, member):
    """True if the source declares the type and contains the name of the member."""
    declared = re.search(rf"\b(class|struct|enum class|union)\s+(\[\[\w+\]\]\s+)?{type_name}\b[^;]*\{{", source)
    return bool(declared and re.search(rf"\b{re.escape(member)}\b", source[declared.end():]))


def check(root):
    """All errors in the documents below root."""
    headers = [sources.read(root, name) for name in sources.list_files(root, (".h", ".cc"))]
    mistakes = []
    for document in sources.matching(root, DOCUMENTS):
        text = sources.read(root, document)
        named = {found for span in code_spans(text) for found in MEMBER.findall(span)}
        for type_name, member in sorted(named):
            if not any(declares(source, type_name, member) for source in headers):
                mistakes.append(f"{document}: {type_name}::{member} does not exist")
        for path in sorted(set(PATH.findall(text))):
            if not (Path(root) / path).exists():
                mistakes.append(f"{document}: {path} does not exist")
    return mistakes


if __name__ == "__main__":
    sources.finish("architecture", check(sources.ROOT))
