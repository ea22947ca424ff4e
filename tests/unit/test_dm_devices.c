/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/* sources: dm/devices/uart.c dm/devices/pm.c dm/devices/i8042.c dm/devices/rtc.c */
/* sources: dm/devices/ps2_keyboard.c dm/devices/ps2_mouse.c */
/* sources: dm/devices/calendar.c dm/devices/post.c tests/unit/dm_stubs.c */

/* The small PC devices, as drivers use them, and with any access at all. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <time.h>
#include <cmocka.h>

#include "dm/devices.h"
#include "dm/devices/calendar.h"
#include "dm/devices/uart.h"
#include "dm/runtime.h"
#include "dm_stubs.h"
#include "random.h"

#define COM 0x3f8

static int setup(void **state)
{
	(void)state;
	dm_stubs_setup(0);
	dm_stubs.info.config.vms[0].memory = MIB(64);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	dm_stubs_teardown();
	return 0;
}

/* ---- UART --------------------------------------------------------------------------------------
 */

static void uart_is_found_by_probing(void **state)
{
	struct dm_device *d = dm_stubs_device(&uart_ops);

	(void)state;
	dm_stubs_out(d, COM + 7, 1, 0xa5);
	assert_int_equal(dm_stubs_in(d, COM + 7, 1), 0xa5);
	dm_stubs_out(d, COM + 1, 1, 0xff);
	assert_int_equal(dm_stubs_in(d, COM + 1, 1), 0x0f);
	dm_stubs_out(d, COM + 1, 1, 0);
	dm_stubs_out(d, COM + 4, 1, 0x1a); /* loop, OUT2, RTS */
	assert_int_equal(dm_stubs_in(d, COM + 6, 1) & 0xf0, 0x90);
	dm_stubs_out(d, COM + 4, 1, 0x0b);
	assert_int_equal(dm_stubs_in(d, COM + 6, 1) & 0xf0, 0xb0);
	dm_stubs_out(d, COM + 2, 1, 0x01);
	assert_int_equal(dm_stubs_in(d, COM + 2, 1), 0xc1);
	dm_stubs_out(d, COM + 2, 1, 0x00);
	assert_int_equal(dm_stubs_in(d, COM + 2, 1), 0x01);
	dm_stubs_out(d, COM + 3, 1, 0x83);
	dm_stubs_out(d, COM, 1, 1);
	dm_stubs_out(d, COM + 1, 1, 2);
	assert_int_equal(dm_stubs_in(d, COM, 1), 1);
	assert_int_equal(dm_stubs_in(d, COM + 1, 1), 2);
	dm_stubs_out(d, COM + 3, 1, 3);
	assert_int_equal(dm_stubs_in(d, COM + 1, 1), 0);
	assert_int_equal(dm_stubs_in(d, COM + 5, 1), 0x60);
}

static void uart_sends_with_interrupts(void **state)
{
	struct dm_device *d = dm_stubs_device(&uart_ops);
	char text[8];
	u64 at = 0;

	(void)state;
	dm_stubs_out(d, COM + 4, 1, 0x0b);
	dm_stubs_out(d, COM + 1, 1, 0x02);
	assert_int_equal(dm_stubs.irq[4], 1);
	assert_int_equal(dm_stubs_in(d, COM + 2, 1) & 0x0f, 0x02);
	assert_int_equal(dm_stubs.irq[4], 0);
	assert_int_equal(dm_stubs_in(d, COM + 2, 1) & 0x0f, 0x01);
	dm_stubs_out(d, COM, 1, 'h');
	dm_stubs_out(d, COM, 1, 'i');
	assert_int_equal(dm_stubs.irq[4], 1);
	assert_int_equal(dm_stubs_in(d, COM + 2, 1) & 0x0f, 0x02);
	assert_int_equal(dm_stubs.irq[4], 0);
	assert_int_equal(uart_text_read(d->vm, &at, text, sizeof(text)), 2);
	assert_memory_equal(text, "hi", 2);
	/* OUT2 off disconnects the line. */
	dm_stubs_out(d, COM, 1, 'x');
	dm_stubs_out(d, COM + 4, 1, 0x03);
	assert_int_equal(dm_stubs.irq[4], 0);
}

