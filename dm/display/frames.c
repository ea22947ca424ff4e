/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/* Implements frames.h. Frame n lies at ring[n % FRAMES_MAX]. */
#include "frames.h"
#include "display.h"
#include "dm/runtime.h"

static struct record {
	bool on;
	u64 count;
	struct frame ring[FRAMES_MAX];
} records[MAX_VMS];

void frames_start(const struct dm_vm *vm)
{
	records[vm->index].count = 0;
	records[vm->index].on = true;
}

void frames_stop(const struct dm_vm *vm)
{
	records[vm->index].on = false;
}

bool frames_recording(const struct dm_vm *vm)
{
	return records[vm->index].on;
}

void frames_add(struct dm_vm *vm, u32 head)
{
	struct record *r = &records[vm->index];
	struct frame f = { .time = time_now(), .head = head };

	if (screenshot_crc(vm, head, &f.crc))
		return;
	r->ring[r->count++ % FRAMES_MAX] = f;
}

u64 frames_count(const struct dm_vm *vm)
{
	return records[vm->index].count;
}

bool frames_get(const struct dm_vm *vm, u64 n, struct frame *frame)
{
	const struct record *r = &records[vm->index];

	if (n >= r->count || r->count - n > FRAMES_MAX)
		return false;
	*frame = r->ring[n % FRAMES_MAX];
	return true;
}
