/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/* sources: tests/unit/irq_stubs.c */

/* The local APIC: modes, registers, priorities, errors; random accesses with invariants; another
 * core that raises interrupts meanwhile. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <pthread.h>
#include <sched.h>
#include <cmocka.h>
#include "irq_stubs.h"
#include "random.h"

static struct vcpu *const cpu0 = &stub_vcpus[0];

static void power_on_state(void **state)
{
	(void)state;
	irq_setup(2);
	assert_int_equal(cpu0->lapic.base_msr, 0xfee00900);
	assert_int_equal(stub_vcpus[1].lapic.base_msr, 0xfee00800);
	assert_int_equal(mmio_read(&stub_vcpus[1], REG_ID), 1 << 24);
	assert_int_equal(mmio_read(cpu0, REG_VERSION), 0x50014);
	assert_int_equal(mmio_read(cpu0, REG_SVR), 0xff);
	assert_int_equal(mmio_read(cpu0, REG_DFR), 0xffffffff);
	assert_int_equal(mmio_read(cpu0, REG_LVT + LVT_TIMER), 0x10000);
	assert_int_equal(mmio_read(cpu0, REG_LVT + LVT_LINT0), 0x700);
	assert_int_equal(mmio_read(&stub_vcpus[1], REG_LVT + LVT_LINT0), 0x10000);
	assert_int_equal(vlapic_deadline(&cpu0->lapic), ~0ULL);
	vlapic_set_irq(cpu0, 0x40, false);
	assert_int_equal(vlapic_pending(&cpu0->lapic), -1); /* SVR: disabled */
}

static void modes_follow_each_other_as_allowed(void **state)
{
	/* from, to (EN, EXTD as bits 1 and 0): 0 allowed, 1 #GP */
	static const u8 refused[4][4] = {
		{ 0, 1, 0, 1 }, { 1, 1, 1, 1 }, { 0, 1, 0, 0 }, { 0, 1, 1, 0 }
	};

	(void)state;
	for (u32 from = 0; from < 4; from++) {
		for (u32 to = 0; to < 4 && from != 1; to++) {
			irq_setup(1);
			assert_int_equal(vlapic_wrmsr(cpu0, 0x1b, VLAPIC_BASE | BIT(11)), 0);
			assert_int_equal(vlapic_wrmsr(cpu0, 0x1b, VLAPIC_BASE | from << 10), 0);
			assert_int_equal(vlapic_wrmsr(cpu0, 0x1b, VLAPIC_BASE | to << 10),
					 refused[from][to] ? -EINVAL : 0);
			assert_int_equal(cpu0->lapic.base_msr,
					 VLAPIC_BASE | (refused[from][to] ? from : to) << 10 |
						 0x100);
		}
	}
	assert_int_equal(vlapic_wrmsr(cpu0, 0x1b, VLAPIC_BASE | BIT(9)), -EINVAL);
	assert_int_equal(vlapic_wrmsr(cpu0, 0x1b, VLAPIC_BASE | BIT(52)), -EINVAL);
}

static void disabling_loses_all_state(void **state)
{
	(void)state;
	irq_setup(1);
	enable_lapics(true);
	assert_int_equal(rdmsr(cpu0, REG_LDR), 1);
	vlapic_set_irq(cpu0, 0x40, false);
	wrmsr(cpu0, REG_TPR, 0x50);
	assert_int_equal(cpu0->arch.cr8, 5);
	assert_int_equal(vlapic_wrmsr(cpu0, 0x1b, VLAPIC_BASE), 0);
	assert_int_equal(vlapic_pending(&cpu0->lapic), -1);
	assert_int_equal(vlapic_get_cr8(&cpu0->lapic), 0);
	assert_true(vlapic_accepts_pic(&cpu0->lapic));
	assert_int_equal(vlapic_wrmsr(cpu0, 0x80b, 0), -EINVAL);
	struct access a = { .count = 1, .size = 4 };
	assert_int_equal(vlapic_mmio(cpu0, 0x20, &a), TRAP_UNHANDLED);
}

