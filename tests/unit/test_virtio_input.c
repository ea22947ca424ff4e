/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/* sources: dm/devices/virtio_queue*.c dm/devices/virtio_pci*.c */
/* sources: dm/devices/virtio_input.c dm/devices/virtio_input_config.c dm/input.c */
/* sources: dm/devices/virtio_console.c dm/devices/uart.c */
/* sources: tests/unit/virtio_stubs.c tests/unit/virtq_driver.c tests/unit/dm_stubs.c */

/*
 * Keyboard, tablet and console as their drivers see them, and which device input goes to.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "dm/devices.h"
#include "dm/devices/uart.h"
#include "dm/devices/virtio_console.h"
#include "dm/devices/virtio_input.h"
#include "dm/input.h"
#include "dm_stubs.h"
#include "virtio_stubs.h"
#include "virtq_driver.h"

enum { NAME = 1, SERIAL = 2, IDS = 3, EVENTS = 0x11, AXIS = 0x12 };
enum { KEY = 1, REL = 2, ABS = 3, LED = 0x11, REP = 0x14 };

struct event {
	u16 type, code;
	u32 value;
};

static struct dm_device *d, *serial;
static struct dm_vm *const vm = &dm_vms[0];

/* The device under test, and the serial port. */
struct dm_device *devices_find(struct dm_vm *guest, const struct dm_device_ops *ops)
{
	(void)guest;
	if (d && d->ops == ops)
		return d;
	return serial && serial->ops == ops ? serial : NULL;
}

static int setup(void **state)
{
	static struct dm_device port;
	static u8 port_state[UART_TEXT + 4096];

	(void)state;
	dm_stubs_setup(0);
	dm_stubs.info.config.vms[0].input = INPUT_PS2 | INPUT_TABLET | INPUT_KEYBOARD;
	memset(port_state, 0, sizeof(port_state));
	port = (struct dm_device){ .ops = &uart_ops, .vm = vm, .state = port_state };
	serial = &port;
	uart_ops.reset(serial);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	d = NULL;
	driver_stop();
	dm_stubs_teardown();
	return 0;
}

/* Drives queue `queue` of the device, nothing of the others. */
static void drive(const struct dm_device_ops *ops, u16 queue, bool packed)
{
	if (!d || d->ops != ops)
		d = dm_stubs_device(ops);
	driver_start(packed, false, 64);
	virtio_stub_drive(d, packed ? VIRTIO_F_RING_PACKED : 0, queue, 64,
			  (u64[]){ DRIVER_DESC, DRIVER_AVAIL, DRIVER_USED });
}

/* Buffers of `len` bytes each for what comes. */
static void offer(u32 count, u32 len)
{
	for (u32 i = 0; i < count; i++)
		driver_offer(0, len, len > 1);
	d->ops->doorbell(d, 0);
}

static bool next(struct event *e)
{
	u32 len;

	if (driver_collect(&len) < 0)
		return false;
	assert_int_equal(len, 8);
	memcpy(e, driver.ram + DRIVER_DATA, 8);
	return true;
}

static u32 config(u8 select, u8 subsel, u8 *data)
{
	virtio_stub_write(d, VIRTIO_BAR, VIRTIO_DEVICE, 1, select);
	virtio_stub_write(d, VIRTIO_BAR, VIRTIO_DEVICE + 1, 1, subsel);
	for (u32 i = 0; data && i < 128; i++)
		data[i] = (u8)virtio_stub_read(d, VIRTIO_BAR, VIRTIO_DEVICE + 8 + i, 1);
	return (u32)virtio_stub_read(d, VIRTIO_BAR, VIRTIO_DEVICE + 2, 1);
}

static bool has(const u8 *bits, u32 bit)
{
	return bits[bit / 8] & BIT(bit % 8);
}

