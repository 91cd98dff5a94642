#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Each row of the specification: set, reported, inherited, duplicated."""

import errno
from typing import NamedTuple

from lib import keys, tap
from lib.kssl import SETTINGS, Client, K, Refused
from lib.tap import eq, test

DER = b"\x30\x03\x02\x01\x07"
OTHER_DER = b"\x30\x02\x05\x00"
V1 = b"\x12\x34\x00\x01x"
V2 = b"\x00\x00\x01\x80" + V1
TLSA = b"\x00\x23\x03\x01\x01" + bytes(32)
CERT_SLOTS = ("rsa", "rsa_pss", "dsa", "ecc", "gost01", "gost12_256",
              "gost12_512", "ed25519", "ed448")
NO_ROWS = ("options_mask", "mode_mask", "callbacks_cookie")


class Row(NamedTuple):
    """Two values, bad ones with their errno, and where the row is."""
    one: object
    two: object
    bad: tuple = ()
    dup: bool = True
    levels: str = "both"
    needs: dict = {}


def number(top, one=1, two=0, bad=errno.EINVAL, **more):
    """The row has no value above top."""
    return Row(one, two, ((top + 1, bad),), **more)


def der(**more):
    return Row(DER, OTHER_DER, ((DER + b"\0", errno.EINVAL),
                                (b"\x31\x00", errno.EINVAL),
                                (DER[:-1], errno.EINVAL)), **more)


def codes(*values, limit=K.CODES_MAX):
    one, two = values
    return Row(one, two, ((one + one, errno.EINVAL),
                          (b"\x01", errno.EINVAL),
                          (list(range(1, limit + 2)), errno.EINVAL)))


def text(limit, **more):
    """Kernels differ in what they say to a text that is too long."""
    return Row("x" * limit, "näme",
               (("x" * (limit + 1), (errno.ERANGE, errno.EINVAL)),
                ("a\nb", errno.EINVAL)), **more)


def key(serials):
    return Row(serials[0], serials[1],
               ((0x7fffffff, errno.ENOKEY), (0xfffffffd, errno.ENOKEY)))


def make_keys():
    return [keys.add(f"kssl-{number}") for number in range(2)]


