/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/* Implements monitors.h. No state of its own. */
#include "monitors.h"
#include "dm/runtime.h"

#define DEFAULT_REFRESH 60

static bool size_valid(u32 width, u32 height)
{
	return width >= MONITORS_MIN_SIDE && width <= MONITORS_MAX_WIDTH &&
	       height >= MONITORS_MIN_SIDE && height <= MONITORS_MAX_HEIGHT;
}

u32 monitors_count(const struct dm_vm *vm, const struct monitors *monitors)
{
	u32 count = monitors->count ? monitors->count : vm->config->heads;

	return MIN(MAX(count, 1), MONITORS_MAX);
}

struct monitors_size monitors_size(const struct dm_vm *vm, const struct monitors *monitors,
				   u32 head)
{
	u32 packed = monitors->sizes[head];
	struct monitors_size size = { packed >> 16, packed & 0xffff };

	if (!size_valid(size.width, size.height))
		size = (struct monitors_size){ vm->config->width, vm->config->height };
	return size;
}

/* How large pixels of the panel are, or 96 of them an inch. */
static u32 to_mm(u32 pixels, u32 panel_pixels, u32 panel_mm)
{
	if (panel_pixels && panel_mm)
		return (u32)((u64)pixels * panel_mm / panel_pixels);
	return pixels * 254 / 960;
}

u32 monitors_edid(const struct dm_vm *vm, const struct monitors *monitors, u32 head,
		  u8 edid[EDID_MAX])
{
	const struct handoff_gop *panel = &dm_info->gop;
	struct monitors_size size = monitors_size(vm, monitors, head);
	u32 refresh = dm_info->config.refresh;
	struct edid_monitor monitor = {
		.width = size.width,
		.height = size.height,
		.refresh = refresh ? refresh : DEFAULT_REFRESH,
		.width_mm = to_mm(size.width, panel->width, panel->width_mm),
		.height_mm = to_mm(size.height, panel->height, panel->height_mm),
		.serial = vm->index * MONITORS_MAX + head + 1,
	};

	return edid_make(edid, &monitor);
}

/* The guest's display device. */
static struct dm_device *find_device(struct dm_vm *vm)
{
	for (u32 i = 0; i < vm->device_count; i++)
		if (vm->devices[i].ops->monitors)
			return &vm->devices[i];
	return NULL;
}

int monitors_resize(struct dm_vm *vm, u32 head, u32 width, u32 height)
{
	struct dm_device *dev = find_device(vm);
	u32 packed = width << 16 | height, exchanged = 0;
	struct monitors *monitors;

	if (!dev)
		return -ENODEV;
	if (!size_valid(width, height) || head > MONITORS_ALL)
		return -EINVAL;
	monitors = dev->ops->monitors(dev);
	for (u32 i = 0; i < MONITORS_MAX; i++) {
		struct monitors_size old = monitors_size(vm, monitors, i);

		if (head != MONITORS_ALL && head != i)
			continue;
		if (old.width != width || old.height != height)
			exchanged |= 1u << i;
		monitors->sizes[i] = packed;
	}
	dev->ops->replug(dev, exchanged);
	return 0;
}

int monitors_plug(struct dm_vm *vm, u32 count)
{
	struct dm_device *dev = find_device(vm);

	if (!dev)
		return -ENODEV;
	if (count < 1 || count > dev->ops->max_monitors)
		return -EINVAL;
	dev->ops->monitors(dev)->count = count;
	dev->ops->replug(dev, 0);
	return 0;
}
