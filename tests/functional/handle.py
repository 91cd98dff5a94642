#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""File descriptors of connections and contexts, and of kept sockets."""

import contextlib
import errno
import fcntl
import os
import resource
import select
import socket
import subprocess

from lib import bpf, process, tap, tls
from lib.kssl import Client, K, Refused, eventually, no_objects, refused
from lib.process import Remote
from lib.tap import Skip, eq, test

ALICE, BOB = 1000, 1001
ROUNDS = 20 if tap.QUICK else 100
BY_ID = "a reference by id needs CAP_NET_ADMIN"
NOT_HELD = "this client has no reference on it"
USE_ONLY = "the reference permits use only"
NO_MORE = "there is the right to use only"
NO_KEY = "the reference does not permit to give a key"
NO_OBJECT = "the file descriptor is of no object"
NO_FD = "no such file descriptor"
NSID = 4711


def connection(nl, **settings):
    return nl.new(nl.ctx_new()["ctx_id"], role=K.ROLE_CLIENT,
                  **settings)["id"]


def attached(nl, pair, **settings):
    conn = connection(nl, **settings)
    nl.attach(id=conn, fd=pair.client.fileno(), **tls.directions()[0])
    return conn


def both_attached(nl, pair, **settings):
    """The client's end is the connection, the server's plain kernel TLS."""
    ends = tls.directions()
    conn = connection(nl, **settings)
    nl.attach(id=conn, fd=pair.client.fileno(), **ends[0])
    tls.install(pair.server, tls.DEFAULT, ends[1]["tx"], ends[1]["rx"])
    return conn


@contextlib.contextmanager
def opened(fd):
    try:
        yield fd
    finally:
        os.close(fd)


def fdinfo(fd):
    with open(f"/proc/self/fdinfo/{fd}", encoding="ascii") as file:
        lines = dict(line.strip().split(":\t") for line in file)
    return {name: int(value) for name, value in lines.items()
            if name.startswith("kssl-")}


def fds():
    return len(os.listdir("/proc/self/fd"))


@test("a file descriptor has a reference, until its last close")
def reference():
    with Client() as nl, Client() as other:
        conn = connection(nl)
        ctx = nl.get(conn)["ctx_id"]
        fd = nl.open_fd(conn)
        assert fcntl.fcntl(fd, fcntl.F_GETFD) & fcntl.FD_CLOEXEC
        eq(os.readlink(f"/proc/self/fd/{fd}"), "anon_inode:[kssl]")
        eq(fdinfo(fd), {"kssl-id": conn, "kssl-ctx-id": ctx,
                        "kssl-state": K.STATE_INITIAL,
                        "kssl-rights": K.RIGHTS_ALL})
        eq((nl.get(conn)["refs"], nl.get(conn)["holders"]), (2, 1))
        second = os.dup(fd)
        nl.close()
        os.close(fd)
        seen = other.get(conn)
        eq((seen["refs"], seen["held"], seen.get("rights")), (1, 0, None))
        os.close(second)
        eventually(lambda: no_objects(other), "all is gone")


@test("so has one of a context, which holds what that keeps")
def context():
    with Client() as nl, tls.Pair() as pair:
        with Client() as first:
            ctx = first.ctx_new(keep=1)["ctx_id"]
            fd = first.ctx_open_fd(ctx)
            eq(os.readlink(f"/proc/self/fd/{fd}"), "anon_inode:[kssl_ctx]")
            eq(fdinfo(fd), {"kssl-ctx-id": ctx,
                            "kssl-rights": K.RIGHTS_ALL})
            conn = first.attach(ctx_id=ctx, fd=pair.client.fileno(),
                                settings={"role": K.ROLE_CLIENT},
                                **tls.directions()[0])["id"]
            pair.client.close()
        eq(nl.get(conn)["state"], K.STATE_ESTABLISHED)
        with refused(errno.EPERM, NOT_HELD, "ctx_id"):
            nl.new(ctx)
        seen = nl.import_fd(fd)
        eq((seen["ctx_id"], seen["rights"], seen["held"], seen["conns"]),
           (ctx, K.RIGHTS_ALL, 1, 1))
        eq(seen["settings"], nl.ctx_get(ctx)["settings"])
        nl.free(nl.new(ctx)["id"])
        nl.ctx_free(ctx)
        eq(nl.get(conn)["state"], K.STATE_ESTABLISHED)
        os.close(fd)
        eventually(lambda: no_objects(nl), "all is gone")


