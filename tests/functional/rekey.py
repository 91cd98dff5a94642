#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Key updates: both directions, what is refused, writers at the same time."""

import contextlib
import errno
import os
import signal
import socket
import struct
import threading

from lib import bpf, process, tap, tls
from lib.kssl import (Client, K, Refused, eventually, no_objects, position,
                      refused)
from lib.tap import Skip, eq, test
from lib.tls import TLS_RX, TLS_TX

TX, RX = K.DIRECTION_TX, K.DIRECTION_RX
TLS_GET_RECORD_TYPE = 2
HANDSHAKE, DATA = 22, 23
UPDATE = bytes([24, 0, 0, 1, 0])
REQUEST = bytes([24, 0, 0, 1, 1])

UPDATES = 50 if tap.QUICK else 300
CAN = "TlsTxRekeyOk" in tls.stat()
CANNOT = "net/tls of this kernel cannot update keys"
NONE_RECEIVED = "no KeyUpdate of the peer was received"
CHANGED = "somebody else has changed the key"
NO_SECRET = "no traffic secret is known, so a key is needed"
AT_WORK = "begin, attach or rekey is at work"


def needs_rekey():
    if not CAN:
        raise Skip(CANNOT)


@contextlib.contextmanager
def attached(nl, suite=tls.DEFAULT, make=tls.secret, **settings):
    """Both ends attached: the pair, the client's id and the server's."""
    ctx = nl.ctx_new(**tls.allow_all())["ctx_id"]
    with tls.Pair() as pair:
        conns = [nl.new(ctx, role=role, **settings)["id"]
                 for role in (K.ROLE_CLIENT, K.ROLE_SERVER)]
        ends = tls.directions(suite, make)
        for conn, fd, end in zip(conns, pair.fds(), ends):
            nl.attach(id=conn, fd=fd, **end)
        # poll() does not tell of a KeyUpdate that was read behind data.
        for end in pair.client, pair.server:
            end.settimeout(None)
        yield pair, *conns


def receive_record(sock, size=65536):
    """The type of the next record, and what it has."""
    data, control, _, _ = sock.recvmsg(size, socket.CMSG_SPACE(1))
    if not data:
        return None, data
    (level, kind, value), = control
    eq((level, kind), (tls.SOL_TLS, TLS_GET_RECORD_TYPE))
    return value[0], data


def update(nl, sender, receiver, sink, key=None, **more):
    """Updates the key of one direction at both of its ends."""
    key = {"key": key} if key else {}
    nl.rekey(sender, TX, **key, **more)
    eq(receive_record(sink),
       (HANDSHAKE, REQUEST if "request_update" in more else UPDATE))
    nl.rekey(receiver, RX, **key)


def counts(nl, conn):
    seen = nl.get(conn)
    return tuple(seen[name] for name in ("tx_generation", "tx_records",
                                         "rx_generation", "rx_records"))


def result(nl, conn):
    seen = nl.get(conn)
    return seen["result"], seen["result_text"]


def look(nl, conn):
    seen = nl.get(conn)
    return {name: seen[name] for name in seen if name != "age"}


@test("a kernel that cannot says so and changes nothing")
def old_kernel():
    if CAN:
        raise Skip("this one can")
    with Client() as nl, attached(nl) as (pair, client, server):
        before = look(nl, client)
        for direction in TX, RX:
            with refused(errno.EOPNOTSUPP, CANNOT):
                nl.rekey(client, direction)
        with refused(errno.EOPNOTSUPP, CANNOT):
            nl.rekey(client, TX, key=tls.keys(tls.DEFAULT))
        eq(look(nl, client), before)
        tls.exchange(pair)
        eq(counts(nl, server)[0::2], (0, 0))


