/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/* Virtual processors of the unit tests (fake.h): everything is a field. Not locked. */
#include <string.h>
#include "fake.h"
#include "x86.h"

static struct fake_vcpu *fake_of(const struct arch_vcpu *v)
{
	return (struct fake_vcpu *)(uintptr_t)v;
}

static int ok(void)
{
	return 0;
}

static int fake_probe(const char **why)
{
	*why = NULL;
	return 0;
}

static void nothing(void)
{
}

static int fake_vcpu_setup(struct arch_vcpu *v)
{
	fake_vcpu_init(fake_of(v), FAKE_REAL);
	return 0;
}

static void fake_reset(struct arch_vcpu *v, const struct vm_start *start)
{
	(void)start;
	fake_vcpu_init(fake_of(v), FAKE_REAL);
}

static void fake_sipi(struct arch_vcpu *v, u8 vector)
{
	struct fake_vcpu *f = fake_of(v);

	arch_segment_real(&f->segments[SEG_CS], (u16)(vector << 8), true);
	v->regs.rip = 0;
}

static void fake_load(struct arch_vcpu *v)
{
	(void)v;
}

static void fake_run(struct arch_vcpu *v, struct vmexit *e)
{
	*e = fake_of(v)->next_exit;
}

static void fake_advance(struct arch_vcpu *v, u32 len)
{
	v->regs.rip += len;
	fake_of(v)->shadow = false;
}

static u64 fake_get_sys(const struct arch_vcpu *v, enum sysreg r)
{
	return fake_of(v)->sys[r];
}

static void fake_set_sys(struct arch_vcpu *v, enum sysreg r, u64 value)
{
	fake_of(v)->sys[r] = value;
}

static void fake_get_segment(const struct arch_vcpu *v, enum segment_reg r, struct segment *s)
{
	*s = fake_of(v)->segments[r];
}

static void fake_set_segment(struct arch_vcpu *v, enum segment_reg r, const struct segment *s)
{
	fake_of(v)->segments[r] = *s;
}

static bool fake_ready(const struct arch_vcpu *v)
{
	return fake_of(v)->irq_ready;
}

static void fake_inject_irq(struct arch_vcpu *v, u8 vector)
{
	fake_of(v)->irqs++;
	fake_of(v)->irq_vector = vector;
}

static void fake_inject_nmi(struct arch_vcpu *v)
{
	fake_of(v)->nmis++;
}

static void fake_inject_exception(struct arch_vcpu *v, u8 vector, bool has_error, u32 error)
{
	struct fake_vcpu *f = fake_of(v);

	f->exceptions++;
	f->exception_vector = vector;
	f->exception_has_error = has_error;
	f->exception_error = error;
}

static void fake_want_window(struct arch_vcpu *v, bool wanted)
{
	v->window_wanted = wanted;
}

static void fake_allow_ports(struct arch_vcpu *v, u16 base, u16 count)
{
	(void)v;
	(void)base;
	(void)count;
}

static void fake_dump(const struct arch_vcpu *v)
{
	(void)v;
}

void fake_vcpu_init(struct fake_vcpu *f, enum fake_mode mode)
{
	*f = (struct fake_vcpu){ .irq_ready = true, .arch.regs.rflags = RFLAGS_FIXED };
	for (int i = 0; i < SEG_COUNT; i++) {
		if (mode == FAKE_REAL)
			arch_segment_real(&f->segments[i], 0, i == SEG_CS);
		else
			arch_segment_flat(&f->segments[i], (u16)(8 * i + 8), i == SEG_CS,
					  mode == FAKE_LONG);
	}
	f->sys[SYS_CR0] = mode == FAKE_REAL ? CR0_ET : CR0_ET | CR0_PE;
	if (mode == FAKE_LONG) {
		f->sys[SYS_CR0] |= CR0_PG | CR0_WP;
		f->sys[SYS_CR4] = CR4_PAE;
		f->sys[SYS_EFER] = EFER_LMA | EFER_LME | EFER_NXE;
	}
}

const struct virt_ops fake_ops = {
	.name = "fake",
	.probe = fake_probe,
	.cpu_enable = ok,
	.cpu_disable = nothing,
	.vcpu_init = fake_vcpu_setup,
	.vcpu_reset = fake_reset,
	.vcpu_sipi = fake_sipi,
	.load = fake_load,
	.put = fake_load,
	.run = fake_run,
	.advance = fake_advance,
	.get_sys = fake_get_sys,
	.set_sys = fake_set_sys,
	.get_segment = fake_get_segment,
	.set_segment = fake_set_segment,
	.can_inject = fake_ready,
	.inject_irq = fake_inject_irq,
	.can_inject_nmi = fake_ready,
	.inject_nmi = fake_inject_nmi,
	.inject_exception = fake_inject_exception,
	.want_window = fake_want_window,
	.allow_ports = fake_allow_ports,
	.dump = fake_dump,
};

const struct virt_ops *virt = &fake_ops;
