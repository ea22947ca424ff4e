/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/*
 * The guest's own paging: what it changes takes effect when the architecture says. Intel SDM
 * vol. 3, 4.7 (faults), 4.8 (accessed and dirty), 4.10 (caching).
 */
#include "kit/kit.h"

#define P		1u
#define W		2u
#define U		4u
#define ACCESSED	0x20u
#define DIRTY		0x40u
#define LARGE		0x80u
#define GLOBAL		0x100u
#define NX		(1ULL << 63)
#define CR0_WP		0x10000u
#define CR4_PGE		0x80u
#define CR4_PCIDE	0x20000u
#define WINDOW		0x8000000000ULL /* 512 GiB: the second PML4 slot */
#define CPUID_PCID	(1u << 17)	/* 1, ECX */
#define CPUID_GIB_PAGES (1u << 26)	/* 80000001, EDX */

extern u64 boot_pml4[];

static u64 pdpt[512] __attribute__((aligned(4096)));
static u64 directory[512] __attribute__((aligned(4096)));
static u64 table[512] __attribute__((aligned(4096)));
static u64 second_pml4[512] __attribute__((aligned(4096)));
static u64 second_pdpt[512] __attribute__((aligned(4096)));
static u64 second_directory[512] __attribute__((aligned(4096)));
static u64 second_table[512] __attribute__((aligned(4096)));
static volatile u64 page_a[512] __attribute__((aligned(4096)));
static volatile u64 page_b[512] __attribute__((aligned(4096)));

static void map(u64 *t, u32 slot, const volatile void *page, u64 flags)
{
	__atomic_store_n(&t[slot], (u64)page | flags, __ATOMIC_SEQ_CST);
}

static u64 window_address(u32 slot)
{
	return WINDOW + slot * PAGE_SIZE;
}

static u64 load(u32 slot)
{
	u64 v = 0;

	__asm__ volatile(GUARDED("movq (%1), %0") : "+r"(v) : "r"(window_address(slot)) : "memory");
	return v;
}

static void store(u32 slot, u64 v)
{
	__asm__ volatile(GUARDED("movq %0, (%1)") : : "r"(v), "r"(window_address(slot)) : "memory");
}

static void build_tables(void)
{
	map(pdpt, 0, directory, P | W | U);
	map(directory, 0, table, P | W | U);
	map(boot_pml4, (u32)(WINDOW >> 39), pdpt, P | W | U);
	for (u32 i = 0; i < 512; i++)
		second_pml4[i] = boot_pml4[i];
	map(second_pml4, (u32)(WINDOW >> 39), second_pdpt, P | W | U);
	map(second_pdpt, 0, second_directory, P | W | U);
	map(second_directory, 0, second_table, P | W | U);
	page_a[0] = 0xaaaa;
	page_b[0] = 0xbbbb;
}

static void test_change(void)
{
	bool good = true;

	map(table, 0, page_a, P | W);
	report(load(0) == 0xaaaa, "a new mapping is seen without a flush");
	for (u32 i = 0; i < 1000; i++) {
		map(table, 0, i & 1 ? page_a : page_b, P | W);
		invlpg(window_address(0));
		good &= load(0) == (i & 1 ? 0xaaaa : 0xbbbb);
	}
	report(good, "a mapping changed 1000 times is seen after INVLPG");
	good = true;
	for (u32 i = 0; i < 1000; i++) {
		map(table, 0, i & 1 ? page_a : page_b, P | W);
		write_cr3(read_cr3());
		good &= load(0) == (i & 1 ? 0xaaaa : 0xbbbb);
	}
	report(good, "a mapping changed 1000 times is seen after a write of CR3");
	map(second_table, 0, page_b, P | W);
	map(table, 0, page_a, P | W);
	write_cr3((u64)second_pml4);
	good = load(0) == 0xbbbb;
	write_cr3((u64)boot_pml4);
	report(good && load(0) == 0xaaaa, "another CR3 shows another address space, and back");
}

static void test_faults(void)
{
	map(table, 1, page_a, 0);
	report(FAULTS(VECTOR_PF, load(1)) && last_fault.error == 0 &&
		       last_fault.address == window_address(1),
	       "a read of a page that is not present faults with its address and error code 0");
	report(FAULTS(VECTOR_PF, store(1, 1)) && last_fault.error == 2,
	       "a write to it faults with error code 2");
	map(table, 1, page_a, P | W);
	report(FAULTS(NO_FAULT, load(1)), "once present it is read without a flush");
	map(table, 1, page_a, P);
	invlpg(window_address(1));
	report(FAULTS(VECTOR_PF, store(1, 1)) && last_fault.error == 3,
	       "a write to a read-only page faults with error code 3");
	write_cr0(read_cr0() & ~(u64)CR0_WP);
	report(FAULTS(NO_FAULT, store(1, 0xaaaa)), "with CR0.WP clear the write succeeds");
	write_cr0(read_cr0() | CR0_WP);
	invlpg(window_address(1));
	report(FAULTS(VECTOR_PF, store(1, 1)), "with CR0.WP set again it faults again");
	map(table, 1, page_a, P | 1ULL << 51);
	invlpg(window_address(1));
	report(FAULTS(VECTOR_PF, load(1)) && (last_fault.error & 8),
	       "a reserved bit in a page table faults with the reserved bit in the error code");
}