static void uart_loops_back(void **state)
{
	struct dm_device *d = dm_stubs_device(&uart_ops);

	(void)state;
	dm_stubs_out(d, COM + 2, 1, 0x81); /* FIFO, trigger at 8 */
	dm_stubs_out(d, COM + 1, 1, 0x05);
	dm_stubs_out(d, COM + 4, 1, 0x10);
	for (u32 i = 0; i < 7; i++)
		dm_stubs_out(d, COM, 1, i);
	assert_int_equal(dm_stubs_in(d, COM + 2, 1), 0xcc);
	dm_stubs_out(d, COM, 1, 7);
	assert_int_equal(dm_stubs_in(d, COM + 2, 1), 0xc4);
	for (u32 i = 8; i < 18; i++)
		dm_stubs_out(d, COM, 1, i);
	assert_int_equal(dm_stubs_in(d, COM + 2, 1), 0xc6); /* overrun first */
	assert_int_equal(dm_stubs_in(d, COM + 5, 1), 0x63);
	assert_int_equal(dm_stubs_in(d, COM + 5, 1), 0x61);
	for (u32 i = 0; i < 16; i++)
		assert_int_equal(dm_stubs_in(d, COM, 1), i);
	assert_int_equal(dm_stubs_in(d, COM + 5, 1), 0x60);
	assert_int_equal(uart_text_end(d->vm), 0);
}

static void uart_text_ring_keeps_the_last(void **state)
{
	struct dm_device *d = dm_stubs_device(&uart_ops);
	u64 at = 0;
	char c;

	(void)state;
	for (u32 i = 0; i < UART_TEXT + 10; i++)
		dm_stubs_out(d, COM, 1, 'a' + i % 26);
	assert_int_equal(uart_text_read(d->vm, &at, &c, 1), 1);
	assert_int_equal(at, 11);
	assert_int_equal(c, 'a' + 10);
	d->ops->reset(d);
	assert_int_equal(uart_text_end(d->vm), UART_TEXT + 10);
}

static void uart_adoption_checks_its_state(void **state)
{
	struct dm_device *d = dm_stubs_device(&uart_ops);
	u8 *bytes = d->state;

	(void)state;
	assert_int_equal(d->ops->adopt(d), 0);
	memset(bytes, 0xff, d->ops->state_size);
	assert_true(d->ops->adopt(d) < 0);
}

/* ---- PM, 8042
 * ------------------------------------------------------------------------------------ */

static void pm_powers_off_and_resets(void **state)
{
	struct dm_device *d = dm_stubs_device(&pm_ops);

	(void)state;
	assert_int_equal(dm_stubs_in(d, 0x604, 2), 1);
	dm_stubs_out(d, 0x602, 2, 0xffff);
	assert_int_equal(dm_stubs_in(d, 0x602, 2), 0x4721);
	assert_int_equal(dm_stubs_in(d, 0x600, 4), 0x47210000);
	dm_stubs_out(d, 0x604, 2, 5 << 10); /* the type alone does nothing */
	dm_stubs_out(d, 0x604, 2, 4 << 10 | 0x2000);
	assert_int_equal(dm_stubs.stops, 0);
	dm_stubs_out(d, 0x604, 2, 5 << 10 | 0x2000);
	assert_int_equal(dm_stubs.stops, 1);
	dm_stubs_out(d, 0xcf9, 1, 2);
	assert_int_equal(dm_stubs.resets, 0);
	dm_stubs_out(d, 0xcf9, 1, 6);
	assert_int_equal(dm_stubs.resets, 1);
	dm_stubs_out(d, 0x620, 8, ~0ULL);
	assert_int_equal(dm_stubs_in(d, 0x620, 8), 0);
	dm_stubs_out(d, 0x628, 8, 0x1234);
	assert_int_equal(dm_stubs_in(d, 0x628, 8), 0x1234);
}

static void i8042_tests_itself_and_resets(void **state)
{
	struct dm_device *d = dm_stubs_device(&i8042_ops);

	(void)state;
	assert_int_equal(dm_stubs_in(d, 0x64, 1) & 3, 0);
	dm_stubs_out(d, 0x64, 1, 0xaa);
	assert_int_equal(dm_stubs_in(d, 0x64, 1) & 1, 1);
	assert_int_equal(dm_stubs_in(d, 0x60, 1), 0x55);
	assert_int_equal(dm_stubs_in(d, 0x64, 1) & 1, 0);
	dm_stubs_out(d, 0x64, 1, 0x60);
	dm_stubs_out(d, 0x60, 1, 0x47);
	dm_stubs_out(d, 0x64, 1, 0x20);
	assert_int_equal(dm_stubs_in(d, 0x60, 1), 0x47);
	dm_stubs_out(d, 0x60, 1, 0xf2); /* to a keyboard that is not there */
	assert_int_equal(dm_stubs_in(d, 0x64, 1) & 1, 0);
	dm_stubs_out(d, 0x64, 1, 0xff);
	assert_int_equal(dm_stubs.resets, 0);
	dm_stubs_out(d, 0x64, 1, 0xfe);
	assert_int_equal(dm_stubs.resets, 1);
}

