#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Everything that has an opinion on how the code reads, or that finds mistakes
# without running it. No remark is wanted.

set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
tree=$(cd "$here/.." && pwd)
kernel=$here/vm/kernel.sh
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
copy=$work/tree

passed=0
failed=0
skipped=0

# check NAME COMMAND...: passes when the command succeeds and is silent.
check() {
	local status=0

	"${@:2}" >"$work/remarks" 2>&1 </dev/null || status=$?
	if [ "$status" = 0 ] && [ ! -s "$work/remarks" ]; then
		passed=$((passed + 1))
		echo "ok - $1"
	elif [ "$status" = 3 ]; then
		skipped=$((skipped + 1))
		echo "ok - $1 # SKIP $(tail -n 1 "$work/remarks")"
	else
		failed=$((failed + 1))
		echo "not ok - $1"
		head -n 60 "$work/remarks" | sed "s|$copy/||g; s/^/# /"
	fi
}

# The tools run on a copy, so that what they leave behind does no harm and
# what was built here before does not matter.
make_copy() {
	rsync -a --exclude=.git --filter=':- .gitignore' "$tree/" "$copy/"
}

# Files below the given directories with a name like the pattern, but not
# those that a generator wrote.
sources() {
	(cd "$copy" && find "${@:2}" -name "$1" ! -name '*-gen.*' \
		! -path include/uapi/linux/kssl.h)
}

checkpatch() {
	(cd "$copy" && "$source/scripts/checkpatch.pl" --no-tree --strict \
		--max-line-length=80 --terse --show-types --no-summary -q \
		"$@")
}

# shellcheck disable=SC2046 # lists of names
checkpatch_kernel() {
	checkpatch -f $(sources '*.[ch]' kssl include/net tests/vm |
		grep -vx kssl/trace.h)
	# A header of tracepoints has the shape that all of them have.
	checkpatch --ignore OPEN_ENDED_LINE,PARENTHESIS_ALIGNMENT \
		--ignore COMPLEX_MACRO,MACRO_ARG_REUSE -f kssl/trace.h
}

# Userspace has C99's types and none of the kernel's macros. What is made from
# tools/lib/rows.h takes of a row's arguments those that it needs.
# shellcheck disable=SC2046 # lists of names
checkpatch_user() {
	local ignore=PREFER_KERNEL_TYPES,PREFER_DEFINED_ATTRIBUTE_MACRO

	ignore+=,ARRAY_SIZE,MACRO_ARG_REUSE,LONG_LINE_STRING
	ignore+=,MACRO_ARG_UNUSED,MACRO_ARG_PRECEDENCE,COMPLEX_MACRO
	ignore+=,TRAILING_SEMICOLON,MULTISTATEMENT_MACRO_USE_DO_WHILE
	checkpatch --ignore "$ignore" \
		-f $(sources '*.[ch]' include/kssl tools/lib tools/kssl)
}

# The compiler's remarks on our files; it is not for us to mend the kernel's.
module_remarks() {
	local series=$1 status=0

	KSSL_KBUILD="${*:2}" "$kernel" module "$series" "$work/$series" \
		>"$work/module.log" 2>&1 || status=$?
	grep -E '(^|[ /])(kssl|include)/.*: (warning|error|note): ' \
		"$work/$series/build.log" && return 1
	[ "$status" = 0 ] || cat "$work/module.log"
	return "$status"
}

sparse() {
	module_remarks 6.1 C=2 CF=-D__CHECK_ENDIAN__
}

# shellcheck disable=SC2046 # lists of names
kernel_doc() {
	(cd "$copy" && "$source/scripts/kernel-doc" -none -Wall \
		$(sources '*.[ch]' kssl include/net))
}

shell_scripts() {
	(cd "$copy" && grep -rlIE '^#!.*\b(ba|da)?sh$' . |
		xargs shellcheck -x -P SCRIPTDIR)
}

# userspace CC: with its own idea of what is suspicious.
userspace() {
	rm -rf "$work/user"
	cp -a "$copy" "$work/user"
	(cd "$work/user" && make CC="$1" CFLAGS="-O2 -Wall -Wextra -Werror" \
		lib tools) >"$work/user.log" 2>&1 || {
		tail -n 40 "$work/user.log"
		return 1
	}
	grep -E 'warning: ' "$work/user.log" && return 1
	return 0
}

# Not roff's bullet, nor halves of words in the tests of partial reads.
spelling() {
	(cd "$copy" && codespell -q 3 -L bu,fro,hel,te .)
}

# The kernel's own specs put spaces inside brackets.
yaml() {
	local rules='brackets: {max-spaces-inside: 1}'

	rules+=', braces: {max-spaces-inside: 1}'
	(cd "$copy" && yamllint -d "{extends: default, rules: {$rules}}" \
		Documentation/netlink/specs)
}

generated() {
	"$tree/tools/ynl/regen.sh" --check
}

"$here/setup.sh" style
source=$("$kernel" source 7.3) || source=$("$kernel" source 6.1)
make_copy

check "checkpatch, kernel" checkpatch_kernel
check "checkpatch, userspace" checkpatch_user
check "kernel-doc" kernel_doc
check "sparse" sparse
check "module, 6.1, gcc, W=1" module_remarks 6.1 W=1
check "module, 6.1, clang, W=1" module_remarks clang W=1
check "module, 6.12, gcc, W=1" module_remarks 6.12 W=1
check "module, 7.3, gcc, W=1" module_remarks 7.3 W=1
check "userspace, gcc" userspace gcc
check "userspace, clang" userspace clang
check "shellcheck" shell_scripts
check "codespell" spelling
check "yamllint" yaml
check "netlink files are up to date" generated

echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" = 0 ]
