#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""The kernel's own test of net/tls, plain and with its keys through kssl.

What it finds has to be the same, test by test, whether it is good or bad: a
kernel may lack a cipher or have a fault. It is that of the kernel which runs,
but for the corrections that the Makefile makes, and is built before the virtual
machine starts (make selftest).

Through kssl go the ULP and the first key of each direction of each TCP socket.
These go to net/tls as ever:

- a version, cipher or size that does not exist, because a request of kssl's has
  no place for it;
- the next key of a direction: these tests send their own KeyUpdate, which
  kssl's update does as well, and their keys do not begin with record 0, which
  kssl refuses (RFC 8446 section 5.3);
- all other options, and other ULPs.

There are nearly a thousand tests, of which an emulated processor can do some
200 in its time: all with one cipher of each version but for those that only
move much data, the same few with each cipher, and what has no ciphers.
KSSL_SELFTEST=all does all, but for tests of key updates on a kernel that
cannot: these wait for what never comes.
"""

import collections
import concurrent.futures
import os
import pathlib
import re
import subprocess
import tempfile
import time

from lib import tap
from lib.tap import QUICK, Skip, eq, note, test

SERIES = os.environ.get("KSSL_KERNEL", "6.1").replace("debug", "6.1")
BUILD = pathlib.Path(__file__).resolve().parent / "build" / f"tls-{SERIES}"
ALL = os.environ.get("KSSL_SELFTEST") == "all"
LINE = re.compile(r"^(ok|not ok) +\d+ +(?:- )?(\S+)(.*)$", re.M)
# Some only sleep.
JOBS = 4
LIMIT = 600
TRIES = 3
CAN_REKEY = SERIES not in ("6.1", "6.12")

WHOLE = () if QUICK else ("12_aes_gcm", "13_aes_gcm")
LONG = "mutliproc_"  # sic
FEW = ("bidir", "control_msg", "getsockopt", "recv_efault", "recv_small",
       "send_then_sendfile", "shutdown_reuse")


def start(program, names, **env):
    options = [word for name in names for word in ("-r", name)]
    return subprocess.run([BUILD / program, *options], stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, timeout=LIMIT, text=True,
                          errors="replace", check=False,
                          env={**os.environ, **env}).stdout


def listed():
    """The program's tests: fixture, variant or nothing, name."""
    out = subprocess.run([BUILD / "plain", "-l"], stderr=subprocess.PIPE,
                         text=True, check=False).stderr
    parts = re.split("^-+\n", out.split("\n", 1)[1], flags=re.M)
    for part in parts:
        rows = [(line[:20].strip(), line[21:46].strip(), line[47:].strip())
                for line in part.splitlines()]
        fixture = rows[0][0]
        for variant in [row[1] for row in rows if row[1]] or [""]:
            for row in rows:
                if row[2]:
                    yield fixture, variant, row[2]


def is_wanted(fixture, variant, name):
    if "rekey" in name and not CAN_REKEY:
        return False
    if ALL or fixture in ("global", "tls_basic"):
        return True
    if fixture == "tls":
        return name in FEW or (variant in WHOLE and
                               not name.startswith(LONG))
    return not QUICK


def choose():
    return [".".join(filter(None, found)) for found in listed()
            if is_wanted(*found)]


def came_to(word, rest):
    return "skip" if "SKIP" in rest else word


def results(outs):
    """What each test has come to, by its name."""
    return {name: came_to(word, rest) for out in outs
            for word, name, rest in LINE.findall(out)}


def run(program, names, **env):
    began = time.monotonic()
    with concurrent.futures.ThreadPoolExecutor(JOBS) as pool:
        outs = list(pool.map(lambda i: start(program, names[i::JOBS], **env),
                             range(JOBS)))
    found = results(outs)
    counts = collections.Counter(found.values())
    note(f"{program}: {dict(counts)}, {time.monotonic() - began:.0f} s")
    eq(set(found), set(names), "the tests")
    return found


def alone(program, name):
    """All that a test comes to when nothing else runs."""
    return "/".join(sorted({results([start(program, [name])])[name]
                            for _ in range(TRIES)}))


def run_both():
    names = choose()
    plain = run("plain", names)
    with tempfile.NamedTemporaryFile() as log:
        wrapped = run("kssl", names, KSSL_SELFTEST_LOG=log.name)
        keys = len(log.read())
    note(f"{keys} keys through kssl")
    assert keys > len(names), "the keys do not go through kssl"
    assert "ok" in plain.values()
    # Some want an answer within milliseconds, which others may take from them.
    for name in names:
        if plain[name] != wrapped[name]:
            note(f"{name}: {plain[name]}, {wrapped[name]}; now alone")
            plain[name] = alone("plain", name)
            wrapped[name] = alone("kssl", name)
    return plain, wrapped


def main():
    plain = wrapped = {}
    with test("the kernel's test of net/tls runs"):
        if not BUILD.exists():
            raise Skip("not built: make -C tests/functional selftest")
        plain, wrapped = run_both()
    for name, result in plain.items():
        with test(f"{name}: {result}"):
            eq(wrapped[name], result, "through kssl")
    tap.done()


if __name__ == "__main__":
    main()
