# SPDX-License-Identifier: GPL-2.0-only
"""The constants of include/uapi/linux/kssl.h, without their KSSL_ prefix."""

import ast
import pathlib
import re
import types

HEADER = (pathlib.Path(__file__).resolve().parents[3] /
          "include/uapi/linux/kssl.h")


def _read(text):
    found = {}
    text = re.sub(r"/\*.*?\*/", "", text, flags=re.S)
    for name, value in re.findall(r"#define KSSL_(\w+)[ \t]+(\S+)$", text,
                                  flags=re.M):
        found[name] = ast.literal_eval(value)
    for body in re.findall(r"enum[^{;]*\{(.*?)\}", text, flags=re.S):
        number = -1
        for entry in body.split(","):
            name, _, value = (part.strip() for part in entry.partition("="))
            if not name:
                continue
            number = int(value, 0) if value else number + 1
            if name.startswith("KSSL_"):
                found[name[len("KSSL_"):]] = number
    return found


def load():
    """Reads the header; the defines of enum members are left out."""
    text = HEADER.read_text(encoding="ascii")
    text = re.sub(r"#define \w+_MAX \(.*\)", "", text)
    return types.SimpleNamespace(**_read(text))


K = load()
