/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/* See gpu_wire.h. */
#include "gpu_wire.h"
#include "display_stubs.h"
#include <stdio.h>
#include <string.h>

#define SAID 20 /* failures are counted, but no more than these told */

u32 gpu_wire_failures;
bool gpu_wire_spoils, gpu_wire_strict;

static struct dm_device *dev;

static void wire_failed(const struct protocol_case *c, const char *why, u64 got, u64 wanted)
{
	if (gpu_wire_failures++ < SAID)
		fprintf(stderr, "%s, %s %#llx, length %u, room %u: %s: %#llx, wanted %#llx\n",
			c->command, c->what, (unsigned long long)c->value, c->len, c->room, why,
			(unsigned long long)got, (unsigned long long)wanted);
}

static bool wire_start(u32 features)
{
	stub_driver_start(dev, features | VIRTIO_F_VERSION_1);
	return stub_common(dev, 20, 1) == 15;
}

/* Entries of memory lie behind a command's own part, and are read when it is known. */
static u32 own_part(const u8 *request, u32 len)
{
	for (u32 i = 0; len >= PROTOCOL_HEADER && i < protocol_command_count; i++)
		if (protocol_commands[i].type == protocol_get(request, 4))
			return MIN(len, protocol_commands[i].len);
	return len;
}

/* What requests change of the device's state. */
static struct kept {
	struct gpu_scanout scanouts[GPU_MAX_SCANOUTS];
	struct gpu_cursor cursors[GPU_MAX_SCANOUTS];
	struct gpu_resource resources[GPU_MAX_RESOURCES];
} kept;

static void keep(void)
{
	const struct gpu_state *s = dev->state;

	memcpy(kept.scanouts, s->scanouts, sizeof(kept.scanouts));
	memcpy(kept.cursors, s->cursors, sizeof(kept.cursors));
	memcpy(kept.resources, s->resources, sizeof(kept.resources));
}

static bool is_kept(void)
{
	const struct gpu_state *s = dev->state;

	return !memcmp(kept.scanouts, s->scanouts, sizeof(kept.scanouts)) &&
	       !memcmp(kept.cursors, s->cursors, sizeof(kept.cursors)) &&
	       !memcmp(kept.resources, s->resources, sizeof(kept.resources));
}

/* Pages that nobody has are nobody's. */
static bool leaks_pages(void)
{
	const struct gpu *gpu = dev->priv;
	u64 pages = gpu->cleared.count;

	for (u32 i = 0; i < ARRAY_SIZE(gpu->pool_used); i++)
		pages -= (u64)__builtin_popcountll(gpu->pool_used[i]);
	return pages + gpu_usage(dev->vm).bytes / PAGE_SIZE != 0;
}

static s64 wire_send(u32 queue, const u8 *request, u32 len, u8 *answer, u32 room)
{
	u16 before = stub_used(queue);
	const void *written;
	u32 got;

	if (gpu_wire_strict)
		keep();
	stub_submit(queue, request, len, room);
	world.spoiled = stub_rings[queue].buffers;
	world.spoiled_len = gpu_wire_spoils ? own_part(request, len) : 0;
	stub_kick(dev, queue);
	for (u32 i = 0; i < 10 && stub_used(queue) == before; i++) {
		world.now += 20000; /* what waits for a frame, gets one */
		dev->ops->timer(dev);
	}
	if (stub_used(queue) == before)
		return -1;
	written = stub_answer(queue, &got);
	memcpy(answer, written, PROTOCOL_ANSWER);
	if (gpu_wire_strict && leaks_pages())
		gpu_wire_failures++;
	if (gpu_wire_strict && got && protocol_get(answer, 4) >= ERR_UNSPEC && !is_kept()) {
		fprintf(stderr, "what answered %#llx changed something\n",
			(unsigned long long)protocol_get(answer, 4));
		gpu_wire_failures++;
	}
	if (!gpu_wire_spoils && memcmp(world.ram + stub_rings[queue].buffers, request, len) != 0)
		gpu_wire_failures++;
	return got;
}

struct protocol_wire gpu_wire = {
	.send = wire_send,
	.start = wire_start,
	.failed = wire_failed,
	.memory_address = STUB_DATA_BASE,
	.ram_end = STUB_RAM,
	.gpu_memory = STUB_POOL,
	.gpu_entries = 16384,
	.scanouts = GPU_MAX_SCANOUTS,
};

void gpu_wire_start(u32 monitors)
{
	stub_start(640, 400, LAYOUT_TILES, monitors);
	dev = stub_device(&virtio_gpu_ops);
	gpu_wire.monitors = monitors;
	gpu_wire.memory = (u64 *)(world.ram + STUB_DATA_BASE);
	gpu_wire_failures = 0;
}

void gpu_wire_stop(void)
{
	stub_stop();
}
