#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""kssl show: connections, and the processes that have their sockets."""

import json
import os
import pathlib
import socket
import subprocess

from lib import tap, tls
from lib.kssl import Client, K
from lib.process import Remote, become
from lib.tap import eq, test

TOOL = pathlib.Path(__file__).resolve().parents[2] / "tools/kssl/kssl"
ALICE = 1000


def show(*words, before=None):
    """What kssl show has of each connection, by id."""
    said = subprocess.run([TOOL, "-j", "show", *words], check=True, text=True,
                          stdout=subprocess.PIPE, preexec_fn=before).stdout
    return {conn["id"]: conn for ctx in json.loads(said)
            for conn in ctx["connections"]}


def attach(nl, sock, end=0, **settings):
    return nl.attach(ctx_id=nl.ctx_new(keep=1)["ctx_id"], fd=sock.fileno(),
                     settings={"role": K.ROLE_CLIENT, **settings},
                     **tls.directions()[end])["id"]


def cookie(sock):
    return int.from_bytes(sock.getsockopt(socket.SOL_SOCKET, 57, 8),
                          "little")


class Holder:
    """A process that has the sockets that it inherits."""


@test("each connection has its state, its socket and who holds it")
def connections():
    for family in socket.AF_INET, socket.AF_INET6:
        with Client() as nl, tls.Pair(family) as pair:
            number = attach(nl, pair.client, keep=0)
            nl.up_ref(number)
            said = show()[number]
            wanted = {"state": "established", "version": "tls1.3",
                      "suite": "TLS_AES_128_GCM_SHA256",
                      "local-addr": pair.client.getsockname()[0],
                      "local-port": pair.client.getsockname()[1],
                      "peer-addr": pair.server.getsockname()[0],
                      "peer-port": pair.server.getsockname()[1],
                      "sock-cookie": cookie(pair.client),
                      "refs": 2, "holders": 1}
            eq({name: said[name] for name in wanted}, wanted)
            eq(said["settings"]["role"], "client")
            assert "age" in said and "pids" not in said, said


@test("its processes are those that have the socket")
def pids():
    for family in socket.AF_INET, socket.AF_INET6:
        with Client() as nl, tls.Pair(family) as pair:
            client = attach(nl, pair.client, keep=0)
            server = attach(nl, pair.server, end=1, keep=0)
            with Remote(Holder, keep=(pair.client.fileno(),)) as other:
                said = show("pids")
                eq(said[client]["pids"], sorted((os.getpid(), other.pid())))
                eq(said[server]["pids"], [os.getpid()])
            eq(show("pids")[client]["pids"], [os.getpid()])


@test("a process that has it twice is named once")
def twice():
    with Client() as nl, tls.Pair() as pair, pair.client.dup():
        number = attach(nl, pair.client, keep=0)
        eq(show("pids")[number]["pids"], [os.getpid()])


@test("a kept connection may have none, and one without a socket has no list")
def none():
    with Client() as nl, tls.Pair() as pair:
        number = attach(nl, pair.client)
        eq(show("pids")[number]["pids"], [os.getpid()])
        pair.client.close()
        eq(show("pids")[number]["pids"], [])
        idle = nl.new(nl.ctx_new()["ctx_id"])["id"]
        assert "pids" not in show("pids")[idle]


@test("a user sees his processes, not those whose files he may not see")
def unprivileged():
    with tls.Pair() as pair:
        class Alice(Client):
            def attach_one(self):
                return attach(self, pair.client, keep=0)

        with Remote(Alice, uid=ALICE, keep=(pair.client.fileno(),)) as alice:
            number = alice.attach_one()
            eq(show("pids")[number]["pids"],
               sorted((os.getpid(), alice.pid())))
            eq(show("pids", before=lambda: become(ALICE))[number]["pids"],
               [alice.pid()])


def main():
    connections()
    pids()
    twice()
    none()
    unprivileged()
    tap.done()


if __name__ == "__main__":
    main()
