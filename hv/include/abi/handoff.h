/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/*
 * What boot/ hands to the hypervisor, once, when it has left UEFI boot services.
 *
 * Machine state at the jump to the hypervisor's ELF entry point: long mode, interrupts off, RDI =
 * physical (and, identity-mapped, virtual) address of struct handoff, CR3 = page tables of the
 * loader that map (1) all memory of the map below and the first 4 GiB one to one, writable and
 * executable, with pages of 2 MiB, (2) the hypervisor's ELF segments at their linked (high)
 * addresses, (3) all memory and the first 4 GiB a second time at DIRECT_MAP_BASE + address. The
 * framebuffer is mapped like memory; what the map calls reserved above 4 GiB is not. The
 * hypervisor replaces these tables. A stack of at least 16 KiB is valid.
 *
 * All of it lies in memory that the map marks HANDOFF_MEM_BOOT, so it may be read until the
 * hypervisor reuses it (it does not).
 */
#ifndef ABI_HANDOFF_H
#define ABI_HANDOFF_H

#include <abi/config.h>

#define HANDOFF_MAGIC	 0x4c4549524fULL /* "ORIEL" */
#define HANDOFF_VERSION	 2
#define HANDOFF_MAX_MEM	 384
#define HANDOFF_MAX_CPUS 64

#define DIRECT_MAP_BASE 0xffff800000000000ULL

enum handoff_mem_type {
	HANDOFF_MEM_FREE, /* usable RAM (conventional, boot services code and data, loader's own) */
	HANDOFF_MEM_BOOT, /* RAM in use: hypervisor image, files, this struct, page tables */
	HANDOFF_MEM_RUNTIME,  /* UEFI runtime code and data */
	HANDOFF_MEM_ACPI,     /* ACPI tables and NVS */
	HANDOFF_MEM_RESERVED, /* anything else that the map lists */
};

struct handoff_mem { /* sorted by base, page-aligned, not overlapping */
	u64 base, len;
	u32 type;
	u32 reserved;
};

struct handoff_file {
	char name[64]; /* as written in oriel.conf */
	u64 base, len; /* base page-aligned; the rest of the last page is zero */
};

/* Masks are those of a pixel as a little-endian number of pixel_bytes bytes. */
struct handoff_gop {
	u64 base, size;	   /* size in bytes, covers height * stride * pixel_bytes */
	u32 width, height; /* pixels */
	u32 stride;	   /* pixels a line, >= width */
	u32 red_mask, green_mask, blue_mask;
	u32 pixel_bytes;	 /* 2, 3 or 4 */
	u32 width_mm, height_mm; /* of the panel; 0: not known */
	u32 reserved;
};

struct handoff {
	u64 magic;
	u32 version, size;	   /* size = sizeof(struct handoff) */
	u64 image_base, image_len; /* hypervisor: physical, contiguous, 2 MiB-aligned */
	u64 dm_base, dm_len;	   /* the device domain's ELF file, as built, page-aligned */
	u64 rsdp;		   /* 0: no ACPI */
	u64 efi_system_table;	   /* for ResetSystem */
	u64 boot_tsc;		   /* TSC when the loader began */
	struct handoff_gop gop;
	u32 cpu_count; /* enabled processors; [0] is the boot processor */
	u32 mem_count, file_count, reserved;
	u32 apic_ids[HANDOFF_MAX_CPUS];
	struct handoff_mem mem[HANDOFF_MAX_MEM];
	struct handoff_file files[MAX_FILES];
	struct config config;
};

#endif
