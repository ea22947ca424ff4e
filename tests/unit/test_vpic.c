/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/* sources: tests/unit/irq_stubs.c */

/* The pair of 8259As: initialisation, priorities, every way to end an interrupt, polling, levels,
 * spurious interrupts, and random accesses. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "irq_stubs.h"
#include "random.h"

#define MASTER	 0x20
#define SLAVE	 0xa0
#define EOI	 0x20
#define READ_IRR 0x0a
#define READ_ISR 0x0b

static struct vcpu *const cpu0 = &stub_vcpus[0];

/* As PC firmware and systems do it: vectors 0x20 and 0x28, nothing masked. */
static void setup_with(u8 icw4)
{
	irq_setup(1);
	for (u16 port = MASTER; port <= SLAVE; port += SLAVE - MASTER) {
		pic_out(port, 0x11);
		pic_out(port + 1, port == MASTER ? 0x20 : 0x28);
		pic_out(port + 1, port == MASTER ? 4 : 2);
		pic_out(port + 1, icw4);
	}
}

static void setup(void)
{
	setup_with(1);
}

static void line(u32 n, bool level)
{
	spin_lock(&stub_vm.lock);
	vpic_set(&stub_vm, n, level);
	spin_unlock(&stub_vm.lock);
}

static void pulse(u32 n)
{
	line(n, true);
	line(n, false);
}

static u8 take(void)
{
	assert_true(vpic_pending(&stub_vm.pic));
	return vpic_take(&stub_vm);
}

static u8 read_register(u16 port, u8 which)
{
	pic_out(port, which);
	return pic_in(port);
}

static void initialises_word_by_word(void **state)
{
	(void)state;
	irq_setup(1);
	pulse(3);
	assert_false(vpic_pending(&stub_vm.pic)); /* masked at power-on */
	pic_out(MASTER + 1, 0x00);
	assert_true(vpic_pending(&stub_vm.pic));
	pic_out(MASTER, 0x11);
	assert_false(vpic_pending(&stub_vm.pic)); /* latched edges are gone */
	pulse(3);
	pic_out(MASTER + 1, 0x45); /* the low three bits do not count */
	pic_out(MASTER + 1, 0xff);
	assert_false(vpic_pending(&stub_vm.pic)); /* not before the last word */
	pic_out(MASTER + 1, 0x01);
	assert_int_equal(pic_in(MASTER + 1), 0);
	assert_int_equal(take(), 0x43);
	pic_out(MASTER, 0x12); /* alone and without ICW4: one word more */
	pic_out(MASTER + 1, 0x50);
	pic_out(MASTER + 1, 0xfe);
	assert_int_equal(pic_in(MASTER + 1), 0xfe);
}

static void lines_go_by_priority(void **state)
{
	(void)state;
	setup();
	pulse(6);
	assert_int_equal(take_events(cpu0), VCPU_EVENT_IRQ);
	pulse(1);
	assert_int_equal(take_events(cpu0), 0); /* the output was high already */
	assert_int_equal(take(), 0x21);
	assert_false(vpic_pending(&stub_vm.pic));
	assert_int_equal(read_register(MASTER, READ_ISR), 1 << 1);
	assert_int_equal(read_register(MASTER, READ_IRR), 1 << 6);
	pulse(0);
	assert_int_equal(take_events(cpu0), VCPU_EVENT_IRQ);
	assert_int_equal(take(), 0x20);
	pic_out(MASTER, EOI);
	pic_out(MASTER, EOI);
	assert_int_equal(take_events(cpu0), VCPU_EVENT_IRQ);
	assert_int_equal(take(), 0x26);
}

static void slave_comes_through_line_2(void **state)
{
	(void)state;
	setup();
	pulse(12);
	pulse(8);
	pulse(3);
	assert_int_equal(take(), 0x28);
	assert_int_equal(read_register(MASTER, READ_ISR), 1 << 2);
	assert_int_equal(read_register(SLAVE, READ_ISR), 1 << 0);
	pic_out(SLAVE, EOI);
	pic_out(MASTER, EOI);
	assert_int_equal(take(), 0x2c);
	pic_out(MASTER, EOI); /* the wrong way round works too */
	pic_out(SLAVE, EOI);
	assert_int_equal(take(), 0x23);
	pic_out(MASTER, EOI);
	assert_false(vpic_pending(&stub_vm.pic));
}

