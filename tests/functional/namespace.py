#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Network namespaces and user namespaces: who sees whose objects."""

import errno
import os
import subprocess
import time

from lib import process, tap, tls
from lib.kssl import Client, K, eventually, no_objects, refused
from lib.process import Remote, become
from lib.tap import Skip, eq, test

NO_CONN = "no such connection"
NO_CTX = "no such context"
NOT_YOURS = "it belongs to another user"
BY_ID = "a reference by id needs CAP_NET_ADMIN"


def new_net():
    process.unshare(process.CLONE_NEWNET)
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)


class Worker(Client):
    """A client that has connections and an ear of its own."""

    def __init__(self):
        super().__init__()
        self.ear = Client(group="events")
        self.pairs = []

    def connect(self, ctx):
        self.pairs.append(tls.Pair())
        return [reply["id"] for reply in
                tls.attach_pair(self, ctx, self.pairs[-1])]

    def exchange(self):
        tls.exchange(self.pairs[-1])

    def heard(self):
        events = []
        while event := self.ear.event(timeout=0.3):
            events.append((event["event"], event.get("id", event["ctx_id"])))
        return events


def check_invisible(who, ctx, conn):
    calls = ((who.get, who.up_ref, who.dup, who.free, who.set, who.clear,
              who.fail), conn, NO_CONN, "id"), \
        ((who.ctx_get, who.ctx_up_ref, who.ctx_free, who.ctx_set, who.new),
         ctx, NO_CTX, "ctx_id")
    for methods, number, text, attr in calls:
        for method in methods:
            with refused(errno.ENOENT, text, attr):
                method(number)
    eq([obj for obj in who.dump() if obj["id"] == conn], [])
    eq([obj for obj in who.ctx_dump() if obj["ctx_id"] == ctx], [])


@test("objects of another network namespace do not exist")
def other_net():
    with Worker() as nl, Remote(Worker, before=new_net) as other:
        mine = nl.ctx_new()["ctx_id"]
        his = other.ctx_new()["ctx_id"]
        his_conn, his_peer = other.connect(his)
        my_conn = nl.new(mine)["id"]
        his_own = other.new(his)["id"]
        for conn in his_conn, his_own:
            check_invisible(nl, his, conn)
        check_invisible(other, mine, my_conn)
        eq([conn["id"] for conn in other.dump()],
           [his_conn, his_peer, his_own])
        other.exchange()
        other.kill()
        eq([conn["id"] for conn in nl.dump()], [my_conn])


@test("nor does the type of such an object show")
def other_net_type():
    with Client() as nl, Remote(Client, before=new_net) as other:
        ctx = other.ctx_new()["ctx_id"]
        conn = other.new(ctx)["id"]
        with refused(errno.ENOENT, NO_CONN, "id"):
            nl.get(ctx)
        with refused(errno.ENOENT, NO_CTX, "ctx_id"):
            nl.ctx_get(conn)


@test("events stay in their network namespace")
def events():
    with Worker() as nl, Remote(Worker, before=new_net) as other:
        mine = nl.ctx_new()["ctx_id"]
        his = other.ctx_new()["ctx_id"]
        conn = other.new(his)["id"]
        eq(nl.heard(), [(K.EVENT_TYPE_CTX_NEW, mine)])
        eq(other.heard(), [(K.EVENT_TYPE_CTX_NEW, his),
                           (K.EVENT_TYPE_NEW, conn)])


class Stranger:
    """Attaches sockets of one network namespace in another one."""

    def __init__(self, pair):
        self.pair = pair
        new_net()
        self.nl = Client()

    def attach(self):
        tls.attach_pair(self.nl, self.nl.ctx_new()["ctx_id"], self.pair)


@test("a socket that outlives its connection's network namespace")
def net_is_gone():
    for closes_first in False, True:
        with tls.Pair() as pair:
            stranger = Remote(lambda: Stranger(pair), keep=pair.fds())
            stranger.attach()
            if closes_first:
                pair.close()
            stranger.kill()
            # The namespace goes in a worker, some time after its last user.
            time.sleep(3 if closes_first else 1)
            if not closes_first:
                tls.exchange(pair)
                with Client(group="events") as nl:
                    pair.close()
                    eventually(lambda nl=nl: no_objects(nl), "all is gone")
    with Client() as nl:
        nl.new(nl.ctx_new()["ctx_id"])


def root_of_1000():
    become(1000)
    process.new_user_ns()


def require_user_ns():
    pid = process.fork(root_of_1000)
    if os.waitpid(pid, 0)[1]:
        raise Skip("users cannot make user namespaces here")


