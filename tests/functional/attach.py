#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Each begin and attach that is refused: why, and that it did no harm."""

import contextlib
import errno
import os
import socket
import threading

from lib import process, tap, tls
from lib.kssl import Client, K, eventually, refused
from lib.tap import Skip, eq, test
from lib.tls import TLS12, TLS13

AES128, AES256, CHACHA, CCM = tls.TLS13_SUITES
OLD = tls.TLS12_SUITES[0]

NOT_LISTED = "the settings do not list the cipher suite"
WRONG_VERSION = "not a cipher suite of this TLS version"
NOT_CARRIED = "net/tls cannot carry this cipher suite"
NOT_HAD = "net/tls does not have this TLS version"
SIZE = "not of the cipher's size"
NO_KEY = "neither a key nor a secret"
NO_SEQ = "rec-seq is missing"

CLIENT = {"role": K.ROLE_CLIENT}


def crypto(suite=AES128, **changed):
    """A direction in the keys form; a part that is None is left out."""
    parts = {**tls.keys(suite), **changed}
    return {name: part for name, part in parts.items() if part is not None}


def with_secret(suite=AES128, **more):
    return {**tls.secret(suite), **more}


# name, settings, what differs in the request, errno, text, whom it blames
POLICY = (
    ("the role is unset", {"role": K.ROLE_UNSET}, {},
     errno.EPERM, "the role is unset", "settings.role"),
    ("TLS 1.2 below min-proto", {"min_proto": TLS13},
     {"version": TLS12, "suite": OLD.code},
     errno.EPERM, "the TLS version is below min-proto", "version"),
    ("TLS 1.3 above max-proto", {"max_proto": TLS12}, {},
     errno.EPERM, "the TLS version is above max-proto", "version"),
    ("TLS 1.2 disabled by an option", {"options": K.OP_NO_TLSV1_2},
     {"version": TLS12, "suite": OLD.code},
     errno.EPERM, "an option disables the TLS version", "version"),
    ("TLS 1.3 disabled by an option", {"options": K.OP_NO_TLSV1_3}, {},
     errno.EPERM, "an option disables the TLS version", "version"),
    ("TLS 1.1", {}, {"version": 0x0302}, errno.EINVAL, NOT_HAD, "version"),
    ("TLS 1.4", {}, {"version": 0x0305}, errno.EINVAL, NOT_HAD, "version"),
    ("no version", {}, {"version": 0}, errno.EINVAL, NOT_HAD, "version"),
    ("a TLS 1.3 suite not in the list",
     {"ciphersuites": [AES256.code, CHACHA.code]}, {},
     errno.EPERM, NOT_LISTED, "suite"),
    ("an empty list", {"ciphersuites": []}, {},
     errno.EPERM, NOT_LISTED, "suite"),
    ("CCM, which is not in the default list", {}, {"suite": CCM.code},
     errno.EPERM, NOT_LISTED, "suite"),
    ("a TLS 1.2 suite not in the list", {"cipher_list": [0xc030]},
     {"version": TLS12, "suite": OLD.code}, errno.EPERM, NOT_LISTED, "suite"),
    ("a TLS 1.2 suite in TLS 1.3", {}, {"suite": OLD.code},
     errno.EINVAL, WRONG_VERSION, "suite"),
    ("a TLS 1.3 suite in TLS 1.2", {}, {"version": TLS12},
     errno.EINVAL, WRONG_VERSION, "suite"),
    ("a suite that net/tls cannot carry", {"ciphersuites": [0x1305]},
     {"suite": 0x1305}, errno.EOPNOTSUPP, NOT_CARRIED, "suite"),
    ("a CBC suite", {"cipher_list": [0xc013]},
     {"version": TLS12, "suite": 0xc013},
     errno.EOPNOTSUPP, NOT_CARRIED, "suite"),
    ("suite 0", {}, {"suite": 0}, errno.EOPNOTSUPP, NOT_CARRIED, "suite"),
    ("verify-mode without a result", {"verify_mode": K.VERIFY_PEER}, {},
     errno.EPERM, "verify-mode wants a verify result", "verify_result"),
    ("a server that needs a result and has none",
     {"role": K.ROLE_SERVER, "verify_mode":
      K.VERIFY_PEER | K.VERIFY_FAIL_IF_NO_PEER_CERT}, {},
     errno.EPERM, "verify-mode wants a verify result", "verify_result"),
    ("verify-mode and a bad result", {"verify_mode": K.VERIFY_PEER},
     {"verify_result": 20},
     errno.EPERM, "the peer's certificate is not good", "verify_result"),
    ("a key that is too short", {}, {"tx": crypto(key=bytes(15))},
     errno.EINVAL, SIZE, "tx.key"),
    ("a key that is too long", {}, {"rx": crypto(key=bytes(32))},
     errno.EINVAL, SIZE, "rx.key"),
    ("a key of another cipher", {},
     {"suite": AES256.code}, errno.EINVAL, SIZE, "tx.key"),
    ("an iv that is too short", {}, {"tx": crypto(iv=bytes(7))},
     errno.EINVAL, SIZE, "tx.iv"),
    ("an iv that is too long", {}, {"rx": crypto(iv=bytes(12))},
     errno.EINVAL, SIZE, "rx.iv"),
    ("no iv", {}, {"rx": crypto(iv=None)}, errno.EINVAL, SIZE, "rx.iv"),
    ("a salt that is too short", {}, {"tx": crypto(salt=bytes(3))},
     errno.EINVAL, SIZE, "tx.salt"),
    ("no salt", {}, {"tx": crypto(salt=None)},
     errno.EINVAL, SIZE, "tx.salt"),
    ("a salt where there is none", {},
     {"suite": CHACHA.code, "tx": crypto(CHACHA, salt=bytes(4)),
      "rx": crypto(CHACHA)}, errno.EINVAL, SIZE, "tx.salt"),
    ("neither key nor secret", {}, {"tx": crypto(key=None)},
     errno.EINVAL, NO_KEY, "tx"),
    ("an empty key", {}, {"rx": crypto(key=b"")}, errno.EINVAL, NO_KEY, "rx"),
    ("a secret that is too short", {}, {"tx": with_secret(secret=bytes(31))},
     errno.EINVAL, "not of the size of the suite's hash", "tx.secret"),
    ("a secret that is too long", {}, {"rx": with_secret(secret=bytes(48))},
     errno.EINVAL, "not of the size of the suite's hash", "rx.secret"),
    ("a secret of another hash", {},
     {"suite": AES256.code, "tx": with_secret(), "rx": with_secret()},
     errno.EINVAL, "not of the size of the suite's hash", "tx.secret"),
    ("a key and a secret", {}, {"tx": crypto(secret=bytes(32))},
     errno.EINVAL, "a key and a secret exclude each other", "tx.secret"),
    ("a secret in TLS 1.2", {},
     {"version": TLS12, "suite": OLD.code, "tx": with_secret()},
     errno.EINVAL, "only TLS 1.3 has traffic secrets", "tx.secret"),
    ("no sequence for tx", {}, {"tx": crypto(rec_seq=None)},
     errno.EINVAL, NO_SEQ, "tx"),
    ("no sequence for rx", {}, {"rx": crypto(rec_seq=None)},
     errno.EINVAL, NO_SEQ, "rx"),
    ("a key longer than any", {}, {"tx": crypto(key=bytes(33))},
     errno.ERANGE, "", "tx.key"),
    ("an iv longer than any", {}, {"tx": crypto(iv=bytes(13))},
     errno.ERANGE, "", "tx.iv"),
    ("a salt longer than any", {}, {"rx": crypto(salt=bytes(5))},
     errno.ERANGE, "", "rx.salt"),
    ("a secret longer than any", {}, {"rx": with_secret(secret=bytes(49))},
     errno.ERANGE, "", "rx.secret"),
)

