#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Every row of the settings at each level, and each refusal."""

import errno
import sys
from typing import NamedTuple

from lib import tap, tls
from lib.kssl import Client, K, eventually, refused
from lib.netlink import nest, nla
from lib.tap import eq, test

CTX, CONN = "a context", "a connection"


class Row(NamedTuple):
    """A row: its default, two other values, where it is set, who has it."""
    name: str
    default: object
    one: object
    two: object
    levels: tuple = (CTX, CONN)
    dup: bool = True


OP_ALL = 2 * K.OP_GREASE - 1 - 0x20
MODE_ALL = 2 * K.MODE_ASYNC - 1 + K.MODE_DTLS_SCTP_LABEL_LENGTH_BUG

ROWS = (
    Row("options", K.OP_NO_COMPRESSION | K.OP_ENABLE_MIDDLEBOX_COMPAT,
        OP_ALL, 0),
    Row("mode", K.MODE_AUTO_RETRY, MODE_ALL, 0),
    Row("min_proto", 0, 0x0301, 0x0304),
    Row("max_proto", 0, 0x0304, 0x0301),
    Row("verify_mode", 0, 15, K.VERIFY_PEER),
    Row("verify_depth", -1, 0, 100),
    Row("cipher_list", [0xc02c, 0xc030, 0xcca9, 0xcca8, 0xc02b, 0xc02f,
                        0x009f, 0xccaa, 0x009e],
        [0x009c], [0x1400 + i for i in range(K.SMALL_MAX // 2)]),
    Row("ciphersuites", [0x1302, 0x1303, 0x1301],
        [], [0x1300 + i for i in range(1, K.SMALL_MAX // 2 + 1)]),
    Row("max_cert_list", 102400, 0, 0xffffffff),
    Row("read_ahead", 0, 1, 1),
    Row("role", K.ROLE_UNSET, K.ROLE_CLIENT, K.ROLE_SERVER, (CONN,)),
    Row("method", K.METHOD_EITHER, K.METHOD_CLIENT, K.METHOD_CLIENT, (CTX,),
        False),
    Row("timeout", 7200, 0, 0x7fffffff, (CTX,), False),
    Row("label", "", "x" * K.LABEL_MAX, "näme ", dup=False),
)


@test("a new context has the defaults")
def table_complete():
    with Client() as nl:
        rows = nl.ctx_new()["settings"]
        eq({row.name: rows[row.name] for row in ROWS},
           {row.name: row.default for row in ROWS}, "the defaults")


def get_new(nl, ctx, **rows):
    """A new connection as get has it: the reply to new has no rows."""
    made = nl.new(ctx, **rows)
    assert "settings" not in made
    return nl.get(made["id"])


def check_on_ctx(nl, row):
    ctx = nl.ctx_new(**{row.name: row.one})
    eq(ctx["settings"][row.name], row.one, "from ctx-new")
    ctx = ctx["ctx_id"]
    conn = get_new(nl, ctx)
    inherited = conn["settings"][row.name]
    eq(inherited, row.one, "inherited by new")
    if row.name != "method":
        eq(nl.ctx_set(ctx, **{row.name: row.two})["settings"][row.name],
           row.two, "from ctx-set")
    eq(nl.ctx_get(ctx)["settings"][row.name], row.two, "read back")
    eq(nl.get(conn["id"])["settings"][row.name], row.one, "of the connection")
    wanted = row.one if row.dup else row.two
    copy = nl.dup(conn["id"])["id"]
    eq(nl.get(copy)["settings"][row.name], wanted, "after dup")
    others = {other.name: other.default for other in ROWS if other != row}
    if row.name == "method":
        others["role"] = K.ROLE_CLIENT
    settings = conn["settings"]
    eq({name: settings[name] for name in others}, others, "the other rows")


def check_on_conn(nl, row):
    ctx = nl.ctx_new()["ctx_id"]
    conn = get_new(nl, ctx, **{row.name: row.one})
    eq(conn["settings"][row.name], row.one, "from new")
    conn = conn["id"]
    eq(nl.set(conn, **{row.name: row.two})["settings"][row.name], row.two,
       "from set")
    eq(nl.get(conn)["settings"][row.name], row.two, "read back")
    wanted = row.two if row.dup else row.default
    eq(nl.get(nl.dup(conn)["id"])["settings"][row.name], wanted,
       "after dup")
    eq(nl.ctx_get(ctx)["settings"][row.name], row.default, "of the context")
    eq(get_new(nl, ctx)["settings"][row.name], row.default,
       "of another one")


def every_row():
    with Client() as nl:
        for row in ROWS:
            if CTX in row.levels:
                with test(f"{row.name} of {CTX}"):
                    check_on_ctx(nl, row)
            if CONN in row.levels:
                with test(f"{row.name} of {CONN}"):
                    check_on_conn(nl, row)


@test("a change gives a new number to the half that it is in, only")
def numbers():
    with Client() as nl:
        old = nl.new(nl.ctx_new()["ctx_id"])
        new = nl.set(old["id"], mode=0)
        assert new["settings_id"] > old["settings_id"]
        eq(new["inherit_id"], old["inherit_id"])
        last = nl.set(old["id"], label="x")
        assert last["inherit_id"] > old["inherit_id"]
        eq(last["settings_id"], new["settings_id"])


@test("a method gives its role to connections that have none")
def role_of_method():
    with Client() as nl:
        ctx = nl.ctx_new(method=K.METHOD_SERVER)["ctx_id"]
        conn = get_new(nl, ctx)
        eq(conn["settings"]["role"], K.ROLE_SERVER)
        eq(nl.set(conn["id"], role=K.ROLE_SERVER)["settings"]["role"],
           K.ROLE_SERVER)


@test("a method is that of its context from the beginning")
def method_fixed():
    with Client() as nl:
        ctx = nl.ctx_new(method=K.METHOD_SERVER)["ctx_id"]
        for method in K.METHOD_EITHER, K.METHOD_CLIENT:
            with refused(errno.EINVAL, "fixed since the context was made",
                         "settings.method"):
                nl.ctx_set(ctx, mode=0, method=method)
        rows = nl.ctx_get(ctx)["settings"]
        eq(rows["method"], K.METHOD_SERVER)
        eq(rows["mode"], K.MODE_AUTO_RETRY)


@test("masks choose the bits that change")
def masks():
    with Client() as nl:
        ctx = nl.ctx_new()["ctx_id"]
        for row, bits in (("options", (1, 4, 8)), ("mode", (1, 2, 16))):
            a, b, c = bits
            nl.ctx_set(ctx, **{row: a | b})
            rows = nl.ctx_set(ctx, **{row: a | c, row + "_mask": b | c})
            eq(rows["settings"][row], a | c, row)
            rows = nl.ctx_set(ctx, **{row: a, row + "_mask": 0})
            eq(rows["settings"][row], a | c, row)
            assert row + "_mask" not in rows["settings"]
        conn = get_new(nl, ctx, options=0, options_mask=1)
        eq(conn["settings"]["options"], 8)


# Core's own texts differ from kernel to kernel: "" stands for any.
CORE = ""
NOT_13 = "not a TLS 1.3 cipher suite"
NOT_12 = "not a cipher suite of TLS 1.2 or before"
TWICE = "a code is in the list twice"
ORDER = "min-proto is above max-proto"
NEED_PEER = "verify-mode has bits that need peer"
CONTROL = "control character in text"

# row, value, text, errno where it is not EINVAL
REFUSALS = (
    ("options", 0x20, "unknown bits"),
    ("options", 2 * K.OP_GREASE, "unknown bits"),
    ("options", 1 << 63, "unknown bits"),
    ("mode", 0x200, "unknown bits"),
    ("mode", 0x800, "unknown bits"),
    ("mode", 1 << 31, "unknown bits"),
    ("min_proto", 0x0300, "not a TLS version"),
    ("min_proto", 1, "not a TLS version"),
    ("min_proto", 0x0305, "out of range"),
    ("max_proto", 0x0300, "not a TLS version"),
    ("max_proto", 0x0305, "out of range"),
    ("max_proto", 0xfefd, "out of range"),
    ("verify_mode", 0x10, CORE),
    ("verify_mode", 0x80000001, CORE),
    ("verify_mode", 2, NEED_PEER),
    ("verify_mode", 4, NEED_PEER),
    ("verify_mode", 8, NEED_PEER),
    ("verify_depth", -2, "out of range"),
    ("verify_depth", 101, "out of range"),
    ("verify_depth", -0x80000000, "out of range"),
    ("cipher_list", [], "an empty list of cipher suites"),
    ("cipher_list", [0xc02f, 0xc030, 0xc02f], TWICE),
    ("cipher_list", [0xc02f, 0x1301], NOT_12),
    ("cipher_list", [0], NOT_12),
    ("cipher_list", [0x1400 + i for i in range(K.SUITES_MAX + 1)],
     "too long"),
    ("cipher_list", b"\xc0\x2f\x00", "not a list of 16 bit codes"),
    ("ciphersuites", [0x1301, 0x1301], TWICE),
    ("ciphersuites", [0x1301, 0xc02f], NOT_13),
    ("ciphersuites", [0], NOT_13),
    ("ciphersuites", [0x1301] * (K.SUITES_MAX + 1), "too long"),
    ("ciphersuites", b"\x01", "not a list of 16 bit codes"),
    ("read_ahead", 2, "out of range"),
    ("read_ahead", 255, "out of range"),
    ("label", "x" * (K.LABEL_MAX + 1), CORE, (errno.EINVAL, errno.ERANGE)),
    ("label", b"no end", CORE),
    ("label", "a\nb", CONTROL),
    ("label", "\x1b[2J", CONTROL),
    ("label", "\x7f", CONTROL),
)

ON_CTX = (
    ("method", 3, CORE, errno.ERANGE),
    ("timeout", 0x80000000, "out of range"),
    ("role", K.ROLE_CLIENT, "not a setting of a context"),
)

ON_CONN = (
    ("role", 3, CORE, errno.ERANGE),
    ("method", K.METHOD_CLIENT, "not a setting of a connection"),
    ("timeout", 1, "not a setting of a connection"),
)


def short(value):
    text = repr(value)
    return text if len(text) < 40 else text[:36] + "...]"


def check_refusal(requests, refusal):
    row, value, text, *rest = refusal
    wanted = rest[0] if rest else errno.EINVAL
    for request in requests:
        for number in wanted if isinstance(wanted, tuple) else (wanted,):
            try:
                with refused(number, text, f"settings.{row}"):
                    request({row: value})
                break
            except AssertionError:
                if number == wanted or number == wanted[-1]:
                    raise


def refusals():
    """Of both requests that make and change; nothing is changed by them."""
    with Client() as nl:
        ctx = nl.ctx_new()["ctx_id"]
        conn = nl.new(ctx)["id"]
        on_ctx = (lambda rows: nl.ctx_new(**rows),
                  lambda rows: nl.ctx_set(ctx, **rows))
        on_conn = (lambda rows: nl.new(ctx, **rows),
                   lambda rows: nl.set(conn, **rows))
        for requests, level, table in ((on_ctx, CTX, REFUSALS + ON_CTX),
                                       (on_conn, CONN, REFUSALS + ON_CONN)):
            before = nl.ctx_get(ctx), nl.get(conn)
            for refusal in table:
                with test(f"refused to {level}: {refusal[0]} "
                          f"{short(refusal[1])}"):
                    check_refusal(requests, refusal)
            after = nl.ctx_get(ctx), nl.get(conn)
            with test(f"refusals to {level} changed and made nothing"):
                for old, new in zip(before, after):
                    del old["age"], new["age"]
                    eq(new, old)
                eq(len(nl.ctx_dump()), 1, "contexts")
                eq(len(nl.dump()), 1, "connections")


# settings that stand, rows of the request, the row to blame, text
CONFLICTS = (
    ({"max_proto": 0x0303}, {"min_proto": 0x0304}, "min_proto", ORDER),
    ({"min_proto": 0x0303}, {"max_proto": 0x0302}, "max_proto", ORDER),
    ({}, {"min_proto": 0x0304, "max_proto": 0x0301}, "min_proto", ORDER),
    ({"verify_mode": 3}, {"verify_mode": 2}, "verify_mode", NEED_PEER),
)


def conflicts():
    with Client() as nl:
        for standing, rows, blamed, text in CONFLICTS:
            with test(f"conflict of {rows} with {standing}"):
                ctx = nl.ctx_new(**standing)["ctx_id"]
                conn = nl.new(ctx)["id"]
                for request in (lambda c=ctx, r=rows: nl.ctx_set(c, **r),
                                lambda c=conn, r=rows: nl.set(c, **r),
                                lambda c=ctx, r=rows: nl.new(c, **r)):
                    with refused(errno.EINVAL, text, f"settings.{blamed}"):
                        request()


@test("conflict of a role with the context's method")
def role_against_method():
    text = "the context's method does not allow this role"
    with Client() as nl:
        for method, role in ((K.METHOD_SERVER, K.ROLE_CLIENT),
                             (K.METHOD_CLIENT, K.ROLE_SERVER)):
            ctx = nl.ctx_new(method=method)["ctx_id"]
            conn = nl.new(ctx)["id"]
            with refused(errno.EINVAL, text, "settings.role"):
                nl.set(conn, role=role)
            with refused(errno.EINVAL, text, "settings.role"):
                nl.new(ctx, role=role)


@test("a mask without its row")
def mask_alone():
    with Client() as nl:
        ctx = nl.ctx_new()["ctx_id"]
        conn = nl.new(ctx)["id"]
        for mask in "options_mask", "mode_mask":
            for request in (lambda m=mask: nl.ctx_set(ctx, **{m: 1}),
                            lambda m=mask: nl.set(conn, **{m: 1}),
                            lambda m=mask: nl.new(ctx, **{m: 1}),
                            lambda m=mask: nl.ctx_new(**{m: 1})):
                with refused(errno.EINVAL, "a mask without its row",
                             f"settings.{mask}"):
                    request()
        for row, bit in (("options", 0x20), ("mode", 0x200)):
            with refused(errno.EINVAL, "unknown bits", f"settings.{row}"):
                nl.ctx_set(ctx, **{row: 0, row + "_mask": bit})


@test("all rows of a message apply or none")
def all_or_nothing():
    with Client() as nl:
        ctx = nl.ctx_new()
        conn = get_new(nl, ctx["ctx_id"])
        good = {row.name: row.one for row in ROWS
                if row.levels == (CTX, CONN) and row.name != "label"}
        for bad in {"label": "\n"}, {"read_ahead": 2}:
            with refused(errno.EINVAL, CORE, f"settings.{list(bad)[0]}"):
                nl.ctx_set(ctx["ctx_id"], **{**good, **bad})
            with refused(errno.EINVAL, CORE, f"settings.{list(bad)[0]}"):
                nl.set(conn["id"], **{**good, **bad})
        for old, new in ((ctx, nl.ctx_get(ctx["ctx_id"])),
                         (conn, nl.get(conn["id"]))):
            for key in "settings", "settings_id", "inherit_id":
                eq(new[key], old[key], key)
        rows = nl.set(conn["id"], **good)["settings"]
        eq({name: rows[name] for name in good}, good)


@test("an empty set changes nothing, an unknown row is refused")
def empty_and_unknown():
    with Client() as nl:
        conn = get_new(nl, nl.ctx_new()["ctx_id"])
        after = nl.set(conn["id"])
        for key in "settings", "settings_id", "inherit_id":
            eq(after[key], conn[key], key)
        unknown = K.A_SETTINGS_KEEP + 1
        with refused(errno.EINVAL, CORE, f"settings.{unknown}"):
            nl.call(K.CMD_SET, {"id": conn["id"],
                                "settings": nla(unknown)})


def check_frozen(nl, conn):
    for row in ROWS:
        if CONN not in row.levels or row.name == "label":
            continue
        with refused(errno.EBUSY, "fixed since the handshake began",
                     f"settings.{row.name}"):
            nl.set(conn, **{row.name: row.one})
    with refused(errno.EBUSY, "fixed since the handshake began",
                 "settings.mode"):
        nl.set(conn, label="not alone", mode=0)
    state = nl.get(conn)["state"]
    label = f"label in {state}"
    eq(nl.set(conn, label=label)["settings"]["label"], label)


@test("from begin on only the label can change")
def frozen():
    with Client() as nl, tls.Pair() as pair:
        ctx = nl.ctx_new()["ctx_id"]
        conn = nl.new(ctx, role=K.ROLE_CLIENT)["id"]
        fd, _ = pair.fds()
        before = nl.begin(conn, fd) and nl.get(conn)
        check_frozen(nl, conn)
        end, _ = tls.directions()
        nl.attach(id=conn, fd=fd, **end)
        check_frozen(nl, conn)
        eq(nl.get(conn)["settings_id"], before["settings_id"])
        pair.close()
        eventually(lambda: nl.get(conn)["state"] == K.STATE_CLOSED, "closed")
        check_frozen(nl, conn)
        nl.clear(conn)
        eq(nl.set(conn, mode=0)["settings"]["mode"], 0, "after clear")
    with Client() as nl, tls.Pair() as pair:
        conn = nl.new(nl.ctx_new()["ctx_id"])["id"]
        nl.begin(conn, pair.fds()[0])
        nl.fail(conn)
        check_frozen(nl, conn)


def der(size):
    """A SEQUENCE of this size in all."""
    return b"\x30\x82" + (size - 4).to_bytes(2, "big") + bytes(size - 4)


@test("large rows are reported when asked for, and inherited")
def large_rows():
    large = {name: der(K.BLOB_MAX)
             for name in ("trust_anchors", "crls", "chain_rsa", "ca_list")}
    with Client() as nl:
        ctx = nl.ctx_new()["ctx_id"]
        for name, value in large.items():
            assert name not in nl.ctx_set(ctx, **{name: value})["settings"]
        conn = nl.new(ctx)["id"]
        nl.ctx_set(ctx, **{name: b"" for name in large})
        copy = nl.dup(conn)["id"]
        for number in conn, copy:
            eq(sorted(nl.get(number)["large_rows"]),
               sorted(getattr(K, "A_SETTINGS_" + name.upper())
                      for name in large))
            for name, value in large.items():
                eq(nl.get_row(number, name), value, name)
        suites = [0x1400 + i for i in range(K.SUITES_MAX)]
        nl.set(copy, cipher_list=suites)
        eq(nl.get_row(copy, "cipher_list"), suites)
        with refused(errno.EINVAL, "too long", "settings.crls"):
            nl.set(conn, crls=der(K.BLOB_MAX + 1))
        eq(sorted(made["id"] for made in nl.dump()), sorted((conn, copy)))


@test("a message can have several settings, a row only once")
def several_settings():
    with Client() as nl:
        conn = nl.new(nl.ctx_new()["ctx_id"])["id"]
        head = nla(K.A_ID, conn.to_bytes(4, sys.byteorder))
        nests = [nest(K.A_SETTINGS, nla(number, der(40000)))
                 for number in (K.A_SETTINGS_CRLS, K.A_SETTINGS_CA_LIST)]
        nl.call(K.CMD_SET, head + b"".join(nests))
        for name in "crls", "ca_list":
            eq(nl.get_row(conn, name), der(40000), name)
        with refused(errno.EINVAL, "a setting twice", ...):
            nl.call(K.CMD_SET, head + nests[0] + nests[0])


@test("a session and a program's data are for holders alone")
def for_holders():
    with Client() as nl, Client() as other:
        conn = nl.new(nl.ctx_new()["ctx_id"])["id"]
        with refused(errno.ENODATA, "the connection has no session", "id"):
            nl.session(conn)
        nl.set(conn, session=b"secret", ex_data_0=b"mine")
        eq(nl.session(conn), b"secret")
        eq(nl.get_row(conn, "ex_data_0"), b"mine")
        rows = nl.get(conn)["settings"]
        assert "session" not in rows and "ex_data_0" not in rows
        with refused(errno.EPERM, "this client has no reference on it", "id"):
            other.session(conn)
        with refused(errno.EPERM, "a holder alone sees this row", "row"):
            other.get_row(conn, "ex_data_0")
        with refused(errno.EINVAL, "no row that get reports", "row"):
            nl.get_row(conn, "session")


@test("special keyrings and keys that are not there are refused")
def no_such_key():
    with Client() as nl:
        conn = nl.new(nl.ctx_new()["ctx_id"])["id"]
        for serial in 0xffffffff, 0xfffffffb, 0x80000000, 0x7fffffff:
            with refused(errno.ENOKEY, "no such key", "settings.psk_key"):
                nl.set(conn, psk_key=serial)
        eq(nl.get(conn)["settings"]["psk_key"], 0)


@test("set-ctx takes the certificates of the other context, only")
def switched():
    with Client() as nl:
        one = nl.ctx_new(session_id_context=b"one")["ctx_id"]
        two = nl.ctx_new(certificate_rsa=der(300), security_level=4,
                         session_id_context=b"two", verify_depth=3)["ctx_id"]
        conn = nl.new(one)["id"]
        after = nl.set_ctx(conn, two)
        eq(after["ctx_id"], two)
        eq(after["settings"]["security_level"], 4)
        eq(after["settings"]["session_id_context"], b"two")
        eq(after["settings"]["verify_depth"], -1)
        eq(nl.get_row(conn, "certificate_rsa"), der(300))
        eq((nl.ctx_get(one)["conns"], nl.ctx_get(two)["conns"]), (0, 1))


def main():
    large_rows()
    several_settings()
    for_holders()
    no_such_key()
    switched()
    table_complete()
    every_row()
    numbers()
    role_of_method()
    method_fixed()
    masks()
    refusals()
    conflicts()
    role_against_method()
    mask_alone()
    all_or_nothing()
    empty_and_unknown()
    frozen()
    tap.done()


if __name__ == "__main__":
    main()
