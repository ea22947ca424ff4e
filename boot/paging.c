/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/*
 * The page tables for the jump, as abi/handoff.h describes them (SDM 3A 4.5). Memory is mapped by
 * 2 MiB pages; the direct map shares the lower tables with the one-to-one map. The hypervisor's
 * segments get 4 KiB pages with their own permissions.
 */
#include "boot/boot.h"
#include "boot/x86.h"

#define PTE_PRESENT BIT(0)
#define PTE_WRITE   BIT(1)
#define PTE_LARGE   BIT(7)
#define PTE_NX	    BIT(63)
#define PTE_ADDRESS 0x000ffffffffff000ULL
#define ENTRIES	    512
#define LOW_HALF    256 /* top-level entries; DIRECT_MAP_BASE is the first one above */

_Static_assert(DIRECT_MAP_BASE == 0xffff000000000000ULL + ((u64)LOW_HALF << 39),
	       "the direct map begins at the higher half");

static u64 *table_new(void)
{
	return boot_alloc(PAGE_SIZE, PAGE_SIZE, "page tables");
}

/* The table below entry `index`, made when there is none yet. */
static u64 *table_below(u64 *table, u64 index)
{
	if (!(table[index] & PTE_PRESENT))
		table[index] = (u64)table_new() | PTE_PRESENT | PTE_WRITE;
	return (u64 *)(table[index] & PTE_ADDRESS);
}

/* The directory (of 2 MiB entries) that covers va. */
static u64 *directory_of(u64 *top, u64 va)
{
	return table_below(table_below(top, va >> 39 & (ENTRIES - 1)), va >> 30 & (ENTRIES - 1));
}

static void map_one_to_one(u64 *top, u64 base, u64 len)
{
	u64 at, end = ALIGN_UP(base + len, LARGE_PAGE_SIZE);

	for (at = ALIGN_DOWN(base, LARGE_PAGE_SIZE); at < end; at += LARGE_PAGE_SIZE)
		directory_of(top, at)[at >> 21 & (ENTRIES - 1)] =
			at | PTE_PRESENT | PTE_WRITE | PTE_LARGE;
}

static void map_segment(u64 *top, const struct elf_image *hv, const struct elf_segment *s, u64 nx)
{
	u64 flags = PTE_PRESENT | (s->write ? PTE_WRITE : 0) | (s->execute ? 0 : nx);
	u64 va, *leaf;

	for (va = s->va; va < s->va + s->len; va += PAGE_SIZE) {
		leaf = table_below(directory_of(top, va), va >> 21 & (ENTRIES - 1));
		leaf[va >> 12 & (ENTRIES - 1)] = (va - hv->va + hv->base) | flags;
	}
}

u64 paging_build(const struct handoff *h, const struct elf_image *hv)
{
	u64 nx = 0, *top = table_new();
	u32 i;

	if (x86_read_cr4() & X86_CR4_LA57)
		refuse("the firmware runs with five-level paging");
	if (x86_has_nx()) {
		x86_wrmsr(X86_MSR_EFER, x86_rdmsr(X86_MSR_EFER) | X86_EFER_NXE);
		nx = PTE_NX;
	}
	map_one_to_one(top, 0, GIB(4));
	map_one_to_one(top, h->gop.base, h->gop.size);
	/* Address space far above that is only set aside is no memory, and can be huge. */
	for (i = 0; i < h->mem_count; i++)
		if (h->mem[i].type != HANDOFF_MEM_RESERVED)
			map_one_to_one(top, h->mem[i].base, h->mem[i].len);
	for (i = 0; i < LOW_HALF; i++)
		top[LOW_HALF + i] = top[i];
	for (i = 0; i < hv->segment_count; i++)
		map_segment(top, hv, &hv->segments[i], nx);
	return (u64)top;
}
