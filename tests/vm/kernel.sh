#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Gets the kernels that the tests run on, and builds the module for them.
#
#   kernel.sh image SERIES          directory with vmlinuz and lib/modules
#   kernel.sh source SERIES         unpacked sources, as Debian ships them
#   kernel.sh kdir SERIES           what KDIR is for a module build
#   kernel.sh module SERIES OUTDIR [DIR]
#                                   this tree's module, built in OUTDIR; or
#                                   the one in DIR, which may use this tree's
#   kernel.sh program PACKAGE       a Debian package, unpacked: one whose
#                                   installation would start a service
#
# SERIES is 6.1, 6.12 or 7.3, or debug, which is 6.1 built here with the
# options in debug.config. For kdir and module it may be clang, too: a 6.1 for
# that compiler, which only compiles. $KSSL_KBUILD has more arguments for make,
# W=1 for example. The answer is a path on stdout; progress goes to
# stderr. What was got is kept in a cache outside the tree, and is looked for
# anew once a day, because Debian's kernels move.

set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
tree=$(cd "$here/../.." && pwd)
cache=${XDG_CACHE_HOME:-$HOME/.cache}/kssl

say() {
	echo "kernel: $*" >&2
}

die() {
	say "$@"
	exit 1
}

# What cannot be got is not a fault of the tree: its own exit status.
unavailable() {
	say "$@"
	exit 3
}

setup() {
	"$tree/tests/setup.sh" "$@"
}

# lock NAME: hold the lock until this process ends. Two callers that lack the
# same thing must not both build it.
lock() {
	local fd

	mkdir -p "$cache/lock"
	exec {fd}>"$cache/lock/$1"
	flock "$fd"
}

# logged NAME COMMAND...: progress is one line, and only a failure needs more.
logged() {
	local log=$cache/log/$1

	mkdir -p "$cache/log"
	shift
	"$@" >"$log" 2>&1 </dev/null || {
		tail -n 20 "$log" >&2
		die "'$1' failed; all of its output: $log"
	}
}

suite_of() {
	case $1 in
	6.1)	echo bookworm ;;
	6.12)	echo bookworm-backports ;;
	7.3)	echo trixie-backports ;;
	*)	die "no series '$1'" ;;
	esac
}

# Where this machine gets Debian from: "URI SUITE", one a line.
repositories() {
	# shellcheck disable=SC2016 # apt's own variables
	apt-get indextargets --no-release-info \
		--format '$(REPO_URI) $(RELEASE)' 'Created-By: Packages' |
		sort -u
}

debian_uri() {
	local uri

	uri=$(repositories | awk '$2 !~ /-/ { print $1; exit }')
	[ -n "$uri" ] || unavailable "apt knows no Debian archive"
	echo "$uri"
}

write_sources() {
	local main security

	main=$(debian_uri)
	security=$(repositories | awk '$2 ~ /-security$/ { print $1; exit }')
	echo "deb $main $1 main"
	case $1 in
	*-backports)
		;;
	*)	echo "deb $main $1-updates main"
		[ -z "$security" ] || echo "deb $security $1-security main"
		;;
	esac
}

# apt_in SUITE COMMAND...: an apt of our own for each suite, so that the
# machine's configuration stays as it is and suites do not mix.
apt_in() {
	local root=$cache/apt/$1 command=$2

	shift 2
	"$command" -q -o Dir::State="$root/state" -o Dir::Cache="$root/cache" \
		-o Dir::State::status="$root/status" \
		-o Dir::Etc::sourcelist="$root/sources.list" \
		-o Dir::Etc::sourceparts=/dev/null \
		-o APT::Architecture=amd64 -o APT::Sandbox::User= "$@"
}

# True when FILE was written within a day.
fresh() {
	[ -e "$1" ] && [ -z "$(find "$1" -mmin +1440)" ]
}

