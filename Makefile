# SPDX-License-Identifier: GPL-2.0-only
#
# What people type; the module itself is described in Kbuild.

KDIR ?= /lib/modules/$(shell uname -r)/build
PREFIX ?= /usr/local
DESTDIR ?=
V ?= 0
KSSL_KERNEL ?= 6.1

export PREFIX DESTDIR V KSSL_KERNEL
MAKEFLAGS += --no-print-directory
# Below, yes; but tests one after the other.
.NOTPARALLEL:

ifeq ($(V),1)
Q :=
else
Q := @
endif

kbuild = $(MAKE) -C $(KDIR) M=$(CURDIR) CONFIG_KSSL=m
lib := +$(Q)$(MAKE) -C tools/lib
tool := +$(Q)$(MAKE) -C tools/kssl

.PHONY: all
all: modules lib tools

.PHONY: modules
modules: | $(KDIR)
	+$(Q)$(kbuild) modules

$(KDIR):
	@echo "There are no kernel headers in $(KDIR): install them, or name" \
		"others with KDIR=" >&2
	@false

.PHONY: lib
lib:
	$(lib) all

.PHONY: tools
tools: lib
	$(tool) all

.PHONY: demo
demo:
	$(Q)tests/setup.sh demo
	+$(Q)$(MAKE) tools
	$(Q)tests/demo.sh

.PHONY: check
check: check-lib check-kunit check-vm

.PHONY: check-lib
check-lib:
	$(Q)tests/setup.sh lib
	+$(Q)$(MAKE) tools
	$(lib) check
	$(tool) check

.PHONY: check-kunit
check-kunit:
	$(Q)tests/kunit/run.sh

# The C programs are built out here: a compiler is slow in there. debug is a
# kernel of 6.1. On the oldest kernel and on the newest all is tested; on the
# others what may differ there, and that with fewer rounds.
fewer := $(filter 6.12 debug,$(KSSL_KERNEL))

.PHONY: check-vm
check-vm:
	$(Q)tests/setup.sh lib
	+$(Q)$(MAKE) tools
	+$(Q)$(MAKE) -C tools/examples
	+$(Q)$(MAKE) -C tests/functional all selftest \
		SERIES=$(subst debug,6.1,$(or $(KSSL_KERNEL),6.1))
	$(Q)KSSL_KSRC=$$(tests/vm/kernel.sh source 7.3) \
		KSSL_NGINX=$$(tests/vm/kernel.sh program nginx) \
		KSSL_QUICK=$(if $(fewer),1) \
		tests/vm/run -t $(if $(filter debug,$(KSSL_KERNEL)),5400,3600) \
			-- tests/functional/run $(if $(fewer),--kernel)

.PHONY: style
style:
	$(Q)tests/style.sh

.PHONY: install
install: lib tools
	$(lib) install
	$(tool) install

.PHONY: uninstall
uninstall:
	$(lib) uninstall
	$(tool) uninstall

.PHONY: modules_install
modules_install: modules
	+$(Q)$(kbuild) INSTALL_MOD_PATH=$(DESTDIR) modules_install

.PHONY: vm-shell
vm-shell:
	$(Q)tests/setup.sh lib
	+$(Q)$(MAKE) tools
	$(Q)tests/vm/run -s

.PHONY: clean
clean:
	$(lib) clean
	$(tool) clean
	+$(Q)[ ! -d tests/functional ] || $(MAKE) -C tests/functional clean
	+$(Q)[ ! -d $(KDIR) ] || $(kbuild) clean

.PHONY: help
help:
	@echo "make [all]            the module, the library and the tool"
	@echo "make modules          the module, for the kernel in KDIR"
	@echo "make lib              libkssl, in tools/lib"
	@echo "make tools            the kssl command, in tools/kssl"
	@echo "make demo             an HTTPS server with its connections in the kernel, in a VM"
	@echo "make check            all tests, the kernel's in a VM"
	@echo "make check-lib        tests of the library and the tool"
	@echo "make check-kunit      unit tests, on a User Mode Linux kernel"
	@echo "make check-vm         functional tests in a VM"
	@echo "make style            remarks of a dozen checkers"
	@echo "make install          library and tool to DESTDIR/PREFIX"
	@echo "make uninstall        removes them from there"
	@echo "make modules_install  the module to DESTDIR/lib/modules"
	@echo "make vm-shell         a shell in a VM that has the module"
	@echo "make clean            removes what was built"
	@echo
	@echo "KDIR=DIR              kernel headers [/lib/modules/RELEASE/build]"
	@echo "PREFIX=DIR            where to install [/usr/local]"
	@echo "DESTDIR=DIR           in front of all installed paths"
	@echo "KSSL_KERNEL=SERIES    the VM's kernel: 6.1, 6.12, 7.3 or debug [6.1]"
	@echo "V=1                   shows all commands"
