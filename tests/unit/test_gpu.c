/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/* sources: tests/unit/display_stubs.c dm/devices/virtio_queue*.c dm/devices/virtio_pci*.c */
/* sources: dm/devices/virtio_gpu*.c dm/devices/vga.c dm/devices/vga_regs.c */
/* sources: dm/devices/vga_memory.c dm/devices/vga_window.c dm/devices/vga_mode.c */
/* sources: dm/devices/vga_lines.c dm/devices/vga_present.c dm/devices/dispi.c dm/devices/edid.c */
/* sources: dm/devices/monitors.c */
/* libs: -lz */
/*
 * The GPU device through its registers and queues, as a driver sees it: every command right and
 * wrong, limits, fences. Restarts: test_gpu_restart.c. Every request that can be thought of:
 * test_gpu_protocol.c, fuzz_gpu.c and the guest gpu_protocol, called "protocol" below.
 *
 * Mistakes that other display devices made, and what shows that this one does not:
 *
 *   CVE-2016-10029 scanout out of range	checks_scanouts, shows_cursors; protocol
 *   CVE-2016-10028, 2021-3546 capability sets	offers_no_capsets; protocol
 *   CVE-2017-5857, 2021-3544 leaked backing	checks_backing, counts_what_resources_take;
 *						protocol (random_walks)
 *   CVE-2016-5403 work without bounds		does_long_commands_in_turns, limits_memory_and_count
 *   CVE-2011-2512 queue numbers		test_virtio_pci.c
 *   CVE-2016-9921 sizes of 0			checks_2d_resources, transfers_rectangles; protocol
 *   CVE-2021-3638, 2020-12829 copies past the end	transfers_rectangles, checks_blobs; protocol
 *   CVE-2021-4206 size of a cursor		shows_cursors; protocol
 *   CVE-2021-4207 values read twice		protocol (reads_requests_once)
 *   CVE-2021-3750 the device's own registers	protocol (addresses of entries), test_virtq.c
 *   CVE-2020-28346 addresses of nothing	checks_backing; protocol
 *   CVE-2014-3615 memory shown as it was	clears_new_resources
 *   lengths in requests taken for sizes	checks_backing; protocol (truncated, too long)
 *   backing gone, its count kept		paints_blobs_in_one_copy; protocol (try_sequences)
 *   blob of no entries, flushed		paints_blobs_in_one_copy; protocol (try_sequences)
 *   no cap on memory and entries		limits_memory_and_count, checks_backing
 *   stale lengths of answers			protocol (check_answer)
 *   scanouts left by a reset			driver_reset_forgets_all
 *   cursor not hidden by resource 0		shows_cursors
 *   unknown formats accepted			checks_2d_resources, checks_blobs; protocol
 */
#include "gpu_requests.h"

static void answers_display_info(void **state)
{
	struct gpu_header c = header(GPU_CMD_GET_DISPLAY_INFO);
	const struct gpu_display_info *info;
	u32 len;

	(void)state;
	assert_int_equal(RUN(c), GPU_OK_DISPLAY_INFO);
	info = stub_answer(GPU_CONTROL_QUEUE, &len);
	assert_int_equal(len, 408);
	assert_int_equal(info->modes[1].r.width, 1024);
	assert_int_equal(info->modes[1].r.height, 768);
	assert_int_equal(info->modes[1].enabled, 1);
	assert_int_equal(info->modes[2].enabled, 0);
}

static void answers_edid(void **state)
{
	struct gpu_get_edid c = { header(GPU_CMD_GET_EDID), 1, 0 };
	const struct gpu_edid *edid;
	u32 len;

	(void)state;
	assert_int_equal(RUN(c), GPU_OK_EDID);
	edid = stub_answer(GPU_CONTROL_QUEUE, &len);
	assert_int_equal(len, 1056);
	assert_int_equal(edid->size, 256);
	assert_int_equal(edid->edid[1], 0xff);
	c.scanout = 16;
	assert_int_equal(RUN(c), GPU_ERR_INVALID_SCANOUT_ID);
	stub_answer(GPU_CONTROL_QUEUE, &len);
	assert_int_equal(len, 24); /* an error is a header, whatever the command */
	c.scanout = ~0u;
	assert_int_equal(RUN(c), GPU_ERR_INVALID_SCANOUT_ID);
}

static void offers_no_capsets(void **state)
{
	u32 c[8] = { GPU_CMD_GET_CAPSET_INFO };

	(void)state;
	assert_int_equal(RUN(c), GPU_ERR_INVALID_PARAMETER);
	c[0] = GPU_CMD_GET_CAPSET; /* CVE-2016-10028, CVE-2021-3546 */
	assert_int_equal(RUN(c), GPU_ERR_INVALID_PARAMETER);
}

static void assigns_uuids(void **state)
{
	struct gpu_resource_command c = { header(GPU_CMD_RESOURCE_ASSIGN_UUID), 1, 0 };
	const struct gpu_uuid *answer;
	u8 seen[3][16];
	u32 len;

	(void)state;
	assert_int_equal(RUN(c), GPU_ERR_INVALID_RESOURCE_ID);
	create_2d(1, PIXEL_B8G8R8X8, 8, 8);
	create_blob(2, PIXELS, 4096, 4096);
	for (u32 i = 0; i < 3; i++) {
		if (i == 2) { /* another resource, of the same number */
			stub_driver_start(dev, ALL_FEATURES);
			create_2d(1, PIXEL_B8G8R8X8, 8, 8);
		}
		c.resource_id = i == 1 ? 2 : 1;
		assert_int_equal(RUN(c), GPU_OK_RESOURCE_UUID);
		answer = stub_answer(GPU_CONTROL_QUEUE, &len);
		assert_int_equal(len, 40);
		memcpy(seen[i], answer->uuid, 16);
		for (u32 k = 0; k < i; k++)
			assert_memory_not_equal(seen[i], seen[k], 16);
		assert_int_equal(stub_restart(dev), 0); /* it stays the same */
		assert_int_equal(RUN(c), GPU_OK_RESOURCE_UUID);
		assert_memory_equal(answer->uuid, seen[i], 16);
	}
	for (u32 i = 0; i < 3; i++) { /* version and variant */
		assert_int_equal(seen[i][6] >> 4, 4);
		assert_int_equal(seen[i][8] >> 6, 2);
	}
	c.resource_id = 0;
	assert_int_equal(RUN(c), GPU_ERR_INVALID_RESOURCE_ID);
}

