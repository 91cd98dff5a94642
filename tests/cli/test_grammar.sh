#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Options, objects, commands and keywords.
# shellcheck disable=SC2016 # what a program of exec is to expand
. "$(dirname "$0")/tap.sh"

kssl=./kssl-fake

expect "-V says the version" 0 '^kssl [0-9]+\.[0-9]+\.[0-9]+$' - $kssl -V
expect "-Version too" 0 '^kssl [0-9]' - $kssl -Version
expect "-h explains" 0 '^Usage: kssl' - $kssl -h
expect "help explains" 0 '^Usage: kssl' - $kssl help
for object in ctx conn monitor show explain adopt; do
	expect "$object help explains" 0 "^Usage: kssl $object" - \
		$kssl $object help
done
expect "ctx help has the rows" 0 'timeout SECONDS' - $kssl ctx help
expect "conn help has the options" 0 'prioritize-chacha' - $kssl conn help
expect "conn help has the states" 0 'handshake' - $kssl conn help
for command in show new set row set-ctx dup up-ref import free clear rekey; do
	expect "conn help has $command" 0 "kssl conn $command" - $kssl conn help
done
for command in show new set row up-ref import free; do
	expect "ctx help has $command" 0 "kssl ctx $command" - $kssl ctx help
done
run $kssl help
cp "$work/out" "$work/help"
run $kssl -j -p -s help
cmp -s "$work/out" "$work/help"
result $? "help is the same with options"
lines=$(cat <(./kssl-fake help) <(./kssl-fake ctx help) <(./kssl-fake conn help) |
	awk 'length > 80')
[ -z "$lines" ]
result $? "help fits into 80 columns"

usage "nothing to do" 'object is missing'
usage "unknown option" 'option' -x
usage "option without its value" 'argument' -n
usage "unknown object" 'no object "foo"' foo
usage "no abbreviations of objects" 'no object "con"' con
usage "adopt without a process" 'needs PID or PID/FD' adopt
usage "adopt of no process" 'needs PID or PID/FD' adopt 3x role server
usage "adopt without a role" '"role" is missing' adopt 1
usage "adopt with half a role" '"role" needs a value' adopt 1 role
usage "adopt with a suite that is none" 'suite' adopt 1 role server suite X
usage "adopt with a socket of many" '"socket" needs PID/FD' \
	adopt 1 role server socket
usage "unknown command" 'no command "foo"' ctx foo
usage "no abbreviations of commands" 'no command "sh"' conn sh
usage "an empty word" 'no command ""' conn ""
usage "ctx show with a word too many" '"foo" is not expected' ctx show foo
usage "ctx show id without an id" '"id" needs a value' ctx show id
usage "ctx show id and more" '"id" is not expected' ctx show id 1 id 2
for id in 0 -1 +1 x 1x 4294967296 " 1" ""; do
	usage "\"$id\" is no id" 'is not the id of a context' ctx show id "$id"
done
usage "conn show with a word too many" '"foo" is not expected' conn show foo
usage "conn show id and a filter" 'not expected' conn show id 1 ctx 2
usage "import without fd" '"fd" is missing' conn import 3
usage "import of no number" '"x" is not a file descriptor' ctx import fd x
usage "rights that there are not" 'neither "use" nor "all"' \
	conn import fd 3 rights some
usage "fd without rights" '"fd" needs a value' ctx new fd
usage "fd twice" '"fd" is given twice' ctx new fd use fd all
usage "socket twice" '"socket" is given twice' conn up-ref id 1 socket socket
usage "filter without its value" '"state" needs a value' conn show state
usage "filter twice" '"uid" is given twice' conn show uid 1 uid 2
usage "unknown state" '"open" is not a state' conn show state open
usage "unknown user" 'no user "no such user"' conn show uid "no such user"
for peer in 1.2.3 1.2.3.4: 1.2.3.4:65536 "[::1" "[1.2.3.4]:1" ::1:x g "" : \
	    "[::1]x" "1.2.3.4:5:6"; do
	usage "peer \"$peer\"" 'is not an address' conn show peer "$peer"
