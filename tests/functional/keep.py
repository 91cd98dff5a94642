#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Connections that keep their sockets, and contexts that keep those."""

import contextlib
import errno
import os
import resource
import signal
import socket
import struct
import time

from lib import tap, tls
from lib.kssl import Client, K, Refused, eventually, no_objects, refused
from lib.process import Remote, fork, kill, sleeps
from lib.tap import eq, test

ALICE = 1000
LIMIT = 64
ROUNDS = 40 if tap.QUICK else 200
NO_KEEPER = "keep needs a context with keep, or rights"
TOO_MANY = "more kept sockets than RLIMIT_NOFILE allows"


def attach(nl, conn, pair):
    nl.attach(id=conn, fd=pair.client.fileno(), **tls.directions()[0])


def kept(nl, pair, **settings):
    """A connection whose socket is nobody else's, held by the client."""
    conn = nl.new(nl.ctx_new()["ctx_id"], role=K.ROLE_CLIENT, keep=1,
                  **settings)["id"]
    attach(nl, conn, pair)
    pair.client.close()
    return conn


def attach_new(nl, ctx, pair, **settings):
    return nl.attach(ctx_id=ctx, fd=pair.client.fileno(),
                     settings={"role": K.ROLE_CLIENT, **settings},
                     **tls.directions()[0])["id"]


def is_open(end):
    """Whether the peer of this end has not ended the connection."""
    end.setblocking(False)
    try:
        return end.recv(1) != b""
    except BlockingIOError:
        return True
    except ConnectionResetError:
        return False
    finally:
        end.settimeout(60)


def ends(pair):
    eventually(lambda: not is_open(pair.server), "the socket is closed")


def closes(nl, conn):
    eventually(lambda: nl.get(conn)["state"] == K.STATE_CLOSED,
               "the connection is closed")


def set_linger(sock, *value):
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                    struct.pack("ii", *value))


def reset(end):
    set_linger(end, 1, 0)
    end.close()


@test("close() ends no connection that is kept")
def survives_close():
    with Client() as nl, tls.Pair() as pair:
        conn = kept(nl, pair)
        eq(nl.get(conn)["state"], K.STATE_ESTABLISHED)
        assert is_open(pair.server)
        pair.server.sendall(b"x" * 1000)
        assert is_open(pair.server)
        eq(nl.get(conn)["state"], K.STATE_ESTABLISHED)


@test("its last reference does")
def last_reference():
    with Client() as nl, Client() as other, tls.Pair() as pair:
        conn = kept(nl, pair)
        other.up_ref(conn)
        nl.free(conn)
        assert is_open(pair.server)
        other.free(conn)
        ends(pair)


@test("so does the peer, whether it closes, shuts down or resets")
def peer_ends():
    for end in (lambda peer: peer.close(), reset,
                lambda peer: peer.shutdown(socket.SHUT_WR)):
        with Client() as nl, tls.Pair() as pair:
            conn = kept(nl, pair)
            end(pair.server)
            closes(nl, conn)
            eq(nl.get(conn).get("local_port"), None)
            if pair.server.fileno() >= 0:
                ends(pair)
            nl.clear(conn)


@test("and a shutdown of its own, of both directions or one")
def own_end():
    for how in socket.SHUT_RDWR, socket.SHUT_WR:
        with Client() as nl, tls.Pair() as pair:
            conn = nl.new(nl.ctx_new()["ctx_id"], role=K.ROLE_CLIENT,
                          keep=1)["id"]
            attach(nl, conn, pair)
            pair.client.shutdown(how)
            closes(nl, conn)
            ends(pair)


@test("a context holds what is attached under it")
def context_holds():
    with Client() as nl, tls.Pair() as pair:
        ctx = nl.ctx_new(keep=1)["ctx_id"]
        conn = attach_new(nl, ctx, pair)
        pair.client.close()
        seen = nl.get(conn)
        eq((seen["state"], seen["held"], seen["refs"]),
           (K.STATE_ESTABLISHED, 0, 1))
        assert is_open(pair.server)
        nl.ctx_free(ctx)
        ends(pair)
        eventually(lambda: no_objects(nl), "all is gone")


