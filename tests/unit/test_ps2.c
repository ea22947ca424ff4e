/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/* sources: dm/devices/i8042.c dm/devices/ps2_keyboard.c dm/devices/ps2_mouse.c */
/* sources: dm/remote/keys.c tests/unit/dm_stubs.c */

/* The keyboard controller with keyboard and mouse as drivers use them, and keys as people write
 * them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "dm/devices.h"
#include "dm/devices/keys.h"
#include "dm/remote/keys.h"
#include "dm_stubs.h"
#include "random.h"

static struct dm_device *d;

/* The controller finds itself among the guest's devices. */
struct dm_device *devices_find(struct dm_vm *vm, const struct dm_device_ops *ops)
{
	(void)vm;
	return d && d->ops == ops ? d : NULL;
}

static int setup(void **state)
{
	(void)state;
	dm_stubs_setup(0);
	dm_stubs.info.config.vms[0].input = INPUT_PS2;
	d = dm_stubs_device(&i8042_ops);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	dm_stubs_teardown();
	return 0;
}

static u8 status(void)
{
	return (u8)dm_stubs_in(d, 0x64, 1);
}

static void controller(u8 value)
{
	dm_stubs_out(d, 0x64, 1, value);
}

static void send(u8 value)
{
	dm_stubs_out(d, 0x60, 1, value);
}

static void to_mouse(u8 value)
{
	controller(0xd4);
	send(value);
}

/* Nothing but these bytes, all from the keyboard (or all from the mouse). */
static void expect(const char *bytes, size_t len, u8 from)
{
	for (size_t i = 0; i < len; i++) {
		assert_int_equal(status() & 0x21, 0x01 | from);
		assert_int_equal(dm_stubs_in(d, 0x60, 1), (u8)bytes[i]);
	}
	assert_int_equal(status() & 1, 0);
}
#define EXPECT(bytes)	    expect(bytes, sizeof(bytes) - 1, 0)
#define EXPECT_MOUSE(bytes) expect(bytes, sizeof(bytes) - 1, 0x20)

static void write_command_byte(u8 value)
{
	controller(0x60);
	send(value);
}

static void keyboard_answers_commands(void **state)
{
	(void)state;
	write_command_byte(0x00); /* no translation */
	send(0xff);
	EXPECT("\xfa\xaa");
	send(0xf2);
	EXPECT("\xfa\xab\x83");
	send(0xee);
	EXPECT("\xee");
	send(0xed);
	EXPECT("\xfa");
	send(0x05);
	EXPECT("\xfa");
	assert_int_equal(i8042_leds(d->vm), 5);
	send(0xf3);
	send(0x20);
	EXPECT("\xfa\xfa");
	send(0xf0);
	send(0x00);
	EXPECT("\xfa\xfa\x02");
	send(0xf0);
	send(0x03); /* not known */
	EXPECT("\xfa\xfe");
	send(0x7f); /* no command */
	EXPECT("\xfe");
	send(0xfe); /* once more */
	EXPECT("\xfe");
}

static void identity_is_translated(void **state)
{
	(void)state;
	send(0xf2);
	EXPECT("\xfa\xab\x41");
}

static void keys_are_reported_in_either_set(void **state)
{
	(void)state;
	assert_true(i8042_key(d->vm, KEY_ENTER, true));
	assert_true(i8042_key(d->vm, KEY_ENTER, false));
	assert_true(i8042_key(d->vm, KEY_UP, true));
	assert_true(i8042_key(d->vm, KEY_UP, false));
	EXPECT("\x1c\x9c\xe0\x48\xe0\xc8");
	write_command_byte(0x01);
	assert_true(i8042_key(d->vm, KEY_ENTER, true));
	assert_true(i8042_key(d->vm, KEY_ENTER, false));
	assert_true(i8042_key(d->vm, KEY_UP, false));
	EXPECT("\x5a\xf0\x5a\xe0\xf0\x75");
	i8042_key(d->vm, KEY_PAUSE, true);
	i8042_key(d->vm, KEY_PAUSE, false);
	EXPECT("\xe1\x14\x77\xe1\xf0\x14\xf0\x77");
	i8042_key(d->vm, KEY_PRINT, true);
	i8042_key(d->vm, KEY_PRINT, false);
	EXPECT("\xe0\x12\xe0\x7c\xe0\xf0\x7c\xe0\xf0\x12");
	send(0xf0);
	send(0x01);
	EXPECT("\xfa\xfa");
	i8042_key(d->vm, KEY_F12, true);
	i8042_key(d->vm, KEY_F12, false);
	EXPECT("\x58\xd8");
}

/* Every key survives the way through set 2 and the translation. */
static void translation_gives_set_1_back(void **state)
{
	u32 known = 0;

	(void)state;
	for (u16 key = 1; key < 0x80; key++) {
		assert_true(i8042_key(d->vm, key, true));
		if (!(status() & 1))
			continue;
		assert_int_equal(dm_stubs_in(d, 0x60, 1), key);
		assert_true(i8042_key(d->vm, key, false));
		assert_int_equal(dm_stubs_in(d, 0x60, 1), key | 0x80);
		known++;
	}
	assert_true(known > 100);
}