@test("records are counted from attach on")
def records():
    with Client() as nl, attached(nl) as (pair, client, server):
        eq(counts(nl, client), (0, 0, 0, 0))
        tls.transfer(pair.client, pair.server, [1] * 300)
        tls.transfer(pair.server, pair.client, [1] * 2)
        eq(counts(nl, client), (0, 300, 0, 2))
        eq(counts(nl, server), (0, 2, 0, 300))
        pair.client.close()
        eventually(lambda: "tx_records" not in nl.get(client),
                   "a closed socket has no records")


@test("records of TLS 1.2 are counted, too, its keys stay")
def old_version():
    suite = tls.TLS12_SUITES[0]
    with Client() as nl, attached(nl, suite, tls.keys) as ends:
        pair, client, _ = ends
        tls.transfer(pair.client, pair.server, [1] * 3)
        seen = nl.get(client)
        eq((seen["tx_records"], seen["rx_records"]), (3, 0))
        assert "tx_generation" not in seen
        for direction in TX, RX:
            with refused(errno.EOPNOTSUPP, "only TLS 1.3 updates keys" if CAN
                         else CANNOT, "id" if CAN else None):
                nl.rekey(client, direction)
        tls.exchange(pair)


def each_suite():
    for suite in tls.TLS13_SUITES:
        with test(f"both directions, {suite.name}"):
            needs_rekey()
            with Client() as nl, attached(nl, suite) as ends:
                both_directions(nl, *ends)


def both_directions(nl, pair, client, server):
    for generation in range(1, 4):
        tls.exchange(pair)
        update(nl, client, server, pair.server)
        eq(counts(nl, client)[:2], (generation, 0))
        eq(counts(nl, server)[2:], (generation, 0))
        tls.exchange(pair)
        update(nl, server, client, pair.client)
        eq(counts(nl, server)[:2], (generation, 0))
        eq(counts(nl, client)[2:], (generation, 0))
    tls.exchange(pair)
    eq(nl.get(client).get("result", 0), 0)


@test("the secrets follow each other as RFC 8446 says")
def derivation():
    needs_rekey()
    suite = tls.TLS13_SUITES[1]
    with Client() as nl, tls.Pair() as pair:
        ctx = nl.ctx_new(**tls.allow_all())["ctx_id"]
        conn = nl.new(ctx, role=K.ROLE_CLIENT)["id"]
        ours, _ = tls.directions(suite, tls.secret)
        nl.attach(id=conn, fd=pair.client.fileno(), **ours)
        crypto = ours["tx"]
        tls.install(pair.server, suite, rx=tls.derive(suite, crypto))
        for _ in range(2):
            nl.rekey(conn, TX)
            pair.client.sendall(b"next")
            eq(receive_record(pair.server), (HANDSHAKE, UPDATE))
            crypto = {"secret": tls.expand_label(suite, crypto["secret"],
                                                 b"traffic upd", 48),
                      "rec_seq": 0}
            pair.server.setsockopt(tls.SOL_TLS, TLS_RX, tls.crypto_info(
                suite, tls.derive(suite, crypto)))
            eq(receive_record(pair.server), (DATA, b"next"))


@test("the peer is asked for an update")
def requested():
    needs_rekey()
    with Client() as nl, attached(nl) as (pair, client, server):
        update(nl, client, server, pair.server, request_update=True)
        tls.exchange(pair)


@test("nothing is read before the receive key is updated")
def expired():
    needs_rekey()
    with Client() as nl, attached(nl) as (pair, client, server):
        nl.rekey(client, TX)
        pair.client.sendall(b"next")
        eq(receive_record(pair.server), (HANDSHAKE, UPDATE))
        try:
            pair.server.recv(4)
        except OSError as why:
            eq(why.errno, errno.EKEYEXPIRED)
        else:
            raise AssertionError("read with the old key")
        nl.rekey(server, RX)
        eq(tls.receive(pair.server, 4), b"next")


