/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/*
 * Physical memory. Large areas (guests' RAM, the device domain) are cut once at start out of what
 * the firmware left free; a pool of single pages serves page tables and control blocks.
 */
#ifndef HV_PAGES_H
#define HV_PAGES_H

#include <abi/handoff.h>

/* Takes the free memory of the map over and sets the pool aside (below 4 GiB). */
void pages_init(const struct handoff *h);
/* len bytes (rounded up to 4 KiB) aligned to align, contiguous, contents undefined; 0: none.
 * Before other cores start. */
hpa_t memory_take(u64 len, u64 align) must_check;
/* Bytes taken by memory_take so far, and those left. */
u64 memory_taken(void);
u64 memory_left(void);
u64 pages_pool_size(void); /* bytes */
u64 pages_free_count(void);
/* page_alloc, pages_alloc, page_free: arch/upcall.h */

#endif