@test("import gives a reference to whoever has the file descriptor")
def imports():
    with Client() as nl, Client() as other:
        conn = connection(nl, label="passed on")
        with opened(nl.open_fd(conn)) as fd:
            for count in 1, 2:
                seen = other.import_fd(fd)
                eq((seen["id"], seen["held"], seen["rights"]),
                   (conn, count, K.RIGHTS_ALL))
                eq(seen["refs"], other.get(conn)["refs"])
            eq(seen["settings"]["label"], "passed on")
        nl.close()
        other.set(conn, label="taken over")
        other.free(conn)
        eq(other.free(conn)["refs"], 0)


@test("with the right to use, one can use and not change")
def use():
    with Client() as nl, Client() as worker, tls.Pair() as pair, \
            tls.Pair() as idle:
        conn = both_attached(nl, pair, keep=1)
        fresh = connection(nl, session=b"\x30\x03\x02\x01\x01")
        ctx = nl.get(conn)["ctx_id"]
        for number, opener in ((conn, nl.open_fd), (fresh, nl.open_fd),
                               (ctx, nl.ctx_open_fd)):
            with opened(opener(number, rights=K.RIGHTS_USE)) as fd:
                eq(fdinfo(fd)["kssl-rights"], K.RIGHTS_USE)
                with refused(errno.EPERM, NO_MORE, "rights"):
                    worker.import_fd(fd, rights=K.RIGHTS_ALL)
                eq(worker.import_fd(fd)["rights"], K.RIGHTS_USE)

        for call in (worker.clear, worker.fail, worker.dup, worker.session,
                     lambda conn: worker.set(conn, label="mine"),
                     lambda conn: worker.begin(conn, idle.client.fileno()),
                     lambda conn: worker.attach(
                         id=conn, fd=idle.client.fileno(),
                         **tls.directions()[0])):
            with refused(errno.EPERM, USE_ONLY, "id"):
                call(fresh)
        for call in (worker.new, lambda ctx: worker.ctx_set(ctx, timeout=9),
                     lambda ctx: worker.attach(
                         ctx_id=ctx, fd=idle.client.fileno(),
                         settings={"role": K.ROLE_CLIENT},
                         **tls.directions()[0])):
            with refused(errno.EPERM, USE_ONLY, "ctx_id"):
                call(ctx)
        with refused(errno.EPERM, "a holder alone sees this row", "row"):
            worker.ctx_get(ctx, "ex_data_0")
        for call, number in ((worker.open_fd, conn),
                             (worker.ctx_open_fd, ctx)):
            with refused(errno.EPERM, NO_MORE, "rights"):
                call(number, rights=K.RIGHTS_ALL)

        eq(worker.up_ref(conn)["rights"], K.RIGHTS_USE)
        with opened(worker.open_fd(conn)) as fd:
            eq(fdinfo(fd)["kssl-rights"], K.RIGHTS_USE)
        worker.call(K.CMD_SET_SHUTDOWN, {"id": conn, "shutdown": 1})
        worker.add_control(conn, control_received=2)
        for key in tls.keys(tls.DEFAULT), tls.secret(tls.DEFAULT):
            with refused(errno.EPERM, NO_KEY, "key"):
                worker.rekey(conn, K.DIRECTION_RX, key=key)
        # Without one it is permitted; no KeyUpdate can have been received.
        try:
            worker.rekey(conn, K.DIRECTION_RX)
        except Refused as why:
            assert why.errno != errno.EPERM, str(why)
        with socket.socket(fileno=worker.sock_fd(conn)) as taken:
            taken.sendall(b"by who may use")
            eq(tls.receive(pair.server, 14), b"by who may use")
        worker.free(conn)
        eq(worker.free(conn)["held"], 0)


