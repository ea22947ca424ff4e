/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/*
 * Split rings (VIRTIO 1.2 section 2.7). Single-threaded like all of dm, but the driver changes its
 * memory at any moment, so every value is loaded exactly once.
 */
#include "virtio_queue_rings.h"

enum { AVAIL_NO_INTERRUPT = 1 };

static u64 avail_len(u16 size)
{
	return 6 + 2 * (u64)size;
}

static u64 used_len(u16 size)
{
	return 6 + 8 * (u64)size;
}

static bool usable(const struct virtq *q)
{
	const struct virtq_state *s = q->state;

	if ((s->size & (s->size - 1)) || (s->desc & 15) || (s->avail & 1) || (s->used & 3))
		return false;
	return vm_ram(q->vm, s->desc, 16 * (u64)s->size) &&
	       vm_ram(q->vm, s->avail, avail_len(s->size)) &&
	       vm_ram(q->vm, s->used, used_len(s->size));
}

static u16 first(void)
{
	return 0;
}

static u16 advance(const struct virtq *q, u16 position, u16 slots)
{
	(void)q;
	return (u16)(position + slots);
}

static u16 slot(const struct virtq *q, u16 position)
{
	return position & (u16)(q->state->size - 1);
}

static u16 avail_index(const struct virtq *q)
{
	return ring_load16(q, q->state->avail + 2);
}

/* Sections 2.7.7 and 2.7.10: ask for a notification, then look again, so that none is lost. */
static int available(const struct virtq *q)
{
	const struct virtq_state *s = q->state;
	u16 position = virtq_position(s), index = avail_index(q);

	if (index == position && q->event_idx) {
		ring_store16(q, s->used + 4 + 8 * (u64)s->size, position);
		__atomic_thread_fence(__ATOMIC_SEQ_CST);
		index = avail_index(q);
	}
	if (index == position)
		return 0;
	/* No more than the ring holds, those included that are not answered yet. */
	if ((u16)(index - position) > s->size || (u16)(index - virtq_answered(s)) > s->size)
		return -EINVAL;
	return 1;
}

/* Walks one table of `count` descriptors from `index` on. An indirect table is returned in
 * `indirect` instead of being followed: it must be the chain's last element. */
static int walk_table(const struct virtq *q, gpa_t table, u32 count, u16 index,
		      struct virtq_chain *chain, struct desc *indirect)
{
	struct desc d;
	int err;

	for (u32 steps = 0; steps < count; steps++) {
		if (index >= count)
			return -EINVAL;
		err = vm_read(q->vm, table + 16 * (u64)index, &d, sizeof(d));
		if (err)
			return err;
		if (d.flags & DESC_INDIRECT) {
			if (!indirect || (d.flags & DESC_NEXT))
				return -EINVAL;
			*indirect = d;
			return 0;
		}
		err = virtq_chain_add(chain, &d);
		if (err)
			return err;
		if (!(d.flags & DESC_NEXT))
			return 0;
		index = d.next;
	}
	return -EINVAL;
}

static int walk(const struct virtq *q, struct virtq_chain *chain)
{
	const struct virtq_state *s = q->state;
	struct desc indirect = { 0 };
	int err, count;

	chain->head = ring_load16(q, s->avail + 4 + 2 * (u64)slot(q, virtq_position(s)));
	chain->slots = 1;
	err = walk_table(q, s->desc, s->size, chain->head, chain, &indirect);
	if (err || !indirect.flags)
		return err;
	count = virtq_table_count(&indirect);
	if (count < 0)
		return count;
	return walk_table(q, indirect.addr, (u32)count, 0, chain, NULL);
}

static int publish(const struct virtq *q, u16 head, u32 len)
{
	const struct virtq_state *s = q->state;
	u16 answered = virtq_answered(s);
	u32 element[2] = { head, len };
	int err =
		vm_write(q->vm, s->used + 4 + 8 * (u64)slot(q, answered), element, sizeof(element));

	if (err)
		return err;
	ring_store16(q, s->used + 2, (u16)(answered + 1));
	return 0;
}

static bool published(const struct virtq *q)
{
	return ring_load16(q, q->state->used + 2) == (u16)(virtq_answered(q->state) + 1);
}

static bool wanted(const struct virtq *q, u16 count)
{
	const struct virtq_state *s = q->state;
	u16 now = virtq_answered(s);

	if (!q->event_idx)
		return !(ring_load16(q, s->avail) & AVAIL_NO_INTERRUPT);
	return ring_passed(ring_load16(q, s->avail + 4 + 2 * (u64)s->size), now,
			   (u16)(now - count));
}

const struct virtq_ring virtq_split = {
	.usable = usable,
	.first = first,
	.advance = advance,
	.available = available,
	.walk = walk,
	.publish = publish,
	.published = published,
	.wanted = wanted,
};
