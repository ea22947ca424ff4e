/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/*
 * The entries of nested page tables: those of long mode. AMD APM vol. 2, 15.25. Every access of a
 * nested walk counts as a user access, so leaves have the user bit. Memory types come from the
 * host's PAT by PAT, PCD, PWT (x86.h: HOST_PAT).
 */
#include "paging.h"
#include "vmcb.h"

#define NPT_U	  BIT(2)
#define NPT_A	  BIT(5)
#define NPT_D	  BIT(6)
#define NPT_LARGE BIT(9) /* ours: bit 7 says so too, but in 4 KiB leaves it is PAT */

static u64 npt_leaf(hpa_t hpa, u32 prot, enum stage2_memtype type, unsigned level)
{
	u64 pte = hpa | PTE_P | NPT_U | NPT_A;

	if (prot & STAGE2_WRITE)
		pte |= PTE_W;
	if (!(prot & STAGE2_EXEC))
		pte |= PTE_NX;
	if (type == MEMTYPE_UC)
		pte |= PTE_PCD | PTE_PWT;
	if (type == MEMTYPE_WC)
		pte |= level == 1 ? PTE_PAT : PTE_PAT_LARGE;
	if (level > 1)
		pte |= PTE_PS | NPT_LARGE;
	return pte;
}

static u64 npt_table(hpa_t hpa)
{
	return hpa | PTE_P | PTE_W | NPT_U | NPT_A;
}

static bool npt_present(u64 pte)
{
	return pte & PTE_P;
}

static bool npt_is_leaf(u64 pte, unsigned level)
{
	return level == 1 || (pte & PTE_PS);
}

static hpa_t npt_address(u64 pte)
{
	return (pte & NPT_LARGE) ? pte & PTE_ADDR & ~PTE_PAT_LARGE : pte & PTE_ADDR;
}

static u32 npt_prot(u64 pte)
{
	return STAGE2_READ | (pte & PTE_W ? STAGE2_WRITE : 0) | (pte & PTE_NX ? 0 : STAGE2_EXEC);
}

static bool npt_dirty(u64 pte)
{
	return pte & NPT_D;
}

static u64 npt_clear_dirty(u64 pte)
{
	return pte & ~NPT_D;
}

const struct stage2_format npt_format = {
	.leaf = npt_leaf,
	.table = npt_table,
	.present = npt_present,
	.is_leaf = npt_is_leaf,
	.address = npt_address,
	.prot = npt_prot,
	.dirty = npt_dirty,
	.clear_dirty = npt_clear_dirty,
};
