#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""set-ctx: what it switches, what it leaves, and what it refuses."""

import errno

from lib import keys, tap, tls
from lib.kssl import SETTINGS, Client, K, eventually, refused
from lib.process import CLONE_NEWNET, Remote, unshare
from lib.tap import eq, test

DER = b"\x30\x03\x02\x01\x07"
OTHER_DER = b"\x30\x02\x05\x00"
NOT_HELD = "this client has no reference on it"
SLOTS = ("rsa", "rsa_pss", "dsa", "ecc", "gost01", "gost12_256", "gost12_512",
         "ed25519", "ed448")


def certificates(data, serial):
    """Certificates and all that goes with them."""
    rows = {f"{kind}_{slot}": data for slot in SLOTS
            for kind in ("certificate", "chain", "ocsp")}
    rows.update({f"private_key_{slot}": serial for slot in SLOTS})
    return rows


def read(nl, conn, rows):
    """Large values are told only when they are asked for."""
    seen = nl.get(conn)["settings"]
    return {row: seen[row] if row in seen else nl.get_row(conn, row)
            for row in rows}


@test("certificates, chains, responses and keys are the other context's")
def switched():
    with Client() as nl:
        first = certificates(DER, keys.add("kssl-first"))
        second = certificates(OTHER_DER, keys.add("kssl-second"))
        one = nl.ctx_new(**first)["ctx_id"]
        two = nl.ctx_new(**second)["ctx_id"]
        conn = nl.new(one)["id"]
        eq(nl.set_ctx(conn, two)["ctx_id"], two)
        eq(read(nl, conn, second), second)
        nl.set_ctx(conn, one)
        eq(read(nl, conn, first), first)


@test("what the connection itself was given stays, certificates but")
def own_rows():
    with Client() as nl:
        one = nl.ctx_new(label="one", timeout=11)["ctx_id"]
        two = nl.ctx_new(label="two", timeout=22, certificate_rsa=DER,
                         verify_mode=1, alpn=b"\x02h2")["ctx_id"]
        conn = nl.new(one, verify_depth=7,
                      certificate_rsa=OTHER_DER)["id"]
        before = nl.get(conn)["settings"]
        after = nl.set_ctx(conn, two)["settings"]
        eq(after["certificate_rsa"], DER)
        changed = {row for row in SETTINGS.kinds if before.get(row) !=
                   after.get(row)}
        eq(changed, {"certificate_rsa"})


@test("the contexts' references and counts go along")
def counts():
    with Client() as nl:
        one, two = (nl.ctx_new()["ctx_id"] for _ in range(2))
        conn = nl.new(one)["id"]
        nl.set_ctx(conn, two)
        nl.ctx_free(two)
        eventually(lambda: nl.get(conn)["ctx_id"] == two, "it holds the other")
        eq(nl.ctx_get(one)["conns"], 0)
        nl.set_ctx(conn, one)
        eq(nl.ctx_get(one)["conns"], 1)
        with refused(errno.ENOENT, "no such context", "ctx_id"):
            nl.ctx_get(two)
        nl.set_ctx(conn, one)
        eq(nl.ctx_get(one)["conns"], 1)


@test("dup takes the new context, clear keeps it")
def afterwards():
    with Client() as nl, tls.Pair() as pair:
        one, two = (nl.ctx_new(label=name)["ctx_id"] for name in "ab")
        conn = nl.new(one)["id"]
        nl.set_ctx(conn, two)
        twin = nl.dup(conn)
        eq((twin["ctx_id"], nl.get(twin["id"])["settings"]["label"]),
           (two, "b"))
        nl.begin(conn, pair.fds()[0])
        nl.set_ctx(conn, one)
        nl.clear(conn)
        eq(nl.get(conn)["ctx_id"], one)


@test("not once the connection is attached, closed or in error")
def states():
    with Client() as nl, tls.Pair() as pair, tls.Pair() as other:
        one, two = (nl.ctx_new()["ctx_id"] for _ in range(2))
        conn = nl.new(one, role=K.ROLE_CLIENT)["id"]
        nl.attach(id=conn, fd=pair.fds()[0], **tls.directions()[0])
        with refused(errno.EBUSY, "the connection is attached", "id"):
            nl.set_ctx(conn, two)
        pair.close()
        eventually(lambda: nl.get(conn)["state"] == K.STATE_CLOSED,
                   "the connection is closed")
        with refused(errno.EBUSY, "the connection is closed", "id"):
            nl.set_ctx(conn, two)
        failed = nl.new(one)["id"]
        nl.begin(failed, other.fds()[0])
        nl.fail(failed)
        with refused(errno.EBUSY, "the connection is in error", "id"):
            nl.set_ctx(failed, two)
        for each in conn, failed:
            eq(nl.get(each)["ctx_id"], one)
        eq(nl.ctx_get(two)["conns"], 0)


@test("ids that are missing, unknown or of the wrong kind")
def wrong_ids():
    with Client() as nl:
        ctx = nl.ctx_new()["ctx_id"]
        conn = nl.new(ctx)["id"]
        gone = nl.new(ctx)["id"]
        nl.free(gone)
        for ids, err, text, blame in (
                ({"ctx_id": ctx}, errno.EINVAL, "id is missing", None),
                ({"id": conn}, errno.EINVAL, "ctx-id is missing", None),
                ({"id": gone, "ctx_id": ctx}, errno.ENOENT,
                 "no such connection", "id"),
                ({"id": conn, "ctx_id": gone}, errno.ENOENT,
                 "no such context", "ctx_id"),
                ({"id": ctx, "ctx_id": ctx}, errno.EINVAL,
                 "the id is of a context, not of a connection", "id"),
                ({"id": conn, "ctx_id": conn}, errno.EINVAL,
                 "the id is of a connection, not of a context", "ctx_id")):
            with refused(err, text, blame):
                nl.call(K.CMD_SET_CTX, ids)
        with refused(errno.EINVAL, "", "label"):
            nl.call(K.CMD_SET_CTX, {"id": conn, "ctx_id": ctx, "label": "x"})
        eq(nl.get(conn)["ctx_id"], ctx)


@test("both objects have to be one's own")
def not_held():
    with Client() as nl, Client() as other:
        mine, theirs = nl.ctx_new()["ctx_id"], other.ctx_new()["ctx_id"]
        conn, foreign = nl.new(mine)["id"], other.new(theirs)["id"]
        with refused(errno.EPERM, NOT_HELD, "ctx_id"):
            nl.set_ctx(conn, theirs)
        with refused(errno.EPERM, NOT_HELD, "id"):
            nl.set_ctx(foreign, mine)
        eq((nl.get(conn)["ctx_id"], nl.get(foreign)["ctx_id"]),
           (mine, theirs))


class Elsewhere(Client):
    """A client in a network namespace of its own."""

    def __init__(self):
        unshare(CLONE_NEWNET)
        super().__init__()


@test("contexts of another network namespace are not there")
def namespaces():
    with Client() as nl, Remote(Elsewhere) as there:
        conn = nl.new(nl.ctx_new()["ctx_id"])["id"]
        with refused(errno.ENOENT, "no such context", "ctx_id"):
            nl.set_ctx(conn, there.ctx_new()["ctx_id"])


def main():
    switched()
    own_rows()
    counts()
    afterwards()
    states()
    wrong_ids()
    not_held()
    namespaces()
    tap.done()


if __name__ == "__main__":
    main()
