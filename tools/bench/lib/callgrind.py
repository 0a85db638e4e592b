"""Reads the output of callgrind: instructions and calls by function."""

import re
from collections import Counter
from dataclasses import dataclass, field

NAME = re.compile(r"^c?fn=\((\d+)\)(?: (.*))?$")
CALLS = re.compile(r"^calls=(\d+)")

# All allocation functions; operator new and others call malloc, which is counted by itself.
ALLOCATORS = {"malloc", "calloc", "realloc", "memalign", "aligned_alloc", "posix_memalign"}


@dataclass
class Profile:
    own: Counter = field(default_factory=Counter)    # Instructions of the function itself.
    calls: Counter = field(default_factory=Counter)  # Number of calls.

    @property
    def instructions(self):
        return sum(self.own.values())

    @property
    def allocations(self):
        return sum(count for name, count in self.calls.items() if base_name(name) in ALLOCATORS)


def base_name(name):
    """"malloc'2" is a recursive malloc."""
    return name.partition("'")[0]


def read(path):
    """The profile of one output file (cost lines are: position, instructions)."""
    profile = Profile()
    names = {}
    current = callee = ""
    calls = totals = None
    with open(path, encoding="utf-8", errors="replace") as lines:
        for line in lines:
            line = line.rstrip("\n")
            named = NAME.match(line)
            if named:
                name = names.setdefault(named[1], named[2] or "?")
                if line.startswith("c"):
                    callee = name
                else:
                    current = name
                continue
            called = CALLS.match(line)
            if called:
                calls = int(called[1])
                continue
            if line.startswith("totals: "):
                totals = int(line.split()[1])
            cost = line.split()
            if len(cost) != 2 or not cost[1].isdigit() or cost[0][0] not in "+-*0123456789":
                continue
            if calls is None:
                profile.own[current] += int(cost[1])
            else:  # The line after calls= has the callee's cost, which is already counted.
                profile.calls[callee] += calls
                calls = None
    if profile.instructions != totals:
        raise RuntimeError(f"{path}: read {profile.instructions} instructions of {totals}; "
                           "was the process killed before it could write?")
    return profile


def per_request(few, many, requests):
    """The difference between two runs, per additional request."""
    def divide(one, other):
        return Counter({name: (other[name] - one[name]) / requests
                        for name in set(one) | set(other)})
    return Profile(divide(few.own, many.own), divide(few.calls, many.calls))


def merge(paths):
    """One profile of all files of a run (callgrind writes one for each process)."""
    whole = Profile()
    for path in paths:
        profile = read(path)
        whole.own.update(profile.own)
        whole.calls.update(profile.calls)
    return whole
