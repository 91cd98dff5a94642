#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# What kssl does, shown and checked: objects and their counts, an HTTPS server
# whose connections are in the kernel, unmodified clients of it, and its crash.
# Runs as root in the virtual machine.

set -uo pipefail

top=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
examples=$top/tools/examples
work=$(mktemp -d)
www=$work/www
ca=$work/ca.pem
PATH=$top/tools/kssl:$examples:/usr/sbin:$PATH
good=0
bad=0

# Everything but what the clean-up finds by itself.
started=()
trap 'kill "${started[@]}" 2>/dev/null; rm -rf "$work"' EXIT

bold='' green='' red='' plain=''
if [ -n "${KSSL_DEMO_COLOR:-}" ]; then
	bold=$'\e[1m' green=$'\e[32m' red=$'\e[31m' plain=$'\e[0m'
fi

heading() {
	printf '\n%s\n%s\n' "$bold$1$plain" "${1//?/-}"
}

explain() {
	printf '%s\n' "$*" | fold -s -w 78 | sed 's/ *$//'
}

# indented COMMAND: its output
indented() {
	"$@" 2>&1 | expand -t 4 | fold -s -w 92 | sed 's/^/    /; s/ *$//'
}

# check NAME COMMAND: whether COMMAND succeeds
check() {
	local name=$1

	shift
	if "$@"; then
		good=$((good + 1))
		printf '  %s  %s\n' "${green}ok   $plain" "$name"
	else
		bad=$((bad + 1))
		printf '  %s  %s\n' "${red}WRONG$plain" "$name"
		return 1
	fi
}

contains() {
	grep -q -e "$2" <<<"$1"
}

# within SECONDS COMMAND: until COMMAND succeeds
within() {
	local end=$((SECONDS + $1))

	shift
	until "$@"; do
		[ "$SECONDS" -lt "$end" ] || return 1
		sleep 0.1
	done
}

# tls_stat NAME: one of the kernel's counters of net/tls
tls_stat() {
	awk -v name="$1" '$1 == name { print $2 }' /proc/net/tls_stat
}

conns() {
	kssl conn show "$@" | grep -c '^conn '
}

# refs_are ID COUNT
refs_are() {
	contains "$(kssl conn show id "$1")" "refs $2 "
}

# --- objects ---------------------------------------------------------------

# step: let the program go on, print what it says and what kssl sees
step() {
	read -r line <&"${program[0]}" || return
	printf '\n  the program:  %s\n' "$line"
	printf '  kssl conn show, from another process:\n'
	indented kssl conn show
}

# id_in LINE: the connection's
id_in() {
	local rest=${1#*connection }

	echo "${rest%% *}"
}

go_on() {
	echo >&"${program[1]}"
}

show_objects() {
	heading "Objects and their counts"
	explain "A program makes a context and a connection, duplicates the" \
		"connection, takes a reference and drops it again" \
		"(tools/examples/readme.c). The objects are the kernel's, so" \
		"any process may look."
	coproc program { exec readme; }
	pid=$!

	step
	id=$(id_in "$line")
	check "new: one connection with one reference" refs_are "$id" 1
	go_on
	step
	copy=$(id_in "$line")
	check "dup: another connection, the label not copied" \
		test "$id" != "$copy" -a "$(conns)" = 2 \
		-a "$(conns label "the first")" = 1
	go_on
	step
	check "up_ref: two references on the first" refs_are "$id" 2
	check "up_ref: one on the copy still" refs_are "$copy" 1
	go_on
	step
	check "free: one reference again" refs_are "$id" 1
	printf '\n  The program is killed without having freed anything.\n'
	kill -9 "$pid"
	wait "$pid" 2>/dev/null
	check "its references went with it, and the objects" \
		test "$(conns)" = 0
}

# --- a server --------------------------------------------------------------

# sign NAME KEY-OPTION...: a key and a certificate for this machine
sign() {
	local name=$1

	shift
	openssl req -newkey "$@" -nodes -keyout "$work/$name.key" \
		-subj /CN=localhost -out "$work/$name.csr" 2>/dev/null &&
	openssl x509 -req -in "$work/$name.csr" -CA "$ca" \
		-CAkey "$work/ca.key" -CAcreateserial -days 2 \
		-extfile <(echo "subjectAltName=DNS:localhost,IP:127.0.0.1") \
		-out "$work/$name.pem" 2>/dev/null
}

make_credentials() {
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
		-keyout "$work/ca.key" -subj "/CN=demonstration CA" -days 2 \
		-out "$ca" 2>/dev/null &&
	sign ecdsa ec -pkeyopt ec_paramgen_curve:P-256 &&
	sign rsa rsa:2048
}

answers() {
	curl -s --cacert "$ca" -o /dev/null "https://localhost:$1/small"
}

# start_server CERTIFICATE PORT
start_server() {
	httpsd -v -p "$2" "$work/$1.pem" "$work/$1.key" "$www" \
		2>"$work/httpsd-$1.log" &
	started+=($!)
	within 60 answers "$2"
}

count_requests() {
	local dir=/sys/kernel/tracing

	# Else the scheduler is patched as well: see tests/functional/trace.py.
	echo 0 >"$dir/options/record-cmd" &&
	echo 'p:demo/netlink netlink_sendmsg' >"$dir/kprobe_events" &&
	echo "common_pid == ${started[0]}" >"$dir/events/demo/netlink/filter" &&
	echo 1 >"$dir/events/demo/netlink/enable"
}

requests() {
	grep -c 'netlink: (netlink_sendmsg' /sys/kernel/tracing/trace
}

show_setup() {
	heading "An HTTPS server"
	explain "tools/examples/httpsd.c accepts, makes the handshake with" \
		"OpenSSL, and then moves the connection into the kernel with" \
		"one request. It answers with sendfile() on the plain socket." \
		"One server has a P-256 certificate, the other an RSA one." \
		"The clients are curl and openssl s_client as they come."
	mkdir -p "$www"
	head -c 64M /dev/urandom >"$www/big"
	head -c 300000 /dev/urandom >"$www/small"
	echo "not for everybody" >"$work/secret"
	big=$(sha256sum <"$www/big")
	small=$(sha256sum <"$www/small")
	printf '\n'
	check "certificates made" make_credentials &&
	check "server with P-256 started" start_server ecdsa 4433 &&
	check "server with RSA started" start_server rsa 4434 &&
	check "counter of the first one's netlink messages" count_requests
}

# download PORT SUM FILE CURL-OPTION...
download() {
	local port=$1 sum=$2 file=$3

	shift 3
	test "$(curl -sS --cacert "$ca" "$@" "https://localhost:$port/$file" |
		sha256sum)" = "$sum"
}