@test("the receive key stays without a KeyUpdate of the peer")
def not_received():
    needs_rekey()
    with Client() as nl, attached(nl) as (pair, client, server):
        with refused(errno.EAGAIN, NONE_RECEIVED, "direction"):
            nl.rekey(server, RX)
        eq(result(nl, server), (-errno.EAGAIN, NONE_RECEIVED))
        update(nl, client, server, pair.server)
        with refused(errno.EAGAIN, NONE_RECEIVED, "direction"):
            nl.rekey(server, RX)
        tls.exchange(pair)
        eq(counts(nl, server)[2], 1)


@test("keys that are given, and none that follows from them")
def given_keys():
    needs_rekey()
    for suite in tls.TLS13_SUITES:
        with Client() as nl, attached(nl, suite) as (pair, client, server):
            for _ in range(2):
                update(nl, client, server, pair.server, tls.keys(suite))
                tls.exchange(pair)
            with refused(errno.ENOKEY, NO_SECRET, "key"):
                nl.rekey(client, TX)
            # That nothing is to be done comes first.
            with refused(errno.EAGAIN, NONE_RECEIVED, "direction"):
                nl.rekey(server, RX)
            following = tls.keys(suite)
            nl.rekey(client, TX, key=following)
            eq(receive_record(pair.server), (HANDSHAKE, UPDATE))
            with refused(errno.ENOKEY, NO_SECRET, "key"):
                nl.rekey(server, RX)
            nl.rekey(server, RX, key=following)
            update(nl, client, server, pair.server, tls.secret(suite))
            update(nl, client, server, pair.server)
            tls.exchange(pair)
            eq(counts(nl, client)[0], 5)
            # The other direction still has its secret.
            update(nl, server, client, pair.client)
            tls.exchange(pair)


@test("a connection that was given keys is given the next ones")
def attached_by_keys():
    needs_rekey()
    with Client() as nl, attached(nl, make=tls.keys) as ends:
        pair, client, server = ends
        with refused(errno.ENOKEY, NO_SECRET, "key"):
            nl.rekey(client, TX)
        update(nl, client, server, pair.server, tls.keys(tls.DEFAULT))
        update(nl, client, server, pair.server, tls.secret(tls.DEFAULT))
        update(nl, client, server, pair.server)
        tls.exchange(pair)


def adopted_keys():
    for suite in tls.TLS13_SUITES:
        with test(f"keys that are adopted without their secrets are updated: "
                  f"{tls.label(suite)}"):
            needs_rekey()
            with Client() as nl, tls.Pair() as pair:
                ctx = nl.ctx_new(**tls.allow_all())["ctx_id"]
                conns = []
                for fd, sock, role, end in zip(
                        pair.fds(), (pair.client, pair.server),
                        (K.ROLE_CLIENT, K.ROLE_SERVER),
                        tls.directions(suite, tls.keys)):
                    tls.install(sock, suite, end["tx"], end["rx"])
                    conns.append(nl.new(ctx, role=role)["id"])
                    nl.attach(id=conns[-1], fd=fd, adopt=TX | RX)
                    sock.settimeout(None)
                for _ in range(2):
                    update(nl, *conns, pair.server, tls.keys(suite))
                    update(nl, *conns[::-1], pair.client, tls.keys(suite))
                    tls.exchange(pair)
                eq(counts(nl, conns[0])[0::2], (2, 2))
                pair.client.setsockopt(tls.SOL_TLS, TLS_TX, tls.crypto_info(
                    suite, tls.keys(suite)))
                with refused(errno.ESTALE, CHANGED, "direction"):
                    nl.rekey(conns[0], TX, key=tls.keys(suite))


@test("a key that somebody else has changed")
def stale():
    needs_rekey()
    suite = tls.DEFAULT
    for make in tls.secret, tls.keys:
        with Client() as nl, attached(nl, make=make) as ends:
            pair, client, server = ends
            key = {} if make is tls.secret else {"key": tls.keys(suite)}
            foreign = tls.crypto_info(suite, tls.keys(suite))
            pair.client.setsockopt(tls.SOL_TLS, TLS_TX, foreign)
            with refused(errno.ESTALE, CHANGED, "direction"):
                nl.rekey(client, TX, **key)
            pair.server.setsockopt(tls.SOL_TLS, TLS_RX, foreign)
            with refused(errno.ESTALE, CHANGED, "direction"):
                nl.rekey(server, RX, **key)
            eq(counts(nl, client)[0], 0)
            tls.exchange(pair)
            # Nobody has touched the other direction.
            update(nl, server, client, pair.client, **key)
            tls.exchange(pair)


