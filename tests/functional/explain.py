#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""kssl explain: why kernel TLS is not active on a socket."""

import json
import pathlib
import socket
import subprocess
import tempfile

from lib import process, tap, tls
from lib.kssl import Client, K, refused
from lib.process import Remote
from lib.tap import eq, test

TOP = pathlib.Path(__file__).resolve().parents[2]
TOOL = TOP / "tools/kssl/kssl"
EQUAL = TOP / "tests/cli/equal.py"
ALICE = 1000
ACTIVE, ERROR, INACTIVE = 0, 2, 3


def run(*args, uid=None, **kwargs):
    return subprocess.run([TOOL, *args], stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True, check=False,
                          user=uid, **kwargs)


def explain(sock):
    """What is said in JSON; text says the same."""
    fd = sock.fileno()
    text, structured = (run(*option, "explain", str(fd), pass_fds=(fd,))
                        for option in ((), ("-j",)))
    with tempfile.TemporaryDirectory() as name:
        paths = [pathlib.Path(name, kind) for kind in ("text", "json")]
        for path, said in zip(paths, (text, structured)):
            path.write_text(said.stdout, encoding="utf-8")
        differs = subprocess.run(["python3", EQUAL, *paths], text=True,
                                 capture_output=True, check=False)
        eq(differs.returncode, 0, differs.stdout)
    (said,) = json.loads(structured.stdout)
    eq(said["fd"], fd)
    status = ACTIVE if said["ktls"] == "both" else INACTIVE
    eq((text.returncode, structured.returncode), (status, status))
    return said


def reason(sock):
    said = explain(sock)
    assert said["why"] and said["remedy"], said
    return said["reason"]


def directions(said):
    return {name: said[name] for name in said
            if name.startswith(("tx-", "rx-"))}


BOTH = {"tx-version": "tls1.3", "tx-cipher": "aes-gcm-128", "tx-conf": "sw",
        "rx-version": "tls1.3", "rx-cipher": "aes-gcm-128", "rx-conf": "sw"}


@test("a socket that nobody has asked for kernel TLS")
def plain():
    for family in socket.AF_INET, socket.AF_INET6:
        with tls.Pair(family) as pair:
            said = explain(pair.client)
            eq((said["ktls"], said["reason"]), ("none", "no-ulp"))
            eq(said["peer-port"], pair.client.getpeername()[1])
            eq(directions(said), {})


@test("one that has the ULP alone")
def ulp():
    with tls.Pair() as pair:
        tls.set_ulp(pair.client)
        said = explain(pair.client)
        eq((said["ktls"], said["reason"], said["ulp"]),
           ("none", "no-keys", "tls"))


@test("one that has keys for one direction, or for both")
def keys():
    one, two = tls.keys(tls.DEFAULT), tls.keys(tls.DEFAULT)
    for active, given in (("tx", {"tx": one}), ("rx", {"rx": one}),
                          ("both", {"tx": one, "rx": two})):
        with tls.Pair() as pair:
            tls.install(pair.client, tls.DEFAULT, **given)
            said = explain(pair.client)
            eq(said["ktls"], active)
            eq(said.get("reason"),
               None if active == "both" else f"{active}-only")
            eq({name: value for name, value in directions(said).items()
                if not name.endswith("conf")},
               {name: value for name, value in BOTH.items()
                if name[:2] in given and not name.endswith("conf")})


@test("its version and cipher, and where the work is done")
def ciphers():
    for suite in tls.TLS12_SUITES[1], tls.TLS13_SUITES[2]:
        with tls.Pair() as pair:
            tls.install(pair.client, suite, tls.keys(suite), tls.keys(suite))
            version = "tls1.3" if suite.version == tls.TLS13 else "tls1.2"
            cipher = ("chacha20-poly1305" if "CHACHA" in suite.name else
                      "aes-gcm-256")
            eq(directions(explain(pair.client)),
               {f"{end}-{what}": value for end in ("tx", "rx")
                for what, value in (("version", version), ("cipher", cipher),
                                    ("conf", "sw"))})


@test("one that is not connected, listens, or was closed too early")
def states():
    with socket.socket() as sock:
        eq(reason(sock), "not-connected")
    with socket.create_server(("127.0.0.1", 0)) as sock:
        eq(reason(sock), "listening")
    with tls.Pair() as pair:
        pair.server.close()
        eq(pair.client.recv(1), b"")
        eq(reason(pair.client), "half-closed")
    with socket.socket(type=socket.SOCK_DGRAM) as sock:
        eq(reason(sock), "not-tcp")


@test("a ULP in time outlives the peer's end")
def ulp_in_time():
    with tls.Pair() as pair:
        tls.set_ulp(pair.client)
        pair.server.close()
        eq(pair.client.recv(1), b"")
        eq(reason(pair.client), "no-keys")


