/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/*
 * The local APIC's state: acceptance, priorities, end of interrupt, errors, modes. Its registers
 * are decoded in vlapic_regs.c, its timer is in vlapic_timer.c, messages in vlapic_ipi.c.
 *
 * Locking: see vlapic.h. pending, accept and eoi run at every interrupt: they are kept short by
 * holding PPR ready and the vectors in service as a stack, and use no atomic operation but the
 * one that clears the IRR bit.
 * Invariants: ppr follows from tpr and in_service[depth]; accepting from base_msr and svr.
 */
#include "vlapic_internal.h"

static void update_accepting(struct vlapic *l)
{
	l->accepting = (l->base_msr & APIC_BASE_EN) && (l->svr & SVR_ENABLED);
}

/* SDM 11.12.10 */
static u32 x2apic_ldr(u32 id)
{
	return id >> 4 << 16 | 1u << (id & 15);
}

static void reset_registers(struct vlapic *l)
{
	*l = (struct vlapic){
		.base_msr = l->base_msr,
		.deadline = ~0ULL,
		.lvt = { LVT_MASKED, LVT_MASKED, LVT_MASKED, LVT_MASKED, LVT_MASKED, LVT_MASKED },
		.id = l->id,
		.ldr = vlapic_is_x2apic(l) ? x2apic_ldr(l->id) : 0,
		.dfr = ~0u,
		.svr = 0xff,
	};
	if (l->base_msr & APIC_BASE_BSP)
		l->lvt[LVT_LINT0] = APIC_EXTINT << 8;
	container_of(l, struct vcpu, lapic)->arch.cr8 = 0;
}

void vlapic_reset(struct vlapic *l, u32 id, bool boot_cpu)
{
	l->id = id;
	l->base_msr = VLAPIC_BASE | APIC_BASE_EN | (boot_cpu ? APIC_BASE_BSP : 0);
	reset_registers(l);
}

void vlapic_init_signal(struct vlapic *l)
{
	reset_registers(l);
}

/* SDM 11.4.3 and 11.12.5: which modes may follow which. */
int vlapic_set_base(struct vcpu *v, u64 value)
{
	struct vlapic *l = &v->lapic;
	const u64 modes = APIC_BASE_EN | APIC_BASE_X2;
	u64 from = l->base_msr & modes, to = value & modes;

	if ((value & ~(APIC_BASE_ADDR | modes | APIC_BASE_BSP)) || to == APIC_BASE_X2 ||
	    (to == modes && !from) || (to == APIC_BASE_EN && from == modes))
		return -EINVAL;
	l->base_msr = (value & ~APIC_BASE_BSP) | (l->base_msr & APIC_BASE_BSP);
	if (!to) {
		reset_registers(l);
		vcpu_notify(v, VCPU_EVENT_IRQ); /* the 8259 may be heard now */
	} else if (to != from && vlapic_is_x2apic(l)) {
		l->ldr = x2apic_ldr(l->id);
	}
	update_accepting(l);
	return 0;
}

void vlapic_set_svr(struct vlapic *l, u32 svr)
{
	l->svr = svr;
	update_accepting(l);
	if (svr & SVR_ENABLED)
		return;
	for (u32 i = 0; i < LVT_COUNT; i++)
		l->lvt[i] |= LVT_MASKED;
	l->deadline = ~0ULL;
}

bool vlapic_accepts_pic(struct vlapic *l)
{
	u32 lint0 = l->lvt[LVT_LINT0];

	if (!(l->base_msr & APIC_BASE_EN))
		return true;
	return !(lint0 & LVT_MASKED) && LVT_DELIVERY(lint0) == APIC_EXTINT;
}

/* SDM 11.8.3.1 */
static inline u32 processor_priority(u32 tpr, u32 in_service)
{
	return (tpr & 0xf0) >= (in_service & 0xf0) ? tpr : in_service & 0xf0;
}

/* Other cores only ever set bits meanwhile, so plain loads will do. */
static inline int highest_requested(const struct vlapic *l)
{
	if (l->irr[3])
		return 192 + (63 ^ __builtin_clzll(l->irr[3]));
	if (l->irr[2])
		return 128 + (63 ^ __builtin_clzll(l->irr[2]));
	if (l->irr[1])
		return 64 + (63 ^ __builtin_clzll(l->irr[1]));
	return 63 ^ __builtin_clzll(l->irr[0]);
}

static inline bool any_requested(const struct vlapic *l)
{
	return l->irr[0] | l->irr[1] | l->irr[2] | l->irr[3];
}

