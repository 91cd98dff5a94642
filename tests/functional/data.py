#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Data on attached sockets: every suite, form and address family."""

import errno
import os
import socket
import tempfile

from lib import tap, tls
from lib.kssl import Client, K, Refused, eventually, refused
from lib.tap import Skip, eq, test

SIZES = (1, 100, 4096, 16384, 16385, 50000)
FAMILIES = (("IPv4", socket.AF_INET), ("IPv6", socket.AF_INET6))
CURRENT = "TlsCurrTxSw", "TlsCurrRxSw"
OPENED = "TlsTxSw", "TlsRxSw"
ERRORS = "TlsDecryptError", "TlsRxRekeyError", "TlsTxRekeyError"


def mixed(suite, ends):
    """One end gets secrets, the other the keys that we derive from them."""
    one, two = ends
    return one, {**two, "tx": tls.derive(suite, two["tx"]),
                 "rx": tls.derive(suite, two["rx"])}


def attach(nl, ctx, pair, ends):
    roles = K.ROLE_CLIENT, K.ROLE_SERVER
    for fd, role, end in zip(pair.fds(), roles, ends):
        reply = nl.attach(ctx_id=ctx, fd=fd, settings={"role": role}, **end)
        eq(reply["state"], K.STATE_ESTABLISHED)


def counted(before, names):
    now = tls.stat()
    return {name: now[name] - before[name] for name in names
            if name in now}


def suite_forms(suite):
    yield "keys", tls.directions(suite)
    if suite.version == tls.TLS13:
        secrets = tls.directions(suite, tls.secret)
        yield "secrets", secrets
        yield "secrets against keys", mixed(suite, secrets)


def matrix():
    with Client() as nl:
        ctx = nl.ctx_new(**tls.allow_all())["ctx_id"]
        for suite in tls.SUITES:
            version = f"TLS 1.{suite.version - 0x0301}"
            for form, ends in suite_forms(suite):
                for name, family in FAMILIES:
                    with test(f"{version} {suite.name}, {form}, {name}"):
                        one_connection(nl, ctx, family, ends)


def one_connection(nl, ctx, family, ends):
    before = tls.stat()
    with tls.Pair(family) as pair:
        attach(nl, ctx, pair, ends)
        eq(counted(before, CURRENT + OPENED),
           dict.fromkeys(CURRENT + OPENED, 2), "in tls_stat")
        tls.exchange(pair, SIZES)
    eventually(lambda: not any(counted(before, CURRENT).values()),
               "tls_stat forgets the sockets")
    eq(set(counted(before, ERRORS).values()), {0}, "errors in tls_stat")


def rare():
    with Client() as nl:
        ctx = nl.ctx_new(**tls.allow_all())["ctx_id"]
        for suite in tls.RARE_SUITES:
            for form, ends in suite_forms(suite):
                with test(f"{tls.label(suite)}, {form}"):
                    try:
                        one_connection(nl, ctx, socket.AF_INET, ends)
                    except Refused as why:
                        if why.errno != errno.ENOENT:
                            raise
                        raise Skip(why.text) from None


@test("record sequences that do not start at 0")
def sequences():
    with Client() as nl:
        ctx = nl.ctx_new(**tls.allow_all())["ctx_id"]
        for suite in tls.SUITES:
            make = tls.secret if suite.version == tls.TLS13 else tls.keys
            for seqs in (1, 2), (0xffffffff, 1 << 40):
                with tls.Pair() as pair:
                    tls.attach_pair(nl, ctx, pair, suite, make=make,
                                    seqs=seqs)
                    tls.exchange(pair, [10] * 5)


@test("a wrong sequence makes the first record undecipherable")
def wrong_sequence():
    with Client() as nl, tls.Pair() as pair:
        ctx = nl.ctx_new()["ctx_id"]
        one, two = tls.directions(make=tls.secret)
        two["rx"] = {**two["rx"], "rec_seq": 1}
        attach(nl, ctx, pair, (one, two))
        pair.client.sendall(b"x")
        try:
            pair.server.recv(1)
        except OSError as why:
            eq(why.errno, errno.EBADMSG)
        else:
            raise AssertionError("the record was taken")


@test("records that are on the wire carry no plaintext")
def on_the_wire():
    secret = os.urandom(16)
    with Client() as nl, tls.Pair() as pair:
        ctx = nl.ctx_new()["ctx_id"]
        end, _ = tls.directions()
        nl.attach(ctx_id=ctx, fd=pair.fds()[0],
                  settings={"role": K.ROLE_CLIENT}, **end)
        pair.client.sendall(secret)
        # Header, data, the type of what is inside, the tag.
        record = tls.receive(pair.server, 5 + 16 + 1 + 16)
        eq(record[:5], bytes([23, 3, 3, 0, 33]))
        assert secret not in record