static void slave_nests_in_special_fully_nested_mode(void **state)
{
	(void)state;
	setup();
	pulse(12);
	assert_int_equal(take(), 0x2c);
	pulse(9);
	assert_false(vpic_pending(&stub_vm.pic)); /* line 2 is in service */

	setup_with(0x11);
	pulse(12);
	assert_int_equal(take(), 0x2c);
	pulse(3);
	assert_false(vpic_pending(&stub_vm.pic)); /* below line 2 */
	pulse(9);
	assert_int_equal(take(), 0x29);
	pic_out(SLAVE, EOI);
	pic_out(SLAVE, EOI);
	pic_out(MASTER, EOI);
	assert_int_equal(take(), 0x23);
	pulse(3);
	assert_false(vpic_pending(&stub_vm.pic)); /* no other line nests with itself */
}

static void ends_as_told(void **state)
{
	(void)state;
	setup();
	pulse(5);
	take();
	pulse(4);
	take();
	pic_out(MASTER, 0x65); /* specific: the lower one first */
	assert_int_equal(read_register(MASTER, READ_ISR), 1 << 4);
	pic_out(MASTER, 0xa0); /* rotate on EOI: 4 is the lowest now, 5 the highest */
	pulse(4);
	pulse(0);
	pulse(5);
	assert_int_equal(take(), 0x25);
	pic_out(MASTER, 0xe5); /* rotate on specific EOI: 6, 7, 0 ... 5 */
	assert_int_equal(take(), 0x20);
	pic_out(MASTER, EOI);
	pic_out(MASTER, 0xc3); /* set priority: 4 is the highest */
	pulse(0);
	assert_int_equal(take(), 0x24);
	pic_out(MASTER, 0x40); /* no operation */
	assert_int_equal(read_register(MASTER, READ_ISR), 1 << 4);
}

static void automatic_end_and_rotation(void **state)
{
	(void)state;
	setup_with(3);
	pulse(1);
	pulse(3);
	assert_int_equal(take(), 0x21);
	assert_int_equal(read_register(MASTER, READ_ISR), 0);
	assert_int_equal(take(), 0x23);
	pic_out(MASTER, 0x80); /* rotate in automatic EOI mode */
	pulse(1);
	pulse(4);
	assert_int_equal(take(), 0x21); /* 1 is the lowest now */
	pulse(1);
	assert_int_equal(take(), 0x24);
	assert_int_equal(take(), 0x21);
	pic_out(MASTER, 0x00);
	pulse(0);
	pulse(1);
	assert_int_equal(take(), 0x20);
	assert_int_equal(take(), 0x21);
	pulse(12);
	pulse(8);
	assert_int_equal(take(), 0x28); /* the slave asks again at once */
	assert_int_equal(take(), 0x2c);
}

static void special_mask_lets_lower_ones_in(void **state)
{
	(void)state;
	setup();
	pulse(1);
	take();
	pulse(6);
	assert_false(vpic_pending(&stub_vm.pic));
	pic_out(MASTER + 1, 1 << 1);
	assert_false(vpic_pending(&stub_vm.pic));
	pic_out(MASTER, 0x68);
	assert_int_equal(take(), 0x26);
	pic_out(MASTER, EOI); /* spares the masked one */
	assert_int_equal(read_register(MASTER, READ_ISR), 1 << 1);
	pic_out(MASTER, 0x48);
	pic_out(MASTER, EOI);
	assert_int_equal(read_register(MASTER, READ_ISR), 0);
}

static void polling_acknowledges(void **state)
{
	(void)state;
	setup();
	pic_out(MASTER, 0x0c);
	assert_int_equal(pic_in(MASTER), 0);
	pulse(5);
	pic_out(MASTER, 0x0c);
	assert_int_equal(pic_in(MASTER), 0x85);
	pic_out(MASTER + 1, 0x80);
	assert_int_equal(pic_in(MASTER + 1), 0x80); /* one poll, one answer */
	pic_out(MASTER + 1, 0);
	assert_false(vpic_pending(&stub_vm.pic));
	assert_int_equal(read_register(MASTER, READ_ISR), 1 << 5);
	pulse(10);
	pic_out(MASTER, 0x0c);
	assert_int_equal(pic_in(MASTER + 1), 0x82);
	pic_out(SLAVE, 0x0c);
	assert_int_equal(pic_in(SLAVE), 0x82);
	pic_out(SLAVE, EOI);
	pic_out(MASTER, EOI);
	pulse(10);
	assert_int_equal(take(), 0x2a);
}

