# SPDX-License-Identifier: GPL-2.0-only
"""TLS suites, key derivation, kernel TLS and sockets to use it on."""

import dataclasses
import hashlib
import hmac
import os
import socket
import struct
import threading
import time

TLS12 = 0x0303
TLS13 = 0x0304

SOL_TCP = 6
TCP_ULP = 31
SOL_TLS = 282
TLS_TX = 1
TLS_RX = 2


@dataclasses.dataclass(frozen=True)
class Suite:
    """A cipher suite as net/tls carries it."""
    name: str
    code: int
    version: int
    cipher: int
    key: int
    iv: int
    salt: int
    hash: str

    @property
    def hash_size(self):
        return hashlib.new(self.hash).digest_size


AES128_GCM = 51, 16, 8, 4
AES256_GCM = 52, 32, 8, 4
AES128_CCM = 53, 16, 8, 4
CHACHA20 = 54, 32, 12, 0
SM4 = 16, 8, 4

TLS12_SUITES = (
    Suite("AES-128-GCM", 0xc02f, TLS12, *AES128_GCM, "sha256"),
    Suite("AES-256-GCM", 0xc030, TLS12, *AES256_GCM, "sha384"),
    Suite("CHACHA20-POLY1305", 0xcca8, TLS12, *CHACHA20, "sha256"),
    Suite("AES-128-CCM", 0xc0ac, TLS12, *AES128_CCM, "sha256"),
)
TLS13_SUITES = (
    Suite("AES-128-GCM", 0x1301, TLS13, *AES128_GCM, "sha256"),
    Suite("AES-256-GCM", 0x1302, TLS13, *AES256_GCM, "sha384"),
    Suite("CHACHA20-POLY1305", 0x1303, TLS13, *CHACHA20, "sha256"),
    Suite("AES-128-CCM", 0x1304, TLS13, *AES128_CCM, "sha256"),
)
SUITES = TLS12_SUITES + TLS13_SUITES
# Not every kernel has these ciphers.
RARE_SUITES = (
    Suite("SM4-GCM", 0x00c6, TLS13, 55, *SM4, "sm3"),
    Suite("SM4-CCM", 0x00c7, TLS13, 56, *SM4, "sm3"),
    Suite("ARIA-128-GCM", 0xc060, TLS12, 57, 16, 8, 4, "sha256"),
    Suite("ARIA-256-GCM", 0xc061, TLS12, 58, 32, 8, 4, "sha384"),
)
DEFAULT = TLS13_SUITES[0]


def label(suite):
    return f"TLS 1.{suite.version - 0x0301} {suite.name}"


def allow_all():
    """Settings that list all suites of this module."""
    return {name: [suite.code for suite in SUITES + RARE_SUITES
                   if suite.version == version]
            for name, version in (("cipher_list", TLS12),
                                  ("ciphersuites", TLS13))}


def expand_label(suite, secret, label, size):
    """HKDF-Expand-Label of RFC 8446 section 7.1, with an empty context."""
    full = b"tls13 " + label
    info = struct.pack(">HB", size, len(full)) + full + b"\0"
    out = block = b""
    counter = 0
    while len(out) < size:
        counter += 1
        block = hmac.new(secret, block + info + bytes([counter]),
                         suite.hash).digest()
        out += block
    return out[:size]


def derive(suite, crypto):
    """The keys form of a direction in the secrets form."""
    nonce = expand_label(suite, crypto["secret"], b"iv", 12)
    return {"key": expand_label(suite, crypto["secret"], b"key", suite.key),
            "salt": nonce[:suite.salt], "iv": nonce[suite.salt:],
            "rec_seq": crypto["rec_seq"]}


def keys(suite, seq=0):
    return {"key": os.urandom(suite.key), "iv": os.urandom(suite.iv),
            "salt": os.urandom(suite.salt), "rec_seq": seq}


def secret(suite, seq=0):
    return {"secret": os.urandom(suite.hash_size), "rec_seq": seq}


def directions(suite=DEFAULT, make=keys, seqs=(0, 0)):
    """What attach needs at the two ends of a connection."""
    one, two = make(suite, seqs[0]), make(suite, seqs[1])
    common = {"version": suite.version, "suite": suite.code}
    return {**common, "tx": one, "rx": two}, {**common, "tx": two, "rx": one}