@test("a direction that a close_notify has ended")
def shut_down():
    needs_rekey()
    over = "a close_notify has ended this direction"
    with Client() as nl, attached(nl) as (pair, client, server):
        nl.call(K.CMD_SET_SHUTDOWN, {"id": client,
                                     "shutdown": K.SHUTDOWN_SENT})
        with refused(errno.EPIPE, over, "direction"):
            nl.rekey(client, TX)
        update(nl, server, client, pair.client)
        nl.call(K.CMD_SET_SHUTDOWN, {"id": client,
                                     "shutdown": K.SHUTDOWN_RECEIVED})
        with refused(errno.EPIPE, over, "direction"):
            nl.rekey(client, RX)


@test("a socket that has ended")
def ended():
    needs_rekey()
    with Client() as nl, attached(nl) as (pair, client, server):
        pair.client.shutdown(socket.SHUT_WR)
        with refused(errno.EPIPE, "the KeyUpdate record cannot be sent",
                     "direction"):
            nl.rekey(client, TX)
        eq(nl.get(client)["state"], K.STATE_ESTABLISHED)
        pair.server.close()
        eventually(lambda: nl.get(server)["state"] == K.STATE_CLOSED,
                   "the server's end is closed")
        with refused(errno.EBUSY, "the connection is closed", "id"):
            nl.rekey(server, TX)


BAD = (
    ("only a KeyUpdate that is sent asks for one", errno.EINVAL,
     "request_update", RX, {"request_update": True}),
    ("a new key begins with record 0", errno.EINVAL, "key.rec_seq", TX,
     {"key": tls.keys(tls.DEFAULT, 1)}),
    ("not of the cipher's size", errno.EINVAL, "key.key", TX,
     {"key": tls.keys(tls.TLS13_SUITES[1])}),
    ("not of the size of the suite's hash", errno.EINVAL, "key.secret", TX,
     {"key": {"secret": bytes(48)}}),
    ("a key and a secret exclude each other", errno.EINVAL, "key.secret", TX,
     {"key": {**tls.keys(tls.DEFAULT), **tls.secret(tls.DEFAULT)}}),
    ("", errno.ERANGE, "key.secret", TX, {"key": {"secret": bytes(49)}}),
    ("neither a key nor a secret", errno.EINVAL, "key", TX, {"key": {}}),
    ("no direction", errno.EINVAL, "direction", TX | RX, {}),
    ("", errno.EINVAL, "direction", 4, {}),
)


@test("requests that make no sense")
def bad_requests():
    needs_rekey()
    with Client() as nl, attached(nl) as (pair, client, _):
        for text, number, blame, direction, attrs in BAD:
            with refused(number, text, blame):
                nl.rekey(client, direction, **attrs)
        with refused(errno.EINVAL, "direction is missing",
                     missing="direction"):
            nl.call(K.CMD_REKEY, {"id": client})
        eq(counts(nl, client), (0, 0, 0, 0))
        tls.exchange(pair)


@test("connections that cannot, or are not the caller's")
def bad_ids():
    with Client() as nl, Client() as other, attached(nl) as ends:
        _, client, _ = ends
        ctx = nl.ctx_new()["ctx_id"]
        with refused(errno.EINVAL, "id is missing", missing="id"):
            nl.call(K.CMD_REKEY, {"direction": TX})
        with refused(errno.ENOENT, "no such connection", "id"):
            nl.rekey(client + 1000, TX)
        with refused(errno.EINVAL, "the id is of a context, not of a "
                     "connection", "id"):
            nl.rekey(ctx, TX)
        with refused(errno.EPERM, "this client has no reference on it", "id"):
            other.ctx_new()
            other.rekey(client, TX)
        if CAN:
            with refused(errno.EBUSY, "the handshake has not begun", "id"):
                nl.rekey(nl.new(ctx)["id"], TX)