static void counts_what_resources_take(void **state)
{
	struct gpu_usage u = gpu_usage(dev->vm);

	(void)state;
	assert_int_equal(u.resources + u.bytes, 0);
	assert_int_equal(gpu_usage(&dm_vms[1]).resources, 0);
	create_2d(1, PIXEL_B8G8R8X8, 33, 32); /* 4224 bytes */
	create_blob(2, PIXELS, 4096, 4096);
	create_blob(3, 0, 0, 4096);
	u = gpu_usage(dev->vm);
	assert_int_equal(u.resources, 3);
	assert_int_equal(u.bytes, 3 * 4096);
	assert_int_equal(attach(1, 8, PIXELS, 4096, 8), GPU_OK_NODATA);
	assert_int_equal(gpu_usage(dev->vm).bytes, 4 * 4096);
	resource_command(GPU_CMD_RESOURCE_DETACH_BACKING, 2);
	assert_int_equal(gpu_usage(dev->vm).bytes, 3 * 4096);
	for (u32 i = 1; i <= 3; i++)
		resource_command(GPU_CMD_RESOURCE_UNREF, i);
	u = gpu_usage(dev->vm);
	assert_int_equal(u.resources + u.bytes, 0);
}

static void refuses_unknown_and_short_commands(void **state)
{
	struct gpu_create_2d c = { header(GPU_CMD_RESOURCE_CREATE_2D), 1, PIXEL_B8G8R8X8, 4, 4 };
	u32 len;

	(void)state;
	c.header.type = 0;
	assert_int_equal(RUN(c), GPU_ERR_UNSPEC);
	c.header.type = GPU_CMD_UPDATE_CURSOR; /* on the wrong queue */
	assert_int_equal(RUN(c), GPU_ERR_UNSPEC);
	c.header.type = GPU_CMD_RESOURCE_CREATE_2D;
	for (u32 n = 0; n < sizeof(c); n++)
		assert_int_equal(run(&c, n), n < 24 ? GPU_ERR_UNSPEC : GPU_ERR_INVALID_PARAMETER);
	/* No room for the answer: none is written, and the request is done nevertheless. */
	assert_int_equal(stub_command(dev, GPU_CONTROL_QUEUE, &c, sizeof(c), 23), 0);
	stub_answer(GPU_CONTROL_QUEUE, &len);
	assert_int_equal(len, 0);
	assert_int_equal(RUN(c), GPU_ERR_INVALID_RESOURCE_ID);
	c.header.type = GPU_CMD_GET_DISPLAY_INFO;
	assert_int_equal(stub_command(dev, GPU_CONTROL_QUEUE, &c, sizeof(c), 407),
			 GPU_ERR_INVALID_PARAMETER);
}

static void echoes_fences(void **state)
{
	struct gpu_header c = {
		GPU_CMD_GET_DISPLAY_INFO, GPU_FLAG_FENCE | 2, 0x123456789abcULL, 7, 1, { 0 }
	};
	const struct gpu_header *answer;
	u32 len;

	(void)state;
	RUN(c);
	answer = stub_answer(GPU_CONTROL_QUEUE, &len);
	assert_int_equal(answer->flags, GPU_FLAG_FENCE);
	assert_int_equal(answer->fence_id, 0x123456789abcULL);
	assert_int_equal(answer->ctx_id, 7);
	c.flags = 0;
	RUN(c);
	assert_int_equal(answer->fence_id, 0);
}

static void checks_2d_resources(void **state)
{
	static const u32 formats[] = { 1, 2, 3, 4, 67, 68, 121, 134 };

	(void)state;
	for (u32 f = 0; f < 300; f++) {
		bool known = false;

		for (u32 i = 0; i < ARRAY_SIZE(formats); i++)
			known |= formats[i] == f;
		assert_int_equal(create_2d(f + 1, f, 3, 5),
				 known ? GPU_OK_NODATA : GPU_ERR_INVALID_PARAMETER);
	}
	assert_int_equal(create_2d(0, 1, 4, 4), GPU_ERR_INVALID_RESOURCE_ID);
	assert_int_equal(create_2d(2, 1, 4, 4), GPU_ERR_INVALID_RESOURCE_ID);
	assert_int_equal(create_2d(900, 1, 0, 4), GPU_ERR_INVALID_PARAMETER);
	assert_int_equal(create_2d(900, 1, 4, 0), GPU_ERR_INVALID_PARAMETER);
	assert_int_equal(create_2d(900, 1, ~0u, ~0u), GPU_ERR_OUT_OF_MEMORY);
	assert_int_equal(create_2d(900, 1, 0x40000001, 4), GPU_ERR_OUT_OF_MEMORY);
	assert_int_equal(create_2d(900, 1, 0x10000, 0x10000), GPU_ERR_OUT_OF_MEMORY);
	assert_int_equal(resource_command(GPU_CMD_RESOURCE_UNREF, 900),
			 GPU_ERR_INVALID_RESOURCE_ID);
	assert_int_equal(resource_command(GPU_CMD_RESOURCE_UNREF, 0), GPU_ERR_INVALID_RESOURCE_ID);
}

static void limits_memory_and_count(void **state)
{
	u32 id = 1, first;

	(void)state;
	while (create_2d(id, 1, 512, 512) == GPU_OK_NODATA) /* 1 MiB each */
		id++;
	assert_int_equal(id - 1, STUB_POOL / MIB(1)); /* all that was configured, and no more */
	assert_int_equal(create_2d(id, 1, 1, 1), GPU_ERR_OUT_OF_MEMORY);
	assert_int_equal(gpu_usage(dev->vm).bytes, STUB_POOL);
	assert_int_equal(resource_command(GPU_CMD_RESOURCE_UNREF, 3), GPU_OK_NODATA);
	assert_int_equal(create_2d(~0u, 1, 512, 512), GPU_OK_NODATA);
	stub_driver_start(dev, ALL_FEATURES); /* a reset gives everything back */
	for (first = id = 1; id - first < GPU_MAX_RESOURCES; id++)
		assert_int_equal(create_2d(id * 5, 1, 1, 1), GPU_OK_NODATA);
	assert_int_equal(create_2d(1, 1, 1, 1), GPU_ERR_OUT_OF_MEMORY);
	assert_int_equal(create_blob(1, PIXELS, 4096, 4096), GPU_ERR_OUT_OF_MEMORY);
	for (id = 1; id <= GPU_MAX_RESOURCES; id++)
		assert_int_equal(resource_command(GPU_CMD_RESOURCE_UNREF, id * 5), GPU_OK_NODATA);
	assert_int_equal(create_2d(1, 1, 1024, 1500), GPU_OK_NODATA);
}

