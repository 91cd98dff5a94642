# SPDX-License-Identifier: GPL-2.0-only
"""Processors of the machine under test."""

import contextlib
import pathlib
import time

OTHERS = sorted(pathlib.Path("/sys/devices/system/cpu").glob("cpu*/online"))


def _write(paths, text):
    """A busy one may need more than a while to stop or to start."""
    for path in paths:
        end = time.monotonic() + 60
        while True:
            try:
                path.write_text(text, encoding="ascii")
                break
            except OSError:
                if time.monotonic() > end:
                    raise
            time.sleep(0.1)


@contextlib.contextmanager
def alone():
    """One processor at work, for what makes the kernel patch itself.

    The processors that QEMU emulates may go on with code that is no longer
    there when the kernel patches what they are running. Then they meet a
    breakpoint that nobody has set.
    """
    taken = [path for path in OTHERS
             if path.read_text(encoding="ascii").strip() == "1"]
    _write(taken, "0")
    try:
        yield
    finally:
        _write(taken, "1")
