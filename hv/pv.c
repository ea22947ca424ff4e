/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/* Paravirtual clock and end-of-interrupt; see pv.h. */
#include <arch/cpu.h>
#include "boot.h"
#include "pv.h"
#include "string.h"
#include "vm.h"

#define MSR_WALL_CLOCK	0x4b564d00
#define MSR_SYSTEM_TIME 0x4b564d01
#define MSR_PV_EOI	0x4b564d04
#define ENABLED		BIT(0)

struct packed_struct pv_clock {
	u32 version, pad0;
	u64 tsc, system_time;
	u32 mul;
	s8 shift;
	u8 flags, pad[2];
};
struct packed_struct pv_wall_clock {
	u32 version, seconds, nanoseconds;
};
#define PV_CLOCK_TSC_STABLE 1

void pv_reset(struct vcpu *v)
{
	v->pv = (struct pv){ 0 };
}

/* nanoseconds = (ticks shifted by shift) * mul / 2^32, mul with its top bit set. */
static void clock_scale(u32 *mul, s8 *shift)
{
	u64 hz = time_hz();

	*shift = 0;
	while (hz > 2000000000ULL) {
		hz >>= 1;
		--*shift;
	}
	while (hz <= 1000000000ULL) {
		hz <<= 1;
		++*shift;
	}
	*mul = (u32)((1000000000ULL << 32) / hz);
}

static int clock_enable(struct vcpu *v, u64 value)
{
	struct pv_clock c = { .tsc = v->vm->start_tsc, .flags = PV_CLOCK_TSC_STABLE, .version = 2 };
	u32 mul;

	v->pv.clock_msr = value;
	if (!(value & ENABLED))
		return 0;
	clock_scale(&mul, &c.shift);
	c.mul = mul;
	return vm_write(v->vm, value & ~ENABLED, &c, sizeof(c)) ? -EINVAL : 0;
}

/* The wall clock at the guest's start, to which it adds its system time. */
static int wall_write(struct vcpu *v, u64 value)
{
	u64 since_boot = (v->vm->start_tsc - boot_tsc) / time_hz();
	struct pv_wall_clock w = { .version = 2,
				   .seconds = (u32)(time_wall_seconds() + since_boot) };

	v->pv.wall_msr = value;
	return vm_write(v->vm, value, &w, sizeof(w)) ? -EINVAL : 0;
}

int pv_rdmsr(struct vcpu *v, u32 msr, u64 *value)
{
	switch (msr) {
	case MSR_WALL_CLOCK:
		*value = v->pv.wall_msr;
		return 0;
	case MSR_SYSTEM_TIME:
		*value = v->pv.clock_msr;
		return 0;
	case MSR_PV_EOI:
		*value = v->pv.eoi_msr;
		return 0;
	}
	return -ENOENT;
}

int pv_wrmsr(struct vcpu *v, u32 msr, u64 value)
{
	switch (msr) {
	case MSR_WALL_CLOCK:
		return wall_write(v, value);
	case MSR_SYSTEM_TIME:
		return clock_enable(v, value);
	case MSR_PV_EOI:
		if ((value & ENABLED) && ((value & 2) || !vm_ram(v->vm, value & ~ENABLED, 4)))
			return -EINVAL;
		pv_eoi_settle(v);
		v->pv.eoi_msr = value;
		return 0;
	}
	return -ENOENT;
}

void pv_eoi_offer(struct vcpu *v, u8 vector)
{
	u8 *flag;

	if (!(v->pv.eoi_msr & ENABLED) || !vlapic_can_skip_eoi(&v->lapic, vector))
		return;
	flag = vm_ram(v->vm, v->pv.eoi_msr & ~ENABLED, 4);
	*flag |= 1;
	v->pv.eoi_offered = true;
}

void pv_eoi_settle(struct vcpu *v)
{
	u8 *flag;

	if (!v->pv.eoi_offered)
		return;
	v->pv.eoi_offered = false;
	flag = vm_ram(v->vm, v->pv.eoi_msr & ~ENABLED, 4);
	if (*flag & 1)
		*flag &= 0xfe;
	else
		vlapic_eoi(v);
}