static void interrupts_follow_the_command_byte(void **state)
{
	(void)state;
	i8042_key(d->vm, KEY_TAB, true);
	assert_int_equal(dm_stubs.irq[1], 0);
	write_command_byte(0x43);
	assert_int_equal(dm_stubs.irq[1], 1);
	EXPECT("\x0f");
	assert_int_equal(dm_stubs.irq[1], 0);
	to_mouse(0xf2);
	assert_int_equal(dm_stubs.irq[12], 1);
	EXPECT_MOUSE("\xfa\x00");
	assert_int_equal(dm_stubs.irq[12], 0);
}

static void disabled_keyboard_keeps_its_keys(void **state)
{
	(void)state;
	controller(0xad);
	i8042_key(d->vm, KEY_ESC, true);
	assert_int_equal(status() & 1, 0);
	assert_false(i8042_ready(d->vm));
	controller(0xae);
	EXPECT("\x01");
	assert_true(i8042_ready(d->vm));
	send(0xf5);
	EXPECT("\xfa");
	assert_false(i8042_key(d->vm, KEY_ESC, true));
	send(0xf4);
	EXPECT("\xfa");
	assert_true(i8042_key(d->vm, KEY_ESC, true));
}

static void mouse_answers_commands(void **state)
{
	(void)state;
	to_mouse(0xff);
	EXPECT_MOUSE("\xfa\xaa\x00");
	to_mouse(0xe8);
	to_mouse(0x03);
	EXPECT_MOUSE("\xfa\xfa");
	to_mouse(0xf3);
	to_mouse(200);
	EXPECT_MOUSE("\xfa\xfa");
	to_mouse(0xf4);
	EXPECT_MOUSE("\xfa");
	to_mouse(0xe9);
	EXPECT_MOUSE("\xfa\x20\x03\xc8");
	to_mouse(0xeb);
	EXPECT_MOUSE("\xfa\x08\x00\x00");
	to_mouse(0x01);
	EXPECT_MOUSE("\xfe");
}

static void mouse_reports_motion_and_buttons(void **state)
{
	(void)state;
	i8042_pointer(d->vm, 5, 5, 0, 0); /* not wanted yet */
	to_mouse(0xf4);
	EXPECT_MOUSE("\xfa");
	i8042_pointer(d->vm, 3, 4, 0, 0);
	EXPECT_MOUSE("\x28\x03\xfc");
	i8042_pointer(d->vm, -300, 0, 1, 5); /* more than one packet holds; it has no wheel */
	EXPECT_MOUSE("\x19\x01\x00\x19\xd3\x00");
	i8042_pointer(d->vm, 0, 0, 0, 0);
	EXPECT_MOUSE("\x08\x00\x00");
	/* Clicks that the guest has not read yet stay apart; motion adds up. */
	for (u32 i = 0; i < 4; i++)
		i8042_pointer(d->vm, 1, 0, i & 1 ? 0 : 6, 0);
	i8042_pointer(d->vm, 7, 0, 0, 0);
	i8042_pointer(d->vm, 7, 0, 0, 0);
	EXPECT_MOUSE("\x0e\x01\x00\x08\x01\x00\x0e\x01\x00\x08\x01\x00\x08\x0e\x00");
	to_mouse(0xf0);
	EXPECT_MOUSE("\xfa");
	i8042_pointer(d->vm, 2, 0, 1, 0);
	assert_int_equal(status() & 1, 0);
	to_mouse(0xe9);
	EXPECT_MOUSE("\xfa\x64\x02\x64");
	to_mouse(0xeb);
	EXPECT_MOUSE("\xfa\x09\x02\x00");
}

static void mouse_has_a_wheel_for_drivers_that_ask(void **state)
{
	static const u8 rates[] = { 200, 100, 80 };

	(void)state;
	for (u32 i = 0; i < sizeof(rates); i++) {
		to_mouse(0xf3);
		to_mouse(rates[i]);
		EXPECT_MOUSE("\xfa\xfa");
	}
	to_mouse(0xf2);
	EXPECT_MOUSE("\xfa\x03");
	to_mouse(0xf4);
	EXPECT_MOUSE("\xfa");
	i8042_pointer(d->vm, 0, 0, 0, 1);
	EXPECT_MOUSE("\x08\x00\x00\xff");
	i8042_pointer(d->vm, 0, 0, 0, -9);
	EXPECT_MOUSE("\x08\x00\x00\x07\x08\x00\x00\x02");
	to_mouse(0xff);
	EXPECT_MOUSE("\xfa\xaa\x00");
	to_mouse(0xf2);
	EXPECT_MOUSE("\xfa\x00");
}

static void controller_answers_commands(void **state)
{
	(void)state;
	controller(0xaa);
	EXPECT("\x55");
	controller(0xab);
	EXPECT("\x00");
	controller(0xa9);
	EXPECT("\x00");
	controller(0xd0);
	EXPECT("\x03");
	controller(0xd2);
	send(0x99);
	EXPECT("\x99");
	controller(0xd3);
	controller(0xa8);
	controller(0xd3);
	send(0x77);
	EXPECT_MOUSE("\x77");
	controller(0xa7); /* how Linux looks for a mouse port */
	controller(0xd3);
	send(0x5a);
	EXPECT_MOUSE("\x5a");
	controller(0xfe);
	assert_int_equal(dm_stubs.resets, 1);
}

