#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""A worker without privileges and without the key serves what another process
has shaken hands for, and gets at nothing else."""

import contextlib
import ctypes
import errno
import os
import pathlib
import socket
import ssl
import subprocess
import tempfile
import threading

from lib import process, tap, tls
from lib.kssl import Client, K, Refused, refused
from lib.process import Remote
from lib.tap import eq, test

ALICE, BOB = 1000, 1001
SUITE = next(suite for suite in tls.TLS13_SUITES
             if suite.name == "AES-256-GCM")
OTHER = next(suite for suite in tls.TLS13_SUITES if suite is not SUITE)
SERVER = {"role": K.ROLE_SERVER, "keep": 1, "ciphersuites": [SUITE.code]}
SECRETS = "SERVER_TRAFFIC_SECRET_0", "CLIENT_TRAFFIC_SECRET_0"
PR_SET_NO_NEW_PRIVS = 38
SYS_PIDFD_OPEN, SYS_PIDFD_GETFD = 434, 438

NOT_HELD = "this client has no reference on it"
NOT_OURS = "it belongs to another user"
NEEDS_ADMIN = "a reference by id needs CAP_NET_ADMIN"
NO_MORE = "there is the right to use only"
USE_ONLY = "the reference permits use only"
FROZEN = "fixed since the handshake began"

libc = ctypes.CDLL(None, use_errno=True)


class Files:
    """A certificate and its private key, which is ALICE's alone."""

    def __init__(self, path):
        self.path = pathlib.Path(path)
        self.certificate = self.path / "certificate"
        self.key = self.path / "key"
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
             "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj",
             "/CN=localhost", "-keyout", self.key, "-out", self.certificate],
            check=True, capture_output=True)
        self.path.chmod(0o755)
        self.key.chmod(0o600)
        os.chown(self.key, ALICE, ALICE)


def receive_record(sock):
    header = tls.receive(sock, 5)
    return header + tls.receive(sock, int.from_bytes(header[3:], "big"))


def shake_hands(context, sock):
    """A server's handshake, in OpenSSL, that reads nothing of what follows."""
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    tls_object = context.wrap_bio(incoming, outgoing, server_side=True)
    while True:
        try:
            tls_object.do_handshake()
            break
        except ssl.SSLWantReadError:
            sock.sendall(outgoing.read())
            incoming.write(receive_record(sock))
    sock.sendall(outgoing.read())
    eq(tls_object.cipher()[0], "TLS_AES_256_GCM_SHA384")


class KeyHolder(Client):
    """Shakes hands, attaches, and gives the connection away."""

    def __init__(self, unix, files):
        super().__init__()
        self.unix = unix
        self.log = tempfile.NamedTemporaryFile()
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(files.certificate, files.key)
        self.context.minimum_version = ssl.TLSVersion.TLSv1_3
        self.context.num_tickets = 0
        self.context.keylog_filename = self.log.name
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.ctx = self.ctx_new(keep=1)["ctx_id"]
        self.secrets = {}

    def port(self):
        return self.listener.getsockname()[1]

    def _read_secrets(self):
        words = [line.split() for line in
                 pathlib.Path(self.log.name).read_text("ascii").splitlines()
                 if not line.startswith("#")]
        self.secrets = {name: bytes.fromhex(value)
                        for name, _, value in words}
        return [{"secret": self.secrets[name], "rec_seq": 0}
                for name in SECRETS]

    def accept(self):
        """Accepts and attaches one; its id."""
        sock, _ = self.listener.accept()
        with sock:
            sock.settimeout(60)
            shake_hands(self.context, sock)
            sent, received = self._read_secrets()
            return self.attach(id=self.new_server(), fd=sock.fileno(),
                               version=tls.TLS13, suite=SUITE.code, tx=sent,
                               rx=received)["id"]

    def new_server(self):
        return self.new(self.ctx, **SERVER)["id"]

    def give(self, conn, rights):
        fd = self.open_fd(conn, rights=rights)
        socket.send_fds(self.unix, [b"x"], [fd])
        os.close(fd)

    def material(self):
        """What nobody may learn of the last connection."""
        found = []
        for name in SECRETS:
            secret = self.secrets[name]
            found += [secret, tls.derive(SUITE, {"secret": secret,
                                                 "rec_seq": 0})["key"]]
        return found