@test("a kept connection whose descriptor is closed")
def kept():
    needs_rekey()
    with Client() as nl:
        ctx = nl.ctx_new()["ctx_id"]
        one, two = tls.directions(make=tls.secret)
        with tls.Pair() as pair:
            conn = nl.new(ctx, role=K.ROLE_CLIENT, keep=1)["id"]
            nl.attach(id=conn, fd=pair.client.fileno(), **one)
            peer = nl.new(ctx, role=K.ROLE_SERVER)["id"]
            nl.attach(id=peer, fd=pair.server.fileno(), **two)
            pair.client.close()
            update(nl, conn, peer, pair.server)
            pair.server.close()
        eventually(lambda: nl.get(conn)["state"] == K.STATE_CLOSED,
                   "the peer's end ends it")
        with refused(errno.EBUSY, "the connection is closed", "id"):
            nl.rekey(conn, TX)


def succeeds(nl, conn):
    """Updates a transmit key, which the socket may have no room for."""
    try:
        nl.rekey(conn, TX)
    except Refused as why:
        if why.errno != errno.EAGAIN:
            raise
        return False
    return True


@test("a socket that is full is left alone")
def full():
    needs_rekey()
    with Client() as nl, attached(nl) as (pair, client, server):
        sent = tls.fill(pair.client)
        with refused(errno.EAGAIN, "", "direction"):
            nl.rekey(client, TX)
        eq(counts(nl, client)[0], 0)
        tls.receive(pair.server, sent)

        eventually(lambda: succeeds(nl, client), "an update when there is room")
        eq(receive_record(pair.server), (HANDSHAKE, UPDATE))
        nl.rekey(server, RX)
        tls.exchange(pair)


@contextlib.contextmanager
def writer_that_waits(sock):
    """A thread in a send() that its peer does not let end."""
    size = 20000000
    thread = threading.Thread(target=sock.sendall, args=(bytes(size),))
    thread.start()
    eventually(lambda: process.sleeps(thread.native_id), "the writer waits")
    yield size
    thread.join()


def child(conn, **attrs):
    """A process that updates a key; its status is the errno."""
    ready, waiting = os.pipe()
    pid = os.fork()
    if pid:
        os.read(ready, 1)
        return pid
    signal.signal(signal.SIGUSR1, lambda *_: None)
    error = 0
    with Client() as nl:
        nl.up_ref(conn)
        os.write(waiting, b"x")
        try:
            nl.rekey(conn, TX, **attrs)
        except Refused as why:
            error = why.errno
    os._exit(error)


def status_of(pid):
    """The errno of a child that does not wait for anything."""
    return eventually(lambda: os.waitid(os.P_PID, pid,
                                        os.WEXITED | os.WNOHANG),
                      "the child ends").si_status


def refused_at_once(nl, conn, number, text, blame, **attrs):
    """An update that fails, whether it may wait for a writer or not."""
    eq(status_of(child(conn, **attrs)), number)
    with refused(number, text, blame):
        nl.rekey(conn, TX, no_wait=True, **attrs)