static const u32 *picture_of(u32 id)
{
	const struct gpu_state *s = dev->state;

	return (const u32 *)(world.pool + s->resources[id].pixels.first * PAGE_SIZE);
}

static bool turn(u16 answers)
{
	assert_true(dev->deadline <= world.now);
	dev->ops->timer(dev);
	return stub_used(GPU_CONTROL_QUEUE) == answers;
}

/* CVE-2016-5403: work without bounds. What takes long is done in turns, between which others have
 * theirs; the guest may do what it likes meanwhile. */
static void does_long_commands_in_turns(void **state)
{
	struct gpu_create_2d c = { header(GPU_CMD_RESOURCE_CREATE_2D), 1, 2, 2048, 1300 };
	struct gpu_transfer t = {
		header(GPU_CMD_TRANSFER_TO_HOST_2D), { 0, 0, 2048, 1300 }, 0, 1, 0
	};
	u16 used = stub_used(GPU_CONTROL_QUEUE);

	(void)state;
	assert_int_equal(RUN(c), 0); /* not yet */
	assert_int_equal(cursor(GPU_CMD_MOVE_CURSOR, 0, 0, 1, 1), GPU_OK_NODATA);
	assert_int_equal(gpu_usage(dev->vm).resources, 0);
	assert_true(turn(++used));
	assert_int_equal(picture_of(1)[2048 * 1300 - 1], 0);
	assert_int_equal(attach(1, 1, 0, STUB_RAM, 1), GPU_OK_NODATA);
	used++;
	for (u32 narrow = 0; narrow < 2; narrow++) {
		t.r.width -= narrow;
		for (u32 restart = 0; restart < 2; restart++) {
			u32 last = t.r.width - 1 + 1299 * 2048;

			fill(MIB(4), 2048 * 1300 - 1048576, narrow * 2 + restart);
			assert_int_equal(RUN(t), 0);
			if (restart)
				assert_int_equal(stub_restart(dev), 0);
			while (!turn((u16)(used + 1)))
				;
			used++;
			assert_int_equal(picture_of(1)[last],
					 last - 1048576 + narrow * 2 + restart);
			assert_int_equal(picture_of(1)[1048576 + 9], 9 + narrow * 2 + restart);
		}
	}
	assert_int_equal(resource_command(GPU_CMD_RESOURCE_UNREF, 1), GPU_OK_NODATA);
	/* A command that turns into a smaller one, and into another. */
	used++;
	assert_int_equal(RUN(c), 0);
	((struct gpu_create_2d *)(world.ram + stub_rings[0].buffers))->height = 1;
	assert_true(turn(++used));
	assert_int_equal(gpu_usage(dev->vm).bytes, 8192);
	assert_int_equal(resource_command(GPU_CMD_RESOURCE_UNREF, 1), GPU_OK_NODATA);
	used++;
	assert_int_equal(RUN(c), 0);
	((struct gpu_header *)(world.ram + stub_rings[0].buffers))->type = GPU_CMD_RESOURCE_FLUSH;
	assert_true(turn(++used));
	/* A reset in the middle. All of it is free again. */
	assert_int_equal(RUN(c), 0);
	stub_driver_start(dev, ALL_FEATURES);
	assert_int_equal(create_2d(2, 1, 1024, 1500), GPU_OK_NODATA);
	assert_int_equal(create_2d(3, 1, 1024, 1500), GPU_OK_NODATA);
	assert_int_equal(create_2d(4, 1, 1024, 750), GPU_OK_NODATA);
}

static void clears_new_resources(void **state)
{
	(void)state;
	assert_int_equal(create_2d(1, PIXEL_B8G8R8X8, 16, 16), GPU_OK_NODATA);
	assert_int_equal(set_scanout(0, 1, FULL(16, 16)), GPU_OK_NODATA);
	assert_int_equal(flush(1, FULL(16, 16)), GPU_OK_NODATA);
	/* 2 heads: each has half of the panel; the picture is centred, at even distances. */
	assert_int_equal(panel(312, 392), 0);
	assert_int_equal(panel(311, 392), 0x101014);
	for (u32 i = 2; i < 200; i++) { /* no page shows what it held */
		assert_int_equal(create_2d(i, 1, 61, i), GPU_OK_NODATA);
		for (u32 k = 0; k < 61 * i; k++)
			assert_int_equal(picture_of(i)[k], 0);
		memset((void *)(uintptr_t)picture_of(i), 0x55, 4 * 61 * i);
		if (i % 3)
			resource_command(GPU_CMD_RESOURCE_UNREF, i);
	}
}

static void checks_backing(void **state)
{
	(void)state;
	create_2d(1, PIXEL_B8G8R8X8, 64, 64);
	assert_int_equal(attach(2, 1, PIXELS, 4096, 1), GPU_ERR_INVALID_RESOURCE_ID);
	assert_int_equal(attach(1, 0, 0, 0, 0), GPU_ERR_INVALID_PARAMETER);
	assert_int_equal(attach(1, 1, PIXELS, 4096, 2), GPU_ERR_INVALID_PARAMETER);
	assert_int_equal(attach(1, 1, PIXELS, 4096, 16384), GPU_ERR_INVALID_PARAMETER);
	assert_int_equal(attach(1, 1, PIXELS, 4096, 16385), GPU_ERR_OUT_OF_MEMORY);
	assert_int_equal(attach(1, 1, PIXELS, 4096, ~0u), GPU_ERR_OUT_OF_MEMORY);
	assert_int_equal(attach(1, 1, STUB_RAM - 4095, 4096, 1), GPU_ERR_INVALID_PARAMETER);
	assert_int_equal(attach(1, 1, ~0ULL - 100, 4096, 1), GPU_ERR_INVALID_PARAMETER);
	assert_int_equal(attach(1, 2, STUB_RAM - 8192, 4096, 2), GPU_ERR_INVALID_PARAMETER);
	assert_int_equal(attach(1, 1, PIXELS, 0, 1), GPU_ERR_INVALID_PARAMETER);
	assert_int_equal(attach(1, 1, PIXELS, 4096, 1), GPU_OK_NODATA);
	assert_int_equal(attach(1, 1, PIXELS, 4096, 1), GPU_ERR_UNSPEC); /* CVE-2017-5857 */
	assert_int_equal(resource_command(GPU_CMD_RESOURCE_DETACH_BACKING, 1), GPU_OK_NODATA);
	assert_int_equal(resource_command(GPU_CMD_RESOURCE_DETACH_BACKING, 1), GPU_ERR_UNSPEC);
	assert_int_equal(resource_command(GPU_CMD_RESOURCE_DETACH_BACKING, 9),
			 GPU_ERR_INVALID_RESOURCE_ID);
	assert_int_equal(transfer(1, FULL(64, 64), 0), GPU_ERR_UNSPEC);
	for (u32 i = 0; i < 5000; i++) { /* nothing leaks: 16 MiB would be taken otherwise */
		assert_int_equal(attach(1, 8, PIXELS, 4096, 8), GPU_OK_NODATA);
		assert_int_equal(resource_command(GPU_CMD_RESOURCE_DETACH_BACKING, 1),
				 GPU_OK_NODATA);
		assert_int_equal(attach(1, 8, STUB_RAM - 16384, 4096, 8),
				 GPU_ERR_INVALID_PARAMETER);
	}
}

