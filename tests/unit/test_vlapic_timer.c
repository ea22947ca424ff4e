/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/* sources: tests/unit/irq_stubs.c */

/* The local APIC's timer in its three modes, and the multiplication that clocks rest on. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "irq_stubs.h"
#include "muldiv.h"
#include "random.h"

#define VECTOR	    0x50
#define TICKS(ns)   ((u64)(ns)*5 / 2) /* TSC at STUB_HZ */
#define NO_DEADLINE ~0ULL

static struct vcpu *const cpu0 = &stub_vcpus[0];
static struct vlapic *const lapic = &stub_vcpus[0].lapic;

static void setup(u32 lvt, u32 divide)
{
	irq_setup(1);
	enable_lapics(true);
	wrmsr(cpu0, REG_LVT + LVT_TIMER, lvt);
	wrmsr(cpu0, REG_TIMER_DIVIDE, divide);
}

static u64 tsc_deadline(void)
{
	u64 value;

	assert_int_equal(vlapic_rdmsr(cpu0, 0x6e0, &value), 0);
	return value;
}

static void set_tsc_deadline(u64 value)
{
	assert_int_equal(vlapic_wrmsr(cpu0, 0x6e0, value), 0);
}

static void one_shot_fires_once(void **state)
{
	(void)state;
	setup(VECTOR, 0xb); /* by 1 */
	wrmsr(cpu0, REG_TIMER_INITIAL, 1000);
	assert_int_equal(vlapic_deadline(lapic), stub_now + TICKS(1000));
	assert_int_equal(rdmsr(cpu0, REG_TIMER_CURRENT), 1000);
	run_for_ns(400);
	assert_int_equal(rdmsr(cpu0, REG_TIMER_CURRENT), 600);
	assert_int_equal(deliver(cpu0), -1);
	run_for_ns(600);
	assert_int_equal(deliver(cpu0), VECTOR);
	assert_int_equal(rdmsr(cpu0, REG_TIMER_CURRENT), 0);
	assert_int_equal(vlapic_deadline(lapic), NO_DEADLINE);
	vlapic_eoi(cpu0);
	run_for_ns(1000000);
	assert_int_equal(deliver(cpu0), -1);
	assert_int_equal(cpu0->counters[STAT_TIMER_TICKS], 1);
}

static void count_of_zero_stops(void **state)
{
	(void)state;
	setup(VECTOR | 0x20000, 0xb);
	wrmsr(cpu0, REG_TIMER_INITIAL, 100000);
	wrmsr(cpu0, REG_TIMER_INITIAL, 0);
	assert_int_equal(vlapic_deadline(lapic), NO_DEADLINE);
	assert_int_equal(rdmsr(cpu0, REG_TIMER_CURRENT), 0);
	run_for_ns(1000000);
	assert_int_equal(deliver(cpu0), -1);
}

static void every_divisor_divides(void **state)
{
	static const struct {
		u8 value, shift;
	} divisors[] = { { 0, 1 }, { 1, 2 }, { 2, 3 },	{ 3, 4 },
			 { 8, 5 }, { 9, 6 }, { 10, 7 }, { 11, 0 } };

	(void)state;
	for (u32 i = 0; i < ARRAY_SIZE(divisors); i++) {
		setup(VECTOR, divisors[i].value);
		wrmsr(cpu0, REG_TIMER_INITIAL, 0xffffffff);
		assert_int_equal(vlapic_deadline(lapic) - stub_now,
				 TICKS(0xffffffffULL << divisors[i].shift));
		assert_int_equal(rdmsr(cpu0, REG_TIMER_DIVIDE), divisors[i].value);
	}
}

static void periodic_keeps_its_phase(void **state)
{
	u64 first;

	(void)state;
	setup(VECTOR | 0x20000, 0xb);
	wrmsr(cpu0, REG_TIMER_INITIAL, 1000000);
	first = vlapic_deadline(lapic);
	run_for_ns(10000000);
	assert_int_equal(cpu0->counters[STAT_TIMER_TICKS], 10);
	assert_int_equal(vlapic_deadline(lapic), first + 10 * TICKS(1000000));
	assert_int_equal(deliver(cpu0), VECTOR);
	vlapic_eoi(cpu0);
	stub_now += TICKS(5300000); /* five periods missed: one interrupt */
	vlapic_timer(cpu0, stub_now);
	assert_int_equal(cpu0->counters[STAT_TIMER_TICKS], 11);
	assert_int_equal(vlapic_deadline(lapic), first + 15 * TICKS(1000000));
	assert_int_equal(rdmsr(cpu0, REG_TIMER_CURRENT), 700000);
}