@test("what is refused in any case does not wait for a writer")
def not_stuck():
    needs_rekey()
    old = tls.TLS12_SUITES[0]
    with Client() as nl, attached(nl, old, tls.keys) as ends:
        pair, client, _ = ends
        with writer_that_waits(pair.client) as size:
            refused_at_once(nl, client, errno.EOPNOTSUPP,
                            "only TLS 1.3 updates keys", "id")
            tls.receive(pair.server, size)
    with Client() as nl, attached(nl, make=tls.keys) as ends:
        pair, client, server = ends
        with writer_that_waits(pair.client) as size:
            refused_at_once(nl, client, errno.ENOKEY, NO_SECRET, "key")
            eq(result(nl, client), (-errno.ENOKEY, NO_SECRET))
            refused_at_once(nl, client, errno.EINVAL,
                            "not of the cipher's size", "key.key",
                            key=tls.keys(tls.TLS13_SUITES[1]))
            key = tls.keys(tls.DEFAULT)
            with refused(errno.EAGAIN, "somebody else sends", "no_wait"):
                nl.rekey(client, TX, key=key, no_wait=True)
            pid = child(client, key=key)
            eventually(lambda: process.sleeps(pid), "the update waits")
            tls.receive(pair.server, size)
        # The writer may have left no room.
        if (status := status_of(pid)):
            eq(status, errno.EAGAIN)
            nl.rekey(client, TX, key=key)
        eq(receive_record(pair.server), (HANDSHAKE, UPDATE))
        nl.rekey(server, RX, key=key)
        tls.exchange(pair)
    with Client() as nl, attached(nl) as (pair, client, server):
        nl.call(K.CMD_SET_SHUTDOWN, {"id": client,
                                     "shutdown": K.SHUTDOWN_SENT})
        with writer_that_waits(pair.client) as size:
            refused_at_once(nl, client, errno.EPIPE,
                            "a close_notify has ended this direction",
                            "direction")
            tls.receive(pair.server, size)


@test("a writer that waits holds up the update alone, which a signal ends")
def stuck():
    needs_rekey()
    with Client() as nl, attached(nl) as (pair, client, server):
        with writer_that_waits(pair.client) as size:
            pid = child(client)
            eventually(lambda: process.sleeps(pid), "the update waits")
            update(nl, server, client, pair.client)
            eq(counts(nl, client)[2], 1)
            eq(nl.get(client)["state"], K.STATE_ESTABLISHED)
            os.kill(pid, signal.SIGUSR1)
            status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
            eq(status, errno.EINTR)
            eq(result(nl, client), (-errno.EINTR, "interrupted while "
                                    "somebody else sends"))
            with refused(errno.EAGAIN, "somebody else sends", "no_wait"):
                nl.rekey(client, TX, no_wait=True)
            eq(result(nl, client), (-errno.EAGAIN, "somebody else sends"))
            tls.receive(pair.server, size)
        eq(counts(nl, client)[0], 0)
        update(nl, client, server, pair.server)
        tls.exchange(pair)


@test("a key that is in use is not used anew")
def same_key():
    needs_rekey()
    same = "the key in use has the same nonce"
    for make in tls.keys, tls.secret:
        key = make(tls.DEFAULT)
        with Client() as nl, attached(nl) as (pair, client, server):
            update(nl, client, server, pair.server, key)
            with refused(errno.EINVAL, same, "key"):
                nl.rekey(client, TX, key=key)
            tls.exchange(pair)
            eq(counts(nl, client)[0], 1)


KEPT_FROM_NET_TLS = "a cgroup program keeps the new key from net/tls"
SHUT_DOWN = ("the peer was told, but there is no new key; the socket was shut "
             "down")


@test("a transmit key that the peer was told of and that is not there")
def not_there():
    needs_rekey()
    for keep in 0, 1:
        with Client() as nl:
            with attached(nl, keep=keep) as (pair, client, server):
                with bpf.answered(tls.SOL_TLS, TLS_TX), \
                        refused(errno.EPERM, SHUT_DOWN, "direction"):
                    nl.rekey(client, TX)
                eq(nl.get(client)["state"], K.STATE_ERROR)
                eq(receive_record(pair.server), (HANDSHAKE, UPDATE))
                if not keep:
                    nl.rekey(server, RX)
                    eq(receive_record(pair.server), (None, b""))
                nl.clear(client)
                eq(nl.get(client)["state"], K.STATE_INITIAL)
                nl.free(client)
            eventually(lambda: len(nl.dump()) == 1, "the connection is gone")
    with Client() as nl:
        eventually(lambda: no_objects(nl), "all objects are gone")


