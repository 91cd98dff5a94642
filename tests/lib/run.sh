#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# run.sh "COMMAND"... - run TAP programs and count their results; what failed is
# shown, and the last line says "N passed, N failed". A program that ends in
# an error or without a plan is one more failure.

set -u

passed=0
failed=0
out=$(mktemp)
trap 'rm -f "$out"' EXIT

for command; do
	sh -c "$command" > "$out" 2>&1
	status=$?
	good=$(grep -c '^ok ' "$out")
	bad=$(grep -c '^not ok ' "$out")
	planned=$(sed -n 's/^1\.\.\([0-9]*\)$/\1/p' "$out")
	note=
	if [ "$bad" -eq 0 ] && { [ "$status" -ne 0 ] ||
	   [ "$planned" != "$good" ]; }; then
		note=" (status $status, ${planned:-no} planned)"
		bad=1
	fi
	passed=$((passed + good))
	failed=$((failed + bad))
	if [ "$bad" -eq 0 ]; then
		printf '  %-7s %s: %d\n' PASS "$command" "$good"
	else
		printf '  %-7s %s%s\n' FAIL "$command" "$note"
		grep -v '^ok ' "$out" | sed 's/^/    /'
	fi
done

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
