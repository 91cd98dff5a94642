#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The manual pages: complete, true to the headers, well formed.
. "$(dirname "$0")/tap.sh"

man=$top/Documentation/man
cc=${CC:-cc}
includes=(-I"$top/include" -I"$top/include/uapi")

# functions HEADER: what it declares
functions() {
	$cc -E -P "${includes[@]}" -include "$1" - </dev/null |
		grep -Eo '\bkssl_[a-z0-9_]+ ?\(' | tr -d ' (' | sort -u
}

# page_names PAGE: what its NAME section names
page_names() {
	sed -n '/^\.SH NAME/{n;s/ \\-.*//;s/\\-/-/g;s/,//g;p;}' "$1" |
		tr ' ' '\n'
}

if command -v man >/dev/null || command -v mandoc >/dev/null; then
	make --no-print-directory -C "$man" check >"$work/out" 2>&1
	result $? "no remarks on the pages"
	sed 's/^/# /' "$work/out"
else
	skip "no remarks on the pages" "neither man nor mandoc"
fi

make --no-print-directory -C "$man" install DESTDIR="$work" PREFIX=/usr
result $? "install"
for header in kssl/kssl.h kssl/openssl.h; do
	for function in $(functions $header); do
		[ -s "$work/usr/share/man/man3/$function.3" ]
		result $? "$function has a page"
	done
done
declared=$(functions kssl/kssl.h; functions kssl/openssl.h)
for page in "$man"/man3/*.3; do
	for name in $(page_names "$page"); do
		grep -qx "$name" <<<"$declared"
		result $? "$name of ${page##*/} is a function"
	done
done

# Pages that are spoken of are there.
missing=
while IFS=: read -r page name; do
	file=${name//\\/}
	[ -s "$man/${file/ (/.}" ] ||
		[ -s "$work/usr/share/man/man${file##*(}/${file/ (/.}" ] ||
		missing+=" ${page##*/}:$file"
done < <(cd "$man" && grep -Eo '\bkssl[a-z_\\-]* \([378]' man?/*)
[ -z "$missing" ]
result $? "all pages that are spoken of are there$missing"

# What a page declares is what the header declares, or it does not compile.
if command -v mandoc >/dev/null; then
	for page in "$man"/man3/*.3; do
		mandoc -T ascii -O width=200 "$page" | col -b |
			sed -n '/^SYNOPSIS/,/^DESCRIPTION/p' |
			sed '/^SYN/d; /^DES/d; /Link with/,$d' |
			awk '/^ *(struct|enum) [a-z_]+ \{$/ { inside = 1 }
			     !inside { print }
			     /^ *};/ { inside = 0 }' >"$work/synopsis.c"
		$cc -fsyntax-only -Wall -Werror "${includes[@]}" \
			"$work/synopsis.c" 2>"$work/err"
		result $? "${page##*/} declares what the header does"
		sed 's/^/# /' "$work/err"
		for name in $(page_names "$page"); do
			grep -q "\<$name(" "$work/synopsis.c" ||
				echo "$name"
		done >"$work/none"
		[ ! -s "$work/none" ]
		result $? "${page##*/} has a synopsis of all its functions"
		sed 's/^/# /' "$work/none"
	done
else
	skip "the pages declare what the headers do" "no mandoc"
fi

# The pages of the family and the tool have all names of the specification.
spec=$top/Documentation/netlink/specs/kssl.yaml
page_text() {
	sed 's/\\-/-/g' "$1"
}
page_text "$man/man7/kssl-netlink.7" >"$work/netlink"
for name in $(sed -n '/^attribute-sets:/,$s/^        name: //p' "$spec") \
	    $(sed -n '/^operations:/,$s/^      name: //p' "$spec"); do
	[ "$name" = pad ] || grep -qw -- "$name" "$work/netlink"
	result $? "kssl-netlink.7 has $name"
done
page_text "$man/man7/kssl.7" >"$work/concepts"
page_text "$man/man8/kssl.8" >"$work/tool"
# shellcheck disable=SC2013 # words
for name in $(sed -n 's/^\t\t\(ROW(\|.name = \)"\([a-z0-9-]*\)".*/\2/p' \
	      "$top/tools/kssl/row.c"); do
	grep -qw -- "$name" "$work/concepts" && grep -qw -- "$name" "$work/tool"
	result $? "kssl.7 and kssl.8 have $name"
done

finish