apt_ready() {
	local root=$cache/apt/$1

	fresh "$root/stamp" && return
	mkdir -p "$root/state/lists/partial" "$root/cache/archives/partial"
	: >"$root/status"
	write_sources "$1" >"$root/sources.list"
	say "getting the package lists of $1"
	if apt_in "$1" apt-get update >"$root/log" 2>&1; then
		touch "$root/stamp"
	elif [ ! -e "$root/stamp" ]; then
		cat "$root/log" >&2
		unavailable "could not get the package lists of $1"
	fi
}

# newest SUITE REGEX: the newest of the packages with such a name.
newest() {
	apt_in "$1" apt-cache search --names-only "$2" | cut -d' ' -f1 |
		sort -V | tail -n 1
}

version_of() {
	apt_in "$1" apt-cache show --no-all-versions "$2" |
		awk '$1 == "Version:" { print $2; exit }'
}

# resolve SERIES KIND: sets package and version to those of the newest kernel
# image or source.
resolve() {
	local file=$cache/resolved/$1.$2 suite regex

	if ! fresh "$file"; then
		suite=$(suite_of "$1")
		regex=^linux-$2-${1//./\\.}
		# Not the cloud, rt, unsigned and debug symbol packages.
		[ "$2" = source ] || regex+='\.[0-9]+[^-]*(-[0-9]+)?-amd64'
		apt_ready "$suite"
		package=$(newest "$suite" "$regex\$")
		[ -n "$package" ] ||
			unavailable "$suite has no package like $regex"
		version=$(version_of "$suite" "$package")
		mkdir -p "$cache/resolved"
		echo "$package $version" >"$file.$$"
		mv "$file.$$" "$file"
	fi
	read -r package version <"$file"
}

# unpack SUITE PACKAGE DIR
unpack() {
	local work

	apt_ready "$1"
	work=$(mktemp -d "$cache/unpack.XXXXXX")
	(cd "$work" && apt_in "$1" apt-get download "$2") >"$work/log" 2>&1 || {
		cat "$work/log" >&2
		unavailable "could not download $2"
	}
	dpkg-deb -x "$work"/*.deb "$3"
	rm -rf "$work"
}

# parts SUITE PACKAGE KINDS: the package, and those that it is split into.
parts() {
	echo "$2"
	apt_in "$1" apt-cache depends "$2" |
		awk -v kinds="^linux-($3)-" \
			'$1 == "Depends:" && $2 ~ kinds { print $2 }'
}

# No test needs these, and depmod runs for every virtual machine.
prune_modules() {
	local dir

	for dir in sound drivers/{gpu,media,infiniband,iio,staging,scsi,usb} \
		   drivers/{input,hwmon,mtd,isdn,ata,leds,video,iommu,thunderbolt} \
		   drivers/net/{ethernet,wireless,can,usb,phy,wwan} \
		   fs/{xfs,btrfs,ocfs2,gfs2,ceph,jfs,reiserfs,f2fs,ntfs3,bcachefs} \
		   net/{mac80211,bluetooth,wireless}; do
		rm -rf "$1/kernel/$dir"
	done
	find "$1" -name '*.ko.xz' -exec xz -d {} +
	find "$1" -name '*.ko.zst' -exec zstd -q -d --rm {} +
}

stock_image() {
	local series=$1 suite package version dir work rel part

	resolve "$series" image
	dir=$cache/image/$series-$version
	if [ ! -d "$dir" ]; then
		lock "image-$series"
	fi
	if [ ! -d "$dir" ]; then
		say "getting $package $version"
		setup kernel
		mkdir -p "$cache/image"
		rel=${package#linux-image-}
		suite=$(suite_of "$series")
		work=$(mktemp -d "$cache/image/new.XXXXXX")
		for part in $(parts "$suite" "$package" 'base|binary|modules'); do
			unpack "$suite" "$part" "$work/root"
		done
		mkdir -p "$work/new/lib/modules"
		mv "$work"/root/{,usr/}lib/modules/"$rel" \
			"$work/new/lib/modules/" 2>/dev/null || true
		mv "$work/root/boot/vmlinuz-$rel" "$work/new/vmlinuz" \
			2>/dev/null ||
			mv "$work/new/lib/modules/$rel/vmlinuz" "$work/new/"
		prune_modules "$work/new/lib/modules/$rel"
		depmod -b "$work/new" "$rel"
		mv "$work/new" "$dir"
		rm -rf "$work"
	fi
	echo "$dir"
}

source_tree() {
	local series=$1 package version dir work

	[ "$series" != debug ] || series=6.1
	resolve "$series" source
	dir=$cache/source/$series-$version
	if [ ! -d "$dir" ]; then
		lock "source-$series"
	fi
	if [ ! -d "$dir" ]; then
		say "getting $package $version"
		setup kernel
		mkdir -p "$cache/source"
		work=$(mktemp -d "$cache/source/new.XXXXXX")
		unpack "$(suite_of "$series")" "$package" "$work"
		mkdir "$work/tree"
		tar -C "$work/tree" --strip-components=1 \
			-xf "$work/usr/src/$package.tar.xz"
		mv "$work/tree" "$dir"
		rm -rf "$work"
	fi
	echo "$dir"
}

program() {
	local suite dir version work

	suite=$(suite_of 6.1)
	lock "program-$1"
	dir=$cache/program/$1
	if ! fresh "$dir.stamp"; then
		apt_ready "$suite"
		version=$(version_of "$suite" "$1")
		[ -n "$version" ] || unavailable "$suite has no $1"
		if [ "$version" != "$(cat "$dir.stamp" 2>/dev/null)" ]; then
			say "getting $1 $version"
			mkdir -p "$cache/program"
			work=$(mktemp -d "$cache/program/new.XXXXXX")
			unpack "$suite" "$1" "$work"
			chmod 755 "$work"
			rm -rf "$dir"
			mv "$work" "$dir"
		fi
		echo "$version" >"$dir.stamp"
	fi
	echo "$dir"
}

# Headers of a kernel of this machine's own Debian release. The packages name
# /usr/src and /usr/lib; here they lie in the cache and belong to nobody.
stock_headers() {
	local series=$1 package version suite rel dir work part

	resolve "$series" image
	rel=${package#linux-image-}
	dir=$cache/headers/$series-$version
	if [ ! -d "$dir" ]; then
		lock "headers-$series"
	fi
	if [ ! -d "$dir" ]; then
		say "getting linux-headers-$rel $version"
		setup build kernel
		suite=$(suite_of "$series")
		mkdir -p "$cache/headers"
		work=$(mktemp -d "$cache/headers/new.XXXXXX")
		for part in $(parts "$suite" "linux-headers-$rel" \
				'headers|kbuild'); do
			unpack "$suite" "$part" "$work"
		done
		relocate_headers "$work" "$dir"
		chmod 755 "$work"
		mv "$work" "$dir"
	fi
	echo "$dir/usr/src/linux-headers-$rel"
}

# relocate_headers ROOT FINAL: let paths in ROOT say where FINAL will be.
relocate_headers() {
	local link target

	grep -rlIZ --include=Makefile --include=.kernelvariables \
		-e /usr/src/ "$1/usr/src" --max-count=1 |
		xargs -0r sed -i "s#\(^\|[ :=]\)/usr/src/#\1$2/usr/src/#g"
	find "$1" -type l | while read -r link; do
		target=$(readlink "$link")
		case $target in
		/*)	ln -sfn "$2$target" "$link" ;;
		esac
	done
}

debug_key() {
	local package version

	resolve 6.1 source
	echo "debug-$version-$(sha256sum <"$here/debug.config" | cut -c1-12)"
}

# debug_configure SOURCE DIR [VARIABLE...]: fails when one of the wanted options
# did not survive Kconfig.
# shellcheck disable=SC2317 # logged() calls it
debug_configure() {
	local lost

	KCONFIG_ALLCONFIG=$here/debug.config \
		make -C "$1" O="$2" ARCH=x86_64 "${@:3}" allnoconfig
	lost=$(grep '^CONFIG' "$here/debug.config" | grep -vxFf "$2/.config") ||
		return 0
	echo "not in this kernel: $lost"
	return 1
}

# A build directory has its own name in it, so it is made in place and an
# interrupted build goes on where it stopped.
debug_build() {
	local key dir source

	key=$(debug_key)
	dir=$cache/build/$key
	if [ ! -e "$dir/complete" ]; then
		lock debug
	fi
	if [ ! -e "$dir/complete" ]; then
		setup kernel
		source=$(source_tree 6.1)
		say "building $key, for ten minutes or more"
		mkdir -p "$dir"
		logged "$key-config" debug_configure "$source" "$dir"
		logged "$key" nice make -C "$source" O="$dir" ARCH=x86_64 \
			-j"$(nproc)" bzImage modules
		touch "$dir/complete"
	fi
	echo "$dir"
}

# A configuration made for gcc has options that clang does not know, so
# Debian's headers do not serve.
clang_build() {
	local key dir source

	key=clang-$(debug_key)
	dir=$cache/build/$key
	if [ ! -e "$dir/complete" ]; then
		lock clang
	fi
	if [ ! -e "$dir/complete" ]; then
		setup style
		source=$(source_tree 6.1)
		say "preparing $key"
		mkdir -p "$dir"
		logged "$key-config" debug_configure "$source" "$dir" LLVM=1
		logged "$key" make -C "$source" O="$dir" ARCH=x86_64 LLVM=1 \
			-j"$(nproc)" modules_prepare
		touch "$dir/complete"
	fi
	echo "$dir"
}

debug_image() {
	local key dir build work

	key=$(debug_key)
	dir=$cache/image/$key
	if [ ! -d "$dir" ]; then
		build=$(debug_build)
		lock image-debug
	fi
	if [ ! -d "$dir" ]; then
		mkdir -p "$cache/image"
		work=$(mktemp -d "$cache/image/new.XXXXXX")
		logged "$key-install" make -C "$build" \
			INSTALL_MOD_PATH="$work" modules_install
		cp "$build/arch/x86/boot/bzImage" "$work/vmlinuz"
		cp "$build/.config" "$work/config"
		rm -f "$work"/lib/modules/*/{build,source}
		chmod 755 "$work"
		mv "$work" "$dir"
	fi
	echo "$dir"
}

# A kernel from a newer Debian brings build tools linked to that Debian's
# libraries. What is mounted for them goes with their mount namespace.
chroot_base() {
	local suite=${1%-backports} dir work

	dir=$cache/chroot/$suite
	if [ ! -d "$dir" ]; then
		lock chroot
	fi
	if [ ! -d "$dir" ]; then
		[ "$(id -u)" = 0 ] || unavailable "a $suite chroot takes root"
		setup chroot
		say "getting a $suite chroot"
		mkdir -p "$cache/chroot" "$cache/log"
		work=$(mktemp -d "$cache/chroot/new.XXXXXX")
		unshare --mount debootstrap --variant=minbase \
			--include=binutils,gcc-14,gcc-14-for-host,make,libelf1t64,pahole \
			"$suite" "$work" "$(debian_uri)" \
			>"$cache/log/chroot" 2>&1 </dev/null || {
			tail -n 20 "$cache/log/chroot" >&2
			unavailable "debootstrap failed"
		}
		mkdir "$work/kssl"
		chmod 755 "$work"
		mv "$work" "$dir"
	fi
	echo "$dir"
}

# Sets package to that of the kernel image whose headers they are.
chroot_headers() {
	local series=$1 root=$2 suite version rel part

	resolve "$series" image
	rel=${package#linux-image-}
	[ ! -e "$root/usr/src/complete-$rel" ] || return 0
	lock "headers-$series"
	say "getting linux-headers-$rel $version"
	suite=$(suite_of "$series")
	for part in $(parts "$suite" "linux-headers-$rel" \
			'headers|kbuild'); do
		unpack "$suite" "$part" "$root"
	done
	touch "$root/usr/src/complete-$rel"
}

# chroot_module SERIES OUTDIR ARGUMENT OF make...
chroot_module() {
	local series=$1 out=$2 root package

	root=$(chroot_base "$(suite_of "$series")")
	chroot_headers "$series" "$root"
	# shellcheck disable=SC2016 # the inner shell's variables
	build_module "$out" unshare --mount sh -ec '
		mount -t proc proc "$1/proc"
		mount --bind "$2" "$1/kssl"
		root=$1 headers=$3
		shift 3
		exec chroot "$root" make -C "/usr/src/$headers" M=/kssl "$@"
		' sh "$root" "$out" "${package/image/headers}" "${@:3}"
}

kdir() {
	case $1 in
	debug)	debug_build ;;
	clang)	clang_build ;;
	7.3)	die "$1 has its headers in a chroot; use 'module'" ;;
	*)	stock_headers "$1" ;;
	esac
}

