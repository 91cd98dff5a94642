#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Many requests in one message, and many threads on one socket."""

import errno
import os
import socket
import threading

from lib import tap, tls
from lib.kssl import Client, K, Refused, eventually, no_objects, position
from lib.process import Remote
from lib.tap import eq, test

THREADS = 4
ROUNDS = 20 if tap.QUICK else 60


@test("a full batch of new, and one of free")
def new_and_free():
    with Client() as nl:
        ctx = nl.ctx_new()["ctx_id"]
        for size in K.BATCH_MAX, 1, K.BATCH_MAX:
            made = nl.batch(*(nl.build(K.CMD_NEW, {"ctx_id": ctx})
                              for _ in range(size)))
            conns = [reply["id"] for reply in made]
            eq(conns, sorted(set(conns)), "ids, in order")
            eq([reply["refs"] for reply in made], [1] * size)
            eq(nl.ctx_get(ctx)["conns"], size)
            gone = nl.batch(*(nl.build(K.CMD_FREE, {"id": conn})
                              for conn in conns))
            eq([(reply["id"], reply["refs"]) for reply in gone],
               [(conn, 0) for conn in conns])
        eq(nl.ctx_get(ctx)["conns"], 0)


@test("requests of a batch see what those before them did")
def in_order():
    with Client() as nl:
        ctx = nl.ctx_new()["ctx_id"]
        conn = nl.new(ctx)["id"]
        replies = nl.batch(
            nl.build(K.CMD_UP_REF, {"id": conn}),
            nl.build(K.CMD_SET, {"id": conn, "settings": {"label": "one"}}),
            nl.build(K.CMD_GET, {"id": conn}),
            nl.build(K.CMD_SET, {"id": conn, "settings": {"label": "two"}}),
            nl.build(K.CMD_FREE, {"id": conn}),
            nl.build(K.CMD_GET, {"id": conn}),
            nl.build(K.CMD_FREE, {"id": conn}),
            nl.build(K.CMD_GET, {"id": conn}))
        eq(replies[2]["settings"]["label"], "one")
        eq(replies[2]["refs"], 2)
        eq(replies[5]["settings"]["label"], "two")
        eq(replies[5]["refs"], 1)
        eq(replies[6]["refs"], 0)
        eq(replies[7].errno, errno.ENOENT)


@test("a refused request stops none after it")
def refused_between():
    with Client() as nl:
        ctx = nl.ctx_new()["ctx_id"]
        replies = nl.batch(
            nl.build(K.CMD_NEW, {"ctx_id": ctx}),
            nl.build(K.CMD_NEW, {"ctx_id": 0}),
            nl.build(99),
            nl.build(K.CMD_SET, {"id": 0x7fffffff, "settings": {}}),
            nl.build(K.CMD_NEW, {"ctx_id": ctx}))
        eq([isinstance(reply, Refused) for reply in replies],
           [False, True, True, True, False])
        eq(nl.ctx_get(ctx)["conns"], 2)


@test("begin and attach of several connections, each in order")
def begin_and_attach():
    pairs = [tls.Pair() for _ in range(10)]
    with Client() as nl:
        ctx = nl.ctx_new()["ctx_id"]
        requests, plan = [], []
        for pair in pairs:
            ends = tls.directions()
            for fd, role, end in zip(pair.fds(), (1, 2), ends):
                conn = nl.new(ctx, role=role)["id"]
                requests.append(nl.build(K.CMD_BEGIN,
                                         {"id": conn, "fd": fd}))
                requests.append(nl.build(K.CMD_ATTACH,
                                         {"id": conn, "fd": fd, **end}))
                plan += [(conn, K.STATE_HANDSHAKE),
                         (conn, K.STATE_ESTABLISHED)]
        order = list(nl.requests)
        seen = []
        nl.send(*requests)
        while len(seen) < len(requests):
            for kind, flags, seq, payload in nl.receive():
                nl.replies[seq] = nl.take(kind, flags, seq, payload)
                seen.append(seq)
        eq(seen, order, "the order of the replies")
        eq([(nl.replies[seq]["id"], nl.replies[seq]["state"])
            for seq in order], plan)
        for pair in pairs:
            tls.exchange(pair, [100])
            pair.close()


