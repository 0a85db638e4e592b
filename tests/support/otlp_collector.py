"""A collector that receives spans and log records by OTLP over HTTP, in Protocol Buffers."""

import gzip
import threading

import poll
from fake_upstream import FakeUpstream
from protobuf_wire import Field, decode

ANY = {1: Field("text", "text"), 2: Field("bool", "int"), 3: Field("int", "int"),
       4: Field("double", "double")}
ATTRIBUTE = {1: Field("key", "text"), 2: Field("value", ANY)}
RESOURCE = {1: Field("attributes", ATTRIBUTE, True)}
SCOPE = {1: Field("name", "text"), 2: Field("version", "text")}
LINK = {1: Field("trace_id", "bytes"), 2: Field("span_id", "bytes")}
STATUS = {2: Field("message", "text"), 3: Field("code", "int")}
SPAN = {1: Field("trace_id", "bytes"), 2: Field("span_id", "bytes"),
        3: Field("trace_state", "text"), 4: Field("parent_span_id", "bytes"),
        5: Field("name", "text"), 6: Field("kind", "int"), 7: Field("start", "fixed"),
        8: Field("end", "fixed"), 9: Field("attributes", ATTRIBUTE, True),
        13: Field("links", LINK, True), 15: Field("status", STATUS), 16: Field("flags", "fixed")}
LOG = {1: Field("time", "fixed"), 2: Field("severity", "int"), 5: Field("body", ANY),
       6: Field("attributes", ATTRIBUTE, True), 8: Field("flags", "fixed"),
       9: Field("trace_id", "bytes"), 10: Field("span_id", "bytes"),
       11: Field("observed", "fixed"), 12: Field("event_name", "text")}


def request(record):
    """The message of a request with these records."""
    scopes = {1: Field("scope", SCOPE), 2: Field("records", record, True)}
    resources = {1: Field("resource", RESOURCE), 2: Field("scopes", scopes, True)}
    return {1: Field("resources", resources, True)}


REQUESTS = {"/v1/traces": request(SPAN), "/v1/logs": request(LOG)}


def attributes(encoded):
    """{name: value} of attributes."""
    return {each["key"]: next(iter(each["value"].values()), "") for each in encoded}


class Record:
    """A span or log record with the attributes of its resource."""

    def __init__(self, fields, resource):
        self.fields = fields
        self.resource = resource
        self.attributes = attributes(fields["attributes"])
        self.trace_id = fields.get("trace_id", b"").hex()
        self.span_id = fields.get("span_id", b"").hex()
        self.parent_id = fields.get("parent_span_id", b"").hex()
        self.name = fields.get("name", "")
        self.kind = {2: "server", 3: "client"}.get(fields.get("kind"))
        self.failed = fields.get("status", {}).get("code") == 2


class OtlpCollector(FakeUpstream):
    """Keeps all records that it accepts. `refusal` may be set to (status, headers)."""

    def __init__(self, port=0):
        super().__init__(self._receive, port)
        self.refusal = None
        self._records = {"/v1/traces": [], "/v1/logs": []}
        self._guard = threading.Lock()

    def _receive(self, call):
        body = call.read_body()
        if self.refusal is not None:
            status, headers = self.refusal
            return call.reply(b"", status, headers)
        if call.request.header("content-type") != "application/x-protobuf":
            raise AssertionError(f"content type {call.request.header('content-type')}")
        if call.request.header("content-encoding") == "gzip":
            body = gzip.decompress(body)
        found = []
        message = decode(body, REQUESTS[call.request.target])
        for resource in message["resources"]:
            about = attributes(resource["resource"]["attributes"])
            for scope in resource["scopes"]:
                found += [Record(each, about) for each in scope["records"]]
        with self._guard:
            self._records[call.request.target] += found
        call.reply(b"", headers=[("Content-Type", "application/x-protobuf")])
        return None

    def spans(self):
        with self._guard:
            return list(self._records["/v1/traces"])

    def logs(self):
        with self._guard:
            return list(self._records["/v1/logs"])

    def wait_for_spans(self, count):
        """All spans, once there are at least so many."""
        return poll.until(lambda: self.spans() if len(self.spans()) >= count else None,
                          f"{count} spans")

    def wait_for_logs(self, count):
        return poll.until(lambda: self.logs() if len(self.logs()) >= count else None,
                          f"{count} log records")
