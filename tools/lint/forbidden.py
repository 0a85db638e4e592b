#!/usr/bin/python3
"""Finds forbidden patterns in weir's code: a table with allowed places, reasons, replacements."""

import io
import re
import tokenize
from dataclasses import dataclass

import sources

CODE = (".h", ".cc")
PYTHON = (".py",)
ALL_TEXT = (".h", ".cc", ".py", ".md", ".toml", ".txt", ".cmake", ".json", ".sh")
OURS = sources.PRODUCTION
EVERYWHERE = ("",)


@dataclass(frozen=True)
class Row:
    """One forbidden pattern."""

    pattern: str
    allowed: tuple  # path prefixes in which it is allowed
    reason: str
    instead: str
    where: tuple = EVERYWHERE  # path prefixes that are searched
    suffixes: tuple = CODE
    raw: bool = False  # also search comments and literals


TABLE = [
    Row(r"\bstd::(mutex|\w+_mutex|j?thread(?!::hardware_concurrency)|"
        r"condition_variable\w*|lock_guard|unique_lock|"
        r"scoped_lock|shared_lock|future|promise|async|call_once)\b",
        ("core/event/", "tests/core/event/", "tests/core/base/metric", "tests/gateway/limit/",
         "tests/support/"),
        "workers share nothing mutable", "Worker::post"),
    Row(r"\bstd::atomic\w*", ("core/event/", "core/base/metric", "gateway/limit/slot_table",
                              "tests/core/event/", "tests/core/base/metric",
                              "tests/gateway/limit/", "tests/support/"),
        "workers share nothing mutable", "Worker::post or a metric cell"),
    Row(r"\bthread_local\b", ("tests/core/proxy/allocations.cc",), "a global in disguise", "a member of the worker"),
    Row(r"\b(steady_clock|system_clock|high_resolution_clock)::now\b|\bclock_gettime\b|"
        r"\bgettimeofday\b", ("core/base/clock", "tests/support/", "tools/bench/"),
        "time must stand still in tests", "Clock"),
    Row(r"\b(std::)?(strto(l|ul|ll|ull|d|f|imax|umax)|ato[ilf]|atoll|sscanf)\s*\(|"
        r"\bstd::sto(i|l|ul|ll|ull|f|d)\b", (),
        "numbers are read strictly: \"10abc\" is not 10", "parseNumber"),
    Row(r"\bdelete\s+this\b|\b(enable_)?shared_from_this\b", (), "the owner deletes",
        "an owner named in the comment"),
    Row(r"\bshared_ptr\s*<\s*(?!const\b)", (), "shared and mutable", "shared_ptr<const T>", OURS),
    Row(r"\bstd::w?(c|s)?regex", (), "exponential on hostile input", "RE2"),
    Row(r"#\s*include\s*<iostream>", (), "static constructors, no levels", "core/base/log.h"),
    Row(r"\b(u|nano)?sleep(_for|_until)?\s*\(", ("tools/bench/",),
        "a sleep is too short or too long", "an event or a timer of the loop"),
    Row(r"\b(time|asyncio)\.sleep\b|\bfrom time import .*\bsleep\b", ("tests/support/poll.py",),
        "a sleep is too short or too long (the one bounded poll of what another process does is "
        "in poll.py)", "the poll of tests/support/poll.py", ("tests/",), PYTHON),
    Row(r"\b(std::)?s?rand\s*\(|\bstd::(random_device|mt19937\w*|default_random_engine)\b",
        ("core/base/random",), "randomness is repeatable in tests", "Random"),
    Row(r"\b(mode|role)_?(\(\))?\s*[=!]=", ("tools/weir/", "core/server/plan", "core/proxy/plan", "core/config/role"),
        "the role is read once, when the plan is built", "two plans"),
    Row(r"\bthrow\b", (), "no exception crosses our functions", "Result or WEIR_CHECK", OURS),
    Row(r"\busing\s+namespace\b(?!\s+std::(chrono_)?literals\b)", ("tests/",), "names say where they are from", "the name"),
    Row(r"^\s*#\s*define\s+(?!WEIR_(TRY|CHECK|LOG|CONCAT)\w*)",
        ("tools/bench/", "core/config/toml"), "macros hide control flow (toml++ is set up by some)",
        "a function or a constant"),
    Row(r"\b(class|struct|enum|union)\s+(class\s+)?(\[\[\w+\]\]\s*)?[A-Z]?\w*"
        r"(Manager|Handler|Helper|Util|Info|Data|Impl|Base|Context)(?![a-z])\w*\s*(final\s*)?[:{]",
        (), "the name says nothing", "a word of the domain"),
    Row(r"(127\.0\.0\.1|localhost|0\.0\.0\.0|\[::1?\]):[1-9]\d{1,4}\b", (),
        "a fixed port is taken on somebody's machine", "port 0", ("tests/integration/",),
        CODE + PYTHON, True),
    Row(r"NOLINT(?!(NEXTLINE|BEGIN|END)?\([\w.,-]+\):? \w)", (), "an exception needs its reason",
        "NOLINT(check): why", suffixes=CODE, raw=True),
    Row(r"\bTODO(?!\((soon|perf|security)\): )", (), "undone work blocks a merge or has a kind",
        "TODO(soon|perf|security): what", suffixes=CODE + PYTHON, raw=True),
    Row(r"(^|[\s\"'=(])/(work|home|root)/\w", (), "a path of one machine", "a relative path",
        suffixes=ALL_TEXT, raw=True),
]
# The checks contain the patterns themselves.
EXEMPT = ("tools/lint/forbidden.py", "tests/tools/lint/")