/* As many entries as are allowed, none next to the one before; then one more. */
static void takes_as_many_entries_as_configured(void **state)
{
	const u32 limit = dev->vm->config->gpu_entries, bytes = limit * 32;
	struct gpu_set_scanout_blob show = blob_scanout(0, 2, 64, 64);
	struct gpu_create_blob blob = {
		header(GPU_CMD_RESOURCE_CREATE_BLOB), 2, 1, 0, limit, 0, limit * 4096ULL
	};
	struct gpu_attach a = { header(GPU_CMD_RESOURCE_ATTACH_BACKING), 1, limit };
	struct gpu_mem_entry *entries = (void *)(world.ram + MIB(8));

	(void)state;
	create_2d(1, PIXEL_B8G8R8X8, 64, 64);
	fill(PIXELS, 4096, 0);
	for (u32 over = 0; over < 2; over++) {
		u32 wanted = over ? GPU_ERR_OUT_OF_MEMORY : GPU_OK_NODATA;
		u64 before = gpu_usage(dev->vm).bytes;

		blob.nr_entries = a.nr_entries = limit + over;
		for (u32 i = 0; i < limit + over; i++)
			entries[i] =
				(struct gpu_mem_entry){ PIXELS + 4096 * ((i + 3) % 4), 4096, 0 };
		for (u32 i = 0; i < 4; i++)
			entries[i].addr = PIXELS + 4096 * (i ^ 1);
		assert_int_equal(run_with(&a, sizeof(a), MIB(8), 16 * a.nr_entries), wanted);
		assert_int_equal(run_with(&blob, sizeof(blob), MIB(8), 16 * a.nr_entries), wanted);
		assert_true(gpu_usage(dev->vm).bytes <= before + 2 * bytes);
		if (over) {
			assert_int_equal(gpu_usage(dev->vm).bytes, before);
			continue;
		}
		assert_int_equal(transfer(1, FULL(64, 64), 0), GPU_OK_NODATA);
		assert_int_equal(picture_of(1)[0], 1024);
		assert_int_equal(RUN(show), GPU_OK_NODATA);
		assert_int_equal(flush(2, FULL(64, 64)), GPU_OK_NODATA);
		assert_int_equal(panel(288, 368), 1024);
		assert_int_equal(panel(288 + 63, 368 + 63), 3071);
		resource_command(GPU_CMD_RESOURCE_DETACH_BACKING, 1);
		resource_command(GPU_CMD_RESOURCE_UNREF, 2);
		assert_int_equal(gpu_usage(dev->vm).bytes, before);
	}
}

static void transfers_rectangles(void **state)
{
	struct rect part = { 5, 7, 3, 2 };

	(void)state;
	create_2d(1, PIXEL_B8G8R8X8, 64, 64);
	assert_int_equal(attach(1, 8, PIXELS, 2048, 8), GPU_OK_NODATA); /* with gaps between */
	for (u32 i = 0; i < 8; i++)
		fill(PIXELS + i * 4096, 512, i * 512);
	assert_int_equal(set_scanout(0, 1, FULL(64, 64)), GPU_OK_NODATA);
	assert_int_equal(transfer(1, FULL(64, 64), 0), GPU_OK_NODATA);
	assert_int_equal(flush(1, FULL(64, 64)), GPU_OK_NODATA);
	for (u32 y = 0; y < 64; y++)
		for (u32 x = 0; x < 64; x++)
			assert_int_equal(panel(288 + x, 368 + y), y * 64 + x);
	assert_int_equal(display_stats(dev->vm)->bytes_copied, 64 * 64 * 4);
	assert_int_equal(display_stats(dev->vm)->bytes_painted, 64 * 64 * 4);
	fill(PIXELS, 512, 0x100000);
	assert_int_equal(transfer(1, part, (7 * 64 + 5) * 4), GPU_OK_NODATA);
	assert_int_equal(flush(1, FULL(64, 64)), GPU_OK_NODATA);
	assert_int_equal(panel(288 + 5, 368 + 7), 0x100000 + 7 * 64 + 5);
	assert_int_equal(panel(288 + 7, 368 + 7), 0x100000 + 7 * 64 + 7);
	assert_int_equal(panel(288 + 8, 368 + 7), 7 * 64 + 8);
	assert_int_equal(panel(288 + 4, 368 + 7), 7 * 64 + 4);
	assert_int_equal(transfer(9, part, 0), GPU_ERR_INVALID_RESOURCE_ID);
	assert_int_equal(transfer(1, (struct rect){ 60, 0, 5, 1 }, 0), GPU_ERR_INVALID_PARAMETER);
	assert_int_equal(transfer(1, (struct rect){ 0, ~0u, 1, 2 }, 0), GPU_ERR_INVALID_PARAMETER);
	assert_int_equal(transfer(1, (struct rect){ 0, 0, 0, 1 }, 0), GPU_ERR_INVALID_PARAMETER);
	assert_int_equal(transfer(1, FULL(64, 64), 4), GPU_ERR_INVALID_PARAMETER);
	assert_int_equal(transfer(1, FULL(64, 64), ~0ULL), GPU_ERR_INVALID_PARAMETER);
	assert_int_equal(transfer(1, FULL(1, 1), 64 * 64 * 4 - 4), GPU_OK_NODATA);
	assert_int_equal(transfer(1, FULL(1, 1), 64 * 64 * 4 - 3), GPU_ERR_INVALID_PARAMETER);
}

