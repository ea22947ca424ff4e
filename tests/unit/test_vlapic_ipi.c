/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/* sources: tests/unit/irq_stubs.c */

/* Messages between local APICs: destinations in every mode, shorthands, delivery modes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "irq_stubs.h"

#define CPUS	  8
#define ALL	  0xffu
#define FIXED	  0x4000u /* level: assert, as the SDM asks for */
#define LOGICAL	  0x800u
#define TO_SELF	  (1u << 18)
#define TO_ALL	  (2u << 18)
#define TO_OTHERS (3u << 18)

static struct vcpu *const cpu0 = &stub_vcpus[0];

/* Who has the vector pending; it is delivered and ended there. */
static u32 receivers(u8 vector)
{
	u32 who = 0;

	for (u32 i = 0; i < stub_vm.vcpu_count; i++) {
		struct vcpu *v = &stub_vcpus[i];
		int got = deliver(v);

		assert_true(got == -1 || got == vector);
		if (got < 0)
			continue;
		assert_true(take_events(v) & VCPU_EVENT_IRQ);
		vlapic_eoi(v);
		who |= 1u << i;
	}
	return who;
}

static u32 events_of_all(u32 event)
{
	u32 who = 0;

	for (u32 i = 0; i < stub_vm.vcpu_count; i++)
		who |= take_events(&stub_vcpus[i]) == event ? 1u << i : 0;
	return who;
}

static void x2apic_send(u32 destination, u32 low)
{
	wrmsr(cpu0, REG_ICR, (u64)destination << 32 | low);
}

static void xapic_send(u8 destination, u32 low)
{
	mmio_write(cpu0, REG_ICR_HIGH, (u32)destination << 24);
	mmio_write(cpu0, REG_ICR, low);
}

static void x2apic_destinations(void **state)
{
	(void)state;
	irq_setup(CPUS);
	enable_lapics(true);
	x2apic_send(3, FIXED | 0x40);
	assert_int_equal(receivers(0x40), 1 << 3);
	assert_int_equal(rdmsr(cpu0, REG_ICR), 3ULL << 32 | FIXED | 0x40);
	x2apic_send(8, FIXED | 0x40);
	x2apic_send(0xff, FIXED | 0x40); /* an id like any other */
	assert_int_equal(receivers(0x40), 0);
	x2apic_send(~0u, FIXED | 0x40);
	assert_int_equal(receivers(0x40), ALL);
	x2apic_send(0x0000002a, FIXED | LOGICAL | 0x40);
	assert_int_equal(receivers(0x40), 0x2a);
	x2apic_send(0x0001002a, FIXED | LOGICAL | 0x40); /* another cluster */
	assert_int_equal(receivers(0x40), 0);
	x2apic_send(~0u, FIXED | LOGICAL | 0x40);
	assert_int_equal(receivers(0x40), ALL);
	wrmsr(cpu0, REG_SELF_IPI, 0x40);
	assert_int_equal(receivers(0x40), 1);
}

static void xapic_destinations(void **state)
{
	(void)state;
	irq_setup(CPUS);
	enable_lapics(false);
	for (u32 i = 0; i < CPUS; i++)
		mmio_write(&stub_vcpus[i], REG_LDR, 1u << (24 + i));
	xapic_send(5, FIXED | 0x40);
	assert_int_equal(receivers(0x40), 1 << 5);
	xapic_send(0xff, FIXED | 0x40);
	assert_int_equal(receivers(0x40), ALL);
	xapic_send(0x81, FIXED | LOGICAL | 0x40); /* flat */
	assert_int_equal(receivers(0x40), 0x81);
	for (u32 i = 0; i < CPUS; i++) {
		mmio_write(&stub_vcpus[i], REG_DFR, 0);
		mmio_write(&stub_vcpus[i], REG_LDR, (i / 4) << 28 | 1u << (24 + i % 4));
	}
	xapic_send(0x15, FIXED | LOGICAL | 0x40); /* cluster 1, members 0 and 2 */
	assert_int_equal(receivers(0x40), 0x50);
	xapic_send(0x21, FIXED | LOGICAL | 0x40);
	assert_int_equal(receivers(0x40), 0);
	xapic_send(0xff, FIXED | LOGICAL | 0x40);
	assert_int_equal(receivers(0x40), ALL);
}

static void shorthands(void **state)
{
	(void)state;
	for (u32 x2 = 0; x2 < 2; x2++) {
		irq_setup(CPUS);
		enable_lapics(x2);
		for (u32 i = 0; i < 3; i++) {
			static const u32 to[] = { TO_SELF, TO_ALL, TO_OTHERS };
			static const u32 expected[] = { 1, ALL, ALL & ~1u };

			if (x2)
				x2apic_send(0, FIXED | to[i] | 0x40);
			else
				xapic_send(0, FIXED | to[i] | 0x40);
			assert_int_equal(receivers(0x40), expected[i]);
		}
	}
}

