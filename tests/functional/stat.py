#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""The counters in /proc/net/kssl_stat."""

import errno
import pathlib
import re
import socket
import subprocess

from lib import process, tap, tls
from lib.kssl import Client, K, Refused, eventually, refused
from lib.netlink import SOL_NETLINK
from lib.process import Remote
from lib.tap import eq, test

DOCUMENT = (pathlib.Path(__file__).resolve().parents[2] /
            "Documentation/diagnosis.rst")
NETLINK_BROADCAST_ERROR = 4


def stat():
    with open("/proc/self/net/kssl_stat", encoding="ascii") as file:
        return {name: int(value) for name, value in map(str.split, file)}


class Counted:
    """What the counters have changed by since."""

    def __init__(self):
        self.before = stat()

    def changes(self):
        return {name: value - self.before[name]
                for name, value in stat().items()
                if value != self.before[name]}

    def become(self, **wanted):
        wanted = {"Kssl" + name: value for name, value in wanted.items()}
        eventually(lambda: self.changes() == wanted,
                   f"{wanted}, but {self.changes()}")


def attach(nl, conn, pair):
    nl.attach(id=conn, fd=pair.client.fileno(), **tls.directions()[0])


@test("the document has all counters, and no others")
def documented():
    found = re.findall(r"^``(Kssl\w+)``", DOCUMENT.read_text(encoding="ascii"),
                       re.M)
    eq(found, list(stat()))


@test("contexts and connections count as they come and go")
def objects():
    counted = Counted()
    with Client() as nl:
        ctx = nl.ctx_new()["ctx_id"]
        counted.become(CurrCtx=1, CtxNew=1)
        conn = nl.new(ctx)["id"]
        nl.dup(conn)
        nl.up_ref(conn)
        counted.become(CurrCtx=1, CtxNew=1, CurrConn=2, New=1, Dup=1)
        nl.free(conn)
        nl.free(conn)
        counted.become(CurrCtx=1, CtxNew=1, CurrConn=1, New=1, Dup=1, Free=1)
    counted.become(CtxNew=1, CtxFree=1, New=1, Dup=1, Free=2)


@test("so do handshakes, attaches and their ends")
def life():
    with Client() as nl, tls.Pair() as pair:
        conn = nl.new(nl.ctx_new()["ctx_id"], role=K.ROLE_CLIENT)["id"]
        counted = Counted()
        nl.begin(conn, pair.client.fileno())
        counted.become(Begin=1)
        eq(nl.dup(conn)["id"], conn)
        counted.become(Begin=1)
        attach(nl, conn, pair)
        counted.become(Begin=1, Attach=1)
        pair.client.close()
        counted.become(Begin=1, Attach=1, Closed=1)


@test("one that fails is an error, and is not closed afterwards")
def failed():
    with Client() as nl, tls.Pair() as pair:
        conn = nl.new(nl.ctx_new()["ctx_id"])["id"]
        nl.begin(conn, pair.client.fileno())
        counted = Counted()
        nl.fail(conn)
        pair.close()
        eventually(lambda: "local_port" not in nl.get(conn),
                   "the socket is gone")
        counted.become(Error=1)


@test("what is refused is counted as refused")
def refusals():
    with Client() as nl, tls.Pair() as pair:
        conn = nl.new(nl.ctx_new()["ctx_id"], role=K.ROLE_CLIENT,
                      max_proto=0x0303)["id"]
        nl.begin(conn, pair.client.fileno())
        counted = Counted()
        with refused(errno.EBUSY, "the handshake has begun", "id"):
            nl.begin(conn, pair.client.fileno())
        counted.become(BeginError=1)
        with refused(errno.EPERM, "the TLS version is above max-proto",
                     "version"):
            attach(nl, conn, pair)
        counted.become(BeginError=1, AttachError=1)
        nl.clear(conn)
        with refused(errno.EOPNOTSUPP, "not a TCP socket", "fd"):
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
                nl.begin(conn, udp.fileno())
        counted.become(BeginError=2, AttachError=1)


