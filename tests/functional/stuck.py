#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""A connection that is stuck delays nobody but itself."""

import contextlib
import ctypes
import errno
import fcntl
import mmap
import os
import select
import struct
import subprocess
import threading
import time

from lib import tap, tls
from lib.kssl import Client, K, Refused, eventually, refused
from lib.tap import Skip, eq, test

# What is stuck stays so for as long as the test wants. An emulated machine
# may take its time, but not that long.
LIMIT = 60

AT_WORK = "begin, attach or rekey is at work"

# Families that can come and go, of which a kernel has some.
FAMILIES = ("l2tp_netlink", "fou", "tipc", "openvswitch", "psample")


class Timer:
    """The longest time that something took."""

    def __init__(self):
        self.longest = 0

    @contextlib.contextmanager
    def measure(self):
        start = time.monotonic()
        yield
        self.longest = max(self.longest, time.monotonic() - start)

    def judge(self, what):
        tap.note(f"{what}: {self.longest * 1000:.0f} ms at most")
        assert self.longest < LIMIT, f"{what} took {self.longest:.1f} s"


def register_family():
    """Loads a module with a generic netlink family, which takes its lock."""
    for name in FAMILIES:
        if os.path.exists(f"/sys/module/{name}"):
            continue
        if subprocess.run(["modprobe", "-n", "-q", name],
                          check=False).returncode:
            continue
        timer = Timer()
        for command in "modprobe", "rmmod":
            with timer.measure():
                # Not run(): that would wait for it even after its timeout.
                process = subprocess.Popen([command, name])
                eventually(lambda p=process: p.poll() is not None,
                           f"{command} {name}", LIMIT)
            eq(process.returncode, 0)
        timer.judge(f"load or unload of {name}")
        return
    tap.note("no module with a generic netlink family to load")


def others_go_on():
    """Requests of another client, of each kind."""
    timer = Timer()
    for _ in range(5):
        with timer.measure():
            nl = Client()
        with nl, tls.Pair() as pair:
            with timer.measure():
                ctx = nl.ctx_new()["ctx_id"]
                nl.dump()
            conn = nl.new(ctx, role=K.ROLE_CLIENT)["id"]
            one, two = tls.directions()
            with timer.measure():
                nl.begin(conn, pair.client.fileno())
                nl.attach(id=conn, fd=pair.client.fileno(), **one)
            with timer.measure():
                nl.attach(ctx_id=ctx, fd=pair.server.fileno(),
                          settings={"role": K.ROLE_SERVER}, **two)
            tls.exchange(pair, [10])
            with timer.measure():
                nl.free(conn)
    timer.judge("a request of another client")
    register_family()


class Sender(threading.Thread):
    """Sends until it is stuck, and what is left when it no longer is."""

    def __init__(self, sock, chunks=4000):
        super().__init__()
        self.sock = sock
        self.chunks = chunks
        self.done = 0
        self.start()

    def run(self):
        for _ in range(self.chunks):
            self.sock.sendall(bytes(16384))
            self.done += 1

    def wait_until_stuck(self):
        seen = -1
        while self.done != seen:
            assert self.done < self.chunks, "nothing gets stuck"
            seen = self.done
            time.sleep(1)


def drain(sock, size):
    while size:
        got = len(sock.recv(1 << 20))
        assert got, "the stream ended early"
        size -= got


@test("a connection stuck in send() delays nobody else")
def stuck_in_send():
    with Client() as nl, tls.Pair() as pair:
        ctx = nl.ctx_new()["ctx_id"]
        conn, _ = tls.attach_pair(nl, ctx, pair)
        pair.client.settimeout(None)
        sender = Sender(pair.client)
        sender.wait_until_stuck()
        try:
            others_go_on()
            timer = Timer()
            end, _ = tls.directions()
            other = nl.new(ctx, role=K.ROLE_CLIENT)["id"]
            fd = pair.client.fileno()
            with timer.measure():
                for call in (lambda: nl.begin(other, fd),
                             lambda: nl.attach(id=other, fd=fd, **end)):
                    with refused(errno.EBUSY, "the socket is kTLS already",
                                 "fd"):
                        call()
                nl.get(conn["id"])
                nl.up_ref(conn["id"])
                nl.dup(conn["id"])
                eq(nl.get(conn["id"])["held"], 2)
            timer.judge("requests for the stuck connection")
        finally:
            drain(pair.server, sender.chunks * 16384)
            sender.join()


