/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/*
 * The virtio-gpu protocol tester (protocol/protocol.h) on the device itself: all cases, then
 * walks by pseudo-random numbers, a few thousand requests each. Options: memory=MIB of the guest
 * (64), gpu_memory=MIB (32), gpu_entries=N (16384), monitors=N (1), walk=N numbers (20000).
 */
#include "kit/vgpu.h"
#include "protocol/protocol.h"

#define SAID 20 /* failures told one by one */

static struct vgpu gpu;
static u64 memory[PROTOCOL_MEMORY / 8] __attribute__((aligned(4096)));
static u32 failures, left;
static u64 seed = 0x4f5249454c;

static bool wire_start(u32 features)
{
	return vgpu_start_with(&gpu, features, NO_VECTOR);
}

static s64 wire_send(u32 queue, const u8 *request, u32 len, u8 *answer, u32 room)
{
	return vgpu_send(&gpu, (u16)queue, request, len, answer, room);
}

static void wire_failed(const struct protocol_case *c, const char *why, u64 got, u64 wanted)
{
	if (failures++ < SAID)
		report(false, "%s, %s %lx, length %u, room %u: %s: %lx, wanted %lx", c->command,
		       c->what, c->value, c->len, c->room, why, got, wanted);
}

static u32 step(void *context, u32 below)
{
	(void)context;
	if (!left)
		return ~0u;
	left--;
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return (u32)(seed >> 16) % below;
}

void main(void)
{
	struct protocol_wire wire = {
		.send = wire_send,
		.start = wire_start,
		.failed = wire_failed,
		.memory = memory,
		.memory_address = (u64)memory,
		.ram_end = MIB(option_number("memory", 64)),
		.gpu_memory = MIB(option_number("gpu_memory", 32)),
		.gpu_entries = option_number("gpu_entries", 16384),
		.monitors = option_number("monitors", 1),
	};
	u32 sent;

	if (!vgpu_find(&gpu)) {
		report(false, "there is a virtio-gpu");
		return;
	}
	wire.scanouts = read32(gpu.device_config + 8);
	report(read32(gpu.device_config + 12) == 0, "no capability sets are offered");
	sent = protocol_cases(&wire);
	report(!failures && sent, "%u requests are answered as demanded", sent);
	left = option_number("walk", 20000);
	for (sent = 0; left;)
		sent += protocol_walk(&wire, step, NULL);
	report(!failures && sent, "%u requests of a walk are answered as demanded", sent);
}