static void interrupts_nest_by_class(void **state)
{
	struct vlapic *l = &cpu0->lapic;

	(void)state;
	irq_setup(1);
	enable_lapics(true);
	vlapic_set_irq(cpu0, 0x41, false);
	vlapic_set_irq(cpu0, 0x45, true);
	assert_int_equal(take_events(cpu0), VCPU_EVENT_IRQ);
	assert_int_equal(deliver(cpu0), 0x45);
	assert_int_equal(rdmsr(cpu0, REG_PPR), 0x40);
	assert_int_equal(rdmsr(cpu0, REG_ISR + 2), BIT(5));
	assert_int_equal(rdmsr(cpu0, REG_IRR + 2), BIT(1));
	assert_int_equal(rdmsr(cpu0, REG_TMR + 2), BIT(5));
	assert_int_equal(deliver(cpu0), -1); /* the same class waits */
	assert_false(vlapic_can_skip_eoi(l, 0x45));
	vlapic_set_irq(cpu0, 0xfe, false);
	assert_int_equal(deliver(cpu0), 0xfe);
	take_events(cpu0);
	wrmsr(cpu0, REG_EOI, 0);
	assert_int_equal(rdmsr(cpu0, REG_PPR), 0x40);
	assert_int_equal(take_events(cpu0), 0); /* 0x41 still waits */
	wrmsr(cpu0, REG_EOI, 0);
	assert_int_equal(take_events(cpu0), VCPU_EVENT_IRQ);
	assert_int_equal(deliver(cpu0), 0x41);
	assert_true(vlapic_can_skip_eoi(l, 0x41));
	vlapic_eoi(cpu0);
	vlapic_eoi(cpu0); /* nothing in service: ignored */
	assert_int_equal(rdmsr(cpu0, REG_PPR), 0);
}

static void what_was_not_taken_waits_again(void **state)
{
	(void)state;
	irq_setup(1);
	enable_lapics(true);
	vlapic_set_irq(cpu0, 0x41, false);
	assert_int_equal(deliver(cpu0), 0x41);
	vlapic_set_irq(cpu0, 0x81, false);
	assert_int_equal(deliver(cpu0), 0x81);
	assert_int_equal(rdmsr(cpu0, REG_PPR), 0x80);
	vlapic_unaccept(&cpu0->lapic, 0x41); /* not the last one */
	assert_int_equal(rdmsr(cpu0, REG_ISR + 4), 2);
	vlapic_unaccept(&cpu0->lapic, 0x81);
	assert_int_equal(rdmsr(cpu0, REG_ISR + 4), 0);
	assert_int_equal(rdmsr(cpu0, REG_IRR + 4), 2);
	assert_int_equal(rdmsr(cpu0, REG_PPR), 0x40);
	vlapic_eoi(cpu0);
	assert_int_equal(rdmsr(cpu0, REG_ISR + 2), 0);
	assert_int_equal(deliver(cpu0), 0x81);
}

static void task_priority_holds_back(void **state)
{
	(void)state;
	irq_setup(1);
	enable_lapics(false);
	mmio_write(cpu0, REG_TPR, 0x5a);
	assert_int_equal(mmio_read(cpu0, REG_PPR), 0x5a);
	vlapic_set_irq(cpu0, 0x5f, false);
	assert_int_equal(vlapic_pending(&cpu0->lapic), -1);
	vlapic_set_irq(cpu0, 0x61, false);
	assert_int_equal(deliver(cpu0), 0x61);
	assert_int_equal(mmio_read(cpu0, REG_PPR), 0x60);
	mmio_write(cpu0, REG_EOI, 0);
	take_events(cpu0);
	vlapic_set_cr8(cpu0, 4);
	assert_int_equal(take_events(cpu0), VCPU_EVENT_IRQ);
	assert_int_equal(mmio_read(cpu0, REG_TPR), 0x40);
	assert_int_equal(deliver(cpu0), 0x5f);
	vlapic_set_cr8(cpu0, 15);
	vlapic_set_irq(cpu0, 0xff, false);
	assert_int_equal(vlapic_pending(&cpu0->lapic), -1);
}

