/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/*
 * Interrupt messages between local APICs, and from the IOAPIC and PCI devices to them (Intel SDM
 * vol. 3, 11.6, 11.12.9, 11.12.10): who is meant, and what happens there. A vCPU's index in its
 * guest is its APIC id.
 *
 * Locking: none; any core. Reads of the targets' registers are single loads (vlapic.h).
 */
#include "vlapic_internal.h"

#define BROADCAST    0xffu
#define BROADCAST_X2 ~0u

enum shorthand { SHORTHAND_NONE, SHORTHAND_SELF, SHORTHAND_ALL, SHORTHAND_OTHERS };

static bool matches_logical(const struct vlapic *l, u32 destination)
{
	u32 ldr = l->ldr;

	if (vlapic_is_x2apic(l))
		return destination >> 16 == ldr >> 16 && (destination & ldr & 0xffff);
	ldr >>= 24;
	if (destination > 0xff)
		return false;
	if (l->dfr >> 28 == 0xf)
		return destination & ldr;
	return destination >> 4 == ldr >> 4 && (destination & ldr & 0xf);
}

static bool matches(const struct vlapic *l, const struct apic_message *m)
{
	if (!(l->base_msr & APIC_BASE_EN))
		return false;
	if (m->destination == (m->x2apic_destination ? BROADCAST_X2 : BROADCAST))
		return true;
	return m->logical ? matches_logical(l, m->destination) : m->destination == l->id;
}

static bool deliver(struct vcpu *v, const struct apic_message *m)
{
	switch (m->delivery) {
	case APIC_FIXED:
	case APIC_LOWEST:
		return vlapic_take(v, m->vector, m->level);
	case APIC_NMI:
		vcpu_notify(v, VCPU_EVENT_NMI);
		return true;
	case APIC_INIT:
		vcpu_notify(v, VCPU_EVENT_INIT);
		return true;
	case APIC_SIPI:
		__atomic_store_n(&v->sipi_vector, m->vector, __ATOMIC_RELEASE);
		vcpu_notify(v, VCPU_EVENT_SIPI);
		return true;
	default:
		return false;
	}
}

/* The search begins at a place that the vector gives, so that equals share the vectors. */
static bool deliver_lowest(struct vm *vm, const struct apic_message *m, const struct vcpu *except)
{
	struct vcpu *best = NULL;
	u32 index = m->vector % vm->vcpu_count;

	for (u32 i = 0; i < vm->vcpu_count; i++) {
		struct vcpu *v = &vm->vcpus[index];

		if (v != except && v->lapic.accepting && matches(&v->lapic, m) &&
		    (!best || v->lapic.ppr < best->lapic.ppr))
			best = v;
		index = index + 1 < vm->vcpu_count ? index + 1 : 0;
	}
	return best && deliver(best, m);
}

static bool route(struct vm *vm, const struct apic_message *m, const struct vcpu *except)
{
	bool taken = false;

	if (m->level && !m->assert)
		return false;
	if (m->delivery == APIC_LOWEST)
		return deliver_lowest(vm, m, except);
	if (!m->logical && m->destination < vm->vcpu_count) {
		struct vcpu *v = &vm->vcpus[m->destination];

		return (v->lapic.base_msr & APIC_BASE_EN) && deliver(v, m);
	}
	for (u32 i = 0; i < vm->vcpu_count; i++) {
		struct vcpu *v = &vm->vcpus[i];

		if (v != except && matches(&v->lapic, m))
			taken |= deliver(v, m);
	}
	return taken;
}

bool vlapic_route(struct vm *vm, const struct apic_message *m)
{
	return route(vm, m, NULL);
}

void vlapic_send_icr(struct vcpu *v)
{
	const struct vlapic *l = &v->lapic;
	u32 low = (u32)l->icr, high = (u32)(l->icr >> 32);
	bool x2 = vlapic_is_x2apic(l);
	enum shorthand shorthand = low >> 18 & 3;
	struct apic_message m = {
		.destination = x2 ? high : high >> 24,
		.x2apic_destination = x2,
		.logical = low & BIT(11),
		.vector = (u8)low,
		.delivery = low >> 8 & 7,
		.assert = low & BIT(14),
	};

	if (m.delivery <= APIC_LOWEST && m.vector < 16) {
		vlapic_error(v, ESR_SEND_ILLEGAL);
		return;
	}
	/* The trigger mode means something for INIT only: level de-assert. */
	m.level = m.delivery == APIC_INIT && (low & BIT(15));
	if (shorthand == SHORTHAND_SELF) {
		if (m.delivery == APIC_FIXED)
			vlapic_set_irq(v, m.vector, false);
		return;
	}
	if (shorthand != SHORTHAND_NONE) {
		m.destination = BROADCAST_X2;
		m.x2apic_destination = true;
		m.logical = false;
	}
	route(v->vm, &m, shorthand == SHORTHAND_OTHERS ? v : NULL);
}
