/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/*
 * The walk of guest page tables (gwalk.h). Locking: none; the guest's other processors may change
 * the tables meanwhile, so every entry is read once. An accessed or dirty bit is set by a write of
 * the entry's lowest byte alone, and only when it is clear: nothing else of the entry can be lost.
 */
#include "gwalk.h"
#include "x86.h"

#define PTE_P  BIT(0)
#define PTE_W  BIT(1)
#define PTE_U  BIT(2)
#define PTE_A  BIT(5)
#define PTE_D  BIT(6)
#define PTE_PS BIT(7)
#define PTE_NX BIT(63)

#define ADDRESS_MASK 0x000ffffffffff000ULL

struct format {
	u32 levels;
	u32 entry_size;
	u32 index_bits;
	u64 root; /* address of the top table */
};

static struct format format_of(const struct gwalk_state *s)
{
	if (!(s->cr4 & CR4_PAE))
		return (struct format){ 2, 4, 10, s->cr3 & 0xfffff000 };
	if (!(s->efer & EFER_LMA))
		return (struct format){ 3, 8, 9, s->cr3 & 0xffffffe0 };
	return (struct format){ 4, 8, 9, s->cr3 & ADDRESS_MASK };
}

static u32 level_shift(const struct format *f, u32 level)
{
	return 12 + f->index_bits * (level - 1);
}

/* A page directory pointer of PAE paging: it has no rights, only an address. */
static bool is_pdpte(const struct format *f, u32 level)
{
	return f->levels == 3 && level == 3;
}

static bool is_leaf(const struct gwalk_state *s, const struct format *f, u64 pte, u32 level)
{
	if (level == 1)
		return true;
	if (!(pte & PTE_PS) || is_pdpte(f, level))
		return false;
	return f->entry_size == 8 ? level < 4 : (s->cr4 & CR4_PSE) != 0;
}

static u64 reserved_bits(const struct gwalk_state *s, const struct format *f, u64 pte, u32 level)
{
	u64 reserved = 0;

	if (f->entry_size == 4)
		return is_leaf(s, f, pte, level) && level == 2 ? BIT(21) : 0;
	if (!(s->efer & EFER_NXE))
		reserved |= PTE_NX;
	if (is_pdpte(f, level))
		return PTE_NX | 0x7ff0000000000000ULL | 0x1c6; /* processors exist that set A */
	if (f->levels == 3)
		reserved |= 0x7ff0000000000000ULL;
	if (level == 4)
		reserved |= PTE_PS;
	if (level > 1 && is_leaf(s, f, pte, level))
		reserved |= (BIT(level_shift(f, level)) - 1) & ~(BIT(13) - 1);
	return reserved;
}

/* Where the byte is in the leaf. The 32-bit format keeps bits 39:32 of 4 MiB pages in 20:13. */
static gpa_t leaf_address(const struct format *f, u64 pte, u32 level, u64 linear)
{
	u64 mask = BIT(level_shift(f, level)) - 1;
	u64 high = 0;

	if (f->entry_size == 4 && level == 2)
		high = (pte >> 13 & 0xff) << 32;
	return (pte & ADDRESS_MASK & ~mask) | high | (linear & mask);
}

/* Whether rights, gathered over all levels (W and U where all entries have them, NX where one
 * has it), allow the access (SDM 4.6.1). */
static bool allowed(const struct gwalk_state *s, u64 rights, u32 access)
{
	bool user_page = rights & PTE_U;

	if (access & GWALK_FETCH && rights & PTE_NX)
		return false;
	if (access & GWALK_USER)
		return user_page && (!(access & GWALK_WRITE) || rights & PTE_W);
	if (user_page && access & GWALK_FETCH && s->cr4 & CR4_SMEP)
		return false;
	if (user_page && !(access & GWALK_FETCH) && s->cr4 & CR4_SMAP && !(s->rflags & GWALK_AC))
		return false;
	return !(access & GWALK_WRITE) || rights & PTE_W || !(s->cr0 & CR0_WP);
}

/* The error code's bits that do not depend on what was found. Bit 4 is there only with NX or SMEP
 * (SDM 4.7). */
static u32 error_base(const struct gwalk_state *s, u32 access)
{
	u32 error = access & (GWALK_WRITE | GWALK_USER);

	if ((s->cr4 & CR4_PAE && s->efer & EFER_NXE) || s->cr4 & CR4_SMEP)
		error |= access & GWALK_FETCH;
	return error;
}

struct step {
	gpa_t at; /* of the entry */
	u64 pte;
};

/* Sets accessed bits on the way and the dirty bit of the leaf. Tables in memory that the guest can
 * only read stay as they are. */
static void set_bits(const struct format *f, const struct guest_memory *mem,
		     const struct step *steps, u32 leaf_level, u32 access)
{
	for (u32 level = f->levels; level >= leaf_level; level--) {
		u64 want = PTE_A;

		if (level == leaf_level && access & GWALK_WRITE)
			want |= PTE_D;
		u8 low = (u8)(steps[level].pte | want);

		if (is_pdpte(f, level) || (steps[level].pte & want) == want)
			continue;
		if (mem->write(mem->ctx, steps[level].at, &low, 1))
			return;
	}
}

static int walk(const struct gwalk_state *s, const struct guest_memory *mem, u64 linear, u32 access,
		gpa_t *gpa, u32 *error)
{
	struct format f = format_of(s);
	struct step steps[5];
	gpa_t table = f.root;
	u64 rights = PTE_W | PTE_U;
	u32 level = f.levels;

	for (;; level--) {
		u64 index = linear >> level_shift(&f, level) & (BIT(f.index_bits) - 1);
		struct step *step = &steps[level];

		if (is_pdpte(&f, level))
			index &= 3;
		*step = (struct step){ .at = table + index * f.entry_size };
		if (mem->read(mem->ctx, step->at, &step->pte, f.entry_size))
			return -ENOTSUP;
		if (!(step->pte & PTE_P))
			return -EFAULT;
		if (step->pte & reserved_bits(s, &f, step->pte, level)) {
			*error |= GWALK_PRESENT | GWALK_RESERVED;
			return -EFAULT;
		}
		if (!is_pdpte(&f, level)) {
			rights &= step->pte | ~(PTE_W | PTE_U);
			rights |= step->pte & PTE_NX;
		}
		if (is_leaf(s, &f, step->pte, level))
			break;
		table = step->pte & ADDRESS_MASK;
	}
	if (!allowed(s, rights, access)) {
		*error |= GWALK_PRESENT;
		return -EFAULT;
	}
	set_bits(&f, mem, steps, level, access);
	*gpa = leaf_address(&f, steps[level].pte, level, linear);
	return 0;
}

int gwalk(const struct gwalk_state *s, const struct guest_memory *mem, u64 linear, u32 access,
	  gpa_t *gpa, u32 *error)
{
	if (!(s->cr0 & CR0_PG)) {
		*gpa = linear & 0xffffffff;
		return 0;
	}
	if (s->efer & EFER_LMA && s->cr4 & CR4_LA57)
		return -ENOTSUP;
	*error = error_base(s, access);
	return walk(s, mem, linear, access, gpa, error);
}
