/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/*
 * Packed rings (VIRTIO 1.2 section 2.8): one ring of descriptors, which the driver makes available
 * and the device, in whatever order it likes, marks as used. A place is an index and, in bit 15,
 * the wrap counter. An answer goes where the next answer goes, and then as many places are left
 * out as the answered chain had descriptors.
 */
#include "virtio_queue_rings.h"

#define WRAP 0x8000u
enum { DESC_AVAILABLE = 0x80, DESC_USED = 0x8000 };
enum { EVENTS_ON = 0, EVENTS_OFF = 1, EVENTS_AT = 2 };

#define DESC_LEN   8 /* offsets in a descriptor; the id lies between */
#define DESC_FLAGS 14

static bool usable(const struct virtq *q)
{
	const struct virtq_state *s = q->state;

	if ((s->desc & 15) || (s->avail & 3) || (s->used & 3))
		return false;
	return vm_ram(q->vm, s->desc, 16 * (u64)s->size) && vm_ram(q->vm, s->avail, 4) &&
	       vm_ram(q->vm, s->used, 4);
}

static u16 first(void)
{
	return WRAP;
}

static u16 advance(const struct virtq *q, u16 position, u16 slots)
{
	u32 index = (position & (WRAP - 1)) + slots;
	u32 wrap = position & WRAP;

	if (index >= q->state->size) {
		index -= q->state->size;
		wrap ^= WRAP;
	}
	return (u16)(index | wrap);
}

static gpa_t place(const struct virtq *q, u16 position)
{
	return q->state->desc + 16 * (u64)(position & (WRAP - 1));
}

/* Section 2.8.1: in the lap that the position is in, available: the one flag is the wrap counter
 * and the other is not; used: both are. */
static bool is_available(const struct virtq *q)
{
	u16 position = virtq_position(q->state);
	u16 flags = ring_load16(q, place(q, position) + DESC_FLAGS);
	bool wrap = position & WRAP;

	return !!(flags & DESC_AVAILABLE) == wrap && !!(flags & DESC_USED) != wrap;
}

/* Section 2.8.10: ask for a notification, then look again, so that none is lost. */
static int available(const struct virtq *q)
{
	if (is_available(q))
		return 1;
	if (!q->event_idx)
		return 0;
	ring_store16(q, q->state->used, virtq_position(q->state));
	ring_store16(q, q->state->used + 2, EVENTS_AT);
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	return is_available(q);
}

/* As in a split ring, but for the id, which lies where that has the flags. */
static int read_desc(const struct virtq *q, gpa_t at, struct desc *d, u16 *id)
{
	int err = vm_read(q->vm, at, d, sizeof(*d));

	if (err)
		return err;
	*id = d->flags;
	d->flags = d->next;
	return 0;
}

/* Section 2.8.7: all of an indirect table is the list; only WRITE counts of its flags. */
static int walk_indirect(const struct virtq *q, const struct desc *indirect,
			 struct virtq_chain *chain)
{
	int count = virtq_table_count(indirect), err = MIN(count, 0);
	struct desc d;
	u16 unused;

	for (int i = 0; !err && i < count; i++) {
		err = read_desc(q, indirect->addr + 16 * (u64)i, &d, &unused);
		if (!err)
			err = d.flags & DESC_INDIRECT ? -EINVAL : virtq_chain_add(chain, &d);
	}
	return err;
}

static int walk(const struct virtq *q, struct virtq_chain *chain)
{
	u16 position = virtq_position(q->state);
	struct desc d;
	int err;

	for (chain->slots = 1; chain->slots <= q->state->size; chain->slots++) {
		err = read_desc(q, place(q, position), &d, &chain->head); /* the last one's id */
		if (err)
			return err;
		if (d.flags & DESC_INDIRECT)
			return d.flags & DESC_NEXT ? -EINVAL : walk_indirect(q, &d, chain);
		err = virtq_chain_add(chain, &d);
		if (err || !(d.flags & DESC_NEXT))
			return err;
		position = advance(q, position, 1);
	}
	return -EINVAL;
}

/* Length, id and flags in one store: the place may be that of the descriptor which a restart of dm
 * would have to read again. */
static int publish(const struct virtq *q, u16 head, u32 len)
{
	u16 answered = virtq_answered(q->state);
	u64 flags = (answered & WRAP ? DESC_AVAILABLE | DESC_USED : 0u) | (len ? DESC_WRITE : 0u);
	u64 *p = vm_ram(q->vm, place(q, answered) + DESC_LEN, 8);

	if (!p)
		return -EFAULT;
	__atomic_store_n(p, flags << 48 | (u64)head << 32 | len, __ATOMIC_RELEASE);
	return 0;
}

static bool published(const struct virtq *q)
{
	u16 answered = virtq_answered(q->state);
	u16 flags = ring_load16(q, place(q, answered) + DESC_FLAGS);
	bool wrap = answered & WRAP;

	return !!(flags & DESC_AVAILABLE) == wrap && !!(flags & DESC_USED) == wrap;
}

/* Both places are counted from the start of the lap that the next answer is in. */
static bool wanted(const struct virtq *q, u16 count)
{
	const struct virtq_state *s = q->state;
	u16 flags = ring_load16(q, s->avail + 2) & 3, answered = virtq_answered(s);
	u16 now = answered & (WRAP - 1), event;

	if (flags != EVENTS_AT || !q->event_idx)
		return flags != EVENTS_OFF;
	event = ring_load16(q, s->avail);
	if ((event ^ answered) & WRAP)
		event = (u16)((event & (WRAP - 1)) - s->size);
	else
		event &= WRAP - 1;
	return ring_passed(event, now, (u16)(now - count));
}

const struct virtq_ring virtq_packed = {
	.usable = usable,
	.first = first,
	.advance = advance,
	.available = available,
	.walk = walk,
	.publish = publish,
	.published = published,
	.wanted = wanted,
};
