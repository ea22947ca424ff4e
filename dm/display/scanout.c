/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/*
 * Writing to the panel; see scanout.h. Owns the description of the framebuffer.
 */
#include "scanout.h"
#include "pixels.h"
#include "dm/runtime.h"

static struct {
	u8 *base;
	u32 width, height;
	u64 stride; /* bytes */
	u32 bytes;  /* a pixel */
	bool bgrx;  /* the panel's layout is B8G8R8X8 */
	struct channel rgb[3];
} panel;

static u32 line[SCANOUT_MAX_WIDTH];

void scanout_init(const struct handoff_gop *gop)
{
	panel.base = (u8 *)(uintptr_t)gop->base;
	panel.width = MIN(gop->width, SCANOUT_MAX_WIDTH);
	panel.height = gop->height;
	panel.bytes = gop->pixel_bytes;
	panel.stride = panel.bytes * (u64)gop->stride;
	panel.rgb[0] = channel_of(gop->red_mask);
	panel.rgb[1] = channel_of(gop->green_mask);
	panel.rgb[2] = channel_of(gop->blue_mask);
	panel.bgrx = panel.bytes == 4 && gop->red_mask == 0xff0000 && gop->green_mask == 0xff00 &&
		     gop->blue_mask == 0xff;
}

u32 scanout_width(void)
{
	return panel.width;
}

u32 scanout_height(void)
{
	return panel.height;
}

static void write_line(u8 *to, const u8 *from, u32 width, u32 format)
{
	pixels_to_bgrx(line, from, width, format);
	if (!panel.bgrx)
		pixels_to_masks(line, line, width, panel.rgb);
	if (panel.bytes != 4)
		pixels_pack(line, width, panel.bytes);
	copy_wide(to, line, panel.bytes * (u64)width);
}

u64 scanout_write(u32 x, u32 y, u32 width, const struct copy_span *spans, u32 count, u64 stride,
		  u32 format)
{
	u8 *to = panel.base + y * panel.stride + panel.bytes * (u64)x;
	u64 bytes = 0, len = panel.bytes * (u64)width;

	if (panel.bgrx && pixels_are_bgrx(format)) {
		copy_lines(to, panel.stride, spans, count, stride, len);
		return 0;
	}
	for (u32 i = 0; i < count; i++) {
		const u8 *from = spans[i].from;

		for (u32 k = 0; k < spans[i].rows; k++, from += stride, to += panel.stride)
			write_line(to, from, width, format);
		bytes += len * spans[i].rows;
	}
	return bytes;
}