# From the handler, so not an outcome that get would report.
EARLY = (NO_SEQ, "")


def talk_plainly(pair):
    for source, sink in ((pair.client, pair.server),
                         (pair.server, pair.client)):
        source.sendall(b"plain")
        eq(tls.receive(sink, 5), b"plain", "plaintext")


def look(nl, conn):
    seen = nl.get(conn)
    return {key: seen[key] for key in seen
            if key not in ("age", "result", "result_text")}


def by_id(nl, pair, settings, end, wanted):
    number, text, _ = wanted
    conn = nl.new(nl.ctx_new()["ctx_id"], **{**CLIENT, **settings})["id"]
    fd, _ = pair.fds()
    for begun in False, True:
        if begun:
            nl.begin(conn, fd)
        before = look(nl, conn)
        with refused(*wanted):
            nl.attach(id=conn, fd=fd, **end)
        eq(look(nl, conn), before, "the connection")
        seen = nl.get(conn)
        if text not in EARLY:
            eq(seen.get("result"), -number, "what get reports")
            eq(seen.get("result_text"), text, "what get reports")
        talk_plainly(pair)
    nl.free(conn)


def by_ctx(nl, pair, settings, end, wanted):
    ctx = nl.ctx_new()["ctx_id"]
    with refused(*wanted):
        nl.attach(ctx_id=ctx, fd=pair.fds()[0],
                  settings={**CLIENT, **settings}, **end)
    eq(nl.ctx_get(ctx)["conns"], 0, "connections of the context")
    nl.ctx_free(ctx)
    talk_plainly(pair)


