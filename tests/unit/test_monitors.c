/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/* as: test_gpu */

/* Monitors that change while the guest runs: what virtio-gpu's driver hears and reads then. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "display_stubs.h"
#include "dm/runtime.h"

#define AWAY time_from_us(1000000)

static struct dm_device *dev;

static int setup(void **state)
{
	(void)state;
	stub_start(1280, 800, LAYOUT_TILES, 1);
	dev = stub_device(&virtio_vga_ops);
	dev->vm->device_count = 1;
	stub_driver_start(dev, VIRTIO_F_VERSION_1 | VIRTIO_GPU_F_EDID);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	stub_stop();
	return 0;
}

static struct dm_access bar(u64 addr, u8 size)
{
	return (struct dm_access){ .addr = addr,
				   .size = size,
				   .space = IOREQ_PCI_BAR,
				   .bar = VIRTIO_BAR,
				   .value = ~0ULL,
				   .count = 1 };
}

static u32 read_bar(u64 addr)
{
	struct dm_access a = bar(addr, 4);

	dev->ops->access(dev, &a);
	return (u32)a.value;
}

static u32 events(void)
{
	return read_bar(VIRTIO_DEVICE + offsetof(struct gpu_config, events_read));
}

static void clear_events(u32 value)
{
	struct dm_access a = bar(VIRTIO_DEVICE + offsetof(struct gpu_config, events_clear), 4);

	a.write = true;
	a.value = value;
	dev->ops->access(dev, &a);
}

static struct gpu_display_info display_info(void)
{
	struct gpu_header c = { .type = GPU_CMD_GET_DISPLAY_INFO };
	struct gpu_display_info info;
	u32 len;

	assert_int_equal(stub_command(dev, GPU_CONTROL_QUEUE, &c, sizeof(c), 2048),
			 GPU_OK_DISPLAY_INFO);
	memcpy(&info, stub_answer(GPU_CONTROL_QUEUE, &len), sizeof(info));
	return info;
}

/* The preferred width that the scanout's EDID tells, or 0 when it has none. */
static u32 edid_width(u32 scanout)
{
	struct gpu_get_edid c = { { .type = GPU_CMD_GET_EDID }, scanout, 0 };
	const struct gpu_edid *edid;
	u32 len;

	if (stub_command(dev, GPU_CONTROL_QUEUE, &c, sizeof(c), 2048) != GPU_OK_EDID)
		return 0;
	edid = stub_answer(GPU_CONTROL_QUEUE, &len);
	if (edid->size == EDID_MAX) /* DisplayID: after three headers and two data blocks */
		return (edid->edid[256 + 42] | (u32)edid->edid[256 + 43] << 8) + 1;
	return edid->edid[54 + 2] | (u32)(edid->edid[54 + 4] >> 4) << 8;
}

/* The monitors that were exchanged are plugged in again when their time has come. */
static void comes_back(void)
{
	assert_int_equal(events(), 0);
	assert_true(dev->deadline <= world.now + AWAY);
	world.now += AWAY;
	world.msix[0] = 0;
	dev->ops->timer(dev);
	assert_int_equal(world.msix[0], 1);
	assert_int_equal(events(), GPU_EVENT_DISPLAY);
}

static void has_all_scanouts_from_the_start(void **state)
{
	struct gpu_display_info info = display_info();

	(void)state;
	assert_int_equal(read_bar(VIRTIO_DEVICE + offsetof(struct gpu_config, num_scanouts)), 16);
	assert_int_equal(info.modes[0].enabled, 1);
	assert_int_equal(info.modes[1].enabled, 0);
	assert_int_equal(edid_width(0), 1024);
	assert_int_equal(edid_width(15), 1024);
	assert_int_equal(edid_width(16), 0);
	assert_int_equal(events(), 0);
}

