/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/*
 * Who answers a guest's access to a port or to memory that is not RAM: one sorted table a guest
 * and space, found by binary search.
 *
 * Locking: changes hold the guest's lock. Lookups take none: there are two copies, and `current`
 * counts the changes, its lowest bit says which copy is valid. A change builds the other copy and
 * then counts; a lookup copies the region out, and looks again when the count has moved meanwhile,
 * for then its copy may have been rebuilt under it. It never waits for a change to finish. A
 * handler may still be called shortly after its region is gone: ctx must outlive the guest.
 */
#ifndef HV_TRAP_H
#define HV_TRAP_H

#include <abi/hypercall.h>

struct vcpu;
struct vm;

struct access {
	u64 addr;  /* port or GPA */
	u64 value; /* write: low `size` bytes; read: the answer, preset to all ones */
	u64 from;  /* of a block */
	u32 count; /* string writes of one value to ascending addresses (or one port); else 1. A
		    * handler may lower it to how many it took: the rest is for whom it then hits */
	u8 size;   /* 1, 2, 4, 8 */
	bool write;
	bool block; /* count elements from GPA `from` to GPA addr: one of the two is the region's */
};

enum trap_result {
	TRAP_DONE,
	TRAP_DEFER,	/* an ioreq was posted (ioreq_post): the vCPU waits */
	TRAP_UNHANDLED, /* nothing there: reads all ones, writes ignored, counted */
};
enum trap_space { TRAP_PIO, TRAP_MMIO, TRAP_SPACES };
enum trap_layer { TRAP_TOP, TRAP_BENEATH, TRAP_LAYERS };

/* offset = access->addr - region base, for convenience */
typedef enum trap_result trap_fn(void *ctx, struct vcpu *v, u64 offset, struct access *a);

/*
 * word: 0, or the size of the only access that the region takes, at its base. All others go to
 * the regions laid beneath it (port 0xcf8 is PCI's for 32-bit accesses only; a byte access to
 * 0xcf9 belongs to the reset register that the device domain may have there).
 */
struct trap_region {
	u64 base, len;
	trap_fn *fn;
	void *ctx;
	u32 word;
	bool takes_blocks; /* fn may be given blocks; others never are */
};

#define TRAP_MAX 96
struct trap_list {
	u32 count;
	struct trap_region regions[TRAP_MAX];
};
struct trap_copies {
	struct trap_list copy[2];
	_Atomic u32 current;
};
struct trap_table { /* all zero: empty */
	struct trap_copies spaces[TRAP_SPACES][TRAP_LAYERS];
};

/* -EEXIST: overlaps another (a region wholly within one that has `word` goes beneath it);
 * -ENOSPC; -EINVAL: empty or wraps. Caller holds vm->lock. */
int trap_add(struct trap_table *t, enum trap_space space, const struct trap_region *r) must_check;
/* Removes the region that begins at base (of two, the one on top); -ENOENT. Caller holds vm->lock.
 */
int trap_remove(struct trap_table *t, enum trap_space space, u64 base) must_check;
/* Whether a region overlaps [base, base + len), which does not wrap. Caller holds vm->lock. */
bool trap_overlaps(const struct trap_table *t, enum trap_space space, u64 base, u64 len);
/* Copies out the region that takes an access to [addr, addr + size), wholly inside it. */
bool trap_find(const struct trap_table *t, enum trap_space space, u64 addr, u32 size,
	       struct trap_region *out) must_check;

/* hv/ioreq.c: posts the access to the device domain; always TRAP_DEFER, or TRAP_UNHANDLED when
 * the request cannot be posted. */
enum trap_result ioreq_post(struct vcpu *v, u16 device, enum ioreq_space space, u8 bar, u64 addr,
			    struct access *a);
/* Sets the doorbell bit and wakes the device domain; the guest goes on. */
void doorbell_ring(struct vm *vm, u32 id);

#endif
