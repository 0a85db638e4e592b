"""Single requests: readiness, the backend that answers, and the admin pages."""

import http.client
import socket
import ssl
from dataclasses import dataclass

from lib import metrics


@dataclass
class Answer:
    status: int
    backend: str | None  # X-Backend: which of the backends answered.
    body: bytes


def connect(address, timeout, tls):
    name, port = address.rsplit(":", 1)
    if not tls:
        return http.client.HTTPConnection(name, int(port), timeout=timeout)
    return http.client.HTTPSConnection(name, int(port), timeout=timeout,
                                       context=ssl._create_unverified_context())


def get(address, path="/2", host="bench.example", timeout=5.0, tls=False):
    """One request on its own connection; None if it fails."""
    connection = connect(address, timeout, tls)
    try:
        connection.putrequest("GET", path, skip_host=True, skip_accept_encoding=True)
        connection.putheader("Host", host)
        connection.putheader("Connection", "close")
        connection.endheaders()
        reply = connection.getresponse()
        return Answer(reply.status, reply.getheader("X-Backend"), reply.read())
    except (OSError, http.client.HTTPException):
        return None
    finally:
        connection.close()


def answers(address, path="/2", host="bench.example", status=200, tls=False):
    reply = get(address, path, host, tls=tls)
    return reply is not None and reply.status == status


def listening(address):
    name, port = address.rsplit(":", 1)
    try:
        socket.create_connection((name, int(port)), 1.0).close()
    except OSError:
        return False
    return True


def scrape(admin):
    """The samples of /metrics; an empty list if there is no response."""
    reply = get(admin, "/metrics", host=admin, timeout=10.0) if admin else None
    if reply is None or reply.status != 200:
        return []
    return metrics.parse(reply.body.decode())
