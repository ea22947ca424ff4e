/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/*
 * Virtqueues, the device's side: split (VIRTIO 1.2 section 2.7) and packed (2.8), both with
 * indirect descriptors and EVENT_IDX. Split over
 *
 *   virtio_queue.c		progress: taking chains, answering, parking, restarts
 *   virtio_queue_split.c	what the two kinds of ring look like in the driver's memory,
 *   virtio_queue_packed.c	see virtio_queue_rings.h
 *   virtio_queue_copy.c	bytes of a chain
 *
 * A queue's memory is struct virtq_state, kept in the state region. A chain is taken, then either
 * answered at once or parked: its answer waits in the state until its time has come. All that says
 * how far the queue is (the next chain, the next answer's place, which parked answers there are)
 * lies in one word, `progress`, changed by one store: there is no instant at which the parts could
 * disagree. What a restart can interrupt is only the step between an answer's publication in the
 * driver's memory and that store; `intent` says what the step was, and virtq_adopt() finishes it.
 *
 * Everything the driver wrote is copied in once and then checked. Errors mean that the driver
 * broke the ring: the caller puts the device into DEVICE_NEEDS_RESET.
 */
#ifndef DM_DEVICES_VIRTIO_QUEUE_H
#define DM_DEVICES_VIRTIO_QUEUE_H

#include "dm/vm.h"

#define VIRTQ_MAX_SIZE	 256
#define VIRTQ_MAX_PARKED 32
#define VIRTIO_NO_VECTOR 0xffff

/* Stores before it reach the state region before those after it (a restart sees program order). */
static inline void state_order(void)
{
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
}

struct virtq_parked {
	u64 until; /* TSC */
	u32 len;
	u16 head, slots; /* as in struct virtq_chain */
};

struct virtq_state {
	u64 desc;	 /* guest physical addresses: split: the three parts; */
	u64 avail;	 /* packed: the ring, the driver's event suppression, */
	u64 used;	 /* the device's */
	u64 progress;	 /* see virtq_position() and the next ones */
	u32 mark;	 /* position | VIRTQ_MARKED: that chain's effects have begun */
	u32 intent;	 /* what is being published, 0: nothing */
	u16 size;	 /* entries, up to VIRTQ_MAX_SIZE; split: a power of two */
	u16 vector;	 /* MSI-X vector or VIRTIO_NO_VECTOR */
	u16 unsignalled; /* entries of the ring answered since the last decision to interrupt */
	u8 enabled;
	u8 reserved;
	struct virtq_parked parked[VIRTQ_MAX_PARKED];
};
#define VIRTQ_MARKED BIT(16)

/* The next chain's place in the ring; split: counted modulo 2^16, packed: index | wrap << 15. */
static inline u16 virtq_position(const struct virtq_state *s)
{
	return (u16)s->progress;
}

/* The next answer's place. */
static inline u16 virtq_answered(const struct virtq_state *s)
{
	return (u16)(s->progress >> 16);
}

/* Which elements of parked[] wait, a bit each. */
static inline u32 virtq_waiting(const struct virtq_state *s)
{
	return (u32)(s->progress >> 32);
}

struct virtq {
	const struct dm_vm *vm;
	struct virtq_state *state;
	bool event_idx; /* VIRTIO_F_EVENT_IDX was negotiated */
	bool packed;	/* VIRTIO_F_RING_PACKED was */
};

struct virtq_segment {
	gpa_t gpa;
	u32 len;
};

/* One request: readable segments first, then writable ones. */
struct virtq_chain {
	u16 head;	     /* what the driver knows it by: descriptor index or buffer id */
	u16 slots;	     /* of the ring that it takes; split: 1 */
	bool redo;	     /* its effects had begun when dm was restarted */
	bool resumed;	     /* the model has answered -EAGAIN to it */
	u32 out_count;	     /* segments to read: [0, out_count) */
	u32 in_count;	     /* segments to write: [out_count, out_count + in_count) */
	u64 out_len, in_len; /* bytes */
	struct virtq_segment segments[VIRTQ_MAX_SIZE];
};

/* Whether size and addresses describe rings that lie in the guest's memory, aligned. */
bool virtq_usable(const struct virtq *q);
/* The state of a queue whose first chain is yet to come; `enabled` is left alone. */
void virtq_start(const struct virtq *q);
/* The next chain, without taking it off: 1, or 0 when there is none (the driver then notifies
 * for the next one), or -EINVAL or -EFAULT for a broken ring. */
int virtq_next(const struct virtq *q, struct virtq_chain *chain) must_check;
/* From here on, carrying out this chain again must succeed (see virtq_chain.redo). */
void virtq_mark(const struct virtq *q);
/* Answers the chain that virtq_next gave: `len` bytes were written to it. */
int virtq_complete(const struct virtq *q, const struct virtq_chain *chain, u32 len) must_check;
/* The same, but the driver hears of it only when virtq_release is called at `until` (TSC) or
 * later. Not when the queue is full. */
void virtq_park(const struct virtq *q, const struct virtq_chain *chain, u32 len, u64 until);
/* VIRTQ_MAX_PARKED wait: the next chain must not be taken before one of them is released. */
bool virtq_full(const struct virtq *q);
/* Answers parked chains whose time has come, in the order of their times. */
int virtq_release(const struct virtq *q, u64 now) must_check;
/* When the next parked one is due; DM_NO_DEADLINE: none waits. */
u64 virtq_due(const struct virtq *q);
/* Whether the driver wants an interrupt for what was answered since the last call. */
bool virtq_wants_interrupt(const struct virtq *q);
/* After a restart of dm: takes over an answer that was already published, and answers what was
 * parked. -EINVAL: unusable. */
int virtq_adopt(const struct virtq *q) must_check;

/* Copies readable bytes [offset, offset + len) of the chain: the bytes copied (fewer at its end),
 * or -EFAULT when an address is not the guest's memory. */
s64 virtq_read(const struct dm_vm *vm, const struct virtq_chain *chain, u64 offset, void *to,
	       u64 len) must_check;
/* Scatters to writable bytes [offset, offset + len): bytes written, or -EFAULT. */
s64 virtq_write(const struct dm_vm *vm, const struct virtq_chain *chain, u64 offset,
		const void *from, u64 len) must_check;

#endif
