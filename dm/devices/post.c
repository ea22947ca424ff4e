/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/*
 * Ports that software writes to for the sake of the time it takes, or to show progress: POST codes
 * (0x80) and the delay ports 0xeb and 0xed. Writes are dropped, reads give all ones. No state.
 */
#include "../bus.h"
#include "../devices.h"

static int post_create(struct dm_device *dev)
{
	static const u16 ports[] = { 0x80, 0xeb, 0xed };

	for (u32 i = 0; i < ARRAY_SIZE(ports); i++) {
		int rc = bus_add_ports(dev, ports[i], 1);

		if (rc)
			return rc;
	}
	return 0;
}

static void post_reset(struct dm_device *dev)
{
	(void)dev;
}

static void post_access(struct dm_device *dev, struct dm_access *a)
{
	(void)dev;
	(void)a;
}

const struct dm_device_ops post_ops = {
	.name = "post",
	.create = post_create,
	.reset = post_reset,
	.access = post_access,
};
