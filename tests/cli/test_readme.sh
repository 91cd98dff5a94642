#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The README: its program, and what it speaks of.
# shellcheck disable=SC2013,SC2016 # words; back-quotes of the documents
. "$(dirname "$0")/tap.sh"

readme=$top/README
program=$top/tools/examples/readme.c

awk '/^\/\/ SPDX/ { on = 1 } on { print } /^int main/ { last = 1 }
     last && /^}$/ { exit }' "$readme" >"$work/readme.c"
diff -u "$program" "$work/readme.c" >"$work/diff"
result $? "its program is tools/examples/readme.c"
sed 's/^/# /' "$work/diff"
${CC:-cc} -std=c99 -Wall -Wextra -Werror -I"$top/include" \
	-I"$top/include/uapi" -o "$work/program" "$work/readme.c" \
	-L"$top/tools/lib" -lkssl -Wl,-rpath,"$top/tools/lib" 2>"$work/err"
result $? "it compiles"
sed 's/^/# /' "$work/err"

awk '/^  \/\/ SPDX/ { on = 1 } on { sub(/^  /, ""); print }
     on && /^int main/ { last = 1 } last && /^}$/ { exit }' \
	"$top/Documentation/restart.rst" >"$work/restart.c"
diff -u "$top/tools/examples/restart.c" "$work/restart.c" >"$work/diff"
result $? "the program of restart.rst is tools/examples/restart.c"
sed 's/^/# /' "$work/diff"

lines=$(expand "$readme" | awk 'length > 80')
[ -z "$lines" ]
result $? "it fits into 80 columns"
! LC_ALL=C grep -q '[^[:print:][:space:]]' "$readme"
result $? "it is plain ASCII"

for target in $(grep -Eo '(^    |")make [a-z]+( [a-z]+_[a-z]+)?' "$readme" |
		sed 's/.*make //' | tr ' ' '\n' | sort -u); do
	grep -q "^$target:" "$top/Makefile"
	result $? "make $target is a target"
done
for file in $(grep -Eo '\b(tools|tests|Documentation)/[a-zA-Z0-9_./-]*' \
	      "$readme" | sort -u); do
	[ -e "$top/${file%.}" ]
	result $? "$file is there"
done
for file in $(grep -Eo '``[a-zA-Z]+/[a-zA-Z0-9_./*-]*``|:doc:`[a-z]*`' \
	      "$top"/Documentation/*.rst | sed 's/^[^:]*://' | sort -u); do
	name=${file//\`/}
	case $name in
	:doc:*)	name=Documentation/${name#:doc:}.rst ;;
	esac
	compgen -G "$top/$name" >/dev/null
	result $? "$name of the documents is there"
done

if python3 -c 'import docutils' 2>/dev/null; then
	for file in "$top"/Documentation/*.rst; do
		python3 - "$file" >"$work/err" 2>&1 <<-'END'
			import sys
			import docutils.core
			from docutils.parsers.rst import roles, nodes
			def doc(name, rawtext, text, *_args, **_kwargs):
			    return [nodes.literal(rawtext, text)], []
			roles.register_local_role("doc", doc)
			docutils.core.publish_string(
			    open(sys.argv[1], encoding="utf-8").read(),
			    settings_overrides={"report_level": 1,
			                        "halt_level": 2})
		END
		result $? "${file##*/} is well formed"
		tail -n 2 "$work/err" | sed 's/^/# /'
	done
else
	skip "the documents are well formed" "no docutils"
fi

finish
