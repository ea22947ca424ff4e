/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/*
 * One channel of the 8254 in all six modes. No count is kept: the count and the output follow from
 * when the count was loaded and the clock.
 *
 * Locking: the guest's lock, by the callers.
 * Invariant: reload is never 0.
 */
#include <arch/cpu.h>
#include "muldiv.h"
#include "vpit_channel.h"

#define STATUS_OUTPUT 0x80
#define STATUS_NULL   0x40

bool vpit_channel_is_periodic(const struct vpit_channel *c)
{
	return c->mode == 2 || c->mode == 3;
}

static bool is_triggered(const struct vpit_channel *c)
{
	return c->mode == 1 || c->mode == 5;
}

u64 vpit_channel_tsc(u64 clocks)
{
	u64 tsc = mul_div64(clocks, time_hz(), VPIT_HZ);

	return mul_div64(tsc, VPIT_HZ, time_hz()) < clocks ? tsc + 1 : tsc;
}

/* Clocks since the count was loaded, without those while the gate was low. */
static u64 elapsed(const struct vpit_channel *c, u64 now)
{
	if (!c->gate && !is_triggered(c))
		return c->held;
	if (now < c->start) /* another core's clock may be a little behind */
		return 0;
	return mul_div64(now - c->start, VPIT_HZ, time_hz());
}

void vpit_channel_adopt(struct vpit_channel *c, u64 now)
{
	if (!c->next_reload || !vpit_channel_is_periodic(c) || elapsed(c, now) < c->reload)
		return;
	c->start += vpit_channel_tsc(c->reload);
	c->reload = c->next_reload;
	c->next_reload = 0;
	c->null_count = false;
}

bool vpit_channel_output(const struct vpit_channel *c, u64 now)
{
	u64 clocks = elapsed(c, now);

	if (!c->armed)
		return c->mode != 0;
	switch (c->mode) {
	case 0:
	case 1:
		return clocks >= c->reload;
	case 2:
		return !c->gate || clocks % c->reload != c->reload - 1;
	case 3:
		return !c->gate || clocks % c->reload < (c->reload + 1) / 2;
	default:
		return clocks != c->reload;
	}
}

/* In mode 3 the count goes down by two, once for each half of the period. */
static u32 square_wave_count(const struct vpit_channel *c, u64 clocks)
{
	u32 high = (c->reload + 1) / 2, phase = (u32)(clocks % c->reload);

	if (phase >= high)
		phase -= high;
	return (c->reload & ~1u) - 2 * phase;
}

static u16 to_bcd(u32 value)
{
	u32 v = value % 10000;

	return (u16)(v / 1000 << 12 | v / 100 % 10 << 8 | v / 10 % 10 << 4 | v % 10);
}

static u32 from_bcd(u16 v)
{
	return (v >> 12) * 1000u + (v >> 8 & 15) * 100u + (v >> 4 & 15) * 10u + (v & 15);
}

static u16 read_count(const struct vpit_channel *c, u64 now)
{
	u64 clocks = elapsed(c, now);
	u32 count = c->reload;

	if (c->armed && c->mode == 2)
		count -= (u32)(clocks % c->reload);
	else if (c->armed && c->mode == 3)
		count = square_wave_count(c, clocks);
	else if (c->armed && c->bcd)
		count += 10000 - (u32)(clocks % 10000);
	else if (c->armed)
		count -= (u32)clocks;
	return c->bcd ? to_bcd(count) : (u16)count;
}

u64 vpit_channel_next_edge(const struct vpit_channel *c, u64 t)
{
	u64 edge;

	if (!c->armed)
		return VPIT_NO_DEADLINE;
	if (vpit_channel_is_periodic(c) && t < c->start)
		return c->start; /* the end of the period before */
	if (vpit_channel_is_periodic(c))
		return c->start + vpit_channel_tsc((elapsed(c, t) / c->reload + 1) * c->reload);
	edge = c->start + vpit_channel_tsc(c->reload);
	return edge > t ? edge : VPIT_NO_DEADLINE;
}

static void load_count(struct vpit_channel *c, u16 value, u64 now)
{
	u32 count = c->bcd ? from_bcd(value) : value;
	u64 clocks;

	if (!count)
		count = c->bcd ? 10000 : 65536;
	if (c->armed && ((vpit_channel_is_periodic(c) && c->gate) || is_triggered(c))) {
		c->null_count = true;
		c->next_reload = count;
		clocks = elapsed(c, now);
		if (vpit_channel_is_periodic(c) && clocks >= c->reload)
			c->start += vpit_channel_tsc(clocks - clocks % c->reload);
		return;
	}
	c->reload = count;
	c->start = now;
	c->held = 0;
	c->armed = !is_triggered(c);
	c->null_count = is_triggered(c);
}

void vpit_channel_write(struct vpit_channel *c, u8 value, u64 now)
{
	vpit_channel_adopt(c, now);
	if (c->access == ACCESS_LOW) {
		load_count(c, value, now);
	} else if (c->access == ACCESS_HIGH) {
		load_count(c, (u16)(value << 8), now);
	} else if (!c->write_high) {
		c->write_low = value;
		c->write_high = true;
		if (c->mode == 0)
			c->armed = false;
	} else {
		c->write_high = false;
		load_count(c, (u16)(value << 8 | c->write_low), now);
	}
}

void vpit_channel_latch_count(struct vpit_channel *c, u64 now)
{
	if (c->count_latched)
		return;
	c->latch = read_count(c, now);
	c->count_latched = c->access == ACCESS_BOTH ? 2 : 1;
}

void vpit_channel_latch_status(struct vpit_channel *c, u64 now)
{
	if (c->status_latched)
		return;
	c->status_latched = true;
	c->status = (u8)(c->access << 4 | c->mode << 1 | c->bcd);
	if (vpit_channel_output(c, now))
		c->status |= STATUS_OUTPUT;
	if (c->null_count)
		c->status |= STATUS_NULL;
}

static u8 byte_of(u16 value, bool high)
{
	return (u8)(high ? value >> 8 : value);
}

u8 vpit_channel_read(struct vpit_channel *c, u64 now)
{
	bool high = c->access == ACCESS_HIGH;

	if (c->status_latched) {
		c->status_latched = false;
		return c->status;
	}
	if (c->count_latched) {
		if (c->access == ACCESS_BOTH)
			high = c->count_latched == 1;
		c->count_latched--;
		return byte_of(c->latch, high);
	}
	vpit_channel_adopt(c, now);
	if (c->access == ACCESS_BOTH) {
		high = c->read_high;
		c->read_high = !high;
	}
	return byte_of(read_count(c, now), high);
}

void vpit_channel_gate(struct vpit_channel *c, bool gate, u64 now)
{
	if (gate == c->gate)
		return;
	if (!gate)
		c->held = elapsed(c, now);
	c->gate = gate;
	if (!gate || (!c->armed && !is_triggered(c)))
		return;
	if (!vpit_channel_is_periodic(c) && !is_triggered(c)) {
		c->start = now - vpit_channel_tsc(c->held);
		return;
	}
	c->start = now;
	c->armed = true;
	c->null_count = false;
	if (c->next_reload)
		c->reload = c->next_reload;
	c->next_reload = 0;
}

void vpit_channel_control(struct vpit_channel *c, u8 value, u64 now)
{
	u8 mode = value >> 1 & 7;

	*c = (struct vpit_channel){
		.mode = mode > 5 ? mode - 4 : mode,
		.access = value >> 4 & 3,
		.bcd = value & 1,
		.gate = c->gate,
		.null_count = true,
		.reload = c->reload,
		.start = now,
	};
}
