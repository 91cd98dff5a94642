#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The print layer: text and JSON of canned objects.
. "$(dirname "$0")/tap.sh"

spec=$top/Documentation/netlink/specs/kssl.yaml

if ! command -v python3 >/dev/null; then
	skip "text and JSON" "no python3"
	finish
fi

is_json() {
	python3 -c 'import json, sys; json.load(sys.stdin)' 2>/dev/null
}

for what in conn pids bare long ctx tree event list labels; do
	for all in "" -s; do
		# shellcheck disable=SC2086 # no word or one
		./canned $all $what >"$work/text"
		# shellcheck disable=SC2086
		./canned -j $all $what >"$work/json"
		# shellcheck disable=SC2086
		./canned -j -p $all $what >"$work/pretty"
		is_json <"$work/json"
		result $? "$what $all: JSON parses"
		[ "$(wc -l <"$work/json")" = 1 ]
		result $? "$what $all: JSON is one line"
		python3 equal.py "$work/text" "$work/json"
		result $? "$what $all: text and JSON have the same content"
		python3 equal.py "$work/text" "$work/pretty"
		result $? "$what $all: pretty JSON too"
	done
done
[ "$(./canned -j empty)" = "[]" ] && [ -z "$(./canned empty)" ]
result $? "an empty list"

# set_names SET: the attributes of a set of the specification
set_names() {
	sed -n "/^    name: $1\$/,/^    name: \|^operations/p" "$spec" |
		sed -n 's/^        name: //p'
}

# reply_names ANCHOR: the attributes of a reply of the specification
reply_names() {
	sed -n "/$1\$/,/^    -\$/p" "$spec" | sed -n 's/^            - //p'
}

# has WHAT NAME: is the key there in JSON
has() {
	./canned -j -s "$1" | grep -q "[{,]\"$2\":"
}

for name in $(set_names settings); do
	case $name in
	# No get reports the last ones.
	pad|*-mask|session|ex-data-*) continue ;;
	esac
	for what in ctx conn; do
		has $what "$name" && ./canned -s $what | grep -q "[	 ]$name "
		result $? "$what: row $name is in text and JSON"
	done
done
for name in $(reply_names '&conn-reply'); do
	# The tool does not ask for it.
	[ "$name" != peer-chain ] || continue
	has conn "$name"
	result $? "conn: attribute $name is printed"
done
for name in $(reply_names '&ctx-reply'); do
	has ctx "$name"
	result $? "ctx: attribute $name is printed"
done
for name in $(sed -n '/^        event:/,$p' "$spec" |
	      sed -n '/^        event:/,$s/^            - //p' |
	      tail -n +2); do
	has event "$name" || [ "$name" = event ]
	result $? "event: attribute $name is printed"
done

./canned -j -s long >"$work/json"
grep -q '"large-rows":\["cipher-list"\]' "$work/json" &&
	! grep -q '"cipher-list":' "$work/json"
result $? "a list that is not reported is not shown as empty"
grep -q '"ciphersuites":\[\]' "$work/json"
result $? "a list that is empty is"

./canned -s tree | awk '!/^(ctx |    conn |(    )?\t)/ { bad = 1 } END { exit bad }'
result $? "every line starts an object or goes on with one"
./canned labels | grep -q 'label "two words"$'
result $? "a label with a blank is quoted"
! ./canned labels | LC_ALL=C grep -q "$(printf '\302\233')"
result $? "no control character reaches the terminal"

finish
