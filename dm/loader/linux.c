/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/* Linux boot parameters, see linux.h. No state. */
#include "linux.h"
#include "../runtime.h"

enum { LOADER_TYPE_UNKNOWN = 0xff, E820_ENTRY = 20 };

u64 linux_get(const u8 *at, u32 size)
{
	u64 value = 0;

	memcpy(&value, at, size);
	return value;
}

void linux_put(u8 *at, u32 size, u64 value)
{
	memcpy(at, &value, size);
}

static void put_memory_map(const struct loader *l, u8 *params)
{
	struct loader_ram map[LOADER_MAX_RAM];
	u32 count = loader_ram_map(l->vm, map);

	for (u32 i = 0; i < count; i++)
		memcpy(params + LINUX_E820 + i * E820_ENTRY, &map[i], E820_ENTRY);
	params[LINUX_E820_COUNT] = (u8)count;
}

/* The screen as the VGA shows it when a guest starts; with zeros Linux takes there to be none. */
static void put_screen(const struct loader *l, u8 *params)
{
	enum { MODE_TEXT = 3, EGA_COLOUR_256K = 3, COLUMNS = 80, LINES = 25, FONT_LINES = 16 };

	if (!config_has_vga(l->vm->config))
		return;
	params[LINUX_VIDEO_MODE] = MODE_TEXT;
	params[LINUX_VIDEO_COLUMNS] = COLUMNS;
	params[LINUX_VIDEO_LINES] = LINES;
	params[LINUX_VIDEO_IS_VGA] = 1;
	linux_put(params + LINUX_VIDEO_EGA_BX, 2, EGA_COLOUR_256K);
	linux_put(params + LINUX_VIDEO_POINTS, 2, FONT_LINES);
}

int linux_finish(struct loader *l, struct linux_boot *boot)
{
	u64 cmdline_len = strlen(l->cmdline);
	gpa_t initrd;

	if (cmdline_len > boot->cmdline_max)
		return loader_fail(l, "cmdline: %llu characters, kernel %s takes %llu",
				   (unsigned long long)cmdline_len, l->kernel.name,
				   (unsigned long long)boot->cmdline_max);
	if (loader_put_initrd(l, boot->initrd_limit, &initrd))
		return -EINVAL;
	loader_write(l, LOADER_CMDLINE, l->cmdline, cmdline_len + 1);
	boot->params[LINUX_LOADER_TYPE] = LOADER_TYPE_UNKNOWN;
	linux_put(boot->params + LINUX_INITRD, 4, initrd);
	linux_put(boot->params + LINUX_INITRD_SIZE, 4, l->initrd.len);
	linux_put(boot->params + LINUX_CMDLINE, 4, LOADER_CMDLINE);
	linux_put(boot->params + LINUX_RSDP, 8, l->rsdp);
	put_memory_map(l, boot->params);
	put_screen(l, boot->params);
	loader_write(l, LOADER_BOOT_PARAMS, boot->params, LINUX_PARAMS);
	loader_put_gdt(l, true);
	loader_put_page_tables(l);
	l->start.mode = VM_START_LONG64;
	l->start.rip = boot->entry;
	l->start.rsp = LOADER_GDT; /* grows down into free memory */
	l->start.rsi = LOADER_BOOT_PARAMS;
	return 0;
}
