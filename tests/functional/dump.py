#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Dumps: what they are filtered by, and what they promise."""

import errno
import socket

from lib import tap, tls
from lib.kssl import Client, K, SETTINGS, eventually, refused
from lib.netlink import nest, nla, NLM_F_DUMP
from lib.process import Remote, fork, kill
from lib.tap import eq, test

STABLE = 300
ROUNDS = 3 if tap.QUICK else 10


def ids(objects):
    return [obj["id"] for obj in objects]


class Scene:
    """Connections that differ in all that there are filters for."""

    def __init__(self):
        self.nl = Client()
        self.alice = Remote(Client, uid=1000)
        self.pairs = [tls.Pair(), tls.Pair(socket.AF_INET6), tls.Pair()]
        self.ctxs = [self.nl.ctx_new()["ctx_id"] for _ in range(2)]
        role = {"role": K.ROLE_CLIENT}
        self.plain = self.nl.new(self.ctxs[0])["id"]
        self.red = self.nl.new(self.ctxs[0], label="red", **role)["id"]
        self.reddish = self.nl.new(self.ctxs[1], label="reddish",
                                   **role)["id"]
        self.begun = self.nl.new(self.ctxs[1], label="red", **role)["id"]
        self.foreign = self.alice.new(self.alice.ctx_new()["ctx_id"])["id"]
        end, _ = tls.directions()
        self.nl.attach(id=self.red, fd=self.pairs[0].fds()[0], **end)
        self.nl.attach(id=self.reddish, fd=self.pairs[1].fds()[0], **end)
        self.nl.begin(self.begun, self.pairs[2].fds()[0])

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.nl.close()
        self.alice.end()
        for pair in self.pairs:
            pair.close()

    def port(self, number):
        return self.pairs[number].client.getpeername()[1]


V4, V6 = bytes([127, 0, 0, 1]), bytes(15) + b"\1"

# name, filters of a scene, what passes
FILTERS = (
    ("nothing", lambda s: {},
     lambda s: [s.plain, s.red, s.reddish, s.begun, s.foreign]),
    ("ctx-id", lambda s: {"ctx_id": s.ctxs[0]}, lambda s: [s.plain, s.red]),
    ("an unknown ctx-id", lambda s: {"ctx_id": 0x7fffffff}, lambda s: []),
    ("label", lambda s: {"label": "red"}, lambda s: [s.red, s.begun]),
    ("a label that begins like others", lambda s: {"label": "re"},
     lambda s: []),
    ("an empty label", lambda s: {"label": ""},
     lambda s: [s.plain, s.foreign]),
    ("state initial", lambda s: {"state": K.STATE_INITIAL},
     lambda s: [s.plain, s.foreign]),
    ("state handshake", lambda s: {"state": K.STATE_HANDSHAKE},
     lambda s: [s.begun]),
    ("state established", lambda s: {"state": K.STATE_ESTABLISHED},
     lambda s: [s.red, s.reddish]),
    ("state error", lambda s: {"state": K.STATE_ERROR}, lambda s: []),
    ("uid", lambda s: {"uid": 1000}, lambda s: [s.foreign]),
    ("the uid of nobody here", lambda s: {"uid": 77}, lambda s: []),
    ("an IPv4 peer", lambda s: {"peer_addr": V4}, lambda s: [s.red, s.begun]),
    ("an IPv6 peer", lambda s: {"peer_addr": V6}, lambda s: [s.reddish]),
    ("another peer", lambda s: {"peer_addr": bytes(4)}, lambda s: []),
    ("port", lambda s: {"peer_port": s.port(1)}, lambda s: [s.reddish]),
    ("peer and port", lambda s: {"peer_addr": V4, "peer_port": s.port(0)},
     lambda s: [s.red]),
    ("peer and another's port",
     lambda s: {"peer_addr": V6, "peer_port": s.port(0)}, lambda s: []),
    ("label and state",
     lambda s: {"label": "red", "state": K.STATE_HANDSHAKE},
     lambda s: [s.begun]),
    ("all of them",
     lambda s: {"ctx_id": s.ctxs[1], "label": "reddish", "uid": 0,
                "state": K.STATE_ESTABLISHED, "peer_addr": V6,
                "peer_port": s.port(1)}, lambda s: [s.reddish]),
)


@test("an IPv4 peer is found on a socket of both families, too")
def mapped_peer():
    with Client() as nl, socket.create_server(
            ("::", 0), family=socket.AF_INET6, dualstack_ipv6=True) as listener:
        port = listener.getsockname()[1]
        eventually(lambda: not nl.dump(), "what others had is gone")
        with socket.create_connection(("127.0.0.1", port)):
            sock, _ = listener.accept()
            with sock:
                conn = nl.new(nl.ctx_new()["ctx_id"],
                              role=K.ROLE_SERVER)["id"]
                nl.begin(conn, sock.fileno())
                mapped = bytes(10) + b"\xff\xff" + V4
                eq(nl.get(conn)["peer_addr"], mapped)
                for addr in V4, mapped:
                    eq(ids(nl.dump(peer_addr=addr)), [conn])
                for addr in V6, bytes(4), V4[::-1]:
                    eq(nl.dump(peer_addr=addr), [])