static void levels_last_and_edges_are_latched(void **state)
{
	(void)state;
	setup();
	pic_out(0x4d0, 0xff);
	pic_out(0x4d1, 0xff);
	assert_int_equal(pic_in(0x4d0), 0xf8);
	assert_int_equal(pic_in(0x4d1), 0xde);
	line(10, true);
	assert_int_equal(take(), 0x2a);
	pic_out(SLAVE, EOI);
	pic_out(MASTER, EOI);
	assert_int_equal(take(), 0x2a); /* still high */
	line(10, false);
	pic_out(SLAVE, EOI);
	pic_out(MASTER, EOI);
	assert_false(vpic_pending(&stub_vm.pic));
	line(8, true);
	take();
	pic_out(SLAVE, EOI);
	pic_out(MASTER, EOI);
	assert_false(vpic_pending(&stub_vm.pic)); /* an edge counts once */
	line(8, true);
	assert_false(vpic_pending(&stub_vm.pic));
}

static void requests_that_vanish_are_spurious(void **state)
{
	(void)state;
	setup();
	pic_out(0x4d0, 0xf8);
	pic_out(0x4d1, 0xde);
	line(5, true);
	line(5, false);
	assert_false(vpic_pending(&stub_vm.pic));
	assert_int_equal(vpic_take(&stub_vm), 0x27);
	assert_int_equal(read_register(MASTER, READ_ISR), 0);
	line(11, true);
	line(11, false); /* the master has latched the slave's request */
	assert_int_equal(take(), 0x2f);
	assert_int_equal(read_register(SLAVE, READ_ISR), 0);
	assert_int_equal(read_register(MASTER, READ_ISR), 1 << 2);
}

static void wide_access_is_two_ports(void **state)
{
	struct access a = { .addr = MASTER, .value = 0xa50b, .count = 1, .size = 2, .write = true };

	(void)state;
	setup();
	pulse(1);
	take();
	vpic_pio(&stub_vm, &a);
	a = (struct access){ .addr = MASTER, .value = ~0ULL, .count = 1, .size = 2 };
	vpic_pio(&stub_vm, &a);
	assert_int_equal(a.value, 0xa502);
}

static void check_invariants(const struct vpic *p)
{
	for (u32 i = 0; i < 2; i++) {
		assert_true(p->chip[i].priority < 8);
		assert_false(p->chip[i].vector_base & 7);
		assert_int_equal(p->chip[i].elcr & (i ? 0x21 : 0x07), 0);
		assert_int_equal(p->chip[i].irr & p->chip[i].elcr,
				 p->chip[i].lines & p->chip[i].elcr);
	}
	assert_true(!p->output || (p->chip[0].irr & ~p->chip[0].imr));
	assert_int_equal(stub_vm.lock.next, stub_vm.lock.owner);
}

static void random_accesses_keep_the_invariants(void **state)
{
	static const u16 ports[] = { 0x20, 0x21, 0xa0, 0xa1, 0x4d0, 0x4d1 };
	struct random r = random_seeded("vpic");
	bool was = false;

	(void)state;
	setup();
	for (u64 i = 0; i < test_rounds(500000); i++) {
		u16 port = ports[random_below(&r, ARRAY_SIZE(ports))];
		u32 n = (u32)random_below(&r, 16);

		switch (random_below(&r, 6)) {
		case 0:
		case 1:
			pic_out(port, (u8)random_next(&r));
			break;
		case 2:
			pic_in(port);
			break;
		case 3:
			was = false;
			vpic_take(&stub_vm);
			break;
		default:
			if (n != 2)
				line(n, random_next(&r) & 1);
		}
		check_invariants(&stub_vm.pic);
		if (take_events(cpu0) & VCPU_EVENT_IRQ)
			was = true;
		assert_true(was || !stub_vm.pic.output); /* no rise goes untold */
		was = was && stub_vm.pic.output;
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(initialises_word_by_word),
		cmocka_unit_test(lines_go_by_priority),
		cmocka_unit_test(slave_comes_through_line_2),
		cmocka_unit_test(slave_nests_in_special_fully_nested_mode),
		cmocka_unit_test(ends_as_told),
		cmocka_unit_test(automatic_end_and_rotation),
		cmocka_unit_test(special_mask_lets_lower_ones_in),
		cmocka_unit_test(polling_acknowledges),
		cmocka_unit_test(levels_last_and_edges_are_latched),
		cmocka_unit_test(requests_that_vanish_are_spurious),
		cmocka_unit_test(wide_access_is_two_ports),
		cmocka_unit_test(random_accesses_keep_the_invariants),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
