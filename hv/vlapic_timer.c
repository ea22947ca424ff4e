/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/*
 * The local APIC's timer: one-shot, periodic and TSC-deadline (Intel SDM vol. 3, 11.5.4). The
 * count is never kept: it follows from timer_start, timer_period and the clock.
 *
 * Locking: the vCPU's own core only.
 * Invariant: `deadline` is when the next unmasked expiry happens, ~0 when there will be none. A
 * masked timer counts on, but costs no wake-up.
 */
#include <arch/cpu.h>
#include "muldiv.h"
#include "vlapic_internal.h"

#define NO_DEADLINE ~0ULL
/* A periodic timer faster than this fires no more often, or its guest would do nothing else. */
#define MIN_PERIOD_HZ 100000

static inline u32 timer_mode(const struct vlapic *l)
{
	return l->lvt[LVT_TIMER] & LVT_TIMER_MODE;
}

/* Divide register bits 0, 1, 3: 0 is by 2 ... 6 by 128, 7 by 1. */
static u32 divide_shift(const struct vlapic *l)
{
	u32 d = (l->timer_divide & 3) | (l->timer_divide >> 1 & 4);

	return (d + 1) & 7;
}

static u64 ticks_of_count(const struct vlapic *l, u32 count)
{
	u64 ticks = mul_div64((u64)count << divide_shift(l), time_hz(), VLAPIC_TIMER_HZ);

	return MAX(ticks, 1);
}

static u64 next_period(const struct vlapic *l, u64 now)
{
	u64 shortest = time_hz() / MIN_PERIOD_HZ;
	u64 elapsed = now - l->timer_start;

	if (l->timer_period < shortest)
		elapsed += shortest;
	return l->timer_start + (elapsed / l->timer_period + 1) * l->timer_period;
}

static u64 next_deadline(const struct vlapic *l, u64 now)
{
	if (l->lvt[LVT_TIMER] & LVT_MASKED)
		return NO_DEADLINE;
	if (timer_mode(l) == LVT_TSC_DEADLINE)
		return l->tsc_deadline ? l->tsc_deadline : NO_DEADLINE;
	if (!l->timer_initial)
		return NO_DEADLINE;
	if (timer_mode(l) == LVT_PERIODIC)
		return next_period(l, now);
	if (timer_mode(l) == LVT_ONE_SHOT && now - l->timer_start < l->timer_period)
		return l->timer_start + l->timer_period;
	return NO_DEADLINE;
}

void vlapic_timer(struct vcpu *v, u64 now)
{
	struct vlapic *l = &v->lapic;

	if (now < l->deadline)
		return;
	if (timer_mode(l) == LVT_TSC_DEADLINE) {
		l->tsc_deadline = 0;
		l->deadline = NO_DEADLINE;
	} else {
		l->deadline = next_deadline(l, now);
	}
	v->counters[STAT_TIMER_TICKS]++;
	vlapic_set_irq(v, (u8)(l->lvt[LVT_TIMER] & LVT_VECTOR), false);
}

/* Before a register changes: what is due already happens under the old settings. */
static u64 catch_up(struct vcpu *v)
{
	struct vlapic *l = &v->lapic;
	u64 now = time_now();

	vlapic_timer(v, now);
	if (now >= l->tsc_deadline)
		l->tsc_deadline = 0; /* it passed while masked */
	return now;
}

void vlapic_timer_set_lvt(struct vcpu *v, u32 lvt)
{
	struct vlapic *l = &v->lapic;
	u64 now = catch_up(v);

	if ((timer_mode(l) == LVT_TSC_DEADLINE) != ((lvt & LVT_TIMER_MODE) == LVT_TSC_DEADLINE)) {
		l->timer_initial = 0;
		l->tsc_deadline = 0;
	}
	l->lvt[LVT_TIMER] = lvt;
	l->deadline = next_deadline(l, now);
}

void vlapic_timer_set_initial(struct vcpu *v, u32 count)
{
	struct vlapic *l = &v->lapic;
	u64 now = catch_up(v);

	if (timer_mode(l) == LVT_TSC_DEADLINE)
		return;
	l->timer_initial = count;
	l->timer_period = ticks_of_count(l, count);
	l->timer_start = now;
	l->deadline = next_deadline(l, now);
}

/* The count goes on from where it is, at the new rate. */
void vlapic_timer_set_divide(struct vcpu *v, u32 divide)
{
	struct vlapic *l = &v->lapic;
	u64 now = catch_up(v);
	u32 count = vlapic_timer_current(l, now);

	l->timer_divide = divide;
	l->timer_period = ticks_of_count(l, l->timer_initial);
	l->timer_start = now - l->timer_period;
	if (count)
		l->timer_start += ticks_of_count(l, count);
	l->deadline = next_deadline(l, now);
}

/* Rounded up: 0 means that the timer has expired. */
u32 vlapic_timer_current(const struct vlapic *l, u64 now)
{
	u64 elapsed = now - l->timer_start, count;

	if (!l->timer_initial || timer_mode(l) == LVT_TSC_DEADLINE)
		return 0;
	if (timer_mode(l) == LVT_PERIODIC)
		elapsed %= l->timer_period;
	else if (elapsed >= l->timer_period)
		return 0;
	count = mul_div64(l->timer_period - elapsed - 1, VLAPIC_TIMER_HZ, time_hz());
	count = (count >> divide_shift(l)) + 1;
	return (u32)MIN(count, l->timer_initial);
}

/* Ignored in the other modes (SDM 11.5.4.1). */
void vlapic_timer_set_tsc(struct vcpu *v, u64 deadline)
{
	struct vlapic *l = &v->lapic;

	if (timer_mode(l) != LVT_TSC_DEADLINE)
		return;
	l->tsc_deadline = deadline;
	l->deadline = NO_DEADLINE;
	if (!deadline || (l->lvt[LVT_TIMER] & LVT_MASKED))
		return;
	l->deadline = deadline;
	if (time_now() >= deadline)
		vlapic_timer(v, deadline);
}

u64 vlapic_timer_get_tsc(struct vcpu *v)
{
	catch_up(v);
	return v->lapic.tsc_deadline;
}
