/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/*
 * Owns the hypervisor's page tables: written once by paging_init on the boot core, before other
 * cores start, and by device_map until they run guests; read-only after.
 */
#include <arch/cpu.h>
#include <arch/io.h>
#include <arch/upcall.h>
#include <arch/vcpu.h>
#include "paging.h"
#include "string.h"
#include "x86.h"

extern char __text_start[], __text_end[], __rodata_start[], __rodata_end[];
extern char __data_start[], __image_end[];

#define PAGING_WC BIT(62) /* in flags: the leaf's PAT index is that of write-combining */

#define FLAGS_RW (PTE_P | PTE_W | PTE_NX)
#define FLAGS_UC (FLAGS_RW | PTE_PCD | PTE_PWT)
#define FLAGS_WC (FLAGS_RW | PAGING_WC)

/*
 * Page tables under construction. Entries hold addresses as the tables' user sees them: physical
 * ones for the hypervisor's own, guest-physical ones for the device domain's.
 */
struct page_tables {
	u64 root;
	u64 offset;    /* physical address - address in entries */
	u64 next, end; /* table pages to take, as in entries; both 0: from the pool */
};

static struct page_tables own, identity;
static u64 image_offset; /* linked address - physical address */

static u64 *table_at(const struct page_tables *t, u64 entry)
{
	return phys_to_virt((entry & PTE_ADDR) + t->offset);
}

static u64 table_alloc(struct page_tables *t)
{
	u64 page;

	if (!t->end) {
		page = page_alloc();
	} else {
		page = t->next < t->end ? t->next : 0;
		t->next += PAGE_SIZE;
	}
	if (!page)
		panic("no memory for page tables");
	return page;
}

static u64 *next_table(struct page_tables *t, u64 *entry)
{
	if (!(*entry & PTE_P))
		*entry = table_alloc(t) | PTE_P | PTE_W;
	return table_at(t, *entry);
}

static u64 leaf_flags(u64 flags, bool large)
{
	u64 out = flags & ~PAGING_WC;

	if (flags & PAGING_WC)
		out |= large ? PTE_PAT_LARGE : PTE_PAT;
	return out | (large ? PTE_PS : 0);
}

static void split_large(struct page_tables *t, u64 *entry)
{
	u64 old = *entry;
	u64 *l1;

	*entry = 0;
	l1 = next_table(t, entry);
	for (u64 i = 0; i < 512; i++)
		l1[i] = (old & ~(PTE_PS | PTE_PAT_LARGE)) + i * PAGE_SIZE;
}

/* One leaf at va; returns how much of len it covers. */
static u64 map_leaf(struct page_tables *t, u64 va, u64 pa, u64 len, u64 flags)
{
	u64 *l4 = table_at(t, t->root);
	u64 *l3 = next_table(t, &l4[va >> 39 & 511]);
	u64 *l2 = next_table(t, &l3[va >> 30 & 511]);
	u64 *e = &l2[va >> 21 & 511];
	bool is_table = (*e & PTE_P) && !(*e & PTE_PS);

	if (!((va | pa) % LARGE_PAGE_SIZE) && len >= LARGE_PAGE_SIZE && !is_table) {
		*e = pa | leaf_flags(flags, true);
		return LARGE_PAGE_SIZE;
	}
	if (*e & PTE_PS)
		split_large(t, e);
	next_table(t, e)[va >> 12 & 511] = pa | leaf_flags(flags, false);
	return PAGE_SIZE;
}

/* Maps [va, va + len) to pa. flags: PTE_ bits but PTE_PS, or PAGING_WC. All 4 KiB-aligned; leaves
 * of 2 MiB where they fit. */
static void map(struct page_tables *t, u64 va, u64 pa, u64 len, u64 flags)
{
	while (len) {
		u64 step = map_leaf(t, va, pa, len, flags);

		va += step;
		pa += step;
		len -= step;
	}
}

static void map_image(void)
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

		map(&own, va, va - image_offset, end - va, parts[i].flags);
	}
}

static void map_range(u64 base, u64 len, u64 flags)
{
	u64 start = ALIGN_DOWN(base, PAGE_SIZE);

	map(&own, DIRECT_MAP_BASE + start, start, ALIGN_UP(base + len, PAGE_SIZE) - start, flags);
}

/* Memory first with large pages; then devices, which may share a 2 MiB page with it. */
static void map_direct(const struct handoff *h)
{
	for (u32 i = 0; i < h->mem_count; i++)
		map_range(h->mem[i].base, h->mem[i].len,
			  h->mem[i].type == HANDOFF_MEM_RESERVED ? FLAGS_UC : FLAGS_RW);
	map_range(0xfec00000, 0x1000, FLAGS_UC); /* IOAPIC */
	map_range(0xfee00000, 0x1000, FLAGS_UC); /* local APIC */
	map_range(h->gop.base, h->gop.size, FLAGS_WC);
}

void paging_init(const struct handoff *h)
{
	image_offset = (u64)__text_start - h->image_base;
	own.root = table_alloc(&own);
	map_image();
	map_direct(h);

	identity.root = table_alloc(&identity);
	memcpy(phys_to_virt(identity.root), phys_to_virt(own.root), PAGE_SIZE);
	map(&identity, 0, 0, GIB(4), PTE_P | PTE_W);
	for (u32 i = 0; i < h->mem_count; i++) {
		u64 base = MAX(h->mem[i].base, GIB(4)), end = h->mem[i].base + h->mem[i].len;

		if (h->mem[i].type == HANDOFF_MEM_RUNTIME && base < end)
			map(&identity, base, base, end - base, PTE_P | PTE_W);
	}
	write_cr3(own.root);
}

void *device_map(hpa_t base, u64 len)
{
	map_range(base, len, FLAGS_UC);
	return phys_to_virt(base);
}

u64 paging_root(void)
{
	return own.root;
}

u64 paging_identity_root(void)
{
	return identity.root;
}

hpa_t image_to_phys(const void *p)
{
	return (u64)p - image_offset;
}

/* Accessed and dirty bits are set from the start: the processor then never writes the tables. */
u64 arch_domain_tables(hpa_t area, u64 area_len, gpa_t area_gpa, const struct domain_region *r,
		       u32 count)
{
	struct page_tables t = { .offset = area - area_gpa,
				 .next = area_gpa,
				 .end = area_gpa + area_len };

	t.root = table_alloc(&t);
	for (u32 i = 0; i < count; i++) {
		u64 flags = PTE_P | PTE_A | PTE_D;

		flags |= r[i].prot & STAGE2_WRITE ? PTE_W : 0;
		flags |= r[i].prot & STAGE2_EXEC ? 0 : PTE_NX;
		flags |= r[i].type == MEMTYPE_WC ? PAGING_WC : 0;
		flags |= r[i].type == MEMTYPE_UC ? PTE_PCD | PTE_PWT : 0;
		map(&t, r[i].gpa, r[i].gpa, r[i].len, flags);
	}
	return t.root;
}
