/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/* sources: tests/unit/irq_stubs.c */

/* The 8254 in all modes, port 0x61, the PM timer; random accesses. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "irq_stubs.h"
#include "random.h"

#define CONTROL	    0x43
#define SPEAKER	    0x61
#define NO_DEADLINE ~0ULL

static struct vcpu *const cpu0 = &stub_vcpus[0];

/* Line 0 unmasked at the IOAPIC as vector 0x30. */
static void setup(void)
{
	irq_setup(1);
	enable_lapics(true);
	ioapic_pin(2, 0x30);
	take_events(cpu0);
}

/* To the TSC at which that many clocks have passed since `from`. */
static void at_clock(u64 from, u64 clocks)
{
	stub_now = from + (clocks * STUB_HZ + VPIT_HZ - 1) / VPIT_HZ;
}

static void program(u32 channel, u32 mode, u16 count)
{
	pit_out(CONTROL, (u8)(channel << 6 | 3 << 4 | mode << 1));
	pit_out((u16)(0x40 + channel), (u8)count);
	pit_out((u16)(0x40 + channel), (u8)(count >> 8));
}

static u16 read16(u32 channel)
{
	u16 low = pit_in((u16)(0x40 + channel));

	return (u16)(low | pit_in((u16)(0x40 + channel)) << 8);
}

static u16 latched_count(u32 channel)
{
	pit_out(CONTROL, (u8)(channel << 6));
	return read16(channel);
}

static u8 status(u32 channel)
{
	pit_out(CONTROL, (u8)(0xe0 | 2 << channel));
	return pit_in((u16)(0x40 + channel));
}

static bool output2(void)
{
	return pit_in(SPEAKER) & 0x20;
}

/* Timer interrupts delivered in the next `ns`. */
static u32 ticks_in(u64 ns)
{
	u64 before = cpu0->counters[STAT_TIMER_TICKS], end = stub_now + ns * 5 / 2;
	u32 ticks = 0;

	while (stub_vm.pit.deadline <= end) {
		stub_now = MAX(stub_now, stub_vm.pit.deadline);
		vpit_timer(&stub_vm, stub_now);
		assert_true(stub_vm.pit.deadline > stub_now);
		if (deliver(cpu0) == 0x30) {
			vlapic_eoi(cpu0);
			ticks++;
		}
	}
	stub_now = end;
	assert_int_equal(cpu0->counters[STAT_TIMER_TICKS] - before, ticks);
	return ticks;
}

static void periodic_modes_tick(void **state)
{
	(void)state;
	for (u32 mode = 2; mode <= 3; mode++) {
		u64 start;

		setup();
		start = stub_now;
		program(0, mode, 11932); /* 100 Hz */
		assert_true(take_events(cpu0) & VCPU_EVENT_TIMER);
		assert_int_equal(ticks_in(1000000000), 99);
		assert_int_equal(ticks_in(1000000), 1); /* 11932 is a little slow */
		at_clock(start, 150 * 11932ULL + 10);	/* many missed: one */
		assert_int_equal(ticks_in(0), 1);
		assert_true(stub_vm.pit.deadline - stub_now < STUB_HZ / 100);
	}
	setup();
	program(0, 2, 0); /* 65536: 18.2 Hz */
	assert_int_equal(ticks_in(10000000000), 182);
}

static void one_shot_modes_fire_once(void **state)
{
	(void)state;
	for (u32 mode = 0; mode <= 4; mode += 4) {
		setup();
		program(0, mode, 1000);
		assert_int_equal(ticks_in(830000), 0);
		assert_int_equal(ticks_in(100000000), 1);
		assert_int_equal(stub_vm.pit.deadline, NO_DEADLINE);
		program(0, mode, 1000);
		ticks_in(500000);
		pit_out(0x40, 0xe8);
		pit_out(0x40, 0x03); /* starts anew */
		assert_int_equal(ticks_in(500000), 0);
		assert_int_equal(ticks_in(500000), 1);
	}
	program(0, 0, 1000);
	pit_out(0x40, 0xe8); /* half a count stops mode 0 */
	assert_int_equal(ticks_in(10000000), 0);
	assert_false(status(0) & 0x80);
	pit_out(0x40, 0x03);
	assert_int_equal(ticks_in(10000000), 1);
	assert_true(status(0) & 0x80);
}

