#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Wrong requests: each is refused in its own way and changes nothing."""

import contextlib
import errno
import os
import random
import socket
import struct

from lib import netlink, tap, tls
from lib.kssl import Client, K, MAIN, Refused, no_objects, refused
from lib.netlink import nest, nla
from lib.process import Remote
from lib.tap import eq, test

ALICE, BOB = 1000, 1001

# Core's own texts differ from kernel to kernel: "" stands for any.
CORE = ""
NO_CONN = "no such connection"
NO_CTX = "no such context"
NOT_HELD = "this client has no reference on it"
NOT_YOURS = "it belongs to another user"
BY_ID = "a reference by id needs CAP_NET_ADMIN"
OF_CTX = "the id is of a context, not of a connection"
OF_CONN = "the id is of a connection, not of a context"
ID_MISSING = "id is missing"
CTX_MISSING = "ctx-id is missing"
DEPUTY = "another user opened the netlink socket"

CTX_OPS = ("CTX_GET", "CTX_SET", "CTX_UP_REF", "CTX_FREE", "NEW")
CONN_OPS = ("GET", "SET", "DUP", "UP_REF", "FREE", "CLEAR", "FAIL", "BEGIN",
            "ATTACH")


class Bench:
    """A client with a context, a connection and a pair of sockets."""

    def __init__(self):
        self.nl = Client()
        self.ctx = self.nl.ctx_new()["ctx_id"]
        self.conn = self.nl.new(self.ctx)["id"]
        self.pair = tls.Pair()
        self.end, _ = tls.directions()

    def close(self):
        self.nl.close()
        self.pair.close()

    def complete(self, name):
        """All that an operation takes, and right."""
        attrs = {}
        if name in CTX_OPS:
            attrs["ctx_id"] = self.ctx
        elif name in CONN_OPS:
            attrs["id"] = self.conn
        if name in ("SET", "CTX_SET"):
            attrs["settings"] = {"label": "changed"}
        if name in ("BEGIN", "ATTACH"):
            attrs["fd"] = self.pair.client.fileno()
        if name == "ATTACH":
            attrs.update(self.end)
        return attrs

    def call(self, name, attrs):
        return self.nl.call(getattr(K, f"CMD_{name}"), attrs)

    def look(self):
        """Everything that there is."""
        objects = self.nl.ctx_dump() + self.nl.dump()
        for obj in objects:
            del obj["age"]
        return objects


@contextlib.contextmanager
def bench():
    """A bench on which nothing changes."""
    it = Bench()
    try:
        before = it.look()
        yield it
        eq(it.look(), before, "something was changed")
    finally:
        it.close()


def missing():
    texts = {"id": ID_MISSING, "ctx_id": CTX_MISSING,
             "settings": "settings are missing"}
    for name in CTX_OPS + CONN_OPS:
        with bench() as it:
            for left_out in it.complete(name):
                if left_out in ("tx", "rx"):
                    continue
                attrs = it.complete(name)
                del attrs[left_out]
                with test(f"{name.lower()} without {left_out}"), \
                        refused(errno.EINVAL, texts.get(
                            left_out, f"{left_out} is missing"),
                            missing=left_out):
                    it.call(name, attrs)


@test("attach without a direction")
def no_direction():
    with bench() as it:
        with refused(errno.EINVAL, "tx and rx are missing", missing="tx"):
            it.call("ATTACH", tls.only(it.complete("ATTACH")))


def surplus():
    """Attributes of which an operation knows nothing."""
    for name in CTX_OPS + CONN_OPS + ("CTX_NEW",):
        with bench() as it, test(f"{name.lower()} with a surplus attribute"):
            good = MAIN.encode(it.complete(name))
            for extra, blamed in ((nla(200, b"1234"), "200"),
                                  (nla(K.A_REFS, b"1234"), "refs"),
                                  (nla(K.A_RESULT_TEXT, b"x\0"),
                                   "result_text"),
                                  (nla(K.A_PAD), str(K.A_PAD)),
                                  (nla(0), "0")):
                with refused(errno.EINVAL, CORE, blamed):
                    it.call(name, good + extra)


