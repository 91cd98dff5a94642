#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# Builds and runs openssl_test.c, in the virtual machine.

set -eu

here=$(cd "$(dirname "$0")" && pwd)
top=$here/../..
lib=$top/tools/lib
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

cc -std=gnu11 -D_GNU_SOURCE -O -g -Wall -Wextra -Werror \
	-I"$top/include" -I"$top/include/uapi" -o "$work/openssl_test" \
	"$here/openssl_test.c" -L"$lib" -Wl,-rpath,"$lib" \
	-lkssl-openssl -lkssl -lssl -lcrypto
"$work/openssl_test"