def filters():
    with Scene() as scene:
        with Client() as other:
            for name, wanted, passes in FILTERS:
                with test(f"filtered by {name}"):
                    for who in scene.nl, other:
                        eq(ids(who.dump(**wanted(scene))), passes(scene))
            with test("a user's dump has his own, whatever the filter"):
                eq(ids(scene.alice.dump()), [scene.foreign])
                eq(ids(scene.alice.dump(uid=0)), [])
                eq(ids(scene.alice.dump(label="red")), [])
            with test("a dump reports what get reports"):
                for conn in other.dump():
                    alone = other.get(conn["id"])
                    assert alone.pop("age") >= conn.pop("age")
                    eq(conn, alone)
                for ctx in other.ctx_dump():
                    alone = other.ctx_get(ctx["ctx_id"])
                    assert alone.pop("age") >= ctx.pop("age")
                    eq(ctx, alone)


# filters, errno, text or "" for core's own, whom it blames; netlink passes on
# a dump's own text, but not always whom that blames.
REFUSALS = (
    ({"peer_addr": bytes(5)}, errno.EINVAL,
     "neither an IPv4 nor an IPv6 address", ...),
    ({"peer_addr": b""}, errno.EINVAL,
     "neither an IPv4 nor an IPv6 address", ...),
    ({"id": 1}, errno.EINVAL, "a dump is not of one object", ...),
    ({"id": 1, "label": "red"}, errno.EINVAL, "a dump is not of one object",
     ...),
    ({"fd": 0}, errno.EINVAL, "a dump is not of one object", ...),
    ({"row": K.A_SETTINGS_CRLS}, errno.EINVAL, "a dump does not report a row",
     ...),
    ({"with_peer_chain": True}, errno.EINVAL, "a dump does not report chains",
     ...),
    ({"peer_addr": bytes(17)}, errno.ERANGE, "", "peer_addr"),
    ({"state": 5}, errno.ERANGE, "", "state"),
    ({"ctx_id": 0}, errno.ERANGE, "", "ctx_id"),
    ({"uid": b"\0"}, errno.EINVAL, "", "uid"),
    ({"label": b"no end"}, errno.EINVAL, "", "label"),
    ({"suite": 1}, errno.EINVAL, "", "suite"),
)


GET_FILTERS = {"ctx_id": 1, "label": "", "state": K.STATE_INITIAL, "uid": 0,
               "peer_addr": V4, "peer_port": 0}


def refusals():
    with Client() as nl:
        conn = nl.new(nl.ctx_new()["ctx_id"])["id"]
        for wrong, text in (({"ctx_id": 1}, "a dump is not of one object"),
                            ({"row": K.A_SETTINGS_CRLS},
                             "a dump does not report a row")):
            with test(f"dump of contexts refused: {wrong}"), \
                    refused(errno.EINVAL, text, ...):
                list(nl.dump_parts(K.CMD_CTX_GET, **wrong))
        for name, value in GET_FILTERS.items():
            with test(f"get of one refused: {name}"), \
                    refused(errno.EINVAL, "only dumps are filtered", name):
                nl.call(K.CMD_GET, {"id": conn, name: value})
        for wrong, number, text, blamed in REFUSALS:
            with test(f"dump refused: {wrong}"), \
                    refused(number, text, blamed):
                nl.dump(**wrong)
        with test("dump of contexts with a surplus attribute"):
            for extra, blamed in ((nest(K.A_SETTINGS), "settings"),
                                  (nla(200), "200")):
                with refused(errno.EINVAL, "", blamed):
                    nl.call(K.CMD_CTX_GET, extra, NLM_F_DUMP)


def churn():
    """Makes and frees objects between those that stay."""
    nl = Client()
    ctx = nl.ctx_new()["ctx_id"]
    conns = []
    while True:
        conns += [nl.new(ctx)["id"] for _ in range(8)]
        for conn in conns[::2]:
            nl.free(conn)
        conns = conns[1::2] if len(conns) < 60 else []
        if not conns:
            nl.close()
            nl = Client()
            ctx = nl.ctx_new()["ctx_id"]


