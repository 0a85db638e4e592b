"""A client that sends requests until a moment."""

import threading
import time

from http_wire import Client


class Caller(threading.Thread):
    """Sends requests on a connection of its own until the end."""

    def __init__(self, address, end):
        super().__init__()
        self.client = Client(address)
        self.end = end
        self.answers = []  # (sent, received, status)

    def run(self):
        while (sent := time.monotonic()) < self.end:
            status = self.client.request("/").status
            self.answers.append((sent, time.monotonic(), status))
        self.client.close()