static void x2apic_faults_where_it_should(void **state)
{
	/* r: readable, w: writable, z: only zero may be written */
	static const char *const kind[64] = {
		[REG_ID] = "r",
		[REG_VERSION] = "r",
		[REG_TPR] = "rw",
		[REG_PPR] = "r",
		[REG_EOI] = "z",
		[REG_LDR] = "r",
		[REG_SVR] = "rw",
		[REG_ISR] = "r",
		[REG_ISR + 7] = "r",
		[REG_TMR] = "r",
		[REG_TMR + 7] = "r",
		[REG_IRR] = "r",
		[REG_IRR + 7] = "r",
		[REG_ESR] = "rz",
		[REG_ICR] = "rw",
		[REG_LVT] = "rw",
		[REG_LVT + 5] = "rw",
		[REG_TIMER_INITIAL] = "rw",
		[REG_TIMER_CURRENT] = "r",
		[REG_TIMER_DIVIDE] = "rw",
		[REG_SELF_IPI] = "w",
		[REG_APR] = "",
		[REG_RRD] = "",
		[REG_DFR] = "",
		[REG_ICR_HIGH] = "",
		[0x00] = "",
		[0x2f] = "",
		[0x29] = "",
		[0x3a] = "",
		[0x3d] = "",
	};
	u64 value;

	(void)state;
	for (u32 reg = 0; reg < 64; reg++) {
		bool readable, writable;

		if (!kind[reg])
			continue;
		irq_setup(1);
		enable_lapics(true);
		readable = kind[reg][0] == 'r';
		writable = kind[reg][0] == 'w' || (readable && kind[reg][1] == 'w');
		assert_int_equal(vlapic_rdmsr(cpu0, 0x800 + reg, &value), readable ? 0 : -EINVAL);
		if (writable)
			wrmsr(cpu0, reg, reg == REG_SELF_IPI ? 0x30 : 0);
		else
			assert_int_equal(vlapic_wrmsr(cpu0, 0x800 + reg, 1), -EINVAL);
		if (kind[reg][0] == 'z' || (readable && kind[reg][1] == 'z'))
			wrmsr(cpu0, reg, 0);
		if (reg != REG_ICR)
			assert_int_equal(vlapic_wrmsr(cpu0, 0x800 + reg, BIT(32)), -EINVAL);
	}
	assert_int_equal(vlapic_wrmsr(cpu0, 0x808, 0x100), -EINVAL);
	assert_int_equal(vlapic_wrmsr(cpu0, 0x80f, 0x1000), -EINVAL); /* not advertised */
	assert_int_equal(vlapic_wrmsr(cpu0, 0x830, BIT(20)), -EINVAL);
	assert_int_equal(vlapic_wrmsr(cpu0, 0x832, BIT(20)), -EINVAL);
	assert_int_equal(vlapic_wrmsr(cpu0, 0x840, 0), -EINVAL);
	assert_int_equal(vlapic_rdmsr(cpu0, 0x8ff, &value), -EINVAL);
	assert_int_equal(vlapic_rdmsr(cpu0, 0x900, &value), -ENOENT);
	assert_int_equal(vlapic_wrmsr(cpu0, 0x10, 0), -ENOENT);
}

static void xapic_takes_aligned_words_only(void **state)
{
	struct access a = { .value = 0x77, .count = 1, .size = 1, .write = true };

	(void)state;
	irq_setup(1);
	enable_lapics(false);
	vlapic_mmio(cpu0, 0x80, &a);
	assert_int_equal(mmio_read(cpu0, REG_TPR), 0);
	a.size = 4;
	vlapic_mmio(cpu0, 0x84, &a);
	assert_int_equal(mmio_read(cpu0, REG_TPR), 0);
	a = (struct access){ .value = ~0ULL, .count = 1, .size = 1 };
	vlapic_mmio(cpu0, 0x32, &a); /* version, third byte: highest LVT entry */
	assert_int_equal((u8)a.value, 5);
	vlapic_mmio(cpu0, 0x34, &a);
	assert_int_equal(a.value, 0);
	a = (struct access){ .value = 0x20, .count = ~0u, .size = 4, .write = true };
	vlapic_mmio(cpu0, 0x70, &a); /* a string store over the page ends with it */
	assert_int_equal(mmio_read(cpu0, REG_TPR), 0x20);
}

