#!/usr/bin/env python3
"""A rule for a path applies to all its spellings, over both versions of HTTP."""

import json
import unittest

from http2_wire import Http2Client
from integration_case import LISTENER, IntegrationCase, forward, gateway

# The result for each spelling if /admin is denied: "denied", "refused" (400), or the path at the
# upstream, for which it is not /admin.
SPELLINGS = {
    "/admin": "denied", "/admin/": "denied", "/admin/x": "denied", "/admin?": "denied",
    # path parameters of segments
    "/admin;x": "denied", "/admin;/x": "denied", "/;/admin": "denied", "/;x=1/admin": "denied",
    "/admin%3b": "denied", "/admin%3Bx/y": "denied", "/%3b/admin": "denied",
    "/admin..;/": "/admin..;/", "/a/admin;x": "/a/admin;x",
    # slashes
    "//admin": "denied", "///admin": "denied", "/x/..//admin": "denied", "/a//../admin": "denied",
    "/.//admin": "denied", "//;//admin": "denied", "//a/admin": "/a/admin",
    # escapes
    "/%61dmin": "denied", "/adm%69n": "denied", "/%2561dmin": "/%2561dmin",
    "/admin%252f": "/admin%252f", "/admin%3f": "/admin%3F", "/admin%3fx": "/admin%3Fx",
    "/admin%23": "/admin%23", "/admin%20": "/admin%20", "/admin%09": "/admin%09",
    "/admin%2f": "refused", "/admin%2Fx": "refused", "/%2Fadmin": "refused",
    "/a%2f..%2fadmin": "refused", "/a%5c..%5cadmin": "refused", "/%5Cadmin": "refused",
    "/admin%00": "refused", "/%u0061dmin": "refused", "/admin%": "refused",
    # dots
    "/a/../admin": "denied", "/a/%2e%2e/admin": "denied", "/a/.%2e/admin": "denied",
    "/./admin": "denied", "/%2e/admin": "denied", "/admin/../admin": "denied",
    "/admin/..": "/", "/admin.": "/admin.",
    "/a/../../admin": "refused", "/admin/%2e%2e/%2e%2e/admin": "refused",
    "/..;/admin": "refused", "/a/..;/admin": "refused", "/a/..;x=y/admin": "refused",
    "/a/..%3b/admin": "refused", "/a/%2e%2e%3bx/admin": "refused", "/.;/admin": "refused",
    "/./;/admin": "denied",
    # bytes
    "/a\\..\\admin": "refused", "/a/..\\admin": "refused", "/\t/admin": "refused",
    "/admin#x": "refused", "/%c0%afadmin": "/%C0%AFadmin", "/%e0%80%afadmin": "/%E0%80%AFadmin",
    # raw UTF-8
    "/caf\xc3\xa9/\xc3\xbc?\xc3\xa9": "/caf%C3%A9/%C3%BC?%C3%A9", "/\xff": "/%FF",
    "/\xc3\xa9/../admin": "denied", "/admin/\xc3\xa9": "denied",
    # other names
    "/ADMIN": "/ADMIN", "/Admin": "/Admin", "/admin~": "/admin~", "/administrator": "/administrator",
}
ABSOLUTE = {
    "http://a/admin": "denied", "http://a//admin": "denied", "http://a/%61dmin": "denied",
    "http://a/a/../admin": "denied", "HTTP://a/admin": "denied", "https://a/admin": "denied",
    "http://a/;/admin": "denied", "http://a/admin;x": "denied", "http://a/other": "/other",
}
DENY = ('[[route]]\nname = "admin"\nmatch.path_prefix = "/admin"\nupstream = "backend"\n'
        'filters = [{ address_list = { deny = ["0.0.0.0/0", "::/0"] } }]\n')


class Case(IntegrationCase):
    def setUp(self):
        super().setUp()
        self.echo = self.upstream(lambda call: call.reply(call.request.target.encode("latin-1")))

    def start(self, rest, listener=LISTENER):
        return self.weir(gateway(rest, listener=listener))

    @staticmethod
    def outcome(body):
        """The outcome of a response: from weir itself, or from the echo server."""
        if body is None:
            return "refused"  # the stream was reset
        if not body.startswith(b"{"):
            return body.decode("latin-1")
        return {403: "denied", 400: "refused"}[json.loads(body)["status"]]

    def over_http1(self, weir, target):
        client = self.client(weir.address())
        client.send(b"GET " + target.encode("latin-1") + b" HTTP/1.1\r\nHost: a\r\n\r\n")
        return self.outcome(client.read_reply().body)

    def over_http2(self, weir, target):
        client = Http2Client(weir.address())
        self.addCleanup(client.close)
        return self.outcome(client.get(target, authority="a"))


