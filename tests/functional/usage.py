#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Keys that have protected nearly as many records as they may."""

import errno
import time

from lib import process, tap, tls
from lib.kssl import Client, K, Refused, eventually
from lib.process import Remote
from lib.tap import Skip, eq, test
from lib.tls import TLS_RX, TLS_TX

TX, RX = K.DIRECTION_TX, K.DIRECTION_RX
GCM, CCM = 23726566, 1 << 23
# The kernel looks every four seconds, and a slow one is late.
PERIOD = 6


def near(most):
    """How many records are told of."""
    return most - most // 4


class Listener(Client):
    """Sees what is told of keys and of nothing else."""

    def __init__(self):
        super().__init__(group="events")

    def told(self, n=None, seconds=5 * PERIOD):
        """All of that time, or the first @n: (id, direction, records, most)."""
        end = time.monotonic() + seconds
        found = []
        while len(found) != n and end > time.monotonic():
            event = self.event(max(end - time.monotonic(), 0.01))
            if event and event["event"] == K.EVENT_TYPE_KEY_LIMIT:
                eq(event["state"], K.STATE_ESTABLISHED)
                assert event["sock_cookie"]
                found.append((event["id"], event["direction"],
                              event["key_records"], event["key_records_max"]))
        return sorted(found)

    def nothing(self):
        eq(self.told(seconds=PERIOD), [], "told")


def counter():
    with open("/proc/net/kssl_stat", encoding="ascii") as file:
        return dict(line.split() for line in file)["KsslKeyLimit"]


def attach(nl, pair, suite, seqs, **more):
    """Both ends of a pair under a context that allows all."""
    ctx = nl.ctx_new(**tls.allow_all())["ctx_id"]
    return [reply["id"] for reply in
            tls.attach_pair(nl, ctx, pair, suite, seqs=seqs, **more)]


@test("each cipher has its own limit, ChaCha20 none, for both ends")
def ciphers():
    with Listener() as listener, Client() as nl:
        pairs, wanted = [], []
        for suite in tls.SUITES + tls.RARE_SUITES:
            most = CCM if "CCM" in suite.name else GCM
            pair = tls.Pair()
            pairs.append(pair)
            try:
                ends = attach(nl, pair, suite, (near(most), near(most) - 1))
            except Refused as why:
                eq(why.errno, errno.ENOENT, tls.label(suite))
                continue
            if "CHACHA" not in suite.name:
                wanted += [(ends[0], TX, near(most), most),
                           (ends[1], RX, near(most), most)]
        eq(listener.told(len(wanted)), sorted(wanted))
        listener.nothing()
        for pair in pairs:
            pair.close()


@test("what comes near while it is looked at, and that once")
def comes_near():
    with Listener() as listener, Client() as nl, tls.Pair() as pair:
        client, server = attach(nl, pair, tls.DEFAULT, (near(GCM) - 2, 0))
        tls.transfer(pair.client, pair.server, [1])
        listener.nothing()
        before = counter()
        tls.transfer(pair.client, pair.server, [1])
        eq(listener.told(2), sorted([(client, TX, near(GCM), GCM),
                                     (server, RX, near(GCM), GCM)]))
        eventually(lambda: int(counter()) - int(before) == 2, "both count")
        tls.transfer(pair.client, pair.server, [1] * 10)
        listener.nothing()


@test("nobody listens, so nobody looks; who listens then is told")
def later():
    with Client() as nl, tls.Pair() as pair:
        before = counter()
        client, server = attach(nl, pair, tls.DEFAULT, (GCM + 5, 0))
        time.sleep(PERIOD)
        eq(counter(), before)
        with Listener() as listener:
            eq(listener.told(2), sorted([(client, TX, GCM + 5, GCM),
                                         (server, RX, GCM + 5, GCM)]))


@test("who listens in another network namespace is told of nothing")
def elsewhere():
    def unshare():
        process.unshare(process.CLONE_NEWNET)

    with Remote(Listener, before=unshare) as other, Client() as nl, \
            tls.Pair() as pair:
        before = counter()
        attach(nl, pair, tls.DEFAULT, (GCM, GCM))
        eq(other.told(seconds=PERIOD), [])
        eq(counter(), before)


@test("a direction that is not attached is not looked at")
def other_direction():
    with Listener() as listener, Client() as nl, tls.Pair() as pair:
        ctx = nl.ctx_new()["ctx_id"]
        conn = nl.new(ctx, role=K.ROLE_CLIENT)["id"]
        end, _ = tls.directions(seqs=(5, GCM))
        nl.attach(id=conn, fd=pair.client.fileno(), **tls.only(end, "tx"))
        pair.client.setsockopt(tls.SOL_TLS, TLS_RX,
                               tls.crypto_info(tls.DEFAULT, end["rx"]))
        listener.nothing()


@test("a direction that is adopted is")
def adopted():
    with Listener() as listener, Client() as nl, tls.Pair() as pair:
        end, _ = tls.directions(seqs=(GCM, 0))
        tls.install(pair.client, tls.DEFAULT, tx=end["tx"])
        conn = nl.new(nl.ctx_new()["ctx_id"], role=K.ROLE_CLIENT)["id"]
        nl.attach(id=conn, fd=pair.client.fileno(), adopt=TX)
        eq(listener.told(1), [(conn, TX, GCM, GCM)])


@test("so is a connection whose descriptors are closed but that is kept")
def kept():
    with Listener() as listener, Client() as nl, tls.Pair() as pair:
        conn = nl.new(nl.ctx_new()["ctx_id"], role=K.ROLE_CLIENT,
                      keep=1)["id"]
        end, _ = tls.directions(seqs=(GCM, 0))
        nl.attach(id=conn, fd=pair.client.fileno(), **end)
        pair.client.close()
        eq(listener.told(1), [(conn, TX, GCM, GCM)])
        pair.server.close()
        eventually(lambda: nl.get(conn)["state"] == K.STATE_CLOSED,
                   "it is closed")


@test("a key that is updated is another, which can come near again")
def updated():
    with Listener() as listener, Client() as nl, tls.Pair() as pair:
        client, _ = attach(nl, pair, tls.DEFAULT, (GCM, 0),
                           make=tls.secret)
        eq(len(listener.told(2)), 2)
        nl.up_ref(client)
        try:
            nl.rekey(client, TX)
        except Refused as why:
            if why.errno == errno.EOPNOTSUPP:
                raise Skip("net/tls of this kernel cannot update keys") from why
            raise
        listener.nothing()
        # kssl's own begin with record 0.
        foreign = tls.keys(tls.DEFAULT, near(GCM))
        pair.client.setsockopt(tls.SOL_TLS, TLS_TX,
                               tls.crypto_info(tls.DEFAULT, foreign))
        eq(listener.told(1), [(client, TX, near(GCM), GCM)])


def main():
    ciphers()
    comes_near()
    later()
    elsewhere()
    other_direction()
    adopted()
    kept()
    updated()
    tap.done()


if __name__ == "__main__":
    main()
