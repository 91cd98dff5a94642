#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# names.sh HEADER - rows of test_attr.c's table from the enumerators of
# linux/kssl.h, whose names the spec's generator derives from the attributes'.

set -eu

attrs()
{
	sed -n 's/^\t\(KSSL_A_[A-Z0-9_]*\)\( = 1\)\{0,1\},$/\1/p' "$1"
}

dashed()
{
	echo "$1" | tr A-Z_ a-z-
}

attrs "$1" | while read -r attr; do
	name=${attr#KSSL_A_}
	case $name in
	SETTINGS_ID)
		echo "{ $attr, 0, \"settings-id\" },"
		;;
	SETTINGS_*)
		row=$(dashed "${name#SETTINGS_}")
		echo "{ KSSL_A_SETTINGS, $attr, \"settings.$row\" },"
		;;
	CRYPTO_*)
		row=$(dashed "${name#CRYPTO_}")
		echo "{ KSSL_A_TX, $attr, \"tx.$row\" },"
		echo "{ KSSL_A_RX, $attr, \"rx.$row\" },"
		echo "{ KSSL_A_KEY, $attr, \"key.$row\" },"
		;;
	*)
		echo "{ $attr, 0, \"$(dashed "$name")\" },"
		;;
	esac
done
