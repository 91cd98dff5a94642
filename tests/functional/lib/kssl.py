# SPDX-License-Identifier: GPL-2.0-only
"""A client of the kssl netlink family."""

import contextlib
import os
import pathlib
import socket
import struct
import time

import yaml

from lib import netlink
from lib.netlink import Spec
from lib.uapi import K


SPEC = (pathlib.Path(__file__).resolve().parents[3] /
        "Documentation/netlink/specs/kssl.yaml")


def _numbers(prefix):
    return lambda name: getattr(K, prefix + name.upper())


def _read_spec():
    """The attribute sets of the netlink specification, by name."""
    # The loader in C: the one in Python takes longer than many a program.
    with open(SPEC, encoding="ascii") as file:
        spec = yaml.load(file, yaml.CSafeLoader)
    return {part["name"]: part for part in spec["attribute-sets"]}


def _kind(attribute, sets):
    kind = attribute["type"]
    if kind == "nest":
        return sets[attribute["nested-attributes"]]
    if kind == "string":
        return "str"
    if kind == "binary":
        return attribute.get("sub-type", "byte") + "s"
    return kind


def _spec(part, sets):
    kinds = {attribute["name"].replace("-", "_"): _kind(attribute, sets)
             for attribute in part["attributes"]
             if attribute["type"] != "pad"}
    prefix = part["name-prefix"].removeprefix("kssl-").replace("-", "_")
    return Spec(_numbers(prefix.upper()), **kinds)


def _specs():
    sets = {}
    for name, part in _read_spec().items():
        sets[name] = _spec(part, sets)
    return sets


SPECS = _specs()
SETTINGS = SPECS["settings"]
CRYPTO = SPECS["crypto"]
MAIN = SPECS["main"]

TIMEOUT = 60

# Operations whose reply has their outcome.
OUTCOMES = K.CMD_BEGIN, K.CMD_ATTACH, K.CMD_REKEY


class Refused(Exception):
    """A request was refused: errno, the kernel's text, what it blames."""

    def __init__(self, errno, text=None, blame=None, missing=None):
        super().__init__(errno, text, blame, missing)
        self.errno = errno
        self.text = text
        self.blame = blame
        self.missing = missing

    def __str__(self):
        name = os.strerror(self.errno)
        return f"{name}: {self.text} (blamed: {self.blame})"


def _refused(payload, flags, request):
    error, = struct.unpack_from("=i", payload)
    if not error:
        return None
    size = netlink.HEADER.size
    if not flags & netlink.NLM_F_CAPPED:
        size, = struct.unpack_from("=I", payload, 4)
    tlvs = {}
    if flags & netlink.NLM_F_ACK_TLVS:
        tlvs = {kind: data for kind, data, _ in
                netlink.split(payload, 4 + ((size + 3) & ~3))}
    return _from_tlvs(-error, tlvs, request)


def _from_tlvs(error, tlvs, request):
    text = blame = missing = None
    if netlink.NLMSGERR_MSG in tlvs:
        text = tlvs[netlink.NLMSGERR_MSG].rstrip(b"\0").decode()
    if netlink.NLMSGERR_OFFS in tlvs:
        offset, = struct.unpack("=I", tlvs[netlink.NLMSGERR_OFFS])
        blame = MAIN.blame(request, offset,
                           netlink.HEADER.size + netlink.GENL.size)
    if netlink.NLMSGERR_MISS_TYPE in tlvs:
        number, = struct.unpack("=I", tlvs[netlink.NLMSGERR_MISS_TYPE])
        missing = MAIN.names.get(number)
    return Refused(error, text, blame, missing)


def _from_result(reply):
    """Some operations tell of a refusal in their reply."""
    blame = MAIN.names.get(reply.get("result_attr"))
    nested = reply.get("result_nested")
    if nested:
        blame += "." + MAIN.kinds[blame].names[nested]
    return Refused(-reply["result"], reply.get("result_text"), blame)


def _only(row):
    """What asks get for one row, however large its value is."""
    return {"row": SETTINGS.numbers[row]} if row else {}


