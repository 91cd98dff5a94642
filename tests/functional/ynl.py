#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""The kernel's own ynl tool drives the family from its specification.

The tool comes with the kernel sources, from 6.13 on: KSSL_KSRC names them.
"""

import importlib.util
import json
import os
import pathlib
import select
import subprocess
import sys

from lib import tap, tls
from lib.kssl import Client, eventually, no_objects
from lib.tap import Skip, eq, test

SPEC = (pathlib.Path(__file__).resolve().parents[2] /
        "Documentation/netlink/specs/kssl.yaml")
KSRC = pathlib.Path(os.environ.get("KSSL_KSRC") or "/nonexistent")
TOOL = KSRC / "tools/net/ynl/pyynl/cli.py"
SCHEMA = KSRC / "Documentation/netlink/genetlink-legacy.yaml"


def require_tool():
    if not TOOL.exists():
        raise Skip("KSSL_KSRC names no kernel sources with the ynl tool")
    for name in "yaml", "jsonschema":
        if not importlib.util.find_spec(name):
            raise Skip(f"the ynl tool needs Python's {name}")


def command(*args):
    return [sys.executable, "-u", str(TOOL), "--spec", str(SPEC),
            "--schema", str(SCHEMA), "--output-json", *args]


def run(*args):
    result = subprocess.run(command(*args), check=True, timeout=120,
                            capture_output=True, text=True)
    return json.loads(result.stdout)


@test("the specification is one that the tool's schema allows")
def validate():
    require_tool()
    subprocess.run(command("--validate"), check=True, timeout=120)


@test("the command makes a context, which goes with it")
def command_ctx_new():
    require_tool()
    made = run("--do", "ctx-new", "--json", json.dumps(
        {"settings": {"method": "server", "label": "by ynl",
                      "options": 4, "verify-mode": ["peer"]}}))
    rows = made["settings"]
    eq(rows["method"], "server")
    eq(rows["label"], "by ynl")
    eq(rows["options"], 4)
    eq(list(rows["verify-mode"]), ["peer"])
    eq((made["refs"], made["held"], made["holders"]), (1, 1, 1))
    with Client() as nl:
        assert no_objects(nl)


@test("the command dumps, with a filter")
def command_dump():
    require_tool()
    with Client() as nl, tls.Pair() as pair:
        ctx = nl.ctx_new(label="seen")["ctx_id"]
        conns = [reply["id"] for reply in tls.attach_pair(nl, ctx, pair)]
        nl.new(ctx, label="not seen")
        dumped = run("--dump", "get", "--json", '{"label": "seen"}')
        eq([conn["id"] for conn in dumped], conns)
        for conn, end in zip(dumped, (pair.client, pair.server)):
            eq(conn["state"], "established")
            eq(conn["ctx-id"], ctx)
            eq(conn["peer-addr"], "127.0.0.1")
            eq(conn["local-port"], end.getsockname()[1])
            eq(conn["settings"]["ciphersuites"], [0x1302, 0x1303, 0x1301])


@test("the command listens to events")
def command_subscribe():
    require_tool()
    with subprocess.Popen(command("--subscribe", "events"), text=True,
                          stdout=subprocess.PIPE) as listener, \
            Client() as nl:
        line = ""

        def heard():
            nonlocal line
            nl.ctx_free(nl.ctx_new()["ctx_id"])
            if select.select([listener.stdout], [], [], 0.2)[0]:
                line = listener.stdout.readline()
            return line

        eventually(heard, "the tool says something", 120)
        listener.terminate()
    event = json.loads(line)
    eq(event["name"], "event")
    assert event["msg"]["event"] in ("ctx-new", "ctx-gone"), line


@test("the tool's library takes a connection through its life")
def library():
    require_tool()
    sys.path.insert(0, str(TOOL.parents[1]))
    from pyynl.lib import NlError, YnlFamily

    family = YnlFamily(str(SPEC), schema=str(SCHEMA))
    with Client() as nl, tls.Pair() as pair:
        ctx = family.do("ctx-new", {"settings": {"timeout": 60}})["ctx-id"]
        eq(family.do("ctx-set", {"ctx-id": ctx, "settings": {
            "cipher-list": [0xc02f, 0xc030]}})["settings"]["cipher-list"],
           [0xc02f, 0xc030])
        made = family.do("new", {"ctx-id": ctx,
                                 "settings": {"role": "client"}})
        conn = made["id"]
        eq(made["state"], "initial")
        assert "settings" not in made
        made = family.do("get", {"id": conn})
        eq(made["settings"]["timeout"], 60)
        eq(made["settings"]["role"], "client")
        eq(made["settings"]["verify-depth"], -1)
        copy = family.do("dup", {"id": conn})["id"]
        assert copy != conn
        eq(family.do("up-ref", {"id": conn})["held"], 2)
        eq(family.do("free", {"id": copy})["refs"], 0)
        eq(family.do("set", {"id": conn, "settings": {
            "label": "x", "mode": 1, "mode-mask": 1}})["settings"]["mode"],
           5)
        try:
            family.do("set", {"id": conn, "settings": {"read-ahead": 2}})
        except NlError as why:
            eq(why.nl_msg.extack["msg"], "out of range")
            eq(why.nl_msg.extack["bad-attr"], ".settings.read-ahead")
        else:
            raise AssertionError("taken")

        # The tool reads up to the acknowledgement, and the reply to begin
        # and attach comes after that: get has the outcome, too.
        end, _ = tls.directions()
        fd = pair.client.fileno()
        family.do("begin", {"id": conn, "fd": fd})
        eq(nl.get(conn)["state"], 1)
        for side in "tx", "rx":
            end[side] = {name.replace("_", "-"): value.hex()
                         if isinstance(value, bytes) else value
                         for name, value in end[side].items()}
        family.do("attach", {"id": conn, "fd": fd, **end})
        eq(nl.get(conn)["state"], 2)
        family.close()
        eq(nl.get(conn)["holders"], 0)


def main():
    validate()
    command_ctx_new()
    command_dump()
    command_subscribe()
    library()
    tap.done()


if __name__ == "__main__":
    main()