static void errors_are_latched_and_raised(void **state)
{
	(void)state;
	irq_setup(1);
	enable_lapics(false);
	mmio_write(cpu0, REG_LVT + LVT_ERROR, 0xe1);
	vlapic_set_irq(cpu0, 0x0f, false);
	assert_int_equal(deliver(cpu0), 0xe1);
	assert_int_equal(mmio_read(cpu0, REG_ESR), 0);
	mmio_write(cpu0, REG_ESR, 0);
	assert_int_equal(mmio_read(cpu0, REG_ESR), ESR_RECEIVE_ILLEGAL);
	vlapic_eoi(cpu0);
	mmio_read(cpu0, 0x3a);
	mmio_write(cpu0, REG_ICR, 0x4000 | 5);
	assert_int_equal(deliver(cpu0), 0xe1);
	mmio_write(cpu0, REG_ESR, 0xffffffff);
	assert_int_equal(mmio_read(cpu0, REG_ESR), ESR_ILLEGAL_REGISTER | ESR_SEND_ILLEGAL);
	mmio_write(cpu0, REG_ESR, 0);
	assert_int_equal(mmio_read(cpu0, REG_ESR), 0);
	vlapic_eoi(cpu0);
	mmio_write(cpu0, REG_LVT + LVT_ERROR, 0x03); /* an illegal vector itself: no interrupt */
	vlapic_set_irq(cpu0, 0x00, false);
	assert_int_equal(vlapic_pending(&cpu0->lapic), -1);
}

static void software_disable_masks_and_refuses(void **state)
{
	(void)state;
	irq_setup(1);
	enable_lapics(true);
	wrmsr(cpu0, REG_LVT + LVT_TIMER, 0x20040);
	wrmsr(cpu0, REG_TIMER_INITIAL, 1000000);
	assert_true(vlapic_deadline(&cpu0->lapic) != ~0ULL);
	assert_true(vlapic_accepts_pic(&cpu0->lapic));
	vlapic_set_irq(cpu0, 0x40, false);
	wrmsr(cpu0, REG_SVR, 0xff);
	assert_int_equal(vlapic_deadline(&cpu0->lapic), ~0ULL);
	assert_false(vlapic_accepts_pic(&cpu0->lapic));
	wrmsr(cpu0, REG_LVT + LVT_LINT0, 0x700);
	assert_int_equal(rdmsr(cpu0, REG_LVT + LVT_LINT0), 0x10700);
	vlapic_set_irq(cpu0, 0x60, false);
	assert_int_equal(deliver(cpu0), 0x40); /* what was there stays */
	wrmsr(cpu0, REG_SVR, 0x1ff);
	assert_int_equal(rdmsr(cpu0, REG_LVT + LVT_TIMER), 0x30040);
	wrmsr(cpu0, REG_LVT + LVT_LINT0, 0x700);
	assert_true(take_events(cpu0) & VCPU_EVENT_IRQ);
	assert_true(vlapic_accepts_pic(&cpu0->lapic));
}

static void check_invariants(const struct vlapic *l)
{
	u32 tpr = l->tpr & 0xff, isr = l->in_service[l->depth] & 0xf0;
	int pending = vlapic_pending((struct vlapic *)l);

	assert_int_equal(l->in_service[0], 0);
	assert_true(l->depth < 16);
	for (u32 i = 1; i <= l->depth; i++)
		assert_true(l->in_service[i] >> 4 > l->in_service[i - 1] >> 4);
	assert_int_equal(l->ppr, (tpr & 0xf0) >= isr ? tpr : isr);
	assert_int_equal(l->accepting, (l->base_msr & APIC_BASE_EN) && (l->svr & SVR_ENABLED));
	assert_true(pending == -1 || pending >> 4 > (int)l->ppr >> 4);
	assert_false(l->irr[0] & 0xffff);
	assert_int_equal(container_of(l, struct vcpu, lapic)->arch.cr8, l->tpr >> 4);
	assert_true(l->deadline == ~0ULL || !(l->lvt[LVT_TIMER] & LVT_MASKED));
	if (!(l->svr & SVR_ENABLED)) {
		for (u32 i = 0; i < LVT_COUNT; i++)
			assert_true(i == LVT_LINT0 || (l->lvt[i] & LVT_MASKED));
	}
}

static u64 random_value(struct random *r)
{
	u64 value = random_next(r);

	return random_below(r, 4) ? value & (u32)random_next(r) & (u32)random_next(r) : value;
}