def retry(nl, pair):
    """The socket is as good as before."""
    tls.attach_pair(nl, nl.ctx_new()["ctx_id"], pair)
    tls.exchange(pair, [10])


def policy():
    with Client() as nl:
        for name, settings, changed, number, text, blamed in POLICY:
            with test(f"attach refused: {name}"), tls.Pair() as pair:
                end = {**tls.directions()[0], **changed}
                if changed.get("version") == TLS12 and "tx" not in changed:
                    end.update(tx=crypto(OLD), rx=crypto(OLD))
                wanted = number, text, blamed
                by_id(nl, pair, settings, end, wanted)
                by_ctx(nl, pair, settings, end, wanted)
                retry(nl, pair)


@test("a good verify result is accepted and reported")
def verified():
    with Client() as nl, tls.Pair() as pair:
        one, two = tls.directions()
        ctx = nl.ctx_new(verify_mode=K.VERIFY_PEER)["ctx_id"]
        conn = nl.new(ctx, **CLIENT)["id"]
        fds = pair.fds()
        nl.attach(id=conn, fd=fds[0], verify_result=0, **one)
        eq(nl.get(conn)["verify_result"], 0)
        peer = nl.new(nl.ctx_new()["ctx_id"], role=K.ROLE_SERVER)["id"]
        nl.attach(id=peer, fd=fds[1], verify_result=18, **two)
        eq(nl.get(peer)["verify_result"], 18, "without verify-mode")
        tls.exchange(pair, [10])


@test("a server may do without its clients' certificates")
def optional():
    with Client() as nl, tls.Pair() as pair:
        one, two = tls.directions()
        ctx = nl.ctx_new(verify_mode=K.VERIFY_PEER)["ctx_id"]
        conn = nl.new(ctx, role=K.ROLE_SERVER)["id"]
        fds = pair.fds()
        nl.attach(id=conn, fd=fds[1], **two)
        assert "verify_result" not in nl.get(conn)
        peer = nl.new(nl.ctx_new()["ctx_id"], **CLIENT)["id"]
        nl.attach(id=peer, fd=fds[0], **one)
        tls.exchange(pair, [10])


# Sockets

@contextlib.contextmanager
def listening():
    with socket.create_server(("127.0.0.1", 0)) as sock:
        yield sock.fileno()


@contextlib.contextmanager
def one_of(*args):
    with socket.socket(*args) as sock:
        yield sock.fileno()


@contextlib.contextmanager
def unix():
    one, two = socket.socketpair()
    with one, two:
        yield one.fileno()