class Client:
    """A generic netlink socket."""

    def __init__(self, group=None, sock=None, receive_size=262144):
        self.sock = sock or socket.socket(socket.AF_NETLINK, socket.SOCK_RAW,
                                          netlink.NETLINK_GENERIC)
        self.sock.settimeout(TIMEOUT)
        for option in (netlink.NETLINK_EXT_ACK, netlink.NETLINK_CAP_ACK,
                       netlink.NETLINK_GET_STRICT_CHK):
            self.sock.setsockopt(netlink.SOL_NETLINK, option, 1)
        if not sock:
            self.sock.bind((0, 0))
        self.receive_size = receive_size
        self.seq = 0
        self.requests = {}
        self.replies = {}
        self.family, groups = self._resolve()
        if group:
            self.sock.setsockopt(netlink.SOL_NETLINK,
                                 netlink.NETLINK_ADD_MEMBERSHIP,
                                 groups[group])

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.sock.close()

    def _resolve(self):
        name = netlink.nla(netlink.CTRL_FAMILY_NAME,
                           K.FAMILY_NAME.encode() + b"\0")
        self.seq += 1
        request = netlink.message(
            netlink.GENL_ID_CTRL, netlink.NLM_F_REQUEST, self.seq,
            netlink.genl(netlink.CTRL_GETFAMILY, name))
        self.sock.sendto(request, (0, 0))
        for kind, flags, _, payload in netlink.messages(
                self.sock.recv(self.receive_size)):
            if kind == netlink.NLMSG_ERROR:
                raise _refused(payload, flags, request)
            attrs = {kind: data for kind, data, _ in
                     netlink.split(payload, netlink.GENL.size)}
        family, = struct.unpack("=H", attrs[netlink.CTRL_FAMILY_ID])
        groups = {}
        for _, group, _ in netlink.split(attrs[netlink.CTRL_GROUPS]):
            parts = {kind: data for kind, data, _ in netlink.split(group)}
            number, = struct.unpack("=I", parts[2])
            groups[parts[1].rstrip(b"\0").decode()] = number
        return family, groups

    # Messages

    def build(self, cmd, attrs=b"", flags=0):
        """A request, remembered for its reply."""
        self.seq += 1
        request = netlink.message(
            self.family, netlink.NLM_F_REQUEST | flags, self.seq,
            netlink.genl(cmd, MAIN.encode(attrs)))
        self.requests[self.seq] = request
        return request

    def send(self, *requests):
        """Requests in one system call."""
        self.sock.sendto(b"".join(requests), (0, 0))

    def receive(self):
        """Yields (type, flags, seq, payload) of the next datagram."""
        yield from netlink.messages(self.sock.recv(self.receive_size))

    def take(self, kind, flags, seq, payload):
        request = self.requests.pop(seq, b"")
        if kind == netlink.NLMSG_ERROR:
            return _refused(payload, flags, request)
        reply = MAIN.decode(payload[netlink.GENL.size:])
        if payload[0] in OUTCOMES and reply["result"]:
            return _from_result(reply)
        return reply

    def reply_to(self, seq):
        """The reply to a request, or a Refused, whatever else comes."""
        while seq not in self.replies:
            for kind, flags, got, payload in self.receive():
                self.replies[got] = self.take(kind, flags, got, payload)
        return self.replies.pop(seq)

    def call(self, cmd, attrs=b"", flags=0):
        request = self.build(cmd, attrs, flags)
        self.send(request)
        reply = self.reply_to(self.seq)
        if isinstance(reply, Refused):
            raise reply
        return reply

    def batch(self, *requests):
        """Sends requests at once; returns replies and refusals in order."""
        seqs = [netlink.HEADER.unpack_from(request)[3]
                for request in requests]
        self.send(*requests)
        return [self.reply_to(seq) for seq in seqs]

    def _dump_part(self, seq, request):
        part, done = [], False
        for kind, flags, got, payload in self.receive():
            if got != seq:
                continue
            if kind == netlink.NLMSG_ERROR:
                raise _refused(payload, flags, request)
            if kind == netlink.NLMSG_DONE:
                error, = struct.unpack_from("=i", payload)
                if error:
                    tlvs = {kind: data for kind, data, _ in
                            netlink.split(payload, 4)}
                    raise _from_tlvs(-error, tlvs, request)
                done = True
            else:
                part.append(MAIN.decode(payload[netlink.GENL.size:]))
        return part, done

    def dump_parts(self, cmd=K.CMD_GET, **filters):
        """Yields the objects of each message of a dump."""
        request = self.build(cmd, filters, netlink.NLM_F_DUMP)
        seq = self.seq
        self.send(request)
        done = False
        while not done:
            part, done = self._dump_part(seq, request)
            yield part
        del self.requests[seq]

    # Operations

    def ctx_new(self, **settings):
        attrs = {"settings": settings} if settings else {}
        return self.call(K.CMD_CTX_NEW, attrs)

    def ctx_get(self, number, row=None):
        return self.call(K.CMD_CTX_GET, {"ctx_id": number, **_only(row)})

    def ctx_set(self, number, **settings):
        return self.call(K.CMD_CTX_SET,
                         {"ctx_id": number, "settings": settings})

    def ctx_up_ref(self, number):
        return self.call(K.CMD_CTX_UP_REF, {"ctx_id": number})

    def ctx_free(self, number):
        return self.call(K.CMD_CTX_FREE, {"ctx_id": number})

    def ctx_dump(self):
        return [ctx for part in self.dump_parts(K.CMD_CTX_GET)
                for ctx in part]

    def new(self, ctx, **settings):
        attrs = {"ctx_id": ctx}
        if settings:
            attrs["settings"] = settings
        return self.call(K.CMD_NEW, attrs)

    def dup(self, number):
        return self.call(K.CMD_DUP, {"id": number})

    def up_ref(self, number):
        return self.call(K.CMD_UP_REF, {"id": number})

    def free(self, number):
        return self.call(K.CMD_FREE, {"id": number})

    def get(self, number, row=None):
        return self.call(K.CMD_GET, {"id": number, **_only(row)})

    def get_row(self, number, row):
        """The value of one row, however large."""
        return self.get(number, row)["settings"][row]

    def set_ctx(self, number, ctx):
        return self.call(K.CMD_SET_CTX, {"id": number, "ctx_id": ctx})

    def session(self, number):
        return self.call(K.CMD_SESSION_GET, {"id": number})["session"]

    def set(self, number, **settings):
        return self.call(K.CMD_SET, {"id": number, "settings": settings})

    def dump(self, **filters):
        return [conn for part in self.dump_parts(**filters)
                for conn in part]

    def clear(self, number):
        return self.call(K.CMD_CLEAR, {"id": number})

    def fail(self, number):
        return self.call(K.CMD_FAIL, {"id": number})

    def begin(self, number, fd):
        return self.call(K.CMD_BEGIN, {"id": number, "fd": fd})

    def attach(self, **attrs):
        return self.call(K.CMD_ATTACH, attrs)

    def open_fd(self, number, **attrs):
        return self.call(K.CMD_OPEN_FD, {"id": number, **attrs})["fd"]

    def ctx_open_fd(self, number, **attrs):
        return self.call(K.CMD_OPEN_FD, {"ctx_id": number, **attrs})["fd"]

    def import_fd(self, fd, **attrs):
        return self.call(K.CMD_IMPORT, {"fd": fd, **attrs})

    def sock_fd(self, number):
        return self.call(K.CMD_SOCK_FD, {"id": number})["fd"]

    def get_by_socket(self, fd):
        return self.call(K.CMD_GET, {"fd": fd})

    def add_control(self, number, **attrs):
        return self.call(K.CMD_ADD_CONTROL, {"id": number, **attrs})

    def rekey(self, number, direction, **attrs):
        return self.call(K.CMD_REKEY,
                         {"id": number, "direction": direction, **attrs})

    def event(self, timeout=30):
        """The next event, or None."""
        self.sock.settimeout(timeout)
        try:
            (_, _, _, payload), = self.receive()
        except TimeoutError:
            return None
        return MAIN.decode(payload[netlink.GENL.size:])


