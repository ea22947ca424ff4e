/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/* as: test_gpu */
/* sources: tests/unit/gpu_wire.c tests/guest/protocol/cases.c */
/* sources: tests/guest/protocol/commands.c tests/guest/protocol/model.c */
/*
 * Fuzzing the virtio-gpu protocol: the input chooses what the tester's walk sends, and each answer
 * must be the one that its model of the specification demands.
 */
#include <stdlib.h>
#include "display_stubs.h"
#include "gpu_wire.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

struct input {
	const u8 *at;
	size_t left;
};

static u32 take(void *context, u32 below)
{
	struct input *in = context;

	if (!in->left)
		return ~0u;
	in->left--;
	return *in->at++ % below;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static bool started;
	struct input in = { data, len };

	if (!started)
		gpu_wire_start(2);
	started = true;
	protocol_walk(&gpu_wire, take, &in);
	if (gpu_wire_failures || gpu_usage(&dm_vms[0]).resources != protocol_model()->count)
		abort();
	return 0;
}