static void periodic_cannot_starve_its_guest(void **state)
{
	(void)state;
	setup(VECTOR | 0x20000, 0xb);
	wrmsr(cpu0, REG_TIMER_INITIAL, 1);
	run_for_ns(1000000);
	assert_true(cpu0->counters[STAT_TIMER_TICKS] <= 100);
	assert_true(cpu0->counters[STAT_TIMER_TICKS] >= 90);
}

static void masked_timer_counts_without_wakeups(void **state)
{
	(void)state;
	setup(VECTOR | 0x20000, 0xb);
	wrmsr(cpu0, REG_TIMER_INITIAL, 1000000);
	wrmsr(cpu0, REG_LVT + LVT_TIMER, VECTOR | 0x30000);
	assert_int_equal(vlapic_deadline(lapic), NO_DEADLINE);
	run_for_ns(2500000);
	assert_int_equal(rdmsr(cpu0, REG_TIMER_CURRENT), 500000);
	wrmsr(cpu0, REG_LVT + LVT_TIMER, VECTOR | 0x20000);
	assert_int_equal(vlapic_deadline(lapic), stub_now + TICKS(500000));
	assert_int_equal(deliver(cpu0), -1);

	setup(VECTOR | 0x10000, 0xb); /* a one-shot that ends while masked is lost */
	wrmsr(cpu0, REG_TIMER_INITIAL, 1000000);
	run_for_ns(2000000);
	wrmsr(cpu0, REG_LVT + LVT_TIMER, VECTOR);
	assert_int_equal(vlapic_deadline(lapic), NO_DEADLINE);
}

static void divide_changes_under_way(void **state)
{
	(void)state;
	setup(VECTOR, 0xb);
	wrmsr(cpu0, REG_TIMER_INITIAL, 1000000);
	run_for_ns(400000);
	wrmsr(cpu0, REG_TIMER_DIVIDE, 0); /* by 2 */
	assert_int_equal(rdmsr(cpu0, REG_TIMER_CURRENT), 600000);
	assert_int_equal(vlapic_deadline(lapic), stub_now + TICKS(1200000));
	run_for_ns(1200000);
	assert_int_equal(deliver(cpu0), VECTOR);
	wrmsr(cpu0, REG_TIMER_DIVIDE, 0xb);
	assert_int_equal(vlapic_deadline(lapic), NO_DEADLINE);
	assert_int_equal(rdmsr(cpu0, REG_TIMER_CURRENT), 0);
}

static void due_expiry_survives_a_register_write(void **state)
{
	(void)state;
	setup(VECTOR, 0xb);
	wrmsr(cpu0, REG_TIMER_INITIAL, 1000);
	stub_now += TICKS(2000);
	wrmsr(cpu0, REG_LVT + LVT_TIMER, VECTOR | 0x10000);
	assert_int_equal(deliver(cpu0), VECTOR);
}

static void tsc_deadline_fires_and_reads_zero(void **state)
{
	(void)state;
	setup(VECTOR | 0x40000, 0xb);
	set_tsc_deadline(stub_now + 5000);
	assert_int_equal(vlapic_deadline(lapic), stub_now + 5000);
	assert_int_equal(tsc_deadline(), stub_now + 5000);
	wrmsr(cpu0, REG_TIMER_INITIAL, 7); /* ignored in this mode */
	assert_int_equal(rdmsr(cpu0, REG_TIMER_INITIAL), 0);
	assert_int_equal(rdmsr(cpu0, REG_TIMER_CURRENT), 0);
	run_for_ns(2000);
	assert_int_equal(deliver(cpu0), VECTOR);
	assert_int_equal(tsc_deadline(), 0);
	assert_int_equal(vlapic_deadline(lapic), NO_DEADLINE);
	vlapic_eoi(cpu0);
	set_tsc_deadline(stub_now - 1); /* the past: at once */
	assert_int_equal(deliver(cpu0), VECTOR);
	assert_int_equal(tsc_deadline(), 0);
	vlapic_eoi(cpu0);
	set_tsc_deadline(stub_now + 5000);
	set_tsc_deadline(0);
	assert_int_equal(vlapic_deadline(lapic), NO_DEADLINE);
	set_tsc_deadline(~0ULL);
	assert_int_equal(vlapic_deadline(lapic), NO_DEADLINE);
}

