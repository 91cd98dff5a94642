#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# A demonstration: builds everything and shows it in a virtual machine, see
# demo-guest.sh.

set -euo pipefail

top=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$top"

tests/setup.sh demo
for dir in lib kssl examples; do
	make -s -C "tools/$dir"
done
[ ! -t 1 ] || export KSSL_DEMO_COLOR=1
exec tests/vm/run -t 900 -- tests/demo-guest.sh
