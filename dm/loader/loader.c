/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/*
 * What all kernel formats share: places in guest memory, the initrd, first tables, and the order
 * in which formats are tried. See loader.h. One load runs at a time, in `current`.
 */
#include "loader.h"
#include "../devices/acpi.h"
#include "../runtime.h"

#include <abi/range.h>

static struct loader current;
static u8 acpi_tables[ACPI_MAX_BYTES];

int loader_fail(struct loader *l, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	str_vformat(l->error, LOADER_ERROR_SIZE, format, args);
	va_end(args);
	return -EINVAL;
}

static bool is_free(const struct loader *l, gpa_t base, u64 len, u32 *by)
{
	for (u32 i = 0; i < l->place_count; i++) {
		if (range_overlaps(base, len, l->places[i].base, l->places[i].len)) {
			*by = i;
			return false;
		}
	}
	return true;
}

int loader_place(struct loader *l, gpa_t base, u64 len, const char *what)
{
	u32 by;

	if (len == 0)
		return 0;
	if (!vm_ram(l->vm, base, len))
		return loader_fail(l, "%s: needs memory at 0x%llx-0x%llx, not there in %llu MiB",
				   what, (unsigned long long)base,
				   (unsigned long long)(base + len - 1),
				   (unsigned long long)(l->vm->config->memory >> 20));
	if (!is_free(l, base, len, &by))
		return loader_fail(l, "%s: 0x%llx-0x%llx is in use already", what,
				   (unsigned long long)base, (unsigned long long)(base + len - 1));
	if (l->place_count == LOADER_MAX_PLACES)
		return loader_fail(l, "%s: too many pieces", what);
	l->places[l->place_count].base = base;
	l->places[l->place_count].len = len;
	l->place_count++;
	return 0;
}

void loader_write(struct loader *l, gpa_t to, const void *from, u64 len)
{
	if (!l->dry && len)
		memcpy(vm_ram(l->vm, to, len), from, len);
}

void loader_clear(struct loader *l, gpa_t to, u64 len)
{
	if (!l->dry && len)
		memset(vm_ram(l->vm, to, len), 0, len);
}

/* The highest page-aligned base for len bytes that ends at or below limit and meets no place; 0:
 * none. */
static gpa_t find_top(const struct loader *l, u64 len, gpa_t limit)
{
	gpa_t end = MIN(limit, vm_low_memory(l->vm));
	u32 by;

	/* Each round goes below one more place. */
	for (u32 i = 0; i <= l->place_count; i++) {
		gpa_t base;

		if (end < len)
			return 0;
		base = ALIGN_DOWN(end - len, PAGE_SIZE);
		if (is_free(l, base, len, &by))
			return base;
		end = l->places[by].base;
	}
	return 0;
}

int loader_put_initrd(struct loader *l, gpa_t limit, gpa_t *base)
{
	*base = 0;
	if (!l->initrd.data)
		return 0;
	*base = find_top(l, l->initrd.len, limit);
	if (*base < MIB(1))
		return loader_fail(l, "initrd %s: %llu MiB do not fit into %llu MiB of memory",
				   l->initrd.name,
				   (unsigned long long)(l->initrd.len + MIB(1) - 1) >> 20,
				   (unsigned long long)(l->vm->config->memory >> 20));
	if (loader_place(l, *base, l->initrd.len, "initrd"))
		return -EINVAL;
	loader_write(l, *base, l->initrd.data, l->initrd.len);
	return 0;
}

void loader_put_gdt(struct loader *l, bool code64)
{
	/* Flat, 4 GiB, present, accessed; code with L or D set. */
	u64 gdt[4] = { 0, 0, code64 ? 0x00af9b000000ffffULL : 0x00cf9b000000ffffULL,
		       0x00cf93000000ffffULL };

	loader_write(l, LOADER_GDT, gdt, sizeof(gdt));
	l->start.gdt_base = LOADER_GDT;
	l->start.gdt_limit = sizeof(gdt) - 1;
}

void loader_put_page_tables(struct loader *l)
{
	enum { PRESENT_WRITE = 3, LARGE = 0x80, ENTRIES = 512, DIRECTORIES = 4 };
	gpa_t pdpt = LOADER_PAGE_TABLES + PAGE_SIZE, directory = pdpt + PAGE_SIZE;
	u64 entry = pdpt | PRESENT_WRITE;

	loader_clear(l, LOADER_PAGE_TABLES, (2 + DIRECTORIES) * PAGE_SIZE);
	loader_write(l, LOADER_PAGE_TABLES, &entry, sizeof(entry));
	for (u32 i = 0; i < DIRECTORIES; i++) {
		entry = (directory + i * PAGE_SIZE) | PRESENT_WRITE;
		loader_write(l, pdpt + i * 8, &entry, sizeof(entry));
	}
	for (u64 i = 0; i < DIRECTORIES * ENTRIES; i++) {
		entry = i * LARGE_PAGE_SIZE | LARGE | PRESENT_WRITE;
		loader_write(l, directory + i * 8, &entry, sizeof(entry));
	}
	l->start.cr3 = LOADER_PAGE_TABLES;
}