def wrong_lengths():
    for name in CTX_OPS + CONN_OPS:
        with bench() as it, test(f"{name.lower()} with a wrong length"):
            good = it.complete(name)
            for attr, kind in MAIN.kinds.items():
                if attr not in good or not isinstance(kind, str):
                    continue
                size = struct.calcsize(netlink.NUMBERS[kind])
                for wrong in {0, 1, size - 1, size + 1, size * 2, 100} - \
                        {size}:
                    try:
                        with refused(errno.EINVAL, CORE, attr):
                            it.call(name, {**good, attr: b"\1" * wrong})
                    except AssertionError:
                        with refused(errno.ERANGE, CORE, attr):
                            it.call(name, {**good, attr: b"\1" * wrong})


@test("an id of 0 and a negative fd are out of range")
def out_of_range():
    with bench() as it:
        for name in CTX_OPS + CONN_OPS:
            good = it.complete(name)
            which = "ctx_id" if "ctx_id" in good else "id"
            with refused(errno.ERANGE, CORE, which):
                it.call(name, {**good, which: 0})
            if "fd" in good:
                with refused(errno.ERANGE, CORE, "fd"):
                    it.call(name, {**good, "fd": -1})


@test("an unknown id")
def unknown_id():
    with bench() as it:
        gone = it.nl.new(it.ctx)["id"]
        it.nl.free(gone)
        for number in gone, 0x7fffffff, 0xffffffff:
            for name in CTX_OPS:
                with refused(errno.ENOENT, NO_CTX, "ctx_id"):
                    it.call(name, {**it.complete(name), "ctx_id": number})
            for name in CONN_OPS:
                with refused(errno.ENOENT, NO_CONN, "id"):
                    it.call(name, {**it.complete(name), "id": number})
            attrs = it.complete("ATTACH")
            del attrs["id"]
            with refused(errno.ENOENT, NO_CTX, "ctx_id"):
                it.call("ATTACH", {**attrs, "ctx_id": number})


@test("a context's id where a connection's belongs, and vice versa")
def wrong_type():
    with bench() as it:
        for name in CTX_OPS:
            with refused(errno.EINVAL, OF_CONN, "ctx_id"):
                it.call(name, {**it.complete(name), "ctx_id": it.conn})
        for name in CONN_OPS:
            with refused(errno.EINVAL, OF_CTX, "id"):
                it.call(name, {**it.complete(name), "id": it.ctx})
        attrs = it.complete("ATTACH")
        del attrs["id"]
        with refused(errno.EINVAL, OF_CONN, "ctx_id"):
            it.call("ATTACH", {**attrs, "ctx_id": it.conn})


@test("attach takes an id or a ctx-id, and settings with the latter only")
def attach_both():
    with bench() as it:
        attrs = it.complete("ATTACH")
        with refused(errno.EINVAL, "id and ctx-id exclude each other",
                     "ctx_id"):
            it.call("ATTACH", {**attrs, "ctx_id": it.ctx})
        with refused(errno.EINVAL, "settings need ctx-id", "settings"):
            it.call("ATTACH", {**attrs, "settings": {"label": "x"}})


@test("a reference that the client does not hold is none that it can use")
def not_held():
    with bench() as it, Client() as other:
        for name in set(CTX_OPS) - {"CTX_GET", "CTX_UP_REF"}:
            with refused(errno.EPERM, NOT_HELD, "ctx_id"):
                other.call(getattr(K, f"CMD_{name}"), it.complete(name))
        for name in set(CONN_OPS) - {"GET", "UP_REF"}:
            with refused(errno.EPERM, NOT_HELD, "id"):
                other.call(getattr(K, f"CMD_{name}"), it.complete(name))
        attrs = it.complete("ATTACH")
        del attrs["id"]
        with refused(errno.EPERM, NOT_HELD, "ctx_id"):
            other.attach(**attrs, ctx_id=it.ctx)