def table(serials):
    rows = {
        "method": Row(K.METHOD_CLIENT, K.METHOD_CLIENT,
                      ((3, errno.ERANGE),), False, "new ctx"),
        "options": Row(0, 1, ((0x20, errno.EINVAL),)),
        "mode": Row(0, 1, ((0x200, errno.EINVAL),)),
        "min_proto": number(0x0304, 0x0301, 0x0302),
        "max_proto": number(0x0304, 0x0304, 0x0303),
        "verify_mode": number(15, 1, 3),
        "verify_depth": number(100, 0, 100),
        "timeout": number(0x7fffffff, dup=False, levels="ctx"),
        "cipher_list": codes([0xc02f, 0xc030], [0x009c],
                             limit=K.SUITES_MAX),
        "ciphersuites": codes([0x1301], [0x1303, 0x1302],
                              limit=K.SUITES_MAX),
        "max_cert_list": Row(0, 0xffffffff),
        "read_ahead": number(1),
        "role": number(2, bad=errno.ERANGE, levels="conn"),
        "label": text(K.LABEL_MAX, dup=False),
        "verify_flags": Row(K.VERIFY_FLAG_CRL_CHECK,
                            K.VERIFY_FLAG_NO_CHECK_TIME,
                            ((1, errno.EINVAL), (2, errno.EINVAL),
                             (0x400000, errno.EINVAL))),
        "verify_purpose": number(10, bad=errno.ERANGE),
        "verify_trust": number(8, bad=errno.ERANGE),
        "verify_hosts": Row(b"\x01a\x02bc", b"\x01z",
                            ((b"\x00", errno.EINVAL),
                             (b"\x02a", errno.EINVAL),
                             (b"\x01\n", errno.EINVAL))),
        "verify_host_flags": number(0x3f),
        "verify_email": text(K.NAME_MAX),
        "verify_ip": Row(b"\x7f\x00\x00\x01", bytes(15) + b"\x01",
                         ((b"\x01" * 5, errno.EINVAL),)),
        "verify_time": number(0x7fffffffffffffff),
        "verify_auth_level": number(5, 0, 5),
        "trust_anchors": der(),
        "trust_system": number(1, bad=errno.ERANGE),
        "crls": der(),
        "session_id_context": Row(b"x" * 32, b"y"),
        "tmp_dh": der(),
        "dh_auto": number(2, bad=errno.ERANGE),
        "certificate_current": number(8, bad=errno.ERANGE),
        "sigalgs": codes([0x0804, 0x0403], [0x0401]),
        "client_sigalgs": codes([0x0804, 0x0403], [0x0401]),
        "dane_enabled": number(1, bad=errno.ERANGE),
        "dane_flags": number(1),
        "dane_mtypes": Row(b"\x01\x02", b"\x02\x00",
                           ((b"\x01", errno.EINVAL),
                            (b"\x00\x01", errno.EINVAL),
                            (b"\x03\x01", errno.EINVAL),
                            (b"\x01\x01\x01\x02", errno.EINVAL))),
        "dane_tlsa": Row(TLSA, TLSA + TLSA,
                         ((TLSA[:-1], errno.EINVAL),
                          (b"\x00\x23\x04" + TLSA[3:], errno.EINVAL),
                          (b"\x00\x04\x03\x01\x01x", errno.EINVAL)),
                         needs={"dane_enabled": 1}),
        "security_level": number(5, bad=errno.ERANGE),
        "ca_list": der(),
        "client_ca_list": der(),
        "serverinfo": Row(V1, b"\x00\x01\x00\x00",
                          ((V1[:-1], errno.EINVAL),
                           (V1 + V1, errno.EINVAL))),
        "serverinfo_v2": Row(V2, b"\x00\x00\x01\x80\x00\x01\x00\x00",
                             ((V2[:-1], errno.EINVAL),
                              (V2 + V2, errno.EINVAL))),
        "custom_extensions": Row(V2, b"\x00\x00\x01\x80\x00\x01\x00\x00",
                                 ((V2 + b"\0", errno.EINVAL),)),
        "psk_identity_hint": text(K.PSK_IDENTITY_MAX),
        "psk_identity": text(K.PSK_IDENTITY_MAX),
        "psk_key": key(serials),
        "client_cert_types": Row(b"\x01\x40", b"\x40"),
        "callbacks": number(K.CALLBACK_PSK * 2 - 1),
        "sni": text(K.NAME_MAX, dup=False),
        "alpn": Row(b"\x02h2\x08http/1.1", b"\x02h2",
                    ((b"\x00", errno.EINVAL), (b"\x03h2", errno.EINVAL)),
                    False),
        "groups": codes([29, 23], [0x11ec])._replace(dup=False),
        "num_tickets": Row(0, 0xffffffff, dup=False),
        "ticket_keys": Row(serials, serials[:1],
                           (([serials[0]] * 5, errno.EINVAL),
                            (serials + [0x7fffffff], errno.ENOKEY),
                            (b"\x01", errno.EINVAL)), False),
        "max_early_data": Row(1, 0xffffffff, dup=False),
        "recv_max_early_data": Row(0, 0xffffffff, dup=False),
        "quiet_shutdown": number(1, bad=errno.ERANGE, dup=False),
        "block_padding": number(16384, 16384, 1, bad=errno.ERANGE,
                                dup=False),
        "max_send_fragment": Row(16383, 512, ((511, errno.EINVAL),
                                              (16385, errno.EINVAL)), False,
                                 needs={"split_send_fragment": 512}),
        "split_send_fragment": Row(1, 512, ((0, errno.EINVAL),
                                            (16385, errno.EINVAL)), False),
        "max_fragment_len": number(4, bad=errno.ERANGE, dup=False),
        "share": number(1, bad=errno.ERANGE, dup=False),
        "keep": number(1, bad=errno.ERANGE, dup=False),
    }
    for slot in CERT_SLOTS:
        rows |= {"certificate_" + slot: der(), "chain_" + slot: der(),
                 "private_key_" + slot: key(serials), "ocsp_" + slot: der()}
    for index in range(K.EX_DATA_MAX):
        rows[f"ex_data_{index}"] = Row(b"\0", b"x" * 200)
    return rows