@contextlib.contextmanager
def opened(path, flags):
    fd = os.open(path, flags)
    try:
        yield fd
    finally:
        os.close(fd)


@contextlib.contextmanager
def end_of_pair(prepare):
    with tls.Pair() as pair:
        prepare(pair)
        yield pair.client.fileno()


@contextlib.contextmanager
def closed():
    fd = os.open("/dev/null", os.O_RDONLY)
    os.close(fd)
    yield fd


def with_keys(**which):
    one, _ = tls.directions()
    return lambda pair: tls.install(
        pair.client, tls.DEFAULT,
        **{side: one[side] for side in which})


def other_ulp(pair):
    with open("/proc/sys/net/ipv4/tcp_available_ulp",
              encoding="ascii") as file:
        others = set(file.read().split()) - {"tls", "mptcp", "smc"}
    if not others:
        raise Skip("this kernel has no other ULP")
    tls.set_ulp(pair.client, others.pop().encode())


def half_closed(pair):
    pair.server.shutdown(socket.SHUT_WR)
    eq(pair.client.recv(1), b"")


def reset(pair):
    pair.client.sendall(b"unread")
    pair.server.close()
    try:
        pair.client.recv(1)
    except ConnectionResetError:
        pass


NOT_TCP = errno.EOPNOTSUPP, "not a TCP socket"
NOT_CONNECTED = errno.ENOTCONN, "the socket is not connected"
IS_KTLS = errno.EBUSY, "the socket is kTLS already"

SOCKETS = (
    ("a file", lambda: opened("/dev/null", os.O_RDWR),
     errno.ENOTSOCK, "not a socket"),
    ("a path", lambda: opened("/", os.O_PATH),
     errno.EBADF, "no such file descriptor"),
    ("a closed fd", closed, errno.EBADF, "no such file descriptor"),
    ("a UDP socket", lambda: one_of(socket.AF_INET, socket.SOCK_DGRAM),
     *NOT_TCP),
    ("a UDP socket of IPv6",
     lambda: one_of(socket.AF_INET6, socket.SOCK_DGRAM), *NOT_TCP),
    ("an AF_UNIX socket", unix, *NOT_TCP),
    ("a netlink socket",
     lambda: one_of(socket.AF_NETLINK, socket.SOCK_RAW, 16), *NOT_TCP),
    ("a raw socket",
     lambda: one_of(socket.AF_INET, socket.SOCK_RAW, 6), *NOT_TCP),
    ("an unconnected socket", lambda: one_of(socket.AF_INET), *NOT_CONNECTED),
    ("a listening socket", listening, *NOT_CONNECTED),
    ("a socket whose peer has shut down", lambda: end_of_pair(half_closed),
     *NOT_CONNECTED),
    ("a socket whose peer has reset it", lambda: end_of_pair(reset),
     *NOT_CONNECTED),
    ("a kTLS socket", lambda: end_of_pair(with_keys(tx=1, rx=1)), *IS_KTLS),
    ("a socket that does kTLS to send", lambda: end_of_pair(with_keys(tx=1)),
     *IS_KTLS),
    ("a socket that does kTLS to receive",
     lambda: end_of_pair(with_keys(rx=1)), *IS_KTLS),
    ("a socket with another ULP", lambda: end_of_pair(other_ulp),
     errno.EEXIST, "the socket has another ULP"),
)


def sockets():
    with Client() as nl:
        ctx = nl.ctx_new()["ctx_id"]
        conn = nl.new(ctx, **CLIENT)["id"]
        end, _ = tls.directions()
        for name, make, number, text in SOCKETS:
            with test(f"begin and attach refused: {name}"), make() as fd:
                before = look(nl, conn)
                with refused(number, text, "fd"):
                    nl.begin(conn, fd)
                with refused(number, text, "fd"):
                    nl.attach(id=conn, fd=fd, **end)
                with refused(number, text, "fd"):
                    nl.attach(ctx_id=ctx, fd=fd, settings=CLIENT, **end)
                eq(look(nl, conn), before)
                eq(nl.ctx_get(ctx)["conns"], 1)