@test("users see their own objects, the administrator sees all")
def users():
    with bench() as it, Remote(Client, uid=ALICE) as alice, \
            Remote(Client, uid=ALICE) as again, \
            Remote(Client, uid=BOB) as bob:
        ctx = alice.ctx_new()["ctx_id"]
        conn = alice.new(ctx)["id"]
        eq(it.nl.get(conn)["uid"], ALICE)
        for who in bob, alice:
            foreign = (ctx, conn) if who == bob else (it.ctx, it.conn)
            for call, number, attr in ((who.ctx_get, foreign[0], "ctx_id"),
                                       (who.get, foreign[1], "id")):
                with refused(errno.EPERM, NOT_YOURS, attr):
                    call(number)
        for who in bob, again:
            with refused(errno.EPERM, BY_ID, "ctx_id"):
                who.ctx_up_ref(ctx)
            with refused(errno.EPERM, BY_ID, "id"):
                who.up_ref(conn)
            for call in who.free, who.dup, who.set, who.clear, who.fail:
                with refused(errno.EPERM, NOT_HELD, "id"):
                    call(conn)
            with refused(errno.EPERM, NOT_HELD, "ctx_id"):
                who.new(ctx)
        eq(again.get(conn)["held"], 0, "the same user may look")
        eq(again.ctx_get(ctx)["conns"], 1)
        for who, wanted in ((alice, [conn]), (again, [conn]), (bob, []),
                            (it.nl, [it.conn, conn])):
            eq([obj["id"] for obj in who.dump()], wanted, "dump")
        for who, wanted in ((again, [ctx]), (bob, []),
                            (it.nl, [it.ctx, ctx])):
            eq([obj["ctx_id"] for obj in who.ctx_dump()], wanted, "ctx dump")
        eq(alice.up_ref(conn)["refs"], 2, "with a reference one gets more")
        eq(it.nl.up_ref(conn)["refs"], 3, "the administrator by id")
        eq(it.nl.free(conn)["held"], 0)


class Lender:
    """Opens a netlink socket that somebody else will write to."""

    def __init__(self, link):
        client = Client()
        client.sock.connect((0, 0))
        self.ids = client.ctx_new()["ctx_id"], 0
        self.ids = self.ids[0], client.new(self.ids[0])["id"]
        with link:
            socket.send_fds(link, [b"x"], [client.sock.fileno()])

    def mine(self):
        return self.ids


class Deputy(Client):
    """Writes to its netlink socket without saying whereto."""

    def send(self, *requests):
        os.write(self.sock.fileno(), b"".join(requests))


def borrow():
    """A root's Deputy on a socket that ALICE opened, and ALICE's objects."""
    here, there = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
    lender = Remote(lambda: Lender(there), uid=ALICE,
                    keep=(there.fileno(),))
    ctx, conn = lender.mine()
    _, fds, _, _ = socket.recv_fds(here, 1, 1)
    lender.end()
    here.close()
    there.close()
    sock = socket.socket(fileno=fds[0])
    return Deputy(sock=sock), ctx, conn


@test("who writes to another user's netlink socket lends it nothing")
def deputy():
    with bench() as it, contextlib.ExitStack() as stack:
        nl, ctx, conn = borrow()
        stack.enter_context(nl)
        fd, _ = it.pair.fds()
        with refused(errno.EPERM, DEPUTY, "fd"):
            nl.begin(conn, fd)
        with refused(errno.EPERM, DEPUTY, "fd"):
            nl.attach(id=conn, fd=fd, **it.end)
        with refused(errno.EPERM, DEPUTY, "fd"):
            nl.attach(ctx_id=ctx, fd=fd, **it.end)
        eq(nl.get(conn)["state"], K.STATE_INITIAL)
        with refused(errno.EPERM, NOT_YOURS, "id"):
            nl.get(it.conn)
        with refused(errno.EPERM, NOT_YOURS, "ctx_id"):
            nl.ctx_get(it.ctx)
        with refused(errno.EPERM, BY_ID, "id"):
            nl.up_ref(it.conn)
        eq([obj["id"] for obj in nl.dump()], [conn], "what it holds")
        nl.send = lambda *requests: Client.send(nl, *requests)
        nl.begin(conn, fd)
        eq(nl.get(conn)["state"], K.STATE_HANDSHAKE, "on purpose it may")
        nl.clear(conn)


