/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/* The table of what the hypervisor itself answers for each guest; see platform.h. */
#include <arch/cpu.h>
#include "platform.h"

#define PAGE 0x1000

static enum trap_result on_lapic(void *ctx, struct vcpu *v, u64 offset, struct access *a)
{
	(void)ctx;
	pv_eoi_settle(v);
	return vlapic_mmio(v, offset, a);
}

static enum trap_result on_ioapic(void *ctx, struct vcpu *v, u64 offset, struct access *a)
{
	(void)v;
	return vioapic_mmio(ctx, offset, a);
}

static enum trap_result on_pic(void *ctx, struct vcpu *v, u64 offset, struct access *a)
{
	(void)v;
	(void)offset;
	return vpic_pio(ctx, a);
}

static enum trap_result on_pit(void *ctx, struct vcpu *v, u64 offset, struct access *a)
{
	(void)v;
	(void)offset;
	return vpit_pio(ctx, a);
}

static enum trap_result on_pm_timer(void *ctx, struct vcpu *v, u64 offset, struct access *a)
{
	(void)v;
	(void)offset;
	return pmtimer_pio(ctx, a);
}

static const struct {
	enum trap_space space;
	u64 base, len;
	trap_fn *fn;
} platform_table[] = {
	{ TRAP_MMIO, VLAPIC_BASE, PAGE, on_lapic },
	{ TRAP_MMIO, VIOAPIC_BASE, PAGE, on_ioapic },
	{ TRAP_PIO, 0x20, 2, on_pic },
	{ TRAP_PIO, 0xa0, 2, on_pic },
	{ TRAP_PIO, 0x4d0, 2, on_pic },
	{ TRAP_PIO, 0x40, 4, on_pit },
	{ TRAP_PIO, 0x61, 1, on_pit },
	{ TRAP_PIO, GUEST_PM_BASE + 8, 4, on_pm_timer },
};

int platform_create(struct vm *vm)
{
	int rc;

	for (u32 i = 0; i < ARRAY_SIZE(platform_table); i++) {
		struct trap_region r = { .base = platform_table[i].base,
					 .len = platform_table[i].len,
					 .fn = platform_table[i].fn,
					 .ctx = vm };

		rc = trap_add(&vm->traps, platform_table[i].space, &r);

		if (rc)
			return rc;
	}
	rc = shadow_create(vm);
	return rc ? rc : pci_init(vm);
}

void platform_reset(struct vm *vm)
{
	vioapic_reset(&vm->ioapic);
	vpic_reset(&vm->pic);
	vpit_reset(&vm->pit, time_now());
	pci_reset(vm);
}