static void keyboard_tells_of_itself(void **state)
{
	u8 data[128];

	(void)state;
	drive(&virtio_keyboard_ops, 0, false);
	assert_int_equal(config(NAME, 0, data), 14);
	assert_memory_equal(data, "Oriel keyboard", 15);
	assert_int_equal(config(IDS, 0, data), 8);
	assert_int_equal(config(EVENTS, KEY, data), 16);
	assert_true(has(data, 1) && has(data, 88) && has(data, 86) && has(data, 97) &&
		    has(data, 119) && has(data, 127));
	assert_false(has(data, 0) || has(data, 84) || has(data, 85) || has(data, 120));
	assert_int_equal(config(EVENTS, LED, data), 1);
	assert_int_equal(data[0], 7);
	assert_int_equal(config(EVENTS, REP, NULL), 1);
	assert_int_equal(config(EVENTS, ABS, NULL), 0);
	assert_int_equal(config(EVENTS, REL, NULL), 0);
	assert_int_equal(config(AXIS, 0, NULL), 0);
	for (u32 select = 0; select < 256; select++) /* all else is empty, not wild */
		for (u32 subsel = 0; subsel < 256; subsel++)
			assert_in_range(config((u8)select, (u8)subsel, NULL), 0, 128);
}

static void tablet_tells_of_itself(void **state)
{
	static const u32 axis[] = { 0, 32767, 0, 0, 0 };
	u8 data[128];

	(void)state;
	drive(&virtio_tablet_ops, 0, false);
	assert_int_equal(config(NAME, 0, data), 12);
	assert_int_equal(config(EVENTS, KEY, data), 0x112 / 8 + 1);
	assert_true(has(data, 0x110) && has(data, 0x111) && has(data, 0x112));
	assert_false(has(data, 0x10f) || has(data, 0x113) || has(data, 1));
	assert_int_equal(config(EVENTS, ABS, data), 1);
	assert_int_equal(data[0], 3);
	assert_int_equal(config(EVENTS, REL, data), 2);
	assert_int_equal(data[1], 1);
	assert_int_equal(config(EVENTS, LED, NULL), 0);
	for (u8 i = 0; i < 2; i++) {
		assert_int_equal(config(AXIS, i, data), 20);
		assert_memory_equal(data, axis, 20);
	}
	assert_int_equal(config(AXIS, 2, NULL), 0);
}

static void expect(u16 type, u16 code, u32 value)
{
	struct event e;

	assert_true(next(&e));
	assert_int_equal(e.type, type);
	assert_int_equal(e.code, code);
	assert_int_equal(e.value, value);
}

/* All segments of a chain lie on the same bytes, so the buffers are looked at one by one. */
static void keys_reach_the_driver(void **state)
{
	struct event e;

	(void)state;
	assert_true(input_key(vm, KEY_ESC, true)); /* no driver yet: to the controller */
	assert_int_equal(dm_stubs.keys, 1);
	for (u32 packed = 0; packed < 2; packed++) {
		drive(&virtio_keyboard_ops, 0, packed);
		assert_true(input_key_ready(vm));
		assert_true(input_key(vm, KEY_RIGHT_ALT, true));
		assert_false(input_key_ready(vm)); /* it has given no buffers */
		offer(1, 8);
		expect(KEY, 100, 1);
		assert_false(input_key_ready(vm));
		offer(1, 8);
		expect(0, 0, 0);
		assert_true(input_key_ready(vm));
		assert_true(input_key(vm, KEY_PAUSE, true));
		assert_true(input_key(vm, KEY_PAUSE, false));
		for (u32 i = 0; i < 4; i++) {
			offer(1, 8);
			expect(i & 1 ? 0 : KEY, i & 1 ? 0 : 119, i == 0);
		}
		assert_false(next(&e));
		assert_false(input_key(vm, 0x5a, true)); /* no such key */
	}
	assert_int_equal(dm_stubs.keys, 1);
	for (u32 i = 0; i < 31; i++)
		assert_true(input_key(vm, 2, !(i & 1)));
	assert_false(input_key(vm, 2, true)); /* it reads nothing */
}

static void restarts_keep_what_waits(void **state)
{
	(void)state;
	drive(&virtio_keyboard_ops, 0, false);
	assert_true(input_key(vm, KEY_ENTER, true));
	assert_int_equal(d->ops->create(d), 0);
	assert_int_equal(d->ops->adopt(d), 0);
	d->ops->timer(d);
	offer(1, 8);
	expect(KEY, 28, 1);
	virtio_stub_set(d, 20, 1, 0);
	assert_int_equal(d->ops->adopt(d), 0);
	memset(d->state, 0xff, d->ops->state_size);
	assert_int_equal(d->ops->adopt(d), -EINVAL);
}

