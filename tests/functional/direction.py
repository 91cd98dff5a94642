#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Attach one direction, and the other later."""

import errno

from lib import tap, tls
from lib.kssl import Client, K, eventually, refused
from lib.tap import eq, test
from lib.tls import only

TX, RX = K.DIRECTION_TX, K.DIRECTION_RX
CLIENT = {"role": K.ROLE_CLIENT}
OTHER = {"tx": "rx", "rx": "tx"}
SIZES = 1, 16384, 50000


def look(nl, conn):
    seen = nl.get(conn)
    return {key: seen[key] for key in seen
            if key not in ("age", "result", "result_text")}


def bare(crypto, name):
    """An attach that says nothing of what was negotiated."""
    return {name: crypto[name]}


def peer_of(pair, suite, end):
    """The other end, by setsockopt()."""
    tls.install(pair.server, suite, end["tx"], end["rx"])


def talk(pair, names):
    """Records in the directions of these names, plaintext in the others."""
    if "tx" in names:
        tls.transfer(pair.client, pair.server, SIZES)
    if "rx" in names:
        tls.transfer(pair.server, pair.client, SIZES)


def one_then_other(suite, first, make):
    with Client() as nl, tls.Pair() as pair:
        conn = nl.new(nl.ctx_new(**tls.allow_all())["ctx_id"], **CLIENT)["id"]
        end, mirror = tls.directions(suite, make)
        keyed = tls.directions(suite, lambda *_: None)[1]
        for name in "tx", "rx":
            keyed[name] = (mirror[name] if make is tls.keys else
                           tls.derive(suite, mirror[name]))
        peer_of(pair, suite, keyed)
        fd, _ = pair.fds()
        assert "directions" not in nl.get(conn)
        nl.attach(id=conn, fd=fd, verify_result=0, alpn=b"h2",
                  **only(end, first))
        seen = nl.get(conn)
        eq(seen["state"], K.STATE_ESTABLISHED)
        eq(seen["directions"], TX if first == "tx" else RX)
        talk(pair, [first])
        nl.attach(id=conn, fd=fd, **bare(end, OTHER[first]))
        seen = nl.get(conn)
        eq(seen["directions"], TX | RX)
        eq((seen["version"], seen["suite"]), (suite.version, suite.code))
        eq((seen["verify_result"], seen["alpn"]), (0, b"h2"))
        talk(pair, ["tx", "rx"])


def matrix():
    for suite in tls.TLS12_SUITES[0], tls.TLS13_SUITES[1]:
        for first in "tx", "rx":
            for make in tls.keys, tls.secret:
                if make is tls.secret and suite.version != tls.TLS13:
                    continue
                with test(f"{first} first, {make.__name__}: "
                          f"{tls.label(suite)}"):
                    one_then_other(suite, first, make)


@test("the other direction is plain until it is attached")
def plain():
    with Client() as nl, tls.Pair() as pair:
        end, _ = tls.directions()
        conn = nl.new(nl.ctx_new()["ctx_id"], **CLIENT)["id"]
        nl.attach(id=conn, fd=pair.fds()[0], **only(end, "tx"))
        pair.server.sendall(b"plain")
        eq(tls.receive(pair.client, 5), b"plain")


@test("by the id of a context, one direction alone")
def by_context():
    with Client() as nl, tls.Pair() as pair:
        end, mirror = tls.directions()
        ctx = nl.ctx_new()["ctx_id"]
        conn = nl.attach(ctx_id=ctx, fd=pair.fds()[0], settings=CLIENT,
                         **only(end, "tx"))["id"]
        eq(nl.get(conn)["directions"], TX)
        tls.install(pair.server, tls.DEFAULT, rx=mirror["rx"])
        talk(pair, ["tx"])


# name, what differs in the request, errno, text, blamed
WRONG = (
    ("another version", {"version": tls.TLS12}, errno.EINVAL,
     "not the version of the other direction", "version"),
    ("another suite", {"suite": 0x1303}, errno.EINVAL,
     "not the suite of the other direction", "suite"),
    ("a verify result", {"verify_result": 0}, errno.EINVAL,
     "the first attach has fixed it", "verify_result"),
    ("something that was negotiated", {"alpn": b"h2"}, errno.EINVAL,
     "the first attach has fixed what was negotiated", None),
    ("a key of another size", {"rx": {"key": bytes(32), "iv": bytes(8),
                                      "salt": bytes(4), "rec_seq": 0}},
     errno.EINVAL, "not of the cipher's size", "rx.key"),
)


