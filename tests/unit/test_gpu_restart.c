/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/* as: test_gpu */
/*
 * The GPU device over a restart of the domain, at every point of every command.
 */
#include "gpu_requests.h"
#include "random.h"

/* ---- Restarts: a list of commands, each interrupted at its n-th call out of the device, for each
 * n, must end as it would have without; and so must everything after it. */
static void step(u32 n, bool submit_only)
{
	struct attach a = { .c = { header(GPU_CMD_RESOURCE_ATTACH_BACKING), 1, 2 },
			    .entries = { { PIXELS, 8192, 0 }, { PIXELS + 16384, 8192, 0 } } };
	struct gpu_create_2d create = { header(GPU_CMD_RESOURCE_CREATE_2D), 1, PIXEL_B8G8R8X8, 64,
					64 };
	struct gpu_set_scanout scanout = { header(GPU_CMD_SET_SCANOUT), FULL(64, 64), 0, 1 };
	struct gpu_transfer t = { header(GPU_CMD_TRANSFER_TO_HOST_2D), FULL(64, 64), 0, 1, 0 };
	struct gpu_flush f = { header(GPU_CMD_RESOURCE_FLUSH), FULL(64, 64), 1, 0 };
	struct gpu_resource_command detach = { header(GPU_CMD_RESOURCE_DETACH_BACKING), 1, 0 };
	struct gpu_resource_command unref = { header(GPU_CMD_RESOURCE_UNREF), 1, 0 };
	struct {
		struct gpu_create_blob c;
		struct gpu_mem_entry entry;
	} blob = { { header(GPU_CMD_RESOURCE_CREATE_BLOB), 2, 1, 0, 1, 0, 16384 },
		   { PIXELS, 16384, 0 } };
	struct gpu_set_scanout_blob show = blob_scanout(0, 2, 64, 64);
	const struct {
		const void *request;
		u32 len;
	} steps[] = {
		{ &create, sizeof(create) },
		{ &a, sizeof(a.c) + 32 },
		{ &scanout, sizeof(scanout) },
		{ &t, sizeof(t) },
		{ &f, sizeof(f) },
		{ &detach, sizeof(detach) },
		{ &unref, sizeof(unref) },
		{ &blob, sizeof(blob) },
		{ &show, sizeof(show) },
	};

	if (n < ARRAY_SIZE(steps))
		stub_submit(GPU_CONTROL_QUEUE, steps[n].request, steps[n].len, 64);
	if (!submit_only)
		stub_kick(dev, GPU_CONTROL_QUEUE);
}
#define STEPS 9

static void survives_death_anywhere(void **state)
{
	static u32 deaths, n, when; /* static: they outlive the longjmp */
	static bool died;

	for (n = 0; n < STEPS; n++) {
		died = true;
		for (when = 1; died; when++) {
			const u32 *answer;
			u32 len;

			teardown(state);
			setup(state);
			fill(PIXELS, 8192, 0x1000);
			for (u32 i = 0; i < n; i++)
				step(i, false);
			died = false;
			if (setjmp(world.death) == 0) {
				step(n, true);
				world.die_in = when;
				stub_kick(dev, GPU_CONTROL_QUEUE);
				world.die_in = 0;
			} else {
				died = true;
				deaths++;
				assert_int_equal(stub_restart(dev), 0);
			}
			assert_int_equal(stub_used(GPU_CONTROL_QUEUE), n + 1);
			answer = stub_answer(GPU_CONTROL_QUEUE, &len);
			assert_int_equal(*answer, GPU_OK_NODATA);
			for (u32 i = n + 1; i < STEPS; i++) {
				step(i, false);
				answer = stub_answer(GPU_CONTROL_QUEUE, &len);
				assert_int_equal(*answer, GPU_OK_NODATA);
			}
			assert_int_equal(stub_used(GPU_CONTROL_QUEUE), STEPS);
			assert_int_equal(flush(2, FULL(64, 64)), GPU_OK_NODATA);
			assert_int_equal(panel(288 + 1, 368), 0x1001);
			assert_int_equal(resource_command(GPU_CMD_RESOURCE_UNREF, 1),
					 GPU_ERR_INVALID_RESOURCE_ID);
		}
	}
	assert_in_range(deaths, 50, 1000);
}

/* Errors stay errors when the domain dies while it finds them. */
static void errors_survive_death(void **state)
{
	struct gpu_create_2d c = { header(GPU_CMD_RESOURCE_CREATE_2D), 1, PIXEL_B8G8R8X8, 8, 8 };
	static bool died = true; /* static: they outlive the longjmp */
	static u32 when;

	for (when = 1; died; when++) {
		const u32 *answer;
		u32 len;

		teardown(state);
		setup(state);
		RUN(c);
		died = false;
		if (setjmp(world.death) == 0) {
			stub_submit(GPU_CONTROL_QUEUE, &c, sizeof(c), 64);
			world.die_in = when;
			stub_kick(dev, GPU_CONTROL_QUEUE);
			world.die_in = 0;
		} else {
			died = true;
			assert_int_equal(stub_restart(dev), 0);
		}
		answer = stub_answer(GPU_CONTROL_QUEUE, &len);
		assert_int_equal(*answer, GPU_ERR_INVALID_RESOURCE_ID);
	}
}

