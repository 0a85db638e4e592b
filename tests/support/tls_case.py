"""Tests of the real binary with TLS, and certificates of `weir ca`."""

import http.client
import socket
import ssl
import subprocess

import poll
from integration_case import IntegrationCase, gateway
from weir_process import BINARY

TLS_LISTENER = """
[[listener]]
name = "public"
address = "127.0.0.1:0"
reason_header = true
tls = { certificates = [{ cert = "ca/edge.crt", key = "ca/edge.key" }] %s }
"""


class TlsCase(IntegrationCase):
    def ca(self, folder, *arguments):
        return subprocess.run([BINARY, "ca", *arguments], cwd=folder, check=True,
                              capture_output=True, text=True).stdout

    def authority(self, folder, *names):
        """Creates a CA and a certificate for each name (and 127.0.0.1) in FOLDER/ca."""
        self.ca(folder, "init", "--days", "2")
        for name in names:
            self.ca(folder, "issue", name, "--dns", f"{name}.test", "--address", "127.0.0.1")

    def secured(self, rest, more="", names=("edge",), start=True):
        weir = self.weir(gateway(rest, listener=TLS_LISTENER % more), start=False)
        self.authority(weir.folder, *names)
        return weir.start() if start else weir

    def context(self, weir):
        return ssl.create_default_context(cafile=str(weir.folder / "ca/root.crt"))

    def server_context(self, weir, name):
        """A context with one of the certificates, for a server of the test."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(weir.folder / f"ca/{name}.crt", weir.folder / f"ca/{name}.key")
        return context

    def https(self, weir, context=None, name="edge.test"):
        """A TLS connection to the listener, verified for `name`."""
        host, port = weir.address().rsplit(":", 1)
        plain = socket.create_connection((host, int(port)), timeout=poll.PATIENCE)
        self.addCleanup(plain.close)
        context = context or self.context(weir)
        secure = context.wrap_socket(plain, server_hostname=name)
        self.addCleanup(secure.close)
        connection = http.client.HTTPConnection(name, timeout=poll.PATIENCE)
        connection.sock = secure
        return connection

    def fetch(self, connection, path="/"):
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer, answer.read()