static void checks_scanouts(void **state)
{
	(void)state;
	create_2d(1, PIXEL_B8G8R8X8, 64, 64);
	assert_int_equal(set_scanout(16, 1, FULL(64, 64)), GPU_ERR_INVALID_SCANOUT_ID);
	assert_int_equal(set_scanout(~0u, 1, FULL(64, 64)), GPU_ERR_INVALID_SCANOUT_ID);
	assert_int_equal(set_scanout(16, 0, FULL(0, 0)), GPU_ERR_INVALID_SCANOUT_ID);
	assert_int_equal(set_scanout(0, 7, FULL(64, 64)), GPU_ERR_INVALID_RESOURCE_ID);
	assert_int_equal(set_scanout(0, 1, FULL(65, 64)), GPU_ERR_INVALID_PARAMETER);
	assert_int_equal(set_scanout(0, 1, FULL(0, 64)), GPU_ERR_INVALID_PARAMETER);
	assert_int_equal(set_scanout(0, 1, (struct rect){ 1, 0, ~0u, 1 }),
			 GPU_ERR_INVALID_PARAMETER);
	assert_int_equal(flush(7, FULL(1, 1)), GPU_ERR_INVALID_RESOURCE_ID);
	assert_int_equal(flush(1, FULL(65, 1)), GPU_ERR_INVALID_PARAMETER);
	assert_int_equal(flush(1, FULL(64, 64)), GPU_OK_NODATA); /* shown nowhere */
	/* Two heads share the resource, each its own part of it. */
	attach(1, 1, PIXELS, 16384, 1);
	fill(PIXELS, 4096, 0);
	transfer(1, FULL(64, 64), 0);
	assert_int_equal(set_scanout(0, 1, (struct rect){ 0, 0, 32, 32 }), GPU_OK_NODATA);
	assert_int_equal(set_scanout(1, 1, (struct rect){ 32, 32, 32, 32 }), GPU_OK_NODATA);
	assert_int_equal(flush(1, (struct rect){ 16, 16, 32, 32 }), GPU_OK_NODATA);
	assert_int_equal(panel(304 + 15, 384 + 15), 0x101014); /* even offset: x0 = 304 */
	assert_int_equal(panel(304 + 16, 384 + 16), 16 * 64 + 16);
	assert_int_equal(panel(640 + 304 + 15, 384 + 15), 47 * 64 + 47);
	assert_int_equal(panel(640 + 304 + 16, 384 + 15), 0x101014);
	/* Off again: by id 0 and by unref, and what was shown is gone. */
	assert_int_equal(set_scanout(0, 0, FULL(0, 0)), GPU_OK_NODATA);
	assert_int_equal(panel(304 + 16, 384 + 16), 0x101014);
	assert_int_equal(resource_command(GPU_CMD_RESOURCE_UNREF, 1), GPU_OK_NODATA);
	assert_int_equal(panel(640 + 304 + 15, 384 + 15), 0x101014);
	assert_int_equal(display_placement(dev->vm, 1).width, 0);
}

static void paints_blobs_in_one_copy(void **state)
{
	struct gpu_set_scanout_blob c = blob_scanout(0, 1, 64, 64);

	(void)state;
	assert_int_equal(create_blob(1, PIXELS, 16384, 16384), GPU_OK_NODATA);
	assert_int_equal(RUN(c), GPU_OK_NODATA);
	fill(PIXELS, 4096, 0);
	assert_int_equal(flush(1, FULL(64, 64)), GPU_OK_NODATA);
	assert_int_equal(panel(288 + 63, 368 + 63), 4095);
	assert_int_equal(display_stats(dev->vm)->bytes_copied, 0);
	assert_int_equal(display_stats(dev->vm)->bytes_painted, 16384);
	assert_int_equal(transfer(1, FULL(64, 64), 0), GPU_OK_NODATA);
	assert_int_equal(display_stats(dev->vm)->bytes_copied, 0);
	/* What was damaged, and of that what the head shows. */
	fill(PIXELS, 4096, 10000);
	assert_int_equal(flush(1, (struct rect){ 60, 62, 100, 100 }), GPU_OK_NODATA);
	assert_int_equal(display_stats(dev->vm)->bytes_painted, 16384 + 4 * 2 * 4);
	assert_int_equal(display_stats(dev->vm)->bytes_copied, 0);
	assert_int_equal(panel(288 + 60, 368 + 62), 10000 + 62 * 64 + 60);
	assert_int_equal(panel(288 + 59, 368 + 62), 62 * 64 + 59);
	assert_int_equal(panel(288 + 60, 368 + 61), 61 * 64 + 60);
	fill(PIXELS, 4096, 0);
	/* Without backing there is no picture, and a flush does no harm. */
	assert_int_equal(resource_command(GPU_CMD_RESOURCE_DETACH_BACKING, 1), GPU_OK_NODATA);
	assert_int_equal(flush(1, FULL(64, 64)), GPU_OK_NODATA);
	assert_int_equal(panel(288 + 63, 368 + 63), 0x101014);
	assert_int_equal(RUN(c), GPU_ERR_INVALID_PARAMETER);
	assert_int_equal(attach(1, 1, PIXELS, 16384, 1), GPU_OK_NODATA);
	assert_int_equal(flush(1, FULL(64, 64)), GPU_OK_NODATA);
	assert_int_equal(panel(288 + 63, 368 + 63), 4095);
}