@test("attach by the context's id, 64 in one message")
def attach_many():
    pairs = [tls.Pair() for _ in range(K.BATCH_MAX // 2)]
    with Client() as nl:
        ctx = nl.ctx_new()["ctx_id"]
        requests = []
        for pair in pairs:
            for fd, role, end in zip(pair.fds(), (1, 2), tls.directions()):
                requests.append(nl.build(K.CMD_ATTACH, {
                    "ctx_id": ctx, "settings": {"role": role}, "fd": fd,
                    **end}))
        replies = nl.batch(*requests)
        eq({reply["state"] for reply in replies}, {K.STATE_ESTABLISHED})
        eq(nl.ctx_get(ctx)["conns"], len(requests))
        for pair in pairs:
            tls.exchange(pair, [10])
            pair.close()


@test("no more than that are taken at once, and the others harmed by none")
def too_many():
    with Client() as nl, tls.Pair() as pair:
        conn = nl.new(nl.ctx_new()["ctx_id"])["id"]
        begin = [nl.build(K.CMD_BEGIN, {"id": conn, "fd": pair.fds()[0]})
                 for _ in range(K.BATCH_MAX + 2)]
        replies = nl.batch(*begin)
        eq(replies[0]["state"], K.STATE_HANDSHAKE)
        eq([reply.errno for reply in replies[1:]],
           [errno.EBUSY] * (K.BATCH_MAX - 1) + [errno.E2BIG] * 2)
        eq(replies[-1].text, "too many requests at once")
        eq(nl.get(conn)["state"], K.STATE_HANDSHAKE)


@test("a refused attach in a batch harms none of the others")
def attach_refused():
    with Client() as nl, tls.Pair() as good, tls.Pair() as bad:
        ctx = nl.ctx_new()["ctx_id"]
        one, two = tls.directions()
        other, _ = tls.directions()
        client = {"ctx_id": ctx, "settings": {"role": K.ROLE_CLIENT}}
        server = {"ctx_id": ctx, "settings": {"role": K.ROLE_SERVER}}
        replies = nl.batch(
            nl.build(K.CMD_ATTACH, {**client, "fd": good.fds()[0], **one}),
            nl.build(K.CMD_ATTACH, {**client, "fd": bad.fds()[0], **other,
                                    "suite": 0x1304}),
            nl.build(K.CMD_ATTACH, {**client, "fd": 999, **other}),
            nl.build(K.CMD_ATTACH, {**client, "fd": good.fds()[0], **other}),
            nl.build(K.CMD_ATTACH, {**server, "fd": good.fds()[1], **two}))
        eq([getattr(reply, "errno", 0) for reply in replies],
           [0, errno.EPERM, errno.EBADF, errno.EBUSY, 0])
        tls.exchange(good)
        tls.exchange(bad)
        eq(nl.ctx_get(ctx)["conns"], 2)


@test("what is asked about a connection whose attach is in the same message")
def attach_then_free():
    with Client() as nl, tls.Pair() as pair:
        ctx = nl.ctx_new()["ctx_id"]
        conn = nl.new(ctx, role=K.ROLE_CLIENT)["id"]
        one, two = tls.directions()
        replies = nl.batch(
            nl.build(K.CMD_ATTACH, {"id": conn, "fd": pair.fds()[0], **one}),
            nl.build(K.CMD_FREE, {"id": conn}),
            nl.build(K.CMD_CTX_FREE, {"ctx_id": ctx}))
        eq(replies[0]["state"], K.STATE_ESTABLISHED)
        eq(nl.get(conn)["held"], 0, "the socket has it")
        nl.attach(ctx_id=nl.ctx_new()["ctx_id"], fd=pair.fds()[1],
                  settings={"role": K.ROLE_SERVER}, **two)
        tls.exchange(pair)


def hear_all(nl):
    """What comes, however much was lost."""
    replies = []
    nl.sock.settimeout(0.5)
    while True:
        try:
            for kind, flags, seq, payload in nl.receive():
                replies.append(nl.take(kind, flags, seq, payload))
        except TimeoutError:
            return replies
        except OSError as why:
            eq(why.errno, errno.ENOBUFS)


@test("what cannot be answered is not done")
def no_room():
    with Client() as nl, Client() as other:
        ctx = nl.ctx_new()["ctx_id"]
        nl.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)

        def ask(cmd, *requests):
            nl.send(*(nl.build(cmd, request) for request in requests))
            replies = hear_all(nl)
            assert 0 < len(replies) < len(requests), "nothing was lost"
            return replies

        made = [reply["id"] for reply in
                ask(K.CMD_NEW, *[{"ctx_id": ctx}] * K.BATCH_MAX)]
        eq([conn["id"] for conn in other.dump()], made)
        eq(other.ctx_get(ctx)["conns"], len(made))
        conn = made[0]
        refs = ask(K.CMD_UP_REF, *[{"id": conn}] * 40)[-1]["refs"]
        eq(other.get(conn)["refs"], refs)
        label = ask(K.CMD_SET, *({"id": conn, "settings": {"label": str(i)}}
                                 for i in range(40)))[-1]
        eq(other.get(conn)["settings"], label["settings"])
        eq(other.get(conn)["inherit_id"], label["inherit_id"])
        nl.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
        for _ in range(40):
            nl.up_ref(conn)
        before = other.get(conn)["refs"]
        nl.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)
        freed = ask(K.CMD_FREE, *[{"id": conn}] * 40)
        eq(other.get(conn)["refs"], before - len(freed))
        eq(freed[-1]["refs"], before - len(freed))


