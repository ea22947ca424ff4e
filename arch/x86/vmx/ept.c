/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/*
 * Extended page tables: the format of their entries and how translations are flushed. Intel SDM
 * vol. 3, 29.3. The memory type given here is final (the guest's PAT is ignored): no guest has a
 * device that would not see what lies in a cache. Write-only and execute-only are not used.
 */
#include "x86.h"
#include "vmx.h"

#define EPT_READ       BIT(0)
#define EPT_WRITE      BIT(1)
#define EPT_EXEC       BIT(2)
#define EPT_TYPE_SHIFT 3
#define EPT_IGNORE_PAT BIT(6)
#define EPT_LARGE      BIT(7)
#define EPT_DIRTY      BIT(9)
#define EPT_ADDRESS    0x000ffffffffff000ULL

#define EPTP_WB	    6ULL
#define EPTP_LEVELS (3ULL << 3) /* four */
#define EPTP_DIRTY  BIT(6)

#define INVEPT_SINGLE 1ULL

static u64 ept_leaf(hpa_t hpa, u32 prot, enum stage2_memtype type, unsigned level)
{
	static const u64 types[] = { [MEMTYPE_WB] = 6, [MEMTYPE_UC] = 0, [MEMTYPE_WC] = 1 };
	u64 pte = hpa | types[type] << EPT_TYPE_SHIFT | EPT_IGNORE_PAT;

	if (prot)
		pte |= EPT_READ;
	if (prot & STAGE2_WRITE)
		pte |= EPT_WRITE;
	if (prot & STAGE2_EXEC)
		pte |= EPT_EXEC;
	return level > 1 ? pte | EPT_LARGE : pte;
}

static u64 ept_table(hpa_t hpa)
{
	return hpa | EPT_READ | EPT_WRITE | EPT_EXEC;
}

static bool ept_present(u64 pte)
{
	return pte & (EPT_READ | EPT_WRITE | EPT_EXEC);
}

static bool ept_is_leaf(u64 pte, unsigned level)
{
	return level == 1 || (pte & EPT_LARGE);
}

static hpa_t ept_address(u64 pte)
{
	return pte & EPT_ADDRESS;
}

static u32 ept_prot(u64 pte)
{
	return (pte & EPT_READ ? (u32)STAGE2_READ : 0) | (pte & EPT_WRITE ? (u32)STAGE2_WRITE : 0) |
	       (pte & EPT_EXEC ? (u32)STAGE2_EXEC : 0);
}

/* Without dirty bits, all that can be written counts as written. */
static bool ept_dirty(u64 pte)
{
	return pte & (vmx_caps.ept_dirty ? EPT_DIRTY : EPT_WRITE);
}

static u64 ept_clear_dirty(u64 pte)
{
	return pte & ~EPT_DIRTY;
}

const struct stage2_format ept_format = {
	.leaf = ept_leaf,
	.table = ept_table,
	.present = ept_present,
	.is_leaf = ept_is_leaf,
	.address = ept_address,
	.prot = ept_prot,
	.dirty = ept_dirty,
	.clear_dirty = ept_clear_dirty,
};

u64 ept_pointer(const struct stage2 *s)
{
	return s->root | EPTP_WB | EPTP_LEVELS | (vmx_caps.ept_dirty ? EPTP_DIRTY : 0);
}

void ept_flush(const struct stage2 *s)
{
	struct {
		u64 eptp, reserved;
	} what = { ept_pointer(s), 0 };

	__asm__ volatile("invept %0, %1" : : "m"(what), "r"(INVEPT_SINGLE) : "cc", "memory");
}
