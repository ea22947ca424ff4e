/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/* Halts for ever: with no timer, or with option hz=N ticking so often by the LAPIC timer. */
#include "kit/apic.h"

#define VECTOR_TIMER 0x51
#define DIVIDE_BY_1  0xb

static void on_tick(struct trap_frame *f)
{
	(void)f;
	apic_eoi();
}

static void start_timer(u32 hz)
{
	u32 count;

	apic_write(APIC_TIMER_DIVIDE, DIVIDE_BY_1);
	apic_write(APIC_LVT_TIMER, LVT_MASKED);
	apic_write(APIC_TIMER_INITIAL, 0xffffffff);
	wait_us(10000);
	count = (0xffffffff - apic_read(APIC_TIMER_CURRENT)) * 100 / hz;
	trap_set_handler(VECTOR_TIMER, on_tick);
	apic_write(APIC_LVT_TIMER, VECTOR_TIMER | LVT_PERIODIC);
	apic_write(APIC_TIMER_INITIAL, count);
}

void main(void)
{
	u32 hz = option_number("hz", 0);

	pic_init(0);
	apic_enable();
	if (hz)
		start_timer(hz);
	print("guest: idle now, %u ticks a second\n", hz);
	for (;;)
		halt();
}
