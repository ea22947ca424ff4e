/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/*
 * Loads a guest: kernel (bzImage, ELF64 Linux, multiboot 1) with initrd, and the tables it expects
 * to find. Files and guest sizes are checked against each other: every byte that goes into guest
 * memory has been placed first (loader_place), and placing refuses what is not RAM or overlaps.
 *
 * loader_check runs the very same code without writing anything.
 */
#ifndef DM_LOADER_H
#define DM_LOADER_H

#include "../vm.h"

#define LOADER_ERROR_SIZE 160
#define LOADER_MAX_PLACES 40

/* 0, or -errno with a sentence in error (LOADER_ERROR_SIZE bytes). */
int loader_check(struct dm_vm *vm, char *error) must_check;
int loader_load(struct dm_vm *vm, struct vm_start *start, char *error) must_check;

/* Below 1 MiB: what the loader itself puts there. Kernels may not be placed over it. */
enum loader_layout {
	LOADER_GDT = 0x80000,	      /* null, null, code, data */
	LOADER_BOOT_PARAMS = 0x81000, /* Linux zero page */
	LOADER_PAGE_TABLES = 0x82000, /* PML4, PDPT, four page directories: 4 GiB one to one */
	LOADER_CMDLINE = 0x88000,
	LOADER_MULTIBOOT = 0x89000,
	LOADER_AREA_END = 0x8b000,
	LOADER_LOW_END = 0x9fc00, /* of usable RAM below 640 KiB */
	LOADER_ACPI = 0xe0000,	  /* RSDP and tables */
};

struct loader_file {
	const u8 *data;
	u64 len;
	const char *name;
};

struct loader {
	struct dm_vm *vm;
	bool dry; /* check only: write nothing */
	char *error;
	struct loader_file kernel, initrd; /* initrd.data NULL: none */
	const char *cmdline;
	gpa_t rsdp;
	struct vm_start start;
	u32 place_count;
	struct {
		gpa_t base;
		u64 len;
	} places[LOADER_MAX_PLACES];
};

/* Sets the sentence and returns -EINVAL. */
int loader_fail(struct loader *l, const char *format, ...)
	__attribute__((format(printf, 2, 3))) must_check;
/* Claims guest memory for `what` (a noun phrase for the message). */
int loader_place(struct loader *l, gpa_t base, u64 len, const char *what) must_check;
/* Writes within a place; the rest of a place is not written. No-ops when dry. The caller has
 * placed [to, to + len). */
void loader_write(struct loader *l, gpa_t to, const void *from, u64 len);
void loader_clear(struct loader *l, gpa_t to, u64 len);
/* Places and copies the initrd as high as possible below limit; *base 0 when there is none. */
int loader_put_initrd(struct loader *l, gpa_t limit, gpa_t *base) must_check;
/* The GDT at LOADER_GDT, code segment of 64 or 32 bits; fills start.gdt_*. */
void loader_put_gdt(struct loader *l, bool code64);
/* Identity page tables at LOADER_PAGE_TABLES; fills start.cr3. */
void loader_put_page_tables(struct loader *l);

struct loader_ram {
	gpa_t base;
	u64 len;
	u32 type; /* as in e820: 1 RAM, 2 reserved */
	u32 reserved;
};
#define LOADER_MAX_RAM 8
/* The guest's memory map; entries written. */
u32 loader_ram_map(const struct dm_vm *vm, struct loader_ram map[LOADER_MAX_RAM]);

/* The loaded file with that index; -EINVAL when there is none or it is empty. */
int loader_get_file(struct loader *l, u32 index, const char *what,
		    struct loader_file *file) must_check;
/* Instead of a kernel: l->start for a guest with firmware. 0, or -EINVAL. */
int firmware_load(struct loader *l) must_check;

/* Formats: 1 when loaded, 0 when the file is not of this kind, -errno with the sentence set. */
int bzimage_load(struct loader *l) must_check;
int multiboot_load(struct loader *l) must_check;
int elf_linux_load(struct loader *l) must_check;

#endif