static void random_step(struct random *r, struct vcpu *v)
{
	u32 reg = (u32)random_below(r, 70);
	u64 value = random_value(r);
	struct access a = { .value = value,
			    .count = 1 + (u32)random_below(r, 3),
			    .size = (u8)(1 << random_below(r, 4)),
			    .write = value & 1 };
	int unused;

	switch (random_below(r, 12)) {
	case 0:
		unused = vlapic_wrmsr(v, 0x1b, VLAPIC_BASE | random_below(r, 4) << 10);
		break;
	case 1:
		unused = vlapic_wrmsr(v, 0x6e0, stub_now + random_below(r, 3) * 1000);
		break;
	case 2:
		a.size = 4;
		vlapic_mmio(v, reg * 16, &a);
		break;
	case 3:
		vlapic_mmio(v, random_below(r, 4096), &a);
		break;
	case 4:
	case 5:
		unused = vlapic_wrmsr(v, 0x800 + reg, value);
		break;
	case 6:
		unused = vlapic_rdmsr(v, random_below(r, 9) ? 0x800 + reg : 0x6e0, &value);
		break;
	case 7:
		vlapic_set_irq(v, (u8)value, value & 0x100);
		break;
	case 8:
		vlapic_eoi(v);
		break;
	case 9:
		stub_now += random_below(r, 100000);
		vlapic_timer(v, stub_now);
		assert_true(v->lapic.deadline > stub_now);
		break;
	case 10:
		vlapic_set_cr8(v, value & 15);
		break;
	default:
		if (random_below(r, 20))
			unused = vlapic_wrmsr(v, 0x80f, 0x1ff);
		else
			vlapic_init_signal(&v->lapic);
	}
	(void)unused;
}

static void random_accesses_keep_the_invariants(void **state)
{
	struct random r = random_seeded("vlapic");

	(void)state;
	irq_setup(4);
	for (u64 i = 0; i < test_rounds(400000); i++) {
		struct vcpu *v = &stub_vcpus[random_below(&r, 4)];

		if (random_below(&r, 3))
			deliver(v);
		random_step(&r, v);
		for (u32 cpu = 0; cpu < 4; cpu++)
			check_invariants(&stub_vcpus[cpu].lapic);
		assert_int_equal(stub_vm.lock.next, stub_vm.lock.owner);
	}
}

#define SENDERS	 2
#define MESSAGES 100000

static _Atomic u32 handled[256];

/* Sends a vector and waits until it was handled, so that a lost one hangs the test. */
static void *sender(void *arg)
{
	u8 first = (u8)(uintptr_t)arg;

	for (u32 i = 0; i < MESSAGES; i++) {
		u8 vector = (u8)(first + 16 * (i % 12));
		u32 before = handled[vector];

		vlapic_set_irq(cpu0, vector, i & 1);
		while (handled[vector] == before)
			sched_yield();
	}
	return NULL;
}

static void other_cores_lose_nothing(void **state)
{
	pthread_t threads[SENDERS];
	u32 total = 0;

	(void)state;
	irq_setup(1);
	enable_lapics(true);
	for (uintptr_t i = 0; i < SENDERS; i++)
		pthread_create(&threads[i], NULL, sender, (void *)(0x31 + i));
	while (total < SENDERS * MESSAGES) {
		int vector;

		if (!take_events(cpu0)) {
			sched_yield();
			continue;
		}
		vector = deliver(cpu0);
		if (vector < 0)
			continue;
		vlapic_eoi(cpu0);
		handled[vector]++;
		total++;
	}
	for (u32 i = 0; i < SENDERS; i++)
		pthread_join(threads[i], NULL);
	assert_int_equal(vlapic_pending(&cpu0->lapic), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(power_on_state),
		cmocka_unit_test(modes_follow_each_other_as_allowed),
		cmocka_unit_test(disabling_loses_all_state),
		cmocka_unit_test(interrupts_nest_by_class),
		cmocka_unit_test(what_was_not_taken_waits_again),
		cmocka_unit_test(task_priority_holds_back),
		cmocka_unit_test(x2apic_faults_where_it_should),
		cmocka_unit_test(xapic_takes_aligned_words_only),
		cmocka_unit_test(errors_are_latched_and_raised),
		cmocka_unit_test(software_disable_masks_and_refuses),
		cmocka_unit_test(random_accesses_keep_the_invariants),
		cmocka_unit_test(other_cores_lose_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
