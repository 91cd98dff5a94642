#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""The tracepoints: each edge of an object's life once, and errors as such.

Two are not met here. kssl_hold_err takes 2^31 references, or no memory;
kssl_drop_err two threads of one client that drop its last reference at once.
"""

import contextlib
import errno
import pathlib
import re
import resource
import socket

from lib import cpu, tap, tls
from lib.kssl import Client, K, Refused, eventually
from lib.process import Remote
from lib.tap import Skip, eq, test

DOCUMENT = (pathlib.Path(__file__).resolve().parents[2] /
            "Documentation/diagnosis.rst")
MAX_OBJECTS = pathlib.Path("/proc/sys/net/kssl/max_objects")
TRACEFS = pathlib.Path("/sys/kernel/tracing")
LINE = re.compile(r": kssl_(\w+): (.*)$")


class Trace:
    """What the kernel traces of kssl, apart from others that trace."""

    def __init__(self):
        # Else the scheduler is patched for the names of processes. The
        # instance takes over the option.
        (TRACEFS / "options/record-cmd").write_text("0", encoding="ascii")
        self.path = TRACEFS / "instances/kssl-test"
        self.path.mkdir()
        with cpu.alone():
            self._write("events/kssl/enable", "1")

    def _write(self, name, text):
        (self.path / name).write_text(text, encoding="ascii")

    def close(self):
        with cpu.alone():
            self._write("events/kssl/enable", "0")
        self.path.rmdir()
        (TRACEFS / "options/record-cmd").write_text("1", encoding="ascii")

    def clear(self):
        self._write("trace", "")

    def events(self):
        """(name, fields) of all since clear()."""
        text = (self.path / "trace").read_text(encoding="ascii")
        found = [LINE.search(line) for line in text.splitlines()
                 if not line.startswith("#")]
        return [(match[1], _fields(match[2])) for match in found]

    def names(self):
        return [name for name, _ in self.events()]


def _fields(text):
    fields = dict(field.split("=") for field in text.split())
    return {name: value if name in ("state", "direction") else int(value)
            for name, value in fields.items()}


@contextlib.contextmanager
def traced():
    trace = Trace()
    try:
        yield trace
    finally:
        trace.close()


def cookie(sock):
    return int.from_bytes(sock.getsockopt(socket.SOL_SOCKET, 57, 8),
                          "little")


def fails(call, *args, **kwargs):
    """The errno of a call that is refused."""
    try:
        call(*args, **kwargs)
    except Refused as why:
        return why.errno
    raise AssertionError("not refused")


def attach(nl, conn, pair):
    nl.attach(id=conn, fd=pair.client.fileno(), **tls.directions()[0])


@test("a connection's life is traced edge by edge")
def life():
    with traced() as trace, Client() as nl, tls.Pair() as pair:
        port = nl.sock.getsockname()[0]
        sock = cookie(pair.client)
        ctx = nl.ctx_new()["ctx_id"]
        nl.ctx_set(ctx, label="x")
        conn = nl.new(ctx)["id"]
        nl.set(conn, role=K.ROLE_CLIENT)
        nl.up_ref(conn)
        nl.begin(conn, pair.client.fileno())
        attach(nl, conn, pair)
        pair.client.close()
        eventually(lambda: nl.get(conn)["state"] == K.STATE_CLOSED,
                   "the connection is closed")
        nl.clear(conn)
        nl.free(conn)
        nl.free(conn)
        nl.ctx_free(ctx)
        whole = {"id": conn, "ctx": ctx}
        at = {**whole, "cookie": sock}
        eq(trace.events(), [
            ("ctx_new", {"ctx": ctx}),
            ("hold", {"ctx": ctx, "portid": port, "held": 1}),
            ("ctx_set", {"ctx": ctx}),
            ("new", {**whole, "state": "initial"}),
            ("hold", {"conn": conn, "portid": port, "held": 1}),
            ("set", {**whole, "state": "initial"}),
            ("hold", {"conn": conn, "portid": port, "held": 2}),
            ("begin", {**at, "state": "handshake"}),
            ("attach", {**at, "state": "established"}),
            ("closed", {**at, "state": "closed"}),
            ("clear", {**whole, "state": "initial"}),
            ("drop", {"conn": conn, "portid": port, "held": 1}),
            ("drop", {"conn": conn, "portid": port, "held": 0}),
            ("gone", {**whole, "state": "initial"}),
            ("drop", {"ctx": ctx, "portid": port, "held": 0}),
            ("ctx_gone", {"ctx": ctx}),
        ])


@test("so is a connection that dup makes, and one that it gives again")
def dup():
    with traced() as trace, Client() as nl, tls.Pair() as pair:
        conn = nl.new(nl.ctx_new()["ctx_id"])["id"]
        trace.clear()
        other = nl.dup(conn)["id"]
        nl.begin(other, pair.client.fileno())
        eq(nl.dup(other)["id"], other)
        eq([event for event in trace.events() if event[0] == "dup"],
           [("dup", {"id": other, "from": conn}),
            ("dup", {"id": other, "from": other})])
        eq(trace.names(), ["dup", "hold", "begin", "dup", "hold"])


@test("a socket that is kept is pinned, and unpinned")
def kept():
    with traced() as trace, Client() as nl, tls.Pair() as pair:
        ctx = nl.ctx_new()["ctx_id"]
        conn = nl.new(ctx, role=K.ROLE_CLIENT, keep=1)["id"]
        sock = cookie(pair.client)
        trace.clear()
        attach(nl, conn, pair)
        pair.client.close()
        eq(trace.names(), ["pin", "attach"])
        pair.server.close()
        eventually(lambda: "unpin" in trace.names(), "it is unpinned")
        eq(trace.names(), ["pin", "attach", "closed", "unpin"])
        eq({fields["cookie"] for _, fields in trace.events()}, {sock})


@test("a handshake that fails is, and who is killed lets go of all")
def failed():
    with traced() as trace, Client() as nl, tls.Pair() as pair:
        with Client() as other:
            conn = other.new(other.ctx_new()["ctx_id"])["id"]
            nl.up_ref(conn)
            other.begin(conn, pair.client.fileno())
            other.fail(conn)
            other.up_ref(conn)
            port = other.sock.getsockname()[0]
            trace.clear()
        eventually(lambda: len(trace.names()) == 2, "it has let go")
        eq(sorted(name for name, _ in trace.events()), ["drop", "drop"])
        eq({fields["held"] for _, fields in trace.events()}, {0})
        eq({fields["portid"] for _, fields in trace.events()}, {port})
        trace.clear()
        nl.clear(conn)
        eq(trace.names(), ["clear"])


@test("fail has its own edge")
def fail():
    with traced() as trace, Client() as nl, tls.Pair() as pair:
        conn = nl.new(nl.ctx_new()["ctx_id"])["id"]
        nl.begin(conn, pair.client.fileno())
        trace.clear()
        nl.fail(conn)
        (name, fields), = trace.events()
        eq((name, fields["state"]), ("fail", "error"))


@test("set-ctx tells the new context")
def set_ctx():
    with traced() as trace, Client() as nl:
        conn = nl.new(nl.ctx_new()["ctx_id"])["id"]
        ctx = nl.ctx_new()["ctx_id"]
        trace.clear()
        nl.set_ctx(conn, ctx)
        eq(trace.events(),
           [("set_ctx", {"id": conn, "ctx": ctx, "state": "initial"})])


def twins(nl, pair):
    """Calls that are refused: the edge's name, and what is called."""
    ctx = nl.ctx_new()["ctx_id"]
    conn = nl.new(ctx, role=K.ROLE_CLIENT)["id"]
    begun = nl.new(ctx, role=K.ROLE_CLIENT, max_proto=0x0303)["id"]
    nl.begin(begun, pair.client.fileno())
    return (
        ("ctx_new_err", errno.EINVAL, nl.ctx_new, (), {"verify_depth": 101}),
        ("ctx_set_err", errno.EINVAL, nl.ctx_set, (ctx,),
         {"verify_depth": 101}),
        ("new_err", errno.EINVAL, nl.new, (ctx,), {"verify_depth": 101}),
        ("set_err", errno.EINVAL, nl.set, (conn,), {"verify_depth": 101}),
        ("begin_err", errno.EBUSY, nl.begin, (begun, pair.client.fileno()),
         {}),
        ("begin_err", errno.EBUSY, nl.begin, (conn, pair.client.fileno()),
         {}),
        ("attach_err", errno.EPERM, attach, (nl, begun, pair), {}),
        ("fail_err", errno.EBUSY, nl.fail, (conn,), {}),
    )


