/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/* ELF executables (System V ABI; ELF-64 object file format): what is to be loaded where. */
#ifndef DM_LOADER_ELF_H
#define DM_LOADER_ELF_H

#include "loader.h"

#define ELF_MAX_SEGMENTS 16

struct elf_segment {
	u64 offset, file_size; /* in the file, checked against its length */
	u64 virtual, physical;
	u64 memory_size; /* >= file_size */
};

struct elf_image {
	bool is_64;
	u64 entry; /* as the header says */
	u32 count; /* of loadable segments, at least 1 */
	struct elf_segment segments[ELF_MAX_SEGMENTS];
};

/* 1 when l->kernel is an x86 executable, 0 when it is no ELF file, -EINVAL with the sentence. */
int elf_parse(struct loader *l, struct elf_image *elf) must_check;
/* Places every segment at its physical address and copies it, bss cleared. */
int elf_put(struct loader *l, const struct elf_image *elf) must_check;
/* The entry point as a physical address, whichever kind the header's is. */
u64 elf_entry(const struct elf_image *elf);

#endif
