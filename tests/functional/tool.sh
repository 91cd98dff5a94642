#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The kssl command against the module, in the virtual machine as root.

set -u

here=$(cd "$(dirname "$0")" && pwd)
top=$(cd "$here/../.." && pwd)
kssl=$top/tools/kssl/kssl
equal=$top/tests/cli/equal.py
work=$(mktemp -d)
count=0
failures=0
children=()

cleanup() {
	[ ${#children[@]} = 0 ] || kill "${children[@]}" 2>/dev/null
	rm -rf "$work"
}
trap cleanup EXIT

# result STATUS NAME
result() {
	count=$((count + 1))
	if [ "$1" = 0 ]; then
		echo "ok $count - $2"
		return
	fi
	echo "not ok $count - $2"
	failures=$((failures + 1))
	sed 's/^/# out: /' "$work/out"
	sed 's/^/# err: /' "$work/err"
}

# run COMMAND...: keeps its status and what it says
run() {
	"$@" >"$work/out" 2>"$work/err"
	status=$?
}

# expect NAME STATUS OUT ERR COMMAND...: OUT and ERR are extended regular
# expressions that a line has to match; "-" stands for no output
expect() {
	local name=$1 wanted=$2 out=$3 err=$4 bad=0

	shift 4
	run "$@"
	[ "$status" = "$wanted" ] || bad=1
	matches "$out" "$work/out" || bad=1
	matches "$err" "$work/err" || bad=1
	result $bad "$name"
}

matches() {
	if [ "$1" = - ]; then
		[ ! -s "$2" ]
	else
		grep -Eq -- "$1" "$2"
	fi
}

# batch NAME STATUS OUT ERR: the commands come from standard input
batch() {
	cat >"$work/batch"
	expect "$@" "$kssl" -b "$work/batch"
}

ids_shown() {
	sed -n 's/^conn \([0-9]*\) .*/\1/p' "$work/out"
}

# shows NAME IDS ARG...: the ids of the connections that are shown
shows() {
	local name=$1 wanted=$2

	shift 2
	run "$kssl" conn show "$@"
	[ "$status" = 0 ] && [ "$(ids_shown | sort -n)" = \
		"$(tr ' ' '\n' <<<"$wanted" | sort -n)" ]
	result $? "$name"
}

# within SECONDS COMMAND...: until it succeeds
within() {
	local end=$((SECONDS + $1))

	shift
	until "$@"; do
		[ $SECONDS -lt $end ] || return 1
		sleep 0.1
	done
}

nothing_left() {
	[ -z "$("$kssl" show)" ]
}

# A machine may stand still until the tool asks how old the context is.
new_ctx() {
	local out

	for _ in {1..10}; do
		out=$("$kssl" ctx new) || return
		[[ $out != *' age 0.'* ]] || break
	done
	printf '%s\n' "$out"
}

expect "nothing is there at first" 0 - - "$kssl" show
expect "nothing is there at first, in JSON" 0 '^\[\]$' - "$kssl" -j show
expect "a context with defaults" 0 \
	'^ctx [0-9]+ conns 0 refs 1 age 0\.[0-9]+s method either$' - \
	new_ctx
expect "it went with the tool" 0 - - "$kssl" show

# What a program holds.

declare -A id
coproc holder { PYTHONPATH=$here exec python3 "$top/tests/cli/holder.py"; }
# shellcheck disable=SC2154 # what coproc sets
children+=("$holder_PID")
while read -r name number <&"${holder[0]}" && [ "$name" != ready ]; do
	id[$name]=$number
done
[ "${name:-}" = ready ]
result $? "a program makes objects"

expect "ctx show has the program's contexts" 0 \
	"^ctx ${id[web]} conns 2 refs 3 age [0-9.]+s method server label web\$" \
	- "$kssl" ctx show
[ "$(wc -l <"$work/out")" = 2 ]
result $? "and no others"
expect "ctx show id" 0 \
	"^ctx ${id[other]} conns 2 refs 3 .* label \"two words\"\$" - \
	"$kssl" ctx show id "${id[other]}"
expect "conn show id" 0 \
	"^conn ${id[idle]} ctx ${id[web]} state initial refs 1 holders 1 .* role server label \"idle one\"\$" \
	- "$kssl" conn show id "${id[idle]}"
expect "conn show of what is attached" 0 \
	"^conn ${id[v4]} ctx ${id[web]} state established version tls1.3 suite TLS_AES_128_GCM_SHA256\$" \
	- "$kssl" conn show id "${id[v4]}"
matches "^	local 127.0.0.1:[0-9]+ peer 127.0.0.1:${id[port4]} sock-cookie [0-9]+\$" \
	"$work/out"
result $? "its second line has the socket"
matches '^	refs 1 holders 0 age .* role server label web$' "$work/out"
result $? "its third line has who holds it, and its settings"
run "$kssl" -s conn show id "${id[v6]}"
matches "^	local \\[::1\\]:[0-9]+ peer \\[::1\\]:${id[port6]} family inet6 sock-cookie [0-9]+\$" \
	"$work/out"
result $? "-s has both ends of the socket"
matches ' refs 1 held 0 holders 0 uid 0 settings-id [0-9]+ inherit-id [0-9]+ ' \
	"$work/out"
result $? "-s has the holders and snapshots"
matches '^	cipher-list TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384:' "$work/out"
result $? "-s has the rows"

all="${id[idle]} ${id[begun]} ${id[v4]} ${id[v6]}"
shows "conn show has all connections" "$all"
shows "by context" "${id[idle]} ${id[v4]}" ctx "${id[web]}"
shows "by label" "${id[idle]}" label "idle one"
shows "by state" "${id[v4]} ${id[v6]}" state established
shows "by another state" "${id[begun]}" state handshake
shows "by user" "$all" uid 0
shows "by a user's name" "$all" uid root
shows "by another user" "" uid 1000
shows "by address" "${id[v4]} ${id[begun]}" peer 127.0.0.1
shows "by IPv6 address" "${id[v6]}" peer ::1
shows "by address and port" "${id[v4]}" peer "127.0.0.1:${id[port4]}"
shows "by IPv6 address and port" "${id[v6]}" peer "[::1]:${id[port6]}"
shows "by port" "${id[v4]}" peer ":${id[port4]}"
shows "by address and a wrong port" "" peer 127.0.0.1:1
shows "by several filters" "${id[v4]}" ctx "${id[web]}" state established \
	uid 0 peer 127.0.0.1
shows "by filters that exclude each other" "" state closed label web

run "$kssl" show
[ "$(grep -c '^ctx ' "$work/out")" = 2 ] &&
	[ "$(grep -c '^    conn ' "$work/out")" = 4 ]
result $? "show has contexts with their connections"

run "$kssl" show pids
[ "$(grep -c "^    	pids $holder_PID\$" "$work/out")" = 3 ]
result $? "show pids has the process that has the sockets"
run "$kssl" -j show pids
python3 - "$work/out" "$holder_PID" "${id[v4]}" "${id[idle]}" <<'END'
import json, sys
conns = {conn["id"]: conn for ctx in json.load(open(sys.argv[1]))
         for conn in ctx["connections"]}
holder, v4, idle = map(int, sys.argv[2:])
assert conns[v4]["pids"] == [holder], conns
assert "pids" not in conns[idle], conns
END
result $? "as numbers in JSON, and not of a connection without a socket"

# steady FILE: without what changes between two looks
steady() {
	sed -E -i 's/age [0-9]+\.[0-9]+s/age 0.000s/; s/"age":[0-9]+/"age":0/g' \
		"$1"
}

for command in show "show pids" "ctx show" "conn show" "conn show id ${id[v4]}" \
	       "-s show" "-s ctx show" "-s conn show"; do
	# shellcheck disable=SC2086 # words
	"$kssl" $command >"$work/text"
	# shellcheck disable=SC2086
	"$kssl" -j $command >"$work/json"
	steady "$work/text"
	steady "$work/json"
	run python3 "$equal" "$work/text" "$work/json"
	result "$status" "JSON is equal to text: $command"
done

# Errors.

expect "no such context" 2 - '^kssl: no such context \[ctx-id\]$' \
	"$kssl" ctx show id 4000000000
expect "no such connection" 2 - '^kssl: no such connection \[id\]$' \
	"$kssl" -j conn show id 4000000000
expect "an id of the other kind" 2 - 'the id is of a context' \
	"$kssl" conn show id "${id[web]}"
expect "the kernel's text and attribute" 2 - \
	'^kssl: min-proto is above max-proto \[settings\.min-proto\]$' \
	"$kssl" ctx new min-proto tls1.3 max-proto tls1.2
expect "a row that a context does not have" 2 - \
	'not a setting of a context \[settings\.role\]$' \
	"$kssl" ctx new role client
expect "a depth that is too large" 2 - 'out of range \[settings.verify-depth\]$' \
	"$kssl" ctx new verify-depth 101
expect "an option that there is not" 2 - 'unknown bits \[settings.options\]$' \
	"$kssl" ctx new options +0x8000000000000000
expect "an empty cipher list" 2 - '\[settings.cipher-list\]$' \
	"$kssl" ctx new cipher-list none
expect "a label that is too long" 2 - '\[settings.label\]$' \
	"$kssl" ctx new label "$(printf '%065d' 1)"
expect "a list that is too long" 2 - '\[settings.ciphersuites\]$' \
	"$kssl" ctx new ciphersuites "$(printf '0x13%02x:' {0..255})0x1300"
expect "a setting that is fixed" 2 - \
	'fixed since the handshake began \[settings.mode\]$' \
	"$kssl" conn set id "${id[v4]}" mode none
expect "clear of what is attached" 2 - 'the connection is attached \[id\]$' \
	"$kssl" conn clear id "${id[v4]}"
expect "free of what is not ours" 2 - 'this run has no reference' \
	"$kssl" conn free id "${id[v4]}"
expect "a usage error is another status" 1 - 'not a value' \
	"$kssl" ctx new verify-depth x

# What an administrator changes of others.

expect "the label of an attached connection" 0 - - \
	"$kssl" conn set id "${id[v4]}" label marked
shows "it is a filter at once" "${id[v4]}" label marked
expect "a context of another program" 0 - - \
	"$kssl" ctx set id "${id[other]}" timeout 77 options +no-ticket
run "$kssl" -s ctx show id "${id[other]}"
matches 'timeout 77 ' "$work/out" && matches 'options no-ticket,' "$work/out"
result $? "it has what was set"
matches ' refs 3 held 0 holders 1 ' "$work/out"
result $? "and no reference is left behind"
run "$kssl" conn up-ref id "${id[idle]}" exec "$kssl" -s conn show id "${id[idle]}"
matches '^	refs 2 held 0 holders 2 ' "$work/out"
result $? "up-ref holds while a program runs"

as_user() {
	setpriv --reuid=1000 --regid=1000 --clear-groups "$@"
}

# shellcheck disable=SC2016 # for the programs' own shells
import_fd='exec "$0" -s conn import fd "$KSSL_FD" "$@"'
expect "a program imports what it inherits" 0 \
	"^	refs 4 held 1 rights use holders 3 " - \
	"$kssl" conn up-ref id "${id[idle]}" fd use exec \
	sh -c "$import_fd" "$kssl"
expect "with all rights if it got them" 0 \
	"^	refs 4 held 1 rights all holders 3 " - \
	"$kssl" conn up-ref id "${id[idle]}" fd all exec \
	sh -c "$import_fd" "$kssl"
expect "or with fewer" 0 " rights use " - \
	"$kssl" conn up-ref id "${id[idle]}" fd all exec \
	sh -c "$import_fd" "$kssl" rights use
expect "and no more than it got" 2 - \
	'there is the right to use only .rights' \
	"$kssl" conn up-ref id "${id[idle]}" fd use exec \
	sh -c "$import_fd" "$kssl" rights all
expect "another user's program, too" 0 " held 1 rights all " - \
	"$kssl" conn up-ref id "${id[idle]}" fd all exec \
	setpriv --reuid=1000 --regid=1000 --clear-groups \
	sh -c "$import_fd" "$kssl"
# shellcheck disable=SC2016
expect "the same of a context" 0 "^ctx ${id[other]} .* held 1 rights use " - \
	"$kssl" ctx up-ref id "${id[other]}" fd use exec \
	sh -c 'exec "$0" -s ctx import fd "$KSSL_CTX_FD"' "$kssl"
expect "what is no such file descriptor" 2 - 'is of no object .fd' \
	"$kssl" ctx import fd 0
expect "a socket that is not kept" 2 - 'does not keep its socket' \
	"$kssl" conn up-ref id "${id[v4]}" socket exec true

run as_user "$kssl" show
[ "$status" = 0 ] && [ ! -s "$work/out" ]
result $? "another user sees nothing of it"
expect "another user may not look" 2 - 'it belongs to another user' \
	as_user "$kssl" ctx show id "${id[web]}"
expect "another user gets no reference" 2 - 'needs CAP_NET_ADMIN' \
	as_user "$kssl" conn up-ref id "${id[idle]}" exec true
expect "another user makes his own" 0 '^ctx .* refs 1 held 1 .* uid 1000 ' - \
	as_user "$kssl" -s ctx new

# References, in one batch, seen by a second process.

batch "a program's status is the batch's" 1 - 'not expected here' <<END
ctx new method server label counted as c exec $kssl -s ctx show label
END
batch "new" 0 'conns 0 refs 1 held 0 holders 1 ' - <<END
ctx new method server label counted as c exec true
exec sh -c '$kssl -s ctx show id \$KSSL_CTX_ID'
END
batch "new of a connection counts on its context" 0 \
	'conns 1 refs 2 held 0 holders 1 ' - <<END
ctx new as c exec true
conn new ctx @c as s exec true
exec sh -c '$kssl -s ctx show id \$KSSL_CTX_ID'
END
batch "up-ref and free" 0 '^refs 1 refs 3 refs 2 $' - <<END
ctx new as c exec true
conn new ctx @c as s exec sh -c '$kssl conn show id \$KSSL_ID | grep -o "refs [0-9]* " | tr -d "\\\\n"'
conn up-ref id @s
conn up-ref id @s exec sh -c '$kssl conn show id \$KSSL_ID | grep -o "refs [0-9]* " | tr -d "\\\\n"'
conn free id @s
exec sh -c '$kssl conn show id \$KSSL_ID | grep -o "refs [0-9]* "'
END
batch "the last free ends it" 2 - 'no such connection' <<END
ctx new as c exec true
conn new ctx @c as s exec true
conn free id @s
conn show id @s
END
batch "set and dup" 0 'state initial' - <<END
ctx new label inherited as c exec true
conn new ctx @c as s exec true
conn set id @s options +no-ticket label mine
conn dup id @s as d exec true
exec sh -c '$kssl -s conn show id \$KSSL_ID_d'
END
matches 'options no-ticket,' "$work/out" &&
	matches 'label inherited$' "$work/out"
result $? "dup copies the options and not the label"
batch "a set does not reach what exists" 0 - - <<END
ctx new label one as c exec true
conn new ctx @c as s exec true
ctx set id @c label two
exec sh -c '$kssl conn show id \$KSSL_ID_s | grep -q "label one\$"'
exec sh -c '$kssl ctx show id \$KSSL_CTX_ID | grep -q "label two\$"'
END
batch "dup of what has begun is the same" 0 "^${id[begun]} refs 3\$" - <<END
conn dup id ${id[begun]} as d exec true
conn dup id @d as e exec sh -c 'echo \$KSSL_ID_e \$($kssl conn show id \$KSSL_ID | grep -o "refs [0-9]* ")'
END
batch "clear" 0 'state initial' - <<END
conn up-ref id ${id[begun]} as b exec true
conn clear id @b
conn show id @b
END
expect "a batch names the line that failed" 2 '^ctx' \
	"^Command failed $work/batch:3\$" sh -c "printf '%s\n' 'ctx new as c' \
	'# a comment' 'ctx set id @c verify-mode client-once' 'ctx new' \
	>$work/batch; $kssl -b $work/batch"
[ "$(grep -c '^ctx' "$work/out")" = 1 ]
result $? "and ends there"
run "$kssl" -force -b "$work/batch"
[ "$(grep -c '^ctx' "$work/out")" = 2 ] && [ "$status" = 2 ]
result $? "-force goes on"
within 60 sh -c "[ \$($kssl ctx show | wc -l) = 2 ]"
result $? "nothing of all that is left"

# Rows of each kind.

# certificate NAME...: self-signed, each in a file as DER
certificate() {
	local name

	for name; do
		openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 \
			-nodes -subj "/CN=$name" -keyout "$work/key" \
			-outform DER -out "$work/$name.der" 2>/dev/null
	done
}

certificate first second
cat "$work/first.der" "$work/second.der" >"$work/both.der"
# shellcheck disable=SC2046 # words
cat $(yes "$work/both.der" | head -n 20) >"$work/many.der"
printf 'a\0b' >"$work/data"
printf 'key' >"$work/secret"

# row_shown NAME VALUE SHOWN JSON: how -s shows a row
row_shown() {
	local shown=1

	run "$kssl" -s ctx new "$1" "$2"
	matches "[	 ]$1 $3( |\$)" "$work/out" && [ "$status" = 0 ] && shown=0
	result $shown "$1 in text"
	run "$kssl" -j -s ctx new "$1" "$2"
	grep -qF "\"$1\":$4" "$work/out"
	result $? "$1 in JSON"
}

row_shown security-level 3 3 3
row_shown verify-auth-level 1 1 1
row_shown trust-system on on true
row_shown verify-flags crl-check,partial-chain crl-check,partial-chain \
	'["crl-check","partial-chain"]'
row_shown verify-email a@example.org a@example.org '"a@example.org"'
row_shown alpn h2,http/1.1 h2,http/1.1 '["h2","http/1.1"]'
row_shown verify-ip 2001:db8::1 2001:db8::1 '"2001:db8::1"'
row_shown session-id-context 00ff 00ff '"00ff"'
row_shown groups x25519:0x0017 x25519:secp256r1 '["x25519","secp256r1"]'
row_shown certificate-current ecc ecc '"ecc"'
row_shown dane-mtypes 0101 0101 '"0101"'
row_shown callbacks info info '["info"]'
row_shown sni www.example.org www.example.org '"www.example.org"'

expect "a level that there is not" 2 - \
	'out of range \[settings.security-level\]$' \
	"$kssl" ctx new security-level 6
expect "flags that there are not" 2 - \
	'unknown bits \[settings.verify-flags\]$' \
	"$kssl" ctx new verify-flags 1
expect "TLSA records with DANE" 0 - - \
	"$kssl" ctx new dane-enabled on dane-tlsa "3 1 1 $(printf '%064d' 0)" \
	exec true
expect "a file that is no DER" 2 - '\[settings.certificate-ecc\]$' \
	"$kssl" ctx new certificate-ecc "$work/data"
expect "two certificates where one is expected" 2 - \
	'\[settings.certificate-ecc\]$' \
	"$kssl" ctx new certificate-ecc "$work/both.der"
expect "a key that there is not" 2 - '\[settings.private-key-ecc\]$' \
	"$kssl" ctx new private-key-ecc 0x7fffffff
expect "a session is not of a context" 2 - '\[settings.session\]$' \
	"$kssl" ctx new session "$work/secret"
batch "a large row is named" 0 'large-rows .*chain-ecc' - <<END
ctx new chain-ecc $work/both.der as c exec true
exec $kssl -s ctx show
END

# row_is NAME FILE: the batch on standard input prints what the file has
row_is() {
	local name=$1 wanted=$2

	cat >"$work/batch"
	run "$kssl" -b "$work/batch"
	[ "$status" = 0 ] && cmp -s "$wanted" "$work/out"
	result $? "$name"
}

row_is "its bytes come back" "$work/both.der" <<END
ctx new chain-ecc $work/both.der as c exec true
ctx row id @c name chain-ecc
END
row_is "so do those of one that takes several messages" "$work/many.der" <<END
ctx new trust-anchors $work/many.der as c exec true
conn new ctx @c as s exec true
conn row id @s name trust-anchors
END
row_is "and the program's own data" "$work/data" <<END
ctx new as c exec true
conn new ctx @c ex-data-7 $work/data as s exec true
conn row id @s name ex-data-7
END
row_is "and a session" "$work/secret" <<END
ctx new as c exec true
conn new ctx @c session $work/secret as s exec true
conn row id @s name session
END
row_is "a row without a value has none" /dev/null <<END
ctx new as c exec true
ctx row id @c name crls
END
expect "another user's row" 2 - 'needs CAP_NET_ADMIN' \
	as_user "$kssl" conn row id "${id[idle]}" name session
row_is "set-ctx takes the other's certificate" "$work/second.der" <<END
ctx new certificate-ecc $work/first.der as a exec true
ctx new certificate-ecc $work/second.der as b exec true
conn new ctx @a as s exec true
conn set-ctx id @s ctx @b
conn row id @s name certificate-ecc
END
expect "not when it is attached" 2 - '\[id\]$' \
	"$kssl" conn set-ctx id "${id[v4]}" ctx "${id[web]}"

# A key of root, whom all that is run here is.
serial=$(python3 - <<'END'
import ctypes
SYS_ADD_KEY, USER_KEYRING = 248, -4
print(ctypes.CDLL(None).syscall(SYS_ADD_KEY, b"user", b"kssl-tool", b"secret",
                                6, USER_KEYRING))
END
)
row_shown psk-key "$serial" "$serial" "$serial"
row_shown private-key-ed448 "$(printf '%#x' "$serial")" "$serial" "$serial"
row_shown ticket-keys "$serial,$serial" "$serial,$serial" \
	"[\"$serial\",\"$serial\"]"

# Programs that are run.

expect "exec gives the program's status" 5 - - \
	"$kssl" ctx new method server label x exec sh -c 'exit 5'
run "$kssl" ctx new label x exec sh -c "$kssl -j ctx show id \$KSSL_CTX_ID"
python3 - "$work/out" <<'END'
import json, sys
ctx, = json.load(open(sys.argv[1]))
sys.exit(not (ctx["settings"]["label"] == "x" and ctx["refs"] == 1))
END
result $? "exec runs it while the object is there"

# Events.

"$kssl" monitor >"$work/events" 2>&1 &
monitor=$!
"$kssl" -j monitor conn >"$work/json" 2>&1 &
json_monitor=$!
children+=("$monitor" "$json_monitor")
# A monitor has subscribed when it sees what comes and goes.
seen() {
	"$kssl" -b - <<<'ctx new as c
conn new ctx @c' >/dev/null
	grep -q "^ctx-new ctx" "$work/events" && grep -q new "$work/json"
}
within 60 seen
result $? "monitor sees what is made"
echo close >&"${holder[1]}"
read -r _ <&"${holder[0]}"
within 60 grep -q "^gone conn ${id[v4]} " "$work/events"
within 60 grep -q "\"gone\".*\"id\":${id[v4]}\b" "$work/json"
cp "$work/events" "$work/out"
matches "^state conn ${id[v4]} ctx ${id[web]} state closed uid 0\$" \
	"$work/events"
result $? "monitor sees the close of a socket"
matches "^gone conn ${id[v4]} ctx ${id[web]} " "$work/events"
result $? "and the end of the connection that followed it"
matches '^ctx-new ctx [0-9]+ uid 0$' "$work/events" &&
	matches '^ctx-gone ctx [0-9]+ uid 0$' "$work/events" &&
	matches '^new conn [0-9]+ ctx [0-9]+ state initial uid 0$' \
		"$work/events"
result $? "monitor has all kinds of events"
kill -INT "$monitor" "$json_monitor"
wait "$monitor"
result $? "monitor ends with SIGINT"
wait "$json_monitor"
result $? "so does that of JSON"
run python3 - "$work/json" "${id[v4]}" <<'END'
import json, sys
events = [json.loads(line) for line in open(sys.argv[1])]
ours = [event for event in events if event["id"] == int(sys.argv[2])]
assert [event["event"] for event in ours] == ["state", "gone"], ours
assert ours[0]["state"] == "closed" and ours[0]["ctx-id"], ours
assert not [event for event in events if event["event"].startswith("ctx")]
END
result "$status" "monitor's JSON is an object a line"
rm -f "$work/events"

# A network namespace.

ip netns add kssl-tool
expect "-n looks into a network namespace" 0 - - "$kssl" -n kssl-tool show
run "$kssl" -n kssl-tool ctx new label inside exec "$kssl" ctx show
matches 'label inside' "$work/out" && [ "$(wc -l <"$work/out")" = 1 ]
result $? "what is made there is there"
run "$kssl" -n kssl-tool ctx new label inside exec \
	nsenter -t 1 -n "$kssl" ctx show
! matches 'label inside' "$work/out"
result $? "and not here"
ip netns del kssl-tool

to_holder=${holder[1]}
exec {to_holder}>&-
wait "$holder_PID" 2>/dev/null
within 60 nothing_left
result $? "nothing is left in the end"

echo "1..$count"
[ $failures = 0 ]
