/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/*
 * Who answers a guest's access to a port or to memory that is not RAM: one sorted table a guest
 * and space, found by binary search. Guarded by the guest's lock for changes; lookups run without
 * it, so a changed table is published as a whole (two copies, an index).
 */
#ifndef HV_TRAP_H
#define HV_TRAP_H

#include <abi/hypercall.h>

struct vcpu;
struct vm;

struct access {
	u64 addr;  /* port or GPA */
	u64 value; /* write: low `size` bytes; read: the answer, preset to all ones */
	u32 count; /* string writes of one value; else 1 */
	u8 size;   /* 1, 2, 4, 8 */
	bool write;
};

enum trap_result {
	TRAP_DONE,
	TRAP_DEFER,	/* an ioreq was posted (ioreq_post): the vCPU waits */
	TRAP_UNHANDLED, /* nothing there: reads all ones, writes ignored, counted */
};
enum trap_space { TRAP_PIO, TRAP_MMIO, TRAP_SPACES };

/* offset = access->addr - region base, for convenience */
typedef enum trap_result trap_fn(void *ctx, struct vcpu *v, u64 offset, struct access *a);

struct trap_region {
	u64 base, len;
	trap_fn *fn;
	void *ctx;
};

#define TRAP_MAX 96
struct trap_list {
	u32 count;
	struct trap_region regions[TRAP_MAX];
};
struct trap_table {
	struct trap_list lists[TRAP_SPACES][2];
	_Atomic u32 current[TRAP_SPACES];
};

/* -EEXIST: overlaps another; -ENOSPC; -EINVAL: empty or wraps. Caller holds vm->lock. */
int trap_add(struct trap_table *t, enum trap_space space, const struct trap_region *r) must_check;
/* Removes the region that begins at base; -ENOENT. */
int trap_remove(struct trap_table *t, enum trap_space space, u64 base) must_check;
/* The region that holds [addr, addr + size) wholly, or NULL. */
const struct trap_region *trap_find(const struct trap_table *t, enum trap_space space, u64 addr,
				    u32 size);

/* hv/ioreq.c: posts the access to the device domain; always TRAP_DEFER, or TRAP_UNHANDLED when
 * the request cannot be posted. */
enum trap_result ioreq_post(struct vcpu *v, u16 device, enum ioreq_space space, u8 bar, u64 addr,
			    struct access *a);
/* Sets the doorbell bit and wakes the device domain; the guest goes on. */
void doorbell_ring(struct vm *vm, u32 id);

#endif
