#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# memcheck.sh COMMAND... - run it under valgrind; a leak is an error

exec "${VALGRIND:-valgrind}" -q --error-exitcode=99 --leak-check=full \
	--child-silent-after-fork=yes "$@"
