/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/*
 * Inside of the virtqueues: what the two kinds of ring do differently, one function each, and what
 * they share. A place in a ring is what struct virtq_state calls a position. No function changes
 * the state.
 */
#ifndef DM_DEVICES_VIRTIO_QUEUE_RINGS_H
#define DM_DEVICES_VIRTIO_QUEUE_RINGS_H

#include "virtio_queue.h"

enum { DESC_NEXT = 1, DESC_WRITE = 2, DESC_INDIRECT = 4 };

struct desc {
	u64 addr;
	u32 len;
	u16 flags;
	u16 next; /* packed: the buffer id */
};
_Static_assert(sizeof(struct desc) == 16, "VIRTIO 1.2 sections 2.7.5, 2.8.13");

struct virtq_ring {
	bool (*usable)(const struct virtq *q);
	u16 (*first)(void); /* position of a queue that starts */
	u16 (*advance)(const struct virtq *q, u16 position, u16 slots);
	/* 1, 0 or -errno. When there is none, the driver has been asked to notify. */
	int (*available)(const struct virtq *q);
	/* The available chain's segments, head and slots. */
	int (*walk)(const struct virtq *q, struct virtq_chain *chain);
	/* Writes an answer at the place that virtq_answered() says, and lets the driver see it. */
	int (*publish)(const struct virtq *q, u16 head, u32 len);
	/* Whether an answer is there that `progress` does not know of. */
	bool (*published)(const struct virtq *q);
	/* Whether the driver wants an interrupt now that `count` > 0 entries were answered. */
	bool (*wanted)(const struct virtq *q, u16 count);
};
extern const struct virtq_ring virtq_split, virtq_packed;

/* The rings were checked when the queue was enabled or adopted, and a guest's RAM never moves;
 * the addresses cannot change while the queue is enabled. */
static inline u16 ring_load16(const struct virtq *q, gpa_t gpa)
{
	const u16 *p = vm_ram(q->vm, gpa, 2);

	return p ? __atomic_load_n(p, __ATOMIC_ACQUIRE) : 0;
}

static inline void ring_store16(const struct virtq *q, gpa_t gpa, u16 value)
{
	u16 *p = vm_ram(q->vm, gpa, 2);

	if (p)
		__atomic_store_n(p, value, __ATOMIC_RELEASE);
}

/* Section 2.7.10: whether going on from `before` to `now` passed the place after `event`. */
static inline bool ring_passed(u16 event, u16 now, u16 before)
{
	return (u16)(now - event - 1) < (u16)(now - before);
}

/* Adds a descriptor's segment; readable ones come first. */
int virtq_chain_add(struct virtq_chain *chain, const struct desc *d) must_check;
/* The number of descriptors in an indirect table, or -EINVAL. */
int virtq_table_count(const struct desc *indirect) must_check;

#endif
