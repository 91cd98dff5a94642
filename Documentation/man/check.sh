#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# check.sh PAGE...: remarks of man, mandoc and our own on manual pages

remarks=$(mktemp)
trap 'rm -f "$remarks"' EXIT

for page; do
	if command -v man >/dev/null; then
		LC_ALL=C.UTF-8 MANROFFSEQ='' MANWIDTH=80 man --warnings \
			-E UTF-8 -l -Tutf8 -Z "$page" 2>&1 >/dev/null |
			sed "s|^|$page: |"
	fi
	if command -v mandoc >/dev/null; then
		mandoc -Tlint -W warning "$page"
	fi
	awk -v page="$page" '
		length > 80 && !/^\.|^kssl_/ {
			print page ":" NR ": longer than 80 columns"
		}
		/[ \t]$/ { print page ":" NR ": blank at the end" }' "$page"
done >"$remarks"
cat "$remarks"
[ ! -s "$remarks" ]
