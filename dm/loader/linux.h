/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/*
 * The part of Linux's 64-bit boot protocol that bzImage and vmlinux share (Documentation/arch/x86/
 * boot.rst and zero-page.rst of Linux): boot parameters, command line, initrd, first page tables.
 */
#ifndef DM_LOADER_LINUX_H
#define DM_LOADER_LINUX_H

#include "loader.h"

/* Offsets in the boot parameters; those from LINUX_SETUP_SECTS on are also offsets in a bzImage. */
enum linux_offset {
	LINUX_VIDEO_MODE = 0x006, /* of struct screen_info, which is at 0 */
	LINUX_VIDEO_COLUMNS = 0x007,
	LINUX_VIDEO_EGA_BX = 0x00a,
	LINUX_VIDEO_LINES = 0x00e,
	LINUX_VIDEO_IS_VGA = 0x00f,
	LINUX_VIDEO_POINTS = 0x010,
	LINUX_RSDP = 0x070,
	LINUX_E820_COUNT = 0x1e8,
	LINUX_SETUP_SECTS = 0x1f1,
	LINUX_BOOT_FLAG = 0x1fe,
	LINUX_JUMP = 0x200,
	LINUX_MAGIC = 0x202,
	LINUX_VERSION = 0x206,
	LINUX_LOADER_TYPE = 0x210,
	LINUX_LOAD_FLAGS = 0x211,
	LINUX_INITRD = 0x218,
	LINUX_INITRD_SIZE = 0x21c,
	LINUX_CMDLINE = 0x228,
	LINUX_INITRD_MAX = 0x22c,
	LINUX_ALIGNMENT = 0x230,
	LINUX_RELOCATABLE = 0x234,
	LINUX_XLOADFLAGS = 0x236,
	LINUX_CMDLINE_SIZE = 0x238,
	LINUX_PREF_ADDRESS = 0x258,
	LINUX_INIT_SIZE = 0x260,
	LINUX_HEADER_END = 0x290, /* no header goes beyond the e820 table's predecessor */
	LINUX_E820 = 0x2d0,
};
#define LINUX_MAGIC_HDRS 0x53726448u
#define LINUX_FLAG_55AA	 0xaa55
#define LINUX_PARAMS	 4096

struct linux_boot {
	u8 params[LINUX_PARAMS]; /* zero but for the setup header */
	u64 entry;		 /* physical address of the 64-bit entry point */
	u64 initrd_limit;	 /* the initrd ends at or below */
	u64 cmdline_max;	 /* characters without the NUL */
};

u64 linux_get(const u8 *at, u32 size);
void linux_put(u8 *at, u32 size, u64 value);
/* Completes the boot parameters, puts everything in place and fills l->start. */
int linux_finish(struct loader *l, struct linux_boot *boot) must_check;

#endif
