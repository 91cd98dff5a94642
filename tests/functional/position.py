#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Where in its stream a connection is, for who takes it over."""

import contextlib
import errno
import os
import random
import select
import signal
import socket
import struct
import tempfile
import threading
import time

from lib import process, tap, tls
from lib.kssl import Client, K, eventually, position, refused
from lib.tap import eq, test

SIZE = 3 << 20
KILLS = 3 if tap.QUICK else 6
ASKED = 2000 if tap.QUICK else 5000
SIGNALS = 50 if tap.QUICK else 100
SUITES = tls.TLS13_SUITES[0], tls.TLS12_SUITES[0], tls.TLS13_SUITES[2]
DATA, ALERT, HANDSHAKE = 23, 21, 22
SET_RECORD_TYPE = 1

# Each eight bytes say where they are.
PATTERN = b"".join(struct.pack(">Q", i) for i in range(SIZE // 8))


def attached(nl, pair, suite=tls.DEFAULT, seqs=(0, 0), **settings):
    ends = tls.directions(suite, seqs=seqs)
    conn = nl.new(nl.ctx_new(**tls.allow_all())["ctx_id"],
                  role=K.ROLE_CLIENT, **settings)["id"]
    nl.attach(id=conn, fd=pair.client.fileno(), **ends[0])
    tls.install(pair.server, suite, ends[1]["tx"], ends[1]["rx"])
    return conn


def send_record(sock, kind, data):
    sock.sendmsg([data], [(tls.SOL_TLS, SET_RECORD_TYPE, bytes([kind]))])


def flush(sock):
    """Ends a record that MSG_MORE has left open."""
    send_record(sock, DATA, b"")


def sizes():
    while True:
        yield random.choice((1, 7, 100, 1000, 5000, 16384, 16385, 40000,
                             random.randrange(1, 100000)))


def by_write(sock):
    at = 0
    for size in sizes():
        sock.sendall(PATTERN[at:at + size])
        at += size


def by_more(sock):
    at = 0
    for size in sizes():
        more = socket.MSG_MORE if random.randrange(5) else 0
        at += sock.send(PATTERN[at:at + size], more)


def by_sendfile(sock):
    at = 0
    with tempfile.TemporaryFile() as file:
        file.write(PATTERN)
        file.flush()
        for size in sizes():
            at += os.sendfile(sock.fileno(), file.fileno(), at, size)


def by_nonblocking(sock):
    at = 0
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 8192)
    sock.setblocking(False)
    for size in sizes():
        try:
            at += sock.send(PATTERN[at:at + size],
                            random.choice((0, socket.MSG_MORE)))
        except BlockingIOError:
            select.select([], [sock], [])


class Reader(threading.Thread):
    """Reads a stream to its end and keeps it."""

    def __init__(self, sock, pause=0):
        super().__init__()
        self.sock, self.pause = sock, pause
        self.data = bytearray()

    def run(self):
        while part := self.sock.recv(1 << 16):
            self.data += part
            time.sleep(self.pause)


def kill_writer(nl, write, suite, pause):
    """A successor goes on where a killed writer was."""
    with tls.Pair() as pair:
        seq = random.randrange(1 << 40)
        conn = attached(nl, pair, suite, seqs=(seq, 0), keep=1)
        # What has a timeout does not block in Python.
        pair.client.setblocking(True)
        # Else all of it can be in the socket when little of it was read.
        for sock, name in ((pair.client, socket.SO_SNDBUF),
                           (pair.server, socket.SO_RCVBUF)):
            sock.setsockopt(socket.SOL_SOCKET, name, 1 << 17)
        pid = process.fork(lambda: write(pair.client),
                           keep=[pair.client.fileno()])
        pair.client.close()
        reader = Reader(pair.server, pause)
        reader.start()
        until = random.randrange(SIZE // 2)
        eventually(lambda: len(reader.data) >= until, "the writer writes", 60)
        process.kill(pid)
        with socket.socket(fileno=nl.sock_fd(conn)) as sock:
            sock.settimeout(60)
            flush(sock)
            at, _ = position(nl, conn)
            assert 0 <= at <= SIZE, at
            sock.sendall(PATTERN[at:])
            eq(position(nl, conn)[0], SIZE)
            sock.shutdown(socket.SHUT_WR)
        reader.join()
        nl.free(conn)
        assert reader.data == PATTERN, f"at {at} of {len(reader.data)}"
        return at


@test("kill -9 in write, MSG_MORE, sendfile and non-blocking streams")
def killed_writers():
    middles = 0
    with Client() as nl:
        for write in by_write, by_more, by_sendfile, by_nonblocking:
            for number in range(KILLS):
                suite = SUITES[number % len(SUITES)]
                pause = 0.01 * (number % 2)
                at = kill_writer(nl, write, suite, pause)
                middles += 0 < at < SIZE
    assert middles > 2 * KILLS, f"{middles} kills in the middle"


def drain(sock):
    """Slowly enough that the writer has to wait for room."""
    while sock.recv(1 << 14):
        time.sleep(1e-3)


@test("what a signal cuts in two is sent when there is room again")
def interrupted():
    before = signal.signal(signal.SIGALRM, lambda *_: None)
    with Client() as nl, tls.Pair() as pair:
        for sock, name in ((pair.client, socket.SO_SNDBUF),
                           (pair.server, socket.SO_RCVBUF)):
            sock.setsockopt(socket.SOL_SOCKET, name, 32768)
        pair.client.setblocking(True)
        conn = attached(nl, pair)
        pid = process.fork(lambda: drain(pair.server),
                           keep=[pair.server.fileno()])
        sent = 0
        for _ in range(SIGNALS):
            signal.setitimer(signal.ITIMER_REAL, random.uniform(1e-4, 0.1))
            sent += pair.client.send(PATTERN)
            eq(position(nl, conn), (sent, 0))
        process.kill(pid)
    signal.setitimer(signal.ITIMER_REAL, 0)
    signal.signal(signal.SIGALRM, before)


def read_some(sock):
    """Reads in pieces that are no records, and looks ahead."""
    for size in sizes():
        if random.randrange(2):
            sock.recv(size, socket.MSG_PEEK)
        if not sock.recv(size):
            break


def kill_reader(nl, suite, small):
    total = SIZE // 64 if small else SIZE
    with tls.Pair() as pair:
        if small:
            # net/tls takes records from TCP in part when there is no room.
            pair.client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        conn = attached(nl, pair, suite, keep=1)
        pid = process.fork(lambda: read_some(pair.client),
                           keep=[pair.client.fileno()])
        pair.client.close()

        def send():
            with contextlib.suppress(ConnectionError):
                pair.server.sendall(PATTERN[:total])

        sender = threading.Thread(target=send)
        sender.start()
        eventually(lambda: nl.get(conn).get("received"), "it reads")
        time.sleep(random.uniform(0, 0.1))
        process.kill(pid)
        with socket.socket(fileno=nl.sock_fd(conn)) as sock:
            sock.settimeout(60)
            _, at = position(nl, conn)
            try:
                rest = tls.receive(sock, total - at)
            except OSError as why:
                # What net/tls decrypts into memory of a process that dies is
                # a bad record to it; of TLS 1.3 it does not decrypt there.
                eq((why.errno, suite.version), (errno.EBADMSG, tls.TLS12))
                tap.note("net/tls gave up a connection with its reader")
                sender.join()
                return False
            assert rest == PATTERN[at:total], f"from {at}"
            eq(position(nl, conn), (0, total))
        sender.join()
        nl.free(conn)
        return 0 < at < total


@test("and of who reads, in pieces of records and after MSG_PEEK")
def killed_readers():
    with Client() as nl:
        assert any([kill_reader(nl, SUITES[number % len(SUITES)], number % 2)
                    for number in range(2 * KILLS)]), "none in the middle"


@test("an open record is not counted before it is sent")
def unsent():
    with Client() as nl, tls.Pair() as pair:
        conn = attached(nl, pair)
        eq(position(nl, conn), (0, 0))
        pair.client.send(b"x" * 100, socket.MSG_MORE)
        seen = nl.get(conn)
        assert "unsent" in seen and "sent" not in seen, seen
        eq(seen["received"], 0)
        flush(pair.client)
        eq(position(nl, conn), (100, 0))
        eq(tls.receive(pair.server, 100), b"x" * 100)


@test("what waits for room is not counted either")
def no_room():
    with Client() as nl, tls.Pair() as pair:
        conn = attached(nl, pair)
        pair.client.setblocking(False)
        sent = 0
        with contextlib.suppress(BlockingIOError):
            while True:
                sent += pair.client.send(bytes(100000))
        reader = Reader(pair.server)
        if "unsent" in nl.get(conn):
            reader.start()
            eventually(lambda: "sent" in nl.get(conn), "there is room")
        else:
            reader.start()
        eq(position(nl, conn), (sent, 0))
        pair.client.shutdown(socket.SHUT_WR)
        reader.join()
        eq(len(reader.data), sent)


@test("records that are no data are left out if somebody tells of them")
def control():
    for suite in SUITES:
        with Client() as nl, Client() as other, tls.Pair() as pair:
            conn = attached(nl, pair, suite)
            pair.client.sendall(b"x" * 1000)
            send_record(pair.client, ALERT, b"\x01\x5a")
            pair.client.sendall(b"y")
            eq(position(nl, conn), (1003, 0))
            eq(nl.add_control(conn, control_sent=2)["sent"], 1001)
            send_record(pair.server, HANDSHAKE, b"z" * 50)
            data, control, *_ = pair.client.recvmsg(100, 100)
            eq((data, control[0][2]), (b"z" * 50, bytes([HANDSHAKE])))
            eq(position(nl, conn), (1001, 50))
            nl.add_control(conn, control_received=50)
            eq(position(nl, conn), (1001, 0))
            with refused(errno.EPERM, "this client has no reference on it",
                         "id"):
                other.add_control(conn, control_sent=1)


@test("only an attached connection has a position")
def not_attached():
    with Client() as nl, tls.Pair() as pair:
        conn = nl.new(nl.ctx_new()["ctx_id"], role=K.ROLE_CLIENT)["id"]
        nl.begin(conn, pair.client.fileno())
        seen = nl.get(conn)
        assert not {"sent", "received", "unsent"} & set(seen), seen
        with refused(errno.ENOTCONN, "the connection is not attached", "id"):
            nl.add_control(conn, control_sent=1)


@test("data on the socket before attach does not count")
def before():
    with Client() as nl, tls.Pair() as pair:
        tls.exchange(pair, (100, 20000))
        conn = attached(nl, pair)
        eq(position(nl, conn), (0, 0))
        tls.exchange(pair, (5, 17000))
        eq(position(nl, conn), (17005, 17005))


@test("a process that sits in a write keeps nobody from asking")
def sitting():
    with Client() as nl, tls.Pair() as pair:
        conn = attached(nl, pair, keep=1)
        pid = process.fork(lambda: by_write(pair.client),
                           keep=[pair.client.fileno()])
        for _ in range(200):
            start = time.monotonic()
            nl.get(conn)
            assert time.monotonic() - start < 60
        process.kill(pid)


def echo(sock):
    while data := sock.recv(100):
        sock.sendall(data)


def ask(sock):
    while True:
        sock.sendall(b"x" * 100)
        sock.recv(100)


@test("a FIN is no byte of data")
def ended():
    with Client() as nl, tls.Pair() as pair:
        conn = attached(nl, pair)
        pair.client.sendall(b"x" * 100)
        tls.receive(pair.server, 100)
        pair.client.shutdown(socket.SHUT_WR)
        eq(position(nl, conn), (100, 0))
        pair.server.sendall(b"x" * 10)
        pair.server.shutdown(socket.SHUT_WR)
        tls.receive(pair.client, 10)
        eq(pair.client.recv(1), b"")
        eventually(lambda: "unsent" not in nl.get(conn), "it is known")
        eq(nl.get(conn)["received"], 10)


@test("what is missing is worth asking for again, and is said to be")
def missing():
    with Client() as nl, tls.Pair() as pair:
        conn = attached(nl, pair)
        pids = [process.fork(lambda: echo(pair.server),
                             keep=[pair.server.fileno()]),
                process.fork(lambda: ask(pair.client),
                             keep=[pair.client.fileno()])]
        try:
            for _ in range(ASKED):
                seen = set(nl.get(conn)) & {"sent", "received", "unsent"}
                assert "unsent" in seen or len(seen) == 2, seen
        finally:
            for pid in pids:
                process.kill(pid)


def main():
    killed_writers()
    interrupted()
    killed_readers()
    unsent()
    no_room()
    control()
    not_attached()
    before()
    sitting()
    ended()
    missing()
    tap.done()


if __name__ == "__main__":
    main()
