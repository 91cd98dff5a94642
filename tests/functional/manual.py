#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""new, dup, up_ref and free as SSL_new(3) has them.

What is done in one process is observed from another one.
"""

import errno

from lib import tap, tls
from lib.kssl import Client, K, eventually, no_objects, refused
from lib.process import Remote
from lib.tap import eq, test

ROLE = {"role": K.ROLE_CLIENT}


def counts(obj):
    return obj["refs"], obj["held"], obj["holders"]


@test("new makes an object with one reference, seen from elsewhere")
def new_counts():
    with Client() as nl, Remote(Client) as other:
        ctx = nl.ctx_new()["ctx_id"]
        eq(counts(other.ctx_get(ctx)), (1, 0, 1), "the context's counts")
        conn = nl.new(ctx)
        eq(counts(conn), (1, 1, 1), "in the reply")
        seen = other.get(conn["id"])
        eq(counts(seen), (1, 0, 1), "from elsewhere")
        eq(seen["ctx_id"], ctx)
        eq(seen["state"], K.STATE_INITIAL)
        eq(seen["uid"], 0)
        assert seen["age"] < 60000
        seen = other.ctx_get(ctx)
        eq(counts(seen), (2, 0, 1), "of the context of a connection")
        eq(seen["conns"], 1)


@test("up-ref and free count references, the last free ends the object")
def up_ref_and_free():
    with Client() as nl, Remote(Client) as other:
        conn = nl.new(nl.ctx_new()["ctx_id"])["id"]
        eq(counts(nl.up_ref(conn)), (2, 2, 1))
        eq(counts(nl.up_ref(conn)), (3, 3, 1))
        eq(counts(other.get(conn)), (3, 0, 1))
        eq(counts(other.up_ref(conn)), (4, 1, 2), "a second holder")
        eq(counts(nl.get(conn)), (4, 3, 2))
        for left in 2, 1, 0:
            reply = nl.free(conn)
            eq((reply["refs"], reply["held"]), (left + 1, left))
        eq(counts(other.get(conn)), (1, 1, 1))
        with refused(errno.EPERM, "this client has no reference on it", "id"):
            nl.free(conn)
        eq(other.free(conn)["refs"], 0)
        for asker in nl, other:
            with refused(errno.ENOENT, "no such connection", "id"):
                asker.get(conn)


@test("contexts are counted the same way")
def ctx_counts():
    with Client() as nl, Remote(Client) as other:
        ctx = nl.ctx_new()["ctx_id"]
        eq(counts(nl.ctx_up_ref(ctx)), (2, 2, 1))
        eq(counts(other.ctx_up_ref(ctx)), (3, 1, 2))
        eq(nl.ctx_free(ctx)["held"], 1)
        eq(nl.ctx_free(ctx)["held"], 0)
        with refused(errno.EPERM, "this client has no reference on it",
                     "ctx_id"):
            nl.ctx_free(ctx)
        eq(other.ctx_free(ctx)["refs"], 0)
        with refused(errno.ENOENT, "no such context", "ctx_id"):
            nl.ctx_get(ctx)


@test("dup in state initial makes another object with what is duplicated")
def dup_initial():
    with Client() as nl, Remote(Client) as other:
        ctx = nl.ctx_new(method=K.METHOD_CLIENT, timeout=100, label="first",
                         verify_depth=7)["ctx_id"]
        conn = nl.new(ctx, options=K.OP_NO_TICKET, label="own",
                      max_proto=tls.TLS12, role=K.ROLE_CLIENT)
        nl.ctx_set(ctx, timeout=200, label="second", verify_depth=9,
                   options=K.OP_NO_RENEGOTIATION)
        copy = nl.dup(conn["id"])
        assert copy["id"] != conn["id"]
        eq(copy["ctx_id"], ctx)
        eq(counts(copy), (1, 1, 1))
        eq(counts(other.get(conn["id"])), (1, 0, 1), "the original")
        eq(other.ctx_get(ctx)["conns"], 2)

        eq(copy["settings_id"], conn["settings_id"], "duplicated rows")
        rows = other.get(copy["id"])["settings"]
        eq(rows["options"], K.OP_NO_TICKET)
        eq(rows["max_proto"], tls.TLS12)
        eq(rows["verify_depth"], 7)
        eq(rows["role"], K.ROLE_CLIENT)
        eq(copy["inherit_id"], other.ctx_get(ctx)["inherit_id"],
           "rows that only new inherits")
        eq(rows["method"], K.METHOD_CLIENT)
        eq(rows["timeout"], 200)
        eq(rows["label"], "second")

        nl.free(conn["id"])
        eq(other.get(copy["id"])["settings"], rows, "after the original")


@test("dup from begin on gives the same id and one reference more")
def dup_begun():
    with Client() as nl, Remote(Client) as other, tls.Pair() as pair:
        conn = nl.new(nl.ctx_new()["ctx_id"], **ROLE)["id"]
        fd, _ = pair.fds()
        nl.begin(conn, fd)
        same = nl.dup(conn)
        eq(same["id"], conn)
        eq(counts(same), (2, 2, 1))
        eq(same["state"], K.STATE_HANDSHAKE)
        end, _ = tls.directions()
        nl.attach(id=conn, fd=fd, **end)
        eq(nl.dup(conn)["id"], conn, "when established")
        eq(counts(other.get(conn)), (4, 0, 1), "with the socket's own")
        pair.close()
        eventually(lambda: nl.get(conn)["state"] == K.STATE_CLOSED, "closed")
        eq(nl.dup(conn)["id"], conn, "when closed")
        eventually(lambda: counts(other.get(conn)) == (4, 0, 1),
                   "without the socket's")

        cleared = nl.clear(conn)
        eq(cleared["state"], K.STATE_INITIAL)
        eq(counts(cleared), (4, 4, 1), "clear keeps references")
        copy = nl.dup(conn)
        assert copy["id"] != conn, "after clear a new one"
        eq(counts(copy), (1, 1, 1))
        eq(counts(other.get(conn)), (4, 0, 1))


@test("dup in state error gives the same id, too")
def dup_error():
    with Client() as nl, tls.Pair() as pair:
        conn = nl.new(nl.ctx_new()["ctx_id"])["id"]
        nl.begin(conn, pair.fds()[0])
        eq(nl.fail(conn)["state"], K.STATE_ERROR)
        eq(nl.dup(conn)["id"], conn)
        nl.clear(conn)
        assert nl.dup(conn)["id"] != conn


@test("a context freed first leaves its connections whole")
def ctx_freed_first():
    with Client() as nl, Remote(Client) as other, tls.Pair() as pair:
        ctx = nl.ctx_new(label="kept")["ctx_id"]
        conn = nl.new(ctx, **ROLE)["id"]
        eq(nl.ctx_free(ctx)["held"], 0)
        with refused(errno.EPERM, "this client has no reference on it",
                     "ctx_id"):
            nl.new(ctx)
        seen = other.ctx_get(ctx)
        eq(counts(seen), (1, 0, 0), "the context is the connection's only")
        eq(seen["conns"], 1)
        eq(other.get(conn)["settings"]["label"], "kept")
        eq(nl.dup(conn)["ctx_id"], ctx)

        one, two = tls.directions()
        nl.attach(id=conn, fd=pair.fds()[0], **one)
        peer = nl.ctx_new()["ctx_id"]
        nl.attach(ctx_id=peer, fd=pair.fds()[1],
                  settings={"role": K.ROLE_SERVER}, **two)
        tls.exchange(pair)
    with Client() as nl:
        pair.close()
        eventually(lambda: no_objects(nl), "all is gone")


@test("a context that is changed changes no connection")
def ctx_changed():
    with Client() as nl, Remote(Client) as other:
        ctx = nl.ctx_new()["ctx_id"]
        before = nl.get(nl.new(ctx)["id"])
        nl.ctx_set(ctx, options=0, cipher_list=[0xc02f], label="new",
                   timeout=1, verify_mode=K.VERIFY_PEER)
        after = other.get(before["id"])
        for key in "settings", "settings_id", "inherit_id":
            eq(after[key], before[key], key)
        later = nl.get(nl.new(ctx)["id"])
        eq(later["settings"]["cipher_list"], [0xc02f])
        eq(later["settings"]["timeout"], 1)
        nl.set(before["id"], min_proto=tls.TLS13)
        eq(other.ctx_get(ctx)["settings"]["min_proto"], 0,
           "and a connection not its context")
        eq(other.get(later["id"])["settings"]["min_proto"], 0)


@test("new and dup share what they inherit")
def shared_settings():
    with Client() as nl:
        ctx = nl.ctx_new(options=0)
        conn = nl.new(ctx["ctx_id"])
        for key in "settings_id", "inherit_id":
            eq(conn[key], ctx[key], key)
            eq(nl.dup(conn["id"])[key], ctx[key], key)


@test("ids of objects that are gone are not given out again")
def ids_not_reused():
    with Client() as nl:
        ctx = nl.ctx_new()["ctx_id"]
        seen = {ctx}
        for _ in range(50 if tap.QUICK else 200):
            conn = nl.new(ctx)["id"]
            assert conn not in seen, f"{conn} came twice"
            seen.add(conn)
            nl.free(conn)
            with refused(errno.ENOENT, "no such connection", "id"):
                nl.get(conn)


@test("a closed netlink socket drops its references and no others")
def socket_closed():
    with Client() as nl:
        mine = Client()
        ctx = mine.ctx_new()["ctx_id"]
        conns = [mine.new(ctx)["id"] for _ in range(20)]
        for _ in range(3):
            mine.up_ref(conns[0])
        nl.up_ref(conns[1])
        mine.close()
        eq([conn["id"] for conn in nl.dump()], [conns[1]])
        eq(counts(nl.get(conns[1])), (1, 1, 1))
        eq([obj["ctx_id"] for obj in nl.ctx_dump()], [ctx])
        nl.free(conns[1])
        assert no_objects(nl)


@test("a netlink socket in two processes is one client")
def forked_socket():
    with Client() as nl:
        ctx = nl.ctx_new()["ctx_id"]
        other = Remote(lambda: Client(sock=nl.sock), keep=(nl.sock.fileno(),))
        conn = other.new(ctx)
        eq(counts(nl.get(conn["id"])), (1, 1, 1))
        nl.free(conn["id"])
        conn = other.new(ctx)["id"]
        other.kill()
        eq(counts(nl.get(conn)), (1, 1, 1), "while one of them lives")


def main():
    new_counts()
    up_ref_and_free()
    ctx_counts()
    dup_initial()
    dup_begun()
    dup_error()
    ctx_freed_first()
    ctx_changed()
    shared_settings()
    ids_not_reused()
    socket_closed()
    forked_socket()
    tap.done()


if __name__ == "__main__":
    main()
