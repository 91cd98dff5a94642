#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Each row: what its values become on the wire, and what is no value of it.
. "$(dirname "$0")/tap.sh"

kssl=./kssl-fake

# row NAME VALUE ATTRIBUTES: in the order of their types
row() {
	run $kssl ctx new "$1" "$2"
	logged "$1 \"$2\"" "^1 $3\$"
}

# bad NAME VALUE...
bad() {
	local name=$1 value

	shift
	for value; do
		usage "$name \"$value\" is no value" "$name: " \
			ctx new "$name" "$value"
	done
}

row method either 4.2=00000000
row method client 4.2=01000000
row method server 4.2=02000000
bad method any 1 "" Server

row options none '4.3=0{16} 4.4=dfffffffff030000'
row options "" '4.3=0{16} 4.4=dfffffffff030000'
row options no-ticket '4.3=0040000000000000 4.4=dfffffffff030000'
row options no-ticket,grease '4.3=0040000000020000 4.4=dfffffffff030000'
row options +no-ticket '4.3=0040000000000000 4.4=0040000000000000'
row options +no-ticket,no-sslv3 '4.3=0040000200000000 4.4=0040000200000000'
row options -no-ticket '4.3=0{16} 4.4=0040000000000000'
row options 0x4000 '4.3=0040000000000000 4.4=dfffffffff030000'
row options +16384 '4.3=0040000000000000 4.4=0040000000000000'
row options 0x8000000000000000 '4.3=0{14}80 4.4=dfffffffff030080'
bad options foo no-ticket,foo ,no-ticket no-ticket, + - +foo \
	0x10000000000000000 +no-ticket,-grease

row mode none '4.5=0{8} 4.6=ff050000'
row mode auto-retry,async '4.5=04010000 4.6=ff050000'
row mode +release-buffers '4.5=10000000 4.6=10000000'
row mode -auto-retry '4.5=0{8} 4.6=04000000'
bad mode foo 0x100000000 -foo

for proto in min-proto:7 max-proto:8; do
	name=${proto%:*}
	type=${proto#*:}
	row "$name" any "4.$type=0000"
	row "$name" tls1.0 "4.$type=0103"
	row "$name" tls1.1 "4.$type=0203"
	row "$name" tls1.2 "4.$type=0303"
	row "$name" tls1.3 "4.$type=0403"
	bad "$name" tls1.4 ssl3 1.3 "" 0x0303
done

row verify-mode none 4.9=00000000
row verify-mode peer 4.9=01000000
row verify-mode peer,fail-if-no-peer-cert 4.9=03000000
row verify-mode client-once,post-handshake 4.9=0c000000
row verify-mode 1 4.9=01000000
bad verify-mode foo peer:client-once +peer

row verify-depth default 4.10=ffffffff
row verify-depth 0 4.10=00000000
row verify-depth 100 4.10=64000000
bad verify-depth "" -1 x 1x 2147483648

row timeout 0 4.11=00000000
row timeout 300 4.11=2c010000
row timeout 4294967295 4.11=ffffffff
bad timeout "" -1 5m 4294967296

row cipher-list TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256 4.12=2fc0
row cipher-list \
	TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256:0xc030:TLS_RSA_WITH_AES_128_CCM \
	4.12=2fc030c09cc0
row cipher-list none 4.12=
row cipher-list "" 4.12=
bad cipher-list foo ECDHE-RSA-AES128-GCM-SHA256 49199 0x10000 0xc02f: :0xc02f \
	0xc02f,0xc030

row ciphersuites TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384 4.13=01130213
row ciphersuites none 4.13=
bad ciphersuites TLS_FOO 4865
many=0x1301
for _ in $(seq 300); do
	many+=:0x1301
done
run $kssl ctx new ciphersuites "$many"
logged "a list that is too long is the kernel's to refuse" \
	'^1 4.13=(0113){257}$'

row max-cert-list 0 4.14=00000000
row max-cert-list 102400 4.14=00900100
bad max-cert-list "" x 4294967296

row read-ahead on 4.15=01
row read-ahead off 4.15=00
bad read-ahead 1 yes ""

row role unset 4.16=00000000
row role client 4.16=01000000
row role server 4.16=02000000
bad role either ""

row label web 4.17=77656200
row label "" 4.17=00
row label "a b" 4.17=61206200

run $kssl ctx new
logged "no rows" '^1 4.=$|^1$'
run $kssl ctx new label a timeout 1 method client
logged "several rows" '^1 4.2=01000000 4.11=01000000 4.17=6100$'

# Every row of the specification is known, but for those that are parts.
# shellcheck disable=SC2013 # words
for name in $(sed -n '/^    name: settings$/,/^    name: crypto$/p' \
	      "$top/Documentation/netlink/specs/kssl.yaml" |
	      sed -n 's/^        name: //p'); do
	case $name in
	pad|options-mask|mode-mask) continue ;;
	esac
	$kssl ctx help | grep -q "^ROW := { $name \|^         $name "
	result $? "row $name has a keyword"
done

# Every bit has the name of the specification, and its value.
./canned names | sort >"$work/names"
for prefix in op mode verify verify-flag host-flag dane-flag callback \
	cert-slot; do
	enum=kssl_${prefix//-/_}
	# One that says nothing has the value after the last one's.
	sed -n "/^enum $enum {/,/^}/s/^\t${enum^^}_\([A-Z0-9_]*\)/\1/p" \
		"$top/include/uapi/linux/kssl.h" |
		tr -d ',=' | while read -r name value; do
			next=${value:-${next:-0}}
			name=${name,,}
			printf '%s %s %#x\n' "$prefix" "${name//_/-}" "$next"
			next=$((next + 1))
		done
done | sort >"$work/header"
cmp -s "$work/names" "$work/header"
result $? "every bit has its name"

finish