class Denied(Case):
    def check(self, weir, spellings, send):
        for target, expected in spellings.items():
            with self.subTest(target=target):
                got = send(weir, target).removesuffix("?")
                self.assertEqual(got.lower(), expected.lower())

    def test_every_spelling(self):
        weir = self.start(DENY + forward(self.echo.address))
        with self.subTest(version=1):
            self.check(weir, SPELLINGS | ABSOLUTE, self.over_http1)
        with self.subTest(version=2):
            self.check(weir, SPELLINGS, self.over_http2)

    def test_every_spelling_for_a_policy(self):
        weir = self.start(forward(self.echo.address, route=(
            "filters = [{ rbac = { policies = [{ name = 'admin', action = 'deny', "
            "to = { paths = ['/admin/**'] } }] } }]")))
        with self.subTest(version=1):
            self.check(weir, SPELLINGS | ABSOLUTE, self.over_http1)
        with self.subTest(version=2):
            self.check(weir, SPELLINGS, self.over_http2)

    def test_kept_slashes_are_no_separators(self):
        weir = self.start(DENY + forward(self.echo.address),
                          LISTENER + 'escaped_slashes = "keep"\nmerge_slashes = false\n')
        kept = {"/admin%2fx": "/admin%2Fx", "/a%2f..%2fadmin": "/a%2F..%2Fadmin",
                "//admin": "//admin", "/;/admin": "denied", "/a%2fb/../admin": "denied",
                "/admin/x%2fy": "denied", "/admin/%5c%00": "denied"}
        self.check(weir, kept, self.over_http1)
        self.check(weir, kept, self.over_http2)

    def test_explain_agrees(self):
        weir = self.start(DENY + forward(self.echo.address))
        for target, route in (("/admin;x", "admin"), ("//admin", "admin"), ("/;/admin", "admin"),
                              ("/admin..;/", "all")):
            with self.subTest(target):
                page = json.loads(weir.admin("/explain?path=" + target)[1])
                self.assertEqual(page["route"], route)
        self.assertIn("%2F", json.loads(weir.admin("/explain?path=/x%252Fy")[1])["refusal"])


class OfARoute(Case):
    ROUTES = """
[[route]]
name = "npm"
match.path_prefix = "/npm"
escaped_slashes = "keep"
upstream = "backend"
rewrite.prefix = "/"
[[route]]
name = "raw"
match.path_prefix = "/raw"
normalize_path = false
escaped_slashes = "keep"
upstream = "backend"
[[route]]
name = "template"
match.path_template = "/users/{id}"
respond.body = "user ${capture.id}"
"""

    def test_what_it_says_of_paths(self):
        weir = self.start(self.ROUTES + forward(self.echo.address))
        cases = {
            "/npm/@scope%2fname": "/@scope%2Fname", "/npm;v=1/@a%2Fb;c": "/@a%2Fb;c",
            "/;x/npm/a": "/a", "//npm//a": "/a", "/npm": "/",
            "/raw/%7ea//b/./%2f?q": "/raw/%7ea//b/./%2f?q", "/x/..//raw/a": "/x/..//raw/a",
            "/users/7;admin=1": "user 7", "/users/7": "user 7",
            "/other%2fname": "refused", "/users/%2f": "refused",
        }
        for target, expected in cases.items():
            for send in (self.over_http1, self.over_http2):
                with self.subTest(target=target, send=send.__name__):
                    self.assertEqual(send(weir, target), expected)

    def test_what_cannot_be_meant_is_refused(self):
        route = '[[route]]\nname = "a"\nnormalize_path = false\n'
        for rest, why in (
                (route + 'respond.body = "x"\n', "requests are not forwarded"),
                (route + 'match.path_prefix = "/a"\nupstream = "backend"\nrewrite.prefix = "/b"\n',
                 "rewrite replaces the path"),
                ('[[route]]\nname = "a"\nmatch.path = "/a;b"\nupstream = "backend"\n',
                 "is never matched")):
            with self.subTest(why):
                weir = self.weir(gateway(rest + forward(self.echo.address)), start=False)
                weir.launch()
                self.assertEqual(weir.wait(), 2)
                self.assertIn(why, "\n".join(weir.output))


if __name__ == "__main__":
    unittest.main()
