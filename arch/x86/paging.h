/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/*
 * The hypervisor's own page tables. Code is read-only and executable, everything else is not
 * executable; all physical memory is mapped at DIRECT_MAP_BASE; device memory is uncached there,
 * the framebuffer write-combining.
 */
#ifndef X86_PAGING_H
#define X86_PAGING_H

#include <abi/handoff.h>

#define PTE_P	      BIT(0)
#define PTE_W	      BIT(1)
#define PTE_PWT	      BIT(3)
#define PTE_PCD	      BIT(4)
#define PTE_A	      BIT(5)
#define PTE_D	      BIT(6)
#define PTE_PS	      BIT(7)
#define PTE_PAT	      BIT(7) /* 4 KiB leaf */
#define PTE_PAT_LARGE BIT(12)
#define PTE_NX	      BIT(63)
#define PTE_ADDR      0x000ffffffffff000ULL

/* Builds them and switches to them. */
void paging_init(const struct handoff *h);
/* The tables for other cores. */
u64 paging_root(void);
/* A second root for leaving: everything also mapped one to one, writable and executable. Only for
 * starting cores and for the firmware's ResetSystem. */
u64 paging_identity_root(void);

#endif
