# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The Oriel authors
#
# The Linux test guest's initial file system. Needs what tools/setup provides.

LINUX_INITRD := build/initrd.img
LINUX_INITRD_RAW := build/initrd-raw.img

$(LINUX_INITRD) $(LINUX_INITRD_RAW) &: tests/linux/build tests/linux/init \
		$(wildcard tests/linux/*.[ch]) build/debian/VERSIONS
	$(call say,INITRD)
	$(Q)tests/linux/build $(LINUX_INITRD) $(LINUX_INITRD_RAW)

.PHONY: linux-guest
linux-guest: $(LINUX_INITRD) $(LINUX_INITRD_RAW)