def only(end, *names):
    """The directions of that name alone."""
    return {key: part for key, part in end.items()
            if key not in ("tx", "rx") or key in names}


def crypto_info(suite, crypto):
    """struct tls12_crypto_info_* for setsockopt()."""
    return (struct.pack("=HH", suite.version, suite.cipher) + crypto["iv"] +
            crypto["key"] + crypto["salt"] +
            struct.pack(">Q", crypto["rec_seq"]))


def reported(sock, suite, direction):
    """What getsockopt() tells of a direction's key."""
    size = 4 + suite.iv + suite.key + suite.salt + 8
    info = sock.getsockopt(SOL_TLS, direction, size)
    version, cipher, iv, key, salt, seq = struct.unpack(
        f"=HH{suite.iv}s{suite.key}s{suite.salt}s8s", info)
    assert (version, cipher) == (suite.version, suite.cipher), "the header"
    return {"key": key, "iv": iv, "salt": salt,
            "rec_seq": int.from_bytes(seq, "big")}


def set_ulp(sock, name=b"tls"):
    sock.setsockopt(SOL_TCP, TCP_ULP, name)


def install(sock, suite, tx=None, rx=None):
    """Kernel TLS without kssl, as any other program does it."""
    set_ulp(sock)
    for direction, crypto in ((TLS_TX, tx), (TLS_RX, rx)):
        if crypto:
            sock.setsockopt(SOL_TLS, direction, crypto_info(suite, crypto))


def stat():
    """/proc/net/tls_stat."""
    with open("/proc/net/tls_stat", encoding="ascii") as file:
        return {name: int(value) for name, value in map(str.split, file)}


class Pair:
    """The two ends of a TCP connection of this machine with itself.

    room is how much the client can send in advance, about.
    """

    def __init__(self, family=socket.AF_INET, room=None):
        address = "::1" if family == socket.AF_INET6 else "127.0.0.1"
        with socket.create_server((address, 0), family=family) as listener:
            if room:
                listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, room)
            self.client = socket.create_connection(listener.getsockname()[:2])
            self.server, _ = listener.accept()
        if room:
            self.client.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, room)
        for end in self.client, self.server:
            end.settimeout(60)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.client.close()
        self.server.close()

    def fds(self):
        return self.client.fileno(), self.server.fileno()


def attach_pair(nl, ctx, pair, suite=DEFAULT, **how):
    """Attaches both ends, by the context's id; returns the replies."""
    ends = directions(suite, **how)
    return [nl.attach(ctx_id=ctx, fd=fd, settings={"role": role}, **end)
            for fd, role, end in zip(pair.fds(), (1, 2), ends)]


def _unacked(sock):
    """How many segments the peer's kernel has yet to look at."""
    info = sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 28)
    return struct.unpack_from("=I", info, 24)[0]


def fill(sock):
    """Sends what the peer does not read, until the socket stays full.

    There is room again a moment later: when the peer's kernel has taken what
    was under way, and at the sender's probes, after 200 ms, 600 ms and so on.
    Returns how many bytes were sent.
    """
    timeout = sock.gettimeout()
    sock.setblocking(False)
    sent = quiet = 0
    while quiet < 100 or (_unacked(sock) and quiet < 6000):
        try:
            sent += sock.send(bytes(30000))
            quiet = 0
        except BlockingIOError:
            time.sleep(0.01)
            quiet += 1
    sock.settimeout(timeout)
    return sent


def receive(sock, size):
    data = bytearray()
    while len(data) < size:
        part = sock.recv(size - len(data))
        assert part, f"the stream ended {size - len(data)} bytes early"
        data += part
    return bytes(data)


def transfer(source, sink, sizes):
    """Random data of these sizes in a send() each, compared at the end."""
    chunks = [os.urandom(size) for size in sizes]

    def send():
        for chunk in chunks:
            source.sendall(chunk)

    thread = threading.Thread(target=send)
    thread.start()
    try:
        got = receive(sink, sum(sizes))
    finally:
        thread.join()
    assert got == b"".join(chunks), "the data is not what was sent"


def exchange(pair, sizes=(1, 1000, 16384, 16385)):
    transfer(pair.client, pair.server, sizes)
    transfer(pair.server, pair.client, sizes)
