"""The cases of the W3C's own test of Trace Context, level 2, against a weir that continues the
traces of all clients."""

import re
import unittest

from fake_upstream import closed_address
from integration_case import IntegrationCase, forward, gateway

TRACE = "12345678901234567890123456789012"
SPAN = "1234567890123456"
SAMPLED = f"00-{TRACE}-{SPAN}-01"
UNSAMPLED = f"00-{TRACE}-{SPAN}-00"
VALID = re.compile("00-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}")
LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789_-*/"
VISIBLE = "".join(chr(c) for c in range(0x20, 0x7F) if chr(c) not in ",=")

# Headers that do not continue a trace.
NEW_TRACES = {
    "nothing": [],
    "duplicated": [("traceparent", SAMPLED)] * 2,
    "other names": [("trace-parent", SAMPLED), ("trace.parent", SAMPLED)],
    **{f"malformed {value}": [("traceparent", value)] for value in (
        f"00-{TRACE}-{SPAN}-01.", f"00-{TRACE}-{SPAN}-01-what-the-future-will-be-like",
        f"cc-{TRACE}-{SPAN}-01.what-the-future-will-be-like", f"ff-{TRACE}-{SPAN}-01",
        f".0-{TRACE}-{SPAN}-01", f"0.-{TRACE}-{SPAN}-01", f"000-{TRACE}-{SPAN}-01",
        f"0000-{TRACE}-{SPAN}-01", f"0-{TRACE}-{SPAN}-01", f"00-{32 * '0'}-{SPAN}-01",
        f"00-.{TRACE[1:]}-{SPAN}-01", f"00-{TRACE[:-1]}.-{SPAN}-01", f"00-{TRACE}3-{SPAN}-01",
        f"00-{TRACE[:-1]}-{SPAN}-01", f"00-{TRACE}-{16 * '0'}-01", f"00-{TRACE}-.{SPAN[1:]}-01",
        f"00-{TRACE}-{SPAN[:-1]}.-01", f"00-{TRACE}-{SPAN}7-01", f"00-{TRACE}-{SPAN[:-1]}-01",
        f"00-{TRACE}-{SPAN}-.0", f"00-{TRACE}-{SPAN}-0.", f"00-{TRACE}-{SPAN}-001",
        f"00-{TRACE}-{SPAN}-1")},
    "a state alone": [("tracestate", "foo=1,bar=2")],
}

CONTINUED = {
    "a parent": [("traceparent", SAMPLED)],
    "in another case": [("TrAcEpArEnT", SAMPLED)],
    "in capitals": [("TRACEPARENT", SAMPLED)],
    "a later version": [("traceparent", f"cc-{TRACE}-{SPAN}-01")],
    "a later version with more": [
        ("traceparent", f"cc-{TRACE}-{SPAN}-01-what-the-future-will-be-like")],
    "white space": [("traceparent", f"\t {SAMPLED} \t")],
}

MANY = [f"bar{i:02}={i:02}" for i in range(1, 34)]

# The values of tracestate, and what becomes of them.
STATES = [
    (["foo=1,bar=2"], "foo=1,bar=2"),
    ([""], None),
    (["foo=1", ""], "foo=1"),
    (["", "foo=1"], "foo=1"),
    (["foo=1,bar=2", "rojo=1,congo=2", "baz=3"], "foo=1,bar=2,rojo=1,congo=2,baz=3"),
    (["foo=1,foo=1"], None),
    (["foo=1,foo=2"], None),
    (["foo=1", "foo=1"], None),
    (["foo=1", "foo=2"], None),
    ([f"{LETTERS}={VISIBLE}"], f"{LETTERS}={VISIBLE}"),
    ([f"{LETTERS}@a-z0-9_-*/={VISIBLE}"], f"{LETTERS}@a-z0-9_-*/={VISIBLE}"),
    (["foo=1 \t , \t bar=2, \t baz=3"], "foo=1,bar=2,baz=3"),
    (["foo=1\t \t,\t \tbar=2,\t \tbaz=3"], "foo=1,bar=2,baz=3"),
    (["\t foo=1 \t"], "foo=1"),
    (["foo =1"], None),
    (["FOO=1"], None),
    (["foo.bar=1"], None),
    (["foo@=1,bar=2"], None),
    (["@foo=1,bar=2"], None),
    (["foo@@bar=1,bar=2"], None),
    (["foo@bar@baz=1,bar=2"], None),
    ([",".join(MANY[:10]), ",".join(MANY[10:32])], ",".join(MANY[:32])),
    ([",".join(MANY[:10]), ",".join(MANY[10:])], None),
    (["foo=1", 256 * "z" + "=1"], "foo=1," + 256 * "z" + "=1"),
    (["foo=1", 257 * "z" + "=1"], None),
    (["foo=1", 241 * "t" + "@" + 14 * "v" + "=1"], "foo=1," + 241 * "t" + "@" + 14 * "v" + "=1"),
    (["foo=1", 242 * "t" + "@v=1"], None),
    (["foo=1", "t@" + 15 * "v" + "=1"], None),
    (["foo=bar=baz"], None),
    (["foo=,bar=3"], None),
]


class TraceContext(IntegrationCase):
    def setUp(self):
        super().setUp()
        self.service = self.upstream()
        weir = self.weir(gateway(forward(self.service.address) + (
            f'[tracing]\nparent = "all"\nendpoint = "http://{closed_address()}"\n')))
        self.caller = self.client(weir.address())

    def ask(self, headers):
        """The trace ID, the span ID and the state that the service receives."""
        self.assertEqual(self.caller.request("/", headers=headers).status, 200)
        received = self.service.requests[-1]
        parents = received.all("traceparent")
        self.assertEqual(len(parents), 1)
        match = VALID.fullmatch(parents[0])
        self.assertIsNotNone(match, parents)
        return match[1], match[2], received.header("tracestate")

    def test_what_begins_a_new_trace(self):
        seen = set()
        for name, headers in NEW_TRACES.items():
            with self.subTest(name):
                trace, span, state = self.ask(headers)
                self.assertNotEqual(trace, TRACE)
                self.assertNotEqual(int(trace, 16), 0)
                self.assertNotEqual(int(span, 16), 0)
                self.assertEqual(state, "ot=th:0")  # that of a new trace
                seen.add(trace)
        self.assertEqual(len(seen), len(NEW_TRACES))

    def test_what_continues_one(self):
        spans = set()
        for name, headers in CONTINUED.items():
            with self.subTest(name):
                trace, span, state = self.ask(headers)
                self.assertEqual(trace, TRACE)
                self.assertNotEqual(span, SPAN)
                self.assertIsNone(state)
                spans.add(span)
        self.assertEqual(len(spans), len(CONTINUED))

    def test_the_state(self):
        for values, expected in STATES:
            with self.subTest(values):
                headers = [("traceparent", UNSAMPLED)]
                headers += [("tracestate", value) for value in values]
                trace, _, state = self.ask(headers)
                self.assertEqual(trace, TRACE)
                self.assertEqual(state, expected)

    def test_the_name_of_the_state(self):
        for name, expected in (("TraceState", "foo=1"), ("TRACESTATE", "foo=1"),
                               ("trace-state", None), ("trace.state", None)):
            with self.subTest(name):
                self.assertEqual(self.ask([("traceparent", UNSAMPLED), (name, "foo=1")])[2],
                                 expected)


if __name__ == "__main__":
    unittest.main()
