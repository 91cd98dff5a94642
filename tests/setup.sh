#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Installs the Debian packages that a part of the project needs.
#
#   tests/setup.sh GROUP...

set -euo pipefail

usage() {
	echo "usage: tests/setup.sh GROUP..."
	echo "groups: build lib vm kernel chroot kunit style demo"
}

packages() {
	case $1 in
	build)	echo gcc make libc6-dev rsync kmod ;;
	lib)	echo gcc g++ make libc6-dev binutils pkg-config libmnl-dev \
			libssl-dev libjson-c-dev python3 valgrind \
			bash-completion bsdextrautils man-db mandoc ;;
	vm)	echo qemu-system-x86 busybox-static cpio gzip kmod \
			util-linux xz-utils iproute2 procps openssl curl \
			gnutls-bin gdb python3 python3-yaml \
			python3-jsonschema libpcre2-8-0 ;;
	kernel)	echo gcc make libc6-dev bc bison flex libelf-dev libssl-dev \
			pahole python3 perl xz-utils kmod rsync cpio ;;
	chroot)	echo debootstrap util-linux ;;
	kunit)	packages kernel ;;
	style)	packages kernel
		packages lib
		echo sparse clang lld llvm codespell yamllint shellcheck \
			python3-yaml python3-jsonschema ;;
	demo)	packages lib
		packages vm ;;
	*)	return 1 ;;
	esac
}

is_installed() {
	dpkg-query -W -f '${db:Status-Abbrev}' "$1" 2>/dev/null |
		grep -q '^ii'
}

# Another process may be in the middle of an installation.
apt() {
	local sudo=()

	[ "$(id -u)" = 0 ] || sudo=(sudo)
	"${sudo[@]}" env DEBIAN_FRONTEND=noninteractive \
		apt-get -q -o DPkg::Lock::Timeout=600 "$@"
}

if [ $# = 0 ]; then
	usage >&2
	exit 1
fi

missing=
for group; do
	list=$(packages "$group") || {
		echo "setup: no group '$group'" >&2
		usage >&2
		exit 1
	}
	for package in $list; do
		case " $missing " in
		*" $package "*) continue ;;
		esac
		if command -v dpkg-query >/dev/null; then
			is_installed "$package" && continue
		fi
		missing+="${missing:+ }$package"
	done
done
[ -n "$missing" ] || exit 0

if ! command -v apt-get >/dev/null; then
	echo "setup: not a Debian system; these tests need what Debian" \
		"calls: $missing" >&2
	# What is wanted may be there under other names.
	exit 0
fi
if [ "$(id -u)" != 0 ] && ! command -v sudo >/dev/null; then
	echo "setup: neither root nor sudo; missing packages: $missing" >&2
	exit 1
fi

echo "setup: installing $missing" >&2
log=$(mktemp)
trap 'rm -f "$log"' EXIT
# shellcheck disable=SC2086 # a list of words
if ! { apt install -y --no-install-recommends $missing ||
       { apt update && apt install -y --no-install-recommends $missing; }
     } >"$log" 2>&1 </dev/null; then
	tail -n 20 "$log" >&2
	echo "setup: could not install $missing" >&2
	exit 1
fi
