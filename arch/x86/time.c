/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/* Finds the TSC's rate, and the time of day once. Constant after arch_init. */
#include <arch/cpu.h>
#include <arch/io.h>
#include <arch/upcall.h>
#include "time.h"
#include "x86.h"

#define PIT_HZ	  1193182ULL
#define PIT_COUNT 47727 /* 40 ms */

static u64 tsc_hz;
static u64 ns_mul; /* TSC ticks a nanosecond, 30 fractional bits */
static u64 wall;

/* TSC ticks while channel 2 of the 8254 counts PIT_COUNT down; 0 when it does not count. Never too
 * few: the clock is read before the count begins, and after it has ended. */
static u64 pit_measure(void)
{
	u64 start, now, limit;

	io_out8(0x61, (u8)((io_in8(0x61) & ~2) | 1));
	io_out8(0x43, 0xb0); /* channel 2, both bytes, mode 0 */
	io_out8(0x42, PIT_COUNT & 0xff);
	start = time_now();
	io_out8(0x42, PIT_COUNT >> 8);
	limit = 1000000000; /* loops long enough on any machine */
	do {
		now = time_now();
	} while (!(io_in8(0x61) & 0x20) && now - start < limit);
	return now - start < limit ? now - start : 0;
}

static u64 cpuid_hz(void)
{
	struct cpuid c;

	if (cpuid(0, 0).eax < 0x15)
		return 0;
	c = cpuid(0x15, 0);
	return c.eax ? (u64)c.ecx * c.ebx / c.eax : 0;
}

/* The smallest of several runs has the fewest interruptions, which only make it longer. CPUID only
 * where no 8254 counts: emulators claim rates there that their TSC does not have. */
void time_init(void)
{
	u64 best = 0;

	for (u32 i = 0; i < 3; i++) {
		u64 ticks = pit_measure();

		if (ticks && (!best || ticks < best))
			best = ticks;
	}
	tsc_hz = best ? best * PIT_HZ / PIT_COUNT : cpuid_hz();
	if (!tsc_hz)
		panic("cannot find the rate of the time stamp counter");
	ns_mul = (tsc_hz << 30) / 1000000000;
}

u64 time_hz(void)
{
	return tsc_hz;
}

u64 time_from_ns(u64 ns)
{
	return (u64)((unsigned __int128)ns * ns_mul >> 30);
}

static u8 cmos_read(u8 reg)
{
	io_out8(0x70, reg);
	return io_in8(0x71);
}

static u32 cmos_number(u8 reg, bool bcd)
{
	u8 v = cmos_read(reg);

	return bcd ? (v >> 4) * 10u + (v & 15) : v;
}

/* Days since 1970-01-01 of a date in the Gregorian calendar. */
static u64 days_from_date(u32 year, u32 month, u32 day)
{
	u32 y = month <= 2 ? year - 1 : year;
	u32 m = month <= 2 ? month + 9 : month - 3; /* March first: leap days come last */

	return (u64)y * 365 + y / 4 - y / 100 + y / 400 + (153 * m + 2) / 5 + day - 1 - 719468;
}

/* MC146818: waits (bounded) until no update is in progress. */
static u64 cmos_wall_seconds(void)
{
	bool bcd = !(cmos_read(0x0b) & 4);
	u32 hour;

	for (u32 i = 0; i < 100000 && (cmos_read(0x0a) & 0x80); i++)
		cpu_relax();
	hour = cmos_read(0x04);
	hour = bcd ? (hour >> 4 & 3) * 10u + (hour & 15) : hour & 0x7f;
	return days_from_date(2000 + cmos_number(0x09, bcd), cmos_number(0x08, bcd),
			      cmos_number(0x07, bcd)) *
		       86400 +
	       hour * 3600 + cmos_number(0x02, bcd) * 60 + cmos_number(0x00, bcd);
}

u64 time_wall_seconds(void)
{
	if (!wall)
		wall = cmos_wall_seconds();
	return wall;
}