@test("an MPTCP socket")
def mptcp():
    try:
        sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM, 262)
    except OSError as why:
        raise Skip("this kernel has no MPTCP") from why
    with Client() as nl, sock:
        conn = nl.new(nl.ctx_new()["ctx_id"], **CLIENT)["id"]
        with refused(errno.EOPNOTSUPP, "not a TCP socket", "fd"):
            nl.begin(conn, sock.fileno())


@test("a socket with the tls ULP, but without keys, is fit")
def bare_ulp():
    with Client() as nl, tls.Pair() as pair:
        tls.set_ulp(pair.client)
        tls.attach_pair(nl, nl.ctx_new()["ctx_id"], pair)
        tls.exchange(pair, [10])


# States

@test("attach twice, on the same and on another socket")
def attach_twice():
    with Client() as nl, tls.Pair() as pair, tls.Pair() as other:
        one, two = tls.directions()
        conn = nl.new(nl.ctx_new()["ctx_id"], **CLIENT)["id"]
        fds = pair.fds()
        nl.attach(id=conn, fd=fds[0], **one)
        before = look(nl, conn)
        for fd in fds[0], other.fds()[0]:
            with refused(errno.EBUSY, "the connection is attached", "id"):
                nl.attach(id=conn, fd=fd, **one)
            with refused(errno.EBUSY, "the connection is attached", "id"):
                nl.attach(id=conn, fd=fd, **tls.only(one, "rx"))
            with refused(errno.EBUSY, "the connection is attached", "id"):
                nl.begin(conn, fd)
        for call in nl.clear, nl.fail:
            with refused(errno.EBUSY, "the connection is attached", "id"):
                call(conn)
        eq(look(nl, conn), before)
        talk_plainly(other)
        nl.attach(ctx_id=nl.ctx_new()["ctx_id"], fd=fds[1],
                  settings={"role": K.ROLE_SERVER}, **two)
        tls.exchange(pair, [10])


@test("another connection on a socket that belongs to one")
def taken_socket():
    with Client() as nl, tls.Pair() as pair:
        end, _ = tls.directions()
        ctx = nl.ctx_new()["ctx_id"]
        first = nl.new(ctx, **CLIENT)["id"]
        second = nl.new(ctx, **CLIENT)["id"]
        fd, _ = pair.fds()
        nl.begin(first, fd)
        taken = errno.EBUSY, "the socket belongs to another connection", "fd"
        with refused(*taken):
            nl.begin(second, fd)
        with refused(*taken):
            nl.attach(id=second, fd=fd, **end)
        with refused(*taken):
            nl.attach(ctx_id=ctx, fd=fd, settings=CLIENT, **end)
        eq(nl.get(second)["state"], K.STATE_INITIAL)
        nl.clear(first)
        nl.begin(second, fd)
        with refused(*taken):
            nl.begin(first, fd)
        nl.free(second)
        nl.begin(first, fd)
        nl.attach(id=first, fd=fd, **end)
        second = nl.new(ctx, **CLIENT)["id"]
        ktls = errno.EBUSY, "the socket is kTLS already", "fd"
        with refused(*ktls):
            nl.begin(second, fd)
        with refused(*ktls):
            nl.attach(id=second, fd=fd, **end)


@test("attach on another socket than that of begin")
def other_socket():
    with Client() as nl, tls.Pair() as pair:
        end, _ = tls.directions()
        conn = nl.new(nl.ctx_new()["ctx_id"], **CLIENT)["id"]
        fds = pair.fds()
        nl.begin(conn, fds[0])
        before = look(nl, conn)
        with refused(errno.EINVAL, "the handshake began on another socket",
                     "fd"):
            nl.attach(id=conn, fd=fds[1], **end)
        eq(look(nl, conn), before)
        talk_plainly(pair)
        nl.attach(id=conn, fd=fds[0], **end)