static void nothing_is_plugged_in_without_ps2(void **state)
{
	(void)state;
	dm_stubs.info.config.vms[0].input = 0;
	send(0xf2);
	to_mouse(0xf2);
	assert_int_equal(status() & 1, 0);
	assert_false(i8042_key(d->vm, KEY_ESC, true));
}

static void any_access_does_no_harm(void **state)
{
	struct random r = random_seeded("ps2");

	(void)state;
	for (u32 i = 0; i < 200000; i++) {
		u64 what = random_below(&r, 8);

		if (random_below(&r, 16) == 0)
			i8042_pointer(d->vm, (s32)random_next(&r), (s32)random_next(&r),
				      (u32)random_next(&r), (s32)random_next(&r));
		if (what == 0)
			i8042_key(d->vm, (u16)random_below(&r, KEY_COUNT), random_below(&r, 2));
		else if (what < 4)
			dm_stubs_in(d, what == 1 ? 0x64 : 0x60, 1);
		else
			dm_stubs_out(d, what == 4 ? 0x64 : 0x60, 1, random_next(&r));
		assert_int_equal(d->ops->adopt(d), 0);
	}
}

/* ---- keys as written ---- */

static void one(const char *word, u16 key, u8 modifiers)
{
	struct keys_stroke s;

	assert_int_equal(keys_parse(word, &s, 1), 1);
	assert_int_equal(s.key, key);
	assert_int_equal(s.modifiers, modifiers);
}

static void names_are_known(void **state)
{
	struct keys_stroke s;
	static const char *const bad[] = { "", "f0", "f13", "f1x", "ctrl-", "nokey", "-", "\"a" };

	(void)state;
	one("ret", KEY_ENTER, 0);
	one("f1", KEY_F1, 0);
	one("f10", KEY_F1 + 9, 0);
	one("f12", KEY_F12, 0);
	one("ctrl-alt-delete", KEY_DELETE, KEYS_CTRL | KEYS_ALT);
	one("alt-f4", KEY_F1 + 3, KEYS_ALT);
	one("ctrl-x", 0x2d, KEYS_CTRL);
	one("shift-tab", KEY_TAB, KEYS_SHIFT);
	one("A", 0x1e, KEYS_SHIFT);
	one("ctrl", KEY_LEFT_CTRL, 0);
	for (u32 i = 0; i < ARRAY_SIZE(bad); i++)
		if (strcmp(bad[i], "-") != 0)
			assert_int_equal(keys_parse(bad[i], &s, 1), -EINVAL);
	assert_int_equal(keys_parse("ret", &s, 0), -ENOSPC);
}

static void text_is_typed(void **state)
{
	struct keys_stroke s[8];

	(void)state;
	assert_int_equal(keys_parse("\"a B\\\"\"", s, 8), 4);
	assert_int_equal(s[0].key, 0x1e);
	assert_int_equal(s[1].key, KEY_SPACE);
	assert_int_equal(s[2].key, 0x30);
	assert_int_equal(s[2].modifiers, KEYS_SHIFT);
	assert_int_equal(s[3].key, 0x28);
	assert_int_equal(keys_parse("\"abc\"", s, 2), -ENOSPC);
	assert_int_equal(keys_parse("\"\"", s, 2), 0);
	assert_int_equal(keys_parse("\"\x80\"", s, 2), -EINVAL);
}

static void modifiers_go_down_first_and_up_last(void **state)
{
	struct keys_stroke s = { KEY_DELETE, KEYS_CTRL | KEYS_ALT };
	static const u16 keys[] = { KEY_LEFT_CTRL, KEY_LEFT_ALT, KEY_DELETE,
				    KEY_DELETE,	   KEY_LEFT_ALT, KEY_LEFT_CTRL };
	bool down;
	u16 key;

	(void)state;
	for (u32 i = 0; i < 6; i++) {
		assert_true(keys_event(&s, i, &key, &down));
		assert_int_equal(key, keys[i]);
		assert_int_equal(down, i < 3);
	}
	assert_false(keys_event(&s, 6, &key, &down));
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(keyboard_answers_commands),
		CASE(identity_is_translated),
		CASE(keys_are_reported_in_either_set),
		CASE(translation_gives_set_1_back),
		CASE(interrupts_follow_the_command_byte),
		CASE(disabled_keyboard_keeps_its_keys),
		CASE(mouse_answers_commands),
		CASE(mouse_reports_motion_and_buttons),
		CASE(mouse_has_a_wheel_for_drivers_that_ask),
		CASE(controller_answers_commands),
		CASE(nothing_is_plugged_in_without_ps2),
		CASE(any_access_does_no_harm),
		CASE(names_are_known),
		CASE(text_is_typed),
		CASE(modifiers_go_down_first_and_up_last),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
