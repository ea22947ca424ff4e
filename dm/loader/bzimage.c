/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/*
 * bzImage by the 64-bit boot protocol, version 2.12 and later: the compressed kernel is copied to
 * its preferred address, or where it fits if it can be moved, with init_size bytes kept free there,
 * and entered 0x200 bytes after its start.
 */
#include "linux.h"
#include "../runtime.h"

#include <abi/range.h>

enum { SECTOR = 512, DEFAULT_SETUP_SECTS = 4, VERSION_64BIT = 0x020c, ENTRY_64 = 0x200 };
enum { LOAD_HIGH = 0x01, XLOAD_64BIT = 0x01 };

struct bzimage {
	const u8 *payload;
	u64 len;
	u64 size; /* of memory it needs from its base on */
	u64 base;
};

static bool is_bzimage(const struct loader_file *f)
{
	return f->len >= LINUX_HEADER_END &&
	       linux_get(f->data + LINUX_BOOT_FLAG, 2) == LINUX_FLAG_55AA &&
	       linux_get(f->data + LINUX_MAGIC, 4) == LINUX_MAGIC_HDRS;
}

static int check_header(struct loader *l, struct bzimage *image)
{
	const u8 *file = l->kernel.data;
	u64 sectors = file[LINUX_SETUP_SECTS] ? file[LINUX_SETUP_SECTS] : DEFAULT_SETUP_SECTS;
	u64 setup = (sectors + 1) * SECTOR;

	if (linux_get(file + LINUX_VERSION, 2) < VERSION_64BIT)
		return loader_fail(
			l, "kernel %s: boot protocol %llu.%02llu is too old, 2.12 is needed",
			l->kernel.name, (unsigned long long)linux_get(file + LINUX_VERSION + 1, 1),
			(unsigned long long)linux_get(file + LINUX_VERSION, 1));
	if (!(file[LINUX_LOAD_FLAGS] & LOAD_HIGH) || !(file[LINUX_XLOADFLAGS] & XLOAD_64BIT))
		return loader_fail(l, "kernel %s: not a 64-bit kernel", l->kernel.name);
	if (setup + ENTRY_64 >= l->kernel.len)
		return loader_fail(l, "kernel %s: the file is cut short", l->kernel.name);
	image->payload = file + setup;
	image->len = l->kernel.len - setup;
	image->size = MAX(linux_get(file + LINUX_INIT_SIZE, 4), image->len);
	return 0;
}

static int choose_base(struct loader *l, struct bzimage *image)
{
	const u8 *file = l->kernel.data;
	u64 alignment = linux_get(file + LINUX_ALIGNMENT, 4);
	u64 low = vm_low_memory(l->vm);

	image->base = linux_get(file + LINUX_PREF_ADDRESS, 8);
	if (range_within(image->base, image->size, low) || !file[LINUX_RELOCATABLE])
		return 0;
	if (alignment < PAGE_SIZE || (alignment & (alignment - 1)))
		return loader_fail(l, "kernel %s: its alignment of 0x%llx makes no sense",
				   l->kernel.name, (unsigned long long)alignment);
	image->base = ALIGN_UP(MIB(1), alignment);
	return 0;
}

static int put(struct loader *l, const struct bzimage *image)
{
	u64 low = vm_low_memory(l->vm);

	if (!range_within(image->base, image->size, low))
		return loader_fail(
			l, "kernel %s: %llu MiB at %llu MiB do not fit into %llu MiB of memory",
			l->kernel.name, (unsigned long long)(image->size + MIB(1) - 1) >> 20,
			(unsigned long long)image->base >> 20,
			(unsigned long long)(l->vm->config->memory >> 20));
	if (loader_place(l, image->base, image->size, "kernel"))
		return -EINVAL;
	loader_write(l, image->base, image->payload, image->len);
	return 0;
}

int bzimage_load(struct loader *l)
{
	static struct linux_boot boot;
	const u8 *file = l->kernel.data;
	struct bzimage image = { 0 };
	u64 header_end;

	if (!is_bzimage(&l->kernel))
		return 0;
	if (check_header(l, &image) || choose_base(l, &image) || put(l, &image))
		return -EINVAL;
	header_end = MIN(LINUX_MAGIC + (u64)file[LINUX_JUMP + 1], (u64)LINUX_HEADER_END);
	memset(&boot, 0, sizeof(boot));
	memcpy(boot.params + LINUX_SETUP_SECTS, file + LINUX_SETUP_SECTS,
	       header_end - LINUX_SETUP_SECTS);
	boot.entry = image.base + ENTRY_64;
	boot.initrd_limit = linux_get(file + LINUX_INITRD_MAX, 4) + 1;
	boot.cmdline_max = linux_get(file + LINUX_CMDLINE_SIZE, 4);
	return linux_finish(l, &boot) ? -EINVAL : 1;
}
