/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/*
 * Loads the hypervisor's ELF file (static, 64 bits; System V ABI, chapter 5) into one piece of
 * physical memory, laid out as linked. The file is part of this program; the checks find a
 * wrongly linked one, not an attacker.
 */
#include <abi/elf.h>
#include <abi/range.h>

#include "boot/boot.h"

static bool header_valid(const struct elf64_header *h, u64 len)
{
	return len >= sizeof(*h) && *(const u32 *)(const void *)h->ident == ELF_MAGIC &&
	       h->ident[ELF_CLASS] == ELF_CLASS_64 && h->machine == ELF_X86_64 &&
	       h->phentsize == sizeof(struct elf64_segment) &&
	       range_within(h->phoff, (u64)h->phnum * h->phentsize, len);
}

static void span_measure(const struct elf64_segment *p, u32 count, u64 len, struct elf_image *out)
{
	u64 end = 0;
	u32 i;

	out->va = ~0ULL;
	for (i = 0; i < count; i++) {
		if (p[i].type != ELF_LOAD)
			continue;
		if (!range_within(p[i].offset, p[i].filesz, len) || p[i].filesz > p[i].memsz ||
		    p[i].vaddr + p[i].memsz < p[i].vaddr || (p[i].vaddr & PAGE_MASK) ||
		    out->segment_count == ELF_MAX_SEGMENTS)
			refuse("the hypervisor's ELF file has a bad segment");
		out->segments[out->segment_count++] = (struct elf_segment){
			.va = p[i].vaddr,
			.len = ALIGN_UP(p[i].memsz, PAGE_SIZE),
			.write = p[i].flags & ELF_WRITE,
			.execute = p[i].flags & ELF_EXECUTE,
		};
		out->va = MIN(out->va, p[i].vaddr);
		end = MAX(end, p[i].vaddr + p[i].memsz);
	}
	if (end <= out->va || (out->va & (LARGE_PAGE_SIZE - 1)) || end - out->va > GIB(1))
		refuse("the hypervisor's ELF file is linked at a bad address");
	out->len = ALIGN_UP(end - out->va, PAGE_SIZE);
}

void elf_load(const u8 *file, u64 len, struct elf_image *out)
{
	const struct elf64_header *header = (const void *)file;
	const struct elf64_segment *p;
	u64 k;
	u32 i;

	if (!header_valid(header, len))
		refuse("the hypervisor is not an ELF file for this machine");
	p = (const void *)(file + header->phoff);
	*out = (struct elf_image){ .entry = header->entry };
	span_measure(p, header->phnum, len, out);
	out->base = (u64)boot_alloc(out->len, LARGE_PAGE_SIZE, "hypervisor");
	for (i = 0; i < header->phnum; i++) {
		if (p[i].type != ELF_LOAD)
			continue;
		for (k = 0; k < p[i].filesz; k++)
			*(u8 *)(out->base + p[i].vaddr - out->va + k) = file[p[i].offset + k];
	}
}