@test("a reference gets the rights of the best file descriptor")
def more_rights():
    with Client() as nl, Client() as other:
        conn = connection(nl)
        with opened(nl.open_fd(conn)) as every, \
                opened(nl.open_fd(conn, rights=K.RIGHTS_USE)) as less:
            eq(other.import_fd(less)["rights"], K.RIGHTS_USE)
            eq(other.import_fd(every, rights=K.RIGHTS_USE)["rights"],
               K.RIGHTS_USE)
            eq(other.import_fd(every)["rights"], K.RIGHTS_ALL)
            eq(other.import_fd(less)["rights"], K.RIGHTS_ALL)
            eq(nl.import_fd(less)["rights"], K.RIGHTS_ALL)
            for _ in range(4):
                other.free(conn)
            eq(other.import_fd(less)["rights"], K.RIGHTS_USE)


class Taker(Client):
    """A process that gets file descriptors over a unix socket."""

    def __init__(self, sock):
        super().__init__()
        self.unix = sock

    def receive_fd(self, **attrs):
        _, (fd,), _, _ = socket.recv_fds(self.unix, 1, 1)
        with opened(fd):
            return self.import_fd(fd, **attrs)

    def send_on(self, conn, data):
        with socket.socket(fileno=self.sock_fd(conn)) as sock:
            sock.sendall(data)


def pass_fd(sock, fd):
    with opened(fd):
        socket.send_fds(sock, [b"x"], [fd])


@test("it travels to another user, whom the id alone gives nothing")
def other_user():
    here, there = socket.socketpair()
    with Client() as nl, tls.Pair() as pair, here, \
            Remote(lambda: Taker(there), uid=BOB,
                   keep=[there.fileno()]) as bob:
        there.close()
        conn = both_attached(nl, pair, keep=1)
        pair.client.close()
        with refused(errno.EPERM, "it belongs to another user", "id"):
            bob.get(conn)
        with refused(errno.EPERM, NOT_HELD, "id"):
            bob.sock_fd(conn)
        pass_fd(here, nl.open_fd(conn, rights=K.RIGHTS_USE))
        eq(bob.receive_fd()["id"], conn)
        nl.close()
        bob.send_on(conn, b"from bob")
        eq(tls.receive(pair.server, 8), b"from bob")
        with refused(errno.EPERM, USE_ONLY, "id"):
            bob.set(conn, label="bob's")
        bob.kill()
        eq(pair.server.recv(1), b"", "bob was the last holder")


@test("who has all rights on a context gets what it keeps, and no more")
def kept_by_context():
    here, there = socket.socketpair()
    with Client() as nl, tls.Pair() as pair, tls.Pair() as other, here, \
            Remote(lambda: Taker(there), uid=BOB,
                   keep=[there.fileno()]) as bob:
        there.close()
        ctx = nl.ctx_new(keep=1)["ctx_id"]
        kept, plain = (
            nl.attach(ctx_id=ctx, fd=end.client.fileno(),
                      settings={"role": K.ROLE_CLIENT, "keep": keep},
                      **tls.directions()[0])["id"]
            for end, keep in ((pair, 1), (other, 0)))
        for rights in K.RIGHTS_USE, K.RIGHTS_ALL:
            with refused(errno.EPERM, BY_ID, "id"):
                bob.up_ref(kept)
            eq(bob.dump(), [])
            with refused(errno.EPERM, "it belongs to another user", "id"):
                bob.get(kept)
            pass_fd(here, nl.ctx_open_fd(ctx, rights=rights))
            bob.receive_fd()
        eq([seen["id"] for seen in bob.dump()], [kept])
        eq(bob.get(kept)["held"], 0)
        eq(bob.up_ref(kept)["rights"], K.RIGHTS_ALL)
        for number in plain, nl.new(ctx, role=K.ROLE_CLIENT)["id"]:
            with refused(errno.EPERM, BY_ID, "id"):
                bob.up_ref(number)
        bob.set(kept, label="bob's")
        bob.free(kept)
        pair.server.shutdown(socket.SHUT_WR)
        eventually(lambda: nl.ctx_get(ctx)["conns"] == 2, "it is closed")
        nl.ctx_free(ctx)


