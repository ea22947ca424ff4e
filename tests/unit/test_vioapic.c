/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/* sources: tests/unit/irq_stubs.c */

/* The IOAPIC: registers, edges and levels, the end of interrupt, ISA lines, random accesses. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "irq_stubs.h"
#include "random.h"

#define LEVEL	   BIT(15)
#define MASKED	   BIT(16)
#define REMOTE_IRR BIT(14)

static struct vcpu *const cpu0 = &stub_vcpus[0];

static void setup(void)
{
	irq_setup(2);
	enable_lapics(true);
}

static void pin(u32 n, bool level)
{
	spin_lock(&stub_vm.lock);
	vioapic_set(&stub_vm, n, level);
	spin_unlock(&stub_vm.lock);
}

static u32 pin_low(u32 n)
{
	return ioapic_read(0x10 + 2 * n);
}

static void registers_read_back(void **state)
{
	(void)state;
	setup();
	assert_int_equal(ioapic_read(1), 0x170020);
	ioapic_write(0, 0xffffffff);
	assert_int_equal(ioapic_read(0), 0x0f000000);
	assert_int_equal(ioapic_read(2), 0x0f000000);
	ioapic_write(1, 0);
	assert_int_equal(ioapic_read(1), 0x170020);
	for (u32 n = 0; n < VIOAPIC_PINS; n++) {
		assert_int_equal(pin_low(n), MASKED);
		ioapic_pin(n, ~0ULL);
		assert_int_equal(pin_low(n), 0x1afff); /* status and remote IRR are read-only */
		assert_int_equal(ioapic_read(0x11 + 2 * n), 0xff000000);
	}
	ioapic_write(0x40, 0x12345678);
	assert_int_equal(ioapic_read(0x40), 0);
	assert_int_equal(ioapic_read(0xff), 0);
}

static void edges_fire_once_and_are_lost_while_masked(void **state)
{
	(void)state;
	setup();
	ioapic_pin(5, 0x51 | 1ULL << 56);
	pin(5, true);
	pin(5, true);
	assert_int_equal(deliver(cpu0), -1);
	assert_int_equal(deliver(&stub_vcpus[1]), 0x51);
	vlapic_eoi(&stub_vcpus[1]);
	assert_int_equal(deliver(&stub_vcpus[1]), -1);
	assert_int_equal(pin_low(5), 0x51);
	pin(5, false);
	ioapic_pin(5, 0x51 | MASKED);
	pin(5, true);
	ioapic_pin(5, 0x51);
	assert_int_equal(deliver(cpu0), -1);
	pin(5, false);
	pin(5, true);
	pin(5, false);
	pin(5, true); /* before it was taken: one interrupt */
	assert_int_equal(deliver(cpu0), 0x51);
	assert_int_equal(deliver(cpu0), -1);
}

static void levels_fire_until_they_fall(void **state)
{
	(void)state;
	setup();
	pin(9, true);
	ioapic_pin(9, 0x59 | LEVEL); /* high before it is unmasked */
	assert_int_equal(pin_low(9), 0x59 | LEVEL | REMOTE_IRR);
	assert_int_equal(deliver(cpu0), 0x59);
	pin(9, true);
	pin(9, false);
	pin(9, true); /* still under service */
	assert_int_equal(vlapic_pending(&cpu0->lapic), -1);
	take_events(cpu0);
	wrmsr(cpu0, REG_EOI, 0);
	assert_int_equal(take_events(cpu0), VCPU_EVENT_IRQ);
	assert_int_equal(deliver(cpu0), 0x59);
	pin(9, false);
	wrmsr(cpu0, REG_EOI, 0);
	assert_int_equal(deliver(cpu0), -1);
	assert_int_equal(pin_low(9), 0x59 | LEVEL);
}

static void eoi_register_ends_by_vector(void **state)
{
	struct access a = { .value = 0x5a, .count = 1, .size = 4, .write = true };

	(void)state;
	setup();
	ioapic_pin(9, 0x59 | LEVEL);
	ioapic_pin(10, 0x5a | LEVEL);
	pin(9, true);
	pin(10, true);
	pin(9, false);
	pin(10, false);
	assert_int_equal(vioapic_mmio(&stub_vm, 0x40, &a), TRAP_DONE);
	assert_int_equal(pin_low(10), 0x5a | LEVEL);
	assert_int_equal(pin_low(9), 0x59 | LEVEL | REMOTE_IRR);
	ioapic_pin(9, 0x59 | MASKED); /* as edge: the way without an EOI register */
	ioapic_pin(9, 0x59 | LEVEL);
	assert_int_equal(pin_low(9), 0x59 | LEVEL);
}

