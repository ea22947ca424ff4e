/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/*
 * The monitors that a guest has: how many are plugged into its display device, and the mode that
 * each prefers. At first those of the configuration; the console changes them at any time. They
 * outlast the guest's resets, as monitors do. struct monitors lies in the device's state; any
 * value of it is safe, for it is checked when it is read.
 */
#ifndef DM_DEVICES_MONITORS_H
#define DM_DEVICES_MONITORS_H

#include "dm/vm.h"
#include "edid.h"

#define MONITORS_MAX	    16
#define MONITORS_ALL	    MONITORS_MAX /* in place of a head */
#define MONITORS_MIN_SIDE   64
#define MONITORS_MAX_WIDTH  7680
#define MONITORS_MAX_HEIGHT 4320

/* All zero: as configured. */
struct monitors {
	u32 count;
	u32 sizes[MONITORS_MAX]; /* width << 16 | height */
};

struct monitors_size {
	u32 width, height;
};

/* Of the monitors in a device's state. */
u32 monitors_count(const struct dm_vm *vm, const struct monitors *monitors);
struct monitors_size monitors_size(const struct dm_vm *vm, const struct monitors *monitors,
				   u32 head);
/* The monitor's EDID; its length. */
u32 monitors_edid(const struct dm_vm *vm, const struct monitors *monitors, u32 head,
		  u8 edid[EDID_MAX]);

/* Another preferred mode for a monitor of the guest (plugged in or not) or MONITORS_ALL; another
 * number of them. The device tells the guest. -ENODEV: it has no display device; -EINVAL: a size
 * or number that cannot be. */
int monitors_resize(struct dm_vm *vm, u32 head, u32 width, u32 height) must_check;
int monitors_plug(struct dm_vm *vm, u32 count) must_check;

#endif
