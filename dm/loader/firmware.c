/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/*
 * Guests with `firmware`: the hypervisor has put the file where the processor begins (hv/shadow.h),
 * so there is nothing to load. Here the file is checked, and the guest starts at the reset vector.
 */
#include "loader.h"

#define FIRMWARE_UNIT KIB(64)
#define FIRMWARE_MAX  MIB(16)
#define MEMORY_MIN    MIB(16)

int firmware_load(struct loader *l)
{
	struct loader_file file;
	int rc = loader_get_file(l, l->vm->config->firmware, "firmware", &file);

	if (rc)
		return rc;
	if (file.len % FIRMWARE_UNIT || file.len > FIRMWARE_MAX)
		return loader_fail(l,
				   "firmware %s: %llu bytes; an image has a multiple of 64 KiB, "
				   "16 MiB at most",
				   file.name, (unsigned long long)file.len);
	if (l->vm->config->memory < MEMORY_MIN)
		return loader_fail(l, "firmware %s: needs 16 MiB of memory", file.name);
	l->start.mode = VM_START_RESET;
	return 0;
}