u32 loader_ram_map(const struct dm_vm *vm, struct loader_ram map[LOADER_MAX_RAM])
{
	u64 low = vm_low_memory(vm);
	u64 high = vm->config->memory - low;
	u32 n = 0;

	map[n++] = (struct loader_ram){ 0, LOADER_LOW_END, 1, 0 };
	map[n++] = (struct loader_ram){ LOADER_LOW_END, 0xa0000 - LOADER_LOW_END, 2, 0 };
	map[n++] = (struct loader_ram){ LOADER_ACPI, MIB(1) - LOADER_ACPI, 2, 0 };
	map[n++] = (struct loader_ram){ MIB(1), low - MIB(1), 1, 0 };
	map[n++] = (struct loader_ram){ GUEST_ECAM_BASE, MIB(256), 2, 0 };
	if (high)
		map[n++] = (struct loader_ram){ GUEST_HIGH_BASE, high, 1, 0 };
	return n;
}

int loader_get_file(struct loader *l, u32 index, const char *what, struct loader_file *file)
{
	const struct handoff_file *f;

	if (index >= dm_info->file_count)
		return loader_fail(l, "%s: no such file was loaded", what);
	f = &dm_info->files[index];
	*file = (struct loader_file){ (const u8 *)f->base, f->len, f->name };
	if (f->len == 0)
		return loader_fail(l, "%s %s: the file is empty", what, f->name);
	return 0;
}

static int get_files(struct loader *l)
{
	const struct vm_config *config = l->vm->config;
	int rc;

	if (config->kernel == FILE_NONE)
		return loader_fail(l, "no kernel is given");
	rc = loader_get_file(l, config->kernel, "kernel", &l->kernel);
	if (!rc && config->initrd != FILE_NONE)
		rc = loader_get_file(l, config->initrd, "initrd", &l->initrd);
	return rc;
}

static int place_own(struct loader *l)
{
	int rc = loader_place(l, LOADER_GDT, LOADER_AREA_END - LOADER_GDT, "boot tables");

	if (!rc)
		rc = loader_place(l, LOADER_LOW_END, MIB(1) - LOADER_LOW_END, "BIOS area");
	if (!rc && !l->dry) /* nothing that an earlier life left may look like a table */
		memset(vm_ram(l->vm, 0, MIB(1)), 0, MIB(1));
	return rc;
}

static int put_kernel(struct loader *l)
{
	static int (*const formats[])(struct loader *) = { bzimage_load, multiboot_load,
							   elf_linux_load };

	for (u32 i = 0; i < ARRAY_SIZE(formats); i++) {
		int rc = formats[i](l);

		if (rc)
			return rc < 0 ? rc : 0;
	}
	return loader_fail(l, "kernel %s: not a bzImage, ELF or multiboot image", l->kernel.name);
}

static int put_acpi(struct loader *l)
{
	int len = acpi_build(l->vm, LOADER_ACPI, acpi_tables, sizeof(acpi_tables));

	if (len < 0)
		return loader_fail(l, "its ACPI tables do not fit");
	loader_write(l, LOADER_ACPI, acpi_tables, (u64)len);
	return 0;
}

static int load(struct dm_vm *vm, bool dry, char *error)
{
	struct loader *l = &current;
	int rc;

	*l = (struct loader){ .vm = vm, .dry = dry, .error = error, .rsdp = LOADER_ACPI };
	l->cmdline = vm->config->cmdline;
	error[0] = 0;
	if (vm->config->firmware != FILE_NONE)
		return firmware_load(l);
	rc = get_files(l);
	if (!rc)
		rc = place_own(l);
	if (!rc)
		rc = put_kernel(l);
	if (!rc)
		rc = put_acpi(l);
	return rc;
}

int loader_check(struct dm_vm *vm, char *error)
{
	return load(vm, true, error);
}

int loader_load(struct dm_vm *vm, struct vm_start *start, char *error)
{
	int rc = load(vm, false, error);

	*start = current.start;
	return rc;
}
