/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/*
 * Keys from viewers to guests, see rfb_view.h: in order, no faster than a quick typist, and each
 * when the guest has read the last. What a guest does not read in time is forgotten; when there are
 * too many, all are, and what was down is released.
 */
#include "rfb_view.h"
#include "dm/input.h"
#include "dm/runtime.h"

#define ROOM	 256
#define INTERVAL 8000	 /* microseconds from key to key */
#define PATIENCE 5000000 /* for a guest to read one */

static struct queue {
	struct {
		u16 key;
		bool down;
	} events[ROOM];
	u32 at, count;
	u64 next;  /* when the next one may go */
	u64 since; /* when the last one went, or the first came */
	u64 down[RFB_KEYS / 64];
} queues[MAX_VMS];

static void add(struct queue *q, u16 key, bool down)
{
	u32 end = (q->at + q->count++) % ROOM;

	q->events[end].key = key;
	q->events[end].down = down;
}

static void start_over(struct queue *q)
{
	q->count = 0;
	for (u16 key = 0; key < RFB_KEYS && q->count < ROOM; key++)
		if (q->down[key / 64] & BIT(key % 64))
			add(q, key, false);
}

void rfb_type(struct dm_vm *vm, u16 key, bool down)
{
	struct queue *q = &queues[vm->index];

	if (q->count == ROOM)
		start_over(q);
	if (!q->count)
		q->since = 0;
	if (q->count < ROOM)
		add(q, key, down);
}

static void hand_on(struct dm_vm *vm, struct queue *q)
{
	u16 key = q->events[q->at].key;
	bool down = q->events[q->at].down;

	q->at = (q->at + 1) % ROOM;
	q->count--;
	if (down)
		q->down[key / 64] |= BIT(key % 64);
	else
		q->down[key / 64] &= ~BIT(key % 64);
	input_key(vm, key, down);
}

u64 rfb_typing_run(u64 now)
{
	u64 next = ~0ULL;

	for (u32 i = 0; i < dm_vm_count; i++) {
		struct queue *q = &queues[i];

		if (!q->count)
			continue;
		if (!q->since)
			q->since = now;
		if (now >= q->next && input_key_ready(&dm_vms[i])) {
			hand_on(&dm_vms[i], q);
			q->since = now;
			q->next = now + INTERVAL;
		} else if (now >= q->since + PATIENCE) {
			q->count = 0;
		}
		if (q->count)
			next = MIN(next, now < q->next ? q->next : now + INTERVAL);
	}
	return next;
}
