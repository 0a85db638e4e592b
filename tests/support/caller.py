"""A client that sends requests until a moment."""

import threading
import time

from http_wire import Client


class Caller(threading.Thread):
    """Sends requests on a connection of its own until the end."""

    def __init__(self, address, end, **request):
        super().__init__()
        self.client = Client(address)
        self.end = end
        self.request = {"target": "/", **request}
        self.answers = []  # (sent, received, status)

    def run(self):
        while (sent := time.monotonic()) < self.end:
            status = 0  # unless there is a response
            try:
                status = self.client.request(**self.request).status
            finally:
                self.answers.append((sent, time.monotonic(), status))
        self.client.close()


class Load:
    """Callers that send requests until stop()."""

    def __init__(self, weir, count=4, **request):
        self.threads = [Caller(weir.address(), float("inf"), **request) for _ in range(count)]
        for thread in self.threads:
            thread.start()

    def answered(self):
        return sum(len(thread.answers) for thread in self.threads)

    def stop(self):
        """The answers (sent, received, status)."""
        for thread in self.threads:
            thread.end = 0
        for thread in self.threads:
            thread.join()
        return sorted(answer for thread in self.threads for answer in thread.answers)
