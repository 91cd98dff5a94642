#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""What an accepted connection costs: one request, and none at its end."""

import socket
import subprocess

from lib import netlink, tap, tls
from lib.kssl import Client, K, eventually, no_objects
from lib.process import Remote
from lib.tap import eq, test

ETH_P_ALL = 3
DEVICE = "nlmon0"


class Monitor:
    """Counts the requests of the kssl family that the kernel gets."""

    def __init__(self, family):
        self.family = family
        subprocess.run(["modprobe", "nlmon"], check=True)
        subprocess.run(["ip", "link", "add", DEVICE, "type", "nlmon"],
                       check=True)
        subprocess.run(["ip", "link", "set", DEVICE, "up"], check=True)
        self.sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW,
                                  socket.htons(ETH_P_ALL))
        self.sock.bind((DEVICE, 0))
        self.sock.setblocking(False)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.sock.close()
        subprocess.run(["ip", "link", "del", DEVICE], check=True)

    def requests(self):
        """The commands of the requests since the last call."""
        found = []
        while True:
            try:
                data = self.sock.recv(65536)
            except BlockingIOError:
                return found
            found += [payload[0] for kind, flags, _, payload in
                      netlink.messages(data) if kind == self.family and
                      flags & netlink.NLM_F_REQUEST]


class Server:
    """Accepts, attaches and echoes; knows nothing of ids."""

    def __init__(self):
        self.nl = Client()
        self.ctx = self.nl.ctx_new(method=K.METHOD_SERVER)["ctx_id"]
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.conn = None

    def address(self):
        return self.listener.getsockname()

    def family(self):
        return self.nl.family

    def accept(self, end):
        self.conn, _ = self.listener.accept()
        self.conn.settimeout(60)
        self.nl.attach(ctx_id=self.ctx, fd=self.conn.fileno(), **end)

    def echo(self, size):
        self.conn.sendall(tls.receive(self.conn, size))

    def at_end(self):
        return self.conn.recv(1) == b""

    def close(self):
        self.conn.close()
        self.conn = None


def connect(server):
    """A TLS connection to the server, whose other end is not kssl's."""
    one, two = tls.directions()
    sock = socket.create_connection(server.address())
    sock.settimeout(60)
    server.accept(two)
    tls.install(sock, tls.DEFAULT, one["tx"], one["rx"])
    return sock


def talk(server, sock):
    sock.sendall(b"question")
    server.echo(8)
    eq(tls.receive(sock, 8), b"question")


def server_first(server, sock):
    server.close()
    eq(sock.recv(1), b"")
    sock.close()


def client_first(server, sock):
    sock.close()
    assert server.at_end()
    server.close()


def killed(server, sock):
    server.kill()
    sock.close()


def references(nl):
    return [(ctx["ctx_id"], ctx["refs"]) for ctx in nl.ctx_dump()]


def one_request(name, finish):
    with test(f"one request from accept to close, {name}"), \
            Client() as nl, Remote(Server) as server, \
            Monitor(nl.family) as monitor:
        before = references(nl)
        monitor.requests()
        sock = connect(server)
        talk(server, sock)
        finish(server, sock)
        eq(monitor.requests(), [K.CMD_ATTACH])
        eventually(lambda: not nl.dump(), "the connection is gone")
        eq(monitor.requests()[0], K.CMD_GET, "the monitor sees requests")
        if finish is killed:
            eventually(lambda: no_objects(nl), "the context is gone")
        else:
            eventually(lambda: references(nl) == before,
                       "the context has its references")


@test("the connection belongs to its socket alone, and shows it")
def belongs_to_socket():
    with Client() as nl, Client() as other, tls.Pair() as pair:
        ctx = nl.ctx_new()["ctx_id"]
        for reply in tls.attach_pair(nl, ctx, pair):
            eq(reply["state"], K.STATE_ESTABLISHED)
            eq(reply["ctx_id"], ctx)
            conn = other.get(reply["id"])
            eq((conn["refs"], conn["held"], conn["holders"]), (1, 0, 0))
            eq(conn["version"], tls.TLS13)
            eq(conn["suite"], tls.DEFAULT.code)
            assert "verify_result" not in conn
            eq(conn["family"], socket.AF_INET)
            role = conn["settings"]["role"]
            end = pair.client if role == K.ROLE_CLIENT else pair.server
            for side, (address, port) in (("local", end.getsockname()),
                                          ("peer", end.getpeername())):
                eq(conn[side + "_addr"], socket.inet_aton(address))
                eq(conn[side + "_port"], port)
            cookie = end.getsockopt(socket.SOL_SOCKET, 57, 8)
            eq(conn["sock_cookie"].to_bytes(8, "little"), cookie)
        nl.ctx_free(ctx)
        tls.exchange(pair)
        eq(len(other.dump()), 2)
        pair.close()
        eventually(lambda: no_objects(other), "all is gone")


@test("a socket in two processes keeps its connection until the last close")
def shared_socket():
    with Client() as nl, tls.Pair() as pair:
        tls.attach_pair(nl, nl.ctx_new()["ctx_id"], pair)
        copy = pair.client.dup()
        other = Remote(lambda: copy, keep=(copy.fileno(),))
        copy.close()
        pair.client.close()
        tls.transfer(pair.server, other, [100])
        eq(len(nl.dump()), 2)
        other.kill()
        eq(pair.server.recv(1), b"")
        pair.server.close()
        eventually(lambda: not nl.dump(), "both are gone")


@test("many connections come and go")
def many():
    with Client() as nl:
        ctx = nl.ctx_new()["ctx_id"]
        for _ in range(3 if tap.QUICK else 10):
            pairs = [tls.Pair() for _ in range(5)]
            for pair in pairs:
                tls.attach_pair(nl, ctx, pair)
            eq(nl.ctx_get(ctx)["conns"], 10)
            for pair in pairs:
                pair.close()
            eventually(lambda: not nl.dump(), "all are gone")
            eventually(lambda: nl.ctx_get(ctx)["refs"] == 1,
                       "and have let go of the context")


def main():
    one_request("the server closes first", server_first)
    one_request("the client closes first", client_first)
    one_request("the server is killed", killed)
    belongs_to_socket()
    shared_socket()
    many()
    tap.done()


if __name__ == "__main__":
    main()