@test("writers send nothing under the old key after that")
def not_there_writers():
    needs_rekey()
    with Client() as nl, attached(nl) as (pair, client, server):
        writers = [Writer(pair.client, number) for number in range(2)]
        reader = Reader(pair.server, server)
        with bpf.answered(tls.SOL_TLS, TLS_TX):
            for thread in (reader, *writers):
                thread.start()
            eventually(lambda: fails(nl, client), "the update fails")
            # net/tls takes it from them all the same.
            for thread in writers:
                thread.stop = True
            for thread in (reader, *writers):
                thread.join()
        # What came after the KeyUpdate had no key to be read with.
        eq((reader.updates, reader.failure), (1, None))
        eq(len(reader.data) % Writer.SIZE.size, 0)


def fails(nl, conn):
    """Tells a peer of a key that is not there, if there is room."""
    try:
        nl.rekey(conn, TX)
    except Refused as why:
        return why.errno == errno.EPERM
    raise AssertionError("no key, and no failure")


@test("a receive key that is not there changes nothing")
def not_there_rx():
    needs_rekey()
    with Client() as nl, attached(nl) as (pair, client, server):
        tls.exchange(pair)
        nl.rekey(client, TX)
        eq(receive_record(pair.server), (HANDSHAKE, UPDATE))
        nl.call(K.CMD_ADD_CONTROL, {"id": server, "control_received": 5})
        before = position(nl, server)
        with bpf.answered(tls.SOL_TLS, TLS_RX), \
                refused(errno.EPERM, KEPT_FROM_NET_TLS, "direction"):
            nl.rekey(server, RX)
        eq(position(nl, server), before)
        eq(counts(nl, server)[2], 0)
        nl.rekey(server, RX)
        tls.transfer(pair.client, pair.server, [1000])
        eq(position(nl, server), (before[0], before[1] - 5 + 1000))


@test("a KeyUpdate that was looked at counts as control, followed or not")
def looked_at():
    needs_rekey()
    with Client() as nl, attached(nl) as (pair, client, server):
        for at in range(2):
            nl.rekey(client, TX)
            data, _, _, _ = pair.server.recvmsg(10, socket.CMSG_SPACE(1),
                                                socket.MSG_PEEK)
            eq(data, UPDATE)
            eq(position(nl, server), (0, 10 * at))
            nl.rekey(server, RX)
            eq(position(nl, server), (0, 10 * at))
            eq(receive_record(pair.server), (HANDSHAKE, UPDATE))
            eq(position(nl, server), (0, 10 * at))
            tls.transfer(pair.client, pair.server, [10])


class Reader(threading.Thread):
    """Reads what writers send, and follows the updates."""

    def __init__(self, sock, conn):
        super().__init__()
        self.sock = sock
        self.conn = conn
        self.data = bytearray()
        self.updates = 0
        self.failure = None

    def run(self):
        try:
            with Client() as nl:
                nl.up_ref(self.conn)
                while self.step(nl):
                    pass
        except Exception as why:  # pylint: disable=broad-except
            self.failure = why
            self.sock.close()

    def step(self, nl):
        kind, data = receive_record(self.sock)
        if kind == HANDSHAKE:
            eq(data, UPDATE)
            nl.rekey(self.conn, RX)
            self.updates += 1
        else:
            self.data += data
        return data


class Writer(threading.Thread):
    """Sends its numbers, each in a record of its own, until told to stop."""

    SIZE = struct.Struct("=II")

    def __init__(self, sock, name):
        super().__init__()
        self.sock = sock
        self.number = name
        self.count = 0
        self.stop = False
        self.failure = None

    def run(self):
        try:
            while not self.stop:
                self.sock.sendall(self.SIZE.pack(self.number, self.count))
                self.count += 1
        except OSError as why:
            self.failure = why


