#!/usr/bin/env python3
"""Writes cel_cases.txt: generated expressions with their results in another implementation of CEL.

Left out are points in which that implementation differs from the specification of CEL, which weir
follows: it has no string(bool), and size() counts the bytes of a text instead of its characters.

Needs `pip install common-expression-language`. cel_test.cc compares weir with the file, so that the
package is not needed for the tests:
tests/core/expr/generate_cel_cases.py >tests/core/expr/cel_cases.txt
"""

import datetime
import random

import cel

COUNT = 500
# The variables of sample_facts.h.
VARIABLES = {
    "t": True, "f": False, "i": 7, "j": -3, "zero": 0, "x": 2.5, "s": "Hello", "u": "h\u00e9llo",
    "b": b"ab", "ints": [1, 2, 3], "strings": ["a", "b"],
    "headers": {"host": "example.com", "x-a": "bcd"},
    "duration_of": datetime.timedelta(seconds=1.5),
    "time_of": datetime.datetime.fromtimestamp(1_700_000_000, datetime.timezone.utc),
}
COMPARISONS = ("==", "!=", "<", "<=", ">", ">=")


class Generator:
    """Random expressions of a type. Constant parts never fail: weir refuses those when it loads."""

    def __init__(self, seed):
        self.random = random.Random(seed)
        self.locals = []

    def make(self, kind, depth):
        makers = getattr(self, kind)(depth)
        return self.random.choice(makers)() if depth > 0 else self.leaf(kind)

    def leaf(self, kind):
        leaves = {
            "bool": ["t", "f", "true", "false"],
            "int": ["i", "j", "zero", "0", "1", "2", "-5", self.rare("(i + 9223372036854775800)", "4"), *self.locals],
            "double": ["x", "0.5", "-1.5", "1e3"],
            "string": ["s", "u", '"a"', '"Hel"', '"lo"', '""', 'headers["host"]',
                       self.rare('headers["none"]', '"a,b"'), "headers.host", 'strings[0]', r'"\u00e9"'],
            "bytes": ["b", 'b"a"', 'b"abc"'],
            "ints": ["ints", "[1, 2]", "[i, zero]"],
            "strings": ["strings", '["a", "Hello"]'],
            "duration": ["duration_of", 'duration("1s")', 'duration("1h30m")'],
            "time": ["time_of", 'timestamp("2023-11-14T22:13:20Z")'],
        }
        return self.random.choice(leaves[kind])

    def rare(self, text, usual):
        """Texts that often cause errors would hide other results."""
        return text if self.random.random() < 0.2 else usual

    def either(self, depth, kinds, write):
        def made():
            kind = self.random.choice(kinds)
            return write(self.make(kind, depth - 1), self.make(kind, depth - 1))
        return made

    def infix(self, depth, kind, symbols):
        return lambda: (f"({self.make(kind, depth - 1)} {self.random.choice(symbols)} "
                        f"{self.make(kind, depth - 1)})")

    def choice(self, kind, depth):
        return lambda: (f"({self.make('bool', depth - 1)} ? {self.make(kind, depth - 1)} : "
                        f"{self.make(kind, depth - 1)})")

    def loop(self, depth, name, body):
        variable = f"n{len(self.locals)}"
        items = self.make("ints", depth - 1)
        self.locals.append(variable)
        inner = self.make(body, depth - 1)
        self.locals.pop()
        return f"{items}.{name}({variable}, {inner})"

    def bool(self, depth):
        comparable = ("int", "double", "string", "bytes", "duration", "time")
        return [
            self.either(depth, comparable, lambda left, right:
                        f"({left} {self.random.choice(COMPARISONS)} {right})"),
            self.either(depth, ("ints", "strings"), lambda left, right: f"({left} == {right})"),
            self.infix(depth, "bool", ("&&",)),
            self.infix(depth, "bool", ("||",)),
            self.choice("bool", depth),
            lambda: f"!{self.make('bool', depth - 1)}",
            lambda: f"({self.make('int', depth - 1)} in {self.make('ints', depth - 1)})",
            lambda: f"({self.make('string', depth - 1)} in {self.make('strings', depth - 1)})",
            lambda: f"({self.make('string', depth - 1)} in headers)",
            lambda: f"({self.make('int', depth - 1)} < {self.make('double', depth - 1)})",
            lambda: f"has(headers.{self.random.choice(('host', 'none'))})",
            lambda: self.loop(depth, self.random.choice(("exists", "all")), "bool"),
            self.method(depth, "startsWith"), self.method(depth, "endsWith"),
            self.method(depth, "contains"),
            lambda: f"{self.make('string', depth - 1)}.matches(\"l+o?$\")",
        ]

    def method(self, depth, name):
        return lambda: (f"{self.make('string', depth - 1)}.{name}"
                        f"({self.make('string', depth - 1)})")

    def int(self, depth):
        return [
            self.infix(depth, "int", ("+", "-", "*")),
            lambda: f"(i {self.random.choice('/%')} {self.make('int', depth - 1)})",
            lambda: f"({self.make('int', depth - 1)} {self.random.choice('/%')} j)",
            lambda: f"size({self.random.choice(('s', 'strings[0]', 's + strings[1]'))})",
            lambda: f"{self.make('ints', depth - 1)}.size()",
            lambda: f"ints[{self.rare(self.make('int', depth - 1), 'zero + 2')}]",
            lambda: f"int({self.make('double', depth - 1)})",
            lambda: f"int({self.rare('s', 'string(i)')})",
            lambda: f"-({self.make('int', depth - 1)})",
            self.choice("int", depth),
        ]

    def double(self, depth):
        return [self.infix(depth, "double", ("+", "-", "*", "/")), self.choice("double", depth),
                lambda: f"double({self.make('int', depth - 1)})"]

    def string(self, depth):
        return [self.infix(depth, "string", ("+",)), self.choice("string", depth),
                lambda: f"string({self.make('int', depth - 1)})"]

    def bytes(self, depth):
        return [self.infix(depth, "bytes", ("+",)), lambda: f"bytes({self.make('string', depth - 1)})"]

    def ints(self, depth):
        return [self.infix(depth, "ints", ("+",)), lambda: self.loop(depth, "map", "int"),
                lambda: self.loop(depth, "filter", "bool"), self.choice("ints", depth)]

    def strings(self, depth):
        return [self.infix(depth, "strings", ("+",)),
                lambda: f"[{self.make('string', depth - 1)}]"]

    def duration(self, depth):
        return [self.infix(depth, "duration", ("+", "-")),
                lambda: f"({self.make('time', depth - 1)} - {self.make('time', depth - 1)})"]

    def time(self, depth):
        return [lambda: f"({self.make('time', depth - 1)} + {self.make('duration', depth - 1)})"]


