#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Keys that rows name by their serial: who may, what is good, what lives on.

A request that names a key is made with the rights of whoever makes it.
"""

import errno

from lib import keys, tap, tls
from lib.kssl import Client, K, eventually, refused
from lib.process import Remote
from lib.tap import eq, test

ALICE, BOB = 1000, 1001
USER_VIEW, USER_SEARCH = 0x00010000, 0x00080000
POSSESSOR_ALL = 0x3f000000
ROWS = ("private_key_rsa", "psk_key", "ticket_keys")


class Keeper(Client):
    """A client in another process that has keys, too."""

    def add(self, name):
        return keys.add(name)

    def hide(self, serial):
        keys.set_permissions(serial, POSSESSOR_ALL)


def value(row, *serials):
    return list(serials) if row == "ticket_keys" else serials[0]


def settings(row, *serials):
    return {row: value(row, *serials)}


@test("another user's key, and one without permission, are refused")
def permission():
    with Remote(Keeper, uid=ALICE) as alice, \
            Remote(Keeper, uid=ALICE) as again, \
            Remote(Keeper, uid=BOB) as bob:
        serial = alice.add("kssl-alice")
        for row in ROWS:
            ctx = bob.ctx_new()["ctx_id"]
            with refused(errno.EACCES, "no permission to use the key",
                         f"settings.{row}"):
                bob.ctx_set(ctx, **settings(row, serial))
            eq(bob.ctx_get(ctx)["settings"][row], value(row, 0)
               if row != "ticket_keys" else [])
            alice.ctx_set(alice.ctx_new()["ctx_id"], **settings(row, serial))
        alice.hide(serial)
        with refused(errno.EACCES, "no permission to use the key",
                     "settings.psk_key"):
            again.ctx_new(psk_key=serial)


@test("a key that is revoked or has expired is refused where it is set")
def dead_when_set():
    with Client() as nl:
        conn = nl.new(nl.ctx_new()["ctx_id"])["id"]
        revoked, expired = keys.add("kssl-revoked"), keys.add("kssl-expired")
        keys.revoke(revoked)
        keys.expire(expired, 1)
        eventually(lambda: not keys.exists(expired), "the key has expired")
        for row in ROWS:
            with refused(errno.EKEYREVOKED, "the key is revoked",
                         f"settings.{row}"):
                nl.set(conn, **settings(row, revoked))
            with refused(errno.EKEYEXPIRED, "the key has expired",
                         f"settings.{row}"):
                nl.set(conn, **settings(row, expired))


def with_key(nl, row, serial):
    ctx = nl.ctx_new(**settings(row, serial))["ctx_id"]
    return nl.new(ctx, role=K.ROLE_CLIENT)["id"]


def no_use(nl, conn, err, text, row):
    """Neither begin nor attach, and nothing has changed."""
    with tls.Pair() as pair:
        with refused(err, text, f"settings.{row}"):
            nl.begin(conn, pair.fds()[0])
        with refused(err, text, f"settings.{row}"):
            nl.attach(id=conn, fd=pair.fds()[0], **tls.directions()[0])
    eq(nl.get(conn)["state"], K.STATE_INITIAL)


@test("begin and attach refuse a key that was revoked since")
def revoked_since():
    with Client() as nl:
        for row in ROWS:
            serial = keys.add("kssl-later")
            conn = with_key(nl, row, serial)
            keys.revoke(serial)
            no_use(nl, conn, errno.EKEYREVOKED, "the key is revoked", row)


@test("and one that has expired since")
def expired_since():
    with Client() as nl:
        for row in ROWS:
            serial = keys.add("kssl-brief")
            conn = with_key(nl, row, serial)
            keys.expire(serial, 1)
            eventually(lambda gone=serial: not keys.exists(gone),
                       "the key has expired")
            no_use(nl, conn, errno.EKEYEXPIRED, "the key has expired", row)


@test("attach refuses a key that was revoked during the handshake")
def revoked_meanwhile():
    with Client() as nl, tls.Pair() as pair:
        serial = keys.add("kssl-meanwhile")
        conn = with_key(nl, "psk_key", serial)
        nl.begin(conn, pair.fds()[0])
        keys.revoke(serial)
        with refused(errno.EKEYREVOKED, "the key is revoked",
                     "settings.psk_key"):
            nl.attach(id=conn, fd=pair.fds()[0], **tls.directions()[0])
        eq(nl.get(conn)["state"], K.STATE_HANDSHAKE)


@test("an object keeps its keys, also those that nobody else has")
def pinned():
    with Client() as nl:
        for row in ROWS:
            serial = keys.add("kssl-pinned")
            keys.set_permissions(serial, POSSESSOR_ALL | USER_VIEW |
                                 USER_SEARCH)
            conn = with_key(nl, row, serial)
            ctx = nl.get(conn)["ctx_id"]
            keys.unlink(serial)
            assert keys.exists(serial), row
            nl.ctx_free(ctx)
            nl.clear(conn)
            assert keys.exists(serial), row
            eq(nl.get(conn)["settings"][row], value(row, serial))
            nl.free(conn)
            eventually(lambda gone=serial: not keys.exists(gone),
                       "the key goes with the last object")


@test("of several keys one that is bad is enough")
def one_of_several():
    with Client() as nl:
        ctx = nl.ctx_new()["ctx_id"]
        good = [keys.add(f"kssl-{number}") for number in range(4)]
        bad = keys.add("kssl-bad")
        keys.revoke(bad)
        nl.ctx_set(ctx, ticket_keys=good)
        for place in range(4):
            wrong = good[:place] + [bad] + good[place + 1:]
            with refused(errno.EKEYREVOKED, "the key is revoked",
                         "settings.ticket_keys"):
                nl.ctx_set(ctx, ticket_keys=wrong)
            eq(nl.ctx_get(ctx)["settings"]["ticket_keys"], good)


def main():
    permission()
    dead_when_set()
    revoked_since()
    expired_since()
    revoked_meanwhile()
    pinned()
    one_of_several()
    tap.done()


if __name__ == "__main__":
    main()