/* Each format as picture, blob and cursor; the bytes lie in memory as its name says. */
static void shows_all_formats(void **state)
{
	static const struct {
		u32 format;
		char bytes[5];
	} formats[] = {
		{ 1, "BGRA" },	{ 2, "BGRX" },	{ 3, "ARGB" },	 { 4, "XRGB" },
		{ 67, "RGBA" }, { 68, "XBGR" }, { 121, "ABGR" }, { 134, "RGBX" },
	};
	struct gpu_set_scanout_blob c = blob_scanout(1, 2, 64, 64);

	(void)state;
	assert_int_equal(create_blob(2, PIXELS, 16384, 16384), GPU_OK_NODATA);
	for (u32 i = 0; i < ARRAY_SIZE(formats); i++) {
		for (u32 k = 0; k < 16384; k++) {
			char colour = formats[i].bytes[k % 4];

			world.ram[PIXELS + k] = colour == 'R'	? 0x12
						: colour == 'G' ? 0x34
						: colour == 'B' ? 0x56
						: colour == 'A' ? 0xff
								: 0;
		}
		assert_int_equal(create_2d(1, formats[i].format, 64, 64), GPU_OK_NODATA);
		assert_int_equal(attach(1, 1, PIXELS, 16384, 1), GPU_OK_NODATA);
		assert_int_equal(transfer(1, FULL(64, 64), 0), GPU_OK_NODATA);
		assert_int_equal(set_scanout(0, 1, FULL(64, 64)), GPU_OK_NODATA);
		assert_int_equal(flush(1, FULL(64, 64)), GPU_OK_NODATA);
		assert_int_equal(panel(288 + 63, 368 + 63) & 0xffffff, 0x123456);
		c.format = formats[i].format;
		assert_int_equal(RUN(c), GPU_OK_NODATA);
		assert_int_equal(flush(2, FULL(64, 64)), GPU_OK_NODATA);
		assert_int_equal(panel(640 + 288 + 63, 368 + 63) & 0xffffff, 0x123456);
		memset(world.ram + PIXELS, 0, 16384);
		assert_int_equal(flush(2, FULL(64, 64)), GPU_OK_NODATA);
		assert_int_equal(cursor(GPU_CMD_UPDATE_CURSOR, 1, 1, 1, 1), GPU_OK_NODATA);
		assert_int_equal(panel(640 + 288 + 63, 368 + 63) & 0xffffff, 0x123456);
		assert_int_equal(panel(640 + 288, 368 + 63) & 0xffffff, 0);
		assert_int_equal(cursor(GPU_CMD_UPDATE_CURSOR, 1, 0, 1, 1), GPU_OK_NODATA);
		assert_int_equal(resource_command(GPU_CMD_RESOURCE_UNREF, 1), GPU_OK_NODATA);
	}
}

static void checks_blobs(void **state)
{
	struct gpu_create_blob b = { header(GPU_CMD_RESOURCE_CREATE_BLOB), 5, 2, 0, 0, 0, 4096 };
	struct gpu_set_scanout_blob c;

	(void)state;
	assert_int_equal(RUN(b), GPU_ERR_INVALID_PARAMETER); /* host memory */
	b.blob_mem = GPU_BLOB_MEM_GUEST;
	b.size = 0;
	assert_int_equal(RUN(b), GPU_ERR_INVALID_PARAMETER);
	b.size = 4096;
	b.nr_entries = ~0u;
	assert_int_equal(RUN(b), GPU_ERR_OUT_OF_MEMORY);
	b.nr_entries = 1;
	assert_int_equal(RUN(b), GPU_ERR_INVALID_PARAMETER); /* the entry is missing */
	assert_int_equal(create_blob(0, PIXELS, 4096, 4096), GPU_ERR_INVALID_RESOURCE_ID);
	assert_int_equal(create_blob(5, PIXELS, 4096, 4097), GPU_ERR_INVALID_PARAMETER);
	assert_int_equal(create_blob(5, STUB_RAM, 4096, 4096), GPU_ERR_INVALID_PARAMETER);
	assert_int_equal(create_blob(5, PIXELS, 16384, 16384), GPU_OK_NODATA);
	assert_int_equal(create_blob(5, PIXELS, 16384, 16384), GPU_ERR_INVALID_RESOURCE_ID);
	assert_int_equal(set_scanout(0, 5, FULL(1, 1)), GPU_ERR_INVALID_RESOURCE_ID);
	c = blob_scanout(0, 5, 64, 64);
	c.strides[0] = 252;
	assert_int_equal(RUN(c), GPU_ERR_INVALID_PARAMETER);
	c = blob_scanout(0, 5, 64, 65);
	assert_int_equal(RUN(c), GPU_ERR_INVALID_PARAMETER);
	c = blob_scanout(0, 5, 64, 64);
	c.offsets[0] = 4;
	assert_int_equal(RUN(c), GPU_ERR_INVALID_PARAMETER);
	c.offsets[0] = ~3u;
	assert_int_equal(RUN(c), GPU_ERR_INVALID_PARAMETER);
	c = blob_scanout(0, 5, 64, 64);
	c.format = 5;
	assert_int_equal(RUN(c), GPU_ERR_INVALID_PARAMETER);
	c = blob_scanout(0, 5, 0x40000000, 1);
	assert_int_equal(RUN(c), GPU_ERR_INVALID_PARAMETER);
	c = blob_scanout(0, 5, 1, ~0u);
	c.strides[0] = ~3u;
	assert_int_equal(RUN(c), GPU_ERR_INVALID_PARAMETER);
	c = blob_scanout(0, 5, 64, 64);
	c.r = (struct rect){ 1, 0, 64, 1 };
	assert_int_equal(RUN(c), GPU_ERR_INVALID_PARAMETER);
	c = blob_scanout(16, 5, 64, 64);
	assert_int_equal(RUN(c), GPU_ERR_INVALID_SCANOUT_ID);
	c = blob_scanout(1, 5, 32, 32);
	c.strides[0] = 256;
	c.offsets[0] = 128;
	assert_int_equal(RUN(c), GPU_OK_NODATA);
	assert_int_equal(display_placement(dev->vm, 1).width, 32);
}

static void needs_negotiated_features(void **state)
{
	struct gpu_get_edid c = { header(GPU_CMD_GET_EDID), 0, 0 };

	(void)state;
	stub_driver_start(dev, VIRTIO_F_VERSION_1);
	assert_int_equal(RUN(c), GPU_ERR_UNSPEC);
	assert_int_equal(create_blob(1, PIXELS, 4096, 4096), GPU_ERR_UNSPEC);
	assert_int_equal(create_2d(1, 1, 1, 1), GPU_OK_NODATA);
}