def shown(value):
    """As shown() of sample_facts.h."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return f'"{value}"'
    if isinstance(value, bytes):
        return f'b"{value.decode()}"'
    if isinstance(value, float):
        text = f"{value:.6f}".rstrip("0")
        return text + "0" if text.endswith(".") else text
    if isinstance(value, list):
        return "[" + ", ".join(map(shown, value)) + "]"
    if isinstance(value, datetime.timedelta):
        return f"duration {value // datetime.timedelta(microseconds=1) * 1000}"
    if isinstance(value, datetime.datetime):
        since = value - datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)
        return f"timestamp {since // datetime.timedelta(microseconds=1) * 1000}"
    return str(value)


def result(text):
    try:
        return shown(cel.evaluate(text, VARIABLES))
    except Exception:  # pylint: disable=broad-except
        return "error"


def main():
    generator = Generator(20260101)
    kinds = ("bool", "bool", "bool", "int", "double", "string", "bytes", "ints", "strings",
             "duration", "time")
    seen = set()
    while len(seen) < COUNT:
        text = generator.make(generator.random.choice(kinds), generator.random.randint(1, 4))
        if text in seen or len(text) > 400:
            continue
        seen.add(text)
        print(f"{text}\t{result(text)}")


if __name__ == "__main__":
    main()
