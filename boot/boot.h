/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/*
 * The loader's own interfaces. It is single-threaded and runs on the boot processor only; all
 * memory that outlives it comes from boot_alloc().
 */
#ifndef BOOT_BOOT_H
#define BOOT_BOOT_H

#include <efi.h>

#include <abi/handoff.h>

#include "boot/config.h"

extern EFI_HANDLE boot_image;
extern EFI_SYSTEM_TABLE *boot_system;

/* ---- report.c: words for whoever watches the panel or the serial line ---------------------- */

void report_init(void);
/* Where serial output goes from now on; port 0: nowhere. */
void report_serial(u16 port, u32 baud);
/* No more UEFI: serial line and debug port only. */
void report_leave(void);
/* One line, "oriel: " before it. */
void report(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* The same with "refused: ", then stops the machine for good: Oriel starts whole or not at all. */
_Noreturn void refuse(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* The same for what is wrong with oriel.conf, which has its own form of message. */
_Noreturn void refuse_config(const struct config_error *err);

/* ---- memory.c: pages and the memory map ---------------------------------------------------- */

/* Zeroed pages that the map will call HANDOFF_MEM_BOOT; align is a power of two >= PAGE_SIZE. */
void *boot_alloc(u64 len, u64 align, const char *what);
/* Fills the handoff's memory map from UEFI's of this moment. */
void memory_map(struct handoff *h);
/* The same, and leaves boot services. */
void memory_leave_firmware(struct handoff *h);

/* ---- files.c -------------------------------------------------------------------------------- */

struct blob {
	char *base; /* page-aligned, the rest of the last page is zero */
	u64 len;
};

void files_open(void);
/* Reads \oriel\NAME. Returns 0, or -errno with *why set to words for it. */
int must_check files_read(const char *name, struct blob *out, const char **why);
void files_close(void);

/* ---- gop.c, cpus.c, elf.c, paging.c, enter.S ------------------------------------------------ */

/* Chooses the display and sets its mode; width 0: as it stands. */
void gop_init(u32 width, u32 height, struct handoff_gop *out);

/* Refuses a processor that cannot run guests. */
void cpus_check(void);
void cpus_list(struct handoff *h);

struct elf_segment {
	u64 va, len;
	bool write, execute;
};

#define ELF_MAX_SEGMENTS 8

struct elf_image {
	u64 va, entry; /* linked address of the image's first byte, and of its entry */
	u64 base, len; /* where it lies in physical memory */
	u32 segment_count;
	struct elf_segment segments[ELF_MAX_SEGMENTS];
};

/* Loads the hypervisor into 2 MiB-aligned memory. */
void elf_load(const u8 *file, u64 len, struct elf_image *out);

/* Builds the tables that abi/handoff.h describes and returns what CR3 takes. */
u64 paging_build(const struct handoff *h, const struct elf_image *hv);

_Noreturn void enter_hypervisor(u64 cr3, u64 stack_top, u64 entry, struct handoff *h);

/* The programs inside this PE file (embed.S). */
extern const u8 embed_hv[], embed_hv_end[], embed_dm[], embed_dm_end[];

/* ACPI's root pointer in UEFI's configuration tables; 0 when there is none. */
u64 acpi_rsdp(void);

static inline bool guid_equal(const EFI_GUID *a, const EFI_GUID *b)
{
	const u64 *x = (const void *)a, *y = (const void *)b;

	return x[0] == y[0] && x[1] == y[1];
}

#endif