def make_stable(nl):
    """Objects with gaps between their ids."""
    ctx = nl.ctx_new()["ctx_id"]
    conns = [nl.new(ctx)["id"] for _ in range(STABLE * 3 // 2)]
    for conn in conns[::3]:
        nl.free(conn)
    return ctx, [conn for number, conn in enumerate(conns) if number % 3]


@test("what lives throughout is in a dump exactly once, come what may")
def concurrent():
    with Client() as nl, Client() as other:
        _, stable = make_stable(nl)
        pids = [fork(churn) for _ in range(2)]
        changed = set()
        try:
            eventually(lambda: len(nl.dump()) > len(stable), "others come")
            for _ in range(ROUNDS):
                parts = list(other.dump_parts())
                assert len(parts) > 2, "all in one message"
                found = ids(conn for part in parts for conn in part)
                eq(len(found), len(set(found)), "reported twice")
                eq(found, sorted(found), "by rising id")
                eq([conn for conn in found if conn in set(stable)], stable)
                changed |= set(found) - set(stable)
        finally:
            for pid in pids:
                kill(pid)
        tap.note(f"{len(changed)} others were seen meanwhile")
        assert changed, "nothing else was made meanwhile"


@test("between two parts of a dump objects may come and go")
def between_parts():
    with Client() as nl, Client() as other:
        ctx, conns = make_stable(nl)
        parts = other.dump_parts()
        found = ids(next(parts))
        gone = conns[-5:]
        for conn in gone:
            nl.free(conn)
        late = nl.new(ctx)["id"]
        for part in parts:
            found += ids(part)
        assert not set(gone) & set(found), "freed before its turn"
        eq(found, conns[:-5] + [late])


@test("many contexts, too, each once")
def many_ctxs():
    with Client() as nl:
        ctxs = [nl.ctx_new()["ctx_id"] for _ in range(STABLE // 2)]
        eq([ctx["ctx_id"] for ctx in nl.ctx_dump()], ctxs)


CERT_SLOTS = ("rsa", "rsa_pss", "dsa", "ecc", "gost01", "gost12_256",
              "gost12_512", "ed25519", "ed448")
DER_ROWS = ("trust_anchors", "crls", "tmp_dh", "ca_list", "client_ca_list",
            *(f"{kind}_{slot}" for kind in ("certificate", "chain", "ocsp")
              for slot in CERT_SLOTS))


def fullest():
    """Every row of bytes or text as long as a description takes it."""
    der = b"\x30\x7e" + bytes(K.SMALL_MAX - 2)
    codes = [0x0400 + i for i in range(K.CODES_MAX)]
    text = "x" * K.SMALL_MAX
    return {**{name: der for name in DER_ROWS},
            "cipher_list": [0xc000 + i for i in range(K.SMALL_MAX // 2)],
            "ciphersuites": [0x1301 + i for i in range(K.SMALL_MAX // 2)],
            "sigalgs": codes, "client_sigalgs": codes, "groups": codes,
            "label": "x" * K.LABEL_MAX, "sni": text, "verify_email": text,
            "psk_identity": text, "psk_identity_hint": text,
            "session_id_context": bytes(K.SID_CTX_MAX),
            "verify_ip": bytes(K.IP_MAX),
            "client_cert_types": bytes(K.SMALL_MAX),
            "alpn": bytes([K.SMALL_MAX - 1]) * K.SMALL_MAX}


def check_fullest(nl, seen, rows):
    """Each row is there or named, and can be asked for."""
    get, number = (nl.get, seen["id"]) if "id" in seen else \
        (nl.ctx_get, seen["ctx_id"])
    named = {SETTINGS.names[attr] for attr in seen["large_rows"]}
    assert named, "all of it in one message"
    for name, value in rows.items():
        eq(name in seen["settings"], name not in named, name)
        eq(get(number, name)["settings"][name], value, name)


@test("an object with as much as can be is reported, and so are later ones")
def fullest_object():
    rows = fullest()
    # As much as netlink allocates for a part of a dump, with 4 KiB pages.
    with Client(receive_size=3776) as nl, tls.Pair(socket.AF_INET6) as pair:
        full = nl.ctx_new(**rows)["ctx_id"]
        last = nl.ctx_new()["ctx_id"]
        end, _ = tls.directions()
        conn = nl.new(full, role=K.ROLE_CLIENT)["id"]
        nl.attach(id=conn, fd=pair.client.fileno(), **end,
                  alpn=b"a" * 255, sni="s" * K.NAME_MAX, verify_result=0,
                  record_limit=16385)
        later = nl.new(last)["id"]
        for seen in nl.ctx_get(full), nl.get(conn), nl.ctx_set(full, mode=0):
            check_fullest(nl, seen, rows)
        eq([seen["ctx_id"] for seen in nl.ctx_dump()], [full, last])
        eq(ids(nl.dump()), [conn, later])
        check_fullest(nl, nl.ctx_dump()[0], rows)


def main():
    filters()
    mapped_peer()
    refusals()
    concurrent()
    between_parts()
    many_ctxs()
    fullest_object()
    tap.done()


if __name__ == "__main__":
    main()
