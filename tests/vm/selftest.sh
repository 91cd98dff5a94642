#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Does the VM runner notice what it promises to notice?

set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
tree=$(cd "$here/../.." && pwd)
cache=${XDG_CACHE_HOME:-$HOME/.cache}/kssl
series=${KSSL_KERNEL:-6.1}
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT

passed=0
failed=0

# check NAME COMMAND...: COMMAND is what ought to be true.
check() {
	if "${@:2}"; then
		passed=$((passed + 1))
		echo "ok - $1"
	else
		failed=$((failed + 1))
		echo "not ok - $1"
		sed 's/^/# /' "$out/stdout" "$out/stderr"
	fi
}

# in_vm [OPTION...] -- COMMAND...: sets status.
in_vm() {
	status=0
	(cd "$tree" && KSSL_OUT=$out/shared "$here/run" -k "$series" "$@" \
		>"$out/stdout" 2>"$out/stderr" </dev/null) || status=$?
}

exited_with() {
	[ "$status" = "$1" ]
}

printed() {
	[ "$(cat "$out/stdout")" = "$1" ]
}

complained() {
	grep -q "$1" "$out/stderr"
}

# A runner that is killed has no chance to clean up.
kill_runner() {
	local runner pid

	"$here/run" -k "$series" -- sleep 600 >"$out/stdout" 2>"$out/stderr" &
	runner=$!
	until grep -q booting "$out/stderr"; do
		sleep 1
	done
	until pid=$(pgrep -P "$runner" qemu); do
		sleep 0.1
	done
	kill -9 "$runner"
	wait "$runner" 2>/dev/null || true
	sleep 1
	# Gone, or about to be reaped.
	case $(ps -o stat= -p "$pid") in
	''|Z*)	return 0 ;;
	*)	return 1 ;;
	esac
}

splat=$("$here/kernel.sh" module "$series" \
	"$cache/module/splat-$series-$(echo "$tree" | sha256sum | cut -c1-12)" \
	"$here/splat")

# shellcheck disable=SC2016 # the guest's variables
in_vm -q -- bash -c 'echo "$0 $1"; pwd >/dev/stderr; echo got >"$KSSL_OUT/file"
	grep -q "^kssl " /proc/modules || exit 1; exit 7' 'two words' "quote'\"s"
check "the exit status is the command's" exited_with 7
check "output and arguments pass unchanged" \
	printed "two words quote'\"s"$'\n'"$tree"
check "files reach the host" grep -qx got "$out/shared/file"
check "nothing else is said" [ ! -s "$out/stderr" ]

# shellcheck disable=SC2016 # the guest's variables
in_vm -n -- bash -c '! grep "^kssl " /proc/modules &&
	modprobe net-pf-16-proto-16-family-kssl && grep "^kssl " /proc/modules'
check "modprobe finds the module by its family" exited_with 0

in_vm -- bash -c "insmod '$splat' what=warn; true"
check "a warning fails the run" exited_with 120
check "a warning is shown" complained "splat: as you wish"

in_vm -- bash -c "insmod '$splat' what=oops; true"
check "an oops fails the run" exited_with 120
check "an oops is shown" complained "NULL pointer dereference"

in_vm -- bash -c "insmod '$splat' what=atomic; true"
check "sleeping in atomic context fails the run" exited_with 120

in_vm -- bash -c 'echo c >/proc/sysrq-trigger'
check "a panic fails the run" exited_with 120

in_vm -- reboot -f
check "a machine that goes away fails the run" exited_with 121

in_vm -t 60 -- sleep 600
check "a hang is cut" exited_with 124

check "a machine ends with its runner" kill_runner

if [ "$series" = debug ]; then
	in_vm -- bash -c "insmod '$splat' what=leak; sleep 1"
	check "a leak fails the run" exited_with 120
	check "a leak is shown" complained "unreferenced object"
fi

echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