@test("a kept connection outlives kill -9 of who made it")
def outlives():
    class Maker(Client):
        """Attaches, and passes on nothing but the object."""

        def __init__(self, sock, pair):
            super().__init__()
            self.unix, self.pair = sock, pair

        def run(self):
            conn = both_attached(self, self.pair, keep=1)
            pass_fd(self.unix, self.open_fd(conn))
            self.pair.client.sendall(b"first ")
            return conn

    here, there = socket.socketpair()
    with Client() as nl, tls.Pair() as pair, here:
        maker = Remote(lambda: Maker(there, pair),
                       keep=[there.fileno(), *pair.fds()])
        there.close()
        pair.client.close()
        conn = maker.run()
        maker.kill()
        _, (fd,), _, _ = socket.recv_fds(here, 1, 1)
        with opened(fd):
            eq(nl.import_fd(fd)["id"], conn)
        with socket.socket(fileno=nl.sock_fd(conn)) as taken:
            taken.settimeout(60)
            taken.sendall(b"and second")
            eq(tls.receive(pair.server, 16), b"first and second")
            pair.client = taken
            tls.exchange(pair)


@test("sock-fd gives the socket of a connection that keeps one")
def sock_fds():
    with Client() as nl, Client() as other, tls.Pair() as pair, \
            tls.Pair() as follows:
        conn = connection(nl, keep=1)
        with refused(errno.ENOTCONN, "the connection is not attached", "id"):
            nl.sock_fd(conn)
        nl.attach(id=conn, fd=pair.client.fileno(), **tls.directions()[0])
        with opened(nl.sock_fd(conn)) as fd:
            assert fcntl.fcntl(fd, fcntl.F_GETFD) & fcntl.FD_CLOEXEC
            eq(os.fstat(fd).st_ino, os.fstat(pair.client.fileno()).st_ino)
        with refused(errno.EPERM, NOT_HELD, "id"):
            other.sock_fd(conn)
        plain = attached(nl, follows)
        with refused(errno.EOPNOTSUPP,
                     "the connection does not keep its socket", "id"):
            nl.sock_fd(plain)
        pair.server.close()
        eventually(lambda: nl.get(conn)["state"] == K.STATE_CLOSED,
                   "the connection is closed")
        with refused(errno.ENOTCONN, "the connection is not attached", "id"):
            nl.sock_fd(conn)


@test("a security module may keep that back")
def kept_back():
    if not bpf.has_security():
        raise Skip("the kernel has no security modules of BPF")
    with Client() as nl, tls.Pair() as pair:
        conn = attached(nl, pair, keep=1)
        before = fds()
        with bpf.security("file_receive", errno.EACCES), \
                refused(errno.EACCES,
                        "a security module keeps the socket back", None):
            nl.sock_fd(conn)
        eq(fds(), before)
        os.close(nl.sock_fd(conn))


@test("who has a socket finds its connection")
def by_socket():
    with Client() as nl, tls.Pair() as pair, tls.Pair() as plain, \
            Remote(Client, uid=BOB, keep=pair.fds()) as bob:
        conn = connection(nl)
        fd = pair.client.fileno()
        with refused(errno.ENOENT, "the socket belongs to no connection",
                     "fd"):
            nl.get_by_socket(fd)
        nl.begin(conn, fd)
        seen = nl.get_by_socket(fd)
        eq((seen["id"], seen["held"]), (conn, 1))
        nl.attach(id=conn, fd=fd, **tls.directions()[0])
        seen = bob.get_by_socket(fd)
        eq((seen["id"], seen["held"], seen["state"]),
           (conn, 0, K.STATE_ESTABLISHED))
        with refused(errno.EPERM, "it belongs to another user", "id"):
            bob.get(conn)
        with refused(errno.ENOENT, "the socket belongs to no connection",
                     "fd"):
            nl.get_by_socket(plain.client.fileno())
        with refused(errno.ENOTSOCK, "not a socket", "fd"):
            nl.get_by_socket(0)
        with refused(errno.EBADF, NO_FD, "fd"):
            nl.get_by_socket(9999)
        with refused(errno.EINVAL, "id and fd exclude each other", "fd"):
            nl.call(K.CMD_GET, {"id": conn, "fd": fd})
        with refused(errno.EINVAL, "a dump is not of one object", ...):
            nl.dump(fd=fd)