/* ---- RTC
 * ----------------------------------------------------------------------------------------- */

static u8 cmos_read(struct dm_device *d, u8 index)
{
	dm_stubs_out(d, 0x70, 1, index);
	return (u8)dm_stubs_in(d, 0x71, 1);
}

static void cmos_write(struct dm_device *d, u8 index, u8 value)
{
	dm_stubs_out(d, 0x70, 1, index | 0x80u);
	dm_stubs_out(d, 0x71, 1, value);
}

static void calendar_agrees_with_libc(void **state)
{
	(void)state;
	for (s64 t = 0; t < 253402300800LL; t += 86400LL * 13 + 3607) {
		time_t libc = (time_t)t;
		struct tm tm;
		struct calendar c = calendar_from_unix(t);

		gmtime_r(&libc, &tm);
		assert_int_equal(c.year, tm.tm_year + 1900);
		assert_int_equal(c.month, tm.tm_mon + 1);
		assert_int_equal(c.day, tm.tm_mday);
		assert_int_equal(c.hour, tm.tm_hour);
		assert_int_equal(c.minute, tm.tm_min);
		assert_int_equal(c.second, tm.tm_sec);
		assert_int_equal(c.weekday, tm.tm_wday);
		assert_int_equal(calendar_to_unix(&c), t);
	}
}

static void rtc_tells_the_time(void **state)
{
	struct dm_device *d = dm_stubs_device(&rtc_ops);

	(void)state;
	/* 1700000001 is Tuesday 2023-11-14 22:13:21 */
	assert_int_equal(cmos_read(d, 0), 0x21);
	assert_int_equal(cmos_read(d, 2), 0x13);
	assert_int_equal(cmos_read(d, 4), 0x22);
	assert_int_equal(cmos_read(d, 6), 0x03);
	assert_int_equal(cmos_read(d, 7), 0x14);
	assert_int_equal(cmos_read(d, 8), 0x11);
	assert_int_equal(cmos_read(d, 9), 0x23);
	assert_int_equal(cmos_read(d, 0x32), 0x20);
	assert_int_equal(cmos_read(d, 0x0d), 0x80);
	cmos_write(d, 0x0b, 0x04); /* binary, 12 hours */
	assert_int_equal(cmos_read(d, 4), 0x8a);
	assert_int_equal(cmos_read(d, 9), 23);
	dm_stubs.now += 5 * STUB_HZ;
	assert_int_equal(cmos_read(d, 0), 26);
	dm_stubs.now += STUB_HZ - STUB_HZ / 10000;
	assert_int_equal(cmos_read(d, 0x0a), 0xa6);
	dm_stubs.now += STUB_HZ / 1000;
	assert_int_equal(cmos_read(d, 0x0a), 0x26);
}

static void rtc_is_set(void **state)
{
	struct dm_device *d = dm_stubs_device(&rtc_ops);

	(void)state;
	cmos_write(d, 0x0b, 0x86); /* SET, binary, 24 hours */
	/* The 31st comes before the month that has one. */
	cmos_write(d, 7, 31);
	cmos_write(d, 8, 1);
	cmos_write(d, 9, 25);
	cmos_write(d, 4, 23);
	cmos_write(d, 2, 59);
	cmos_write(d, 0, 58);
	dm_stubs.now += 10 * STUB_HZ;
	assert_int_equal(cmos_read(d, 0), 58);
	cmos_write(d, 0x0b, 0x06);
	dm_stubs.now += 3 * STUB_HZ;
	assert_int_equal(cmos_read(d, 0), 1);
	assert_int_equal(cmos_read(d, 4), 0);
	assert_int_equal(cmos_read(d, 7), 1);
	assert_int_equal(cmos_read(d, 8), 2);
	assert_int_equal(cmos_read(d, 9), 25);
	d->ops->reset(d);
	assert_int_equal(cmos_read(d, 9), 0x25);
}

