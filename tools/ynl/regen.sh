#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Writes the files that the ynl generator of a kernel source package makes from
# Documentation/netlink/specs/kssl.yaml, or checks that they are up to date.
#
# usage: regen.sh [--check]
#
# KSRC names a kernel source tree of 7.3 or later that has tools/net/ynl; without
# it the linux-source-7.3 package is fetched into kssl's cache.

set -euo pipefail

top=$(cd "$(dirname "$0")/../.." && pwd)
ksrc=${KSRC:-$("$top/tests/vm/kernel.sh" source 7.3)}
gen=$ksrc/tools/net/ynl/pyynl/ynl_gen_c.py
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# The generator looks for its schema beside the specs and takes the directory
# of a file named MAINTAINERS for the root of the tree.
mkdir -p "$work/Documentation/netlink/specs"
touch "$work/MAINTAINERS"
cp "$ksrc"/Documentation/netlink/*.yaml "$work/Documentation/netlink"
cp "$top/Documentation/netlink/specs/kssl.yaml" \
	"$work/Documentation/netlink/specs"

generate()
{
	local mode=$1 part=$2 out=$3

	mkdir -p "$work/$(dirname "$out")"
	/usr/bin/python3 "$gen" --mode "$mode" --"$part" -o "$work/$out" \
		--spec "$work/Documentation/netlink/specs/kssl.yaml"
}

generate uapi header include/uapi/linux/kssl.h
generate kernel header kssl/netlink-gen.h
generate kernel source kssl/netlink-gen.c

status=0
for out in include/uapi/linux/kssl.h kssl/netlink-gen.h kssl/netlink-gen.c; do
	if [ "${1:-}" != --check ]; then
		cp "$work/$out" "$top/$out"
	elif ! diff -u "$top/$out" "$work/$out"; then
		echo "$out is stale: run tools/ynl/regen.sh" >&2
		status=1
	fi
done
exit $status