@test("what is no such file descriptor is refused by name")
def not_ours():
    with Client() as nl, tls.Pair() as pair:
        for fd, error, text in ((9999, errno.EBADF, NO_FD),
                                (0, errno.EINVAL, NO_OBJECT),
                                (pair.client.fileno(), errno.EINVAL,
                                 NO_OBJECT)):
            with refused(error, text, "fd"):
                nl.import_fd(fd)
        with refused(errno.EINVAL, "fd is missing", missing="fd"):
            nl.call(K.CMD_IMPORT)
        with refused(errno.EINVAL, "id is missing", missing="id"):
            nl.call(K.CMD_OPEN_FD)
        with refused(errno.EINVAL, "id is missing", missing="id"):
            nl.call(K.CMD_SOCK_FD)
        conn = connection(nl)
        ctx = nl.get(conn)["ctx_id"]
        with refused(errno.EINVAL, "id and ctx-id exclude each other",
                     "ctx_id"):
            nl.open_fd(conn, ctx_id=ctx)
        for rights in 0, 3:
            with refused(errno.ERANGE, "", "rights"):
                nl.open_fd(conn, rights=rights)


def attach_for(nl, sock, ctx, rights, **settings):
    """Attaches by the context; the reply."""
    return nl.attach(ctx_id=ctx, fd=sock.fileno(), rights=rights,
                     settings={"role": K.ROLE_CLIENT, **settings},
                     **tls.directions()[0])


@test("attach gives one in its own reply")
def from_attach():
    with Client() as nl, Client() as other, tls.Pair() as pair, \
            tls.Pair() as second, tls.Pair() as third:
        ctx = nl.ctx_new()["ctx_id"]
        before = fds()
        for rights in K.RIGHTS_USE, K.RIGHTS_ALL:
            sock = (pair if rights == K.RIGHTS_USE else second).client
            seen = attach_for(nl, sock, ctx, rights)
            with opened(seen["fd"]) as fd:
                assert fcntl.fcntl(fd, fcntl.F_GETFD) & fcntl.FD_CLOEXEC
                eq((seen["rights"], fdinfo(fd)["kssl-rights"]),
                   (rights, rights))
                eq((fdinfo(fd)["kssl-id"], other.import_fd(fd)["id"]),
                   (seen["id"], seen["id"]))
            sock.close()
        for rights in 0, 3:
            with refused(errno.ERANGE, "", "rights"):
                attach_for(nl, third.client, ctx, rights)
        conn = connection(nl)
        end, _ = tls.directions()
        with refused(errno.EINVAL, "neither a key nor a secret", "tx"):
            nl.attach(id=conn, fd=third.client.fileno(),
                      rights=K.RIGHTS_ALL, **{**end, "tx": {"rec_seq": 0}})
        # Two sockets were closed, and nothing else was opened.
        eq(fds(), before - 2)
        with opened(nl.attach(id=conn, fd=third.client.fileno(),
                              rights=K.RIGHTS_ALL, **end)["fd"]) as fd:
            eq(fdinfo(fd)["kssl-id"], conn)


@test("with that a connection is kept that nobody else has")
def kept_by_attach():
    with Client() as nl, tls.Pair() as pair:
        ctx = nl.ctx_new()["ctx_id"]
        with refused(errno.EINVAL, "keep needs a context with keep, or rights",
                     "settings.keep"):
            nl.attach(ctx_id=ctx, fd=pair.client.fileno(),
                      settings={"role": K.ROLE_CLIENT, "keep": 1},
                      **tls.directions()[0])
        seen = attach_for(nl, pair.client, ctx, K.RIGHTS_ALL, keep=1)
        pair.client.close()
        eq(nl.get(seen["id"])["state"], K.STATE_ESTABLISHED)
        os.close(seen["fd"])
        eq(pair.server.recv(1), b"", "its holder is gone")


