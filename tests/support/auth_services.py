"""Auth services of others, on free ports: Open Policy Agent and oauth2-proxy."""

import shutil
import socket
import subprocess
import unittest

import poll
from redis_server import reserve

# Decides about requests to Open Policy Agent itself, and thereby about those of which it is asked.
POLICY = """\
package system.authz

default allow := false

allow if startswith(input.headers["X-Forwarded-Uri"][0], "/public")

allow if {
    input.headers["X-Forwarded-Method"][0] == "GET"
    input.headers["X-Role"][0] == "reader"
}
"""


def needs(program):
    """Skips tests where the program is not installed."""
    return unittest.skipIf(shutil.which(program) is None, f"{program} is not installed")


class ServiceProcess:
    """A program that listens on a port of loopback."""

    def __init__(self, folder):
        self._reserved = reserve()
        self.address = f"127.0.0.1:{self._reserved.getsockname()[1]}"
        self._log = open(f"{folder}/{type(self).__name__}.log", "wb")
        self._process = subprocess.Popen(self.command(folder), stdout=self._log,
                                         stderr=subprocess.STDOUT, cwd=folder)
        poll.until(self._listens, type(self).__name__)

    def command(self, folder):
        raise NotImplementedError

    def _listens(self):
        if self._process.poll() is not None:
            with open(self._log.name, encoding="utf-8") as log:
                raise AssertionError("the service ended:\n" + log.read())
        try:
            host, port = self.address.split(":")
            socket.create_connection((host, int(port)), timeout=poll.PATIENCE).close()
            return True
        except ConnectionError:
            return False

    def stop(self):
        self._process.kill()
        self._process.wait()
        self._log.close()
        self._reserved.close()


class OpenPolicyAgent(ServiceProcess):
    """Responds to GET /health with 200 if the policy allows it, and otherwise with 401."""

    def command(self, folder):
        with open(f"{folder}/policy.rego", "w", encoding="utf-8") as policy:
            policy.write(POLICY)
        return ["opa", "run", "--server", "--addr", self.address, "--authorization", "basic",
                "--disable-telemetry", "policy.rego"]


class Oauth2Proxy(ServiceProcess):
    """Knows the user ann with the password "secret", and sends others to a login."""

    LOGIN = "https://login.test/authorize"

    def command(self, folder):
        subprocess.run(["htpasswd", "-cbB", "-C", "4", f"{folder}/users", "ann", "secret"],
                       check=True, capture_output=True)
        return ["oauth2-proxy", f"--http-address={self.address}", "--provider=oidc",
                "--skip-oidc-discovery", "--oidc-issuer-url=https://login.test",
                f"--login-url={self.LOGIN}", "--redeem-url=https://login.test/token",
                "--oidc-jwks-url=https://login.test/keys", "--client-id=weir",
                "--client-secret=secret", "--redirect-url=https://shop.test/oauth2/callback",
                "--email-domain=*", "--cookie-secret=0123456789abcdef0123456789abcdef",
                "--cookie-secure=false", "--set-xauthrequest", "--reverse-proxy",
                "--upstream=static://202", "--skip-provider-button", "--htpasswd-file=users"]
