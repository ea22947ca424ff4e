/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/*
 * Multiboot 1 (Multiboot Specification 0.6.96): ELF images and images that give their addresses in
 * the header. The initrd becomes the one module. No video mode is set whatever the header asks.
 */
#include "elf.h"
#include "../runtime.h"

#include <abi/range.h>

#define SEARCH_BYTES  8192
#define HEADER_MAGIC  0x1badb002u
#define ENTRY_MAGIC   0x2badb002u
#define ADDRESS_BYTES 32 /* of the header when it gives addresses */

enum {
	HEADER_PAGE_ALIGN = BIT(0),
	HEADER_MEMORY = BIT(1),
	HEADER_VIDEO = BIT(2),
	HEADER_MUST = 0xffff, /* a loader that does not know one of these bits must refuse */
	HEADER_ADDRESSES = BIT(16),
};
enum {
	INFO_MEMORY = BIT(0),
	INFO_CMDLINE = BIT(2),
	INFO_MODULES = BIT(3),
	INFO_MAP = BIT(6),
	INFO_LOADER = BIT(9),
};

struct mb_header {
	u32 magic, flags, checksum;
	u32 header_addr, load_addr, load_end_addr, bss_end_addr, entry_addr;
};

struct mb_info {
	u32 flags, mem_lower, mem_upper, boot_device, cmdline, mods_count, mods_addr;
	u32 syms[4];
	u32 mmap_length, mmap_addr, drives_length, drives_addr, config_table, loader_name;
};

struct mb_module {
	u32 start, end, string, reserved;
};

struct mb_region {
	u32 size; /* of the rest */
	u64 base, len;
	u32 type;
} packed_struct;

/* Everything that the kernel is told, at LOADER_MULTIBOOT. */
struct mb_tables {
	struct mb_info info;
	struct mb_module module;
	struct mb_region map[LOADER_MAX_RAM];
	char loader[8];
	char module_name[64];
};

static bool find_header(const struct loader_file *f, struct mb_header *h, u64 *offset)
{
	const u64 minimum = offsetof(struct mb_header, header_addr);

	for (u64 at = 0; at + minimum <= MIN(f->len, (u64)SEARCH_BYTES); at += 4) {
		*h = (struct mb_header){ 0 };
		memcpy(h, f->data + at, MIN(f->len - at, (u64)sizeof(*h)));
		if (h->magic == HEADER_MAGIC && h->magic + h->flags + h->checksum == 0) {
			*offset = at;
			return true;
		}
	}
	return false;
}

/* An image whose header says where it goes: one piece of the file, then bss. */
static int put_flat(struct loader *l, const struct mb_header *h, u64 header_offset, u64 *entry)
{
	u64 before = (u64)h->header_addr - h->load_addr;
	u64 offset, len, bss;

	if (!range_within(header_offset, ADDRESS_BYTES, l->kernel.len) ||
	    h->header_addr < h->load_addr || before > header_offset)
		return loader_fail(l, "kernel %s: its multiboot addresses make no sense",
				   l->kernel.name);
	offset = header_offset - before;
	len = l->kernel.len - offset;
	if (h->load_end_addr) {
		if (h->load_end_addr < h->load_addr || h->load_end_addr - h->load_addr > len)
			return loader_fail(l, "kernel %s: the file is cut short", l->kernel.name);
		len = h->load_end_addr - h->load_addr;
	}
	bss = h->bss_end_addr > h->load_addr + len ? h->bss_end_addr - (h->load_addr + len) : 0;
	if (loader_place(l, h->load_addr, len + bss, "kernel"))
		return -EINVAL;
	loader_write(l, h->load_addr, l->kernel.data + offset, len);
	loader_clear(l, h->load_addr + len, bss);
	*entry = h->entry_addr;
	return 0;
}

static int put_elf(struct loader *l, u64 *entry)
{
	struct elf_image elf;
	int rc = elf_parse(l, &elf);

	if (rc == 0)
		return loader_fail(l, "kernel %s: multiboot, but neither ELF nor with addresses",
				   l->kernel.name);
	if (rc < 0 || elf_put(l, &elf))
		return -EINVAL;
	*entry = elf_entry(&elf);
	return 0;
}

static u32 put_map(const struct loader *l, struct mb_region *regions)
{
	struct loader_ram map[LOADER_MAX_RAM];
	u32 count = loader_ram_map(l->vm, map);

	for (u32 i = 0; i < count; i++)
		regions[i] = (struct mb_region){ sizeof(struct mb_region) - sizeof(u32),
						 map[i].base, map[i].len, map[i].type };
	return count;
}

static int put_tables(struct loader *l)
{
	static struct mb_tables t;
	const gpa_t at = LOADER_MULTIBOOT;
	gpa_t initrd;

	_Static_assert(sizeof(t) <= LOADER_AREA_END - LOADER_MULTIBOOT, "room for the tables");
	t = (struct mb_tables){ .loader = "Oriel" };
	if (loader_put_initrd(l, GUEST_LOW_LIMIT, &initrd))
		return -EINVAL;
	t.info.flags = INFO_MEMORY | INFO_CMDLINE | INFO_MODULES | INFO_MAP | INFO_LOADER;
	t.info.mem_lower = LOADER_LOW_END >> 10;
	t.info.mem_upper = (u32)((vm_low_memory(l->vm) - MIB(1)) >> 10);
	t.info.cmdline = LOADER_CMDLINE;
	t.info.mods_count = initrd != 0;
	t.info.mods_addr = (u32)(at + offsetof(struct mb_tables, module));
	t.info.mmap_length = put_map(l, t.map) * (u32)sizeof(t.map[0]);
	t.info.mmap_addr = (u32)(at + offsetof(struct mb_tables, map));
	t.info.loader_name = (u32)(at + offsetof(struct mb_tables, loader));
	if (initrd) {
		t.module.start = (u32)initrd;
		t.module.end = (u32)(initrd + l->initrd.len);
		t.module.string = (u32)(at + offsetof(struct mb_tables, module_name));
		str_format(t.module_name, sizeof(t.module_name), "%s", l->initrd.name);
	}
	loader_write(l, at, &t, sizeof(t));
	loader_write(l, LOADER_CMDLINE, l->cmdline, strlen(l->cmdline) + 1);
	return 0;
}

int multiboot_load(struct loader *l)
{
	const u32 known = HEADER_PAGE_ALIGN | HEADER_MEMORY | HEADER_VIDEO;
	struct mb_header h;
	u64 offset, entry = 0;
	int rc;

	if (!find_header(&l->kernel, &h, &offset))
		return 0;
	if (h.flags & HEADER_MUST & ~known)
		return loader_fail(l, "kernel %s: asks for multiboot features 0x%x", l->kernel.name,
				   h.flags & HEADER_MUST & ~known);
	rc = h.flags & HEADER_ADDRESSES ? put_flat(l, &h, offset, &entry) : put_elf(l, &entry);
	if (rc || put_tables(l))
		return -EINVAL;
	if (entry > 0xffffffffULL)
		return loader_fail(l, "kernel %s: entry point above 4 GiB", l->kernel.name);
	loader_put_gdt(l, false);
	l->start.mode = VM_START_PROT32;
	l->start.rip = entry;
	l->start.rax = ENTRY_MAGIC;
	l->start.rbx = LOADER_MULTIBOOT;
	return 1;
}
