# SPDX-License-Identifier: GPL-2.0-only
"""Test results as TAP, one line a test and a plan at the end."""

import contextlib
import os
import sys
import traceback

# Fewer rounds, for kernels that check so much that they are slow.
QUICK = bool(os.environ.get("KSSL_QUICK"))

_results = []


class Skip(Exception):
    """The test cannot be made here; says why."""


def _report(passed, name, trailer=""):
    _results.append(passed)
    word = "ok" if passed else "not ok"
    print(f"{word} {len(_results)} - {name}{trailer}", flush=True)


def note(text):
    """A remark on the test that comes next or runs."""
    for line in text.splitlines():
        print(f"# {line}", flush=True)


@contextlib.contextmanager
def test(name):
    """A test: a block, or a function that is decorated with this."""
    try:
        yield
    except Skip as why:
        _report(True, name, f" # SKIP {why}")
    except Exception:  # pylint: disable=broad-except
        _report(False, name)
        note(traceback.format_exc())
    else:
        _report(True, name)


def eq(got, wanted, what=""):
    assert got == wanted, f"{what}: {got!r}, not {wanted!r}"


def failures():
    return _results.count(False)


def done():
    """Ends the program."""
    print(f"1..{len(_results)}", flush=True)
    sys.exit(0 if all(_results) else 1)