# fetched SUITE CERTIFICATE COMMAND: data right, and by the kernel
fetched() {
	local suite=$1 log=$work/httpsd-$2.log before after lines

	shift 2
	before=$(tls_stat TlsTxSw)
	lines=$(wc -l <"$log")
	"$@" || return
	after=$(tls_stat TlsTxSw)
	test "$after" = $((before + 1)) &&
		tail -n "+$((lines + 1))" "$log" |
			grep -q "in the kernel: $suite$"
}

by_s_client() {
	local sum=$1 file=$2

	shift 2
	test "$(printf 'GET /%s HTTP/1.1\r\nConnection: close\r\n\r\n' "$file" |
		openssl s_client -quiet -connect localhost:4433 \
			-servername localhost -CAfile "$ca" \
			-verify_return_error "$@" 2>"$work/s_client.log" |
		LC_ALL=C sed '1,/^\r$/d' | sha256sum)" = "$sum"
}

show_downloads() {
	heading "Downloads"
	explain "Checked each time: the SHA-256 of the data, the suite, and" \
		"that one more socket sends through net/tls. A 64 MiB file," \
		"then a small one by the other suites."
	printf '\n'
	check "curl, TLS 1.3, AES-256-GCM, 64 MiB" \
		fetched TLS_AES_256_GCM_SHA384 ecdsa \
		download 4433 "$big" big --tls13-ciphers TLS_AES_256_GCM_SHA384
	check "curl, TLS 1.2, AES-128-GCM, 64 MiB" \
		fetched ECDHE-ECDSA-AES128-GCM-SHA256 ecdsa \
		download 4433 "$big" big --tls-max 1.2 \
		--ciphers ECDHE-ECDSA-AES128-GCM-SHA256
	check "curl, TLS 1.3, AES-128-GCM" \
		fetched TLS_AES_128_GCM_SHA256 ecdsa \
		download 4433 "$small" small \
		--tls13-ciphers TLS_AES_128_GCM_SHA256
	check "curl, TLS 1.3, CHACHA20-POLY1305" \
		fetched TLS_CHACHA20_POLY1305_SHA256 ecdsa \
		download 4433 "$small" small \
		--tls13-ciphers TLS_CHACHA20_POLY1305_SHA256
	check "curl, TLS 1.2, AES-256-GCM, RSA" \
		fetched ECDHE-RSA-AES256-GCM-SHA384 rsa \
		download 4434 "$small" small --tls-max 1.2 \
		--ciphers ECDHE-RSA-AES256-GCM-SHA384
	check "curl, TLS 1.2, CHACHA20-POLY1305, RSA" \
		fetched ECDHE-RSA-CHACHA20-POLY1305 rsa \
		download 4434 "$small" small --tls-max 1.2 \
		--ciphers ECDHE-RSA-CHACHA20-POLY1305
	check "s_client, TLS 1.3, AES-128-CCM" \
		fetched TLS_AES_128_CCM_SHA256 ecdsa \
		by_s_client "$small" small \
		-ciphersuites TLS_AES_128_CCM_SHA256
	check "s_client, TLS 1.2, AES-256-GCM" \
		fetched ECDHE-ECDSA-AES256-GCM-SHA384 ecdsa \
		by_s_client "$small" small -tls1_2 \
		-cipher ECDHE-ECDSA-AES256-GCM-SHA384
}