@test("what is refused has the twin of its edge, with the errno, and no edge")
def refusals():
    with traced() as trace, Client() as nl, tls.Pair() as pair:
        for name, error, call, args, kwargs in twins(nl, pair):
            trace.clear()
            got = fails(call, *args, **kwargs)
            (seen, fields), = trace.events()
            eq((seen, fields["err"]), (name, -got))
            eq(got, error, name)


@test("so has what is refused of a connection that is attached")
def refusals_attached():
    with traced() as trace, Client() as nl, tls.Pair() as pair:
        ctx = nl.ctx_new()["ctx_id"]
        conn = nl.new(ctx, role=K.ROLE_CLIENT)["id"]
        attach(nl, conn, pair)
        for name, call, args in (("clear_err", nl.clear, (conn,)),
                                 ("set_ctx_err", nl.set_ctx, (conn, ctx))):
            trace.clear()
            got = fails(call, *args)
            (seen, fields), = trace.events()
            eq((seen, fields["err"], fields["state"]),
               (name, -got, "established"))


@test("and a dup for which there is no room")
def refused_dup():
    before = MAX_OBJECTS.read_text(encoding="ascii")
    with traced() as trace, Client() as nl:
        ctx = nl.ctx_new()["ctx_id"]
        conn = nl.new(ctx)["id"]
        MAX_OBJECTS.write_text("2", encoding="ascii")
        try:
            trace.clear()
            eq(fails(nl.dup, conn), errno.ENOSPC)
        finally:
            MAX_OBJECTS.write_text(before, encoding="ascii")
        eq(trace.events(), [("dup_err", {
            "id": conn, "ctx": ctx, "state": "initial",
            "err": -errno.ENOSPC})])


