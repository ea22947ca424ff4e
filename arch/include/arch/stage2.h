/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/*
 * Second-stage translation: guest physical to host physical. One walker for all formats, with
 * 4 KiB, 2 MiB and 1 GiB leaves (the largest that fit address, length and alignment); a large leaf
 * that is mapped over in part is split first.
 *
 * Locking: callers serialise changes to one struct stage2 (vm->lock). Processors walk it
 * meanwhile; entries are written with single 8-byte stores, tables before the entry that points to
 * them. A change that takes rights away bumps `generation`: each vCPU flushes before it enters
 * again (stage2_seen), and vm_sync() makes sure that all have left the guest since.
 */
#ifndef ARCH_STAGE2_H
#define ARCH_STAGE2_H

#include <abi/types.h>

enum stage2_prot { STAGE2_READ = 1, STAGE2_WRITE = 2, STAGE2_EXEC = 4, STAGE2_RWX = 7 };
enum stage2_memtype { MEMTYPE_WB, MEMTYPE_UC, MEMTYPE_WC };

struct stage2_format { /* levels: 1 = 4 KiB, 2 = 2 MiB, 3 = 1 GiB, 4 = top */
	u64 (*leaf)(hpa_t hpa, u32 prot, enum stage2_memtype type, unsigned level);
	u64 (*table)(hpa_t hpa);
	bool (*present)(u64 pte);
	bool (*is_leaf)(u64 pte, unsigned level);
	hpa_t (*address)(u64 pte); /* of a table or a leaf's start */
	u32 (*prot)(u64 pte);
	bool (*dirty)(u64 pte);
	u64 (*clear_dirty)(u64 pte);
};

struct stage2 {
	const struct stage2_format *format;
	hpa_t root;
	_Atomic u32 generation;
	u32 max_level; /* of leaves: 3 when the processor has 1 GiB pages, else 2 */
	u32 pages;     /* table pages in use, the root included */
};

int stage2_init(struct stage2 *s, const struct stage2_format *format, u32 max_level) must_check;
void stage2_destroy(struct stage2 *s); /* gives all table pages back */
/* All page-aligned, no wrap, below 2^48: else -EINVAL. -ENOMEM: no table page left. Mapping over
 * what is there replaces it. */
int stage2_map(struct stage2 *s, gpa_t gpa, hpa_t hpa, u64 len, u32 prot,
	       enum stage2_memtype type) must_check;
int stage2_unmap(struct stage2 *s, gpa_t gpa, u64 len) must_check;
/* Translates; 0, or -ENOENT. *len: bytes left in the leaf. prot may be NULL. */
int stage2_lookup(const struct stage2 *s, gpa_t gpa, hpa_t *hpa, u64 *len, u32 *prot) must_check;
/* Reads and clears dirty state: a bit per 4 KiB page, a dirty large leaf sets all its pages' bits.
 * Bumps generation when anything was dirty. Pages not mapped count as clean. */
int stage2_dirty(struct stage2 *s, gpa_t gpa, u64 len, u64 *bitmap) must_check;

#endif
