#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The tool that runs from the tree, and the one that is installed.
. "$(dirname "$0")/tap.sh"

tool=$top/tools/kssl
dest=$work/dest

make_tool() {
	make --no-print-directory -C "$tool" "$@" >"$work/make" 2>&1 || {
		sed 's/^/# /' "$work/make"
		return 1
	}
}

# needed FILE: the libraries that it is linked with
needed() {
	readelf -d "$1" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p'
}

(cd / && "$tool/kssl" -V >/dev/null)
result $? "the tree's runs from anywhere"
! needed "$tool/kssl" | grep -q libkssl
result $? "it needs no installed library"

make_tool install DESTDIR="$dest" PREFIX=/opt/kssl
result $? "install"
installed=$dest/opt/kssl/bin/kssl
[ -x "$installed" ] && needed "$installed" | grep -qx 'libkssl.so.1'
result $? "the installed one uses the installed library"
readelf -d "$installed" | grep -q 'R.*PATH.*\[/opt/kssl/lib\]'
result $? "and looks for it where it is"
make --no-print-directory -C "$top/tools/lib" install DESTDIR="$dest" \
	PREFIX=/opt/kssl >/dev/null 2>&1
[ "$(LD_LIBRARY_PATH=$dest/opt/kssl/lib "$installed" -V)" = \
  "$("$tool/kssl" -V)" ]
result $? "with it, it runs"
[ -f "$dest/opt/kssl/share/bash-completion/completions/kssl" ]
result $? "bash completion is installed"
[ -f "$dest/opt/kssl/share/man/man8/kssl.8" ]
result $? "manual pages are installed"
make_tool install DESTDIR="$work/usr" PREFIX=/usr
! readelf -d "$work/usr/usr/bin/kssl" | grep -q 'R.*PATH'
result $? "no search path for /usr"

make_tool uninstall DESTDIR="$dest" PREFIX=/opt/kssl
make --no-print-directory -C "$top/tools/lib" uninstall DESTDIR="$dest" \
	PREFIX=/opt/kssl >/dev/null 2>&1
[ -z "$(find "$dest" ! -type d)" ]
result $? "uninstall leaves nothing"
find "$dest" ! -type d | sed 's/^/# /'
rm -f "$tool/kssl.install"

finish
