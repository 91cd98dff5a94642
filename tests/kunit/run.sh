#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Builds a User Mode Linux kernel that has kssl and its KUnit suites inside,
# and runs it.
#
#   tests/kunit/run.sh [ARGUMENT OF kunit.py run...]

set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
tree=$(cd "$here/../.." && pwd)
cache=${XDG_CACHE_HOME:-$HOME/.cache}/kssl

# append FILE LINE: FILE, which is a link to the pristine source, with one more
# line.
append() {
	cp "$1" "$1.new"
	echo "$2" >>"$1.new"
	mv "$1.new" "$1"
}

make_graft() {
	local new=$graft.new

	[ ! -d "$graft" ] || return 0
	mkdir -p "${graft%/*}"
	rm -rf "$new"
	cp -al "$source" "$new"
	append "$new/net/Kconfig" 'source "net/kssl/kssl/Kconfig"'
	# shellcheck disable=SC2016 # make's own variable
	append "$new/net/Makefile" 'obj-$(CONFIG_KSSL) += kssl/'
	mv "$new" "$graft"
}

copy_module() {
	mkdir -p "$graft/net/kssl"
	# Not the times: they are of another tree's files, and an older one is
	# a change as well.
	rsync -rl --checksum --delete --exclude='*.o' \
		--exclude='*.ko' --exclude='*.mod' \
		--exclude='*.mod.c' --exclude='.*.cmd' --exclude='*.a' \
		--exclude=modules.order --include='/Kbuild' \
		--include='/kssl/***' --include='/include/***' --exclude='/*' \
		"$tree/" "$graft/net/kssl/"
	# $(src) names directories from the top of the sources, but the
	# compiler runs in the build directory.
	mkdir -p "$build/net/kssl/kssl"
	ln -sfn "$graft/net/kssl/include" "$build/net/kssl/include"
	ln -sfn "$graft/net/kssl/kssl/compat" "$build/net/kssl/kssl/compat"
}

"$tree/tests/setup.sh" kunit
source=$("$tree/tests/vm/kernel.sh" source 6.1)
key=$(basename "$source")
graft=$cache/kunit/$key/source
build=$cache/kunit/$key/build
log=$cache/log/kunit

mkdir -p "$cache/lock" "$cache/log" "$build"
exec {lock}>"$cache/lock/kunit"
flock "$lock"
make_graft
copy_module

status=0
(cd "$graft" && ./tools/testing/kunit/kunit.py run \
	--kunitconfig="$here/kunitconfig" --build_dir="$build" \
	--jobs="$(nproc)" --timeout=600 "$@") 2>&1 </dev/null |
	tee "$log" || status=$?

# Its last word, which leaves out what is zero:
# "Testing complete. Ran 9 tests: passed: 8, failed: 1"
count() {
	local number

	number=$(sed -n "s/.*Testing complete.* $1: \([0-9]*\).*/\1/p" "$log" |
		tail -n 1)
	echo "${number:-0}"
}

# What the kernel complained of, beside the results; kunit.py does not mind it.
# Its boot, before the first result, is none of ours.
complaints() {
	local what='WARNING: |BUG: |KASAN: |UBSAN: |ODEBUG: |refcount_t: '

	what+='|possible (circular|recursive)|suspicious RCU usage'
	what+='|list_(add|del) corruption|unreferenced object|Kernel panic'
	sed -n '/KTAP version/,$p' "$build/test.log" | grep -aE "$what"
}

passed=$(count passed)
failed=$(($(count failed) + $(count crashed) + $(count errors)))
skipped=$(count skipped)
if [ "$((passed + failed))" = 0 ]; then
	echo "kunit: no test ran"
	failed=1
elif [ "$status" != 0 ] && [ "$failed" = 0 ]; then
	failed=1
fi
if text=$(complaints); then
	echo "not ok - the kernel complained, see $build/test.log:"
	echo "$text"
	failed=$((failed + 1))
fi
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" = 0 ]