static void tsc_deadline_needs_its_mode(void **state)
{
	(void)state;
	setup(VECTOR, 0xb);
	set_tsc_deadline(stub_now + 5000);
	assert_int_equal(tsc_deadline(), 0);
	assert_int_equal(vlapic_deadline(lapic), NO_DEADLINE);
	wrmsr(cpu0, REG_TIMER_INITIAL, 1000);
	wrmsr(cpu0, REG_LVT + LVT_TIMER, VECTOR | 0x40000); /* a change of mode disarms */
	assert_int_equal(vlapic_deadline(lapic), NO_DEADLINE);
	set_tsc_deadline(stub_now + 5000);
	wrmsr(cpu0, REG_LVT + LVT_TIMER, VECTOR);
	assert_int_equal(vlapic_deadline(lapic), NO_DEADLINE);
	wrmsr(cpu0, REG_LVT + LVT_TIMER, VECTOR | 0x40000);
	assert_int_equal(tsc_deadline(), 0);
	wrmsr(cpu0, REG_LVT + LVT_TIMER, VECTOR | 0x60000); /* reserved: never fires */
	wrmsr(cpu0, REG_TIMER_INITIAL, 1000);
	assert_int_equal(vlapic_deadline(lapic), NO_DEADLINE);
}

static void tsc_deadline_while_masked_is_lost(void **state)
{
	(void)state;
	setup(VECTOR | 0x50000, 0xb);
	set_tsc_deadline(stub_now + 5000);
	assert_int_equal(vlapic_deadline(lapic), NO_DEADLINE);
	assert_int_equal(tsc_deadline(), stub_now + 5000);
	wrmsr(cpu0, REG_LVT + LVT_TIMER, VECTOR | 0x40000);
	assert_int_equal(vlapic_deadline(lapic), stub_now + 5000);
	wrmsr(cpu0, REG_LVT + LVT_TIMER, VECTOR | 0x50000);
	stub_now += 6000;
	wrmsr(cpu0, REG_LVT + LVT_TIMER, VECTOR | 0x40000);
	assert_int_equal(vlapic_deadline(lapic), NO_DEADLINE);
	assert_int_equal(deliver(cpu0), -1);
	assert_int_equal(tsc_deadline(), 0);
}

static void init_stops_the_timer(void **state)
{
	(void)state;
	setup(VECTOR | 0x40000, 0xb);
	set_tsc_deadline(stub_now + 5000);
	vlapic_init_signal(lapic);
	assert_int_equal(vlapic_deadline(lapic), NO_DEADLINE);
	assert_int_equal(tsc_deadline(), 0);
	assert_int_equal(rdmsr(cpu0, REG_ID), 0); /* still x2APIC */
	assert_int_equal(rdmsr(cpu0, REG_LDR), 1);
}

static void product_is_exact(void **state)
{
	struct random r = random_seeded("muldiv");

	(void)state;
	for (u64 i = 0; i < test_rounds(200000); i++) {
		u64 a = random_next(&r) >> random_below(&r, 64);
		u64 b = random_next(&r) >> random_below(&r, 64);
		u64 c = random_next(&r) >> random_below(&r, 64);
		unsigned __int128 exact = c ? (unsigned __int128)a * b / c : ~(unsigned __int128)0;

		assert_true(mul_div64(a, b, c) == (exact >> 64 ? ~0ULL : (u64)exact));
	}
	assert_true(mul_div64(~0ULL, ~0ULL, ~0ULL) == ~0ULL);
	assert_true(mul_div64(1, 1, 0) == ~0ULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_shot_fires_once),
		cmocka_unit_test(count_of_zero_stops),
		cmocka_unit_test(every_divisor_divides),
		cmocka_unit_test(periodic_keeps_its_phase),
		cmocka_unit_test(periodic_cannot_starve_its_guest),
		cmocka_unit_test(masked_timer_counts_without_wakeups),
		cmocka_unit_test(divide_changes_under_way),
		cmocka_unit_test(due_expiry_survives_a_register_write),
		cmocka_unit_test(tsc_deadline_fires_and_reads_zero),
		cmocka_unit_test(tsc_deadline_needs_its_mode),
		cmocka_unit_test(tsc_deadline_while_masked_is_lost),
		cmocka_unit_test(init_stops_the_timer),
		cmocka_unit_test(product_is_exact),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
