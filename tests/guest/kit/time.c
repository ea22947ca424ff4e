/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/* Time by the ACPI PM timer; the TSC measured against it. ACPI 6.4, 4.8.3.3. */
#include <abi/hypercall.h>

#include "kit.h"

#define PM_TIMER      (GUEST_PM_BASE + 8)
#define PM_TIMER_MASK 0xffffffu
#define MEASURE_US    20000

static u64 hz;

u32 pm_timer(void)
{
	return inl(PM_TIMER) & PM_TIMER_MASK;
}

void wait_us(u32 us)
{
	u64 left = (u64)us * PM_TIMER_HZ / 1000000 + 1;
	u32 last = pm_timer();

	for (;;) {
		u32 now = pm_timer();
		u64 passed = (now - last) & PM_TIMER_MASK;

		if (passed >= left)
			return;
		left -= passed;
		last = now;
		relax();
	}
}

void time_init(void)
{
	u32 from = pm_timer();
	u64 tsc = rdtsc();
	u64 passed;

	wait_us(MEASURE_US);
	tsc = rdtsc() - tsc;
	passed = (pm_timer() - from) & PM_TIMER_MASK;
	hz = tsc * PM_TIMER_HZ / (passed ? passed : 1);
}

u64 tsc_hz(void)
{
	return hz;
}
