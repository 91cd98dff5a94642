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

# Numbers, by their attribute and its size in bytes.
for number in verify-purpose:19:1 verify-trust:20:1 dh-auto:33:1 \
	      security-level:77:1 max-fragment-len:108:1 num-tickets:100:4 \
	      max-early-data:102:4 recv-max-early-data:103:4 \
	      block-padding:105:4 max-send-fragment:106:4 \
	      split-send-fragment:107:4 psk-key:93:4 verify-time:25:8 \
	      callbacks-cookie:96:8; do
	IFS=: read -r name type size <<<"$number"
	row "$name" 1 "4.$type=01(00){$((size - 1))}"
	row "$name" 0xa5 "4.$type=a5(00){$((size - 1))}"
	bad "$name" "" -1 x 1x "0x1$(printf '%0*d' $((2 * size)) 0)"
done
row verify-auth-level default 4.26=ffffffff
row verify-auth-level 3 4.26=03000000
bad verify-auth-level "" -1 x
for switch in trust-system:28 dane-enabled:73 quiet-shutdown:104 share:109 \
	keep:110; do
	row "${switch%:*}" on "4.${switch#*:}=01"
	row "${switch%:*}" off "4.${switch#*:}=00"
	bad "${switch%:*}" 1 yes ""
done

row verify-flags crl-check,partial-chain 4.18=04000800
row verify-flags none 4.18=00000000
row verify-host-flags no-wildcards,0x20 4.22=22000000
row dane-flags no-dane-ee-namechecks 4.74=01000000
row callbacks info,psk 4.95=82000000
for flags in verify-flags verify-host-flags dane-flags callbacks; do
	bad $flags foo +1 0x100000000
done
row certificate-current rsa 4.34=00
row certificate-current ed448 4.34=08
bad certificate-current "" 8 RSA

for text in verify-email:23 psk-identity-hint:91 psk-identity:92 sni:97; do
	row "${text%:*}" "a b" "4.${text#*:}=61206200"
	row "${text%:*}" "" "4.${text#*:}=00"
done
for names in verify-hosts:21 alpn:98; do
	row "${names%:*}" h2,http/1.1 \
		"4.${names#*:}=02683208687474702f312e31"
	row "${names%:*}" none "4.${names#*:}="
	bad "${names%:*}" a,,b ,a "$(printf '%0256d' 0)"
done
row verify-ip 192.0.2.1 4.24=c0000201
row verify-ip 2001:db8::1 '4.24=20010db80{23}1'
row verify-ip none 4.24=
bad verify-ip "" 1.2.3 1.2.3.4:5 example.org
for hex in session-id-context:31 dane-mtypes:75 client-cert-types:94; do
	row "${hex%:*}" 00fF10 "4.${hex#*:}=00ff10"
	row "${hex%:*}" none "4.${hex#*:}="
	bad "${hex%:*}" 0 0x01 "01 2" " 1" gg +1
done
row groups x25519:secp256r1:0xfefe 4.99=1d001700fefe
row groups none 4.99=
row sigalgs ecdsa_secp256r1_sha256:0x0807 4.71=03040708
row client-sigalgs rsa_pss_rsae_sha256 4.72=0408
for codes in groups sigalgs client-sigalgs; do
	bad $codes foo 29 0x10000 0x1d, 0x1d,0x17
done
run $kssl ctx new groups "$(printf '0x001d:%.0s' {1..300})0x001d"
logged "too many groups are the kernel's to refuse" '^1 4.99=(1d00){65}$'
row ticket-keys 1,0x10 4.101=0100000010000000
row ticket-keys none 4.101=
run $kssl ctx new ticket-keys 1,2,3,4,5,6
logged "so are too many keys" '^1 4.101=(0[1-5]000000){5}$'
bad ticket-keys x 1:2 1,,2 4294967296
row dane-tlsa "3 1 1 aaBB" 4.76=0005030101aabb
row dane-tlsa "3 1 1 aa,2 0 2 bbcc" 4.76=0004030101aa0005020002bbcc
row dane-tlsa none 4.76=
bad dane-tlsa "3 1 1" "3 1 aa" "256 1 1 aa" "3 1 1 a" "3 1 1 aa," \
	"3 1 1 aa bb" "-1 1 1 aa"

slots=(rsa rsa-pss dsa ecc gost01 gost12-256 gost12-512 ed25519 ed448)
printf 'a\0\377' >"$work/file"
: >"$work/empty"
for i in "${!slots[@]}"; do
	row "certificate-${slots[i]}" "$work/file" "4.$((35 + i))=6100ff"
	row "chain-${slots[i]}" "$work/file" "4.$((44 + i))=6100ff"
	row "private-key-${slots[i]}" 0x12345678 "4.$((53 + i))=78563412"
	row "ocsp-${slots[i]}" "$work/file" "4.$((62 + i))=6100ff"
done
bad private-key-rsa "" none /etc/passwd -1 4294967296
for i in {0..7}; do
	row "ex-data-$i" "$work/file" "4.$((80 + i))=6100ff"
done
for file in trust-anchors:27 crls:29 session:30 tmp-dh:32 ca-list:78 \
	    client-ca-list:79 serverinfo:88 serverinfo-v2:89 \
	    custom-extensions:90; do
	row "${file%:*}" "$work/file" "4.${file#*:}=6100ff"
	row "${file%:*}" none "4.${file#*:}="
	usage "${file%:*} of a file that is not there" \
		"^kssl: ${file%:*}: /no/such: No such file" \
		ctx new "${file%:*}" /no/such
done
usage "a directory is no file" '^kssl: crls: /: Is a directory$' ctx new crls /
row crls "$work/empty" 4.29=

run $kssl ctx new session - <"$work/file"
logged "a file from standard input" '^1 4.30=6100ff$'
usage "but not two" 'crls: standard input is taken already' \
	ctx new session - crls - <"$work/file"
head -c 70000 /dev/zero >"$work/large"
expect "a file that is too long" 2 - '^kssl: too long \[settings.crls\]$' \
	$kssl ctx new crls "$work/large"
run $kssl ctx new crls <(head -c 65520 /dev/zero)
[ "$(awk 'NR == 1 { print length }' "$work/log")" = $((7 + 2 * 65520)) ]
result $? "one that is as long as can be, from a pipe"
run $kssl -b - <<END
ctx new crls - label a
ctx new label b
END
[ "$status" = 1 ] && grep -q '^Command failed -:1$' "$work/err" &&
	[ ! -s "$work/log" ]
result $? "a batch from standard input is no row's file"
printf 'ctx new crls -\n' >"$work/batch"
run $kssl -b "$work/batch" <"$work/file"
logged "another batch leaves it to a row" '^1 4.29=6100ff$'

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