class Full(Client):
    """A process that may open no file any more."""

    def __init__(self, pair):
        super().__init__()
        self.conn = attached(self, pair, keep=1)
        self.fresh = connection(self)
        self.idle = tls.Pair()

    def fill(self):
        limit = max(map(int, os.listdir("/proc/self/fd"))) + 1
        resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit))
        with contextlib.suppress(OSError):
            while True:
                os.dup(0)

    def try_all(self):
        return [self.attempt(self.open_fd), self.attempt(self.sock_fd),
                self.get(self.conn)["refs"]]

    def try_attach(self):
        """With room for nothing, a socket that is to be attached."""
        try:
            self.attach(id=self.fresh, fd=self.idle.client.fileno(),
                        rights=K.RIGHTS_ALL, **tls.directions()[0])
        except Refused as why:
            seen = self.get(self.fresh)
            return why.errno, why.text, why.blame, seen["state"], seen["refs"]
        return None

    def attempt(self, call):
        try:
            return call(self.conn)
        except Refused as why:
            return why.errno, why.text


@test("without a free file descriptor nothing changes")
def no_free_fd():
    with tls.Pair() as pair, \
            Remote(lambda: Full(pair), keep=pair.fds()) as full:
        full.fill()
        no_room = errno.EMFILE, "no file descriptor is free"
        eq(full.try_all(), [no_room, no_room, 1])
        eq(full.try_attach(), (*no_room, "rights", K.STATE_INITIAL, 1))


@test("what cannot be answered leaves no file descriptor behind")
def unanswered():
    with Client() as nl, Client() as other, tls.Pair() as pair:
        conn = attached(nl, pair, keep=1)
        for cmd in K.CMD_OPEN_FD, K.CMD_SOCK_FD:
            nl.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)
            before, refs = fds(), other.get(conn)["refs"]
            nl.send(*(nl.build(cmd, {"id": conn}) for _ in range(40)))
            nl.sock.settimeout(0.5)
            got = []
            while True:
                try:
                    got += [reply["fd"] for *_, payload in nl.receive()
                            if (reply := nl.take(*_, payload))]
                except TimeoutError:
                    break
                except OSError as why:
                    eq(why.errno, errno.ENOBUFS)
            assert 0 < len(got) < 40, len(got)
            eq(fds() - before, len(got))
            nl.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
            eq(other.get(conn)["refs"] - refs,
               len(got) if cmd == K.CMD_OPEN_FD else 0)
            for fd in got:
                os.close(fd)


@test("poll says of a kept connection what it says of the socket")
def readiness():
    with Client() as nl, tls.Pair() as pair:
        conn = both_attached(nl, pair, keep=1)
        poll = select.poll()
        with opened(nl.open_fd(conn)) as fd, opened(nl.sock_fd(conn)) as sock:
            pair.client.close()
            poll.register(fd, select.POLLIN)
            eq(poll.poll(100), [])
            pair.server.sendall(b"x" * 100)
            eq(poll.poll(60000), [(fd, select.POLLIN)])
            os.read(sock, 100)
            eq(poll.poll(100), [])
            poll.modify(fd, select.POLLIN | select.POLLOUT)
            eq(poll.poll(0), [(fd, select.POLLOUT)])


