"""Reads messages of Protocol Buffers by a description of their fields."""

import struct


class Field:
    """A field of a message: its name, its kind and whether it may occur several times.

    The kind is "int", "sint", "fixed", "double", "text", "bytes", or a dictionary that describes a
    message: {number: Field}.
    """

    def __init__(self, name, kind, repeated=False):
        self.name = name
        self.kind = kind
        self.repeated = repeated


def varint(data, at):
    """(value, position behind it) of a varint."""
    value, shift = 0, 0
    while True:
        byte = data[at]
        value |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if byte < 0x80:
            return value, at


def fields(data):
    """The fields of a message in their order: (number, wire type, value)."""
    at = 0
    while at < len(data):
        key, at = varint(data, at)
        kind = key & 7
        if kind == 0:
            value, at = varint(data, at)
        elif kind in (1, 5):
            size = 8 if kind == 1 else 4
            value, at = data[at:at + size], at + size
        elif kind == 2:
            size, at = varint(data, at)
            value, at = data[at:at + size], at + size
            if len(value) != size:
                raise ValueError("a field is cut short")
        else:
            raise ValueError(f"wire type {kind}")
        yield key >> 3, kind, value


def scalar(kind, value):
    if kind == "sint":
        return (value >> 1) ^ -(value & 1)
    if kind == "fixed":
        return int.from_bytes(value, "little")
    if kind == "double":
        return struct.unpack("<d", value)[0]
    if kind == "text":
        return value.decode()  # fails for what is not UTF-8
    return bytes(value) if kind == "bytes" else value


def packed(kind, data):
    """The numbers of a repeated field in one value."""
    at = 0
    while at < len(data):
        value, at = varint(data, at)
        yield scalar(kind, value)


def decode(data, description):
    """A message as a dictionary by the names of its fields; fields that are not described are left
    out."""
    message = {field.name: [] for field in description.values() if field.repeated}
    for number, wire_type, value in fields(data):
        field = description.get(number)
        if field is None:
            continue
        if isinstance(field.kind, dict):
            values = [decode(value, field.kind)]
        elif wire_type == 2 and field.kind in ("int", "sint"):
            values = list(packed(field.kind, value))
        else:
            values = [scalar(field.kind, value)]
        if field.repeated:
            message[field.name] += values
        else:
            message[field.name] = values[-1]
    return message