static void run_timer(struct dm_device *d, u64 until)
{
	while (d->deadline <= until) {
		dm_stubs.now = MAX(dm_stubs.now, d->deadline);
		d->ops->timer(d);
	}
	dm_stubs.now = until;
}

static void rtc_interrupts(void **state)
{
	struct dm_device *d = dm_stubs_device(&rtc_ops);

	(void)state;
	assert_true(d->deadline == DM_NO_DEADLINE);
	cmos_read(d, 0x0c);
	cmos_write(d, 0x0b, 0x12); /* update-ended */
	run_timer(d, dm_stubs.now + STUB_HZ * 3 / 2);
	assert_int_equal(dm_stubs.irq[8], 1);
	assert_int_equal(dm_stubs.irq_raised[8], 1);
	assert_int_equal(cmos_read(d, 0x0c) & 0x90, 0x90);
	assert_int_equal(dm_stubs.irq[8], 0);
	assert_int_equal(cmos_read(d, 0x0c) & 0x90, 0);
	cmos_write(d, 0x0b, 0x22); /* alarm at any hour and minute, second 30 */
	cmos_write(d, 1, 0x30);
	cmos_write(d, 3, 0xff);
	cmos_write(d, 5, 0xff);
	run_timer(d, dm_stubs.now + STUB_HZ * 6);
	assert_int_equal(dm_stubs.irq[8], 0);
	run_timer(d, dm_stubs.now + STUB_HZ * 3);
	assert_int_equal(dm_stubs.irq[8], 1);
	assert_int_equal(cmos_read(d, 0x0c) & 0xa0, 0xa0);
	cmos_write(d, 0x0b, 0x42); /* periodic at 1024 Hz */
	dm_stubs.irq_raised[8] = 0;
	for (u32 i = 0; i < 1024; i++) {
		run_timer(d, d->deadline);
		cmos_read(d, 0x0c);
	}
	assert_int_equal(dm_stubs.irq_raised[8], 1024);
	cmos_write(d, 0x0b, 0x02);
	assert_true(d->deadline == DM_NO_DEADLINE);
}

static void rtc_knows_memory_sizes(void **state)
{
	struct dm_device *d = dm_stubs_device(&rtc_ops);

	(void)state;
	assert_int_equal(cmos_read(d, 0x15) | cmos_read(d, 0x16) << 8, 640);
	assert_int_equal(cmos_read(d, 0x34) | cmos_read(d, 0x35) << 8, 48 * 16);
}

/* ---- Anything goes
 * -------------------------------------------------------------------------------- */

static void any_access_does_no_harm(void **state)
{
	static const struct dm_device_ops *const all[] = { &uart_ops, &pm_ops, &i8042_ops, &rtc_ops,
							   &post_ops };
	static const u16 ports[] = { 0x3f8, 0x600, 0x60, 0x70, 0x80 };
	struct random r = random_seeded("devices");

	(void)state;
	for (u32 kind = 0; kind < ARRAY_SIZE(all); kind++) {
		struct dm_device *d = dm_stubs_device(all[kind]);

		for (u32 i = 0; i < 20000; i++) {
			u16 port = (u16)(ports[kind] + random_below(&r, 0x30));
			u8 size = (u8)(1u << random_below(&r, 3));

			dm_stubs.now += random_below(&r, STUB_HZ);
			if (random_below(&r, 2))
				dm_stubs_out(d, port, size, random_next(&r));
			else
				dm_stubs_in(d, port, size);
			if (d->deadline <= dm_stubs.now)
				d->ops->timer(d);
		}
		if (d->ops->adopt)
			assert_int_equal(d->ops->adopt(d), 0);
	}
}

int main(void)
{
#define CASE(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		CASE(uart_is_found_by_probing),
		CASE(uart_sends_with_interrupts),
		CASE(uart_loops_back),
		CASE(uart_text_ring_keeps_the_last),
		CASE(uart_adoption_checks_its_state),
		CASE(pm_powers_off_and_resets),
		CASE(i8042_tests_itself_and_resets),
		CASE(calendar_agrees_with_libc),
		CASE(rtc_tells_the_time),
		CASE(rtc_is_set),
		CASE(rtc_interrupts),
		CASE(rtc_knows_memory_sizes),
		CASE(any_access_does_no_harm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