def unheard(nl, cmd, attrs):
    """A request that is done, and whose reply does not fit any more."""
    nl.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)
    ctx = nl.ctx_new()["ctx_id"]
    nl.send(*(nl.build(K.CMD_CTX_GET, {"ctx_id": ctx}) for _ in range(40)),
            nl.build(cmd, attrs))
    last = nl.seq
    hear_all(nl)
    assert last in nl.requests, "there was a reply"
    nl.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
    nl.sock.settimeout(60)


@test("nor does it leave a trace in what was there before")
def no_trace():
    with Client() as nl, Client() as other, tls.Pair() as pair:
        ctx = nl.ctx_new(keep=1)["ctx_id"]
        conn, _ = (reply["id"] for reply in tls.attach_pair(nl, ctx, pair))
        tls.exchange(pair)
        pair.client.close()
        received = position(other, conn)[1]
        unheard(nl, K.CMD_CTX_FREE, {"ctx_id": ctx})
        eq(nl.ctx_get(ctx)["held"], 1)
        eq(nl.get(conn)["state"], K.STATE_ESTABLISHED, "it is kept")
        nl.up_ref(conn)
        unheard(nl, K.CMD_ADD_CONTROL, {"id": conn, "control_received": 5})
        eq(position(other, conn)[1], received)
        nl.add_control(conn, control_received=5)
        eq(position(other, conn)[1], received - 5)
        less, more = (nl.open_fd(conn, rights=rights)
                      for rights in (K.RIGHTS_USE, K.RIGHTS_ALL))
        other.import_fd(less)
        unheard(other, K.CMD_IMPORT, {"fd": more})
        seen = other.get(conn)
        eq((seen["held"], seen["rights"]), (1, K.RIGHTS_USE))
        for fd in less, more:
            os.close(fd)


class Shared(Client):
    """A client that threads share; who waits reads for all."""

    def __init__(self):
        super().__init__()
        self.lock = threading.Lock()

    def build(self, cmd, attrs=b"", flags=0):
        with self.lock:
            return super().build(cmd, attrs, flags)

    def call(self, cmd, attrs=b"", flags=0):
        request = self.build(cmd, attrs, flags)
        reply, = self.batch(request)
        if isinstance(reply, Refused):
            raise reply
        return reply

    def reply_to(self, seq):
        with self.lock:
            return super().reply_to(seq)


@test("threads share a netlink socket, and each gets its own replies")
def threads():
    failures = []

    def work(nl, ctx):
        try:
            for _ in range(ROUNDS):
                conn = nl.new(ctx, role=K.ROLE_CLIENT)["id"]
                with tls.Pair() as pair:
                    one, two = tls.directions()
                    nl.begin(conn, pair.fds()[0])
                    nl.attach(id=conn, fd=pair.fds()[0], **one)
                    nl.attach(ctx_id=ctx, fd=pair.fds()[1],
                              settings={"role": K.ROLE_SERVER}, **two)
                    eq(nl.dup(conn)["id"], conn)
                    tls.transfer(pair.client, pair.server, [10])
                nl.free(conn)
                eq(nl.free(conn)["held"], 0)
        except Exception as why:  # pylint: disable=broad-except
            failures.append(why)

    with Shared() as nl:
        ctx = nl.ctx_new()["ctx_id"]
        workers = [threading.Thread(target=work, args=(nl, ctx))
                   for _ in range(THREADS)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
        eq(failures, [])
        eq(nl.ctx_get(ctx)["held"], 1)
    with Client() as nl:
        eventually(lambda: no_objects(nl), "all is gone")


@test("threads count references on one object together")
def count_together():
    with Shared() as nl, Remote(Client) as other:
        conn = nl.new(nl.ctx_new()["ctx_id"])["id"]

        def work():
            for _ in range(ROUNDS):
                nl.up_ref(conn)
                nl.up_ref(conn)
                nl.free(conn)

        workers = [threading.Thread(target=work) for _ in range(THREADS)]
        for worker in workers:
            worker.start()
        for _ in range(ROUNDS):
            other.up_ref(conn)
            other.free(conn)
        for worker in workers:
            worker.join()
        seen = other.get(conn)
        eq((seen["refs"], seen["holders"]), (1 + THREADS * ROUNDS, 1))


def main():
    new_and_free()
    in_order()
    refused_between()
    begin_and_attach()
    attach_many()
    too_many()
    attach_refused()
    attach_then_free()
    no_room()
    no_trace()
    threads()
    count_together()
    tap.done()


if __name__ == "__main__":
    main()