static void shows_cursors(void **state)
{
	u32 *pixels = (u32 *)(world.ram + PIXELS + 65536);

	(void)state;
	create_2d(1, PIXEL_B8G8R8X8, 128, 128);
	set_scanout(0, 1, FULL(128, 128));
	flush(1, FULL(128, 128));
	create_2d(2, PIXEL_B8G8R8A8, 64, 64);
	attach(2, 1, PIXELS + 65536, 16384, 1);
	for (u32 i = 0; i < 4096; i++)
		pixels[i] = i % 64 < 32 ? 0xff112233 : 0;
	pixels[64] = 0x80400000;
	transfer(2, FULL(64, 64), 0);
	assert_int_equal(cursor(GPU_CMD_UPDATE_CURSOR, 0, 2, 10, 20), GPU_OK_NODATA);
	assert_int_equal(panel(256 + 10, 336 + 20), 0x112233);
	assert_int_equal(panel(256 + 10, 336 + 21), 0x400000);
	assert_int_equal(panel(256 + 9, 336 + 20), 0);
	assert_int_equal(panel(256 + 10 + 32, 336 + 20), 0);
	/* A repaint of the picture keeps it; moving shows what was below; it may stick out. */
	flush(1, FULL(128, 128));
	assert_int_equal(panel(256 + 11, 336 + 20), 0x112233);
	assert_int_equal(cursor(GPU_CMD_MOVE_CURSOR, 0, 0, (u32)-20, 100), GPU_OK_NODATA);
	assert_int_equal(panel(256 + 11, 336 + 20), 0);
	assert_int_equal(panel(256 + 11, 336 + 100), 0x112233);
	assert_int_equal(panel(256 + 12, 336 + 100), 0);
	assert_int_equal(panel(256 - 1, 336 + 100), 0x101014);
	for (u32 i = 0; i < 32; i++) { /* CVE-2021-4206: positions are only ever compared */
		cursor(GPU_CMD_MOVE_CURSOR, 0, 0, 1u << i, 3u << i);
		cursor(GPU_CMD_MOVE_CURSOR, 0, 0, 0u - (1u << i), ~(1u << i));
	}
	cursor(GPU_CMD_MOVE_CURSOR, 0, 0, 10, 20);
	assert_int_equal(panel(256 + 11, 336 + 20), 0x112233);
	/* Its picture was copied: the resource may go. Id 0 hides it. */
	resource_command(GPU_CMD_RESOURCE_UNREF, 2);
	assert_int_equal(cursor(GPU_CMD_MOVE_CURSOR, 0, 0, 11, 20), GPU_OK_NODATA);
	assert_int_equal(panel(256 + 12, 336 + 20), 0x112233);
	assert_int_equal(stub_restart(dev), 0);
	assert_int_equal(panel(256 + 12, 336 + 20), 0x112233);
	assert_int_equal(cursor(GPU_CMD_UPDATE_CURSOR, 0, 0, 11, 20), GPU_OK_NODATA);
	assert_int_equal(panel(256 + 12, 336 + 20), 0);
	assert_int_equal(cursor(GPU_CMD_UPDATE_CURSOR, 0, 2, 0, 0), GPU_ERR_INVALID_RESOURCE_ID);
	assert_int_equal(cursor(GPU_CMD_UPDATE_CURSOR, 0, 1, 0, 0), GPU_ERR_INVALID_PARAMETER);
	assert_int_equal(cursor(GPU_CMD_UPDATE_CURSOR, 16, 0, 0, 0), GPU_ERR_INVALID_SCANOUT_ID);
	assert_int_equal(cursor(GPU_CMD_MOVE_CURSOR, ~0u, 0, 0, 0), GPU_ERR_INVALID_SCANOUT_ID);
	assert_int_equal(create_blob(3, PIXELS, 16383, 16383), GPU_OK_NODATA);
	assert_int_equal(cursor(GPU_CMD_UPDATE_CURSOR, 0, 3, 0, 0), GPU_ERR_INVALID_PARAMETER);
	assert_int_equal(create_blob(4, PIXELS + 65536, 16384, 16384), GPU_OK_NODATA);
	assert_int_equal(cursor(GPU_CMD_UPDATE_CURSOR, 0, 4, 10, 20), GPU_OK_NODATA);
	assert_int_equal(panel(256 + 11, 336 + 20), 0x112233);
}

/* It belongs to the head's picture: with another or none, it is another's or none. */
static void cursors_follow_scanouts(void **state)
{
	u32 *pixels = (u32 *)(world.ram + PIXELS);

	(void)state;
	create_2d(1, PIXEL_B8G8R8X8, 128, 128);
	create_2d(2, PIXEL_B8G8R8X8, 64, 64); /* no alpha: all of it shows */
	attach(2, 1, PIXELS, 16384, 1);
	for (u32 i = 0; i < 4096; i++)
		pixels[i] = 0x112233;
	transfer(2, FULL(64, 64), 0);
	assert_int_equal(cursor(GPU_CMD_UPDATE_CURSOR, 0, 2, 10, 20), GPU_OK_NODATA);
	assert_int_equal(panel(256 + 10, 336 + 20), 0x101014);
	set_scanout(0, 1, FULL(128, 128));
	set_scanout(1, 1, FULL(128, 128));
	flush(1, FULL(128, 128));
	assert_int_equal(panel(256 + 10, 336 + 20), 0x112233);
	assert_int_equal(panel(640 + 256 + 10, 336 + 20), 0); /* its own head's only */
	assert_int_equal(cursor(GPU_CMD_UPDATE_CURSOR, 1, 2, 0, 0), GPU_OK_NODATA);
	assert_int_equal(panel(640 + 256, 336), 0x112233);
	set_scanout(0, 0, FULL(0, 0));
	assert_int_equal(panel(256 + 10, 336 + 20), 0x101014);
	assert_int_equal(stub_restart(dev), 0);
	set_scanout(0, 1, FULL(128, 128));
	flush(1, FULL(128, 128));
	assert_int_equal(panel(256 + 10, 336 + 20), 0x112233);
	/* A move paints where it was and where it is, and nothing else. */
	*display_stats(dev->vm) = (struct display_stats){ 0 };
	cursor(GPU_CMD_MOVE_CURSOR, 0, 0, 64 + 10, 20);
	assert_int_equal(display_stats(dev->vm)->bytes_painted, (64 * 64 + 54 * 64) * 4);
	display_stats(dev->vm)->bytes_painted = 0;
	cursor(GPU_CMD_MOVE_CURSOR, 0, 0, 64 + 8, 21);
	assert_int_equal(display_stats(dev->vm)->bytes_painted, 56 * 65 * 4);
	assert_int_equal(panel(256 + 64 + 8, 336 + 21), 0x112233);
	assert_int_equal(panel(256 + 64 + 10, 336 + 20), 0);
	assert_int_equal(display_stats(dev->vm)->frames, 0);
}

static void driver_reset_forgets_all(void **state)
{
	(void)state;
	create_2d(1, PIXEL_B8G8R8X8, 64, 64);
	set_scanout(0, 1, FULL(64, 64));
	flush(1, FULL(64, 64));
	stub_common_write(dev, 20, 1, 0);
	assert_int_equal(stub_common(dev, 20, 1), 0);
	assert_int_equal(display_placement(dev->vm, 0).width, 0);
	assert_int_equal(panel(300, 380), 0x101014);
	stub_kick(dev, 0); /* a late doorbell */
	stub_driver_start(dev, ALL_FEATURES);
	assert_int_equal(create_2d(1, PIXEL_B8G8R8X8, 64, 64), GPU_OK_NODATA);
}