static void adoption_drops_damage(void **state)
{
	struct gpu_state *s = dev->state;

	(void)state;
	create_2d(1, PIXEL_B8G8R8X8, 64, 64);
	attach(1, 1, PIXELS, 16384, 1);
	set_scanout(0, 1, FULL(64, 64));
	create_2d(2, PIXEL_B8G8R8X8, 64, 64);
	s->resources[2].pixels = s->resources[1].pixels; /* two share pages */
	assert_int_equal(stub_restart(dev), 0);
	assert_int_equal(resource_command(GPU_CMD_RESOURCE_UNREF, 2), GPU_ERR_INVALID_RESOURCE_ID);
	s->scanouts[0].stride = 0;
	assert_int_equal(stub_restart(dev), 0);
	assert_int_equal(display_placement(dev->vm, 0).width, 0);
	s->scanouts[0].stride = 256;
	assert_int_equal(stub_restart(dev), 0);
	assert_int_equal(display_placement(dev->vm, 0).width, 64);
	s->resources[2] = s->resources[1]; /* 2^64 + 4 bytes */
	s->resources[2].id = 2;
	s->resources[2].run_count = 0;
	s->resources[2].pixels.first = 100;
	s->resources[2].pixels.count = 1;
	s->resources[2].width = 2147549185;
	s->resources[2].height = 2147418113;
	s->resources[2].size = 4;
	assert_int_equal(stub_restart(dev), 0);
	assert_int_equal(resource_command(GPU_CMD_RESOURCE_UNREF, 2), GPU_ERR_INVALID_RESOURCE_ID);
	s->scanouts[0].r.width = 65;
	s->resources[1].run_count = 2;
	assert_int_equal(stub_restart(dev), 0);
	assert_int_equal(display_placement(dev->vm, 0).width, 0);
	assert_int_equal(attach(1, 1, PIXELS, 16384, 1), GPU_OK_NODATA);
	s->resources[1].format = 99;
	assert_int_equal(stub_restart(dev), 0);
	assert_int_equal(flush(1, FULL(1, 1)), GPU_ERR_INVALID_RESOURCE_ID);
	s->virtio.queues[0].size = 48;
	assert_int_equal(stub_restart(dev), -EINVAL);
}

/* Two resources of each kind, all in use. */
static void make_state(void)
{
	struct gpu_set_scanout_blob show = blob_scanout(1, 3, 64, 64);

	stub_driver_start(dev, ALL_FEATURES);
	for (u32 id = 1; id <= 2; id++) {
		create_2d(id, PIXEL_B8G8R8A8, 64, 64);
		attach(id, 4, PIXELS, 4096, 4);
		create_blob(id + 2, PIXELS, 16384, 16384);
	}
	set_scanout(0, 1, FULL(64, 64));
	RUN(show);
	cursor(GPU_CMD_UPDATE_CURSOR, 0, 2, 5, 5);
	cursor(GPU_CMD_UPDATE_CURSOR, 1, 4, 5, 5);
}

/* Whatever is left of it must be of use without harm. */
static void use_state(void)
{
	for (u32 id = 1; id <= 4; id++) {
		transfer(id, FULL(64, 64), 0);
		transfer(id, (struct rect){ 0, 63, 64, 1 }, 0);
		flush(id, FULL(64, 64));
		cursor(GPU_CMD_UPDATE_CURSOR, 0, id, 1, 1);
		set_scanout(0, id, FULL(64, 64));
		flush(id, FULL(64, 64));
		resource_command(GPU_CMD_RESOURCE_DETACH_BACKING, id);
		resource_command(GPU_CMD_RESOURCE_UNREF, id);
	}
	create_2d(9, PIXEL_B8G8R8A8, 64, 64);
}

/* Bytes of the tables changed at random, mostly to what was near them. */
static void any_damage_is_survived(void **state)
{
	struct random random = random_seeded("damage");
	u64 rounds = test_rounds(600);

	(void)state;
	stub_start(160, 120, LAYOUT_TILES, 2);
	dev = stub_device(&virtio_gpu_ops);
	for (u64 i = 0; i < rounds; i++) {
		struct gpu_state *s = dev->state;

		make_state();
		for (u64 n = 1 + random_below(&random, 4); n; n--) {
			const struct {
				void *at;
				u64 len;
			} parts[] = {
				{ &s->resources[1], 4 * sizeof(s->resources[0]) },
				{ s->scanouts, 2 * sizeof(s->scanouts[0]) },
				{ s->cursors, 2 * sizeof(s->cursors[0]) },
				{ &s->events, (u64)((u8 *)s->scanouts - (u8 *)&s->events) },
				{ world.pool, 16 * PAGE_SIZE },
			};
			u64 part = random_below(&random, ARRAY_SIZE(parts));
			u8 *at = parts[part].at;

			at += random_below(&random, parts[part].len);
			*at = random_below(&random, 2) ? (u8)random_below(&random, 256)
						       : (u8)(*at + random_below(&random, 3) - 1);
		}
		if (stub_restart(dev)) {
			memset(dev->state, 0, sizeof(*s));
			dev->ops->reset(dev);
			continue;
		}
		use_state();
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
		TEST(survives_death_anywhere),
		TEST(errors_survive_death),
		TEST(adoption_drops_damage),
		TEST(any_damage_is_survived),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