@test("key updates count, and those that are refused")
def rekeys():
    with Client() as nl, tls.Pair() as pair:
        conn = nl.new(nl.ctx_new()["ctx_id"], role=K.ROLE_CLIENT)["id"]
        nl.attach(id=conn, fd=pair.client.fileno(),
                  **tls.directions(make=tls.secret)[0])
        counted = Counted()
        try:
            nl.rekey(conn, K.DIRECTION_RX)
        except Refused as why:
            can = why.errno != errno.EOPNOTSUPP
        wanted = {"RekeyError": 1}
        counted.become(**wanted)
        if can:
            nl.rekey(conn, K.DIRECTION_TX)
            wanted["Rekey"] = 1
            counted.become(**wanted)
        # Not while the next ones count.
        pair.client.close()
        counted.become(**wanted, Closed=1)


@test("kept sockets count while they are pinned")
def kept():
    with Client() as nl, tls.Pair() as pair:
        conn = nl.new(nl.ctx_new()["ctx_id"], role=K.ROLE_CLIENT,
                      keep=1)["id"]
        counted = Counted()
        attach(nl, conn, pair)
        counted.become(Attach=1, CurrKept=1)
        pair.server.close()
        counted.become(Attach=1, Closed=1)


@test("an attach that is refused leaves no socket pinned")
def kept_refused():
    with Client() as nl, tls.Pair() as pair:
        ctx = nl.ctx_new()["ctx_id"]
        first = nl.new(ctx, role=K.ROLE_CLIENT)["id"]
        conn = nl.new(ctx, role=K.ROLE_CLIENT, keep=1)["id"]
        nl.begin(first, pair.client.fileno())
        counted = Counted()
        with refused(errno.EBUSY, "the socket belongs to another connection",
                     "fd"):
            attach(nl, conn, pair)
        counted.become(AttachError=1)


@test("events that a listener has no room for are counted if it asks for that")
def lost():
    with Client(group="events") as slow, Client() as nl:
        slow.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)
        counted = Counted()
        for _ in range(40):
            nl.ctx_free(nl.ctx_new()["ctx_id"])
        counted.become(CtxNew=40, CtxFree=40)
        slow.sock.setsockopt(SOL_NETLINK, NETLINK_BROADCAST_ERROR, 1)
        counted = Counted()
        nl.ctx_free(nl.ctx_new()["ctx_id"])
        counted.become(CtxNew=1, CtxFree=1, EventLost=2)


class Elsewhere(Client):
    """A client in a network namespace of its own, with its counters."""

    def stat(self):
        return stat()

    def fill(self):
        ctx = self.ctx_new()["ctx_id"]
        for _ in range(10):
            self.new(ctx)


def new_net():
    process.unshare(process.CLONE_NEWNET)
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)


@test("each network namespace has its own, and ends with objects in it")
def namespaces():
    for _ in range(5):
        counted = Counted()
        other = Remote(Elsewhere, before=new_net)
        eq(set(other.stat().values()), {0})
        other.fill()
        seen = other.stat()
        eq((seen["KsslCurrConn"], seen["KsslNew"], seen["KsslCtxNew"]),
           (10, 10, 1))
        eq(counted.changes(), {})
        other.kill()
        eq(counted.changes(), {})


@test("an object counts in its own namespace, wherever its socket is")
def foreign_socket():
    with Remote(Elsewhere, before=new_net) as other:
        counted = Counted()
        with Client() as nl, tls.Pair() as pair:
            tls.attach_pair(nl, nl.ctx_new()["ctx_id"], pair)
        counted.become(CtxNew=1, CtxFree=1, New=2, Free=2, Attach=2, Closed=2)
        eq(set(other.stat().values()), {0})


def main():
    documented()
    objects()
    life()
    failed()
    refusals()
    rekeys()
    kept()
    kept_refused()
    lost()
    namespaces()
    foreign_socket()
    tap.done()


if __name__ == "__main__":
    main()
