#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Several at once on the same objects and sockets."""

import errno
import random
import threading
import time

from lib import tap, tls
from lib.kssl import Client, K, Refused, eventually, no_objects
from lib.process import fork, kill
from lib.tap import eq, test

ROUNDS = 10 if tap.QUICK else 50
SECONDS = 8 if tap.QUICK else 5
CLIENT, SERVER = {"role": K.ROLE_CLIENT}, {"role": K.ROLE_SERVER}


def at_once(*calls):
    """What the calls, begun at the same time, return or are refused with."""
    results = [None] * len(calls)
    barrier = threading.Barrier(len(calls))

    def run(number, call):
        barrier.wait()
        try:
            results[number] = call()
        except Refused as why:
            results[number] = why

    threads = [threading.Thread(target=run, args=pair)
               for pair in enumerate(calls)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def winner(results):
    """The number of the only call that was not refused, for EBUSY."""
    won = [number for number, result in enumerate(results)
           if not isinstance(result, Refused)]
    lost = [result.errno for result in results if isinstance(result, Refused)]
    eq((len(won), set(lost)), (1, {errno.EBUSY}))
    return won[0]


@test("two connections attached to one socket: one gets it")
def one_socket():
    with Client() as nl, Client() as other:
        ctxs = [who.ctx_new()["ctx_id"] for who in (nl, other)]
        for _ in range(ROUNDS):
            ends = [tls.directions() for _ in range(2)]
            with tls.Pair() as pair:
                fds = pair.fds()
                results = at_once(*(
                    lambda who=who, ctx=ctx, end=end[0]: who.attach(
                        ctx_id=ctx, fd=fds[0], settings=CLIENT, **end)
                    for who, ctx, end in zip((nl, other), ctxs, ends)))
                won = winner(results)
                nl.attach(ctx_id=ctxs[0], fd=fds[1], settings=SERVER,
                          **ends[won][1])
                tls.exchange(pair, [10])
                eq(nl.ctx_get(ctxs[1])["conns"], won)
            eventually(lambda: not nl.dump(), "they are gone")


@test("one connection attached to two sockets: it gets one")
def one_connection():
    with Client() as nl, Client() as other:
        ctx = nl.ctx_new()["ctx_id"]
        for _ in range(ROUNDS):
            conn = nl.new(ctx, **CLIENT)["id"]
            other.up_ref(conn)
            one, two = tls.directions()
            with tls.Pair() as first, tls.Pair() as second:
                pairs = first, second
                results = at_once(*(
                    lambda who=who, pair=pair: who.attach(
                        id=conn, fd=pair.client.fileno(), **one)
                    for who, pair in zip((nl, other), pairs)))
                won = winner(results)
                nl.attach(ctx_id=ctx, fd=pairs[won].server.fileno(),
                          settings=SERVER, **two)
                tls.exchange(pairs[won], [10])
                loser = pairs[1 - won]
                loser.client.sendall(b"plain")
                eq(tls.receive(loser.server, 5), b"plain")
            nl.free(conn)
            other.free(conn)


@test("begin, clear and dup of one connection at once")
def begin_clear_dup():
    with Client() as nl, Client() as other, Client() as third:
        ctx = nl.ctx_new()["ctx_id"]
        for _ in range(ROUNDS):
            conn = nl.new(ctx)["id"]
            other.up_ref(conn)
            third.up_ref(conn)
            with tls.Pair() as pair:
                begun, cleared, dupped = at_once(
                    lambda: nl.begin(conn, pair.client.fileno()),
                    lambda: other.clear(conn), lambda: third.dup(conn))
                assert not isinstance(begun, Refused), begun
                assert not isinstance(dupped, Refused), dupped
                if isinstance(cleared, Refused):
                    eq(cleared.errno, errno.EBUSY)
                assert nl.get(conn)["state"] in (K.STATE_INITIAL,
                                                 K.STATE_HANDSHAKE)
                third.free(dupped["id"])
                third.free(conn)
                other.free(conn)
                eq(nl.free(conn)["refs"], 0)


@test("the last reference dropped while the connection attaches")
def free_while_attaching():
    with Client() as nl:
        ctx = nl.ctx_new()["ctx_id"]
        for _ in range(ROUNDS):
            with tls.Pair() as pair, Client() as other:
                own = other.ctx_new()["ctx_id"]
                conn = other.new(own, **CLIENT)["id"]
                nl.up_ref(conn)
                one, two = tls.directions()
                attached, _ = at_once(
                    lambda: nl.attach(id=conn, fd=pair.client.fileno(),
                                      **one),
                    other.close)
                eq(attached["state"], K.STATE_ESTABLISHED)
                nl.free(conn)
                nl.attach(ctx_id=ctx, fd=pair.server.fileno(),
                          settings=SERVER, **two)
                tls.exchange(pair, [10])


@test("the socket closed while its connection attaches")
def close_while_attaching():
    with Client() as nl:
        ctx = nl.ctx_new()["ctx_id"]
        for _ in range(ROUNDS):
            pair = tls.Pair()
            fd = pair.client.fileno()
            end, _ = tls.directions()
            result, _ = at_once(
                lambda: nl.attach(ctx_id=ctx, fd=fd, settings=CLIENT, **end),
                pair.close)
            if isinstance(result, Refused):
                assert result.errno in (errno.EBADF, errno.ENOTCONN), result
            eventually(lambda: not nl.dump(), "it is gone")


def meddle(seed):
    """Does anything to anybody's objects."""
    rng = random.Random(seed)
    nl = Client()
    ctx = nl.ctx_new()["ctx_id"]
    held = []
    pair = tls.Pair()

    def take():
        conns = nl.dump()
        if conns:
            held.append(nl.up_ref(rng.choice(conns)["id"])["id"])

    def drop():
        if held:
            nl.free(held.pop(rng.randrange(len(held))))

    def attach():
        nonlocal pair
        one, two = tls.directions()
        if held:
            nl.attach(id=rng.choice(held), fd=pair.fds()[0], **one)
        nl.attach(ctx_id=ctx, fd=pair.fds()[1], settings=SERVER, **two)
        pair.close()
        pair = tls.Pair()

    actions = (
        lambda: held.append(nl.new(ctx, **CLIENT)["id"]), take, take, drop,
        drop, attach,
        lambda: held and held.append(nl.dup(rng.choice(held))["id"]),
        lambda: held and nl.begin(rng.choice(held), pair.fds()[0]),
        lambda: held and nl.clear(rng.choice(held)),
        lambda: held and nl.fail(rng.choice(held)),
        lambda: held and nl.set(rng.choice(held), label=str(seed)),
        lambda: held and nl.set(rng.choice(held), mode=rng.randrange(8)),
        lambda: nl.ctx_set(ctx, options=rng.randrange(8), options_mask=7),
        nl.ctx_dump,
    )
    while True:
        try:
            rng.choice(actions)()
        except Refused as why:
            assert why.errno in (errno.EBUSY, errno.ENOENT, errno.EINVAL), why
            pair.close()
            pair = tls.Pair()


@test("processes that meddle with each other's objects")
def meddlers():
    with Client() as nl:
        pids = [fork(lambda s=seed: meddle(s)) for seed in range(3)]
        most = 0
        end = time.monotonic() + SECONDS
        # They take some time to begin.
        while time.monotonic() < end + (60 if most <= 3 else 0):
            most = max(most, len(nl.dump()))
        for pid in pids:
            kill(pid)
        tap.note(f"{most} connections at most")
        assert most > 3
        eventually(lambda: no_objects(nl), "all is gone")


def main():
    one_socket()
    one_connection()
    begin_clear_dup()
    free_while_attaching()
    close_while_attaching()
    meddlers()
    tap.done()


if __name__ == "__main__":
    main()
