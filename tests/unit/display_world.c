/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/* sources: dm/display/[a-z]*.c */

/*
 * See display_world.h. Each piece of a picture is an allocation of its own, so that the address
 * sanitizer sees a byte too far.
 */
#include "display_world.h"
#include "dm/runtime.h"
#include "dm/state.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_PIECES 65536

struct picture {
	struct surface surface;
	struct piece *pieces;
	u32 count;
	u64 total;
};

struct dm_info world_info;
const struct dm_info *dm_info = &world_info;
struct dm_vm dm_vms[MAX_VMS];
u32 dm_vm_count;
u32 *world_panel;
static struct picture pictures[MAX_VMS];
static u32 seed;
static u64 host_state[64];

void log_line(const char *format, ...)
{
	(void)format;
}

void dm_die(const char *format, ...)
{
	fprintf(stderr, "dm_die: %s\n", format);
	abort();
}

void *state_alloc_host(size_t size)
{
	return size <= sizeof(host_state) ? host_state : NULL;
}

u64 world_now;

u64 time_now(void)
{
	return world_now++;
}

static void drop(struct picture *p)
{
	for (u32 i = 0; i < p->count; i++)
		free((void *)(uintptr_t)p->pieces[i].base);
	free(p->pieces);
	*p = (struct picture){ 0 };
}

void world_stop(void)
{
	for (u32 i = 0; i < MAX_VMS; i++)
		drop(&pictures[i]);
	free(world_panel);
	world_panel = NULL;
}

void world_start(u32 width, u32 height, enum config_layout layout, u32 guests)
{
	world_stop();
	memset(&world_info, 0, sizeof(world_info));
	world_panel = calloc((size_t)width * height, 4);
	world_info.gop = (struct handoff_gop){ .base = (u64)(uintptr_t)world_panel,
					       .size = (u64)width * height * 4,
					       .width = width,
					       .height = height,
					       .stride = width,
					       .red_mask = 0xff0000,
					       .green_mask = 0xff00,
					       .blue_mask = 0xff,
					       .pixel_bytes = 4 };
	world_info.config.layout = layout;
	dm_vm_count = guests;
	for (u32 i = 0; i < guests; i++) {
		world_info.config.vms[i].heads = 1;
		dm_vms[i] = (struct dm_vm){ .index = i, .config = &world_info.config.vms[i] };
	}
	memset(host_state, 0, sizeof(host_state));
	display_init();
}

void world_change(u32 vm)
{
	struct picture *p = &pictures[vm];

	for (u32 i = 0; i < p->count; i++) {
		u8 *bytes = (u8 *)(uintptr_t)p->pieces[i].base;

		for (u64 k = 0; k < p->pieces[i].len; k++) {
			seed = seed * 1664525 + 1013904223;
			bytes[k] = (u8)(seed >> 24);
		}
	}
}

void world_picture(u32 vm, u32 width, u32 height, u32 format, u32 stride, u32 cut)
{
	struct picture old = pictures[vm], *p = &pictures[vm];

	*p = (struct picture){ .total = (u64)(height - 1) * stride + 4 * (u64)width + 8 };
	p->pieces = calloc(MAX_PIECES, sizeof(*p->pieces));
	for (u64 at = 0; at < p->total && p->count < MAX_PIECES; at += cut) {
		u64 len = MIN(cut, p->total - at);

		p->pieces[p->count++] = (struct piece){ malloc(len), len };
	}
	world_change(vm);
	p->surface = (struct surface){ .width = width,
				       .height = height,
				       .stride = stride,
				       .format = format,
				       .offset = 8,
				       .pieces = p->pieces,
				       .piece_count = p->count };
	display_set(&dm_vms[vm], 0, &p->surface);
	drop(&old);
}

u32 world_pixel(u32 vm, u32 x, u32 y)
{
	const struct picture *p = &pictures[vm];
	u64 at = p->surface.offset + (u64)y * p->surface.stride + 4 * (u64)x;
	u32 pixel = 0;

	for (u32 i = 0; i < 4; i++) {
		u64 offset = at + i, index = offset / p->pieces[0].len;

		pixel |= (u32)p->pieces[index].base[offset % p->pieces[0].len] << (8 * i);
	}
	return pixel;
}