static void tells_of_another_size(void **state)
{
	struct gpu_display_info info;
	u8 generation = (u8)stub_common(dev, 21, 1);

	(void)state;
	stub_common_write(dev, 16, 2, 0);
	world.msix[0] = 0;
	assert_int_equal(monitors_resize(dev->vm, MONITORS_ALL, 800, 600), 0);
	assert_int_equal(world.msix[0], 1);
	assert_int_equal(events(), GPU_EVENT_DISPLAY);
	assert_int_not_equal((u8)stub_common(dev, 21, 1), generation);
	/* First the old monitor is unplugged, until some time after the driver has heard of it. */
	world.now += 10 * AWAY;
	dev->ops->timer(dev);
	assert_int_equal(display_info().modes[0].enabled, 0);
	clear_events(GPU_EVENT_DISPLAY);
	comes_back();
	info = display_info();
	assert_int_equal(info.modes[0].enabled, 1);
	assert_int_equal(info.modes[0].r.width, 800);
	assert_int_equal(info.modes[0].r.height, 600);
	assert_int_equal(edid_width(0), 800);
	clear_events(GPU_EVENT_DISPLAY);
	assert_int_equal(events(), 0);
	/* What software without a driver reads. */
	assert_int_equal(read_bar(54 + 2) & 0xff, 800 & 0xff);
	assert_int_equal(monitors_resize(dev->vm, 3, 5120, 2160), 0);
	assert_int_equal(edid_width(3), 5120);
	assert_int_equal(edid_width(0), 800);
}

static void plugs_and_unplugs(void **state)
{
	struct gpu_set_scanout set = { { .type = GPU_CMD_SET_SCANOUT }, { 0, 0, 64, 64 }, 2, 1 };
	struct gpu_create_2d create = { { .type = GPU_CMD_RESOURCE_CREATE_2D }, 1, 2, 64, 64 };

	(void)state;
	stub_command(dev, GPU_CONTROL_QUEUE, &create, sizeof(create), 24);
	assert_int_equal(monitors_plug(dev->vm, 3), 0);
	assert_int_equal(events(), GPU_EVENT_DISPLAY);
	assert_int_equal(display_info().modes[2].enabled, 1);
	assert_int_equal(display_info().modes[3].enabled, 0);
	assert_int_equal(stub_command(dev, GPU_CONTROL_QUEUE, &set, sizeof(set), 24),
			 GPU_OK_NODATA);
	assert_int_equal(display_placement(dev->vm, 2).width, 64);
	/* Without its monitor the scanout is kept but seen nowhere; it comes back with it. */
	assert_int_equal(monitors_plug(dev->vm, 2), 0);
	assert_int_equal(display_placement(dev->vm, 2).width, 0);
	assert_int_equal(display_info().modes[2].enabled, 0);
	assert_int_equal(monitors_plug(dev->vm, 16), 0);
	assert_int_equal(display_placement(dev->vm, 2).width, 64);
	assert_int_equal(monitors_plug(dev->vm, 0), -EINVAL);
	assert_int_equal(monitors_plug(dev->vm, 17), -EINVAL);
}

static void outlasts_restarts_and_resets(void **state)
{
	(void)state;
	assert_int_equal(monitors_plug(dev->vm, 2), 0);
	assert_int_equal(monitors_resize(dev->vm, 1, 640, 480), 0);
	world.msix[0] = 0;
	assert_int_equal(stub_restart(dev), 0);
	assert_int_equal(world.msix[0], 1); /* it may have been lost with the domain */
	assert_int_equal(events(), GPU_EVENT_DISPLAY);
	assert_int_equal(display_info().modes[1].enabled, 0);
	clear_events(GPU_EVENT_DISPLAY);
	comes_back();
	assert_int_equal(display_info().modes[1].r.width, 640);
	assert_int_equal(display_info().modes[0].r.width, 1024);
	dev->ops->reset(dev);
	stub_driver_start(dev, VIRTIO_F_VERSION_1 | VIRTIO_GPU_F_EDID);
	assert_int_equal(events(), 0);
	assert_int_equal(display_info().modes[1].r.width, 640);
}

static void takes_no_nonsense_from_the_state(void **state)
{
	struct monitors *monitors = dev->ops->monitors(dev);

	(void)state;
	monitors->count = ~0u;
	for (u32 i = 0; i < MONITORS_MAX; i++)
		monitors->sizes[i] = i & 1 ? ~0u : 63 << 16 | 64;
	assert_int_equal(stub_restart(dev), 0);
	for (u32 i = 0; i < 16; i++) {
		assert_int_equal(display_info().modes[i].enabled, 1);
		assert_int_equal(display_info().modes[i].r.width, 1024);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
		TEST(has_all_scanouts_from_the_start),
		TEST(tells_of_another_size),
		TEST(plugs_and_unplugs),
		TEST(outlasts_restarts_and_resets),
		TEST(takes_no_nonsense_from_the_state),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