class Worker(Client):
    """Serves what it is given, and remembers all that the kernel says."""

    def __init__(self, unix):
        libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
        self.heard = b""
        super().__init__()
        self.unix = unix
        self.socks = {}

    def receive(self):
        for kind, flags, seq, payload in super().receive():
            self.heard += payload
            yield kind, flags, seq, payload

    def privileges(self):
        status = pathlib.Path("/proc/self/status").read_text("ascii")
        fields = dict(line.split(":\t", 1) for line in status.splitlines())
        return (os.getuid(), int(fields["CapEff"], 16),
                int(fields["CapPrm"], 16), int(fields["NoNewPrivs"]))

    def read_file(self, path):
        return pathlib.Path(path).read_bytes()

    def receive_fd(self, **attrs):
        _, (fd,), _, _ = socket.recv_fds(self.unix, 1, 1)
        try:
            return self.import_fd(fd, **attrs)
        finally:
            os.close(fd)

    def refused_all(self):
        """Imports for use what comes, once it was refused everything."""
        _, (fd,), _, _ = socket.recv_fds(self.unix, 1, 1)
        try:
            self.import_fd(fd, rights=K.RIGHTS_ALL)
        except Refused as why:
            seen = why.errno, why.text
        else:
            seen = None
        try:
            return seen, self.import_fd(fd)["id"]
        finally:
            os.close(fd)

    def serve(self, conn):
        """Answers one line, by plain system calls."""
        sock = self.socks[conn] = socket.socket(fileno=self.sock_fd(conn))
        sock.settimeout(60)
        request = sock.recv(100)
        sock.sendall(request.upper() * 10000)

    def keys(self, conn):
        return [tls.reported(self.socks[conn], SUITE, direction)
                for direction in (tls.TLS_TX, tls.TLS_RX)]

    def ask_everything(self, conn):
        """All that can be asked of a connection, refused or not."""
        for call in (self.get, self.dup, self.session, self.up_ref,
                     lambda conn: self.get_row(conn, "session"),
                     lambda conn: self.dump(), lambda conn: self.ctx_dump()):
            with contextlib.suppress(Refused):
                call(conn)

    def knows(self, pieces):
        """Which of the pieces any reply had."""
        return [piece for piece in pieces if piece in self.heard]

    def steal(self, pid, fd):
        """pidfd_getfd(2); the errno, or the id that the file is of."""
        pidfd = libc.syscall(SYS_PIDFD_OPEN, pid, 0)
        got = libc.syscall(SYS_PIDFD_GETFD, pidfd, fd, 0)
        number = ctypes.get_errno()
        os.close(pidfd)
        if got < 0:
            return number
        try:
            return self.import_fd(got)["id"]
        finally:
            os.close(got)


def new_net():
    process.unshare(process.CLONE_NEWNET)


class Customer(threading.Thread):
    """Somebody's TLS client, with OpenSSL as it comes."""

    def __init__(self, port, certificate):
        super().__init__()
        self.port = port
        self.context = ssl.create_default_context(cafile=certificate)
        self.got = b""
        self.start()

    def run(self):
        with socket.create_connection(("127.0.0.1", self.port)) as plain, \
                self.context.wrap_socket(
                    plain, server_hostname="localhost") as sock:
            sock.sendall(b"hello")
            while len(self.got) < 50000:
                part = sock.recv(65536)
                if not part:
                    break
                self.got += part


@contextlib.contextmanager
def cast(keep=()):
    """The one who has the key, the worker, and the files."""
    here, there = socket.socketpair()
    with tempfile.TemporaryDirectory() as path, here, there:
        files = Files(path)
        with Remote(lambda: KeyHolder(here, files), uid=ALICE,
                    keep=[here.fileno()]) as holder, \
                Remote(lambda: Worker(there), uid=BOB, before=new_net,
                       keep=[there.fileno(), *keep]) as worker:
            yield files, holder, worker


@test("a worker with nothing but the right to use serves")
def serves():
    with cast() as (files, holder, worker):
        eq(worker.privileges(), (BOB, 0, 0, 1))
        try:
            worker.read_file(files.key)
        except PermissionError:
            pass
        else:
            raise AssertionError("the worker can read the key")
        customer = Customer(holder.port(), files.certificate)
        conn = holder.accept()
        holder.give(conn, K.RIGHTS_USE)
        eq(worker.refused_all(), ((errno.EPERM, NO_MORE), conn))
        worker.serve(conn)
        customer.join()
        eq(customer.got, b"HELLO" * 10000)

        empty = {"key": bytes(SUITE.key), "salt": bytes(SUITE.salt)}
        for seen in worker.keys(conn):
            eq({name: seen[name] for name in empty}, empty)
        worker.ask_everything(conn)
        number = conn.to_bytes(4, "little")
        eq(worker.knows([number, *holder.material()]), [number])
        with refused(errno.EPERM, USE_ONLY, "id"):
            worker.set(conn, label="mine")