@test("an unconnected write to one's own netlink socket is no deputy's")
def no_deputy():
    with bench() as it, Deputy() as nl:
        nl.sock.connect((0, 0))
        conn = nl.new(nl.ctx_new()["ctx_id"])["id"]
        eq(nl.begin(conn, it.pair.fds()[0])["state"], K.STATE_HANDSHAKE)
        nl.get(it.conn)
        nl.free(conn)
        nl.close()


@test("unknown commands, and dumps of what cannot be dumped")
def unknown_commands():
    with bench() as it:
        for cmd, flags in ((0, 0), (K.CMD_EVENT, 0), (99, 0),
                           (K.CMD_NEW, netlink.NLM_F_DUMP),
                           (K.CMD_EVENT, netlink.NLM_F_DUMP)):
            try:
                it.nl.call(cmd, {"id": it.conn}, flags)
            except Refused as why:
                eq(why.errno, errno.EOPNOTSUPP)
            else:
                raise AssertionError(f"command {cmd} was taken")


def cut(request, size):
    return struct.pack("=I", size) + request[4:size]


@test("messages that end too early")
def truncated():
    with bench() as it:
        whole = it.nl.build(K.CMD_CTX_FREE, {"ctx_id": it.ctx})
        for size in range(netlink.HEADER.size, len(whole)):
            it.nl.seq += 1
            part = bytearray(cut(whole, size))
            struct.pack_into("=I", part, 8, it.nl.seq)
            it.nl.requests[it.nl.seq] = bytes(part)
            it.nl.send(bytes(part))
            reply = it.nl.reply_to(it.nl.seq)
            assert isinstance(reply, Refused), f"{size} bytes were enough"
            eq(reply.errno, errno.EINVAL)
        # Longer than it is, and shorter than a header: not looked at.
        it.nl.send(struct.pack("=I", len(whole) + 4) + whole[4:])
        it.nl.send(struct.pack("=I", 4) + whole[4:])


@test("nests that are none, and nests with garbage")
def nested_garbage():
    with bench() as it:
        attrs = it.complete("SET")
        del attrs["settings"]
        good = MAIN.encode(attrs)
        row = nla(K.A_SETTINGS_MODE, b"\0\0\0\0")
        for bad, blamed in (
                (nla(K.A_SETTINGS, row), "settings"),
                (nest(K.A_SETTINGS, b"\xff"), None),
                (nest(K.A_SETTINGS, row + b"\1\2\3\4"), None),
                (nest(K.A_SETTINGS, row[:4] + b"\0"), None),
                (nest(K.A_SETTINGS, struct.pack("=HH", 40, 5) + bytes(8)),
                 None),
                (nest(K.A_SETTINGS, nla(K.A_SETTINGS_PAD)), "settings.1"),
                (nest(K.A_SETTINGS, nest(K.A_SETTINGS_MODE, row)), None)):
            try:
                it.call("SET", good + bad)
            except Refused as why:
                assert why.text, str(why)
                assert why.errno in (errno.EINVAL, errno.ERANGE), str(why)
                if blamed:
                    eq(why.blame, blamed, str(why))
            else:
                raise AssertionError(f"taken: {bad}")


def mutate(rng, data):
    data = bytearray(data)
    for _ in range(rng.randint(1, 4)):
        at = rng.randrange(netlink.HEADER.size, len(data))
        if rng.random() < 0.5:
            data[at] = rng.choice((0, 1, 4, 0x7f, 0x80, 0xff))
        else:
            data[at] ^= 1 << rng.randrange(8)
    return bytes(data)