@test("a connection of kssl, from begin to attach")
def conn():
    with Client() as nl, tls.Pair() as pair, tls.Pair() as other:
        ctx = nl.ctx_new()["ctx_id"]
        number = nl.new(ctx, role=K.ROLE_CLIENT)["id"]
        other_number = nl.new(ctx)["id"]
        nl.begin(number, pair.client.fileno())
        nl.begin(other_number, other.client.fileno())
        said = explain(pair.client)
        eq((said["ktls"], said["reason"], said["id"], said["ctx-id"],
            said["state"]), ("none", "handshake", number, ctx, "handshake"))
        eq(explain(other.client)["id"], other_number)
        eq("id" in explain(pair.server), False)
        nl.attach(id=number, fd=pair.client.fileno(),
                  **tls.directions()[0])
        said = explain(pair.client)
        eq((said["ktls"], said["id"], said["state"], directions(said)),
           ("both", number, "established", BOTH))
        eq([key for key in ("reason", "why", "remedy") if key in said], [])


@test("an attach that kssl has refused, with its text")
def refused_attach():
    with Client() as nl, tls.Pair() as pair:
        number = nl.new(nl.ctx_new()["ctx_id"], role=K.ROLE_CLIENT,
                        max_proto=0x0303)["id"]
        nl.begin(number, pair.client.fileno())
        text = "the TLS version is above max-proto"
        with refused(1, text, "version"):
            nl.attach(id=number, fd=pair.client.fileno(),
                      **tls.directions()[0])
        said = explain(pair.client)
        eq((said["reason"], said["result-text"]), ("refused", text))


class Elsewhere:
    """A socket of another process."""

    def __init__(self):
        self.pair = tls.Pair()

    def fd(self):
        return self.pair.client.fileno()

    def attach(self):
        with Client() as nl:
            nl.attach(ctx_id=nl.ctx_new()["ctx_id"], fd=self.fd(),
                      settings={"role": K.ROLE_CLIENT},
                      **tls.directions()[0])
        return [conn["id"] for conn in Client().dump()]


def of_process(remote, *options, uid=None):
    return run(*options, "explain", f"{remote.pid()}/{remote.fd()}",
               uid=uid)


def new_net():
    process.unshare(process.CLONE_NEWNET)
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)


@test("a socket of another process")
def other_process():
    with Remote(Elsewhere) as other:
        said = of_process(other)
        eq(said.returncode, INACTIVE)
        eq(said.stdout.splitlines()[0],
           f"pid {other.pid()} fd {other.fd()} ktls none reason no-ulp")


@test("and of another network namespace, with its connection")
def other_namespace():
    with Remote(Elsewhere, before=new_net) as other:
        number, = other.attach()
        said = of_process(other, "-j")
        eq(said.returncode, ACTIVE, said.stderr)
        said, = json.loads(said.stdout)
        eq((said["ktls"], said["id"], directions(said)),
           ("both", number, BOTH))


@test("not one of another user's process, and the refusal names ptrace")
def other_user():
    with Remote(Elsewhere) as other:
        said = of_process(other, uid=ALICE)
        eq(said.returncode, ERROR)
        eq(said.stdout, "")
        assert "ptrace(2)" in said.stderr, said.stderr


@test("a user is told of the keys of his own socket")
def unprivileged():
    with tls.Pair() as pair:
        tls.install(pair.client, tls.DEFAULT, tls.keys(tls.DEFAULT),
                    tls.keys(tls.DEFAULT))
        fd = pair.client.fileno()
        said = run("-j", "explain", str(fd), pass_fds=(fd,), uid=ALICE)
        eq(said.returncode, ACTIVE, said.stderr)
        eq(json.loads(said.stdout)[0]["tx-cipher"], "aes-gcm-128")


@test("who has a socket is told of its connection, whoever made that")
def of_another_user():
    with Client() as nl, tls.Pair() as pair:
        number = nl.new(nl.ctx_new()["ctx_id"], role=K.ROLE_CLIENT)["id"]
        fd = pair.client.fileno()
        nl.attach(id=number, fd=fd, **tls.directions()[0])
        said = run("-j", "explain", str(fd), pass_fds=(fd,), uid=ALICE)
        eq(said.returncode, ACTIVE, said.stderr)
        eq(json.loads(said.stdout)[0]["id"], number)


@test("no key is printed")
def no_key():
    key = {"key": b"K" * 16, "iv": b"I" * 8, "salt": b"S" * 4, "rec_seq": 0}
    with tls.Pair() as pair:
        tls.install(pair.client, tls.DEFAULT, key, key)
        fd = pair.client.fileno()
        said = run("-j", "explain", str(fd), pass_fds=(fd,)).stdout
        assert not any(part in said for part in ("KKKK", "4b4b", "IIII"))


def main():
    plain()
    ulp()
    keys()
    ciphers()
    states()
    ulp_in_time()
    conn()
    refused_attach()
    other_process()
    other_namespace()
    other_user()
    unprivileged()
    of_another_user()
    no_key()
    tap.done()


if __name__ == "__main__":
    main()