static void gated_modes_never_fire_on_channel_0(void **state)
{
	(void)state;
	setup();
	program(0, 1, 1000);
	assert_int_equal(stub_vm.pit.deadline, NO_DEADLINE);
	program(0, 5, 1000);
	assert_int_equal(stub_vm.pit.deadline, NO_DEADLINE);
	pit_out(CONTROL, 0x34); /* no count yet */
	assert_int_equal(stub_vm.pit.deadline, NO_DEADLINE);
}

static void masked_line_costs_no_wakeups(void **state)
{
	(void)state;
	setup();
	ioapic_pin(2, 0x10030);
	program(0, 2, 11932);
	assert_int_equal(stub_vm.pit.deadline, NO_DEADLINE);
	stub_now += STUB_HZ;
	take_events(cpu0);
	ioapic_pin(2, 0x30);
	assert_true(take_events(cpu0) & VCPU_EVENT_TIMER);
	assert_int_equal(deliver(cpu0), -1); /* the edges before are lost */
	assert_true(stub_vm.pit.deadline - stub_now < STUB_HZ / 100 + 1);
	ioapic_pin(2, 0x10030);
	assert_int_equal(ticks_in(100000000), 0);
	assert_int_equal(stub_vm.pit.deadline, NO_DEADLINE);
	stub_vm.pic.chip[0].irr = 0;
	stub_now += STUB_HZ;
	pic_out(0x21, 0xfe); /* the 8259 has latched one */
	assert_true(stub_vm.pic.chip[0].irr & 1);
	assert_true(vpic_pending(&stub_vm.pic));
	assert_true(stub_vm.pit.deadline != NO_DEADLINE);
}

static void fast_channel_cannot_starve_its_guest(void **state)
{
	(void)state;
	for (u16 count = 1; count < 5; count++) {
		u32 ticks;

		setup();
		program(0, 2, count);
		ticks = ticks_in(10000000);
		assert_true(ticks > 800 && ticks <= 1000);
	}
}

static void counts_read_in_every_mode(void **state)
{
	u64 start;

	(void)state;
	setup();
	start = stub_now;
	program(0, 2, 1000);
	at_clock(start, 1);
	assert_int_equal(latched_count(0), 999);
	at_clock(start, 2999);
	assert_int_equal(latched_count(0), 1);
	at_clock(start, 3000);
	assert_int_equal(latched_count(0), 1000);
	start = stub_now;
	program(0, 3, 1000); /* by two, twice a period */
	at_clock(start, 499);
	assert_int_equal(latched_count(0), 2);
	at_clock(start, 500);
	assert_int_equal(latched_count(0), 1000);
	start = stub_now;
	program(0, 0, 1000);
	at_clock(start, 1001);
	assert_int_equal(latched_count(0), 0xffff); /* goes on below zero */
	start = stub_now;
	pit_out(CONTROL, 0x31); /* mode 0, BCD */
	pit_out(0x40, 0x00);
	pit_out(0x40, 0x10); /* 1000 */
	at_clock(start, 1);
	assert_int_equal(latched_count(0), 0x0999);
	at_clock(start, 1001);
	assert_int_equal(latched_count(0), 0x9999);
}

static void latches_hold_until_read(void **state)
{
	u64 start;

	(void)state;
	setup();
	start = stub_now;
	program(0, 2, 5000);
	at_clock(start, 100);
	pit_out(CONTROL, 0x00);
	at_clock(start, 200);
	pit_out(CONTROL, 0x00); /* ignored: one is latched */
	assert_int_equal(read16(0), 4900);
	assert_int_equal(read16(0), 4800); /* live */
	pit_out(CONTROL, 0xc2);		   /* read back: count and status */
	at_clock(start, 300);
	assert_int_equal(pit_in(0x40), 0x80 | 3 << 4 | 2 << 1);
	assert_int_equal(read16(0), 4800);
	pit_out(CONTROL, 0xde); /* counts of all three */
	assert_int_equal(read16(0), 4700);
	assert_int_equal(pit_in(CONTROL), 0xff);
	pit_out(CONTROL, 0x14); /* low byte only */
	pit_out(0x40, 0x40);
	assert_int_equal(pit_in(0x40), 0x40);
	assert_int_equal(pit_in(0x40), 0x40);
	pit_out(CONTROL, 0x24); /* high byte only */
	pit_out(0x40, 0x40);
	pit_out(CONTROL, 0x00);
	assert_int_equal(pit_in(0x40), 0x40);
}

