/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/* sources: dm/input.c tests/unit/dm_stubs.c */

/* Which of a guest's devices gets keys and pointers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "dm/input.h"
#include "dm_stubs.h"

static int setup(void **state)
{
	(void)state;
	dm_stubs_setup(0);
	dm_stubs.info.config.vms[0].input = INPUT_PS2;
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	dm_stubs_teardown();
	return 0;
}

static void expect_moved(u32 calls, s32 dx, s32 dy, u32 buttons, s32 wheel)
{
	assert_int_equal(dm_stubs.pointer.calls, calls);
	assert_int_equal(dm_stubs.pointer.dx, dx);
	assert_int_equal(dm_stubs.pointer.dy, dy);
	assert_int_equal(dm_stubs.pointer.buttons, buttons);
	assert_int_equal(dm_stubs.pointer.wheel, wheel);
}

static void keys_go_to_the_controller(void **state)
{
	(void)state;
	assert_true(input_has_keyboard(&dm_vms[0]));
	assert_true(input_key_ready(&dm_vms[0]));
	assert_true(input_key(&dm_vms[0], KEY_ESC, true));
	assert_int_equal(dm_stubs.last_key, KEY_ESC);
	assert_false(input_key(&dm_vms[0], KEY_COUNT, true));
	assert_int_equal(dm_stubs.keys, 1);
}

static void positions_become_motion(void **state)
{
	(void)state;
	input_pointer(&dm_vms[0], 0, 10, 20, 100, 100, 0, 0);
	expect_moved(1, 0, 0, 0, 0); /* the first one only says where it is */
	input_pointer(&dm_vms[0], 0, 15, 18, 100, 100, INPUT_RIGHT, 1);
	expect_moved(2, 5, -2, INPUT_RIGHT, 1);
	input_pointer(&dm_vms[0], 0, 0xffffffff, 0x80000000, 100, 100, 0, 0);
	expect_moved(3, 84, 81, 0, 0);
	input_pointer(&dm_vms[0], 1, 5, 5, 100, 100, 0, 0); /* another picture */
	expect_moved(4, 0, 0, 0, 0);
	input_pointer(&dm_vms[0], 1, 0, 0, 0, 100, 0, 0); /* none at all */
	assert_int_equal(dm_stubs.pointer.calls, 4);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(keys_go_to_the_controller),
		CASE(positions_become_motion),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
