/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/*
 * Split virtqueues (VIRTIO 1.2 section 2.7), the device's side, with indirect descriptors and
 * EVENT_IDX.
 *
 * A queue's memory is struct virtq_state, kept in the state region. Chains are completed in the
 * order in which the driver made them available, so one counter, `position`, is at once the next
 * entry of the available ring and of the used ring: there is no instant at which the two could
 * disagree. What a restart can interrupt is only the step between publishing used.idx and storing
 * the position; virtq_adopt() recognises it.
 *
 * Everything the driver wrote is copied in once and then checked. Errors mean that the driver
 * broke the ring: the caller puts the device into DEVICE_NEEDS_RESET.
 */
#ifndef DM_DEVICES_VIRTIO_QUEUE_H
#define DM_DEVICES_VIRTIO_QUEUE_H

#include "dm/vm.h"

#define VIRTQ_MAX_SIZE	 256
#define VIRTIO_NO_VECTOR 0xffff

/* Stores before it reach the state region before those after it (a restart sees program order). */
static inline void state_order(void)
{
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
}

struct virtq_state {
	u64 desc, avail, used; /* guest physical addresses of the three parts */
	u32 mark;	       /* position | VIRTQ_MARKED: that chain's effects have begun */
	u16 size;	       /* entries, a power of two up to VIRTQ_MAX_SIZE */
	u16 vector;	       /* MSI-X vector or VIRTIO_NO_VECTOR */
	u16 position;	       /* chains completed, modulo 2^16 */
	u16 signalled;	       /* position at the last decision about an interrupt */
	u8 enabled;
	u8 reserved[3];
};
#define VIRTQ_MARKED BIT(16)

struct virtq {
	const struct dm_vm *vm;
	struct virtq_state *state;
	bool event_idx; /* VIRTIO_F_EVENT_IDX was negotiated */
};

struct virtq_segment {
	gpa_t gpa;
	u32 len;
};

/* One request: readable segments first, then writable ones. */
struct virtq_chain {
	u16 head;
	bool redo;	     /* its effects had begun when dm was restarted */
	u32 out_count;	     /* segments to read: [0, out_count) */
	u32 in_count;	     /* segments to write: [out_count, out_count + in_count) */
	u64 out_len, in_len; /* bytes */
	struct virtq_segment segments[VIRTQ_MAX_SIZE];
};

/* Whether size and addresses describe rings that lie in the guest's memory, aligned. */
bool virtq_usable(const struct virtq *q);
/* The next chain, without taking it off: 1, or 0 when there is none (the driver then notifies
 * for the next one), or -EINVAL or -EFAULT for a broken ring. */
int virtq_next(const struct virtq *q, struct virtq_chain *chain) must_check;
/* From here on, carrying out this chain again must succeed (see virtq_chain.redo). */
void virtq_mark(const struct virtq *q);
/* Answers the chain that virtq_next gave: `len` bytes were written to it. */
int virtq_complete(const struct virtq *q, const struct virtq_chain *chain, u32 len) must_check;
/* Whether the driver wants an interrupt for what was completed since the last call. */
bool virtq_wants_interrupt(const struct virtq *q);
/* After a restart of dm: takes over an answer that was already published. -EINVAL: unusable. */
int virtq_adopt(const struct virtq *q) must_check;

/* Copies readable bytes [offset, offset + len) of the chain: the bytes copied (fewer at its end),
 * or -EFAULT when an address is not the guest's memory. */
s64 virtq_read(const struct dm_vm *vm, const struct virtq_chain *chain, u64 offset, void *to,
	       u64 len) must_check;
/* Scatters to writable bytes [offset, offset + len): bytes written, or -EFAULT. */
s64 virtq_write(const struct dm_vm *vm, const struct virtq_chain *chain, u64 offset,
		const void *from, u64 len) must_check;

#endif