done
usage "ctx set without an id" '"id" is missing' ctx set label x
usage "ctx set without a row" '"set" needs a row' ctx set id 1
usage "conn set without a row" '"set" needs a row' conn set id 1
usage "conn new without a context" '"ctx" is missing' conn new label x
for object in ctx conn; do
	usage "$object row without an id" '"id" is missing' $object row
	usage "$object row without a name" '"name" is missing' $object row id 1
	usage "$object row of none" 'no row "foo"' $object row id 1 name foo
	usage "$object row and more" '"x" is not expected' \
		$object row id 1 name alpn x
done
usage "conn set-ctx without an id" '"id" is missing' conn set-ctx ctx 1
usage "conn set-ctx without a context" '"ctx" is missing' conn set-ctx id 1
usage "conn set-ctx and more" '"x" is not expected' \
	conn set-ctx id 1 ctx 2 x
usage "conn dup without an id" '"id" is missing' conn dup
usage "conn free without an id" '"id" is missing' conn free
usage "conn clear with a word too many" 'not expected' conn clear id 1 x
usage "conn rekey without a direction" '"tx" or "rx" is missing' \
	conn rekey id 1
usage "conn rekey with what is for tx" '"request" is not expected' \
	conn rekey id 1 rx request
usage "unknown row" '"colour" is not expected' ctx new colour red
usage "row without its value" '"label" needs a value' ctx new label
usage "row twice" '"label" is given twice' ctx new label a label b
usage "name twice" '"as" is given twice' ctx new as x label b as y
usage "name with a dash" 'cannot be a name' ctx new as a-b
usage "empty name" 'cannot be a name' ctx new as ""
usage "exec without a program" '"exec" needs a command' ctx new exec
usage "exec alone without a program" '"exec" needs a command' exec
usage "unknown monitor object" '"foo" is not expected' monitor foo
usage "monitor with a word too many" '"conn" is not expected' monitor ctx conn
usage "show with a word" '"foo" is not expected' show foo
usage "show with a word too many" '"foo" is not expected' show pids foo
usage "name that is not there" 'no name "x"' ctx show id @x
usage "-b beside an object" 'not expected beside -b' -b - ctx
usage "namespace with a slash" 'not the name' -n ../x show
expect "namespace that is not there" 2 - 'network namespace "no-such"' \
	$kssl -n no-such show

expect "no kernel module" 2 - 'no kssl family' env FAKE_NO_FAMILY=1 $kssl show
for object in "ctx show" "ctx show id 1" "ctx new" "conn show" "conn show id 1" \
	      "conn new ctx 1" "conn dup id 1" "conn clear id 1" monitor; do
	# shellcheck disable=SC2086 # words
	expect "no kernel module: $object" 2 - 'no kssl family' \
		env FAKE_NO_FAMILY=1 $kssl $object
	# shellcheck disable=SC2086
	expect "no kernel module: $object in JSON" 2 - 'no kssl family' \
		env FAKE_NO_FAMILY=1 $kssl -j $object
done
expect "the kernel's text and attribute" 2 - \
	'^kssl: out of range \[settings.verify-depth\]$' \
	$kssl ctx new verify-depth 101
expect "no such object" 2 - 'no such object' $kssl conn show id 77

expect "an empty list" 0 - - $kssl ctx show
expect "an empty list in JSON" 0 '^\[\]$' - $kssl -j ctx show
expect "a bare object is shown" 0 '^\[\]$' - $kssl -j conn
expect "options together" 0 '^\[\]$' - $kssl -jps conn
expect "long options" 0 '^\[\]$' - $kssl -json --pretty -settings conn

# in_batch LINE: a context 1 and a connection 2 of it, then the line
in_batch() {
	printf 'ctx new exec true\nconn new ctx 1 exec true\n%s\n' "$1" \
		>"$work/batch"
	run $kssl -b "$work/batch"
}

