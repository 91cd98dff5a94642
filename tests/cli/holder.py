#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Objects for tests/functional/tool.sh to look at, as long as its input is open.

Says what they are called: one "NAME ID" a line, then "ready".
"""

import contextlib
import socket
import sys

from lib import tls
from lib.kssl import Client, K


def main():
    with contextlib.ExitStack() as stack:
        nl = stack.enter_context(Client())
        pair4 = stack.enter_context(tls.Pair())
        pair6 = stack.enter_context(tls.Pair(socket.AF_INET6))
        begun = stack.enter_context(tls.Pair())
        ids = {"web": nl.ctx_new(method=K.METHOD_SERVER,
                                 label="web")["ctx_id"]}
        ids["other"] = nl.ctx_new(label="two words")["ctx_id"]
        server, client = tls.directions()

        ids["idle"] = nl.new(ids["web"], label="idle one")["id"]
        ids["begun"] = nl.new(ids["other"], role=K.ROLE_CLIENT)["id"]
        nl.begin(ids["begun"], begun.client.fileno())
        ids["v4"] = nl.attach(ctx_id=ids["web"], fd=pair4.server.fileno(),
                              verify_result=0, **server)["id"]
        ids["v6"] = nl.attach(ctx_id=ids["other"], fd=pair6.client.fileno(),
                              settings={"role": K.ROLE_CLIENT},
                              **client)["id"]
        ids["port4"] = pair4.server.getpeername()[1]
        ids["port6"] = pair6.client.getpeername()[1]
        for name, number in ids.items():
            print(name, number)
        print("ready", flush=True)
        for line in sys.stdin:
            if line == "close\n":
                pair4.close()
                print("closed", flush=True)


main()
