#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Documentation/settings.rst against the module's table of settings.

Every row of the table has to be once in a table of the document that has its
type, bounds, default, level and marks, as ./rows prints them, and once in one
that has what it stands for in OpenSSL. SLOT and N in the document's names
stand for the certificate slots and the numbers of ex-data.
"""

import re
import subprocess
import sys

DOCUMENT = "../../Documentation/settings.rst"
CELLS = ("type", "bounds", "default", "set on", "marks")
SLOTS = ("rsa", "rsa-pss", "dsa", "ecc", "gost01", "gost12-256", "gost12-512",
         "ed25519", "ed448")

results = []


def result(passed, name, remark=""):
    """Print one result as TAP."""
    results.append(passed)
    print(f"{'' if passed else 'not '}ok {len(results)} - {name}")
    if not passed and remark:
        print(f"# {remark}")


def module_rows():
    """The module's table: cells by name, and the default lists."""
    rows, lists = {}, {}
    out = subprocess.run(["./rows"], check=True, text=True,
                         stdout=subprocess.PIPE).stdout
    for line in out.splitlines():
        name, *cells = line.split("\t")
        if "," in cells[2]:
            lists[name] = cells[2].split(",")
            cells[2] = "below"
        rows[name] = tuple(cells)
    return rows, lists


def tables(text):
    """Simple tables of the document, each a list of rows, heading first."""
    lines = text.splitlines()
    borders = [i for i, line in enumerate(lines)
               if re.fullmatch("=+( +=+)+", line)]
    for top, middle, end in zip(borders[::3], borders[1::3], borders[2::3]):
        spans = [m.span() for m in re.finditer("=+", lines[top])]
        spans[-1] = (spans[-1][0], None)
        rows = []
        for line in lines[top + 1:middle] + lines[middle + 1:end]:
            cells = [line[slice(*span)].strip() for span in spans]
            if cells[0]:
                rows.append(cells)
            else:
                rows[-1] = [" ".join(filter(None, pair))
                            for pair in zip(rows[-1], cells)]
        yield rows


def expand(name):
    """The rows that a name of the document stands for."""
    name = name.strip("`")
    if name.endswith("-SLOT"):
        return [name[:-len("SLOT")] + slot for slot in SLOTS]
    if name.endswith("-N"):
        return [name[:-len("N")] + str(n) for n in range(8)]
    return [name]


def documented(text, columns):
    """Rows of all tables that have these columns: lists of cells by name."""
    found = {}
    for heading, *rows in tables(text):
        if heading == ["row", *columns]:
            for name, *cells in rows:
                for row in expand(name):
                    found.setdefault(row, []).append(tuple(cells))
    return found


def compare_cells(rows, text):
    """The tables of what a machine can compare."""
    found = documented(text, CELLS)
    for name, cells in rows.items():
        result(found.get(name) == [cells], f"{name} as the module has it",
               f"module {cells}, document {found.get(name)}")
    extra = sorted(found.keys() - rows.keys())
    result(not extra, "no rows that the module has not", ", ".join(extra))


def compare_openssl(rows, text):
    """The tables of what rows stand for."""
    found = documented(text, ("in OpenSSL",))
    for name in rows:
        cells = found.get(name, [])
        result(len(cells) == 1 and cells[0][0], f"{name} in OpenSSL's words",
               f"document {cells}")
    extra = sorted(found.keys() - rows.keys())
    result(not extra, "no words for rows that the module has not",
           ", ".join(extra))


def compare_lists(lists, text):
    """The literal blocks with the default lists."""
    for name, codes in lists.items():
        block = re.search(rf"(default|that) of ``{name}``[^:]*::\n\n"
                          r"((  0x.*\n)+)", text)
        found = re.findall("^  (0x[0-9a-f]{4}) ", block[2], re.M) \
            if block else []
        result(found == codes, f"the default of {name}",
               f"module {codes}, document {found}")


def main():
    """Compare all."""
    rows, lists = module_rows()
    with open(DOCUMENT, encoding="utf-8") as document:
        text = document.read()
    compare_cells(rows, text)
    compare_openssl(rows, text)
    compare_lists(lists, text)
    print(f"1..{len(results)}")
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(main())