for object in "ctx row id 1 name alpn" "conn row id 2 name certificate-rsa"; do
	in_batch "$object"
	[ "$status" = 0 ] && printf 'row\0\377' | cmp -s - "$work/out"
	result $? "$object: the bytes and no others"
done
logged "the row is asked for" '^10 2=02000000 32=23000000$'
in_batch "conn row id 2 name session"
[ "$status" = 0 ] && printf 'secret\0' | cmp -s - "$work/out"
result $? "a session is a row of its own request"
in_batch "conn set-ctx id 2 ctx 1"
logged "set-ctx" '^16 2=02000000 3=01000000$'
if command -v script >/dev/null; then
	run script -qec "$kssl ctx row id 1 name alpn" /dev/null
	[ "$status" = 1 ] && grep -q "not for a terminal" "$work/out"
	result $? "a terminal gets no bytes"
else
	skip "a terminal gets no bytes" "no script"
fi

run $kssl conn show ctx 7 label web state closed uid 5 peer 192.0.2.1:443
logged "all filters" \
	'^10 dump 3=07000000 31=77656200 11=03000000 15=05000000 23=c0000201 24=bb01$'
run $kssl conn show uid root
logged "a user by name" '^10 dump 15=00000000$'
run $kssl conn show peer '[2001:db8::1]:80'
logged "an IPv6 peer with port" '^10 dump 23=20010db80{23}1 24=5000$'
run $kssl conn show peer ::1
logged "an IPv6 peer" '^10 dump 23=0{31}1$'
run $kssl conn show peer ::ffff:192.0.2.1
logged "a mapped peer" '^10 dump 23=0{20}ffffc0000201$'
run $kssl conn show peer :80
logged "a peer's port" '^10 dump 24=5000$'
run $kssl conn show peer 192.0.2.1
logged "a peer's address" '^10 dump 23=c0000201$'

run $kssl ctx new exec sh -c 'echo "$KSSL_CTX_ID:$KSSL_ID:$*"' sh a "b c"
[ "$status" = 0 ] && [ "$(cat "$work/out")" = "1::a b c" ]
result $? "exec runs a program and shows nothing else"
expect "exec passes the status on" 7 - - $kssl ctx new exec sh -c 'exit 7'
expect "exec says how it was killed" 143 - - \
	$kssl ctx new exec sh -c 'kill -TERM $$'
expect "exec of no program" 127 - 'no/such/program' \
	$kssl ctx new exec no/such/program
expect "exec of what is none" 126 - 'Permission denied' \
	$kssl ctx new exec /etc/passwd
expect "exec as a command" 3 - - $kssl exec sh -c 'exit 3'
expect "exec with a name" 0 '^1$' - \
	$kssl ctx new as web exec sh -c 'echo $KSSL_ID_web'

expect "monitor ends with SIGINT" 0 '^ctx-new ctx 1 uid 1000$' - $kssl monitor
expect "monitor shows connections" 0 \
	'^new conn 2 ctx 1 state initial uid 1000$' - $kssl monitor all
expect "monitor says what it lost" 0 '^overrun: events were lost' - \
	$kssl monitor
logged "monitor looks what there is: contexts" '^2 dump$'
logged "monitor looks what there is: connections" '^10 dump$'
expect "monitor goes on" 0 '^ctx-gone ctx 1' - $kssl monitor
expect "monitor shows events it does not know" 0 '^99 ctx 1 ' - $kssl monitor
run $kssl monitor ctx
! grep -q conn "$work/out" && grep -q 'ctx-new' "$work/out"
result $? "monitor ctx shows contexts only"
run $kssl monitor conn
! grep -q ctx-new "$work/out" && grep -q '^gone conn 2' "$work/out"
result $? "monitor conn shows connections only"
run $kssl -j monitor
[ "$(wc -l <"$work/out")" = 7 ] &&
	! grep -v '^{"event":".*}$' "$work/out"
result $? "monitor prints an object a line in JSON"

finish
