"""Certificates of `weir ca`, the same for all proxies."""

import subprocess

from lib.plan import Tls

HOST = "bench.example"


class Authority:
    def __init__(self, weir, folder):
        self.folder = folder
        self._weir = weir
        self._run("init")

    @property
    def root(self):
        return str(self.folder / "root.crt")

    def issue(self, name, *arguments, **options):
        """The certificate of this name, issued on first use: for bench.example and 127.0.0.1, and
        P-256 unless `--rsa` is given."""
        if not (self.folder / f"{name}.crt").exists():
            self._run("issue", name, "--dns", HOST, "--address", "127.0.0.1", *arguments)
        return self._tls(name, **options)

    def renew(self, name):
        """Replaces the files by certificates with the same names, a new key and a new validity."""
        self._run("renew", str(self.folder / name))

    def _tls(self, name, **options):
        cert, key, both = (self.folder / f"{name}{ending}" for ending in (".crt", ".key", ".pem"))
        both.write_bytes(cert.read_bytes() + key.read_bytes())
        return Tls(str(cert), str(key), str(both), **options)

    def _run(self, command, *arguments):
        subprocess.run([self._weir, "ca", command, *arguments, "--dir", self.folder], check=True,
                       stdout=subprocess.DEVNULL)