/* One interrupt for a batch of requests. */
static void interrupts_once_a_batch(void **state)
{
	struct gpu_header c = header(GPU_CMD_GET_DISPLAY_INFO);
	u32 before = world.msix[1];

	(void)state;
	for (u32 i = 0; i < 5; i++)
		stub_submit(GPU_CONTROL_QUEUE, &c, sizeof(c), 408);
	stub_kick(dev, GPU_CONTROL_QUEUE);
	assert_int_equal(stub_used(GPU_CONTROL_QUEUE), 5);
	assert_int_equal(world.msix[1], before + 1);
}

static void next_frame(void)
{
	world.now += 20000;
	dev->ops->timer(dev);
}

/* The linear framebuffer is on show until the driver sets a scanout, and again after. */
static void shows_the_linear_framebuffer(void **state)
{
	static const u16 writes[][2] = {
		{ DISPI_XRES, 320 }, { DISPI_YRES, 200 }, { DISPI_BPP, 32 }, { DISPI_ENABLE, 0x41 }
	};
	struct dm_access a = { .addr = 0x1ce, .size = 2, .space = IOREQ_PIO, .write = true };

	(void)state;
	for (u32 i = 0; i < ARRAY_SIZE(writes); i++) {
		a.addr = 0x1ce;
		a.value = writes[i][0];
		dev->ops->access(dev, &a);
		a.addr = 0x1cf;
		a.value = writes[i][1];
		dev->ops->access(dev, &a);
	}
	((u32 *)world.vram)[0] = 0xabcdef;
	assert_true(dev->deadline <= world.now + 20000);
	next_frame();
	assert_int_equal(display_placement(dev->vm, 0).width, 320);
	assert_int_equal(panel(160, 300), 0xabcdef);
	create_2d(1, PIXEL_B8G8R8X8, 64, 64);
	set_scanout(0, 1, FULL(64, 64));
	assert_int_equal(display_placement(dev->vm, 0).width, 64);
	assert_int_equal(panel(160, 300), 0x101014);
	dev->ops->timer(dev);
	assert_true(dev->deadline == DM_NO_DEADLINE);
	set_scanout(0, 0, FULL(0, 0));
	assert_int_equal(display_placement(dev->vm, 0).width, 320);
	assert_true(dev->deadline != DM_NO_DEADLINE); /* it is painted regularly again */
	/* A picture that would begin in the middle of VRAM and end past it is the last that fits.
	 */
	a = (struct dm_access){ .addr = 0x500 + 2 * DISPI_Y_OFFSET,
				.size = 2,
				.space = IOREQ_PCI_BAR,
				.bar = 2,
				.write = true,
				.value = STUB_VRAM / (320 * 4) - 200 };
	dev->ops->access(dev, &a);
	next_frame();
	assert_int_equal(display_placement(dev->vm, 0).width, 320);
	a.value++;
	dev->ops->access(dev, &a);
	next_frame();
	assert_int_equal(display_placement(dev->vm, 0).width, 320);
	/* Disabled, it is the VGA's text again. */
	a.addr = 0x500 + 2 * DISPI_ENABLE;
	a.value = 0;
	dev->ops->access(dev, &a);
	next_frame();
	assert_int_equal(display_placement(dev->vm, 0).width, 640);
}

/* The driver died with a scanout set: what is written to the linear framebuffer then is seen; and
 * a driver that flushes after all has the screen back. */
static void a_crash_screen_is_seen(void **state)
{
	static const u16 writes[][2] = {
		{ DISPI_XRES, 320 }, { DISPI_YRES, 200 }, { DISPI_BPP, 32 }, { DISPI_ENABLE, 0x41 }
	};
	struct dm_access a = { .size = 2, .space = IOREQ_PIO, .write = true };
	struct gpu_flush flush = { header(GPU_CMD_RESOURCE_FLUSH), FULL(64, 64), 1, 0 };

	(void)state;
	for (u32 i = 0; i < 2 * ARRAY_SIZE(writes); i++) {
		a.addr = i % 2 ? 0x1cf : 0x1ce;
		a.value = writes[i / 2][i % 2];
		dev->ops->access(dev, &a);
	}
	create_2d(1, PIXEL_B8G8R8X8, 64, 64);
	set_scanout(0, 1, FULL(64, 64));
	((u32 *)world.vram)[0] = 0xc0ffee;
	dev->ops->vram_written(dev);
	assert_true(dev->deadline <= world.now + VGA_SILENCE_US);
	assert_int_equal(RUN(flush), GPU_OK_NODATA); /* it lives */
	world.now += 2 * VGA_SILENCE_US;
	dev->ops->timer(dev);
	assert_int_equal(display_placement(dev->vm, 0).width, 64);
	dev->ops->vram_written(dev);
	world.now += VGA_SILENCE_US;
	dev->ops->timer(dev);
	assert_int_equal(display_placement(dev->vm, 0).width, 320);
	assert_int_equal(panel(160, 300), 0xc0ffee);
	assert_int_equal(RUN(flush), GPU_OK_NODATA);
	assert_int_equal(display_placement(dev->vm, 0).width, 64);
	/* Device reset: the VGA's, and no scanout left behind. */
	dev->ops->reset(dev);
	next_frame();
	assert_int_equal(display_placement(dev->vm, 0).width, 640);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
		TEST(answers_display_info),
		TEST(answers_edid),
		TEST(offers_no_capsets),
		TEST(assigns_uuids),
		TEST(counts_what_resources_take),
		TEST(refuses_unknown_and_short_commands),
		TEST(echoes_fences),
		TEST(checks_2d_resources),
		TEST(limits_memory_and_count),
		TEST(does_long_commands_in_turns),
		TEST(clears_new_resources),
		TEST(checks_backing),
		TEST(takes_as_many_entries_as_configured),
		TEST(transfers_rectangles),
		TEST(checks_scanouts),
		TEST(paints_blobs_in_one_copy),
		TEST(shows_all_formats),
		TEST(checks_blobs),
		TEST(needs_negotiated_features),
		TEST(shows_cursors),
		TEST(cursors_follow_scanouts),
		TEST(driver_reset_forgets_all),
		TEST(interrupts_once_a_batch),
		cmocka_unit_test_setup_teardown(shows_the_linear_framebuffer, setup_vga, teardown),
		cmocka_unit_test_setup_teardown(a_crash_screen_is_seen, setup_vga, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
