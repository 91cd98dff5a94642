#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""What a killed process held is gone before its parent's wait returns."""

import os
import random
import time

from lib import tap, tls
from lib.kssl import Client, K, eventually, no_objects
from lib.process import Remote, fork, kill
from lib.tap import eq, test

ROUNDS = 30 if tap.QUICK else 200
LONGEST = 0.1


class Holder:
    """Holds a bit of everything."""

    def __init__(self):
        self.nl = Client()
        self.pair = tls.Pair()

    def make(self, count):
        ctx = self.nl.ctx_new()["ctx_id"]
        conns = [self.nl.new(ctx)["id"] for _ in range(count)]
        for conn in conns[::3]:
            self.nl.up_ref(conn)
        self.nl.dup(conns[0])
        self.nl.begin(conns[1], self.pair.client.fileno())
        return ctx, conns


@test("kill -9 frees what only the process held, at once")
def killed_holder():
    with Client() as nl, Remote(Holder) as holder:
        holder.make(100)
        eq(len(nl.dump()), 101)
        holder.kill()
        conns, ctxs = nl.dump(), nl.ctx_dump()
        eq(conns, [])
        eq(ctxs, [])


@test("what somebody else holds, too, stays, and its context with it")
def second_holder():
    with Client() as nl, Remote(Holder) as holder:
        ctx, conns = holder.make(10)
        nl.up_ref(conns[0])
        nl.up_ref(conns[1])
        holder.kill()
        left = {conn["id"]: conn for conn in nl.dump()}
        eq(sorted(left), conns[:2])
        for conn in left.values():
            eq((conn["refs"], conn["held"], conn["holders"]), (1, 1, 1))
        eq([obj["ctx_id"] for obj in nl.ctx_dump()], [ctx])
        assert nl.dup(conns[0])["ctx_id"] == ctx
        nl.free(conns[0])


@test("a process that has thousands of references is gone at once, too")
def many_references():
    class Many:
        """Makes what is asked for, in batches."""

        def __init__(self):
            self.nl = Client()

        def make(self, count):
            ctx = self.nl.ctx_new()["ctx_id"]
            for _ in range(count // 64):
                self.nl.batch(*(self.nl.build(K.CMD_NEW, {"ctx_id": ctx})
                                for _ in range(64)))
            return ctx

    count = 640 if tap.QUICK else 3200
    with Client() as nl, Remote(Many) as many:
        ctx = many.make(count)
        eq(nl.ctx_get(ctx)["conns"], count)
        many.kill()
        assert no_objects(nl)


def work(seed):
    """Uses all that there is, until it is killed."""
    rng = random.Random(seed)
    nl = Client()
    ctx = nl.ctx_new()["ctx_id"]
    pairs, conns = [], []
    actions = (
        lambda: conns.append(nl.new(ctx, role=K.ROLE_CLIENT)["id"]),
        lambda: conns and nl.up_ref(rng.choice(conns)),
        lambda: conns and nl.free(conns.pop()),
        lambda: conns and conns.append(nl.dup(rng.choice(conns))["id"]),
        nl.ctx_new,
        lambda: pairs.append(tls.Pair()),
        lambda: attach(nl, ctx, pairs, conns, rng),
        lambda: pairs and pairs.pop().close(),
    )
    while True:
        rng.choice(actions)()


def attach(nl, ctx, pairs, conns, rng):
    if not pairs:
        return
    pair = pairs.pop()
    one, two = tls.directions()
    fds = pair.fds()
    conn = nl.new(ctx, role=K.ROLE_CLIENT)["id"]
    if rng.random() < 0.5:
        nl.begin(conn, fds[0])
    nl.attach(id=conn, fd=fds[0], **one)
    nl.attach(ctx_id=ctx, fd=fds[1], settings={"role": K.ROLE_SERVER}, **two)
    if rng.random() < 0.5:
        conns.append(conn)


def follow_socket(conn):
    """An attached connection ends with its socket, a moment later."""
    return (conn["state"] in (K.STATE_ESTABLISHED, K.STATE_CLOSED) and
            not conn["holders"])


def time_to_begin(nl):
    """What a process needs to have anything, on this machine and now."""
    start = time.monotonic()
    pid = fork(lambda: work(0))
    eventually(nl.ctx_dump, "it has something", 60)
    kill(pid)
    eventually(lambda: no_objects(nl), "it is gone")
    return time.monotonic() - start


def random_kills():
    seen = 0
    with test(f"{ROUNDS} kills at random moments leave nothing"), \
            Client() as nl:
        longest = max(LONGEST, 2 * time_to_begin(nl))
        for seed in range(ROUNDS):
            pid = fork(lambda s=seed: work(s))
            time.sleep(random.Random(seed).uniform(0, longest))
            seen += len(nl.ctx_dump())
            kill(pid)
            conns, ctxs = nl.dump(), nl.ctx_dump()
            bad = [conn for conn in conns if not follow_socket(conn)]
            bad += [obj for obj in ctxs if obj["holders"]]
            assert not bad, f"left behind in round {seed}: {bad}"
            if not conns:
                # The last of them may have yet to let go of its context.
                eventually(lambda: not nl.ctx_dump(), f"in round {seed}")
            eventually(lambda: no_objects(nl), f"gone in round {seed}")
        tap.note(f"{seen} contexts were seen before the kills")
        assert seen, "no process came far enough to have anything"


@test("a process that ends or closes its socket leaves nothing either")
def ends():
    with Client() as nl:
        for end in (lambda: os._exit(3), lambda: None):
            def run(end=end):
                client = Client()
                client.new(client.ctx_new()["ctx_id"])
                end()
            os.waitpid(fork(run), 0)
            assert no_objects(nl)


def main():
    killed_holder()
    second_holder()
    many_references()
    random_kills()
    ends()
    tap.done()


if __name__ == "__main__":
    main()