@test("also what a client attaches, and frees")
def context_holds_clients():
    with Client() as nl, tls.Pair() as pair:
        ctx = nl.ctx_new(keep=1)["ctx_id"]
        conn = nl.new(ctx, role=K.ROLE_CLIENT)["id"]
        attach(nl, conn, pair)
        pair.client.close()
        nl.free(conn)
        eq(nl.get(conn)["state"], K.STATE_ESTABLISHED)
        nl.up_ref(conn)
        nl.ctx_free(ctx)
        assert is_open(pair.server)
        nl.free(conn)
        ends(pair)


@test("no longer than somebody holds the context; connections do not count")
def held_by_whom():
    with Client() as nl, tls.Pair() as pair, tls.Pair() as other:
        with Client() as first:
            ctx = first.ctx_new(keep=1)["ctx_id"]
            conn = attach_new(first, ctx, pair)
            pair.client.close()
            nl.ctx_up_ref(ctx)
        eq(nl.get(conn)["state"], K.STATE_ESTABLISHED)
        plain = nl.new(ctx, keep=0, role=K.ROLE_CLIENT)["id"]
        nl.ctx_free(ctx)
        ends(pair)
        with refused(errno.ENOENT, "no such connection", "id"):
            nl.get(conn)
        # The context is there, but it is nobody's.
        nl.attach(id=plain, fd=other.client.fileno(),
                  **tls.directions()[0])
        eq(nl.get(plain)["ctx_id"], ctx)


@test("a connection that its context alone has is gone when it is closed")
def gone():
    with Client(group="events") as listener, Client() as nl, \
            tls.Pair() as pair:
        ctx = nl.ctx_new(keep=1)["ctx_id"]
        conn = attach_new(nl, ctx, pair)
        pair.client.close()
        pair.server.close()
        eventually(lambda: not nl.dump(), "the connection is gone")
        eventually(lambda: nl.ctx_get(ctx)["conns"] == 0, "and not counted")
        seen = []
        while (event := listener.event(timeout=1)):
            if event.get("id") == conn:
                seen.append((event["event"], event.get("state")))
        eq(seen[-2:], [(K.EVENT_TYPE_STATE, K.STATE_CLOSED),
                       (K.EVENT_TYPE_GONE, K.STATE_CLOSED)])


@test("kill -9 of who holds the context ends them all")
def killed():
    class Holder(Client):
        """Holds a context, and nothing of its connections."""

        def fill(self, address, count):
            ctx = self.ctx_new(keep=1)["ctx_id"]
            for _ in range(count):
                with socket.create_connection(address) as sock:
                    self.attach(ctx_id=ctx, fd=sock.fileno(),
                                settings={"role": K.ROLE_CLIENT},
                                **tls.directions()[0])

    with Client() as nl, Remote(Holder) as holder, \
            socket.create_server(("127.0.0.1", 0), backlog=64) as listener:
        holder.fill(listener.getsockname(), 20)
        accepted = [listener.accept()[0] for _ in range(20)]
        eq(len(nl.dump()), 20)
        assert all(is_open(end) for end in accepted)
        holder.kill()
        eq((nl.dump(), nl.ctx_dump()), ([], []))
        for end in accepted:
            eventually(lambda end=end: not is_open(end), "it is closed")
            end.close()


@test("a connection that nobody would hold is refused")
def nobody():
    with Client() as nl, tls.Pair() as pair:
        ctx = nl.ctx_new()["ctx_id"]
        with refused(errno.EINVAL, NO_KEEPER, "settings.keep"):
            attach_new(nl, ctx, pair, keep=1)
        eq(nl.dump(), [])
        attach_new(nl, nl.ctx_new(keep=1)["ctx_id"], pair, keep=0)
        pair.client.close()
        eventually(lambda: not nl.dump(), "it follows its socket")


@test("an attach that is refused keeps nothing")
def refused_attach():
    with Client() as nl, tls.Pair() as pair:
        conn = nl.new(nl.ctx_new()["ctx_id"], role=K.ROLE_CLIENT, keep=1,
                      max_proto=0x0303)["id"]
        with refused(errno.EPERM, "the TLS version is above max-proto",
                     "version"):
            attach(nl, conn, pair)
        pair.client.close()
        ends(pair)