CPP_NOISE = re.compile(
    r'//[^\n]*|/\*.*?\*/|R"(?P<tag>[^()\s]*)\(.*?\)(?P=tag)"|"(?:\\.|[^"\\\n])*"|'
    r"(?<![0-9a-fA-F])'(?:\\.|[^'\\\n])+'", re.DOTALL)


def blank(match):
    """As many empty lines as the match has."""
    return "\n" * match[0].count("\n") or " "


def code_of(name, text):
    """The text without comments and literals; every line keeps its number."""
    if name.endswith(CODE):
        return CPP_NOISE.sub(lambda m: '""' if m[0][0] == '"' else blank(m), text)
    if name.endswith(".py"):
        return python_code(text)
    return text


def python_code(text):
    """Python without comments and strings."""
    lines = [list(line) for line in text.splitlines()]
    try:
        for token in tokenize.generate_tokens(io.StringIO(text).readline):
            if token.type in (tokenize.COMMENT, tokenize.STRING):
                (first, start), (last, end) = token.start, token.end
                for number in range(first, last + 1):
                    line = lines[number - 1]
                    begin = start if number == first else 0
                    stop = end if number == last else len(line)
                    line[begin:stop] = " " * (stop - begin)
    except (tokenize.TokenError, SyntaxError):
        return text
    return "\n".join("".join(line) for line in lines)


def find(row, name, text):
    """The lines of the file that match the row's pattern."""
    if not name.startswith(row.where) or not name.endswith(row.suffixes):
        return []
    if name.startswith(EXEMPT) or (row.allowed and name.startswith(row.allowed)):
        return []
    searched = text if row.raw else code_of(name, text)
    return [searched.count("\n", 0, found.end() - len(found[0].lstrip())) + 1
            for found in re.finditer(row.pattern, searched, re.MULTILINE)]


def check(root):
    """All errors below root."""
    mistakes = []
    for name in sources.list_files(root, ALL_TEXT):
        text = sources.read(root, name)
        for row in TABLE:
            for line in find(row, name, text):
                found = text.splitlines()[line - 1].strip()
                mistakes.append(
                    f"{name}:{line}: `{found}`: {row.reason}; use {row.instead}")
    return mistakes


if __name__ == "__main__":
    sources.finish("forbidden", check(sources.ROOT))
