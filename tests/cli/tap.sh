# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# What the tests here share: results as TAP, and the tool over a fake kernel.

set -u
cd "$(dirname "${BASH_SOURCE[0]}")" || exit 1
# shellcheck disable=SC2034 # for those who include this
top=$(cd ../.. && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

count=0
failures=0

# result STATUS NAME
result() {
	count=$((count + 1))
	if [ "$1" = 0 ]; then
		echo "ok $count - $2"
	else
		echo "not ok $count - $2"
		failures=$((failures + 1))
	fi
}

skip() {
	count=$((count + 1))
	echo "ok $count - $1 # SKIP $2"
}

finish() {
	echo "1..$count"
	[ "$failures" = 0 ]
	exit
}

# run COMMAND...: keeps its status and what it says
run() {
	: >"$work/log"
	FAKE_LOG=$work/log "$@" >"$work/out" 2>"$work/err"
	status=$?
}

# expect NAME STATUS OUT ERR COMMAND...: OUT and ERR are extended regular
# expressions, one line of the output has to match; "-" stands for no output.
expect() {
	local name=$1 wanted=$2 out=$3 err=$4 bad=0

	shift 4
	run "$@"
	[ "$status" = "$wanted" ] || bad=1
	matches "$out" "$work/out" || bad=1
	matches "$err" "$work/err" || bad=1
	result $bad "$name"
	[ $bad = 0 ] || {
		echo "# $*: status $status, not $wanted"
		sed 's/^/# out: /' "$work/out"
		sed 's/^/# err: /' "$work/err"
	}
}

matches() {
	if [ "$1" = - ]; then
		[ ! -s "$2" ]
	else
		grep -Eq -- "$1" "$2"
	fi
}

# logged NAME REGEX: the last command made such a request
logged() {
	local bad=0

	matches "$2" "$work/log" || bad=1
	result $bad "$1"
	[ $bad = 0 ] || sed 's/^/# log: /' "$work/log"
}

# usage NAME REGEX ARG...: a usage error that is found without a kernel
usage() {
	local name=$1 err=$2

	shift 2
	expect "$name" 1 - "$err" env FAKE_NO_FAMILY=1 ./kssl-fake "$@"
}
