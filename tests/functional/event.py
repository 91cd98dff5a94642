#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""What the multicast group tells, and what it does not."""

import errno
import socket

from lib import tap, tls
from lib.kssl import Client, K, refused
from lib.process import Remote
from lib.tap import eq, test

CTX_NEW, CTX_GONE = K.EVENT_TYPE_CTX_NEW, K.EVENT_TYPE_CTX_GONE
NEW, STATE, GONE = (K.EVENT_TYPE_NEW, K.EVENT_TYPE_STATE,
                    K.EVENT_TYPE_GONE)
INITIAL, HANDSHAKE, ESTABLISHED, CLOSED, ERROR = (
    K.STATE_INITIAL, K.STATE_HANDSHAKE, K.STATE_ESTABLISHED, K.STATE_CLOSED,
    K.STATE_ERROR)


class Listener(Client):
    """Compares what comes with what should."""

    def __init__(self):
        super().__init__(group="events")

    def expect(self, *wanted):
        """Events (type, id, state) in this order; of contexts, no state."""
        events = []
        for number, (kind, which, *state) in enumerate(wanted):
            event = self.event()
            assert event, f"no event {number} of {wanted}"
            name = "ctx_id" if kind in (CTX_NEW, CTX_GONE) else "id"
            eq((event["event"], event.get(name), event.get("state")),
               (kind, which, *(state or [None])), f"event {number}")
            events.append(event)
        return events

    def nothing(self):
        eq(self.event(timeout=0.3), None, "one event too many")


@test("a connection's life")
def life():
    with Listener() as listener, Client() as nl, tls.Pair() as pair:
        ctx = nl.ctx_new()["ctx_id"]
        conn = nl.new(ctx, role=K.ROLE_CLIENT)["id"]
        made, new = listener.expect((CTX_NEW, ctx), (NEW, conn, INITIAL))
        eq(made["uid"], 0)
        eq((new["uid"], new["ctx_id"]), (0, ctx))
        assert "family" not in new and "version" not in new

        nl.begin(conn, pair.client.fileno())
        begun, = listener.expect((STATE, conn, HANDSHAKE))
        eq(begun["family"], socket.AF_INET)
        eq(begun["local_port"], pair.client.getsockname()[1])
        eq(begun["peer_port"], pair.client.getpeername()[1])
        eq(begun["peer_addr"], bytes([127, 0, 0, 1]))
        assert "version" not in begun

        end, _ = tls.directions()
        nl.attach(id=conn, fd=pair.client.fileno(), **end)
        attached, = listener.expect((STATE, conn, ESTABLISHED))
        for secret in "version", "suite", "verify_result":
            assert secret not in attached, f"{secret} is for those who ask"
        eq(attached["sock_cookie"], begun["sock_cookie"])
        assert "tx" not in attached and "rx" not in attached

        pair.close()
        listener.expect((STATE, conn, CLOSED))
        nl.clear(conn)
        listener.expect((STATE, conn, INITIAL))
        nl.free(conn)
        nl.ctx_free(ctx)
        listener.expect((GONE, conn, INITIAL), (CTX_GONE, ctx))
        listener.nothing()


@test("a handshake that fails")
def failure():
    with Listener() as listener, Client() as nl, tls.Pair() as pair:
        ctx = nl.ctx_new()["ctx_id"]
        conn = nl.new(ctx)["id"]
        nl.begin(conn, pair.client.fileno())
        nl.fail(conn)
        nl.free(conn)
        listener.expect((CTX_NEW, ctx), (NEW, conn, INITIAL),
                        (STATE, conn, HANDSHAKE), (STATE, conn, ERROR),
                        (GONE, conn, ERROR))


@test("connections that belong to their sockets")
def by_ctx():
    with Listener() as listener, Client() as nl, tls.Pair() as pair:
        ctx = nl.ctx_new()["ctx_id"]
        one, two = (reply["id"] for reply in
                    tls.attach_pair(nl, ctx, pair))
        listener.expect((CTX_NEW, ctx), (NEW, one, INITIAL),
                        (STATE, one, ESTABLISHED), (NEW, two, INITIAL),
                        (STATE, two, ESTABLISHED))
        pair.close()
        events = [listener.event() for _ in range(4)]
        for conn in one, two:
            eq([(event["event"], event["state"]) for event in events
                if event["id"] == conn], [(STATE, CLOSED), (GONE, CLOSED)])


@test("a refused attach by a context's id: made and gone")
def refused_attach():
    with Listener() as listener, Client() as nl, tls.Pair() as pair:
        ctx = nl.ctx_new()["ctx_id"]
        end, _ = tls.directions()
        with refused(errno.EPERM, "the role is unset", "settings.role"):
            nl.attach(ctx_id=ctx, fd=pair.client.fileno(), **end)
        listener.expect((CTX_NEW, ctx))
        made, gone = listener.event(), listener.event()
        eq((made["event"], made["state"]), (NEW, INITIAL))
        eq((gone["event"], gone["id"]), (GONE, made["id"]))
        listener.nothing()


@test("dup, up-ref and settings: only a new object is news")
def no_news():
    with Listener() as listener, Client() as nl, tls.Pair() as pair:
        ctx = nl.ctx_new()["ctx_id"]
        conn = nl.new(ctx)["id"]
        copy = nl.dup(conn)["id"]
        nl.up_ref(conn)
        nl.set(conn, label="x")
        nl.ctx_set(ctx, label="x")
        nl.clear(conn)
        nl.begin(conn, pair.client.fileno())
        eq(nl.dup(conn)["id"], conn)
        listener.expect((CTX_NEW, ctx), (NEW, conn, INITIAL),
                        (NEW, copy, INITIAL), (STATE, conn, HANDSHAKE))
        listener.nothing()


@test("a killed process's objects are gone for all to see")
def killed():
    with Listener() as listener, Remote(Client, uid=1000) as other:
        ctx = other.ctx_new()["ctx_id"]
        conns = [other.new(ctx)["id"] for _ in range(3)]
        news = listener.expect((CTX_NEW, ctx),
                               *((NEW, conn, INITIAL) for conn in conns))
        eq({event["uid"] for event in news}, {1000})
        other.kill()
        gone = [listener.event() for _ in range(4)]
        eq(sorted(event["id"] for event in gone if event["event"] == GONE),
           conns)
        eq([event["ctx_id"] for event in gone if event["event"] == CTX_GONE],
           [ctx])


@test("a listener that does not read loses events and hurts nobody")
def slow_listener():
    with Listener() as listener, Client() as nl:
        listener.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)
        for _ in range(50):
            nl.ctx_free(nl.ctx_new()["ctx_id"])
        try:
            while listener.event(timeout=0.3):
                pass
        except OSError as why:
            eq(why.errno, errno.ENOBUFS)
        else:
            raise AssertionError("the loss was not told")


def main():
    life()
    failure()
    by_ctx()
    refused_attach()
    no_news()
    killed()
    slow_listener()
    tap.done()


if __name__ == "__main__":
    main()