static void new_count_waits_for_the_period(void **state)
{
	u64 start;

	(void)state;
	setup();
	start = stub_now;
	pit_out(CONTROL, 0x34);
	assert_true(status(0) & 0x40); /* null count */
	pit_out(0x40, 0xe8);
	pit_out(0x40, 0x03); /* 1000 */
	assert_false(status(0) & 0x40);
	at_clock(start, 2500);
	ticks_in(0);
	pit_out(0x40, 0xd0);
	pit_out(0x40, 0x07); /* 2000, from clock 3000 on */
	assert_true(status(0) & 0x40);
	assert_int_equal(latched_count(0), 500);
	at_clock(start, 3001);
	stub_now += 2; /* each takeover rounds by less than one tick of the TSC */
	assert_int_equal(read16(0), 1999);
	assert_int_equal(ticks_in(0), 1); /* reading has not eaten the edge */
	assert_false(status(0) & 0x40);
	assert_int_equal(ticks_in(1600000), 0);
	assert_int_equal(ticks_in(100000), 1);
}

static void speaker_gates_channel_2(void **state)
{
	u64 start;

	(void)state;
	setup();
	program(2, 0, 1000); /* as Linux and firmware calibrate */
	stub_now += STUB_HZ / 100;
	assert_false(output2()); /* the gate is low */
	assert_int_equal(latched_count(2), 1000);
	start = stub_now;
	pit_out(SPEAKER, 0x01);
	at_clock(start, 999);
	assert_false(output2());
	at_clock(start, 1000);
	assert_true(output2());
	program(2, 0, 1000);
	start = stub_now;
	at_clock(start, 600);
	pit_out(SPEAKER, 0x00);
	stub_now += STUB_HZ;
	assert_int_equal(latched_count(2), 400);
	start = stub_now;
	pit_out(SPEAKER, 0x01);
	at_clock(start, 399);
	assert_false(output2());
	at_clock(start, 401);
	assert_true(output2());
	assert_int_equal(pit_in(SPEAKER) & 0x0f, 1);
}

static void triggers_start_modes_1_and_5(void **state)
{
	u64 start;

	(void)state;
	setup();
	program(2, 1, 1000);
	assert_true(output2());
	start = stub_now;
	pit_out(SPEAKER, 1);
	assert_false(output2());
	at_clock(start, 500);
	pit_out(SPEAKER, 0);
	pit_out(SPEAKER, 1); /* again from the start */
	at_clock(start, 1400);
	assert_false(output2());
	at_clock(start, 1501);
	assert_true(output2());
	program(2, 5, 1000);
	pit_out(SPEAKER, 0);
	start = stub_now;
	pit_out(SPEAKER, 1);
	assert_true(output2());
	at_clock(start, 1000);
	assert_false(output2()); /* a strobe of one clock */
	at_clock(start, 1001);
	assert_true(output2());
}

static void square_wave_and_rate_outputs(void **state)
{
	u64 start;

	(void)state;
	setup();
	pit_out(SPEAKER, 3);
	start = stub_now;
	program(2, 3, 11); /* odd: high one clock longer */
	for (u32 clock = 0; clock < 33; clock++) {
		at_clock(start, clock);
		assert_int_equal(output2(), clock % 11 < 6);
	}
	start = stub_now;
	program(2, 2, 10);
	for (u32 clock = 0; clock < 33; clock++) {
		at_clock(start, clock);
		assert_int_equal(output2(), clock % 10 != 9);
	}
	pit_out(SPEAKER, 2);
	assert_true(output2());
	start = stub_now;
	pit_out(SPEAKER, 3); /* the gate's rise starts anew */
	at_clock(start, 9);
	assert_false(output2());
}