@contextlib.contextmanager
def refused(errno, text, blame=None, missing=None):
    """The block's request is refused in exactly this way.

    An empty text stands for any, where it is not kssl's own, and a blame of
    Ellipsis for any.
    """
    try:
        yield
    except Refused as why:
        wrong = _differs(why, errno, text, blame, missing)
        if wrong:
            raise AssertionError(f"{wrong}: {why}") from None
    else:
        raise AssertionError(f"not refused: {text}")


def _differs(why, errno, text, blame, missing):
    if why.errno != errno:
        return f"{os.strerror(errno)} expected"
    if not why.text:
        return "no text"
    if text not in ("", why.text):
        return f"{text!r} expected"
    if blame not in (..., why.blame):
        return f"{blame} to be blamed"
    if missing not in (None, why.missing):
        return f"{missing} to be missing, not {why.missing}"
    return None


def eventually(condition, what, seconds=60):
    """Waits for a condition that comes true soon; returns what it gives."""
    end = time.monotonic() + seconds
    late = False
    while not (result := condition()):
        # After a standstill it may be true by now.
        assert not late, f"not after {seconds} s: {what}"
        late = time.monotonic() >= end
        time.sleep(0.01)
    return result


def position(client, conn, seconds=60):
    """Bytes sent and received, None for one that is never known."""
    def known():
        seen = client.get(conn)
        return ("unsent" not in seen and
                (seen.get("sent"), seen.get("received")))

    return eventually(known, "its position is known", seconds)


def no_objects(client):
    return not client.dump() and not client.ctx_dump()
