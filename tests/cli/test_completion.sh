#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# What bash offers while a command is typed.
. "$(dirname "$0")/tap.sh"

library=/usr/share/bash-completion/bash_completion
if [ ! -r $library ]; then
	skip "completion" "no bash-completion"
	finish
fi
# It is written for interactive shells.
set +u
# shellcheck source=/dev/null
. $library
# shellcheck source=/dev/null
. "$top/tools/kssl/kssl.bash-completion"
# What is called by what is completed.
# shellcheck disable=SC2317
compopt() { :; }

# kssl is what the ids come from.
# shellcheck disable=SC2317
kssl() {
	case "$*" in
	"-j ctx show")	echo '[{"ctx-id":3,"conns":1},{"ctx-id":40}]' ;;
	"-j conn show")	echo '[{"id":7,"ctx-id":3},{"id":8,"ctx-id":3}]' ;;
	esac
}

# offers WANTED WORD...: the last word is the one being typed
offers() {
	local wanted=$1 got

	shift
	COMP_WORDS=(kssl "$@")
	COMP_CWORD=$#
	COMP_LINE="kssl $*"
	COMP_POINT=${#COMP_LINE}
	COMPREPLY=()
	_kssl
	got=$(printf '%s\n' "${COMPREPLY[@]}" | sort | tr '\n' ' ')
	[ "$got" = "$wanted " ]
	result $? "kssl $* -> $wanted"
	[ "$got" = "$wanted " ] || echo "# offered: $got"
}

offers "conn ctx" c
offers "show" sh
offers "explain" exp
offers "help" explain h
offers "adopt" ad
offers "suite" adopt 7 role server su
offers "all use" adopt 7 fd ""
offers "pids" show p
offers "clear" conn c
offers "tx" conn rekey id 7 t
offers "up-ref" ctx u
offers "import" conn i
offers "all use" ctx new fd ""
offers "" conn import fd ""
offers "all use" conn import fd 3 rights ""
offers "socket" conn up-ref id 7 s
offers "all" monitor a
offers "id" ctx show ""
offers "3 40" ctx show id ""
offers "7 8" conn show id ""
offers "3 40" conn new ctx ""
offers "40" conn show ctx 4
offers "client" conn set id 7 role c
offers "max-cert-list max-early-data max-fragment-len max-proto max-send-fragment method min-proto mode" \
	ctx new m
offers "tls1.0 tls1.1 tls1.2 tls1.3" ctx new min-proto t
offers "no-ticket,grease" ctx new options no-ticket,gre
offers "+prioritize-chacha" ctx new options +prio
offers "-no-ticket" ctx new options -no-tic
offers "+grease,no-ticket" ctx new options +grease,no-tic
offers "-prioritize-chacha" ctx new options -prio
offers "peer,post-handshake" ctx new verify-mode peer,po
offers "auto-retry" ctx new mode auto
offers "rekey row" conn r
offers "id name" conn row ""
offers "crls" ctx row id 3 name cr
offers "3 40" conn set-ctx id 7 ctx ""
offers "closed" conn show state c
offers "show" -j -p ctx sh
offers "-force" -f

# Every keyword of the tool is offered, and every name.
# shellcheck disable=SC2154 # variables of the completion
offered=$__kssl_rows
# shellcheck disable=SC2013 # words
for row in $(sed -n 's/^\t\t\(ROW(\|.name = \)"\([a-z0-9-]*\)".*/\2/p' \
	     "$top/tools/kssl/row.c"); do
	[[ " ${offered//[$'\n\t']/ } " = *" $row "* ]]
	result $? "row $row is offered"
done
# shellcheck disable=SC2154
names=" $__kssl_options $__kssl_modes $__kssl_verify $__kssl_verify_flags
	$__kssl_host_flags $__kssl_dane_flags $__kssl_callbacks $__kssl_slots "
bad=
while read -r _ name _; do
	[[ ${names//[$'\n\t']/ } = *" $name "* ]] || bad+=" $name"
done < <(./canned names)
[ -z "$bad" ]
result $? "every name is offered$bad"

finish
