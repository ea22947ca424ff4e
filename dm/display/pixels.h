/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/*
 * Pixel layouts. Inside dm a pixel is a u32 0xAARRGGBB, which in memory is B8G8R8A8.
 */
#ifndef DM_DISPLAY_PIXELS_H
#define DM_DISPLAY_PIXELS_H

#include "display.h"

/* Whether the format's bytes are B8G8R8A8 or B8G8R8X8 as they stand. */
static inline bool pixels_are_bgrx(u32 format)
{
	return format == PIXEL_B8G8R8A8 || format == PIXEL_B8G8R8X8;
}

/* Bytes of a pixel. */
static inline u32 pixels_size(u32 format)
{
	if (format < PIXEL_B5G5R5X1)
		return 4;
	return format == PIXEL_INDEX8 ? 1 : format == PIXEL_B8G8R8 ? 3 : 2;
}

/* Reads count pixels of `format` (enum pixel_format) at any alignment; of the 32-bit ones. */
void pixels_to_bgrx(u32 *out, const void *from, u32 count, u32 format);
/* The same of the others; palette as in struct surface. */
void pixels_small_to_bgrx(u32 *out, const void *from, u32 count, u32 format, const u32 *palette);

/* Where a colour of a bit-mask format goes. */
struct channel {
	u8 shift; /* of its lowest bit */
	u8 bits;  /* 0: the format does not have it */
};

/* From a contiguous mask; a mask with holes counts from its lowest to its highest bit. */
struct channel channel_of(u32 mask);
/* Writes count pixels in a format of three masks. */
void pixels_to_masks(u32 *out, const u32 *from, u32 count, const struct channel rgb[3]);

/* Closes the gaps in place: count pixels of 4 bytes become pixels of `bytes` (2 or 3). */
void pixels_pack(u32 *pixels, u32 count, u32 bytes);

void pixels_fill(u32 *out, u32 pixel, u32 count);

/* dst = src over dst, alpha multiplied into src. */
void pixels_blend(u32 *dst, const u32 *src, u32 count);

#endif
