"""A real etcd of one member, with its data in a folder, and the calls that tests make to it."""

import base64
import http.client
import json
import shutil
import socket
import subprocess
import unittest

import poll

ETCD = shutil.which("etcd")
needs_etcd = unittest.skipUnless(ETCD, "etcd is not there: tools/deps --test could not fetch it")


class ReservedPort:
    """A port that nobody else gets, but on which a server of the test can listen."""

    def __init__(self):
        self._socket = socket.socket()
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._socket.bind(("127.0.0.1", 0))
        self.url = f"http://{self.address}"

    @property
    def address(self):
        return f"127.0.0.1:{self._socket.getsockname()[1]}"

    def close(self):
        self._socket.close()


def encoded(text):
    return base64.b64encode(text.encode()).decode()


class EtcdProcess:
    """Not running before start(); keeps its ports and its data over restarts."""

    def __init__(self, folder):
        self._folder = folder
        self._clients, self._peers, self._metrics = (ReservedPort() for _ in range(3))
        self.process = None

    @property
    def address(self):
        return self._clients.address

    def start(self, *arguments, scheme="http"):
        clients = f"{scheme}://{self.address}"
        with open(f"{self._folder}/etcd.log", "ab") as log:
            self.process = subprocess.Popen(
                [ETCD, "--data-dir", f"{self._folder}/etcd", "--listen-client-urls", clients,
                 "--advertise-client-urls", clients, "--listen-peer-urls", self._peers.url,
                 "--initial-advertise-peer-urls", self._peers.url,
                 "--initial-cluster", f"default={self._peers.url}",
                 "--listen-metrics-urls", self._metrics.url, "--logger", "zap", *arguments],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        poll.until(self._healthy, "etcd is healthy")
        return self

    def _healthy(self):
        connection = http.client.HTTPConnection(self._metrics.address, timeout=poll.PATIENCE)
        try:
            connection.request("GET", "/health")
            return json.loads(connection.getresponse().read()).get("health") == "true"
        except (OSError, ValueError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    def kill(self):
        """Ends it at once, as a crash would."""
        self.process.kill()
        self.process.wait()
        self.process = None

    def close(self):
        if self.process is not None:
            self.kill()
        for port in (self._clients, self._peers, self._metrics):
            port.close()

    def post(self, path, request):
        """The answer to a call of the JSON interface."""
        connection = http.client.HTTPConnection(self.address, timeout=poll.PATIENCE)
        try:
            connection.request("POST", f"/v3/{path}", json.dumps(request))
            answer = connection.getresponse()
            text = answer.read()
            if answer.status != 200:
                raise AssertionError(f"etcd: {path}: {answer.status} {text}")
            return json.loads(text)
        finally:
            connection.close()

    def put(self, key, value):
        """Returns the revision."""
        answer = self.post("kv/put", {"key": encoded(key), "value": encoded(value)})
        return int(answer["header"]["revision"])

    def get(self, key):
        """The value; None if there is none."""
        found = self.post("kv/range", {"key": encoded(key)}).get("kvs")
        return base64.b64decode(found[0]["value"]).decode() if found else None

    def revoke_lease_of(self, key):
        lease = self.post("kv/range", {"key": encoded(key)})["kvs"][0]["lease"]
        self.post("lease/revoke", {"ID": lease})

    def delete(self, key):
        answer = self.post("kv/deleterange", {"key": encoded(key)})
        return int(answer["header"]["revision"])

    def compact(self, revision):
        self.post("kv/compaction", {"revision": revision, "physical": True})
