/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/* as: test_fw_cfg */

/* A guest at the firmware channel: each eight bytes of input are an access to a port, or a store
 * to where DMA commands lie. */
#include <string.h>

#include "dm/devices.h"
#include "dm_stubs.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static struct dm_device *device(void)
{
	static struct dm_device *d;

	if (!d) {
		dm_stubs_setup(MIB(2));
		dm_stubs.info.config.vms[0].cpus = 1;
		dm_stubs.info.config.vms[0].firmware = 0;
		d = dm_stubs_device(&fw_cfg_ops);
	}
	d->ops->reset(d);
	return d;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct dm_device *d = device();

	for (; len >= 8; data += 8, len -= 8) {
		u16 port = (u16)(0x510 + data[1] % 12);
		u8 size = (u8)(1 << data[2] % 3);
		u32 value;

		memcpy(&value, data + 4, 4);
		switch (data[0] % 4) {
		case 0:
			dm_stubs_in(d, port, size);
			break;
		case 1:
			dm_stubs_out(d, port, size, value);
			break;
		case 2:
			memcpy(dm_stubs.ram + data[1] % 64 * 4, &value, 4);
			break;
		default: /* a command among those */
			dm_stubs_out(d, 0x518, 4, __builtin_bswap32(data[1] % 64 * 4u));
		}
	}
	return 0;
}