@test("updates while two threads write")
def writers():
    needs_rekey()
    before = tls.stat()
    with Client() as nl, attached(nl) as (pair, client, server):
        reader = Reader(pair.server, server)
        threads = [Writer(pair.client, number) for number in range(2)]
        for thread in (reader, *threads):
            thread.start()
        done = 0
        while done < UPDATES and not reader.failure:
            done += succeeds(nl, client)
        for thread in threads:
            thread.stop = True
            thread.join()
        pair.client.shutdown(socket.SHUT_WR)
        reader.join()
        if reader.failure:
            raise reader.failure
        eq([thread.failure for thread in threads], [None, None])
        eq(reader.updates, UPDATES)
        eq(counts(nl, server)[2], UPDATES)
        got = [[], []]
        for number, count in Writer.SIZE.iter_unpack(reader.data):
            got[number].append(count)
        eq([len(part) for part in got], [thread.count for thread in threads])
        eq(got, [list(range(thread.count)) for thread in threads])
    eq(tls.stat()["TlsDecryptError"], before["TlsDecryptError"])


@test("positions go through updates")
def through_updates():
    needs_rekey()
    for suite in tls.TLS13_SUITES:
        with Client() as nl, attached(nl, suite) as (pair, client, server):
            sent = received = 0
            for number in range(4):
                tls.transfer(pair.client, pair.server, [100, 20000])
                tls.transfer(pair.server, pair.client, [7] * 5)
                sent += 20100
                received += 35
                eq(position(nl, client), (sent, received))
                eq(position(nl, server), (received, sent))
                if number % 2:
                    update(nl, client, server, pair.server)
                else:
                    update(nl, server, client, pair.client)
                eq(position(nl, client), (sent, received))
                eq(position(nl, server), (received, sent))


@test("the new key is wiped from net/tls as the first one was")
def wiped():
    needs_rekey()
    with Client() as nl, attached(nl) as (pair, client, server):
        update(nl, client, server, pair.server)
        for sock, direction in ((pair.client, TLS_TX), (pair.server, TLS_RX)):
            told = sock.getsockopt(tls.SOL_TLS, direction, 40)
            eq(told[12:32], bytes(20), "key and salt")
        tls.exchange(pair)


@test("a direction whose key was to be kept keeps the new one, and no other")
def kept_key():
    needs_rekey()
    with Client() as nl, tls.Pair() as pair:
        ctx = nl.ctx_new()["ctx_id"]
        conns = [nl.new(ctx, role=role)["id"]
                 for role in (K.ROLE_CLIENT, K.ROLE_SERVER)]
        ends = tls.directions(make=tls.secret)
        nl.attach(id=conns[1], fd=pair.server.fileno(), **ends[1])
        common = {"id": conns[0], "fd": pair.client.fileno(),
                  "version": ends[0]["version"], "suite": ends[0]["suite"]}
        nl.attach(**common, tx=ends[0]["tx"], keep_key=True)
        nl.attach(**common, rx=ends[0]["rx"])
        update(nl, conns[0], conns[1], pair.server)
        update(nl, conns[1], conns[0], pair.client)
        keys = [pair.client.getsockopt(tls.SOL_TLS, direction, 40)[12:28]
                for direction in (TLS_TX, TLS_RX)]
        eq([any(key) for key in keys], [True, False])


def main():
    old_kernel()
    records()
    old_version()
    each_suite()
    derivation()
    requested()
    expired()
    not_received()
    given_keys()
    attached_by_keys()
    adopted_keys()
    stale()
    shut_down()
    ended()
    bad_requests()
    bad_ids()
    kept()
    full()
    stuck()
    not_stuck()
    same_key()
    not_there()
    not_there_rx()
    looked_at()
    not_there_writers()
    writers()
    through_updates()
    wiped()
    kept_key()
    tap.done()


if __name__ == "__main__":
    main()