int vlapic_pending(struct vlapic *l)
{
	int vector;

	if (!any_requested(l))
		return -1;
	vector = highest_requested(l);
	return vector > (int)(l->ppr | 0xf) ? vector : -1;
}

u8 vlapic_blocked_class(const struct vlapic *l)
{
	u32 class;

	if (!any_requested(l))
		return 0;
	class = (u32)highest_requested(l) >> 4;
	return class <= l->tpr >> 4 && class > (u32)l->in_service[l->depth] >> 4 ? (u8) class : 0;
}

void vlapic_accept(struct vlapic *l, u8 vector)
{
	u32 n = vector;

	__atomic_fetch_and(&l->irr[n / 64], ~BIT(n % 64), __ATOMIC_SEQ_CST);
	l->in_service[++l->depth] = vector;
	l->ppr = n & 0xf0;
}

void vlapic_unaccept(struct vlapic *l, u8 vector)
{
	u32 n = vector;

	if (l->in_service[l->depth] != vector)
		return;
	l->depth--;
	l->ppr = processor_priority(l->tpr, l->in_service[l->depth]);
	__atomic_fetch_or(&l->irr[n / 64], BIT(n % 64), __ATOMIC_SEQ_CST);
}

/* The priority fell: what waited for it may be deliverable now. */
static inline void notify_waiting(struct vcpu *v)
{
	if (any_requested(&v->lapic) && vlapic_pending(&v->lapic) >= 0)
		vcpu_notify(v, VCPU_EVENT_IRQ);
}

static inline bool is_level(const struct vlapic *l, u32 vector)
{
	return __atomic_load_n(&l->tmr[vector / 64], __ATOMIC_RELAXED) >> vector % 64 & 1;
}

void vlapic_eoi(struct vcpu *v)
{
	struct vlapic *l = &v->lapic;
	u32 depth = l->depth, vector = l->in_service[depth];

	if (!depth)
		return;
	l->depth = --depth;
	l->ppr = processor_priority(l->tpr, l->in_service[depth]);
	if (is_level(l, vector))
		vioapic_eoi(v->vm, (u8)vector);
	notify_waiting(v);
}

bool vlapic_can_skip_eoi(struct vlapic *l, u8 vector)
{
	return !any_requested(l) && !is_level(l, vector);
}

static inline void request(struct vcpu *v, u32 vector, bool level)
{
	struct vlapic *l = &v->lapic;
	u64 bit = BIT(vector % 64);

	if (is_level(l, vector) != level) {
		if (level)
			__atomic_fetch_or(&l->tmr[vector / 64], bit, __ATOMIC_RELAXED);
		else
			__atomic_fetch_and(&l->tmr[vector / 64], ~bit, __ATOMIC_RELAXED);
	}
	/* A bit that was set already has had its notification. */
	if (!(__atomic_fetch_or(&l->irr[vector / 64], bit, __ATOMIC_SEQ_CST) & bit))
		vcpu_notify(v, VCPU_EVENT_IRQ);
}

bool vlapic_take(struct vcpu *v, u8 vector, bool level)
{
	if (!v->lapic.accepting)
		return false;
	if (vector < 16) {
		vlapic_error(v, ESR_RECEIVE_ILLEGAL);
		return false;
	}
	request(v, vector, level);
	return true;
}

void vlapic_set_irq(struct vcpu *v, u8 vector, bool level)
{
	vlapic_take(v, vector, level);
}

void vlapic_error(struct vcpu *v, u32 esr_bit)
{
	u32 lvt = v->lapic.lvt[LVT_ERROR];

	__atomic_fetch_or(&v->lapic.esr_pending, esr_bit, __ATOMIC_SEQ_CST);
	if (!(lvt & LVT_MASKED) && (lvt & LVT_VECTOR) >= 16)
		request(v, lvt & LVT_VECTOR, false);
}

void vlapic_set_tpr(struct vcpu *v, u32 tpr)
{
	struct vlapic *l = &v->lapic;

	l->tpr = tpr;
	l->ppr = processor_priority(tpr, l->in_service[l->depth]);
	v->arch.cr8 = tpr >> 4;
	notify_waiting(v);
}

u64 vlapic_get_cr8(struct vlapic *l)
{
	return l->tpr >> 4;
}

void vlapic_set_cr8(struct vcpu *v, u64 cr8)
{
	vlapic_set_tpr(v, (u32)cr8 << 4);
}