@test("epoll wakes for data, for room and for the end")
def wakes():
    with Client() as nl, tls.Pair() as pair, select.epoll() as epoll:
        conn = both_attached(nl, pair, keep=1)
        fd = nl.open_fd(conn)
        with opened(fd), socket.socket(fileno=nl.sock_fd(conn)) as sock:
            pair.client.close()
            epoll.register(fd, select.EPOLLIN | select.EPOLLET)
            eq(epoll.poll(0.1), [])
            pair.server.sendall(b"x")
            eq(epoll.poll(60), [(fd, select.EPOLLIN)])
            eq(sock.recv(1), b"x")
            tls.fill(sock)
            epoll.modify(fd, select.EPOLLOUT)
            eq(epoll.poll(0.1), [])
            pid = process.fork(lambda: drain(pair.server),
                               keep=[pair.server.fileno()])
            eq(epoll.poll(60), [(fd, select.EPOLLOUT)])
            process.kill(pid)
            epoll.modify(fd, 0)
            pair.server.close()
            # The socket's own end may be seen before the connection's.
            assert epoll.poll(60)[0][1] & select.EPOLLHUP
            eventually(lambda: epoll.poll(0) == [(fd, select.EPOLLHUP)],
                       "the connection is closed")
            eq(fdinfo(fd)["kssl-state"], K.STATE_CLOSED)


def drain(sock):
    while sock.recv(1 << 20):
        pass


@test("a connection that follows its socket says when it is closed")
def follower():
    with Client() as nl, tls.Pair() as pair:
        conn = both_attached(nl, pair)
        with opened(nl.open_fd(conn)) as fd:
            poll = select.poll()
            poll.register(fd, select.POLLIN)
            pair.server.sendall(b"x")
            eq(poll.poll(100), [])
            pid = process.fork(lambda: eq(poll.poll(30000),
                                          [(fd, select.POLLHUP)]), keep=[fd])
            pair.close()
            eq(os.waitpid(pid, 0)[1], 0)
            eq(poll.poll(0), [(fd, select.POLLHUP)])
        with opened(nl.ctx_open_fd(nl.get(conn)["ctx_id"])) as fd, \
                select.epoll() as epoll:
            try:
                epoll.register(fd)
            except PermissionError:
                pass
            else:
                raise AssertionError("a context has nothing to wait for")


@test("sockets that end while they are polled leave no one waiting")
def poll_races():
    with Client() as nl, select.epoll() as epoll:
        for number in range(ROUNDS):
            with tls.Pair() as pair:
                conn = both_attached(nl, pair, keep=1)
                fd = nl.open_fd(conn)
                pair.client.close()
                with opened(fd):
                    epoll.register(fd, select.EPOLLIN)
                    pid = process.fork(pair.server.close)
                    if number % 2:
                        nl.free(conn)
                    pair.server.close()
                    eq(epoll.poll(30)[0][0], fd)
                os.waitpid(pid, 0)
        nl.close()
    with Client() as nl:
        eventually(lambda: no_objects(nl), "none is left")


@test("in flight over a unix socket that is closed it is no leak")
def in_flight():
    with Client() as nl:
        with Client() as other:
            for maker in other.open_fd, None:
                conn = connection(other)
                ctx = other.get(conn)["ctx_id"]
                here, there = socket.socketpair()
                with here, there:
                    pass_fd(here, maker(conn) if maker else
                            other.ctx_open_fd(ctx))
                    # A cycle of unix sockets that the collector finds.
                    socket.send_fds(here, [b"x"], [here.fileno(),
                                                   there.fileno()])
        socket.socketpair()[0].close()
        eventually(lambda: no_objects(nl), "all is gone")


def new_net():
    process.unshare(process.CLONE_NEWNET)
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)


def ip_netns(*words):
    return subprocess.run(["ip", "netns", *words], check=True, text=True,
                          capture_output=True).stdout


class Abroad(Client):
    """Makes a kept connection in another network namespace.

    Its context keeps another one.
    """

    def __init__(self, sock):
        super().__init__()
        self.unix = sock
        self.pair = tls.Pair()
        self.conn = both_attached(self, self.pair, keep=1)
        self.pair.client.close()
        self.other = tls.Pair()

    def keep(self):
        ctx = self.get(self.conn)["ctx_id"]
        self.ctx_set(ctx, keep=1)
        return self.attach(ctx_id=ctx, fd=self.other.client.fileno(),
                           settings={"role": K.ROLE_CLIENT},
                           **tls.directions()[0])["id"]

    def give(self):
        pass_fd(self.unix, self.open_fd(self.conn))
        pass_fd(self.unix, self.ctx_open_fd(self.get(self.conn)["ctx_id"]))
        return self.conn

    def echo(self, size):
        self.pair.server.sendall(tls.receive(self.pair.server, size))