stays_with_openssl() {
	local before

	before=$(tls_stat TlsTxSw)
	download 4433 "$small" small --tls-max 1.2 \
		--ciphers ECDHE-ECDSA-AES128-SHA256 &&
		test "$(tls_stat TlsTxSw)" = "$before" &&
		tail -n 4 "$work/httpsd-ecdsa.log" |
			grep 'stays with OpenSSL' | sed 's/^/          /'
}

# status CODE PATH CURL-OPTION...
status() {
	local code=$1 path=$2

	shift 2
	test "$(curl -s --cacert "$ca" -o /dev/null -w '%{http_code}' \
		--path-as-is "$@" "https://localhost:4433/$path")" = "$code"
}

kept_alive() {
	test "$(curl -s --cacert "$ca" -o /dev/null -o /dev/null \
		-w '%{num_connects}' https://localhost:4433/small \
		https://localhost:4433/small)" = 10
}

show_manners() {
	heading "The server's manners"
	check "a suite that net/tls cannot carry: OpenSSL goes on" \
		stays_with_openssl
	check "two requests on one connection" kept_alive
	check "HEAD" status 200 small --head
	check "no such file: 404" status 404 nothing
	check "out of the directory: 404" status 404 ../secret
	check "the same, escaped: 404" status 404 %2e%2e/secret
	check "neither GET nor HEAD: 405" status 405 small -X DELETE
	check "a head without end: 431" status 431 small \
		-H "X: $(head -c 9000 /dev/zero | tr '\0' x)"
}

# --- looking at it ---------------------------------------------------------

attached() {
	test "$(conns state established)" -ge 1
}

show_without_suites() {
	kssl -s conn show state established | grep -v 'TLS_.*:TLS_'
}

show_live() {
	heading "A connection at work"
	explain "While curl takes the large file slowly:"
	curl -s --cacert "$ca" --limit-rate 1M -o /dev/null \
		https://localhost:4433/big &
	slow=$!
	started+=("$slow")
	check "there is an attached connection" within 60 attached
	printf '\n  kssl show\n'
	indented kssl show
	printf '\n  kssl -s conn show state established, without its suites\n'
	indented show_without_suites
	printf '\n  ss -tie, the same socket\n'
	sockets=$(ss -tieHn state established "sport = :4433")
	indented echo "$sockets"
	printf '\n'
	check "ss tells of its TLS" contains "$sockets" tcp-ulp-tls
	check "net/tls counts one socket" within 60 one_socket
	kill "$slow"
	wait "$slow" 2>/dev/null
	check "curl was killed, the object went with its socket" \
		within 60 no_conns
}

one_socket() {
	test "$(tls_stat TlsCurrTxSw)" = 1
}

no_conns() {
	test "$(conns)" = 0
}

show_counters() {
	local accepted requests

	heading "What it cost"
	accepted=$(grep -c 'in the kernel' "$work/httpsd-ecdsa.log")
	# The first connection was there before the counter.
	accepted=$((accepted - 1))
	requests=$(requests)
	explain "Netlink messages sent by the first server since the counter" \
		"was set up: $requests, for $accepted connections that it" \
		"moved into the kernel."
	printf '\n'
	check "one netlink request for each accepted connection" \
		test "$requests" = "$accepted" -a "$accepted" -gt 0
	printf '\n  /proc/net/tls_stat\n'
	indented grep -v '[[:space:]]0$' /proc/net/tls_stat
	printf '\n'
	check "no record could not be decrypted" \
		test "$(tls_stat TlsDecryptError)" = 0
}

# --- a client --------------------------------------------------------------

# peer_up PORT
peer_up() {
	ss -tlnH "sport = :$1" | grep -q LISTEN
}

fetch_from() {
	local port=$1 sum=$2

	shift 2
	(cd "$www" && exec openssl s_server -WWW -quiet -accept "$port" \
		-cert "$work/ecdsa.pem" -key "$work/ecdsa.key" \
		"$@" >/dev/null 2>&1) &
	started+=($!)
	within 60 peer_up "$port" &&
		test "$(fetch -c "$ca" localhost "$port" /small |
			sha256sum)" = "$sum"
}

