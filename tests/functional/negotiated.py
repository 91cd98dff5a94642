#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""What attach is told of the handshake, who sees it, and what is refused."""

import errno

from lib import tap, tls
from lib.kssl import Client, K, eventually, refused
from lib.process import Remote
from lib.tap import eq, test
from lib.tls import TLS12

ALICE, BOB = 1000, 1001
BY_ID = "a reference by id needs CAP_NET_ADMIN"
DER = b"\x30\x03\x02\x01\x07"
CHAIN = DER + b"\x30\x82\x01\x00" + bytes(256)
FACTS = {"alpn": b"h2", "sni": "a.example", "resumed": 1,
         "record_limit": 16385, "peer_chain": CHAIN}
STATIC = tls.Suite("RSA", 0x009c, TLS12, *tls.AES128_GCM, "sha256")
LIMIT = "net/tls cannot keep this record limit"

# what differs in the request, errno, text, whom it blames
MALFORMED = (
    ({"sni": "a\nb"}, errno.EINVAL, "control character in text", "sni"),
    ({"peer_chain": b"\x31\x00"}, errno.EINVAL,
     "not a list of objects in DER", "peer_chain"),
    ({"peer_chain": DER + b"\x30"}, errno.EINVAL,
     "not a list of objects in DER", "peer_chain"),
    ({"peer_chain": bytes(65521)}, errno.EINVAL, "too long", "peer_chain"),
    ({"record_limit": 64}, errno.EOPNOTSUPP, LIMIT, "record_limit"),
    ({"record_limit": 16384}, errno.EOPNOTSUPP, LIMIT, "record_limit"),
)

# the level, the suite, the text of a refusal
LEVELS = (
    (2, STATIC, None),
    (3, STATIC, "security-level wants forward secrecy"),
    (3, tls.TLS12_SUITES[0], None),
    (4, tls.TLS12_SUITES[0], "the cipher suite is below security-level"),
    (4, tls.TLS13_SUITES[0], "the cipher suite is below security-level"),
    (5, tls.TLS13_SUITES[1], None),
)


def get_with_chain(nl, conn):
    return nl.call(K.CMD_GET, {"id": conn, "with_peer_chain": True})


def facts(seen):
    return {name: seen[name] for name in FACTS if name in seen}


@test("what was negotiated is reported, the chain only when asked for")
def reported():
    with Client() as nl, Client() as other, tls.Pair() as pair:
        ctx = nl.ctx_new()["ctx_id"]
        conn = nl.new(ctx, role=K.ROLE_CLIENT)["id"]
        nl.attach(id=conn, fd=pair.fds()[0], **tls.directions()[0], **FACTS)
        small = {name: FACTS[name] for name in FACTS if name != "peer_chain"}
        for who in nl, other:
            eq(facts(who.get(conn)), small)
            eq(facts(get_with_chain(who, conn)), FACTS)
        eq([facts(seen) for seen in nl.dump()], [small])


@test("clear drops what was negotiated")
def cleared():
    with Client() as nl, tls.Pair() as pair:
        conn = nl.new(nl.ctx_new()["ctx_id"], role=K.ROLE_CLIENT)["id"]
        nl.attach(id=conn, fd=pair.fds()[0], **tls.directions()[0], **FACTS)
        pair.close()
        eventually(lambda: nl.get(conn)["state"] == K.STATE_CLOSED,
                   "the connection is closed")
        nl.clear(conn)
        eq(facts(get_with_chain(nl, conn)), {})


@test("what is malformed is refused, and nothing is kept")
def malformed():
    with Client() as nl, tls.Pair() as pair:
        conn = nl.new(nl.ctx_new()["ctx_id"], role=K.ROLE_CLIENT)["id"]
        for changed, *wanted in MALFORMED:
            with refused(*wanted):
                nl.attach(id=conn, fd=pair.fds()[0], **tls.directions()[0],
                          **{**FACTS, **changed})
            eq(facts(get_with_chain(nl, conn)), {})
        eq(nl.get(conn)["state"], K.STATE_INITIAL)


@test("a share lets the same user have a reference by id")
def shared():
    with Remote(Client, uid=ALICE) as alice, \
            Remote(Client, uid=ALICE) as again, \
            Remote(Client, uid=BOB) as bob:
        for share in (0, 1):
            ctx = alice.ctx_new(share=share)["ctx_id"]
            conn = alice.new(ctx)["id"]
            for take, number, attr in (("ctx_up_ref", ctx, "ctx_id"),
                                       ("up_ref", conn, "id")):
                with refused(errno.EPERM, BY_ID, attr):
                    getattr(bob, take)(number)
                if share:
                    eq(getattr(again, take)(number)["held"], 1)
                    continue
                with refused(errno.EPERM, BY_ID, attr):
                    getattr(again, take)(number)


@test("the security level bounds the suite")
def levels():
    with Client() as nl:
        for level, suite, text in LEVELS:
            with tls.Pair() as pair:
                ctx = nl.ctx_new(security_level=level,
                                 cipher_list=[0x009c, 0xc02f])["ctx_id"]
                conn = nl.new(ctx, role=K.ROLE_CLIENT)["id"]
                end = tls.directions(suite)[0]
                if text is None:
                    nl.attach(id=conn, fd=pair.fds()[0], **end)
                    continue
                with refused(errno.EPERM, text, "suite"):
                    nl.attach(id=conn, fd=pair.fds()[0], **end)


def main():
    reported()
    cleared()
    malformed()
    shared()
    levels()
    tap.done()


if __name__ == "__main__":
    main()
