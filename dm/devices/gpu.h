/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/*
 * What the rest of the device domain may know of a guest's virtio-gpu; its inside is virtio_gpu.h.
 */
#ifndef DM_DEVICES_GPU_H
#define DM_DEVICES_GPU_H

#include "dm/vm.h"

struct gpu_usage {
	u32 resources;
	u64 bytes;	  /* of vm_config.gpu_memory that they take, in whole pages */
	u64 fence_latest; /* the longest that the answer to a paced flush came after its tick; TSC
			   * ticks, since the device domain started */
};

/* What the guest's resources take now, and how it was served; nothing when it has no virtio-gpu. */
struct gpu_usage gpu_usage(const struct dm_vm *vm);

#endif
