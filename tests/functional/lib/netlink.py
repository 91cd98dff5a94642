# SPDX-License-Identifier: GPL-2.0-only
"""Netlink messages, made by hand so that malformed ones can be sent, too."""

import struct

NETLINK_GENERIC = 16
SOL_NETLINK = 270
NETLINK_ADD_MEMBERSHIP = 1
NETLINK_CAP_ACK = 10
NETLINK_EXT_ACK = 11
NETLINK_GET_STRICT_CHK = 12

NLMSG_ERROR = 2
NLMSG_DONE = 3
NLM_F_REQUEST = 0x01
NLM_F_MULTI = 0x02
NLM_F_ACK = 0x04
NLM_F_DUMP_INTR = 0x10
NLM_F_DUMP = 0x300
NLM_F_CAPPED = 0x100
NLM_F_ACK_TLVS = 0x200

NLA_F_NESTED = 0x8000
NLA_TYPE = 0x3fff

NLMSGERR_MSG = 1
NLMSGERR_OFFS = 2
NLMSGERR_MISS_TYPE = 5

GENL_ID_CTRL = 16
CTRL_GETFAMILY = 3
CTRL_FAMILY_ID = 1
CTRL_FAMILY_NAME = 2
CTRL_GROUPS = 7

HEADER = struct.Struct("=IHHII")
GENL = struct.Struct("=BBH")
NUMBERS = {"u8": "=B", "u16": "=H", "u32": "=I", "u64": "=Q", "s32": "=i"}


def nla(kind, payload=b""):
    """One attribute, padded."""
    head = struct.pack("=HH", len(payload) + 4, kind)
    return head + payload + bytes(-len(payload) % 4)


def nest(kind, payload=b""):
    return nla(kind | NLA_F_NESTED, payload)


def split(data, offset=0):
    """Yields (type, payload, offset) of attributes; stops at nonsense."""
    while offset + 4 <= len(data):
        size, kind = struct.unpack_from("=HH", data, offset)
        if size < 4 or offset + size > len(data):
            return
        yield kind & NLA_TYPE, data[offset + 4:offset + size], offset
        offset += (size + 3) & ~3


def message(kind, flags, seq, payload):
    return HEADER.pack(HEADER.size + len(payload), kind, flags, seq,
                       0) + payload


def genl(cmd, payload=b"", version=1):
    return GENL.pack(cmd, version, 0) + payload


def messages(data):
    """Yields (type, flags, seq, payload) of a datagram."""
    offset = 0
    while offset + HEADER.size <= len(data):
        size, kind, flags, seq, _ = HEADER.unpack_from(data, offset)
        if size < HEADER.size:
            return
        yield kind, flags, seq, data[offset + HEADER.size:offset + size]
        offset += (size + 3) & ~3


LISTS = {"u16s": "H", "u32s": "I"}


class Spec:
    """An attribute set: names, their numbers and their types."""

    def __init__(self, number_of, **kinds):
        self.kinds = kinds
        self.numbers = {name: number_of(name) for name in kinds}
        self.names = {number: name for name, number in self.numbers.items()}

    def _payload(self, kind, value):
        if isinstance(value, bytes):
            return value
        if kind == "str":
            return value.encode() + b"\0"
        if kind == "flag":
            return b""
        if kind in LISTS:
            return struct.pack(f"={len(value)}{LISTS[kind]}", *value)
        return struct.pack(NUMBERS[kind], value)

    def encode(self, values):
        """Attributes of a dict; bytes stand for themselves."""
        if isinstance(values, bytes):
            return values
        out = b""
        for name, value in values.items():
            kind = self.kinds[name]
            if isinstance(kind, Spec):
                out += nest(self.numbers[name], kind.encode(value))
            else:
                out += nla(self.numbers[name], self._payload(kind, value))
        return out

    def decode(self, data):
        values = {}
        for number, payload, _ in split(data):
            name = self.names.get(number)
            if name is None:
                continue
            kind = self.kinds[name]
            if isinstance(kind, Spec):
                values[name] = kind.decode(payload)
            elif kind == "bytes":
                values[name] = payload
            elif kind == "str":
                values[name] = payload.rstrip(b"\0").decode()
            elif kind == "flag":
                values[name] = True
            elif kind in LISTS:
                values[name] = [code for code, in
                                struct.iter_unpack("=" + LISTS[kind],
                                                   payload)]
            else:
                values[name], = struct.unpack(NUMBERS[kind], payload)
        return values

    def blame(self, data, target, start=0):
        """Dotted name of the attribute that is target bytes into data."""
        for number, payload, offset in split(data, start):
            name = self.names.get(number, str(number))
            if offset == target:
                return name
            end = offset + 4 + len(payload)
            inner = self.kinds.get(name)
            if offset < target < end and isinstance(inner, Spec):
                return f"{name}.{inner.blame(data[:end], target, offset + 4)}"
        return None
