"""The filter transform in the real binary."""

import unittest

from integration_case import forward, gateway
from transform_case import TransformCase


class Example(TransformCase):
    def test_the_example_over_both_versions(self):
        upstream = self.upstream(lambda call: call.reply(
            b"x", "404 Not Found", [("X-Powered-By", "shop"), ("Set-Cookie", "id=1; Path=/")]))
        weir = self.example("transform.toml", upstream)
        replies = self.both(weir, "/p?tier=gold&key=secret", [
            ("x-debug-level", "9"), ("x-token", "t"), ("cookie", "tracking=1; id=2")])
        for reply, request in zip(replies, upstream.requests):
            self.assertEqual(reply.status, 410)
            self.assertEqual(reply.header("set-cookie"),
                             "id=1; Path=/; Secure; HttpOnly; SameSite=Lax")
            self.assertEqual(reply.header("x-content-type-options"), "nosniff")
            self.assertIsNone(reply.header("x-powered-by"))
            self.assertEqual(request.target, "/p?tier=gold&source=web")
            self.assertEqual(request.header("cookie"), "id=2")
            self.assertEqual((request.header("x-tier"), request.header("x-shop-token")),
                             ("gold", "t"))
            self.assertEqual(request.header("x-client"), "127.0.0.1")
            self.assertIsNone(request.header("x-debug-level"))


class Mistakes(TransformCase):
    def said(self, settings):
        return self.check(self.weir(gateway(forward("127.0.0.1:1", route=(
            f"filters = [{{ transform = {{ {settings} }} }}]"))), start=False))

    def test_each_has_its_position(self):
        for settings, message in (
                ("request = { headers = { set = { host = 'a' } } }", "cannot be changed"),
                ("request = { headers = { set = { a = '${response.status}' } } }", "response"),
                ("request = { headers = { set = { a = '${request.what}' } } }", "request.what"),
                ("response = { headers = { set = { content-length = '1' } } }", "frames"),
                ("request = { headers = { replace = [{ header = 'a', regex = '(' }] } }", "regex"),
                ("request = { headers = { set = { a = { expression = 'request.x' } } } }",
                 "request.x"),
                ("response = { status = { 404 = 204 } }", "cannot change 404 to 204"),
                ("response = { trailers = { set = { authorization = 'x' } } }", "trailer")):
            with self.subTest(settings):
                said = self.said(settings)
                self.assertRegex(said, r"weir\.toml:\d+:\d+")
                self.assertIn(message, said)


if __name__ == "__main__":
    unittest.main()
