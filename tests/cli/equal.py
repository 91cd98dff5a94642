#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Is what the tool prints as JSON all of what it prints as text?

equal.py TEXT JSON: both of the same objects. Each field of the JSON has to be
in the text of its object, as a field, and nothing else may be there.
"""

import json
import re
import sys

EVENTS = {"overrun": "overrun: events were lost, what is present now follows"}
RENAMED = {"id": "conn", "ctx-id": "ctx"}
LISTS = {key: ":" for key in ("cipher-list", "ciphersuites", "groups", "sigalgs",
                              "client-sigalgs")}
QUOTED_KEYS = ("label", "result-text", "sni", "verify-email", "psk-identity",
               "psk-identity-hint", "why", "remedy")
FILES = re.compile("(certificate|chain|ocsp)-(?!current)|serverinfo|"
                   "trust-anchors|crls|tmp-dh|(client-)?ca-list|"
                   "custom-extensions")
QUOTED = re.compile("[ \"'\\\\#]")


def quoted(text):
    if text and not QUOTED.search(text):
        return text
    return '"' + re.sub(r'(["\\])', r"\\\1", text) + '"'


def address(addr, port):
    return f"[{addr}]:{port}" if ":" in addr else f"{addr}:{port}"


def value_text(key, value):
    if FILES.match(key):
        return f"{value} bytes"
    if key in QUOTED_KEYS:
        return quoted(value)
    if key == "age":
        return f"{value // 1000}.{value % 1000:03d}s"
    if key == "verify-depth" and value == -1:
        return "default"
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, list):
        return LISTS.get(key, ",").join(map(str, value)) or "none"
    return str(value)


def fields(obj):
    """The fields that the text of an object has, its parts apart."""
    for key, value in obj.items():
        if key == "event":
            yield EVENTS.get(value, value)
        elif key == "settings":
            yield from fields(value)
        elif key in ("resumed", "unsent"):
            yield key
        elif key in ("local-addr", "peer-addr"):
            end = key.split("-")[0]
            yield f"{end} {address(value, obj[end + '-port'])}"
        elif key not in ("local-port", "peer-port", "connections"):
            yield f"{RENAMED.get(key, key)} {value_text(key, value)}"


def flatten(objects):
    for obj in objects:
        yield obj
        yield from obj.get("connections", [])


def records(text):
    """Lines that start an object, joined with those that go on with it."""
    record = None
    for line in text.splitlines():
        if re.match(r"(    )?\t", line):
            record += " " + line.strip()
            continue
        if record is not None:
            yield record
        record = line.strip()
    if record is not None:
        yield record


def documents(text):
    decoder = json.JSONDecoder()
    while text.strip():
        text = text.lstrip()
        doc, end = decoder.raw_decode(text)
        text = text[end:]
        yield from doc if isinstance(doc, list) else [doc]


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        texts = list(records(file.read()))
    with open(sys.argv[2], encoding="utf-8") as file:
        objects = list(flatten(documents(file.read())))
    bad = len(texts) != len(objects)
    if bad:
        print(f"# {len(texts)} objects in text, {len(objects)} in JSON")
    for text, obj in zip(texts, objects):
        wanted = " ".join(fields(obj))
        if text != wanted:
            bad = True
            print(f"# text: {text}\n# JSON: {wanted}")
    sys.exit(bad)


main()
