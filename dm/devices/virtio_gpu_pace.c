/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/*
 * Pacing: each head has one fenced flush a tick of the configured refresh rate, so that a guest
 * which waits for its flips shows exactly that many a second. Ticks lie on a grid that begins where
 * the TSC does (no drift, the same for all guests). The first flush of a tick is answered at once,
 * as one that comes now and then (a blinking cursor) should cost no second wake-up; the next one
 * when the next tick begins, whose flush it then is. What is not visible is paced as well. Flushes
 * without a fence are answered at once: firmware waits for each of many small ones.
 */
#include "virtio_gpu.h"
#include "dm/runtime.h"

/* The last tick at or before `time`, in two parts as a product of hz and time would overflow. */
static u64 tick_at(u64 time)
{
	u64 hz = dm_info->tsc_hz, rate = dm_info->config.refresh;

	return time / hz * rate + time % hz * rate / hz;
}

static u64 time_of(u64 tick)
{
	u64 hz = dm_info->tsc_hz, rate = dm_info->config.refresh;

	return tick / rate * hz + (tick % rate * hz + rate - 1) / rate;
}

static bool shows(const struct gpu_scanout *s, const struct gpu_flush *c)
{
	return s->resource_id == c->resource_id &&
	       range_overlaps(s->r.x, s->r.width, c->r.x, c->r.width) &&
	       range_overlaps(s->r.y, s->r.height, c->r.y, c->r.height);
}

/* Heads that show the same picture are flushed one by one: each flush counts for one of them. */
u64 gpu_pace(struct gpu *gpu, const struct gpu_flush *c)
{
	u32 best = gpu->heads;
	u64 now;

	if (!dm_info->config.refresh)
		return 0;
	for (u32 head = 0; head < gpu->heads; head++)
		if (shows(&gpu->state->scanouts[head], c) &&
		    (best == gpu->heads || gpu->ticks[head] < gpu->ticks[best]))
			best = head;
	if (best == gpu->heads)
		return 0;
	now = tick_at(time_now());
	if (gpu->ticks[best] < now) {
		gpu->ticks[best] = now;
		return 0;
	}
	return time_of(++gpu->ticks[best]);
}
