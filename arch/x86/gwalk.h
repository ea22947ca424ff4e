/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/*
 * Walks a guest's own page tables (Intel SDM vol. 3, chapter 4): no paging, 32-bit, PAE and 4-level
 * paging. Protection keys, shadow stacks and 5-level paging are not offered to guests.
 */
#ifndef ARCH_X86_GWALK_H
#define ARCH_X86_GWALK_H

#include <arch/vcpu.h>

/* Kinds of access, and bits of a page fault's error code. */
enum gwalk_access {
	GWALK_PRESENT = BIT(0), /* in error codes only */
	GWALK_WRITE = BIT(1),
	GWALK_USER = BIT(2),
	GWALK_RESERVED = BIT(3), /* in error codes only */
	GWALK_FETCH = BIT(4),
};

#define GWALK_AC BIT(18) /* in RFLAGS: supervisor code may access user pages */

struct gwalk_state { /* what of the processor's state matters */
	u64 cr0, cr3, cr4, efer, rflags;
};

/* access: GWALK_WRITE, GWALK_USER (the access is made at CPL 3), GWALK_FETCH. 0: *gpa is where the
 * byte at linear is, and accessed and dirty bits are set. -EFAULT: the guest takes a page fault
 * with *error. -ENOTSUP: tables that are not in memory, 5 levels. */
int gwalk(const struct gwalk_state *s, const struct guest_memory *mem, u64 linear, u32 access,
	  gpa_t *gpa, u32 *error) must_check;
/* Whether the linear address is canonical for 48 bits. */
static inline bool gwalk_canonical(u64 linear)
{
	return (u64)((s64)(linear << 16) >> 16) == linear;
}

#endif
