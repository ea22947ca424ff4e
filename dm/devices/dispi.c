/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/*
 * The bochs display interface, 32 bits a pixel. The registers hold whatever was written, within
 * their ranges; dispi_surface() decides, with all of them, whether that is a picture in VRAM.
 */
#include "dispi.h"
#include "dm/runtime.h"

#define ID_FIRST   0xb0c0
#define ID_LATEST  0xb0c5
#define MAX_WIDTH  4096
#define MAX_HEIGHT 4096

void dispi_bind(struct dispi *d, struct dm_vm *vm, struct dispi_state *state)
{
	u64 size = 0;

	d->vm = vm;
	d->state = state;
	d->vram.base = vm_vram(vm, &size);
	d->vram.len = d->vram.base ? size : 0;
}

void dispi_reset(struct dispi *d)
{
	*d->state = (struct dispi_state){ 0 };
	d->state->regs[DISPI_ID] = ID_LATEST;
}

bool dispi_adopt(struct dispi *d)
{
	return d->state->regs[DISPI_ID] >= ID_FIRST && d->state->regs[DISPI_ID] <= ID_LATEST;
}

u16 dispi_read(const struct dispi *d, u32 index)
{
	const u16 *regs = d->state->regs;

	if (index == DISPI_MEMORY_64K)
		return (u16)(d->vram.len / KIB(64));
	if (index >= DISPI_COUNT)
		return 0xffff;
	if (regs[DISPI_ENABLE] & DISPI_GETCAPS) {
		if (index == DISPI_XRES)
			return MAX_WIDTH;
		if (index == DISPI_YRES)
			return MAX_HEIGHT;
		if (index == DISPI_BPP)
			return 32;
	}
	if (index == DISPI_VIRT_HEIGHT) {
		u64 line = 4ULL * regs[DISPI_VIRT_WIDTH];
		u64 lines = line ? d->vram.len / line : 0;

		return lines > 0xffff ? 0xffff : (u16)lines;
	}
	return regs[index];
}

/* Enabling starts at the picture's top left corner with lines as wide as it, cleared. */
static void enable(struct dispi *d, u16 value)
{
	u16 *regs = d->state->regs;
	bool turned_on = (value & DISPI_ENABLED) && !(regs[DISPI_ENABLE] & DISPI_ENABLED);

	if (turned_on) {
		regs[DISPI_VIRT_WIDTH] = regs[DISPI_XRES];
		regs[DISPI_X_OFFSET] = regs[DISPI_Y_OFFSET] = 0;
		if (!(value & DISPI_NOCLEAR) && d->vram.len) {
			u64 size = 4ULL * regs[DISPI_XRES] * regs[DISPI_YRES];

			memset((u8 *)(uintptr_t)d->vram.base, 0, MIN(size, d->vram.len));
		}
	}
	regs[DISPI_ENABLE] = value;
}

bool dispi_write(struct dispi *d, u32 index, u16 value)
{
	u16 *regs = d->state->regs;

	switch (index) {
	case DISPI_ID:
		if (value >= ID_FIRST && value <= ID_LATEST)
			regs[index] = value;
		return false;
	case DISPI_XRES:
	case DISPI_YRES:
		if (value && value <= MAX_WIDTH && !(regs[DISPI_ENABLE] & DISPI_ENABLED))
			regs[index] = value;
		return false;
	case DISPI_BPP:
		if (!(regs[DISPI_ENABLE] & DISPI_ENABLED))
			regs[index] = value;
		return false;
	case DISPI_ENABLE:
		enable(d, value);
		return true;
	case DISPI_VIRT_WIDTH:
		if (value >= regs[DISPI_XRES])
			regs[index] = value;
		return true;
	case DISPI_X_OFFSET:
	case DISPI_Y_OFFSET:
		regs[index] = value;
		return true;
	default: /* the bank is the VGA model's; the rest is read-only */
		return false;
	}
}

bool dispi_port(struct dispi *d, struct dm_access *a)
{
	if (a->size != 2)
		return false;
	if (a->addr == DISPI_PORT) {
		if (a->write)
			d->state->index = (u16)a->value;
		else
			a->value = d->state->index;
		return false;
	}
	if (a->write)
		return dispi_write(d, d->state->index, (u16)a->value);
	a->value = dispi_read(d, d->state->index);
	return false;
}

bool dispi_surface(const struct dispi *d, struct surface *surface)
{
	const u16 *regs = d->state ? d->state->regs : NULL;
	u64 stride, end;

	if (!regs ||
	    (regs[DISPI_ENABLE] & (DISPI_ENABLED | DISPI_LFB)) != (DISPI_ENABLED | DISPI_LFB))
		return false;
	if (regs[DISPI_BPP] != 32 || !regs[DISPI_XRES] || !regs[DISPI_YRES] ||
	    regs[DISPI_XRES] > regs[DISPI_VIRT_WIDTH])
		return false;
	stride = 4ULL * regs[DISPI_VIRT_WIDTH];
	surface->offset = regs[DISPI_Y_OFFSET] * stride + 4ULL * regs[DISPI_X_OFFSET];
	end = (regs[DISPI_YRES] - 1) * stride + 4ULL * regs[DISPI_XRES];
	if (!range_within(surface->offset, end, d->vram.len))
		return false;
	surface->width = regs[DISPI_XRES];
	surface->height = regs[DISPI_YRES];
	surface->stride = (u32)stride;
	surface->format = PIXEL_B8G8R8X8;
	surface->pieces = &d->vram;
	surface->piece_count = 1;
	return true;
}