class Limited(Client):
    """A user who may have few files, as it attaches one after the other."""

    def fill(self, address):
        resource.setrlimit(resource.RLIMIT_NOFILE, (LIMIT, LIMIT))
        ctx = self.ctx_new(keep=1)["ctx_id"]
        try:
            for count in range(LIMIT + 10):
                with socket.create_connection(address) as sock:
                    self.attach(ctx_id=ctx, fd=sock.fileno(),
                                settings={"role": K.ROLE_CLIENT},
                                **tls.directions()[0])
        except Refused as why:
            return ctx, count, why.errno, why.text, why.blame
        return ctx, count, 0, None, None


@test("a user keeps no more than may be open, and gets back what is over")
def limited():
    with Client() as nl, Remote(Limited, uid=ALICE) as alice, \
            socket.create_server(("127.0.0.1", 0),
                                 backlog=8 * LIMIT) as listener:
        for _ in range(2):
            ctx, *seen = alice.fill(listener.getsockname())
            eq(seen, [LIMIT, errno.ETOOMANYREFS, TOO_MANY, "fd"])
            eq(len(nl.dump()), LIMIT)
            alice.ctx_free(ctx)
            eventually(lambda: not nl.dump(), "all are gone")


def is_open_here(address):
    """Whether a socket with this address of its own has not been closed."""
    host, port = address
    local = f"{struct.unpack('=I', socket.inet_aton(host))[0]:08X}:{port:04X}"
    with open("/proc/net/tcp", encoding="ascii") as file:
        rows = [row.split() for row in file]
    return any(row[1] == local and row[9] != "0" for row in rows[1:])


def is_closed(address):
    eventually(lambda: not is_open_here(address), "the socket is closed")


def half_close(nl, conn, pair):
    pair.server.shutdown(socket.SHUT_WR)
    closes(nl, conn)


@test("no end of a kept socket waits for its peer to acknowledge")
def lingering():
    with Client() as nl, tls.Pair() as pair:
        address = pair.client.getsockname()
        set_linger(pair.client, 1, 1000)
        tls.fill(pair.client)
        conn = kept(nl, pair)
        assert is_open_here(address)
        half_close(nl, conn, pair)
        is_closed(address)


def leave_unsent(nl, pair, ctx=None):
    """A kept connection whose writer was killed within a record.

    It is held by the context, or else by the client.
    """
    # What has a timeout does not block in Python.
    pair.client.settimeout(None)
    if ctx:
        conn = attach_new(nl, ctx, pair)
    else:
        conn = nl.new(nl.ctx_new()["ctx_id"], role=K.ROLE_CLIENT,
                      keep=1)["id"]
        attach(nl, conn, pair)
    pid = fork(lambda: pair.client.sendall(bytes(1 << 20)),
               keep=[pair.client.fileno()])
    pair.client.close()
    eventually(lambda: sleeps(pid), "the writer waits")
    kill(pid)
    assert "unsent" in nl.get(conn), "it waits between two records"
    return conn


@test("nor to read what a killed writer has left")
def killed_writer():
    # There is room for no record.
    with Client() as nl, tls.Pair(room=4096) as pair:
        address = pair.client.getsockname()
        conn = leave_unsent(nl, pair)
        assert is_open_here(address)
        half_close(nl, conn, pair)
        is_closed(address)


def ends_with_fin(sock):
    """What has come is all that it is: no error, and no wait."""
    sock.settimeout(60)
    while sock.recv(1 << 16):
        pass


@contextlib.contextmanager
def killed_by_sigpipe():
    """As programs are that do not write to sockets."""
    before = signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    try:
        yield
    finally:
        signal.signal(signal.SIGPIPE, before)


@test("nor does who lets go of the connection last")
def lets_go():
    for reads in False, True:
        with Client() as nl, tls.Pair(room=4096) as pair:
            address = pair.client.getsockname()
            conn = leave_unsent(nl, pair)
            if reads:
                # So that net/tls goes on, and waits in a work of its own.
                pair.server.recv(4096)
                time.sleep(1)
            with killed_by_sigpipe():
                nl.free(conn)
            is_closed(address)
            ends_with_fin(pair.server)


