"""The part of a Kubernetes API server that serves EndpointSlices, with the faults that it can have."""

import json
import threading
import urllib.parse

import poll
from fake_upstream import EndOfConnection, FakeUpstream

PATH = "/apis/discovery.k8s.io/v1/namespaces/shop/endpointslices"


class TlsUpstream(FakeUpstream):
    def __init__(self, answer, context):
        self._context = context
        super().__init__(answer)

    def talk(self, peer):
        with self._context.wrap_socket(peer, server_side=True) as secure:
            super().talk(secure)


class KubernetesApi:
    """Slices by name, each with addresses; every change has a version and is an event."""

    def __init__(self, case, initial_events=True, context=None):
        self.initial_events = initial_events
        self.gone_by_status = False  # an expired version is refused by status 410, not by an event
        self.status = None  # of all answers
        self.requests = []  # the queries
        self.tokens = []
        self._changed = threading.Condition()
        self._slices = {}
        self._events = []  # (version, text)
        self._version = 10
        self._oldest = 0  # events before this version are forgotten
        self._watches = 0  # their generation
        self._ended = False
        case.addCleanup(self._end)
        server = FakeUpstream(self._answer) if context is None else TlsUpstream(self._answer,
                                                                               context)
        case.addCleanup(server.close)
        self.address = server.address

    def _end(self):
        self._ended = True
        self.end_watches()

    def put(self, name, *servers, **conditions):
        """A slice with the endpoints of these servers, each at its own port."""
        with self._changed:
            kind = "MODIFIED" if name in self._slices else "ADDED"
            self._version += 1
            self._slices[name] = self._object(name, servers, conditions)
            self._happened(kind, self._slices[name])

    def _object(self, name, servers, conditions):
        ports = sorted({int(each.address.rpartition(":")[2]) for each in servers})
        assert len(ports) < 2, "a slice has one port"
        return {"metadata": {"name": name, "resourceVersion": str(self._version),
                             "labels": {"kubernetes.io/service-name": "orders"}},
                "addressType": "IPv4",
                "ports": [{"name": "http", "port": port, "protocol": "TCP"} for port in ports],
                "endpoints": [{"addresses": [each.address.rpartition(":")[0]],
                               "conditions": conditions, "zone": "a"} for each in servers]}

    def delete(self, name):
        with self._changed:
            self._version += 1
            gone = dict(self._slices.pop(name))
            gone["metadata"] = dict(gone["metadata"], resourceVersion=str(self._version))
            self._happened("DELETED", gone)

    def _happened(self, kind, what):
        self._events.append((self._version, self._line(kind, what)))
        self._changed.notify_all()

    @staticmethod
    def _line(kind, what):
        return json.dumps({"type": kind, "object": what}) + "\n"

    def expire(self):
        """Forgets all events, as a compaction does, and ends the watches."""
        with self._changed:
            self._version += 1
            self._oldest = self._version
            self._events = []
        self.end_watches()

    def end_watches(self):
        with self._changed:
            self._watches += 1
            self._changed.notify_all()

    def _answer(self, call):
        method, target, _ = call.request.first_line.split(" ")
        url = urllib.parse.urlsplit(target)
        query = dict(urllib.parse.parse_qsl(url.query, keep_blank_values=True))
        self.requests.append(query)
        self.tokens.append(call.request.header("authorization"))
        if self.status is not None:
            return self._refuse(call, self.status)
        if (method, url.path) != ("GET", PATH):
            return self._refuse(call, "404 Not Found")
        if query["labelSelector"] != "kubernetes.io/service-name=orders":
            return self._refuse(call, "400 Bad Request")
        return self._watch(call, query) if "watch" in query else self._list(call, query)

    @staticmethod
    def _refuse(call, status):
        code, message = status.split(" ", 1)
        call.reply(json.dumps({"kind": "Status", "code": int(code), "message": message}).encode(),
                   status)

    def _list(self, call, query):
        limit, begin = int(query["limit"]), int(query.get("continue", "0"))
        with self._changed:
            names = sorted(self._slices)
            more = str(begin + limit) if begin + limit < len(names) else ""
            page = {"kind": "EndpointSliceList",
                    "metadata": {"resourceVersion": str(self._version), "continue": more},
                    "items": [self._slices[each] for each in names[begin:begin + limit]]}
        call.reply(json.dumps(page).encode())

    def _watch(self, call, query):
        with self._changed:
            generation = self._watches
            initial = "sendInitialEvents" in query
            if initial and not self.initial_events:
                return self._refuse(call, "400 Bad Request")
            seen = self._version if initial else int(query["resourceVersion"])
            first = self._initial() if initial else ""
            gone = seen < self._oldest
        if gone and self.gone_by_status:
            return self._refuse(call, "410 Gone")
        call.read_body()
        call.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        if gone:
            first = self._line("ERROR", {"kind": "Status", "code": 410, "reason": "Expired"})
        self._send(call, first)
        while not gone:
            with self._changed:
                self._changed.wait_for(
                    lambda known=seen: self._watches != generation or self._version > known,
                    poll.PATIENCE)
                if self._watches != generation:
                    break
                new = "".join(text for version, text in self._events if version > seen)
                seen = self._version
            self._send(call, new)
        call.send(b"0\r\n\r\n")
        if self._ended:
            raise EndOfConnection
        return None

    def _initial(self):
        everything = "".join(self._line("ADDED", each) for each in self._slices.values())
        return everything + self._line("BOOKMARK", {"metadata": {
            "resourceVersion": str(self._version),
            "annotations": {"k8s.io/initial-events-end": "true"}}})

    @staticmethod
    def _send(call, text):
        if text:
            data = text.encode()
            call.send(b"%x\r\n%s\r\n" % (len(data), data))
