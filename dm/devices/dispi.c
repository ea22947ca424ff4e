/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/*
 * The bochs display interface. The registers hold whatever was written, within their ranges; what
 * they mean together is worked out where it is used, so no order of writes can leave something
 * that reaches out of VRAM: lines that do not fit are not shown, and an offset past the last
 * picture that fits shows that one.
 *
 * While enabled, width, height and depth may be written too: software for QEMU's adapter does.
 */
#include "dispi.h"
#include "dm/runtime.h"

#define ID_FIRST  0xb0c0
#define ID_LATEST 0xb0c5

void dispi_bind(struct dispi *d, struct dm_vm *vm, struct dispi_state *state)
{
	u64 size = 0;

	d->vm = vm;
	d->state = state;
	d->vram.base = vm_vram(vm, &size);
	d->vram.len = d->vram.base ? size : 0;
	d->palette = NULL;
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

bool dispi_enabled(const struct dispi *d)
{
	return d->state && (d->state->regs[DISPI_ENABLE] & DISPI_ENABLED);
}

u32 dispi_bpp(const struct dispi *d)
{
	u32 bpp = d->state->regs[DISPI_BPP];

	return bpp == 4 || bpp == 15 || bpp == 16 || bpp == 24 || bpp == 32 ? bpp : 8;
}

u32 dispi_virtual_width(const struct dispi *d)
{
	return MAX(d->state->regs[DISPI_VIRT_WIDTH], MAX(d->state->regs[DISPI_XRES], 1u));
}

static u32 bytes_per_line(const struct dispi *d)
{
	u32 width = dispi_virtual_width(d), bpp = dispi_bpp(d);

	return bpp == 4 ? (width + 7) / 8 * 4 : width * ((bpp + 7) / 8);
}

/* Lines of the virtual picture that VRAM holds. */
static u32 lines_that_fit(const struct dispi *d)
{
	return (u32)MIN(d->vram.len / bytes_per_line(d), 0xffff);
}

void dispi_size(const struct dispi *d, u32 *width, u32 *height)
{
	u32 fit = lines_that_fit(d);

	*width = fit ? MIN(MAX(d->state->regs[DISPI_XRES], 1u), DISPI_MAX_WIDTH) : 0;
	*height = MIN(MIN(MAX(d->state->regs[DISPI_YRES], 1u), DISPI_MAX_HEIGHT), fit);
}

void dispi_offset(const struct dispi *d, u32 *x, u32 *y)
{
	u32 width, height;

	dispi_size(d, &width, &height);
	*x = MIN(d->state->regs[DISPI_X_OFFSET], dispi_virtual_width(d) - width);
	*y = MIN(d->state->regs[DISPI_Y_OFFSET], lines_that_fit(d) - height);
}

u64 dispi_bank(const struct dispi *d)
{
	u64 unit = dispi_bpp(d) == 4 ? KIB(256) : KIB(64);
	u64 banks = d->vram.len / unit;

	return banks ? d->state->regs[DISPI_BANK] % banks * KIB(64) : 0;
}

u16 dispi_read(const struct dispi *d, u32 index)
{
	const u16 *regs = d->state->regs;

	if (index == DISPI_MEMORY_64K)
		return (u16)MIN(d->vram.len / KIB(64), 0xffff);
	if (index >= DISPI_COUNT)
		return 0xffff;
	if (regs[DISPI_ENABLE] & DISPI_GETCAPS) {
		if (index == DISPI_XRES)
			return DISPI_MAX_WIDTH;
		if (index == DISPI_YRES)
			return DISPI_MAX_HEIGHT;
		if (index == DISPI_BPP)
			return 32;
	}
	if (index == DISPI_VIRT_HEIGHT)
		return (u16)lines_that_fit(d);
	return regs[index];
}

static void clear(struct dispi *d)
{
	u32 width, height;
	u64 size;

	dispi_size(d, &width, &height);
	size = (u64)bytes_per_line(d) * height;
	if (d->vram.len)
		memset((u8 *)(uintptr_t)d->vram.base, 0, MIN(size, d->vram.len));
}

/* Turning on starts at the picture's top left corner with lines as wide as it, cleared. */
static void enable(struct dispi *d, u16 value)
{
	u16 *regs = d->state->regs;

	if ((value & DISPI_ENABLED) && !(regs[DISPI_ENABLE] & DISPI_ENABLED)) {
		regs[DISPI_VIRT_WIDTH] = regs[DISPI_XRES];
		regs[DISPI_X_OFFSET] = regs[DISPI_Y_OFFSET] = regs[DISPI_BANK] = 0;
		if (!(value & DISPI_NOCLEAR))
			clear(d);
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
		if (value && value <= DISPI_MAX_WIDTH)
			regs[index] = value;
		return true;
	case DISPI_YRES:
		if (value && value <= DISPI_MAX_HEIGHT)
			regs[index] = value;
		return true;
	case DISPI_BPP:
		regs[index] = value ? value : 8;
		return true;
	case DISPI_ENABLE:
		enable(d, value);
		return true;
	case DISPI_VIRT_WIDTH:
		if (value >= regs[DISPI_XRES])
			regs[index] = value;
		return true;
	case DISPI_BANK:
	case DISPI_X_OFFSET:
	case DISPI_Y_OFFSET:
		regs[index] = value;
		return true;
	default: /* read-only */
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

static u32 format_of(u32 bpp)
{
	switch (bpp) {
	case 32:
		return PIXEL_B8G8R8X8;
	case 24:
		return PIXEL_B8G8R8;
	case 16:
		return PIXEL_B5G6R5;
	case 15:
		return PIXEL_B5G5R5X1;
	default:
		return PIXEL_INDEX8;
	}
}

bool dispi_surface(const struct dispi *d, struct surface *surface)
{
	u32 bpp, x, y;

	if (!dispi_enabled(d))
		return false;
	bpp = dispi_bpp(d);
	if (bpp == 4 || (bpp == 8 && !d->palette))
		return false;
	dispi_size(d, &surface->width, &surface->height);
	if (!surface->width)
		return false;
	dispi_offset(d, &x, &y);
	surface->stride = bytes_per_line(d);
	surface->offset = (u64)y * surface->stride + (u64)x * ((bpp + 7) / 8);
	surface->format = format_of(bpp);
	surface->palette = d->palette;
	surface->pieces = &d->vram;
	surface->piece_count = 1;
	return true;
}
