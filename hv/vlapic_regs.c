/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/*
 * The local APIC's registers as the guest reads and writes them: the xAPIC page and the x2APIC
 * MSRs (Intel SDM vol. 3, tables 11-1 and 11-6, 11.12.1). xAPIC ignores reserved bits and notes a
 * reserved register in ESR; x2APIC answers both with #GP, and writes to read-only registers too.
 *
 * Locking: the vCPU's own core only.
 */
#include <arch/cpu.h>
#include "vlapic_internal.h"

#define VERSION (0x14u | (LVT_COUNT - 1) << 16) /* no suppression of EOI broadcasts, no CMCI */

#define ICR_LOW_BITS 0x000ccfffu
#define LVT_STATUS   0x5000u /* delivery status, remote IRR: read-only, always 0 here */

/* Bits that a write may have set. */
static const u32 writable[REG_COUNT] = {
	[REG_TPR] = 0xff,
	[REG_LDR] = 0xff000000,
	[REG_DFR] = 0xf0000000,
	[REG_SVR] = 0x3ff,
	[REG_LVT + LVT_TIMER] = 0x710ff,
	[REG_LVT + LVT_THERMAL] = 0x117ff,
	[REG_LVT + LVT_PERF] = 0x117ff,
	[REG_LVT + LVT_LINT0] = 0x1f7ff,
	[REG_LVT + LVT_LINT1] = 0x1f7ff,
	[REG_LVT + LVT_ERROR] = 0x110ff,
	[REG_TIMER_INITIAL] = 0xffffffff,
	[REG_TIMER_DIVIDE] = 0xb,
	[REG_SELF_IPI] = 0xff,
};

static u32 in_service_word(const struct vlapic *l, u32 word)
{
	u32 bits = 0;

	for (u32 i = 1; i <= l->depth; i++) {
		if (l->in_service[i] / 32 == word)
			bits |= 1u << l->in_service[i] % 32;
	}
	return bits;
}

static u32 half_word(const u64 bitmap[4], u32 word)
{
	return (u32)(bitmap[word / 2] >> word % 2 * 32);
}

/* Registers that x2APIC does not have, or has as something else. */
static int read_xapic_only(const struct vlapic *l, u32 reg, u32 *value)
{
	switch (reg) {
	case REG_DFR:
		*value = l->dfr;
		return 0;
	case REG_ICR:
		*value = (u32)l->icr;
		return 0;
	case REG_ICR_HIGH:
		*value = (u32)(l->icr >> 32);
		return 0;
	case REG_APR:
	case REG_RRD:
	case REG_EOI:
		*value = 0;
		return 0;
	default:
		return -EINVAL;
	}
}

/* -EINVAL: no such register, or not to be read. */
static int read_register(const struct vlapic *l, u32 reg, u32 *value)
{
	bool x2 = vlapic_is_x2apic(l);

	switch (reg) {
	case REG_ID:
		*value = x2 ? l->id : l->id << 24;
		return 0;
	case REG_VERSION:
		*value = VERSION;
		return 0;
	case REG_TPR:
		*value = l->tpr;
		return 0;
	case REG_PPR:
		*value = l->ppr;
		return 0;
	case REG_LDR:
		*value = l->ldr;
		return 0;
	case REG_SVR:
		*value = l->svr;
		return 0;
	case REG_ISR ... REG_ISR + 7:
		*value = in_service_word(l, reg - REG_ISR);
		return 0;
	case REG_TMR ... REG_TMR + 7:
		*value = half_word(l->tmr, reg - REG_TMR);
		return 0;
	case REG_IRR ... REG_IRR + 7:
		*value = half_word(l->irr, reg - REG_IRR);
		return 0;
	case REG_ESR:
		*value = l->esr;
		return 0;
	case REG_LVT ... REG_LVT + LVT_COUNT - 1:
		*value = l->lvt[reg - REG_LVT];
		return 0;
	case REG_TIMER_INITIAL:
		*value = l->timer_initial;
		return 0;
	case REG_TIMER_CURRENT:
		*value = vlapic_timer_current(l, time_now());
		return 0;
	case REG_TIMER_DIVIDE:
		*value = l->timer_divide;
		return 0;
	default:
		return x2 ? -EINVAL : read_xapic_only(l, reg, value);
	}
}

static void write_lvt(struct vcpu *v, u32 index, u32 value)
{
	value &= ~LVT_STATUS;
	if (!(v->lapic.svr & SVR_ENABLED))
		value |= LVT_MASKED;
	if (index == LVT_TIMER)
		vlapic_timer_set_lvt(v, value);
	else
		v->lapic.lvt[index] = value;
	if (index == LVT_LINT0)
		vcpu_notify(v, VCPU_EVENT_IRQ); /* the 8259 may be heard now */
}

static int write_xapic_only(struct vcpu *v, u32 reg, u32 value)
{
	struct vlapic *l = &v->lapic;

	switch (reg) {
	case REG_LDR:
		l->ldr = value;
		return 0;
	case REG_DFR:
		l->dfr = value | 0x0fffffff;
		return 0;
	case REG_ID ... REG_VERSION: /* read-only */
	case REG_APR ... REG_PPR:
	case REG_RRD:
	case REG_ISR ... REG_IRR + 7:
	case REG_TIMER_CURRENT:
		return 0;
	default:
		return -EINVAL;
	}
}