@test("with all rights it is still bound by what was settled")
def bound():
    with tls.Pair() as pair, cast(pair.fds()) as (_, holder, worker):
        conn = holder.new_server()
        holder.give(conn, K.RIGHTS_ALL)
        eq(worker.receive_fd()["rights"], K.RIGHTS_ALL)
        fd = pair.server.fileno()
        worker.begin(conn, fd)
        for name, value in ("ciphersuites", [OTHER.code]), ("min_proto", 0), \
                ("security_level", 0), ("keep", 0):
            with refused(errno.EBUSY, FROZEN, f"settings.{name}"):
                worker.set(conn, **{name: value})
        with refused(errno.EPERM,
                     "the settings do not list the cipher suite", "suite"):
            worker.attach(id=conn, fd=fd, **tls.directions(OTHER)[1])
        eq(holder.get(conn)["state"], K.STATE_HANDSHAKE)
        eq(worker.attach(id=conn, fd=fd, **tls.directions(SUITE)[1])["state"],
           K.STATE_ESTABLISHED)


@test("another user's objects cannot be reached by their ids")
def by_id():
    with tls.Pair() as pair, cast() as (_, holder, _), \
            Remote(Client, uid=BOB, keep=pair.fds()) as stranger:
        conn = holder.new_server()
        ctx = holder.get(conn)["ctx_id"]
        for call, text in ((stranger.get, NOT_OURS),
                           (stranger.up_ref, NEEDS_ADMIN),
                           (stranger.dup, NOT_HELD),
                           (stranger.free, NOT_HELD),
                           (stranger.clear, NOT_HELD),
                           (stranger.fail, NOT_HELD),
                           (stranger.session, NOT_HELD),
                           (stranger.open_fd, NOT_HELD),
                           (stranger.sock_fd, NOT_HELD)):
            with refused(errno.EPERM, text, "id"):
                call(conn)
        fd = pair.server.fileno()
        keys = tls.directions(SUITE)[1]
        for change in (lambda: stranger.set(conn, label="mine"),
                       lambda: stranger.begin(conn, fd),
                       lambda: stranger.attach(id=conn, fd=fd, **keys),
                       lambda: stranger.rekey(conn, K.DIRECTION_TX),
                       lambda: stranger.add_control(conn, control_sent=1)):
            with refused(errno.EPERM, NOT_HELD, "id"):
                change()
        eq(holder.get(conn)["state"], K.STATE_INITIAL)
        for call, text in ((stranger.ctx_get, NOT_OURS),
                           (stranger.ctx_up_ref, NEEDS_ADMIN),
                           (stranger.ctx_free, NOT_HELD),
                           (stranger.ctx_open_fd, NOT_HELD),
                           (stranger.new, NOT_HELD)):
            with refused(errno.EPERM, text, "ctx_id"):
                call(ctx)
        for change in (lambda: stranger.ctx_set(ctx, label="mine"),
                       lambda: stranger.attach(ctx_id=ctx, fd=fd, **keys)):
            with refused(errno.EPERM, NOT_HELD, "ctx_id"):
                change()
        eq((stranger.dump(), stranger.ctx_dump()), ([], []))


@test("in another network namespace there is no such id")
def abroad():
    with cast() as (_, holder, worker):
        conn = holder.new_server()
        with refused(errno.ENOENT, "no such connection", "id"):
            worker.get(conn)
        with refused(errno.ENOENT, "no such context", "ctx_id"):
            worker.ctx_get(holder.get(conn)["ctx_id"])
        eq(worker.dump(), [])


@test("pidfd_getfd takes one from whom it could trace, and from nobody else")
def stolen():
    with cast() as (_, holder, worker), \
            Remote(lambda: Worker(None), uid=ALICE) as sister:
        conn = holder.new_server()
        fd = holder.open_fd(conn)
        eq(worker.steal(holder.pid(), fd), errno.EPERM)
        eq(sister.steal(holder.pid(), fd), conn)


def main():
    serves()
    bound()
    by_id()
    abroad()
    stolen()
    tap.done()


if __name__ == "__main__":
    main()
