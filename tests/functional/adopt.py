#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Take over directions that do kernel TLS already."""

import errno
import os

from lib import tap, tls
from lib.kssl import Client, K, refused
from lib.tap import eq, test
from lib.tls import TLS12, TLS13

TX, RX = K.DIRECTION_TX, K.DIRECTION_RX
BOTH = TX | RX
CLIENT = {"role": K.ROLE_CLIENT}
NAMES = {TX: ["tx"], RX: ["rx"], BOTH: ["tx", "rx"]}

NO_KEY = "the direction has no key to adopt"
IS_KTLS = "the socket is kTLS already"
HAS_KEY = "an adopted direction has its key"
HAS_SEQ = "an adopted direction has its rec-seq"
OTHER_SECRET = "not the secret of the adopted key"


def keys_of(suite, end):
    """An end in the keys form."""
    return {**end, **{name: tls.derive(suite, end[name])
                      for name in ("tx", "rx") if "secret" in end[name]}}


class Stage:
    """A pair whose server does kTLS, and whose client does in part."""

    def __init__(self, suite=tls.DEFAULT, done=BOTH, make=tls.keys):
        self.suite = suite
        self.nl = Client()
        self.pair = tls.Pair()
        self.end, mirror = tls.directions(suite, make, seqs=(3, 40000))
        mirror = keys_of(suite, mirror)
        tls.install(self.pair.server, suite, mirror["tx"], mirror["rx"])
        have = keys_of(suite, self.end)
        tls.install(self.pair.client, suite, *(
            have[name] if done & bit else None
            for bit, name in ((TX, "tx"), (RX, "rx"))))
        self.ctx = self.nl.ctx_new(**tls.allow_all())["ctx_id"]
        self.conn = self.nl.new(self.ctx, **CLIENT)["id"]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.pair.close()
        self.nl.close()

    def attach(self, **how):
        return self.nl.attach(id=self.conn, fd=self.pair.fds()[0], **how)

    def talk(self, directions=BOTH):
        if directions & TX:
            tls.transfer(self.pair.client, self.pair.server, (1, 20000))
        if directions & RX:
            tls.transfer(self.pair.server, self.pair.client, (1, 20000))

    def check(self, directions):
        seen = self.nl.get(self.conn)
        eq(seen["state"], K.STATE_ESTABLISHED)
        eq(seen["directions"], directions)
        eq((seen["version"], seen["suite"]),
           (self.suite.version, self.suite.code))
        self.talk(directions)

    def reported(self, direction):
        return tls.reported(self.pair.client, self.suite, direction)


def matrix():
    for suite in tls.SUITES:
        for done, names in NAMES.items():
            with test(f"adopt {' and '.join(names)}: {tls.label(suite)}"), \
                    Stage(suite, done) as it:
                it.talk(done)
                it.attach(adopt=done, version=suite.version, suite=suite.code)
                it.check(done)
                for direction in (TX, RX):
                    if done & direction:
                        eq(it.reported(direction)["key"], bytes(suite.key))


def derived():
    for suite in tls.TLS13_SUITES:
        with test(f"the suite follows from the cipher: {tls.label(suite)}"), \
                Stage(suite) as it:
            it.attach(adopt=BOTH)
            it.check(BOTH)


def mixed():
    for done, other, name in (TX, RX, "rx"), (RX, TX, "tx"):
        for make in tls.keys, tls.secret:
            with test(f"adopt one, {name} by {make.__name__}"), \
                    Stage(done=done, make=make) as it:
                it.talk(done)
                it.attach(adopt=done, **{name: it.end[name]})
                it.check(BOTH)
                it.nl.free(it.conn)
                it.talk()
        with test(f"adopt one, {name} later"), Stage(done=done) as it:
            it.attach(adopt=done)
            it.check(done)
            with refused(errno.EBUSY, "the direction is attached", "adopt"):
                it.attach(adopt=done)
            with refused(errno.ENODATA, NO_KEY, "adopt"):
                it.attach(adopt=other)
            it.attach(**{name: it.end[name]})
            it.check(BOTH)
        with test(f"attach one, adopt {name}"), Stage(done=0) as it:
            first, = NAMES[done]
            it.attach(**tls.only(it.end, first))
            it.pair.client.setsockopt(
                tls.SOL_TLS, tls.TLS_RX if name == "rx" else tls.TLS_TX,
                tls.crypto_info(it.suite, it.end[name]))
            it.attach(adopt=other)
            it.check(BOTH)


@test("adopted keys stay where they are with keep-key")
def keep_key():
    with Stage() as it:
        it.attach(adopt=BOTH, keep_key=True)
        eq(it.reported(tls.TLS_TX), it.end["tx"])
        eq(it.reported(tls.TLS_RX), it.end["rx"])


@test("after begin, as a handshake in OpenSSL does it")
def begun():
    with Client() as nl, tls.Pair() as pair:
        suite = tls.DEFAULT
        end, mirror = tls.directions(suite)
        conn = nl.new(nl.ctx_new()["ctx_id"], **CLIENT)["id"]
        nl.begin(conn, pair.fds()[0])
        pair.client.setsockopt(tls.SOL_TLS, tls.TLS_TX,
                               tls.crypto_info(suite, end["tx"]))
        nl.attach(id=conn, fd=pair.fds()[0], adopt=TX, rx=end["rx"])
        tls.install(pair.server, suite, mirror["tx"], mirror["rx"])
        tls.exchange(pair)


@test("by the id of a context")
def by_context():
    with Stage() as it:
        reply = it.nl.attach(ctx_id=it.ctx, fd=it.pair.fds()[0],
                             settings=CLIENT, adopt=BOTH)
        eq(it.nl.get(reply["id"])["directions"], BOTH)
        it.talk()