@test("this table has a row for each of the specification")
def complete(rows):
    """But for the session, a secret that get never reports."""
    wanted = set(SETTINGS.kinds) - set(NO_ROWS) - {"session"}
    eq(sorted(rows), sorted(wanted))


def read(get, obj, name):
    rows = get(obj)["settings"]
    return rows[name] if name in rows else get(obj, name)["settings"][name]


def default_of(name):
    with Client() as nl:
        return read(nl.ctx_get, nl.ctx_new()["ctx_id"], name)


def check_ctx(nl, name, row):
    ctx = nl.ctx_new(**{name: row.one}, **row.needs)["ctx_id"]
    eq(read(nl.ctx_get, ctx, name), row.one, "of the context")
    conn = nl.new(ctx)["id"]
    eq(read(nl.get, conn, name), row.one, "inherited")
    if row.levels != "new ctx":
        nl.ctx_set(ctx, **{name: row.two})
        eq(read(nl.ctx_get, ctx, name), row.two, "after a change")
    eq(read(nl.get, conn, name), row.one, "after a change of the context")
    eq(read(nl.get, nl.dup(conn)["id"], name), row.one if row.dup else row.two,
       "after dup")


def check_conn(nl, name, row, default):
    ctx = nl.ctx_new()["ctx_id"]
    conn = nl.new(ctx, **{name: row.one}, **row.needs)["id"]
    eq(read(nl.get, conn, name), row.one, "of the connection")
    copy = nl.dup(conn)["id"]
    nl.set(conn, **{name: row.two})
    eq(read(nl.get, conn, name), row.two, "after a change")
    eq(read(nl.get, copy, name), row.one if row.dup else default,
       "after dup, then a change of the source")
    eq(read(nl.ctx_get, ctx, name), default, "of the context")


def expect_refusal(request, wanted, blame):
    try:
        request()
    except Refused as why:
        eq(why.blame, blame)
        assert why.errno in (wanted if isinstance(wanted, tuple)
                             else (wanted,)), why
    else:
        raise AssertionError("not refused")


def check_bad(nl, name, row):
    """A bad value is refused, and the good one beside it does not stay."""
    ctx = nl.ctx_new()["ctx_id"]
    conn = nl.new(ctx)["id"]
    requests = [lambda rows: nl.ctx_new(**rows)]
    if row.levels in ("both", "ctx"):
        requests.append(lambda rows: nl.ctx_set(ctx, **rows))
    if row.levels == "conn":
        requests = []
    if row.levels in ("both", "conn"):
        requests.append(lambda rows: nl.set(conn, **rows))
        requests.append(lambda rows: nl.new(ctx, **rows))
    before = nl.ctx_get(ctx), nl.get(conn)
    for request in requests:
        for value, wanted in row.bad:
            rows = {"max_cert_list": 7, **row.needs, name: value}
            expect_refusal(lambda r=request, v=rows: r(v), wanted,
                           f"settings.{name}")
    after = nl.ctx_get(ctx), nl.get(conn)
    for old, new in zip(before, after):
        for part in "settings_id", "inherit_id", "settings":
            eq(new[part], old[part], part)
    eq((len(nl.ctx_dump()), len(nl.dump())), (1, 1), "objects")


def walk(rows):
    for name, row in rows.items():
        default = default_of(name)
        with test(f"{name}: its first value is not the default"):
            assert row.one != default, default
        with Client() as nl:
            if row.levels != "conn":
                with test(f"{name} of a context"):
                    check_ctx(nl, name, row)
            if row.levels in ("both", "conn"):
                with test(f"{name} of a connection"):
                    check_conn(nl, name, row, default)
        if row.bad:
            with Client() as nl, test(f"{name}: bad values change nothing"):
                check_bad(nl, name, row)


def main():
    rows = table(make_keys())
    complete(rows)
    walk(rows)
    tap.done()


if __name__ == "__main__":
    main()
