#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Limits of the number of objects, and who pays for their memory."""

import contextlib
import errno
import os
import pathlib

from lib import process, tap
from lib.kssl import Client, eventually, no_objects, refused
from lib.process import Remote
from lib.tap import Skip, eq, test

SYSCTL = pathlib.Path("/proc/sys/net/kssl")
CGROUP = pathlib.Path("/sys/fs/cgroup")
USER_FULL = "more than net.kssl.max_objects_per_user allows"
NET_FULL = "more than net.kssl.max_objects allows"
COUNT = 1000


@contextlib.contextmanager
def limit(name, value):
    file = SYSCTL / name
    old = file.read_text(encoding="ascii")
    file.write_text(str(value), encoding="ascii")
    try:
        yield
    finally:
        file.write_text(old, encoding="ascii")


def fill(nl, ctx, count):
    return [nl.new(ctx)["id"] for _ in range(count)]


class Sysctl:
    """The sysctls as another process sees them."""

    def read(self, name):
        return int((SYSCTL / name).read_text(encoding="ascii"))

    def write(self, name, value):
        (SYSCTL / name).write_text(str(value), encoding="ascii")


@test("a million objects and more are allowed by default")
def defaults():
    for name in "max_objects", "max_objects_per_user":
        value = Sysctl().read(name)
        assert value > 1100000, f"{name}: {value}"


@test("objects of a user")
def user():
    with limit("max_objects_per_user", 5), \
            Remote(Client, uid=1000) as one, Remote(Client, uid=1001) as two:
        ctx = one.ctx_new()["ctx_id"]
        conns = fill(one, ctx, 4)
        for call in (lambda: one.new(ctx), one.ctx_new,
                     lambda: one.dup(conns[0])):
            with refused(errno.EDQUOT, USER_FULL):
                call()
        two.new(two.ctx_new()["ctx_id"])
        one.free(conns.pop())
        conns.append(one.new(ctx)["id"])
        with refused(errno.EDQUOT, USER_FULL):
            one.new(ctx)
        eq(len(one.dump(ctx_id=ctx)), 4)


@test("objects of a network namespace")
def net():
    with limit("max_objects", 3), Client() as nl:
        ctx = nl.ctx_new()["ctx_id"]
        conns = fill(nl, ctx, 2)
        for call in (lambda: nl.new(ctx), nl.ctx_new,
                     lambda: nl.dup(conns[0])):
            with refused(errno.ENOSPC, NET_FULL):
                call()
        nl.free(conns[0])
        nl.new(ctx)


@test("a network namespace has a limit of its own")
def own_net():
    def unshare():
        process.unshare(process.CLONE_NEWNET)

    with limit("max_objects", 3), Remote(Client, before=unshare) as other, \
            Client() as nl:
        fill(nl, nl.ctx_new()["ctx_id"], 2)
        ctx = other.ctx_new()["ctx_id"]
        fill(other, ctx, 2)
        with refused(errno.ENOSPC, NET_FULL):
            other.new(ctx)


@test("unshare does not evade the limit of a user")
def unshared():
    def unshare():
        process.become(1000)
        process.new_user_ns()
        process.unshare(process.CLONE_NEWNET)

    try:
        with limit("max_objects_per_user", 5), \
                Remote(Client, before=unshare) as inner, \
                Remote(Client, uid=1000) as outer:
            ctx = outer.ctx_new()["ctx_id"]
            fill(outer, ctx, 2)
            below = inner.ctx_new()["ctx_id"]
            inner.new(below)
            with refused(errno.EDQUOT, USER_FULL):
                inner.new(below)
            with refused(errno.EDQUOT, USER_FULL):
                outer.new(ctx)
            inner.kill()
            fill(outer, ctx, 2)
    except PermissionError as why:
        raise Skip("no user namespaces for everybody") from why


@test("who made a user namespace cannot raise the limits of his network")
def not_yours():
    def unshare():
        process.become(1000)
        process.new_user_ns()
        process.unshare(process.CLONE_NEWNET)

    try:
        other = Remote(Sysctl, before=unshare)
    except PermissionError as why:
        raise Skip("no user namespaces for everybody") from why
    with other:
        for name in "max_objects", "max_objects_per_user":
            assert other.read(name) > 0
            try:
                other.write(name, 1)
            except PermissionError:
                continue
            raise AssertionError(f"{name} was written")


@test("a killed process's objects are uncharged")
def killed():
    with limit("max_objects_per_user", 5):
        for _ in range(3):
            with Remote(Client, uid=1000) as other:
                fill(other, other.ctx_new()["ctx_id"], 4)
                other.kill()


@contextlib.contextmanager
def cgroup(name):
    kind = os.path.ismount(CGROUP) or os.system(
        f"mount -t cgroup2 none {CGROUP}") == 0
    controllers = CGROUP / "cgroup.controllers"
    if not kind or not controllers.exists() or \
            "memory" not in controllers.read_text(encoding="ascii"):
        raise Skip("no memory controller")
    (CGROUP / "cgroup.subtree_control").write_text("+memory",
                                                   encoding="ascii")
    group = CGROUP / name
    group.mkdir()
    try:
        yield group
    finally:
        group.rmdir()


def kernel_memory(group):
    """Bytes of slab and kmalloc; statistics come with some delay."""
    for line in (group / "memory.stat").read_text("ascii").splitlines():
        name, value = line.split()
        if name == "slab":
            return int(value)
    raise AssertionError("no slab in memory.stat")


@test("memory is charged to the cgroup of whom it is for")
def charged():
    with cgroup("kssl-test") as group:
        def enter():
            (group / "cgroup.procs").write_text(str(os.getpid()), "ascii")

        with Remote(Client, before=enter) as other:
            ctx = other.ctx_new()["ctx_id"]
            before = kernel_memory(group)
            for _ in range(COUNT):
                other.set(other.new(ctx)["id"], label="x", verify_depth=5)

            def each():
                return (kernel_memory(group) - before) // COUNT

            # An object and its two snapshots take more than this.
            eventually(lambda: each() > 1000, "charged memory")
            tap.note(f"{each()} bytes each")


def main():
    defaults()
    user()
    net()
    own_net()
    unshared()
    not_yours()
    killed()
    charged()
    with Client() as nl:
        eventually(lambda: no_objects(nl), "all objects are gone")
    tap.done()


if __name__ == "__main__":
    main()
