#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""new and dup allocate the same, however much is configured.

The kernel's own trace events of its allocators count them.
"""

import os
import pathlib
import re
import subprocess
import time

from lib import cpu, tap
from lib.kssl import Client, K
from lib.tap import eq, test

TRACEFS = pathlib.Path("/sys/kernel/tracing")
EVENTS = [TRACEFS / "events/kmem" / name
          for name in ("kmalloc", "kmem_cache_alloc")]
ALLOCATION = re.compile(r": call_site=(\w+)\S* \[kssl\] .*bytes_req=(\d+)")
NAMES = 150
NAME = b"\x30\x14" + bytes(20)
CERTIFICATE = b"\x30\x82\x10\x00" + bytes(4096)


class Tracer:
    """Collects what this process allocates in kssl."""

    def __init__(self):
        if not EVENTS[0].exists():
            subprocess.run(["mount", "-t", "tracefs", "tracefs",
                            str(TRACEFS)], check=True)
        # Each event is enabled once and switched by tracing_on, and the
        # scheduler has no part in it, so that the kernel patches itself as
        # little as can be.
        self._write("tracing_on", "0")
        with cpu.alone():
            self._write("options/record-cmd", "0")
            for event in EVENTS:
                (event / "filter").write_text(f"common_pid == {os.getpid()}")
                (event / "enable").write_text("1")

    @staticmethod
    def _write(name, text):
        (TRACEFS / name).write_text(text, encoding="ascii")

    def of(self, call):
        """Call sites and sizes of the allocations that call makes."""
        self._write("trace", "")
        self._write("tracing_on", "1")
        call()
        self._write("tracing_on", "0")
        return sorted(ALLOCATION.findall((TRACEFS / "trace").read_text()))

    def close(self):
        with cpu.alone():
            for event in EVENTS:
                (event / "enable").write_text("0")
                (event / "filter").write_text("0")
            self._write("options/record-cmd", "1")
        self._write("tracing_on", "1")


def make_empty(nl):
    ctx = nl.ctx_new()["ctx_id"]
    return ctx, nl.new(ctx)["id"]


def make_full(nl):
    """A chain, 150 CA names, and 64 KiB each of session and other data."""
    ctx = nl.ctx_new(certificate_rsa=CERTIFICATE, chain_rsa=CERTIFICATE * 3,
                     ca_list=NAME * NAMES, client_ca_list=NAME * NAMES)
    ctx = ctx["ctx_id"]
    nl.ctx_set(ctx, ex_data_0=bytes(K.BLOB_MAX))
    conn = nl.new(ctx)["id"]
    nl.set(conn, session=bytes(K.BLOB_MAX))
    return ctx, conn


def compare(nl, tracer, call_of, empty, full):
    """The same allocations, once tables that grow have grown."""
    end = time.monotonic() + 60
    while True:
        seen = [tracer.of(lambda pair=pair: call_of(nl, pair))
                for pair in (empty, full)]
        assert seen[0], "no allocation was seen"
        if seen[0] == seen[1] or time.monotonic() > end:
            break
    eq(seen[1], seen[0])


def main():
    tracer = Tracer()
    with Client() as nl:
        empty = make_empty(nl)
        full = make_full(nl)
        calls = (("new", lambda nl, pair: nl.new(pair[0])),
                 ("dup", lambda nl, pair: nl.dup(pair[1])))
        for name, call in calls:
            with test(f"{name} allocates the same, however much is set"):
                compare(nl, tracer, call, empty, full)
        with test("what is set does take memory, and that is seen"):
            seen = tracer.of(lambda: make_full(nl))
            assert sum(int(size) for _, size in seen) > 2 * K.BLOB_MAX, seen
    tracer.close()
    tap.done()


if __name__ == "__main__":
    main()
