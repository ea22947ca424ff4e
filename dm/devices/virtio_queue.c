/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/*
 * Split virtqueues, the device's side; see virtio_queue.h. Owns nothing: state is the caller's.
 * Single-threaded like all of dm, but the driver changes its memory at any moment, so every value
 * is loaded exactly once.
 */
#include "virtio_queue.h"
#include "dm/runtime.h"

enum { DESC_NEXT = 1, DESC_WRITE = 2, DESC_INDIRECT = 4 };
enum { AVAIL_NO_INTERRUPT = 1 };

struct desc {
	u64 addr;
	u32 len;
	u16 flags;
	u16 next;
};
_Static_assert(sizeof(struct desc) == 16, "VIRTIO 1.2 section 2.7.5");

static u64 avail_len(u16 size)
{
	return 6 + 2 * (u64)size;
}

static u64 used_len(u16 size)
{
	return 6 + 8 * (u64)size;
}

bool virtq_usable(const struct virtq *q)
{
	const struct virtq_state *s = q->state;

	if (s->size == 0 || s->size > VIRTQ_MAX_SIZE || (s->size & (s->size - 1)))
		return false;
	if ((s->desc & 15) || (s->avail & 1) || (s->used & 3))
		return false;
	return vm_ram(q->vm, s->desc, 16 * (u64)s->size) &&
	       vm_ram(q->vm, s->avail, avail_len(s->size)) &&
	       vm_ram(q->vm, s->used, used_len(s->size));
}

/* The rings were checked when the queue was enabled or adopted, and a guest's RAM never moves;
 * the addresses cannot change while the queue is enabled. */
static u16 load16(const struct virtq *q, gpa_t gpa)
{
	const u16 *p = vm_ram(q->vm, gpa, 2);

	return p ? __atomic_load_n(p, __ATOMIC_ACQUIRE) : 0;
}

static void store16(const struct virtq *q, gpa_t gpa, u16 value)
{
	u16 *p = vm_ram(q->vm, gpa, 2);

	if (p)
		__atomic_store_n(p, value, __ATOMIC_RELEASE);
}

static u16 avail_index(const struct virtq *q)
{
	return load16(q, q->state->avail + 2);
}

/* Sections 2.7.7 and 2.7.10: ask for a notification, then look again, so that none is lost. */
static bool queue_empty(const struct virtq *q)
{
	const struct virtq_state *s = q->state;

	if (avail_index(q) != s->position)
		return false;
	if (!q->event_idx)
		return true;
	store16(q, s->used + 4 + 8 * (u64)s->size, s->position);
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	return avail_index(q) == s->position;
}

static int chain_add(struct virtq_chain *chain, const struct desc *d)
{
	u32 n = chain->out_count + chain->in_count;

	if (n >= VIRTQ_MAX_SIZE)
		return -EINVAL;
	chain->segments[n] = (struct virtq_segment){ d->addr, d->len };
	if (d->flags & DESC_WRITE) {
		chain->in_count++;
		chain->in_len += d->len;
	} else {
		if (chain->in_count)
			return -EINVAL;
		chain->out_count++;
		chain->out_len += d->len;
	}
	return 0;
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
		err = chain_add(chain, &d);
		if (err)
			return err;
		if (!(d.flags & DESC_NEXT))
			return 0;
		index = d.next;
	}
	return -EINVAL;
}

int virtq_next(const struct virtq *q, struct virtq_chain *chain)
{
	struct virtq_state *s = q->state;
	struct desc indirect = { 0 };
	u16 slot = s->position & (u16)(s->size - 1);
	u32 count;
	int err;

	if (queue_empty(q))
		return 0;
	if ((u16)(avail_index(q) - s->position) > s->size)
		return -EINVAL;
	chain->head = load16(q, s->avail + 4 + 2 * (u64)slot);
	chain->redo = s->mark == (s->position | VIRTQ_MARKED);
	if (!chain->redo)
		s->mark = 0;
	chain->out_count = chain->in_count = 0;
	chain->out_len = chain->in_len = 0;
	err = walk_table(q, s->desc, s->size, chain->head, chain, &indirect);
	if (err)
		return err;
	if (!indirect.flags)
		return 1;
	count = indirect.len / sizeof(struct desc);
	if (count == 0 || count > VIRTQ_MAX_SIZE || indirect.len % sizeof(struct desc))
		return -EINVAL;
	err = walk_table(q, indirect.addr, count, 0, chain, NULL);
	return err ? err : 1;
}

void virtq_mark(const struct virtq *q)
{
	q->state->mark = q->state->position | VIRTQ_MARKED;
	state_order();
}

int virtq_complete(const struct virtq *q, const struct virtq_chain *chain, u32 len)
{
	struct virtq_state *s = q->state;
	u32 element[2] = { chain->head, len };
	u16 slot = s->position & (u16)(s->size - 1);
	u16 next = (u16)(s->position + 1);
	int err = vm_write(q->vm, s->used + 4 + 8 * (u64)slot, element, sizeof(element));

	if (err)
		return err;
	store16(q, s->used + 2, next);
	state_order();
	s->position = next;
	return 0;
}

bool virtq_wants_interrupt(const struct virtq *q)
{
	struct virtq_state *s = q->state;
	u16 done = (u16)(s->position - s->signalled), event;

	if (done == 0)
		return false;
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	if (!q->event_idx) {
		s->signalled = s->position;
		return !(load16(q, s->avail) & AVAIL_NO_INTERRUPT);
	}
	event = load16(q, s->avail + 4 + 2 * (u64)s->size);
	s->signalled = s->position;
	return (u16)(s->position - event - 1) < done;
}

int virtq_adopt(const struct virtq *q)
{
	struct virtq_state *s = q->state;

	if (!s->enabled)
		return 0;
	if (!virtq_usable(q))
		return -EINVAL;
	if (load16(q, s->used + 2) == (u16)(s->position + 1))
		s->position++;
	return 0;
}

/* Moves bytes between `data` and segments [first, first + count), skipping `offset` bytes. */
static s64 segments_copy(const struct dm_vm *vm, const struct virtq_segment *segment, u32 count,
			 u64 offset, u8 *data, u64 len, bool to_guest)
{
	u64 done = 0;

	for (u32 i = 0; i < count && done < len; i++) {
		u64 part;
		int err;

		if (offset >= segment[i].len) {
			offset -= segment[i].len;
			continue;
		}
		part = MIN(segment[i].len - offset, len - done);
		if (segment[i].gpa + offset < segment[i].gpa)
			return -EFAULT;
		err = to_guest ? vm_write(vm, segment[i].gpa + offset, data + done, part)
			       : vm_read(vm, segment[i].gpa + offset, data + done, part);
		if (err)
			return err;
		done += part;
		offset = 0;
	}
	return (s64)done;
}

s64 virtq_read(const struct dm_vm *vm, const struct virtq_chain *chain, u64 offset, void *to,
	       u64 len)
{
	return segments_copy(vm, chain->segments, chain->out_count, offset, to, len, false);
}

s64 virtq_write(const struct dm_vm *vm, const struct virtq_chain *chain, u64 offset,
		const void *from, u64 len)
{
	/* The cast drops const only because reading and writing share the walk. */
	return segments_copy(vm, chain->segments + chain->out_count, chain->in_count, offset,
			     (u8 *)(uintptr_t)from, len, true);
}