@test("what each state refuses")
def states():
    with Client() as nl, tls.Pair() as pair:
        end, _ = tls.directions()
        conn = nl.new(nl.ctx_new()["ctx_id"], **CLIENT)["id"]
        fd, _ = pair.fds()
        with refused(errno.EBUSY, "the handshake has not begun", "id"):
            nl.fail(conn)
        nl.clear(conn)
        nl.begin(conn, fd)
        with refused(errno.EBUSY, "the handshake has begun", "id"):
            nl.begin(conn, fd)
        nl.fail(conn)
        for call in (lambda: nl.begin(conn, fd), lambda: nl.fail(conn),
                     lambda: nl.attach(id=conn, fd=fd, **end)):
            with refused(errno.EBUSY, "the connection is in error", "id"):
                call()
        nl.clear(conn)
        nl.begin(conn, fd)
        nl.attach(id=conn, fd=fd, **end)
        pair.close()
        eventually(lambda: nl.get(conn)["state"] == K.STATE_CLOSED, "closed")
        with tls.Pair() as other:
            fd, _ = other.fds()
            for call in (lambda: nl.begin(conn, fd), lambda: nl.fail(conn),
                         lambda: nl.attach(id=conn, fd=fd, **end)):
                with refused(errno.EBUSY, "the connection is closed", "id"):
                    call()
            seen = nl.clear(conn)
            eq(seen["state"], K.STATE_INITIAL)
            for key in "version", "suite", "family", "sock_cookie":
                assert key not in seen, f"{key} after clear"
            nl.attach(id=conn, fd=fd, **end)
            eq(nl.get(conn)["state"], K.STATE_ESTABLISHED)


@test("a socket that somebody is writing plaintext to")
def writer():
    with Client() as nl, tls.Pair() as pair:
        end, _ = tls.directions()
        conn = nl.new(nl.ctx_new()["ctx_id"], **CLIENT)["id"]
        for sock in pair.client, pair.server:
            sock.settimeout(None)
        data = bytes(20000000)
        thread = threading.Thread(target=pair.client.sendall, args=(data,))
        thread.start()
        fd, _ = pair.fds()

        eventually(lambda: process.sleeps(thread.native_id),
                   "the writer waits")
        with refused(errno.EBUSY, "somebody is writing to the socket", "fd"):
            nl.attach(id=conn, fd=fd, **end)
        eq(nl.get(conn)["state"], K.STATE_INITIAL)
        assert tls.receive(pair.server, len(data)) == data, "plaintext"
        thread.join()
        nl.attach(id=conn, fd=fd, **end)


@test("a handshake whose socket is closed is a closed connection")
def closed_in_handshake():
    with Client() as nl:
        conn = nl.new(nl.ctx_new()["ctx_id"], **CLIENT)["id"]
        for _ in range(2):
            with tls.Pair() as pair:
                nl.begin(conn, pair.fds()[0])
            eventually(lambda: nl.get(conn)["state"] == K.STATE_CLOSED,
                       "closed")
            nl.clear(conn)


@test("a result is reported until the next one or clear")
def results():
    with Client() as nl, tls.Pair() as pair:
        end, _ = tls.directions()
        conn = nl.new(nl.ctx_new()["ctx_id"])["id"]
        assert "result" not in nl.get(conn)
        with refused(errno.EPERM, "the role is unset", "settings.role"):
            nl.attach(id=conn, fd=pair.fds()[0], **end)
        eq(nl.get(conn)["result"], -errno.EPERM)
        nl.clear(conn)
        assert "result" not in nl.get(conn)
        with refused(errno.EPERM, "the role is unset", "settings.role"):
            nl.attach(id=conn, fd=pair.fds()[0], **end)
        nl.begin(conn, pair.fds()[0])
        seen = nl.get(conn)
        assert "result" not in seen and "result_text" not in seen


def main():
    policy()
    verified()
    optional()
    sockets()
    mptcp()
    bare_ulp()
    attach_twice()
    taken_socket()
    other_socket()
    states()
    writer()
    closed_in_handshake()
    results()
    tap.done()


if __name__ == "__main__":
    main()
