#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""What attach sets on the socket to make data faster."""

import errno
import struct

from lib import tap, tls
from lib.kssl import Client, K, refused
from lib.tap import eq, test

TLS_TX_ZEROCOPY_RO = 3
TLS_RX_EXPECT_NO_PAD = 4

CLIENT = {"role": K.ROLE_CLIENT}
SENDFILE = K.OP_ENABLE_KTLS_TX_ZEROCOPY_SENDFILE
ONLY_RX = "only what is received in TLS 1.3 can be padded"


def is_set(sock, option):
    return struct.unpack("=I", sock.getsockopt(tls.SOL_TLS, option, 4))[0]


def attach(nl, pair, end, settings=None, **how):
    conn = nl.new(nl.ctx_new(**(settings or {}))["ctx_id"], **CLIENT)["id"]
    nl.attach(id=conn, fd=pair.fds()[0], **end, **how)
    return conn


@test("zero-copy by the option")
def zerocopy():
    for options, wanted in (SENDFILE, 1), (0, 0):
        for names, there in (("tx", "rx"), True), (("tx",), True), \
                (("rx",), False):
            with Client() as nl, tls.Pair() as pair:
                end, _ = tls.directions()
                attach(nl, pair, tls.only(end, *names), {"options": options})
                eq(is_set(pair.client, TLS_TX_ZEROCOPY_RO),
                   wanted if there else 0, f"{options:#x}, {names}")


@test("no padding by the flag")
def no_pad():
    for how, wanted in ({"expect_no_pad": True}, 1), ({}, 0):
        with Client() as nl, tls.Pair() as pair:
            end, mirror = tls.directions()
            attach(nl, pair, end, **how)
            eq(is_set(pair.client, TLS_RX_EXPECT_NO_PAD), wanted)
            tls.install(pair.server, tls.DEFAULT, mirror["tx"], mirror["rx"])
            tls.exchange(pair)


@test("no padding when the receive direction comes later, or is adopted")
def later():
    with Client() as nl, tls.Pair() as pair:
        end, _ = tls.directions()
        conn = attach(nl, pair, tls.only(end, "tx"))
        nl.attach(id=conn, fd=pair.fds()[0], expect_no_pad=True,
                  **tls.only(end, "rx"))
        eq(is_set(pair.client, TLS_RX_EXPECT_NO_PAD), 1)
    with Client() as nl, tls.Pair() as pair:
        tls.install(pair.client, tls.DEFAULT, end["tx"], end["rx"])
        attach(nl, pair, {}, adopt=K.DIRECTION_TX | K.DIRECTION_RX,
               expect_no_pad=True)
        eq(is_set(pair.client, TLS_RX_EXPECT_NO_PAD), 1)


@test("no padding without anything that could be padded")
def senseless():
    for suite, names in ((tls.TLS12_SUITES[0], ("tx", "rx")),
                         (tls.DEFAULT, ("tx",))):
        with Client() as nl, tls.Pair() as pair:
            end, _ = tls.directions(suite)
            with refused(errno.EINVAL, ONLY_RX, "expect_no_pad"):
                attach(nl, pair, tls.only(end, *names), tls.allow_all(),
                       expect_no_pad=True)


def main():
    zerocopy()
    no_pad()
    later()
    senseless()
    tap.done()


if __name__ == "__main__":
    main()