@test("root of a user namespace is nobody outside")
def user_ns_root():
    require_user_ns()
    with Client() as nl, Remote(Client, uid=1000) as alice, \
            Remote(Client, uid=1001) as bob, \
            Remote(Client, before=root_of_1000) as fake:
        for owner in nl, bob:
            ctx = owner.ctx_new()["ctx_id"]
            conn = owner.new(ctx)["id"]
            for call, number, attr in ((fake.get, conn, "id"),
                                       (fake.ctx_get, ctx, "ctx_id")):
                with refused(errno.EPERM, NOT_YOURS, attr):
                    call(number)
            for call, number, attr in ((fake.up_ref, conn, "id"),
                                       (fake.ctx_up_ref, ctx, "ctx_id")):
                with refused(errno.EPERM, BY_ID, attr):
                    call(number)
        eq(fake.dump(), [])
        eq(fake.ctx_dump(), [])

        conn = alice.new(alice.ctx_new()["ctx_id"])["id"]
        eq(fake.get(conn)["uid"], 0, "the same user may look")
        with refused(errno.EPERM, BY_ID, "id"):
            fake.up_ref(conn)


@test("root outside is root inside of a user namespace")
def user_ns_inside():
    require_user_ns()
    with Client() as nl, Remote(Client, uid=1001) as bob, \
            Remote(Client, before=root_of_1000) as fake:
        ctx = fake.ctx_new()["ctx_id"]
        conn = fake.new(ctx)
        eq(conn["uid"], 0)
        conn = conn["id"]
        eq(nl.get(conn)["uid"], 1000)
        eq(nl.up_ref(conn)["holders"], 2)
        nl.free(conn)
        with refused(errno.EPERM, NOT_YOURS, "id"):
            bob.get(conn)
        eq([obj["id"] for obj in fake.dump()], [conn])


class Range:
    """A user namespace with two users, made from outside."""

    def __init__(self):
        process.unshare(process.CLONE_NEWUSER)
        self.clients = None

    def enter(self):
        os.setresgid(0, 0, 0)
        os.setresuid(0, 0, 0)
        # The other user's process must not keep what is ours.
        self.clients = (Remote(Client, before=lambda: os.setresuid(1, 1, 1)),
                        Client())

    def other(self, name, *args):
        return getattr(self.clients[0], name)(*args)

    def own(self, name, *args):
        return getattr(self.clients[1], name)(*args)


def map_range(inside):
    for name in "uid_map", "gid_map":
        with open(f"/proc/{inside.pid()}/{name}", "w",
                  encoding="ascii") as file:
            file.write("0 100000 10")


@test("who made a user namespace administrates all users in it")
def user_ns_maker():
    require_user_ns()
    with Remote(Range, uid=1000) as inside, Remote(Client, uid=1000) as maker, \
            Remote(Client, uid=1001) as bob, Client() as nl:
        map_range(inside)
        inside.enter()
        ctx = inside.other("ctx_new")["ctx_id"]
        conn = inside.other("new", ctx)["id"]
        eq(nl.get(conn)["uid"], 100001)
        eq(maker.get(conn)["uid"], 100001)
        eq([obj["id"] for obj in maker.dump()], [conn], "a dump agrees")
        eq([obj["ctx_id"] for obj in maker.ctx_dump()], [ctx])
        with refused(errno.EPERM, NOT_YOURS, "id"):
            bob.get(conn)
        eq(bob.dump(), [])


@test("root of a user namespace administrates the users in it")
def user_ns_users():
    with Remote(Range) as inside, Client() as nl:
        map_range(inside)
        inside.enter()
        ctx = inside.other("ctx_new")["ctx_id"]
        conn = inside.other("new", ctx)["id"]
        eq(inside.own("get", conn)["uid"], 1)
        eq(nl.get(conn)["uid"], 100001)
        eq(inside.own("up_ref", conn)["holders"], 2)
        own = inside.own("ctx_new")["ctx_id"]
        with refused(errno.EPERM, NOT_YOURS, "ctx_id"):
            inside.other("ctx_get", own)
        mine = nl.ctx_new()["ctx_id"]
        with refused(errno.EPERM, BY_ID, "ctx_id"):
            inside.own("ctx_up_ref", mine)


def main():
    other_net()
    other_net_type()
    events()
    user_ns_root()
    user_ns_inside()
    user_ns_users()
    user_ns_maker()
    net_is_gone()
    tap.done()


if __name__ == "__main__":
    main()
