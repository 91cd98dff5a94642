#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# What explain says of files and sockets of a kernel without the module.
. "$(dirname "$0")/tap.sh"

kssl=$PWD/kssl-fake

for word in "" x -1 3x 3/ /3 0/3 1/2/3 x/3 99999999999 99999999999999999/3; do
	usage "explain \"$word\"" 'needs FD or PID/FD' explain "$word"
done
usage "explain without a word" 'needs FD or PID/FD' explain
usage "explain with a word too many" '"4" is not expected' explain 3 4
expect "a file that is not open" 2 - '^kssl: file 77: Bad file descriptor$' \
	"$kssl" explain 77
expect "a process that there is not" 2 - 'there is no process 2147483646' \
	"$kssl" explain 2147483646/3
expect "its exit status says that kernel TLS is not active" 3 \
	'^fd 0 ktls none reason not-socket$' - "$kssl" explain 0
exec 8</dev/null
run $kssl explain $$/8
if grep -q ptrace "$work/err"; then
	[ "$status" = 2 ]
	result $? "ptrace's rules are named"
else
	expect "a file of another process" 3 \
		"^pid $$ fd 8 ktls none reason not-socket\$" - \
		"$kssl" explain $$/8
	expect "a file that it does not have" 2 - \
		"^kssl: process $$ has no file 88\$" "$kssl" explain $$/88
fi

if ! command -v python3 >/dev/null; then
	skip "sockets" "no python3"
	finish
fi

# on KIND COMMAND...: the command, with such a socket as file 9
cat >"$work/on" <<'END'
import os, socket, sys

def pair(peer_stays):
    listener = socket.create_server(("127.0.0.1", 0))
    ours = socket.create_connection(listener.getsockname())
    theirs = listener.accept()[0]
    if peer_stays:
        theirs.set_inheritable(True)
        return ours, theirs
    theirs.close()
    ours.recv(1)
    return ours, listener

kept = {
    "udp": lambda: (socket.socket(type=socket.SOCK_DGRAM),),
    "unix": lambda: socket.socketpair(),
    "tcp": lambda: (socket.socket(),),
    "tcp6": lambda: (socket.socket(socket.AF_INET6),),
    "listener": lambda: (socket.create_server(("127.0.0.1", 0)),),
    "mptcp": lambda: (socket.socket(socket.AF_INET, socket.SOCK_STREAM, 262),),
    "connected": lambda: pair(True),
    "half-closed": lambda: pair(False),
}[sys.argv[1]]()
os.dup2(kept[0].fileno(), 9)
os.execv(sys.argv[2], sys.argv[2:])
END

# of_socket KIND REASON: what is said of it
of_socket() {
	if ! python3 "$work/on" "$1" /bin/true 2>/dev/null; then
		skip "$1" "this machine has no such socket"
		return
	fi
	expect "$1" 3 "^fd 9 ktls none reason $2\$" - \
		python3 "$work/on" "$1" "$kssl" explain 9
	grep -q '^	why "' "$work/out" && grep -q '^	remedy ' "$work/out"
	result $? "$1: why, and what would help"
	cp "$work/out" "$work/text"
	expect "$1 in JSON" 3 "^\\[{\"fd\":9,.*\"reason\":\"$2\"" - \
		python3 "$work/on" "$1" "$kssl" -j explain 9
	# Each run has a socket of its own.
	sed -E 's/:[0-9]+( |$)/:0\1/g; s/sock-cookie [0-9]+/sock-cookie 0/' \
		-i "$work/text"
	sed -E 's/"(local-port|peer-port|sock-cookie)":[0-9]+/"\1":0/g' \
		-i "$work/out"
	python3 equal.py "$work/text" "$work/out"
	result $? "$1: text and JSON have the same content"
}

of_socket udp not-tcp
of_socket unix not-tcp
of_socket mptcp mptcp
of_socket tcp not-connected
of_socket tcp6 not-connected
of_socket listener listening
of_socket half-closed half-closed
if [ -e /proc/net/tls_stat ]; then
	of_socket connected no-ulp
else
	of_socket connected no-module
fi
run python3 "$work/on" connected "$kssl" explain 9
grep -Eq '^	local 127\.0\.0\.1:[0-9]+ peer 127\.0\.0\.1:[0-9]+ tcp-state established sock-cookie [1-9]' \
	"$work/out"
result $? "which socket it is"
expect "no kssl is no error" 3 '^fd 9 ' - env FAKE_NO_FAMILY=1 \
	python3 "$work/on" connected "$kssl" explain 9

finish
