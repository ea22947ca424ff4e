# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The Oriel authors
#
# The Linux test guest's initial file systems. Need what tools/setup provides.

LINUX_INITRD := build/initrd.img
LINUX_INITRD_RAW := build/initrd-raw.img
LINUX_USERLAND := build/initrd-userland.img

$(LINUX_INITRD) $(LINUX_INITRD_RAW) &: tests/linux/build tests/linux/init \
		$(addprefix tests/linux/,drmtest.c card.c card.h) build/debian/VERSIONS
	$(call say,INITRD)
	$(Q)tests/linux/build $(LINUX_INITRD) $(LINUX_INITRD_RAW)

$(LINUX_USERLAND): tests/linux/build_userland tests/linux/seat.c $(wildcard tests/linux/userland/*) \
		build/debian/userland/WANTED $(LINUX_INITRD)
	$(call say,INITRD)
	$(Q)tests/linux/build_userland $(LINUX_INITRD) $(LINUX_USERLAND)

.PHONY: linux-guest
linux-guest: $(LINUX_INITRD) $(LINUX_INITRD_RAW) $(LINUX_USERLAND)
