"""Tests of the real binary with non-HTTP connections."""

import json
import socket

import poll
from tcp_upstream import TcpUpstream, echo
from tls_case import TlsCase


def tcp_listener(more="", address="127.0.0.1:0"):
    return f"""
[[listener]]
name = "public"
address = "{address}"
protocol = "tcp"
{more}
"""


def upstream(name, *endpoints, more=""):
    return (f"\n[upstream.{name}]\n"
            f"discovery = {{ static = {json.dumps(list(endpoints))} }}\n{more}\n")


def read_all(peer):
    """All bytes up to the end of the stream; None after a reset."""
    said = b""
    try:
        while chunk := peer.recv(65536):
            said += chunk
    except ConnectionResetError:
        return None
    return said


def read_exactly(peer, size):
    said = b""
    while len(said) < size:
        chunk = peer.recv(size - len(said))
        if not chunk:
            raise AssertionError(f"ended after {said!r}")
        said += chunk
    return said


class TcpCase(TlsCase):
    def tcp_upstream(self, talk=echo, **parts):
        server = TcpUpstream(talk, **parts)
        self.addCleanup(self._close, server)
        return server

    def connect(self, weir, listener="public"):
        address = weir.address(listener)
        if address.startswith("unix:"):
            peer = socket.socket(socket.AF_UNIX)
            peer.connect(address.removeprefix("unix:"))
        else:
            host, port = address.rsplit(":", 1)
            peer = socket.create_connection((host, int(port)))
        peer.settimeout(poll.PATIENCE)
        self.addCleanup(peer.close)
        return peer

    def ask(self, weir, text):
        """Sends the text, half-closes the connection, and returns the complete reply."""
        peer = self.connect(weir)
        peer.sendall(text)
        peer.shutdown(socket.SHUT_WR)
        return read_all(peer)

    def assert_talks(self, peer):
        peer.sendall(b"ping\n")
        self.assertEqual(read_exactly(peer, 5), b"ping\n")
