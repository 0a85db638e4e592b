"""An auth service for gRPC: envoy.service.auth.v3.Authorization, with its own wire format."""

import concurrent.futures

import grpc

METHOD = "/envoy.service.auth.v3.Authorization/Check"


def _varint(value):
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes(out + bytes([value]))


def number(field, value):
    """A field with a number."""
    return _varint(field << 3) + _varint(value)


def text(field, value):
    """A field with a string or a message."""
    data = value.encode() if isinstance(value, str) else value
    return _varint(field << 3 | 2) + _varint(len(data)) + data


def fields(message):
    """The fields of a message, as pairs of number and value."""
    found, at = [], 0

    def varint():
        nonlocal at
        value = shift = 0
        while True:
            byte = message[at]
            at += 1
            value |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return value
    while at < len(message):
        key = varint()
        if key & 7 == 0:
            found.append((key >> 3, varint()))
            continue
        assert key & 7 == 2, key
        size = varint()
        found.append((key >> 3, message[at:at + size]))
        at += size
    return found


def at(message, *path):
    """The value at a path of numbers; the last one if there are several."""
    for step in path:
        message = dict(fields(message)).get(step, b"")
    return message


def header(name, value):
    """A HeaderValueOption."""
    return text(1, text(1, name) + text(2, value))


def allowed(*headers):
    return text(1, b"") + text(3, b"".join(text(2, each) for each in headers))


def denied(status, *headers, body=""):
    return text(1, number(1, 7)) + text(2, text(1, number(1, status)) + b"".join(
        text(2, each) for each in headers) + text(3, body))


class Question:
    """A CheckRequest."""

    def __init__(self, message):
        self.attributes = at(message, 1)
        self.http = at(self.attributes, 4, 2)
        self.method = at(self.http, 2).decode()
        self.path = at(self.http, 4).decode()
        self.body = at(self.http, 11) or at(self.http, 12)
        self.address = at(self.attributes, 1, 1, 1, 2).decode()
        self.headers = {at(value, 1).decode(): at(value, 2).decode()
                        for field, value in fields(self.http) if field == 3}


class ExtAuthzService(grpc.GenericRpcHandler):
    """Calls decide(Question) for each request; it returns a CheckResponse."""

    def __init__(self, decide, address="127.0.0.1:0"):
        self.decide, self.asked = decide, []
        self._workers = concurrent.futures.ThreadPoolExecutor(max_workers=4)
        self._server = grpc.server(self._workers, handlers=(self,),
                                   options=(("grpc.so_reuseport", 0),))
        self.address = f"127.0.0.1:{self._server.add_insecure_port(address)}"
        self._server.start()

    def service(self, details):
        return grpc.unary_unary_rpc_method_handler(self._check) if details.method == METHOD else None

    def _check(self, message, _context):
        question = Question(message)
        self.asked.append(question)
        return self.decide(question)

    def stop(self):
        self._server.stop(None).wait()
        self._workers.shutdown()