class Limited(Client):
    """A user that may pin one file."""

    def keep(self, address):
        """The errno of the second attach, and the cookie of its socket."""
        ctx = self.ctx_new(keep=1)["ctx_id"]
        with socket.create_connection(address) as one, \
                socket.create_connection(address) as two:
            resource.setrlimit(resource.RLIMIT_NOFILE, (1, 1))
            calls = [{"ctx_id": ctx, "fd": sock.fileno(),
                      "settings": {"role": K.ROLE_CLIENT},
                      **tls.directions()[0]} for sock in (one, two)]
            self.attach(**calls[0])
            return fails(self.attach, **calls[1]), cookie(two)


@test("and a socket that may not be pinned")
def refused_pin():
    with traced() as trace, Remote(Limited, uid=1000) as other, \
            socket.create_server(("127.0.0.1", 0)) as listener:
        got, sock = other.keep(listener.getsockname())
        eq(got, errno.ETOOMANYREFS)
        eq([(name, fields["cookie"], fields["err"])
            for name, fields in trace.events() if "err" in fields],
           [(name, sock, -got) for name in ("pin_err", "attach_err")])


@test("a key that has come near to its limit is traced when somebody listens")
def key_limit():
    def limits():
        return [(name, fields) for name, fields in trace.events()
                if name == "key_limit"]

    with traced() as trace, Client(group="events"), Client() as nl, \
            tls.Pair() as pair:
        ctx = nl.ctx_new()["ctx_id"]
        records = 20000000
        one, two = (reply["id"] for reply in
                    tls.attach_pair(nl, ctx, pair, seqs=(records, 0)))
        eventually(lambda: len(limits()) == 2, "both ends are traced")
        most = {"ctx": ctx, "state": "established", "records": records,
                "max": 23726566}
        eq(limits(),
           [("key_limit", {"id": one, "direction": "tx", **most}),
            ("key_limit", {"id": two, "direction": "rx", **most})])


@test("key updates are traced, and those that are refused")
def rekeys():
    with traced() as trace, Client() as nl, tls.Pair() as pair:
        ctx = nl.ctx_new()["ctx_id"]
        conn = nl.new(ctx, role=K.ROLE_CLIENT)["id"]
        nl.attach(id=conn, fd=pair.client.fileno(),
                  **tls.directions(make=tls.secret)[0])
        trace.clear()
        got = fails(nl.rekey, conn, K.DIRECTION_RX)
        eq(trace.events(), [("rekey_err", {
            "id": conn, "ctx": ctx, "state": "established", "direction": "rx",
            "err": -got})])
        if got == errno.EOPNOTSUPP:
            return
        trace.clear()
        nl.rekey(conn, K.DIRECTION_TX)
        eq(trace.events(), [("rekey", {"id": conn, "ctx": ctx,
                                       "state": "established",
                                       "direction": "tx"})])


@test("no event has the address of anything, nor what the settings say")
def no_secrets():
    with traced() as trace, Client() as nl, tls.Pair() as pair:
        nl.ctx_new(label="sesame")
        tls.attach_pair(nl, nl.ctx_new()["ctx_id"], pair)
        text = (trace.path / "trace").read_text(encoding="ascii")
        assert "sesame" not in text
        kinds = set()
        for path in (TRACEFS / "events/kssl").glob("*/format"):
            kinds |= {line.split(";")[0].split(":")[1].rsplit(" ", 1)[0]
                      for line in path.read_text(
                          encoding="ascii").splitlines()
                      if line.startswith("\tfield:") and
                      "common_" not in line}
        eq(kinds, {"u32", "u64", "int"})


@test("the document has all tracepoints, and no others")
def documented():
    events = {path.name for path in (TRACEFS / "events/kssl").iterdir()
              if path.is_dir()}
    eq(set(re.findall(r"``(kssl_[a-z_]+)``",
                      DOCUMENT.read_text(encoding="ascii"))), events)


def main():
    if not TRACEFS.joinpath("events/kssl").is_dir():
        with test("tracepoints"):
            raise Skip("the kernel has none")
        tap.done()
    life()
    dup()
    kept()
    failed()
    fail()
    set_ctx()
    refusals()
    refusals_attached()
    refused_dup()
    refused_pin()
    key_limit()
    rekeys()
    no_secrets()
    documented()
    tap.done()


if __name__ == "__main__":
    main()