# userfaultfd(2): a page that is not there until we say so.
NR_USERFAULTFD = 323
UFFDIO_API = 0xc018aa3f
UFFDIO_REGISTER = 0xc020aa00
UFFDIO_ZEROPAGE = 0xc020aa04


class SlowPage:
    """Memory on which its readers wait for release()."""

    def __init__(self):
        libc = ctypes.CDLL(None, use_errno=True)
        self.fd = libc.syscall(NR_USERFAULTFD, os.O_CLOEXEC | os.O_NONBLOCK)
        if self.fd < 0:
            raise Skip("this kernel has no userfaultfd")
        self.memory = mmap.mmap(-1, mmap.PAGESIZE, mmap.MAP_PRIVATE |
                                mmap.MAP_ANONYMOUS)
        self.start = ctypes.addressof(ctypes.c_char.from_buffer(self.memory))
        self._ioctl(UFFDIO_API, 0xaa, 0, 0)
        self._ioctl(UFFDIO_REGISTER, self.start, mmap.PAGESIZE, 1, 0)

    def _ioctl(self, request, *numbers):
        fcntl.ioctl(self.fd, request,
                    bytearray(struct.pack(f"={len(numbers)}Q", *numbers)))

    def wait_for_reader(self):
        assert select.select([self.fd], [], [], 60)[0], "nobody reads it"
        os.read(self.fd, 32)

    def release(self):
        self._ioctl(UFFDIO_ZEROPAGE, self.start, mmap.PAGESIZE, 0, 0)


@contextlib.contextmanager
def locked(pair):
    """The client's socket is locked, by a send() that waits for its data."""
    page = SlowPage()
    pair.client.settimeout(None)
    thread = threading.Thread(
        target=lambda: pair.client.send(memoryview(page.memory)[:100]))
    thread.start()
    page.wait_for_reader()
    try:
        yield
    finally:
        page.release()
        thread.join()
        os.close(page.fd)


def is_fixed(nl, conn):
    """Tries to set what is set already."""
    try:
        nl.set(conn, mode=0)
    except Refused as why:
        eq(why.errno, errno.EBUSY)
        return True
    return False


def in_thread(run):
    results = []
    thread = threading.Thread(target=lambda: results.append(run()))
    thread.start()
    return thread, results


@test("an attach that waits for its socket delays nobody else")
def stuck_attach():
    with Client() as nl, tls.Pair() as pair:
        ctx = nl.ctx_new()["ctx_id"]
        conn = nl.new(ctx, role=K.ROLE_CLIENT)["id"]
        one, two = tls.directions()
        with locked(pair):
            thread, results = in_thread(
                lambda: nl.attach(id=conn, fd=pair.client.fileno(), **one))
            with Client() as other:
                other.up_ref(conn)
                eventually(lambda: is_fixed(other, conn), "attach has begun")
                eq(results, [], "attach waits for the socket")
                others_go_on()
                with refused(errno.EBUSY, AT_WORK, "id"):
                    other.clear(conn)
                with refused(errno.EBUSY, "fixed since the handshake began",
                             "settings.mode"):
                    other.set(conn, mode=0)
                eq(other.dup(conn)["id"], conn, "dup of a busy one")
                eq(other.get(conn)["state"], K.STATE_INITIAL)
                with refused(errno.EBUSY, AT_WORK, "id"):
                    other.begin(conn, pair.server.fileno())
        thread.join()
        eq(results[0]["state"], K.STATE_ESTABLISHED)
        eq(tls.receive(pair.server, 100), bytes(100), "sent before it")
        nl.attach(ctx_id=ctx, fd=pair.server.fileno(),
                  settings={"role": K.ROLE_SERVER}, **two)
        tls.exchange(pair)


def main():
    stuck_in_send()
    stuck_attach()
    tap.done()


if __name__ == "__main__":
    main()
