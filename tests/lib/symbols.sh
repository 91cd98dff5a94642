#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# symbols.sh declared HEADER...	functions that the headers declare
# symbols.sh mapped MAP...	functions that the version scripts export
# symbols.sh link MAP...	a C program that refers to all of these
# symbols.sh check CC LIBDIR	TAP: headers, maps and libraries agree
#
# A function that is declared but not exported, or the reverse, is a mistake
# that shows only in programs that use it.

set -eu

# Macros that declare functions are expanded; what system headers declare is
# kept out by leaving them out.
declared()
{
	for header; do
		sed -e '/^#include/d' -e 's/^#ifdef __cplusplus/#if 0/' "$header"
	done | ${CC:-cc} -E -P -x c - |
		tr '\n' ' ' | grep -o '\bkssl_[a-z0-9_]*(' | tr -d '(' | sort -u
}

mapped()
{
	sed -n '/^[A-Z].*{$/,/^}/s/^\t\(kssl_[a-z0-9_]*\);$/\1/p' "$@" | sort -u
}

link_source()
{
	echo '#include <stdio.h>'
	mapped "$@" | sed 's/.*/void &(void);/'
	echo 'static void (*const all[])(void) = {'
	mapped "$@" | sed 's/.*/	&,/'
	cat <<-'END'
	};
	int main(void)
	{
		unsigned int n = sizeof(all) / sizeof(all[0]), i, got = 0;

		for (i = 0; i < n; i++)
			got += all[i] != NULL;
		printf("%sok 1 - all %u symbols link\n1..1\n",
		       got == n ? "" : "not ", n);
		return got != n;
	}
	END
}

n=0
failed=0

result()
{
	n=$((n + 1))
	if [ -z "$2" ]; then
		echo "ok $n - $1"
	else
		echo "not ok $n - $1"
		echo "$2" | sed 's/^/# /'
		failed=1
	fi
}

# Prints the difference of two lists, nothing if they are the same.
differ()
{
	printf '%s\n' "$1" > "$tmp/a"
	printf '%s\n' "$2" > "$tmp/b"
	diff "$tmp/a" "$tmp/b" | grep '^[<>]' || :
}

# library NAME HEADER...
library()
{
	map=$libdir/$1.map
	lib=$libdir/$1.so
	name=$1
	shift
	public=$(sed '/^KSSL_PRIVATE/,$d' "$map" > "$tmp/map"; mapped "$tmp/map")
	result "$name: declared and mapped functions are the same" \
		"$(differ "$(declared "$@")" "$public")"
	# Version nodes are symbols too.
	exported=$(nm -D --defined-only "$lib" |
		sed -n 's/.* [^A] \([a-zA-Z0-9_]*\)@.*/\1/p' | sort -u)
	result "$name: mapped and exported functions are the same" \
		"$(differ "$(mapped "$map")" "$exported")"
	result "$name: soname" "$(readelf -d "$lib" |
		grep -q "SONAME.*\[$name\.so\.1\]" || echo "none, or wrong")"
}

# header FILE: whether it stands alone in both languages.
header()
{
	for lang in c:-std=c99 c++:-std=c++11; do
		out=$(echo "#include <$1>" | $CC -x "${lang%%:*}" \
			"${lang#*:}" -Wall -Wextra -Werror -fsyntax-only \
			-I"$top/include" -I"$top/include/uapi" - 2>&1) && out=
		result "$1 is self-contained in ${lang%%:*}" "$out"
	done
}

check()
{
	CC=$1
	libdir=$2
	top=$libdir/../..
	tmp=$(mktemp -d)
	trap 'rm -rf "$tmp"' EXIT

	header linux/kssl.h
	header kssl/settings.h
	header kssl/kssl.h
	library libkssl "$top/include/kssl/settings.h" \
		"$top/include/kssl/kssl.h"
	if [ -e "$libdir/libkssl-openssl.so" ]; then
		header kssl/openssl.h
		library libkssl-openssl "$top/include/kssl/openssl.h"
	fi
	echo "1..$n"
	exit $failed
}

case $1 in
declared) shift; declared "$@" ;;
mapped) shift; mapped "$@" ;;
link) shift; link_source "$@" ;;
check) check "$2" "$3" ;;
*) echo "usage: $0 declared|mapped|link|check ..." >&2; exit 1 ;;
esac