@test("an object of another network namespace is imported, and holds that")
def abroad():
    here, there = socket.socketpair()
    with Client() as nl, here:
        far = Remote(lambda: Abroad(there), before=new_net,
                     keep=[there.fileno()])
        there.close()
        conn, kept = far.give(), far.keep()
        ip_netns("attach", "kssl-far", str(far.pid()))
        ip_netns("set", "kssl-far", str(NSID))
        ip_netns("delete", "kssl-far")
        for number in conn, kept:
            with refused(errno.ENOENT, "no such connection", "id"):
                nl.get(number)
        for _ in range(2):
            _, (fd,), _, _ = socket.recv_fds(here, 1, 1)
            with opened(fd):
                ctx = nl.import_fd(fd)["ctx_id"]
        eq(nl.get(conn)["ctx_id"], ctx)
        eq([seen["id"] for seen in nl.dump()], [conn, kept])
        eq([seen["ctx_id"] for seen in nl.ctx_dump()], [ctx])
        eq(nl.up_ref(kept)["rights"], K.RIGHTS_ALL)
        os.close(nl.sock_fd(kept))
        nl.free(kept)
        with socket.socket(fileno=nl.sock_fd(conn)) as taken:
            taken.settimeout(60)
            taken.sendall(b"far away")
            far.echo(8)
            eq(tls.receive(taken, 8), b"far away")
        far.kill()
        eventually(lambda: nl.get(conn)["state"] == K.STATE_CLOSED,
                   "its peer is gone")
        made = nl.new(ctx)["id"]
        nl.free(conn)
        nl.ctx_free(ctx)
        eq(nl.get(made)["ctx_id"], ctx)
        assert f"nsid {NSID}" in ip_netns("list-id"), "it is pinned"
        nl.free(made)
        with refused(errno.ENOENT, "no such connection", "id"):
            nl.get(made)
        eventually(lambda: f"nsid {NSID}" not in ip_netns("list-id"),
                   "the namespace is gone")


def borrow():
    """A netlink socket that ALICE opened and connected, in our hands."""
    here, there = socket.socketpair()

    def lend():
        process.become(ALICE)
        with Client() as nl:
            nl.sock.connect((0, 0))
            socket.send_fds(there, [b"x"], [nl.sock.fileno()])
            there.recv(1)

    pid = process.fork(lend, keep=[there.fileno()])
    _, (fd,), _, _ = socket.recv_fds(here, 1, 1)
    here.close()
    there.close()
    os.waitpid(pid, 0)
    return fd


class Written(Client):
    """Requests are written, not addressed."""

    def send(self, *requests):
        os.write(self.sock.fileno(), b"".join(requests))


@test("who writes to another user's netlink socket lends it nothing")
def deputy():
    fd = borrow()
    with Client() as nl, tls.Pair() as pair, \
            Written(sock=socket.socket(fileno=fd)) as lent:
        conn = attached(nl, pair, keep=1)
        text = "another user opened the netlink socket"
        with opened(nl.open_fd(conn)) as handle:
            for blame, call, number in (
                    ("fd", lent.import_fd, handle),
                    ("fd", lent.get_by_socket, pair.client.fileno()),
                    (None, lent.open_fd, conn),
                    (None, lent.sock_fd, conn)):
                with refused(errno.EPERM, text, blame):
                    call(number)


def main():
    reference()
    context()
    imports()
    use()
    more_rights()
    other_user()
    kept_by_context()
    outlives()
    sock_fds()
    kept_back()
    by_socket()
    not_ours()
    from_attach()
    kept_by_attach()
    no_free_fd()
    unanswered()
    readiness()
    wakes()
    follower()
    poll_races()
    in_flight()
    abroad()
    deputy()
    tap.done()


if __name__ == "__main__":
    main()