@test("nor who lets go of the context, whatever its program wanted")
def lets_go_of_ctx():
    with Client() as nl, tls.Pair(room=4096) as pair, tls.Pair() as other:
        addresses = [one.client.getsockname() for one in (pair, other)]
        ctx = nl.ctx_new(keep=1)["ctx_id"]
        set_linger(other.client, 1, 1000)
        tls.fill(other.client)
        attach_new(nl, ctx, other)
        leave_unsent(nl, pair, ctx)
        other.client.close()
        for address in addresses:
            assert is_open_here(address)
        with killed_by_sigpipe():
            nl.ctx_free(ctx)
        for address in addresses:
            is_closed(address)
        ends_with_fin(pair.server)
        ends_with_fin(other.server)


@test("who has asked for a reset gets it")
def reset_at_end():
    with Client() as nl, tls.Pair() as pair:
        set_linger(pair.client, 1, 0)
        nl.free(kept(nl, pair))
        try:
            ends_with_fin(pair.server)
        except ConnectionResetError:
            return
        raise AssertionError("no reset")


@test("a socket that a program has open is left as it is")
def left_alone():
    with Client() as nl, tls.Pair() as pair:
        conn = nl.new(nl.ctx_new()["ctx_id"], role=K.ROLE_CLIENT,
                      keep=1)["id"]
        ours, theirs = tls.directions()
        nl.attach(id=conn, fd=pair.client.fileno(), **ours)
        tls.install(pair.server, tls.DEFAULT, theirs["tx"], theirs["rx"])
        set_linger(pair.client, 1, 0)
        half_close(nl, conn, pair)
        tls.transfer(pair.client, pair.server, [1, 100000])
        eq(pair.client.getsockopt(socket.SOL_SOCKET, socket.SO_LINGER, 8),
           struct.pack("ii", 1, 0))
        pair.client.close()
        try:
            eq(pair.server.recv(1), None)
        except ConnectionResetError:
            pass


def adopt_again(nl, ctx, pair):
    nl.attach(ctx_id=ctx, fd=pair.client.fileno(), suite=tls.DEFAULT.code,
              adopt=K.DIRECTION_TX | K.DIRECTION_RX,
              settings={"role": K.ROLE_CLIENT})


def keep_and_let_go(nl, pair):
    """The socket is watched from then on."""
    ctx = nl.ctx_new()["ctx_id"]
    conn = nl.new(ctx, role=K.ROLE_CLIENT, keep=1)["id"]
    attach(nl, conn, pair)
    nl.free(conn)
    nl.ctx_free(ctx)


def race(nl, ctx, number, before, during):
    with tls.Pair() as pair:
        before(nl, pair)
        if not os.fork():
            reset(pair.server)
            os._exit(0)
        pair.server.close()
        try:
            during(nl, ctx, pair)
        except Refused as why:
            assert why.errno in (errno.ENOTCONN, errno.EPIPE,
                                 errno.ECONNRESET), (number, why)
        os.wait()


@test("a socket that was kept once follows its next connection's setting")
def kept_no_more():
    with Client() as nl, tls.Pair() as pair:
        keep_and_let_go(nl, pair)
        conn = nl.new(nl.ctx_new()["ctx_id"], role=K.ROLE_CLIENT)["id"]
        nl.attach(id=conn, fd=pair.client.fileno(),
                  suite=tls.DEFAULT.code,
                  adopt=K.DIRECTION_TX | K.DIRECTION_RX)
        pair.server.shutdown(socket.SHUT_WR)
        eq(pair.client.recv(1), b"")
        eq(nl.get(conn)["state"], K.STATE_ESTABLISHED)
        pair.client.close()
        closes(nl, conn)


def races():
    for name, before, during in (
            ("the end of a peer during the attach loses nothing",
             lambda *_: None, attach_new),
            ("neither does that of one whose socket was kept before",
             keep_and_let_go, adopt_again)):
        with test(name), Client() as nl:
            ctx = nl.ctx_new(keep=1)["ctx_id"]
            for number in range(ROUNDS):
                race(nl, ctx, number, before, during)
            eventually(lambda: not nl.dump(), "none is left")


def main():
    survives_close()
    last_reference()
    peer_ends()
    own_end()
    context_holds()
    context_holds_clients()
    held_by_whom()
    gone()
    killed()
    nobody()
    refused_attach()
    limited()
    kept_no_more()
    lingering()
    killed_writer()
    lets_go()
    lets_go_of_ctx()
    reset_at_end()
    left_alone()
    races()
    tap.done()


if __name__ == "__main__":
    main()