def wrong():
    for name, changed, number, text, blamed in WRONG:
        with test(f"the second attach with {name}"), Client() as nl, \
                tls.Pair() as pair:
            end, mirror = tls.directions()
            conn = nl.new(nl.ctx_new()["ctx_id"], **CLIENT)["id"]
            fd, _ = pair.fds()
            nl.attach(id=conn, fd=fd, **only(end, "tx"))
            before = look(nl, conn)
            with refused(number, text, blamed):
                nl.attach(id=conn, fd=fd, **{**only(end, "rx"), **changed})
            eq(look(nl, conn), before)
            nl.attach(id=conn, fd=fd, **only(end, "rx"))
            peer_of(pair, tls.DEFAULT, mirror)
            talk(pair, ["tx", "rx"])


@test("a direction that is there is not attached again")
def again():
    with Client() as nl, tls.Pair() as pair:
        end, mirror = tls.directions()
        conn = nl.new(nl.ctx_new()["ctx_id"], **CLIENT)["id"]
        fd, _ = pair.fds()
        peer_of(pair, tls.DEFAULT, mirror)
        nl.attach(id=conn, fd=fd, **only(end, "rx"))
        before = look(nl, conn)
        for names in ["rx"], ["tx", "rx"]:
            with refused(errno.EBUSY, "the direction is attached", "rx"):
                nl.attach(id=conn, fd=fd, **only(end, *names))
        eq(look(nl, conn), before)
        talk(pair, ["rx"])
        nl.attach(id=conn, fd=fd, **only(end, "tx"))
        talk(pair, ["tx", "rx"])


@test("the second attach on another socket, and on a closed one")
def elsewhere():
    with Client() as nl, tls.Pair() as pair, tls.Pair() as other:
        end, _ = tls.directions()
        conn = nl.new(nl.ctx_new()["ctx_id"], **CLIENT)["id"]
        nl.attach(id=conn, fd=pair.fds()[0], **only(end, "tx"))
        with refused(errno.EINVAL, "the connection is attached to another "
                     "socket", "fd"):
            nl.attach(id=conn, fd=other.fds()[0], **only(end, "rx"))
        other.client.sendall(b"plain")
        eq(tls.receive(other.server, 5), b"plain")
        pair.client.close()
        eventually(lambda: nl.get(conn)["state"] == K.STATE_CLOSED, "closed")
        eq(nl.get(conn)["directions"], TX)
        with refused(errno.EBUSY, "the connection is closed", "id"):
            nl.attach(id=conn, fd=other.fds()[0], **only(end, "rx"))
        assert "directions" not in nl.clear(conn)


@test("somebody else has installed the other direction")
def behind():
    with Client() as nl, tls.Pair() as pair:
        suite = tls.DEFAULT
        end, mirror = tls.directions(suite)
        conn = nl.new(nl.ctx_new()["ctx_id"], **CLIENT)["id"]
        fd, _ = pair.fds()
        nl.attach(id=conn, fd=fd, **only(end, "tx"))
        pair.client.setsockopt(tls.SOL_TLS, tls.TLS_RX,
                               tls.crypto_info(suite, end["rx"]))
        with refused(errno.EBUSY, "the socket is kTLS already", "fd"):
            nl.attach(id=conn, fd=fd, **{**only(end, "rx"),
                                         "rx": tls.keys(suite)})
        eq(nl.get(conn)["directions"], TX)
        peer_of(pair, suite, mirror)
        talk(pair, ["tx", "rx"])


@test("the second attach wipes its own direction, if it may")
def wipes():
    with Client() as nl, tls.Pair() as pair:
        suite = tls.DEFAULT
        end, _ = tls.directions(suite)
        conn = nl.new(nl.ctx_new()["ctx_id"], **CLIENT)["id"]
        fd, _ = pair.fds()
        nl.attach(id=conn, fd=fd, keep_key=True, **only(end, "tx"))
        nl.attach(id=conn, fd=fd, **only(end, "rx"))
        eq(tls.reported(pair.client, suite, tls.TLS_TX)["key"],
           end["tx"]["key"])
        eq(tls.reported(pair.client, suite, tls.TLS_RX)["key"], bytes(16))


@test("a kept connection stays kept, and is pinned once")
def kept():
    with Client() as nl, tls.Pair() as pair:
        end, mirror = tls.directions()
        conn = nl.new(nl.ctx_new()["ctx_id"], keep=1, **CLIENT)["id"]
        fd, _ = pair.fds()
        nl.attach(id=conn, fd=fd, **only(end, "tx"))
        nl.attach(id=conn, fd=fd, **only(end, "rx"))
        pair.client.close()
        eq(nl.get(conn)["state"], K.STATE_ESTABLISHED)
        peer_of(pair, tls.DEFAULT, mirror)
        nl.free(conn)
        eq(pair.server.recv(1), b"", "the end of the stream")


def main():
    matrix()
    plain()
    by_context()
    wrong()
    again()
    elsewhere()
    behind()
    wipes()
    kept()
    tap.done()


if __name__ == "__main__":
    main()