/* All but ICR and SELF IPI. `value` has writable bits only. -EINVAL: no such register, or not to
 * be written. */
static int write_register(struct vcpu *v, u32 reg, u32 value)
{
	struct vlapic *l = &v->lapic;

	switch (reg) {
	case REG_TPR:
		vlapic_set_tpr(v, value);
		return 0;
	case REG_EOI:
		vlapic_eoi(v);
		return 0;
	case REG_SVR:
		vlapic_set_svr(l, value);
		return 0;
	case REG_ESR:
		l->esr = __atomic_exchange_n(&l->esr_pending, 0, __ATOMIC_SEQ_CST);
		return 0;
	case REG_LVT ... REG_LVT + LVT_COUNT - 1:
		write_lvt(v, reg - REG_LVT, value);
		return 0;
	case REG_TIMER_INITIAL:
		vlapic_timer_set_initial(v, value);
		return 0;
	case REG_TIMER_DIVIDE:
		vlapic_timer_set_divide(v, value);
		return 0;
	default:
		return vlapic_is_x2apic(l) ? -EINVAL : write_xapic_only(v, reg, value);
	}
}

static int mmio_write(struct vcpu *v, u32 reg, u32 value)
{
	struct vlapic *l = &v->lapic;

	switch (reg) {
	case REG_ICR:
		l->icr = (l->icr & ~0xffffffffULL) | (value & ICR_LOW_BITS);
		vlapic_send_icr(v);
		return 0;
	case REG_ICR_HIGH:
		l->icr = (l->icr & 0xffffffff) | (u64)(value & 0xff000000) << 32;
		return 0;
	default:
		return write_register(v, reg, value & writable[reg]);
	}
}

/* One access. Those that are not of 32 bits at a register's start are undefined (SDM 11.4.1):
 * writes do nothing, reads get the bytes of the register that they cover. */
static void mmio_access(struct vcpu *v, u64 offset, struct access *a)
{
	u32 reg = (u32)(offset / 16), value = 0;
	u32 byte = offset % 16;
	int error = 0;

	if (reg >= REG_COUNT)
		error = -EINVAL;
	else if (!a->write)
		error = read_register(&v->lapic, reg, &value);
	else if (a->size == 4 && !byte)
		error = mmio_write(v, reg, (u32)a->value);
	if (!a->write)
		a->value = byte < 4 ? (u64)value >> 8 * byte : 0;
	if (error)
		vlapic_error(v, ESR_ILLEGAL_REGISTER);
}

enum trap_result vlapic_mmio(struct vcpu *v, u64 offset, struct access *a)
{
	const u64 mode = APIC_BASE_ADDR | APIC_BASE_EN | APIC_BASE_X2;

	if ((v->lapic.base_msr & mode) != (VLAPIC_BASE | APIC_BASE_EN))
		return TRAP_UNHANDLED;
	for (u32 i = 0; i < a->count && offset < PAGE_SIZE; i++) {
		mmio_access(v, offset, a);
		offset += a->size;
	}
	return TRAP_DONE;
}

int vlapic_rdmsr(struct vcpu *v, u32 msr, u64 *value)
{
	struct vlapic *l = &v->lapic;
	u32 reg = msr - MSR_X2APIC, low;

	if (msr == MSR_TSC_DEADLINE) {
		*value = vlapic_timer_get_tsc(v);
		return 0;
	}
	if (msr == MSR_APIC_BASE) {
		*value = l->base_msr;
		return 0;
	}
	if (reg > 0xff)
		return -ENOENT;
	if (reg >= REG_COUNT || !vlapic_is_x2apic(l))
		return -EINVAL;
	if (reg == REG_ICR) {
		*value = l->icr;
		return 0;
	}
	if (read_register(l, reg, &low))
		return -EINVAL;
	*value = low;
	return 0;
}

static int write_icr_msr(struct vcpu *v, u64 value)
{
	value &= ~BIT(12); /* delivery status: gone in x2APIC, and processors let it pass */
	if ((u32)value & ~ICR_LOW_BITS)
		return -EINVAL;
	v->lapic.icr = value;
	vlapic_send_icr(v);
	return 0;
}

static int write_self_ipi(struct vcpu *v, u8 vector)
{
	if (vector < 16)
		vlapic_error(v, ESR_SEND_ILLEGAL);
	else
		vlapic_set_irq(v, vector, false);
	return 0;
}

int vlapic_wrmsr(struct vcpu *v, u32 msr, u64 value)
{
	u32 reg = msr - MSR_X2APIC;

	if (reg == REG_EOI && !value && vlapic_is_x2apic(&v->lapic)) {
		vlapic_eoi(v);
		return 0;
	}
	if (msr == MSR_TSC_DEADLINE) {
		vlapic_timer_set_tsc(v, value);
		return 0;
	}
	if (msr == MSR_APIC_BASE)
		return vlapic_set_base(v, value);
	if (reg > 0xff)
		return -ENOENT;
	if (reg >= REG_COUNT || !vlapic_is_x2apic(&v->lapic))
		return -EINVAL;
	if (reg == REG_ICR)
		return write_icr_msr(v, value);
	if (value & ~(u64)writable[reg])
		return -EINVAL;
	if (reg == REG_SELF_IPI)
		return write_self_ipi(v, (u8)value);
	return write_register(v, reg, (u32)value);
}
