"""Filters that transform bodies, in the real binary, over both versions of HTTP."""

import random
import re
import subprocess

import poll
from http_wire import Message, chunk
from integration_case import IntegrationCase, forward, gateway
from weir_process import BINARY, ROOT


def sample(size, seed=1):
    """A text that compresses to about a third."""
    source = random.Random(seed)
    lines = (b'{"id":%d,"name":"item"}\n' % source.randrange(100000) for _ in range(size // 20 + 1))
    return b"".join(lines)[:size]


def in_random_chunks(body, seed):
    """The body in the chunked coding, with chunks of 1 byte to 20,000 bytes."""
    source = random.Random(seed)
    raw = b""
    while body:
        size = source.choice([1, source.randrange(1, 50), source.randrange(1, 20000)])
        raw += chunk(body[:size])
        body = body[size:]
    return raw + b"0\r\n\r\n"


class TransformCase(IntegrationCase):
    def example(self, name, upstream):
        """The example configuration of a filter, with free ports and this upstream."""
        text = (ROOT / "configs" / name).read_text(encoding="utf-8")
        text = re.sub(r'static = \["[^"]*"\]', f'static = ["{upstream.address}"]', text)
        text = text.replace('"pages/', f'"{ROOT}/configs/pages/')
        return self.weir(re.sub(r'address = "127[^"]*"', 'address = "127.0.0.1:0"', text))

    def check(self, weir):
        """What `weir check` prints about a configuration that is not valid."""
        done = subprocess.run([BINARY, "check", str(weir.file)], capture_output=True, text=True,
                              check=False)
        self.assertNotEqual(done.returncode, 0, done.stdout)
        return done.stdout + done.stderr

    def filtered(self, upstream, filters, more=""):
        return self.weir(gateway(forward(upstream.address, route=f"filters = {filters}") + more))

    def behind_http2(self, weir):
        """A weir in front that speaks HTTP/2 with it."""
        return self.weir(gateway(forward(weir.address(), upstream='protocol = "http2"')))

    def http2(self, weir, *arguments, path="/"):
        """The response to curl over HTTP/2, as a Message."""
        done = subprocess.run(
            ["curl", "-sS", "-i", "--http2-prior-knowledge", "--max-time", str(poll.PATIENCE),
             *arguments, f"http://{weir.address()}{path}"], capture_output=True, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        head, _, body = done.stdout.partition(b"\r\n\r\n")
        while head.split(b" ")[1] == b"100":
            head, _, body = body.partition(b"\r\n\r\n")
        message = Message(head + b"\r\n")
        message.body = body
        return message

    def both(self, weir, target="/", headers=()):
        """The response over HTTP/1.1 and over HTTP/2."""
        given = [part for name, value in headers for part in ("-H", f"{name}: {value}")]
        return [self.get(weir, target, headers=list(headers)),
                self.http2(weir, *given, path=target)]
