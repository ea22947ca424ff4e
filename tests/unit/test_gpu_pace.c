/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/* as: test_gpu */

/*
 * Flushes with a fence come back at the refresh rate, no faster, with a clock that the test turns.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include "display_stubs.h"

#define HZ 1000000ULL /* of the stub's clock */

static struct dm_device *dev;
static u32 answers; /* expected so far */

static u32 run(const void *request, u32 len)
{
	answers++;
	return stub_command(dev, GPU_CONTROL_QUEUE, request, len, 24);
}

/* Two heads, each with a resource of its own (1, 2) of 64x64 pixels. */
static void begin(u32 refresh)
{
	stub_start(1280, 800, LAYOUT_TILES, 2);
	world.info.config.refresh = refresh;
	world.now = 12345678901;
	dev = stub_device(&virtio_gpu_ops);
	stub_driver_start(dev, VIRTIO_F_VERSION_1);
	dev->ops->timer(dev); /* looks at all queues once */
	answers = 0;
	for (u32 i = 0; i < 2; i++) {
		struct gpu_create_2d c = {
			{ .type = GPU_CMD_RESOURCE_CREATE_2D }, i + 1, PIXEL_B8G8R8X8, 64, 64
		};
		struct gpu_set_scanout s = {
			{ .type = GPU_CMD_SET_SCANOUT }, { 0, 0, 64, 64 }, i, i + 1
		};

		assert_int_equal(run(&c, sizeof(c)), GPU_OK_NODATA);
		assert_int_equal(run(&s, sizeof(s)), GPU_OK_NODATA);
	}
}

static int teardown(void **state)
{
	(void)state;
	stub_stop();
	return 0;
}

static void flush(u32 resource, bool fenced)
{
	struct gpu_flush f = { { .type = GPU_CMD_RESOURCE_FLUSH,
				 .flags = fenced ? GPU_FLAG_FENCE : 0 },
			       { 0, 0, 64, 64 },
			       resource,
			       0 };

	answers++;
	stub_submit(GPU_CONTROL_QUEUE, &f, sizeof(f), 24);
	stub_kick(dev, GPU_CONTROL_QUEUE);
}

static bool answered(void)
{
	return stub_used(GPU_CONTROL_QUEUE) == (u16)answers;
}

/* One flush that takes the present tick, and one that has to wait for the next. */
static void flush_twice(u32 resource)
{
	flush(resource, true);
	assert_true(answered());
	flush(resource, true);
	assert_false(answered());
}

/* Lets time pass to the device's next deadline. */
static void pass(void)
{
	assert_true(dev->deadline > world.now && dev->deadline < world.now + 2 * HZ);
	world.now = dev->deadline;
	dev->ops->timer(dev);
}

static void flips_run_at_the_rate(void **state)
{
	static const u32 rates[] = { 60, 30, 75, 144, 1 };

	(void)state;
	for (u32 i = 0; i < ARRAY_SIZE(rates); i++) {
		u32 before;
		u64 start;

		begin(rates[i]);
		flush_twice(1);
		pass();
		start = world.now;
		before = world.msix[1];
		for (u32 n = 0; n < 600; n++) {
			world.now += (u32)rand() % (HZ / rates[i] - 2); /* draws for a while */
			flush(1, true);
			assert_false(answered());
			pass();
			assert_true(answered());
		}
		assert_in_range(world.now - start, 600 * HZ / rates[i] - 1,
				600 * HZ / rates[i] + 1);
		assert_int_equal(world.msix[1], before + 600);
		assert_true(dev->deadline == DM_NO_DEADLINE);
	}
}

/* One flush a tick or fewer: nothing to hold back, and no deadline to wake up at. */
static void slow_guests_wait_for_nothing(void **state)
{
	(void)state;
	begin(60);
	for (u32 n = 0; n < 60; n++) {
		flush(1, true);
		assert_true(answered());
		assert_true(dev->deadline == DM_NO_DEADLINE);
		world.now += HZ / 50;
	}
}

static void each_head_has_the_full_rate(void **state)
{
	u64 start;

	(void)state;
	begin(60);
	flush_twice(1);
	pass();
	flush(2, true);
	assert_true(answered());
	start = world.now;
	for (u32 n = 0; n < 60; n++) {
		flush(1, true);
		flush(2, true);
		assert_int_equal(stub_used(GPU_CONTROL_QUEUE), answers - 2);
		pass();
		assert_true(answered());
	}
	assert_in_range(world.now - start, HZ - 1, HZ + 1);
	/* Both show the same: still one flush each. */
	for (u32 n = 0; n < 2; n++) {
		struct gpu_set_scanout s = {
			{ .type = GPU_CMD_SET_SCANOUT }, { 0, 0, 64, 64 }, n, 1
		};

		assert_int_equal(run(&s, sizeof(s)), GPU_OK_NODATA);
	}
	start = world.now;
	for (u32 n = 0; n < 60; n++) {
		flush(1, true);
		flush(1, true);
		pass();
		assert_true(answered());
	}
	assert_in_range(world.now - start, HZ - 1, HZ + 1);
}

/* A guest that does not wait is held to the rate as well: one answer a tick. */
static void bursts_are_spread(void **state)
{
	(void)state;
	begin(60);
	for (u32 n = 0; n < 5; n++)
		flush(1, true);
	for (u32 n = 4; n; n--) {
		assert_int_equal(stub_used(GPU_CONTROL_QUEUE), answers - n);
		pass();
	}
	assert_true(answered());
}

static void nothing_else_waits(void **state)
{
	struct gpu_header c = { .type = GPU_CMD_GET_DISPLAY_INFO, .flags = GPU_FLAG_FENCE };

	(void)state;
	begin(60);
	flush_twice(1);
	stub_submit(GPU_CONTROL_QUEUE, &c, sizeof(c), 24);
	stub_kick(dev, GPU_CONTROL_QUEUE);
	assert_int_equal(stub_used(GPU_CONTROL_QUEUE), answers);
	answers++;
	flush(1, false);
	assert_int_equal(stub_used(GPU_CONTROL_QUEUE), answers - 1);
	flush(9, true); /* no such resource: the error comes at once */
	assert_int_equal(stub_used(GPU_CONTROL_QUEUE), answers - 1);
	pass();
	assert_true(answered());
	begin(0); /* not paced */
	flush(1, true);
	assert_true(answered());
	assert_true(dev->deadline == DM_NO_DEADLINE);
}

static void resets_forget_parked_answers(void **state)
{
	(void)state;
	begin(60);
	flush_twice(1);
	stub_common_write(dev, 20, 1, 0);
	assert_true(dev->deadline == DM_NO_DEADLINE);
	world.now += HZ;
	dev->ops->timer(dev);
	assert_int_equal(stub_used(GPU_CONTROL_QUEUE), answers - 1);
	begin(60);
	flush_twice(1);
	dev->ops->reset(dev); /* of the guest */
	world.now += HZ;
	dev->ops->timer(dev);
	assert_int_equal(stub_used(GPU_CONTROL_QUEUE), answers - 1);
	begin(60);
	flush_twice(1);
	assert_int_equal(stub_restart(dev), 0); /* of the domain: the guest must not wait longer */
	assert_true(answered());
	flush_twice(1);
	pass();
	assert_true(answered());
}

#define CASE(f) cmocka_unit_test_teardown(f, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(flips_run_at_the_rate),	   CASE(slow_guests_wait_for_nothing),
		CASE(each_head_has_the_full_rate), CASE(bursts_are_spread),
		CASE(nothing_else_waits),	   CASE(resets_forget_parked_answers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
