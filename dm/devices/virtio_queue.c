/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/*
 * How far a virtqueue is, see virtio_queue.h. Owns nothing: state is the caller's.
 */
#include "virtio_queue_rings.h"
#include "dm/runtime.h"

/* What `intent` says: that an answer taking so many slots is being published, of the parked chain
 * with that number or of the current one. */
#define INTENT		BIT(31)
#define INTENT_SLOTS(i) ((u16)((i) >> 8 & 0x1ff))
#define INTENT_WHICH(i) ((i)&0xff)
#define CURRENT		VIRTQ_MAX_PARKED

static const struct virtq_ring *ring_of(const struct virtq *q)
{
	return q->packed ? &virtq_packed : &virtq_split;
}

static void set_progress(struct virtq_state *s, u16 position, u16 answered, u32 waiting)
{
	u64 progress = (u64)waiting << 32 | (u64)answered << 16 | position;

	state_order();
	__atomic_store_n(&s->progress, progress, __ATOMIC_RELAXED);
	state_order();
}

bool virtq_usable(const struct virtq *q)
{
	return q->state->size && q->state->size <= VIRTQ_MAX_SIZE && ring_of(q)->usable(q);
}

void virtq_start(const struct virtq *q)
{
	u16 first = ring_of(q)->first();

	set_progress(q->state, first, first, 0);
	q->state->mark = q->state->intent = 0;
	q->state->unsignalled = 0;
}

int virtq_next(const struct virtq *q, struct virtq_chain *chain)
{
	struct virtq_state *s = q->state;
	int result = ring_of(q)->available(q);

	if (result <= 0)
		return result;
	chain->redo = s->mark == (virtq_position(s) | VIRTQ_MARKED);
	if (!chain->redo)
		s->mark = 0;
	chain->out_count = chain->in_count = 0;
	chain->out_len = chain->in_len = 0;
	result = ring_of(q)->walk(q, chain);
	return result ? result : 1;
}

void virtq_mark(const struct virtq *q)
{
	q->state->mark = virtq_position(q->state) | VIRTQ_MARKED;
	state_order();
}

/* The answer that `intent` tells of is there. */
static void commit(const struct virtq *q)
{
	struct virtq_state *s = q->state;
	u16 slots = INTENT_SLOTS(s->intent), position = virtq_position(s);
	u32 which = INTENT_WHICH(s->intent), waiting = virtq_waiting(s);

	if (which == CURRENT)
		position = ring_of(q)->advance(q, position, slots);
	else
		waiting &= ~(u32)BIT(which);
	set_progress(s, position, ring_of(q)->advance(q, virtq_answered(s), slots), waiting);
	s->intent = 0;
	s->unsignalled = (u16)MIN(s->unsignalled + slots, s->size);
}

static int answer(const struct virtq *q, u32 which, u16 head, u16 slots, u32 len)
{
	struct virtq_state *s = q->state;
	int err;

	s->intent = (u32)INTENT | (u32)slots << 8 | which;
	state_order();
	err = ring_of(q)->publish(q, head, len);
	if (err)
		s->intent = 0;
	else
		commit(q);
	return err;
}

int virtq_complete(const struct virtq *q, const struct virtq_chain *chain, u32 len)
{
	return answer(q, CURRENT, chain->head, chain->slots, len);
}

/* The parked chain that is due first, CURRENT: none waits. */
static u32 due_first(const struct virtq_state *s)
{
	u32 best = CURRENT;

	for (u32 left = virtq_waiting(s); left; left &= left - 1) {
		u32 i = (u32)__builtin_ctz(left);

		if (best == CURRENT || s->parked[i].until < s->parked[best].until)
			best = i;
	}
	return best;
}

static int release(const struct virtq *q, u32 which)
{
	const struct virtq_parked *p = &q->state->parked[which];

	return answer(q, which, p->head, p->slots, p->len);
}

bool virtq_full(const struct virtq *q)
{
	return virtq_waiting(q->state) == ~0u;
}

void virtq_park(const struct virtq *q, const struct virtq_chain *chain, u32 len, u64 until)
{
	struct virtq_state *s = q->state;
	u32 waiting = virtq_waiting(s), which = (u32)__builtin_ctz(~waiting);

	s->parked[which] = (struct virtq_parked){ until, len, chain->head, chain->slots };
	set_progress(s, ring_of(q)->advance(q, virtq_position(s), chain->slots), virtq_answered(s),
		     waiting | (u32)BIT(which));
}

int virtq_release(const struct virtq *q, u64 now)
{
	const struct virtq_state *s = q->state;
	int err = 0;

	while (!err && virtq_waiting(s)) {
		u32 which = due_first(s);

		if (s->parked[which].until > now)
			break;
		err = release(q, which);
	}
	return err;
}

u64 virtq_due(const struct virtq *q)
{
	u32 which = due_first(q->state);

	return which == CURRENT ? DM_NO_DEADLINE : q->state->parked[which].until;
}

bool virtq_wants_interrupt(const struct virtq *q)
{
	struct virtq_state *s = q->state;
	u16 count = s->unsignalled;

	if (!count)
		return false;
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	s->unsignalled = 0;
	return ring_of(q)->wanted(q, count);
}

static bool slots_sound(const struct virtq *q, u16 slots)
{
	return slots && slots <= (q->packed ? q->state->size : 1);
}

/* Every number that is used as an index later. */
static bool progress_sound(const struct virtq *q)
{
	const struct virtq_state *s = q->state;

	for (u32 i = 0; i < VIRTQ_MAX_PARKED; i++)
		if ((virtq_waiting(s) & BIT(i)) && !slots_sound(q, s->parked[i].slots))
			return false;
	return !q->packed ||
	       ((virtq_position(s) & 0x7fff) < s->size && (virtq_answered(s) & 0x7fff) < s->size);
}

static bool intent_sound(const struct virtq *q)
{
	const struct virtq_state *s = q->state;
	u32 which = INTENT_WHICH(s->intent);

	return (s->intent & INTENT) && slots_sound(q, INTENT_SLOTS(s->intent)) &&
	       (which == CURRENT || (which < CURRENT && (virtq_waiting(s) & BIT(which))));
}

int virtq_adopt(const struct virtq *q)
{
	struct virtq_state *s = q->state;

	if (!s->enabled)
		return 0;
	if (!virtq_usable(q) || !progress_sound(q))
		return -EINVAL;
	if (intent_sound(q) && ring_of(q)->published(q))
		commit(q);
	s->intent = 0;
	return virtq_release(q, DM_NO_DEADLINE) ? -EINVAL : 0;
}