# Copies what the module is made of, so that the tree stays clean and one
# tree can be built for several kernels.
copy_sources() {
	mkdir -p "$1"
	rsync -a --delete --exclude='*.o' --exclude='*.ko' --exclude='*.mod' \
		--exclude='*.mod.c' --exclude='.*.cmd' --exclude='*.a' \
		--exclude=modules.order --exclude=Module.symvers \
		--include='/Kbuild' --include='/kssl/***' \
		--include='/include/***' --include='/build.log' \
		--exclude='/*' "$tree/" "$1/"
}

# build_module OUTDIR COMMAND...: with the compiler's remarks shown.
build_module() {
	local log=$1/build.log

	shift
	if ! "$@" >"$log" 2>&1 </dev/null; then
		grep -E -A 6 'error|Error|warning' "$log" >&2 || cat "$log" >&2
		die "the module does not build; all output: $log"
	fi
	grep -A 6 'warning:' "$log" >&2 || true
}

module() {
	local series=$1 extra=${3-} out dir args

	[ $# = 2 ] || [ $# = 3 ] ||
		die "usage: kernel.sh module SERIES OUTDIR [DIR]"
	[ -e "$tree/Kbuild" ] || die "there is no module in $tree yet"
	out=$(realpath -m "$2")
	setup build
	lock "module-$(echo "$out" | sha256sum | cut -c1-12)"
	copy_sources "$out"
	if [ -n "$extra" ]; then
		rsync -a "$extra/" "$out/extra/"
		echo "obj-m += extra/" >>"$out/Kbuild"
	fi
	# There is no vmlinux to take types from, or no pahole to do it.
	args=(-j"$(nproc)" CONFIG_KSSL=m CONFIG_DEBUG_INFO_BTF_MODULES=
	      UBSAN_SANITIZE=y)
	case $series in
	clang)	args+=(LLVM=1 KBUILD_MODPOST_WARN=1) ;;
	esac
	# shellcheck disable=SC2206 # a list of words
	args+=(${KSSL_KBUILD:-} modules)
	if [ "$series" = 7.3 ]; then
		chroot_module "$series" "$out" "${args[@]}"
	else
		dir=$(kdir "$series")
		build_module "$out" make -C "$dir" M="$out" "${args[@]}"
	fi
	if [ -n "$extra" ]; then
		echo "$out"/extra/*.ko
	else
		echo "$out/kssl/kssl.ko"
	fi
}

main() {
	case ${1-} in
	image)
		case ${2-} in
		debug)	debug_image ;;
		*)	stock_image "${2-}" ;;
		esac ;;
	source)	source_tree "${2-}" ;;
	kdir)	kdir "${2-}" ;;
	module)	module "${@:2}" ;;
	program) program "${2:?}" ;;
	*)	sed -n '3,/^$/s/^# \{0,1\}//p' "${BASH_SOURCE[0]}" >&2
		exit 1 ;;
	esac
}

# A function, so that an edit of this file leaves running builds alone.
main "$@"
exit