static struct trap_frame fetch_fault;

/* A call into the window failed: note it, return to the caller. */
static void on_fetch_fault(struct trap_frame *f)
{
	fetch_fault = *f;
	f->rip = *(u64 *)f->rsp;
	f->rsp += 8;
}

static void test_nx(void)
{
	static u8 code[PAGE_SIZE] __attribute__((aligned(4096))) = { 0xc3 }; /* ret */
	u64 at = window_address(2);
	void (*volatile call)(void) = (void (*)(void))at;

	trap_set_handler(VECTOR_PF, on_fetch_fault);
	map(table, 2, code, P);
	call();
	report(fetch_fault.rip == 0, "a page without NX runs");
	map(table, 2, code, P | NX);
	invlpg(at);
	call();
	report(fetch_fault.rip == at && fetch_fault.error == 0x11,
	       "a page with NX faults when run, with error code 0x11");
	trap_set_handler(VECTOR_PF, NULL);
}

static void test_accessed_dirty(void)
{
	map(table, 3, page_a, P | W);
	load(3);
	report((table[3] & (ACCESSED | DIRTY)) == ACCESSED, "a read sets the accessed bit only");
	store(3, 0xaaaa);
	report((table[3] & (ACCESSED | DIRTY)) == (ACCESSED | DIRTY), "a write sets the dirty bit");
	map(table, 3, page_a, P | W);
	invlpg(window_address(3));
	store(3, 0xaaaa);
	report(table[3] & DIRTY, "cleared and flushed, it is set again");
}

static void test_global(void)
{
	u64 v;

	write_cr4(read_cr4() | CR4_PGE);
	map(table, 4, page_a, P | W | GLOBAL);
	load(4);
	map(table, 4, page_b, P | W | GLOBAL);
	write_cr3(read_cr3());
	v = load(4);
	report(v == 0xaaaa || v == 0xbbbb, "a global page shows one of its two mappings after CR3");
	write_cr4(read_cr4() & ~(u64)CR4_PGE);
	report(load(4) == 0xbbbb, "clearing CR4.PGE flushes global pages");
	write_cr4(read_cr4() | CR4_PGE);
	map(table, 4, page_a, P | W | GLOBAL);
	invlpg(window_address(4));
	report(load(4) == 0xaaaa, "INVLPG flushes a global page");
}

static void test_large(void)
{
	u64 base = (u64)page_a & ~(LARGE_PAGE_SIZE - 1);
	u64 at = WINDOW + LARGE_PAGE_SIZE + ((u64)page_a - base);
	u64 v = 0;
	u32 r[4];

	map(directory, 1, (void *)base, P | W | LARGE);
	__asm__ volatile(GUARDED("movq (%1), %0") : "+r"(v) : "r"(at));
	report(v == 0xaaaa, "a page of 2 MiB translates");
	cpuid(0x80000001, 0, r);
	if (!(r[3] & CPUID_GIB_PAGES)) {
		skip("no pages of 1 GiB here");
		return;
	}
	map(pdpt, 1, NULL, P | W | LARGE);
	v = 0;
	__asm__ volatile(GUARDED("movq (%1), %0") : "+r"(v) : "r"(WINDOW + GIB(1) + (u64)page_a));
	report(v == 0xaaaa, "a page of 1 GiB translates");
}

static void test_pcid(void)
{
	u32 r[4];
	bool good;

	cpuid(1, 0, r);
	if (!(r[2] & CPUID_PCID)) {
		skip("no PCID here");
		return;
	}
	write_cr4(read_cr4() | CR4_PCIDE);
	map(table, 5, page_a, P | W);
	map(second_table, 5, page_b, P | W);
	good = true;
	for (u32 i = 0; i < 100; i++) {
		write_cr3((u64)boot_pml4 | 1 | NX); /* bit 63: keep this PCID's translations */
		good &= load(5) == 0xaaaa;
		write_cr3((u64)second_pml4 | 2 | NX);
		good &= load(5) == 0xbbbb;
	}
	report(good, "two PCIDs keep their translations apart");
	map(second_table, 5, page_a, P | W);
	write_cr3((u64)second_pml4 | 2);
	report(load(5) == 0xaaaa, "CR3 without bit 63 flushes its PCID");
	write_cr3((u64)boot_pml4);
	write_cr4(read_cr4() & ~(u64)CR4_PCIDE);
}

void main(void)
{
	build_tables();
	test_change();
	test_faults();
	test_nx();
	test_accessed_dirty();
	test_global();
	test_large();
	test_pcid();
}