def bare(crypto):
    return {"secret": crypto["secret"]}


def secrets():
    for suite in tls.TLS13_SUITES:
        with test(f"with its secrets: {tls.label(suite)}"), \
                Stage(suite, make=tls.secret) as it:
            it.talk()
            for name in "tx", "rx":
                with refused(errno.EKEYREJECTED, OTHER_SECRET,
                             f"{name}.secret"):
                    it.attach(adopt=BOTH, **{
                        "tx": bare(it.end["tx"]), "rx": bare(it.end["rx"]),
                        name: {"secret": os.urandom(suite.hash_size)}})
            it.attach(adopt=BOTH, tx=bare(it.end["tx"]),
                      rx=bare(it.end["rx"]))
            it.check(BOTH)


@test("a secret is compared although the key's copy was wiped")
def wiped():
    with Stage(make=tls.secret) as it:
        keeper = it.nl.new(it.ctx, keep=1, **CLIENT)["id"]
        it.nl.attach(id=keeper, fd=it.pair.fds()[0], adopt=BOTH)
        eq(it.reported(tls.TLS_TX)["key"], bytes(it.suite.key))
        # The socket outlives a connection that has kept it.
        it.nl.free(keeper)
        with refused(errno.EKEYREJECTED, OTHER_SECRET, "tx.secret"):
            it.attach(adopt=BOTH, tx=bare(it.end["rx"]))
        it.attach(adopt=BOTH, tx=bare(it.end["tx"]), rx=bare(it.end["rx"]))
        it.check(BOTH)


# name, what is installed, the request, errno, text, blamed
WRONG = (
    ("a direction without a key", TX, {"adopt": RX}, errno.ENODATA, NO_KEY,
     "adopt"),
    ("one of two without a key", TX, {"adopt": BOTH}, errno.ENODATA, NO_KEY,
     "adopt"),
    ("a socket with the ULP alone", 0, {"adopt": TX}, errno.ENODATA, NO_KEY,
     "adopt"),
    ("one of two with a key", BOTH, {"adopt": TX}, errno.EBUSY, IS_KTLS, "fd"),
    ("one, and a key for the other, which has one", BOTH,
     {"adopt": TX, "rx": tls.keys(tls.DEFAULT)}, errno.EBUSY, IS_KTLS, "fd"),
    ("another version", BOTH, {"adopt": BOTH, "version": TLS12},
     errno.EINVAL, "not the version of the adopted key", "version"),
    ("a suite of another cipher", BOTH, {"adopt": BOTH, "suite": 0x1303},
     errno.EINVAL, "not of the adopted key's cipher", "suite"),
    ("a key", BOTH, {"adopt": BOTH, "tx": {"key": bytes(16)}},
     errno.EINVAL, HAS_KEY, "tx"),
    ("a sequence", BOTH, {"adopt": BOTH, "rx": {"rec_seq": 0}},
     errno.EINVAL, HAS_SEQ, "rx"),
    ("a secret of another size", BOTH,
     {"adopt": BOTH, "rx": {"secret": bytes(48)}},
     errno.EINVAL, "not of the size of the suite's hash", "rx.secret"),
    ("unknown directions", BOTH, {"adopt": 4}, errno.EINVAL, "", "adopt"),
)


def wrong():
    for name, done, request, number, text, blamed in WRONG:
        with test(f"adoption refused: {name}"), Stage(done=done) as it:
            before = {**it.nl.get(it.conn), "age": 0}
            with refused(number, text, blamed):
                it.attach(**request)
            seen = it.nl.get(it.conn)
            for key in "result", "result_text":
                seen.pop(key, None)
            eq({**seen, "age": 0}, before)
            it.talk(done)
            if done:
                it.attach(adopt=done)
                it.check(done)


@test("a plain socket has nothing to adopt")
def plain():
    with Client() as nl, tls.Pair() as pair:
        conn = nl.new(nl.ctx_new()["ctx_id"], **CLIENT)["id"]
        with refused(errno.ENODATA, NO_KEY, "adopt"):
            nl.attach(id=conn, fd=pair.fds()[0], adopt=TX)


@test("in TLS 1.2 the suite is the caller's word")
def old():
    for wanted in 0xc02b, 0xc02f:
        with Stage(tls.TLS12_SUITES[0]) as it:
            it.nl.set(it.conn, cipher_list=[0xc02b, 0xc02f, 0xc030])
            with refused(errno.EINVAL,
                         "only in TLS 1.3 a cipher tells the suite", "suite"):
                it.attach(adopt=BOTH)
            with refused(errno.EINVAL, "not of the adopted key's cipher",
                         "suite"):
                it.attach(adopt=BOTH, suite=0xc030)
            it.attach(adopt=BOTH, suite=wanted)
            eq(it.nl.get(it.conn)["suite"], wanted)
            it.talk()


@test("the settings have to permit what is adopted")
def policy():
    for settings, text, blamed in (
            ({"ciphersuites": [0x1302]},
             "the settings do not list the cipher suite", "suite"),
            ({"max_proto": TLS12}, "the TLS version is above max-proto",
             "version"),
            ({"security_level": 4},
             "the cipher suite is below security-level", "suite"),
            ({"role": K.ROLE_UNSET}, "the role is unset", "settings.role")):
        with Stage() as it:
            eq(it.suite.version, TLS13)
            it.nl.set(it.conn, **settings)
            with refused(errno.EPERM, text, blamed):
                it.attach(adopt=BOTH)
            it.talk()


def main():
    matrix()
    derived()
    mixed()
    keep_key()
    begun()
    by_context()
    secrets()
    wiped()
    wrong()
    plain()
    old()
    policy()
    tap.done()


if __name__ == "__main__":
    main()
