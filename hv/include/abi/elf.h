/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/* The parts of 64-bit ELF executables that are read here (System V ABI, chapters 4 and 5). */
#ifndef ABI_ELF_H
#define ABI_ELF_H

#include <abi/types.h>

#define ELF_MAGIC 0x464c457f /* the first four bytes */

enum { ELF_CLASS = 4, ELF_DATA = 5 }; /* of the identification */
enum { ELF_CLASS_32 = 1, ELF_CLASS_64 = 2, ELF_DATA_LITTLE = 1 };
enum { ELF_EXEC = 2, ELF_DYN = 3, ELF_386 = 3, ELF_X86_64 = 62 };
enum { ELF_LOAD = 1, ELF_EXECUTE = 1, ELF_WRITE = 2 }; /* a segment's type; its flags */

struct elf64_header {
	u8 ident[16];
	u16 type, machine;
	u32 version;
	u64 entry, phoff, shoff;
	u32 flags;
	u16 ehsize, phentsize, phnum, shentsize, shnum, shstrndx;
};
struct elf64_segment {
	u32 type, flags;
	u64 offset, vaddr, paddr, filesz, memsz, align;
};
_Static_assert(sizeof(struct elf64_header) == 64 && sizeof(struct elf64_segment) == 56, "ELF64");

#endif