static void refresh_bit_toggles(void **state)
{
	u32 toggles = 0;
	u8 last;

	(void)state;
	setup();
	last = pit_in(SPEAKER) & 0x10;
	for (u32 us = 0; us < 1500; us++) {
		stub_now += STUB_HZ / 1000000;
		toggles += (pit_in(SPEAKER) & 0x10) != last;
		last = pit_in(SPEAKER) & 0x10;
	}
	assert_in_range(toggles, 95, 105);
}

static void pm_timer_counts(void **state)
{
	struct access a = { .addr = GUEST_PM_BASE + 8, .value = ~0ULL, .count = 1, .size = 4 };

	(void)state;
	setup();
	stub_now += STUB_HZ;
	assert_int_equal(pmtimer_pio(&stub_vm, &a), TRAP_DONE);
	assert_int_equal(a.value, PMTIMER_HZ);
	a.write = true;
	a.value = 0;
	assert_int_equal(pmtimer_pio(&stub_vm, &a), TRAP_DONE);
	a = (struct access){ .addr = GUEST_PM_BASE + 10, .count = 1, .size = 1 };
	pmtimer_pio(&stub_vm, &a);
	assert_int_equal((u8)a.value, (u8)(PMTIMER_HZ >> 16));
	stub_now = stub_vm.start_tsc + 2000 * STUB_HZ; /* wraps at 32 bits */
	a = (struct access){ .addr = GUEST_PM_BASE + 8, .count = 1, .size = 4 };
	pmtimer_pio(&stub_vm, &a);
	assert_int_equal(a.value, (u32)(2000 * PMTIMER_HZ));
}

static void random_accesses_keep_the_invariants(void **state)
{
	static const u16 ports[] = { 0x40, 0x41, 0x42, 0x43, 0x43, 0x61 };
	struct random r = random_seeded("vpit");
	const struct vpit *p = &stub_vm.pit;

	(void)state;
	setup();
	for (u64 i = 0; i < test_rounds(500000); i++) {
		u16 port = ports[random_below(&r, ARRAY_SIZE(ports))];

		stub_now += random_below(&r, 3) ? random_below(&r, 100000) : 0;
		if (stub_now >= p->deadline && random_below(&r, 4)) {
			vpit_timer(&stub_vm, stub_now);
			assert_true(p->deadline > stub_now);
		}
		if (random_below(&r, 3))
			pit_out(port, (u8)random_next(&r));
		else
			pit_in(port);
		if (!random_below(&r, 20))
			ioapic_pin(2, random_next(&r) & 1 ? 0x30 : 0x10030);
		for (u32 c = 0; c < 3; c++) {
			assert_in_range(p->channel[c].reload, 1, 65536);
			assert_in_range(p->channel[c].access, 1, 3);
			assert_true(p->channel[c].mode <= 5 && p->channel[c].start <= stub_now);
		}
		assert_true(p->channel[0].gate && p->channel[1].gate);
		assert_int_equal(stub_vm.lock.next, stub_vm.lock.owner);
		deliver(cpu0);
		vlapic_eoi(cpu0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(periodic_modes_tick),
		cmocka_unit_test(one_shot_modes_fire_once),
		cmocka_unit_test(gated_modes_never_fire_on_channel_0),
		cmocka_unit_test(masked_line_costs_no_wakeups),
		cmocka_unit_test(fast_channel_cannot_starve_its_guest),
		cmocka_unit_test(counts_read_in_every_mode),
		cmocka_unit_test(latches_hold_until_read),
		cmocka_unit_test(new_count_waits_for_the_period),
		cmocka_unit_test(speaker_gates_channel_2),
		cmocka_unit_test(triggers_start_modes_1_and_5),
		cmocka_unit_test(square_wave_and_rate_outputs),
		cmocka_unit_test(refresh_bit_toggles),
		cmocka_unit_test(pm_timer_counts),
		cmocka_unit_test(random_accesses_keep_the_invariants),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
