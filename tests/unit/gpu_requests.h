/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/*
 * Requests of a virtio-gpu driver, for the tests of the device: each sends one and gives the
 * answer's type. Included once in each test.
 */
#ifndef TESTS_UNIT_GPU_REQUESTS_H
#define TESTS_UNIT_GPU_REQUESTS_H

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>
#include "display_stubs.h"

#define ALL_FEATURES                                                           \
	(VIRTIO_F_VERSION_1 | VIRTIO_GPU_F_EDID | VIRTIO_GPU_F_RESOURCE_UUID | \
	 VIRTIO_GPU_F_RESOURCE_BLOB | VIRTIO_F_INDIRECT_DESC)
#define PIXELS STUB_DATA_BASE

static struct dm_device *dev;

static inline int start(const struct dm_device_ops *ops)
{
	stub_start(1280, 800, LAYOUT_TILES, 2);
	dev = stub_device(ops);
	assert_non_null(dev);
	stub_driver_start(dev, ALL_FEATURES);
	return 0;
}

static inline int setup(void **state)
{
	(void)state;
	return start(&virtio_gpu_ops);
}

static inline int setup_vga(void **state)
{
	(void)state;
	return start(&virtio_vga_ops);
}

static inline int teardown(void **state)
{
	(void)state;
	stub_stop();
	return 0;
}

static inline u32 run(const void *request, u32 len)
{
	return stub_command(dev, GPU_CONTROL_QUEUE, request, len, 2048);
}
#define RUN(command) run(&(command), sizeof(command))

/* The request goes on with what lies at `gpa`. */
static inline u32 run_with(const void *request, u32 len, u64 gpa, u32 more)
{
	const struct gpu_header *answer;
	u32 got;

	stub_submit(GPU_CONTROL_QUEUE, request, len, 24);
	stub_extend(GPU_CONTROL_QUEUE, len, gpa, more, 24);
	stub_kick(dev, GPU_CONTROL_QUEUE);
	answer = stub_answer(GPU_CONTROL_QUEUE, &got);
	return got == 24 ? answer->type : 0;
}

static inline struct gpu_header header(u32 type)
{
	return (struct gpu_header){ .type = type };
}

static inline u32 create_2d(u32 id, u32 format, u32 width, u32 height)
{
	struct gpu_create_2d c = { header(GPU_CMD_RESOURCE_CREATE_2D), id, format, width, height };

	return RUN(c);
}

static inline u32 resource_command(u32 type, u32 id)
{
	struct gpu_resource_command c = { header(type), id, 0 };

	return RUN(c);
}

struct attach {
	struct gpu_attach c;
	struct gpu_mem_entry entries[8];
};

static inline u32 attach(u32 id, u32 count, u64 addr, u32 len, u32 claimed)
{
	struct attach a = { .c = { header(GPU_CMD_RESOURCE_ATTACH_BACKING), id, claimed } };

	for (u32 i = 0; i < count; i++)
		a.entries[i] = (struct gpu_mem_entry){ addr + i * 2ULL * len, len, 0 };
	return run(&a, (u32)(sizeof(a.c) + count * sizeof(a.entries[0])));
}

static inline u32 create_blob(u32 id, u64 addr, u32 len, u64 size)
{
	struct {
		struct gpu_create_blob c;
		struct gpu_mem_entry entry;
	} b = { { header(GPU_CMD_RESOURCE_CREATE_BLOB), id, GPU_BLOB_MEM_GUEST, 0, len ? 1 : 0, 0,
		  size },
		{ addr, len, 0 } };

	return RUN(b);
}

static inline u32 set_scanout(u32 head, u32 id, struct rect r)
{
	struct gpu_set_scanout c = { header(GPU_CMD_SET_SCANOUT), r, head, id };

	return RUN(c);
}

static inline struct gpu_set_scanout_blob blob_scanout(u32 head, u32 id, u32 width, u32 height)
{
	return (struct gpu_set_scanout_blob){ .header = header(GPU_CMD_SET_SCANOUT_BLOB),
					      .r = { 0, 0, width, height },
					      .scanout_id = head,
					      .resource_id = id,
					      .width = width,
					      .height = height,
					      .format = PIXEL_B8G8R8X8,
					      .strides = { 4 * width } };
}

static inline u32 transfer(u32 id, struct rect r, u64 offset)
{
	struct gpu_transfer c = { header(GPU_CMD_TRANSFER_TO_HOST_2D), r, offset, id, 0 };

	return RUN(c);
}

static inline u32 flush(u32 id, struct rect r)
{
	struct gpu_flush c = { header(GPU_CMD_RESOURCE_FLUSH), r, id, 0 };

	return RUN(c);
}

static inline u32 cursor(u32 type, u32 head, u32 id, u32 x, u32 y)
{
	struct gpu_update_cursor c = { header(type), head, x, y, 0, id, 0, 0, 0 };

	return stub_command(dev, GPU_CURSOR_QUEUE, &c, sizeof(c), 24);
}

static inline void fill(u64 at, u32 count, u32 first)
{
	for (u32 i = 0; i < count; i++)
		((u32 *)(world.ram + at))[i] = first + i;
}

static inline u32 panel(u32 x, u32 y)
{
	return world.panel[y * world.info.gop.width + x];
}

#define FULL(w, h) ((struct rect){ 0, 0, w, h })

#endif