static void positions_reach_the_driver(void **state)
{
	struct event e;

	(void)state;
	input_pointer(vm, 0, 5, 5, 10, 10, 0, 0);
	assert_int_equal(dm_stubs.pointer.calls, 1); /* to the mouse */
	drive(&virtio_tablet_ops, 0, false);
	input_pointer(vm, 0, 9, 0, 10, 10, 0, 0); /* waits */
	input_pointer(vm, 0, 99, 5, 10, 10, 0, 1);
	offer(1, 8);
	assert_true(next(&e));
	while (next(&e))
		;
	offer(1, 8);
	while (next(&e))
		offer(1, 8);
	input_pointer(vm, 0, 0, 9, 10, 10, INPUT_LEFT | INPUT_RIGHT, -2);
	expect(ABS, 0, 0);
	offer(1, 8);
	expect(ABS, 1, 32767);
	offer(1, 8);
	expect(KEY, 0x110, 1);
	offer(1, 8);
	expect(KEY, 0x111, 1);
	offer(1, 8);
	expect(REL, 8, (u32)-2);
	offer(1, 8);
	expect(0, 0, 0);
	offer(1, 8);
	assert_false(next(&e));
	input_pointer(vm, 0, 0, 9, 10, 10, INPUT_LEFT | INPUT_RIGHT, 0); /* nothing new */
	assert_false(next(&e));
	assert_int_equal(dm_stubs.pointer.calls, 1);
	/* Motion does not pile up, and clicks are not lost while there is room. */
	for (u32 i = 0; i < 1000; i++)
		input_pointer(vm, 0, i % 10, 0, 10, 10, i / 500 ? 0 : INPUT_MIDDLE, 0);
}

static void text_comes_and_goes(void **state)
{
	static const char hello[] = "hello";
	char text[16];
	u64 at = 0;
	u32 len;

	(void)state;
	drive(&virtio_console_ops, 1, false);
	memcpy(driver.ram + DRIVER_DATA, hello, 5);
	driver_offer(5, 0, false);
	d->ops->doorbell(d, 1);
	assert_int_equal(driver_collect(&len) >= 0, true);
	assert_int_equal(uart_text_read(vm, &at, text, sizeof(text)), 5);
	assert_memory_equal(text, hello, 5);
	virtio_stub_write(d, VIRTIO_BAR, VIRTIO_DEVICE + 8, 4, '!'); /* an emergency */
	assert_int_equal(uart_text_read(vm, &at, text, sizeof(text)), 1);
	assert_int_equal(text[0], '!');
	assert_true(uart_text_elsewhere(vm));
	assert_false(input_text(vm, 'x')); /* the receive queue is off */
	drive(&virtio_console_ops, 0, true);
	assert_true(input_text(vm, 'a'));
	assert_true(input_text(vm, 'b'));
	offer(1, 4);
	assert_true(driver_collect(&len) >= 0);
	assert_int_equal(len, 2);
	assert_memory_equal(driver.ram + DRIVER_DATA, "ab", 2);
	for (u32 i = 0; i < 256; i++)
		assert_true(input_text(vm, (u8)i));
	assert_false(input_text(vm, 'x'));
	for (u32 got = 0; got < 256; got += len) {
		offer(1, 4);
		assert_true(driver_collect(&len) >= 0);
		assert_in_range(len, 1, 4); /* fewer where its ring begins again */
		assert_int_equal(driver.ram[DRIVER_DATA], got);
	}
	dm_stubs_out(serial, 0x3f8, 1, '#'); /* the serial port speaks */
	assert_true(input_text(vm, 'y'));
	assert_int_equal(dm_stubs_in(serial, 0x3fd, 1) & 1, 1);
	assert_false(input_text(vm, 'z')); /* one byte at a time without its FIFO */
	assert_int_equal(dm_stubs_in(serial, 0x3f8, 1), 'y');
	assert_true(input_text(vm, 'z'));
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(keyboard_tells_of_itself),	  CASE(tablet_tells_of_itself),
		CASE(keys_reach_the_driver),	  CASE(restarts_keep_what_waits),
		CASE(positions_reach_the_driver), CASE(text_comes_and_goes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