static void level_waits_for_a_taker(void **state)
{
	(void)state;
	setup();
	wrmsr(cpu0, REG_SVR, 0xff);
	ioapic_pin(9, 0x59 | LEVEL);
	pin(9, true);
	assert_int_equal(pin_low(9), 0x59 | LEVEL); /* nobody took it */
	ioapic_pin(9, 0x59 | LEVEL | 1ULL << 56);
	assert_int_equal(deliver(&stub_vcpus[1]), 0x59);
}

static void lowest_priority_and_nmi(void **state)
{
	(void)state;
	setup();
	wrmsr(cpu0, REG_TPR, 0x80);
	ioapic_pin(4, 0x54 | 1 << 8 | BIT(11) | 3ULL << 56);
	pin(4, true);
	assert_int_equal(deliver(cpu0), -1);
	assert_int_equal(deliver(&stub_vcpus[1]), 0x54);
	take_events(cpu0);
	ioapic_pin(3, LEVEL | 4 << 8); /* an NMI has no end: an edge */
	pin(3, true);
	pin(3, true);
	assert_int_equal(take_events(cpu0), VCPU_EVENT_NMI);
	assert_int_equal(pin_low(3), LEVEL | 4 << 8);
}

static void isa_lines_reach_both_controllers(void **state)
{
	(void)state;
	setup();
	for (u32 irq = 0; irq < 16; irq++)
		ioapic_pin(irq, 0x50 + irq);
	for (u32 irq = 0; irq < 20; irq++) {
		int expected = irq == 0 ? 0x52 : (int)(0x50 + irq);

		vm_isa_irq(&stub_vm, irq, true);
		if (irq == 2 || irq > 15)
			expected = -1;
		assert_int_equal(deliver(cpu0), expected);
		if (expected < 0)
			continue;
		vlapic_eoi(cpu0);
		assert_true(stub_vm.pic.chip[irq / 8].irr & BIT(irq % 8));
		vm_isa_irq(&stub_vm, irq, false);
		assert_false(stub_vm.pic.chip[irq / 8].lines & BIT(irq % 8));
	}
	assert_int_equal(stub_vm.ioapic.lines, 0);
}

static void check_invariants(void)
{
	const struct vioapic *io = &stub_vm.ioapic;

	for (u32 n = 0; n < VIOAPIC_PINS; n++) {
		u64 e = io->redirection[n];
		bool level = (e & LEVEL) && (e >> 8 & 7) <= APIC_LOWEST;

		assert_false(e & BIT(12));
		assert_false(e & 0xfffffffe0000ULL);
		assert_true(level || !(e & REMOTE_IRR));
	}
	assert_false(io->lines >> VIOAPIC_PINS);
	assert_int_equal(stub_vm.lock.next, stub_vm.lock.owner);
}

static void random_accesses_keep_the_invariants(void **state)
{
	struct random r = random_seeded("vioapic");

	(void)state;
	setup();
	for (u64 i = 0; i < test_rounds(300000); i++) {
		struct access a = { .value = random_next(&r),
				    .count = 1,
				    .size = (u8)(1 << random_below(&r, 4)) };

		switch (random_below(&r, 6)) {
		case 0:
			ioapic_write((u32)random_below(&r, 0x48), (u32)random_next(&r));
			break;
		case 1:
			a.write = random_next(&r) & 1;
			vioapic_mmio(&stub_vm, random_below(&r, 0x1000), &a);
			break;
		case 2:
			a.write = random_next(&r) & 1;
			vioapic_mmio(&stub_vm, random_below(&r, 5) * 16, &a);
			break;
		case 3:
			deliver(&stub_vcpus[a.value & 1]);
			break;
		case 4:
			vlapic_eoi(&stub_vcpus[a.value & 1]);
			break;
		default:
			pin((u32)random_below(&r, VIOAPIC_PINS), a.value & 1);
		}
		check_invariants();
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(registers_read_back),
		cmocka_unit_test(edges_fire_once_and_are_lost_while_masked),
		cmocka_unit_test(levels_fire_until_they_fall),
		cmocka_unit_test(eoi_register_ends_by_vector),
		cmocka_unit_test(level_waits_for_a_taker),
		cmocka_unit_test(lowest_priority_and_nmi),
		cmocka_unit_test(isa_lines_reach_both_controllers),
		cmocka_unit_test(random_accesses_keep_the_invariants),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
