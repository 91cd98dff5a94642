#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""The copies of keys that net/tls keeps: wiped by attach, or kept."""

from lib import tap, tls
from lib.kssl import Client, K
from lib.tap import eq, test

BOTH = ("tx", tls.TLS_TX), ("rx", tls.TLS_RX)


def attached(nl, pair, suite, ends, **how):
    ctx = nl.ctx_new(**tls.allow_all())["ctx_id"]
    for fd, role, end in zip(pair.fds(), (K.ROLE_CLIENT, K.ROLE_SERVER), ends):
        nl.attach(ctx_id=ctx, fd=fd, settings={"role": role}, **end, **how)


def without_key(suite, crypto):
    return {**crypto, "key": bytes(suite.key), "salt": bytes(suite.salt)}


def each_end(pair, ends):
    for sock, end in zip((pair.client, pair.server), ends):
        for name, direction in BOTH:
            yield sock, direction, end[name]


def wiped(suite):
    with test(f"no key is reported: {tls.label(suite)}"), Client() as nl, \
            tls.Pair() as pair:
        ends = tls.directions(suite, seqs=(5, 70000))
        attached(nl, pair, suite, ends)
        for sock, direction, crypto in each_end(pair, ends):
            eq(tls.reported(sock, suite, direction),
               without_key(suite, crypto))
        tls.exchange(pair)
        for sock, direction, _ in each_end(pair, ends):
            seen = tls.reported(sock, suite, direction)
            assert not any(seen["key"] + seen["salt"]), "a key came back"


def kept(suite):
    with test(f"keep-key: {tls.label(suite)}"), Client() as nl, \
            tls.Pair() as pair:
        ends = tls.directions(suite, seqs=(5, 70000))
        attached(nl, pair, suite, ends, keep_key=True)
        for sock, direction, crypto in each_end(pair, ends):
            eq(tls.reported(sock, suite, direction), crypto)
        tls.exchange(pair)


@test("keys that were derived from secrets are wiped, too")
def derived():
    with Client() as nl, tls.Pair() as pair:
        suite = tls.DEFAULT
        ends = tls.directions(suite, tls.secret)
        attached(nl, pair, suite, ends)
        for sock, direction, crypto in each_end(pair, ends):
            eq(tls.reported(sock, suite, direction),
               without_key(suite, tls.derive(suite, crypto)))
        tls.exchange(pair)


@test("who installs keys without kssl keeps them")
def others():
    with tls.Pair() as pair:
        suite = tls.DEFAULT
        end, _ = tls.directions(suite)
        tls.install(pair.client, suite, end["tx"], end["rx"])
        for name, direction in BOTH:
            eq(tls.reported(pair.client, suite, direction), end[name])


def main():
    for suite in tls.SUITES:
        wiped(suite)
        kept(suite)
    derived()
    others()
    tap.done()


if __name__ == "__main__":
    main()
