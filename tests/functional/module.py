#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""The module: who keeps it loaded, and that it comes and goes cleanly."""

import os
import random
import subprocess
import time

from lib import tap, tls
from lib.kssl import Client, Refused, eventually, no_objects
from lib.process import Remote, fork, kill
from lib.tap import eq, test

ROUNDS = 5 if tap.QUICK else 25


def is_loaded():
    return os.path.exists("/sys/module/kssl")


def load():
    subprocess.run(["modprobe", "kssl"], check=True)


def unused():
    with open("/sys/module/kssl/refcnt", encoding="ascii") as file:
        return int(file.read()) == 0


def unload():
    """True if it went; else it has to be because it is in use."""
    result = subprocess.run(["rmmod", "kssl"], capture_output=True,
                            text=True, check=False)
    if not result.returncode:
        assert not is_loaded()
        return True
    assert "in use" in result.stderr or \
        "temporarily unavailable" in result.stderr, result.stderr
    assert is_loaded()
    return False


@test("a client with a reference keeps the module")
def held_by_client():
    load()
    with Client() as nl:
        ctx = nl.ctx_new()["ctx_id"]
        assert not unload(), "under a context"
        conn = nl.new(ctx)["id"]
        nl.ctx_free(ctx)
        assert not unload(), "under a connection"
        nl.up_ref(conn)
        nl.free(conn)
        assert not unload(), "under a second reference"
        eq(nl.get(conn)["held"], 1, "and the objects are whole")
        nl.free(conn)
        eventually(unload, "unloaded after the last reference")
    load()


@test("a client without references does not keep it, and lives on")
def client_without():
    load()
    with Client() as nl:
        nl.ctx_free(nl.ctx_new()["ctx_id"])
        eventually(unload, "unloaded")
        load()
        again = Client(sock=nl.sock)
        conn = again.new(again.ctx_new()["ctx_id"])["id"]
        eq(again.get(conn)["held"], 1)
    with Client() as nl:
        assert no_objects(nl), "the socket's end was noticed"


@test("an attached socket keeps the module when no client is left")
def held_by_socket():
    load()
    with tls.Pair() as pair:
        with Client() as nl:
            tls.attach_pair(nl, nl.ctx_new()["ctx_id"], pair)
        assert not unload()
        tls.exchange(pair)
        pair.server.close()
        assert not unload(), "under the other end"
    eventually(unload, "unloaded after the last socket")
    load()


@test("a socket on which a handshake began keeps it, too")
def held_by_begun():
    load()
    with tls.Pair() as pair:
        with Client() as nl:
            conn = nl.new(nl.ctx_new()["ctx_id"])["id"]
            nl.begin(conn, pair.client.fileno())
        tls.exchange(pair)
        assert not unload()
        with Client() as nl:
            assert no_objects(nl)
    eventually(unload, "unloaded after the socket")
    load()


@test("whoever asks for the family loads the module")
def autoload():
    for uid in None, 1000:
        load()
        eventually(unload, "unloaded")
        with Remote(Client, uid=uid) as nl:
            assert is_loaded(), f"not by user {uid}"
            nl.new(nl.ctx_new()["ctx_id"])


def rounds():
    with test(f"{ROUNDS} times loaded, used and unloaded"):
        load()
        eventually(unload, "unloaded")
        for _ in range(ROUNDS):
            load()
            with Client() as nl, tls.Pair() as pair:
                tls.attach_pair(nl, nl.ctx_new()["ctx_id"], pair)
                tls.exchange(pair, [1000])
            eventually(unused, "let go")
            assert unload(), "it went only later"
        load()


def use(seed):
    """Makes and drops objects, whether the module is there or not."""
    rng = random.Random(seed)
    while True:
        time.sleep(rng.uniform(0, 0.3))
        try:
            with Client() as nl, tls.Pair() as pair:
                ctx = nl.ctx_new()["ctx_id"]
                nl.new(ctx)
                tls.attach_pair(nl, ctx, pair)
                nl.dump()
                nl.ctx_free(ctx)
        except (Refused, KeyError):
            pass


@test("unloading while it is in use succeeds or is refused, and no more")
def under_fire():
    pids = [fork(lambda s=seed: use(s)) for seed in range(2)]
    unloaded = 0
    end = time.monotonic() + (3 if tap.QUICK else 8)
    while time.monotonic() < end:
        if is_loaded():
            unloaded += unload_or_gone()
    for pid in pids:
        kill(pid)
    tap.note(f"it was unloaded {unloaded} times")
    load()
    with Client() as nl:
        eventually(lambda: no_objects(nl), "nothing is left")
        nl.new(nl.ctx_new()["ctx_id"])


def unload_or_gone():
    """As unload(), while others load it."""
    return subprocess.run(["rmmod", "kssl"], capture_output=True,
                          check=False).returncode == 0


def main():
    held_by_client()
    client_without()
    held_by_socket()
    held_by_begun()
    autoload()
    rounds()
    under_fire()
    tap.done()


if __name__ == "__main__":
    main()