@test("mutated requests are answered, each, and leave nothing behind")
def mutated():
    rng = random.Random(1)
    it = Bench()
    allowed = (errno.EINVAL, errno.ERANGE, errno.ENOENT, errno.EPERM,
               errno.EBADF, errno.ENOTSOCK, errno.EOPNOTSUPP, errno.EBUSY,
               errno.ENOTCONN)
    names = CTX_OPS + CONN_OPS
    for _ in range(100 if tap.QUICK else 500):
        name = rng.choice(names)
        attrs = it.complete(name)
        if "fd" in attrs:
            attrs["fd"] = rng.choice((1, attrs["fd"], 999))
        request = mutate(rng, it.nl.build(getattr(K, f"CMD_{name}"), attrs))
        it.nl.send(request)
        reply = it.nl.reply_to(it.nl.seq)
        if isinstance(reply, Refused):
            assert reply.errno in allowed, str(reply)
    it.close()
    with Client() as nl:
        eq(len(nl.dump()), 0)
        assert no_objects(nl)


def echo_of(nl, cmd, attrs):
    """What comes back with the refusal of a request."""
    nl.sock.setsockopt(netlink.SOL_NETLINK, netlink.NETLINK_CAP_ACK, 0)
    nl.send(nl.build(cmd, attrs))
    data = nl.sock.recv(65536)
    (kind, _, _, payload), = netlink.messages(data)
    eq(kind, netlink.NLMSG_ERROR)
    assert len(payload) > 100, "nothing was echoed"
    return data


@test("the echo of a request that was refused has no keys in it")
def no_echo():
    with bench() as it:
        good = it.complete("ATTACH")
        twice = MAIN.encode({"tx": it.end["tx"], "rx": it.end["rx"]})
        for attrs in ({**good, "id": 0x7fffffff}, {**good, "fd": 999},
                      MAIN.encode({**good, "fd": 999}) + twice):
            data = echo_of(it.nl, K.CMD_ATTACH, attrs)
            for side in "tx", "rx":
                for part in "key", "iv", "salt":
                    assert it.end[side][part] not in data, \
                        f"{part} of {side} in {attrs}"


@test("nor has it a session, wherever the request was refused")
def no_session_echo():
    session = os.urandom(80)
    with bench() as it:
        good = {**it.complete("ATTACH"), "ctx_id": it.ctx,
                "settings": {"session": session}}
        attach = {name: value for name, value in good.items()
                  if name != "id"}
        new = {"ctx_id": it.ctx, "settings": {"session": session}}
        twice = MAIN.encode({"settings": {"session": session}})
        for cmd, attrs in (
                (K.CMD_ATTACH, good),
                (K.CMD_ATTACH, {**it.complete("ATTACH"),
                                "settings": {"session": session}}),
                (K.CMD_ATTACH, {**attach, "fd": 999}),
                (K.CMD_ATTACH, {**attach, "peer_chain": b"no chain"}),
                (K.CMD_ATTACH, tls.only(attach)),
                (K.CMD_ATTACH, {name: value for name, value
                                in attach.items() if name != "version"}),
                (K.CMD_NEW, {**new, "ctx_id": 0x7fffffff}),
                (K.CMD_NEW, {**new, "settings": {"session": session,
                                                 "role": 1, "mode": 1 << 31}}),
                (K.CMD_NEW, MAIN.encode(new) + twice),
                (K.CMD_SET, {"id": 0x7fffffff,
                             "settings": {"session": session}}),
                (K.CMD_CTX_SET, new)):
            assert session not in echo_of(it.nl, cmd, attrs), \
                f"the session of {attrs}"


@test("an acknowledgement comes with the reply to who wants one")
def acknowledged():
    with bench() as it:
        request = it.nl.build(K.CMD_GET, {"id": it.conn}, netlink.NLM_F_ACK)
        it.nl.send(request)
        kinds = [kind for _ in range(2) for kind, *_ in it.nl.receive()]
        eq(kinds, [it.nl.family, netlink.NLMSG_ERROR])


def main():
    missing()
    no_direction()
    surplus()
    wrong_lengths()
    out_of_range()
    unknown_id()
    wrong_type()
    attach_both()
    not_held()
    users()
    deputy()
    no_deputy()
    unknown_commands()
    truncated()
    nested_garbage()
    mutated()
    no_echo()
    no_session_echo()
    acknowledged()
    tap.done()


if __name__ == "__main__":
    main()
