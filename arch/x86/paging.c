/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/*
 * Owns the hypervisor's page tables: written once by paging_init on the boot core, before other
 * cores start; read-only after.
 */
#include <arch/cpu.h>
#include <arch/io.h>
#include <arch/upcall.h>
#include "paging.h"
#include "string.h"
#include "x86.h"

extern char __text_start[], __text_end[], __rodata_start[], __rodata_end[];
extern char __data_start[], __image_end[];

#define FLAGS_RW (PTE_P | PTE_W | PTE_NX)
#define FLAGS_UC (FLAGS_RW | PTE_PCD | PTE_PWT)
#define FLAGS_WC (FLAGS_RW | PAGING_WC)

static u64 root_hpa, identity_hpa;
static u64 image_offset; /* linked address - physical address */

/* The tables begin before the direct map is ours: the loader's maps the same addresses. */
static u64 *table_at(u64 entry)
{
	return phys_to_virt(entry & PTE_ADDR);
}

static u64 *next_table(u64 *entry)
{
	if (!(*entry & PTE_P)) {
		u64 page = page_alloc();

		if (!page)
			panic("no memory for the hypervisor's page tables");
		*entry = page | PTE_P | PTE_W;
	}
	return table_at(*entry);
}

static u64 leaf_flags(u64 flags, bool large)
{
	u64 out = flags & ~PAGING_WC;

	if (flags & PAGING_WC)
		out |= large ? PTE_PAT_LARGE : PTE_PAT;
	return out | (large ? PTE_PS : 0);
}

void paging_map(u64 *root, u64 va, u64 pa, u64 len, u64 flags)
{
	while (len) {
		u64 *l3 = next_table(&root[va >> 39 & 511]);
		u64 *l2 = next_table(&l3[va >> 30 & 511]);
		u64 *e = &l2[va >> 21 & 511];
		bool large = !((va | pa) % LARGE_PAGE_SIZE) && len >= LARGE_PAGE_SIZE &&
			     (!(*e & PTE_P) || (*e & PTE_PS));
		u64 step = large ? LARGE_PAGE_SIZE : PAGE_SIZE;

		if (large) {
			*e = pa | leaf_flags(flags, true);
		} else {
			u64 *l1;

			if ((*e & PTE_P) && (*e & PTE_PS)) { /* split */
				u64 old = *e;

				*e = 0;
				l1 = next_table(e);
				for (u64 i = 0; i < 512; i++)
					l1[i] = (old & ~(PTE_PS | PTE_PAT_LARGE)) + i * PAGE_SIZE;
			}
			l1 = next_table(e);
			l1[va >> 12 & 511] = pa | leaf_flags(flags, false);
		}
		va += step;
		pa += step;
		len -= step;
	}
}

static void map_image(u64 *root)
{
	const struct {
		char *start, *end;
		u64 flags;
	} parts[] = {
		{ __text_start, __text_end, PTE_P },
		{ __rodata_start, __rodata_end, PTE_P | PTE_NX },
		{ __data_start, __image_end, FLAGS_RW },
	};

	for (u32 i = 0; i < ARRAY_SIZE(parts); i++) {
		u64 va = ALIGN_DOWN((u64)parts[i].start, PAGE_SIZE);
		u64 end = ALIGN_UP((u64)parts[i].end, PAGE_SIZE);

		paging_map(root, va, va - image_offset, end - va, parts[i].flags);
	}
}

static void map_range(u64 *root, u64 base, u64 len, u64 flags)
{
	u64 start = ALIGN_DOWN(base, PAGE_SIZE);

	paging_map(root, DIRECT_MAP_BASE + start, start, ALIGN_UP(base + len, PAGE_SIZE) - start,
		   flags);
}

/* Memory first with large pages; then devices, which may share a 2 MiB page with it. */
static void map_direct(u64 *root, const struct handoff *h)
{
	for (u32 i = 0; i < h->mem_count; i++)
		map_range(root, h->mem[i].base, h->mem[i].len,
			  h->mem[i].type == HANDOFF_MEM_RESERVED ? FLAGS_UC : FLAGS_RW);
	map_range(root, 0xfec00000, 0x1000, FLAGS_UC); /* IOAPIC */
	map_range(root, 0xfee00000, 0x1000, FLAGS_UC); /* local APIC */
	map_range(root, h->gop.base, h->gop.size, FLAGS_WC);
}

void paging_init(const struct handoff *h)
{
	u64 *root, *identity;

	image_offset = (u64)__text_start - h->image_base;
	root_hpa = page_alloc();
	identity_hpa = page_alloc();
	if (!root_hpa || !identity_hpa)
		panic("no memory for the hypervisor's page tables");
	root = phys_to_virt(root_hpa);
	map_image(root);
	map_direct(root, h);

	identity = phys_to_virt(identity_hpa);
	memcpy(identity, root, PAGE_SIZE);
	paging_map(identity, 0, 0, GIB(4), PTE_P | PTE_W);
	for (u32 i = 0; i < h->mem_count; i++) {
		u64 base = MAX(h->mem[i].base, GIB(4)), end = h->mem[i].base + h->mem[i].len;

		if (h->mem[i].type == HANDOFF_MEM_RUNTIME && base < end)
			paging_map(identity, base, base, end - base, PTE_P | PTE_W);
	}
	write_cr3(root_hpa);
}

u64 paging_root(void)
{
	return root_hpa;
}

u64 paging_identity_root(void)
{
	return identity_hpa;
}