fetch_refuses() {
	local text

	text=$(fetch -c "$1" "$2" 4501 /small 2>&1 >/dev/null)
	test $? != 0 && contains "$text" "verify failed" &&
		indented echo "$text"
}

show_client() {
	heading "The other end"
	explain "tools/examples/fetch.c is a client: the kernel's context says" \
		"that servers are to be verified, OpenSSL does it, and the" \
		"data comes by plain read(). The servers are openssl s_server."
	printf '\n'
	check "TLS 1.3" fetch_from 4501 "$small" -tls1_3
	check "TLS 1.2" fetch_from 4502 "$small" -tls1_2
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
		-keyout /dev/null -subj /CN=other -days 2 \
		-out "$work/other.pem" 2>/dev/null
	check "another CA: refused" fetch_refuses "$work/other.pem" localhost
	check "another name: refused" fetch_refuses "$ca" kssl-vm
}

# --- a crash ---------------------------------------------------------------

# worker: the server that the keeper has started last
worker() {
	sed -n 's/^keeper: started \([0-9]*\) .*/\1/p' "$work/keeper.log" |
		tail -n 1
}

# said COUNT TEXT: whether the keeper or its server have, that often
said() {
	test "$(grep -c "$2" "$work/keeper.log")" = "$1"
}

start_kept_server() {
	keeper httpsd -k -v -p 4435 "$work/ecdsa.pem" "$work/ecdsa.key" \
		"$www" 2>"$work/keeper.log" &
	started+=($!)
	within 60 said 1 'is ready'
}

# The size of what curl has so far is more than none and less than all.
on_its_way() {
	local size

	size=$(stat -c %s "$work/kept" 2>/dev/null) &&
		[ "$size" -gt 0 ] && [ "$size" -lt 16000000 ]
}

# crash: kill the server, and say how long none was ready
crash() {
	local before generation

	generation=$(grep -c 'is ready' "$work/keeper.log")
	on_its_way || return
	before=$(date +%s%N)
	kill -9 "$(worker)" || return
	within 60 said $((generation + 1)) 'is ready' || return
	printf '          server %s, after %d ms\n' "$(worker)" \
		$((($(date +%s%N) - before) / 1000000))
	on_its_way
}

one_connection() {
	test "$(cat "$work/kept.connects")" = 1 && said 1 'in the kernel' &&
		said 3 'taken over'
}

show_crash() {
	local sum

	heading "The server crashes"
	explain "httpsd -k, started by tools/examples/keeper.c, which keeps" \
		"one file descriptor for it as systemd would: that of its" \
		"context, which keeps the connections. While curl downloads" \
		"32 MB, the server is killed three times with kill -9. The" \
		"next one goes on at the byte that the kernel tells it."
	head -c 32000000 /dev/urandom >"$www/kept"
	sum=$(sha256sum <"$www/kept")
	printf '\n'
	check "server and keeper started" start_kept_server || return
	curl -sS --cacert "$ca" --limit-rate 1M -o "$work/kept" \
		-w '%{num_connects}' https://localhost:4435/kept \
		>"$work/kept.connects" &
	slow=$!
	started+=("$slow")
	check "the download is on its way" within 60 on_its_way
	check "killed, and still on its way" crash
	check "again" crash
	check "and again" crash
	check "curl has got all that it wanted" wait "$slow"
	check "the SHA-256 is that of the file" \
		test "$(sha256sum <"$work/kept")" = "$sum"
	check "curl made one connection, with one handshake" one_connection
}

show_end() {
	heading "At the end"
	kill "${started[@]}" 2>/dev/null
	wait "${started[@]}" 2>/dev/null
	check "no connection is left" within 60 no_conns
	check "no context is left" test -z "$(kssl show)"
	check "no socket uses net/tls" \
		test "$(tls_stat TlsCurrTxSw)$(tls_stat TlsCurrRxSw)" = 00
}

heading "kssl: TLS connections as kernel objects"
printf '  %-10s %s\n' kernel "$(uname -r)" \
	module "$(modinfo -F description kssl)" \
	OpenSSL "$(openssl version | cut -d ' ' -f 2)" \
	curl "$(curl --version | head -n 1 | cut -d ' ' -f 2)"

show_objects
if show_setup; then
	show_downloads
	show_manners
	show_live
	show_client
	show_counters
	show_crash
fi
show_end

heading "Summary"
printf '  %d of %d comparisons are as they should be, in %d seconds.\n\n' \
	"$good" "$((good + bad))" "$SECONDS"
if [ "$bad" != 0 ]; then
	tail -n 30 "$work"/httpsd-*.log
	exit 1
fi