static void disabled_ones_hear_nothing(void **state)
{
	(void)state;
	irq_setup(4);
	enable_lapics(true);
	wrmsr(&stub_vcpus[1], REG_SVR, 0xff);
	assert_int_equal(vlapic_wrmsr(&stub_vcpus[2], 0x1b, VLAPIC_BASE), 0);
	events_of_all(0);
	x2apic_send(0, FIXED | TO_OTHERS | 0x40);
	assert_int_equal(receivers(0x40), 1 << 3);
	x2apic_send(0, FIXED | TO_OTHERS | APIC_NMI << 8); /* software-disabled ones take NMIs */
	assert_int_equal(events_of_all(VCPU_EVENT_NMI), 1 << 1 | 1 << 3);
}

static void start_sequence(void **state)
{
	struct vcpu *target = &stub_vcpus[1];

	(void)state;
	irq_setup(2);
	enable_lapics(true);
	vlapic_init_signal(&target->lapic); /* not enabled by software */
	take_events(target);
	x2apic_send(1, 0xc500); /* INIT, level assert */
	assert_int_equal(take_events(target), VCPU_EVENT_INIT);
	x2apic_send(1, 0x8500); /* level de-assert: ignored */
	assert_int_equal(take_events(target), 0);
	for (u32 i = 0; i < 2; i++) {
		x2apic_send(1, 0x4600 | 0x9a);
		assert_int_equal(take_events(target), VCPU_EVENT_SIPI);
		assert_int_equal(target->sipi_vector, 0x9a);
	}
	x2apic_send(1, 0x4600 | 0x01); /* page 1 is no illegal vector */
	assert_int_equal(target->sipi_vector, 1);
	x2apic_send(0, TO_OTHERS | 0x4500);
	assert_int_equal(take_events(target), VCPU_EVENT_SIPI | VCPU_EVENT_INIT);
	assert_int_equal(take_events(cpu0), 0);
}

static void others_are_ignored(void **state)
{
	(void)state;
	irq_setup(2);
	enable_lapics(true);
	x2apic_send(~0u, FIXED | APIC_SMI << 8 | 0x40);
	x2apic_send(~0u, FIXED | 3 << 8 | 0x40);
	x2apic_send(~0u, FIXED | APIC_EXTINT << 8 | 0x40);
	x2apic_send(0, FIXED | TO_SELF | APIC_NMI << 8);
	assert_int_equal(events_of_all(0), 3);
	assert_int_equal(receivers(0x40), 0);
	x2apic_send(1, FIXED | 0x0f); /* illegal: the sender's error */
	wrmsr(cpu0, REG_ESR, 0);
	assert_int_equal(rdmsr(cpu0, REG_ESR), ESR_SEND_ILLEGAL);
	wrmsr(&stub_vcpus[1], REG_ESR, 0);
	assert_int_equal(rdmsr(&stub_vcpus[1], REG_ESR), 0);
}

static void lowest_priority(void **state)
{
	struct apic_message m = {
		.destination = 0x0f, .logical = true, .vector = 0x40, .delivery = APIC_LOWEST
	};
	u32 seen = 0;

	(void)state;
	irq_setup(4);
	enable_lapics(true);
	for (u32 i = 0; i < 4; i++) {
		u32 who;

		m.vector = (u8)(0x40 + i);
		assert_true(vlapic_route(&stub_vm, &m));
		who = receivers(m.vector);
		assert_true(who && !(who & (who - 1)));
		seen |= who;
	}
	assert_int_equal(seen, 0xf); /* equals share */
	for (u32 i = 0; i < 4; i++)
		wrmsr(&stub_vcpus[i], REG_TPR, i == 2 ? 0x10 : 0x20);
	for (u32 i = 0; i < 4; i++) {
		m.vector = (u8)(0x40 + i);
		assert_true(vlapic_route(&stub_vm, &m));
		assert_int_equal(receivers(m.vector), 1 << 2);
	}
	wrmsr(&stub_vcpus[2], REG_SVR, 0xff);
	m.destination = 4;
	assert_false(vlapic_route(&stub_vm, &m));
	x2apic_send(0, FIXED | TO_OTHERS | APIC_LOWEST << 8 | 0x40);
	assert_true(receivers(0x40) & 0xa);
}

/* 8-bit destinations of devices reach LAPICs in either mode. */
static void device_messages(void **state)
{
	struct apic_message m = { .destination = 2, .vector = 0x40 };

	(void)state;
	for (u32 x2 = 0; x2 < 2; x2++) {
		irq_setup(4);
		enable_lapics(x2);
		m.destination = 2;
		assert_true(vlapic_route(&stub_vm, &m));
		assert_int_equal(receivers(0x40), 1 << 2);
		m.destination = 0xff;
		assert_true(vlapic_route(&stub_vm, &m));
		assert_int_equal(receivers(0x40), 0xf);
		m.destination = 77;
		assert_false(vlapic_route(&stub_vm, &m));
		m.destination = 2;
		m.level = true; /* de-asserted */
		assert_false(vlapic_route(&stub_vm, &m));
		m.level = false;
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(x2apic_destinations), cmocka_unit_test(xapic_destinations),
		cmocka_unit_test(shorthands),	       cmocka_unit_test(disabled_ones_hear_nothing),
		cmocka_unit_test(start_sequence),      cmocka_unit_test(others_are_ignored),
		cmocka_unit_test(lowest_priority),     cmocka_unit_test(device_messages),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
