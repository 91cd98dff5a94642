#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only

set -u

usage() {
	cat <<END
usage: tests/functional/run.sh [NAME...]

Runs the test programs of this directory, or those with one of NAMEs in their
name, as root on a kernel that has the kssl module: tests/vm/run gives one.

  KSSL_QUICK=1     fewer rounds, and more time, for slow kernels
  KSSL_KSRC=DIR    kernel sources with the ynl tool (7.3)
  KSSL_NGINX=DIR   Debian's nginx, unpacked
  V=1              show all results as they come
END
}

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
passed=0
failed=0
skipped=0
limit=${KSSL_QUICK:+1200}
limit=${limit:-600}
out=$(mktemp)
trap 'rm -f "$out"' EXIT

# All of them: Python, C, which has to be built, and the command's.
programs() {
	local source

	for source in "$here"/*.py "$here"/tool.sh; do
		[ ! -e "$source" ] || echo "$source"
	done
	for source in "$here"/*_test.c; do
		[ ! -e "$source" ] ||
			echo "$here/build/$(basename "$source" .c)"
	done
}

# wanted PROGRAM NAME...
wanted() {
	local program=$1 name

	shift
	[ $# != 0 ] || return 0
	for name; do
		case ${program##*/} in
		*"$name"*) return 0 ;;
		esac
	done
	return 1
}

# To start a program takes long in an emulated machine, even sleep.
exec {never}<> <(:)
pause() {
	read -rt 0.1 -u "$never"
}

# Objects that nobody has but that are still there would fail the next one.
# Says which, and succeeds if there are some.
left_behind() {
	local end=$((SECONDS + 5)) name count left

	while :; do
		left=
		while read -r name count; do
			case $name in
			KsslCurrCtx|KsslCurrConn)
				[ "$count" = 0 ] || left+=" $name $count" ;;
			esac
		done 2>/dev/null </proc/net/kssl_stat
		[ -n "$left" ] || return 1
		if [ $SECONDS -ge $end ]; then
			echo "$left"
			return
		fi
		pause
	done
}

# count REGEX: how many results are like that
count() {
	grep -Ec "$1" "$out"
}

# complain WORD...: what is wrong with a program itself
complain() {
	echo "not ok - $*"
	failed=$((failed + 1))
}

# show_failures NAME: what failed, with the remarks that follow it.
show_failures() {
	awk -v name="$1" '
		/^(not )?ok / { failed = /^not/ }
		sub(/^not ok /, "not ok " name " ") || (failed && /^#/)' "$out"
}

# stacks: where in the kernel each process is
stacks() {
	local process

	for process in /proc/[0-9]*; do
		[ -n "$(tr -d '\0' <"$process/cmdline")" ] || continue
		echo "# $(tr '\0' ' ' <"$process/cmdline")"
		sed 's/^/#   /' "$process/stack"
	done 2>/dev/null
}

# watched COMMAND...: COMMAND, killed when it takes too long, after telling
# what it waited for
watched() {
	local start=$SECONDS pid

	timeout -k 10 "$limit" "$@" </dev/null 2>&1 &
	pid=$!
	while kill -0 "$pid" 2>/dev/null; do
		if [ $((SECONDS - start)) -ge $((limit - 5)) ]; then
			stacks
			break
		fi
		pause
	done
	wait "$pid"
}

# run PROGRAM
run() {
	local name=${1##*/} status good bad skips planned left
	local start=$SECONDS

	# In between what the kernel says.
	echo "kssl-test: $name" >/dev/kmsg
	if [ -n "${V:-}" ] && [ "$V" != 0 ]; then
		watched "$1" | tee "$out"
		status=${PIPESTATUS[0]}
	else
		watched "$1" >"$out"
		status=$?
		show_failures "$name"
	fi
	good=$(count '^ok ')
	bad=$(count '^not ok ')
	skips=$(count '^ok .*# SKIP')
	planned=$(sed -n 's/^1\.\.\([0-9]*\).*/\1/p' "$out" | tail -n 1)
	passed=$((passed + good - skips))
	skipped=$((skipped + skips))
	failed=$((failed + bad))
	if [ "$status" = 124 ] || [ "$status" = 137 ]; then
		complain "$name" "was killed after $limit seconds"
		tail -n 100 "$out"
	elif [ "$planned" != $((good + bad)) ] ||
	     { [ "$status" != 0 ] && [ "$bad" = 0 ]; }; then
		complain "$name" "ended with status $status after" \
			"$((good + bad)) of ${planned:-no} tests"
		grep -Ev '^(not )?ok ' "$out" | tail -n 20
	elif [ "$planned" = 0 ]; then
		complain "$name" "ran nothing"
	fi
	if left=$(left_behind); then
		complain "$name" "left objects behind:$left"
	fi
	grep '^ok .*# SKIP' "$out"
	printf '%-16s %3d passed, %d failed, %d skipped, %d s\n' "$name" \
		$((good - skips)) "$bad" "$skips" $((SECONDS - start))
}

case ${1-} in
-h|--help)
	usage
	exit ;;
esac
if [ "$(id -u)" != 0 ]; then
	echo "run.sh: needs root, on a machine that may crash" >&2
	exit 2
fi
make -s -C "$here" || complain "the tests in C do not build"
for program in $(programs); do
	if wanted "$program" "$@"; then
		run "$program"
	fi
done
summary="$passed passed, $failed failed"
[ "$skipped" = 0 ] || summary+=", $skipped skipped"
echo "$summary"
[ "$failed" = 0 ] && [ "$passed" != 0 ]