@test("what sendfile sends arrives")
def sendfile():
    size = 200000 if tap.QUICK else 1000000
    content = os.urandom(size)
    with Client() as nl, tempfile.TemporaryFile() as file:
        file.write(content)
        file.flush()
        ctx = nl.ctx_new()["ctx_id"]
        for suite in tls.TLS12_SUITES[0], tls.TLS13_SUITES[0]:
            with tls.Pair() as pair:
                tls.attach_pair(nl, ctx, pair, suite)
                sent = got = 0
                received = bytearray()
                while got < size:
                    if sent < size:
                        sent += os.sendfile(pair.server.fileno(),
                                            file.fileno(), sent,
                                            min(65536, size - sent))
                    while got < sent:
                        received += pair.client.recv(65536)
                        got = len(received)
                assert received == content, "the file is not what was sent"


@test("after a refused attach plaintext flows and a retry is accepted")
def refused_then_retried():
    with Client() as nl, tls.Pair() as pair:
        ctx = nl.ctx_new(max_proto=tls.TLS12)["ctx_id"]
        with refused(errno.EPERM, "the TLS version is above max-proto",
                     "version"):
            tls.attach_pair(nl, ctx, pair, tls.TLS13_SUITES[0])
        tls.exchange(pair)
        replies = tls.attach_pair(nl, ctx, pair, tls.TLS12_SUITES[0])
        tls.exchange(pair)
        eq(nl.get(replies[0]["id"])["version"], tls.TLS12)


def begun(nl, pair, ends):
    """The server's end in handshake, the client's end attached."""
    ctx = nl.ctx_new()["ctx_id"]
    conn = nl.new(ctx, role=K.ROLE_SERVER)["id"]
    nl.begin(conn, pair.server.fileno())
    nl.attach(ctx_id=ctx, fd=pair.client.fileno(),
              settings={"role": K.ROLE_CLIENT}, **ends[0])
    return conn


@test("attach with the peer's records already queued")
def records_queued():
    with Client() as nl, tls.Pair() as pair:
        ends = tls.directions()
        conn = begun(nl, pair, ends)
        pair.client.sendall(b"early")
        nl.attach(id=conn, fd=pair.server.fileno(), **ends[1])
        eq(tls.receive(pair.server, 5), b"early")
        tls.exchange(pair)


@test("begin with the peer's records already queued")
def queued_before_begin():
    with Client() as nl, tls.Pair() as pair:
        ctx = nl.ctx_new()["ctx_id"]
        one, two = tls.directions()
        nl.attach(ctx_id=ctx, fd=pair.client.fileno(),
                  settings={"role": K.ROLE_CLIENT}, **one)
        pair.client.sendall(b"early")
        conn = nl.new(ctx, role=K.ROLE_SERVER)["id"]
        nl.begin(conn, pair.server.fileno())
        nl.attach(id=conn, fd=pair.server.fileno(), **two)
        eq(tls.receive(pair.server, 5), b"early")
        tls.exchange(pair)


@test("attach after the peer's FIN came in the handshake")
def fin_in_handshake():
    with Client() as nl, tls.Pair() as pair:
        ends = tls.directions()
        conn = begun(nl, pair, ends)
        pair.client.sendall(b"last words")
        pair.client.shutdown(socket.SHUT_WR)
        nl.attach(id=conn, fd=pair.server.fileno(), **ends[1])
        eq(tls.receive(pair.server, 10), b"last words")
        eq(pair.server.recv(1), b"", "the end of the stream")
        tls.transfer(pair.server, pair.client, [100])


@test("plaintext that the handshake exchanges passes between begin and attach")
def handshake_plaintext():
    with Client() as nl, tls.Pair() as pair:
        ctx = nl.ctx_new()["ctx_id"]
        conns = [nl.new(ctx, role=role)["id"]
                 for role in (K.ROLE_CLIENT, K.ROLE_SERVER)]
        for conn, fd in zip(conns, pair.fds()):
            nl.begin(conn, fd)
        tls.exchange(pair)
        for conn, fd, end in zip(conns, pair.fds(), tls.directions()):
            nl.attach(id=conn, fd=fd, **end)
        tls.exchange(pair)


@test("a connection that nobody holds goes on with its socket")
def freed_conn():
    with Client() as nl, tls.Pair() as pair:
        ctx = nl.ctx_new()["ctx_id"]
        conn = nl.new(ctx, role=K.ROLE_CLIENT)["id"]
        one, two = tls.directions()
        nl.attach(id=conn, fd=pair.client.fileno(), **one)
        nl.attach(ctx_id=ctx, fd=pair.server.fileno(),
                  settings={"role": K.ROLE_SERVER}, **two)
        eq(nl.free(conn)["refs"], 1, "the socket's reference")
        nl.ctx_free(ctx)
        tls.exchange(pair)


def main():
    matrix()
    rare()
    sequences()
    wrong_sequence()
    on_the_wire()
    sendfile()
    refused_then_retried()
    records_queued()
    queued_before_begin()
    fin_in_handshake()
    handshake_plaintext()
    freed_conn()
    tap.done()


if __name__ == "__main__":
    main()
