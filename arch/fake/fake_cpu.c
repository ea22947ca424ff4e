/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/* Cores, clock and host interrupts of the unit tests (fake.h): notes what is asked for. */
#include <stdio.h>
#include <stdlib.h>
#include <arch/cpu.h>
#include "fake.h"

#define FAKE_HZ 1000000000ULL /* a tick is a nanosecond */

u32 fake_cpu_now;
u64 fake_kicks;
u64 fake_deadline = ~0ULL;

u32 cpu_index(void)
{
	return fake_cpu_now;
}

void cpu_kick(u32 index)
{
	fake_kicks |= BIT(index % 64);
}

void cpu_idle(const _Atomic u32 *pending)
{
	(void)pending;
}

u64 time_hz(void)
{
	return FAKE_HZ;
}

u64 time_from_ns(u64 ns)
{
	return ns;
}

u64 time_wall_seconds(void)
{
	return 1704067200; /* 2024-01-01T00:00:00Z */
}

void timer_arm(u64 deadline)
{
	fake_deadline = deadline;
}

void irq_host_unmask(u32 isa_irq)
{
	(void)isa_irq;
}

void machine_poweroff(bool reboot)
{
	fprintf(stderr, "machine %s\n", reboot ? "reset" : "off");
	exit(3);
}

void cpu_stop(void)
{
	fputs("ERROR: core stopped\n", stderr);
	abort();
}

void machine_stop_others(void)
{
}

void machine_halt(void)
{
	fputs("ERROR: machine halted\n", stderr);
	abort();
}

void arch_dump_host(void)
{
}
