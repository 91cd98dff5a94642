#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Callbacks of a program: who is bound, who is told, and who is missed."""

import errno

from lib import tap, tls
from lib.kssl import Client, K, refused
from lib.process import Remote
from lib.tap import eq, test

COOKIE = 0x1122334455667788
INFO, VERIFY, PASSWORD, SECURITY = (
    K.CALLBACK_INFO, K.CALLBACK_VERIFY, K.CALLBACK_PASSWORD,
    K.CALLBACK_SECURITY)
GONE = "callbacks: the client that has them is gone"
BLAMED = "settings.callbacks"


def reported(nl, number):
    settings = nl.get(number)["settings"]
    return settings["callbacks"], settings["callbacks_cookie"]


@test("inherited by new, copied by dup, reported, unbound")
def row():
    with Client() as nl:
        ctx = nl.ctx_new(callbacks=INFO | VERIFY,
                         callbacks_cookie=COOKIE)["ctx_id"]
        conn = nl.new(ctx)["id"]
        nl.ctx_set(ctx, callbacks=0)
        copy = nl.dup(conn)["id"]
        for number in conn, copy:
            eq(reported(nl, number), (INFO | VERIFY, COOKIE))
        eq(reported(nl, nl.new(ctx)["id"]), (0, 0))
        nl.set(conn, callbacks=0)
        eq(reported(nl, conn), (0, 0))
        eq(reported(nl, copy), (INFO | VERIFY, COOKIE))


@test("values that are refused")
def bad():
    with Client() as nl:
        conn = nl.new(nl.ctx_new()["ctx_id"])["id"]
        with refused(errno.EINVAL, "a cookie without callbacks",
                     "settings.callbacks_cookie"):
            nl.set(conn, callbacks_cookie=COOKIE)
        with refused(errno.EINVAL, "", BLAMED):
            nl.set(conn, callbacks=K.CALLBACK_PSK << 1)
        eq(reported(nl, conn), (0, 0))


@test("the bound client is told of each state, with its cookie")
def info():
    with Client() as nl, Client() as other, tls.Pair() as pair:
        ctx = nl.ctx_new(callbacks=INFO, callbacks_cookie=COOKIE)["ctx_id"]
        conn = nl.new(ctx, role=K.ROLE_CLIENT)["id"]
        copy = nl.dup(conn)["id"]
        nl.free(copy)
        eq(nl.event(timeout=0.3), None, "new and dup are no states")

        end, _ = tls.directions()
        for call in (lambda: nl.begin(conn, pair.client.fileno()),
                     lambda: nl.attach(id=conn, fd=pair.client.fileno(),
                                       **end)):
            nl.replies.clear()
            call()
            event = nl.replies.pop(0, None) or nl.event()
            eq((event["event"], event["id"], event["cookie"]),
               (K.EVENT_TYPE_STATE, conn, COOKIE))
        eq(event["state"], K.STATE_ESTABLISHED)
        pair.close()
        closed = nl.event()
        eq((closed["state"], closed["cookie"]), (K.STATE_CLOSED, COOKIE))
        eq(other.event(timeout=0.3), None, "nobody else is told")


@test("the multicast group does not see the cookie")
def no_cookie():
    with Client(group="events") as ear, Client() as nl, tls.Pair() as pair:
        ctx = nl.ctx_new(callbacks=INFO, callbacks_cookie=COOKIE)["ctx_id"]
        conn = nl.new(ctx)["id"]
        nl.begin(conn, pair.client.fileno())
        events = [ear.event() for _ in range(3)]
        eq(events[-1]["state"], K.STATE_HANDSHAKE)
        assert not any("cookie" in event for event in events), events
        eq(ear.event(timeout=0.3), None)


@test("without info nobody is told")
def no_info():
    with Client() as nl, tls.Pair() as pair:
        ctx = nl.ctx_new(callbacks=VERIFY, callbacks_cookie=1)["ctx_id"]
        nl.begin(nl.new(ctx)["id"], pair.client.fileno())
        assert 0 not in nl.replies
        eq(nl.event(timeout=0.3), None)


def share(nl, other, mask):
    """A connection of both clients, whose callbacks are the other's."""
    ctx = nl.ctx_new()["ctx_id"]
    conn = nl.new(ctx, role=K.ROLE_CLIENT)["id"]
    other.up_ref(conn)
    other.set(conn, callbacks=mask, callbacks_cookie=COOKIE)
    eq(reported(nl, conn), (mask, COOKIE))
    return conn


@test("begin is refused when the callbacks it needs are gone")
def begin_closed():
    for mask, fails in ((VERIFY, True), (PASSWORD, True), (SECURITY, True),
                        (INFO | K.CALLBACK_MESSAGE, False)):
        with Client() as nl, tls.Pair() as pair, Remote(Client) as other:
            conn = share(nl, other, mask)
            other.kill()
            if not fails:
                nl.begin(conn, pair.client.fileno())
                continue
            with refused(errno.EOWNERDEAD, GONE, BLAMED):
                nl.begin(conn, pair.client.fileno())
            eq(nl.get(conn)["state"], K.STATE_INITIAL)


@test("attach is refused, too, until somebody else has them")
def attach_closed():
    with Client() as nl, tls.Pair() as pair, Remote(Client) as other:
        conn = share(nl, other, VERIFY)
        end, _ = tls.directions()
        nl.begin(conn, pair.client.fileno())
        other.kill()
        with refused(errno.EOWNERDEAD, GONE, BLAMED):
            nl.attach(id=conn, fd=pair.client.fileno(), **end)
        eq(nl.get(conn)["state"], K.STATE_HANDSHAKE)
        nl.set(conn, callbacks=VERIFY, callbacks_cookie=1)
        nl.attach(id=conn, fd=pair.client.fileno(), **end)
        eq(nl.get(conn)["state"], K.STATE_ESTABLISHED)


def main():
    row()
    bad()
    info()
    no_cookie()
    no_info()
    begin_closed()
    attach_closed()
    tap.done()


if __name__ == "__main__":
    main()
