/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/*
 * Pixel conversion; see pixels.h. Pure.
 */
#include "pixels.h"
#include "copy.h"
#include "dm/runtime.h"

typedef u32 __attribute__((aligned(1), may_alias)) u32_anywhere;

typedef u32 __attribute__((vector_size(16), aligned(4), may_alias)) four_pixels;

/* 0xAABBGGRR to 0xAARRGGBB and back. */
static u32 swap_red_blue(u32 p)
{
	return (p & 0xff00ff00) | (p & 0xff) << 16 | (p >> 16 & 0xff);
}

void pixels_to_bgrx(u32 *out, const void *from, u32 count, u32 format)
{
	const u32_anywhere *in = from;

	switch (format) {
	case PIXEL_A8R8G8B8:
	case PIXEL_X8R8G8B8:
		for (u32 i = 0; i < count; i++)
			out[i] = __builtin_bswap32(in[i]);
		break;
	case PIXEL_R8G8B8A8:
	case PIXEL_R8G8B8X8:
		for (u32 i = 0; i < count; i++)
			out[i] = swap_red_blue(in[i]);
		break;
	case PIXEL_A8B8G8R8:
	case PIXEL_X8B8G8R8:
		for (u32 i = 0; i < count; i++)
			out[i] = in[i] >> 8 | in[i] << 24;
		break;
	default:
		copy_wide(out, from, 4 * (u64)count);
	}
}

/* n bits at `shift` of v, as 8 bits. */
static u32 widen(u32 v, u32 shift, u32 n)
{
	v = v >> shift & ((1u << n) - 1);
	return v << (8 - n) | v >> (2 * n - 8);
}

void pixels_small_to_bgrx(u32 *out, const void *from, u32 count, u32 format, const u32 *palette)
{
	const u8 *in = from;
	u32 size = pixels_size(format);

	for (u32 i = 0; i < count; i++, in += size) {
		u32 v = size == 1 ? in[0] : in[0] | (u32)in[1] << 8;

		if (format == PIXEL_INDEX8)
			out[i] = palette[v];
		else if (format == PIXEL_B8G8R8)
			out[i] = v | (u32)in[2] << 16;
		else if (format == PIXEL_B5G6R5)
			out[i] = widen(v, 11, 5) << 16 | widen(v, 5, 6) << 8 | widen(v, 0, 5);
		else
			out[i] = widen(v, 10, 5) << 16 | widen(v, 5, 5) << 8 | widen(v, 0, 5);
	}
}

struct channel channel_of(u32 mask)
{
	if (!mask)
		return (struct channel){ 0, 0 };
	return (struct channel){ (u8)__builtin_ctz(mask),
				 (u8)(32 - __builtin_clz(mask) - __builtin_ctz(mask)) };
}

/* An 8-bit value with as many bits as the channel has; white stays white. */
static u32 channel_value(u32 value, struct channel c)
{
	if (c.bits <= 8)
		value >>= 8 - c.bits;
	else if (c.bits <= 16)
		value = value << (c.bits - 8) | value >> (16 - c.bits);
	else
		value = value << (c.bits - 8);
	return value << c.shift;
}

void pixels_to_masks(u32 *out, const u32 *from, u32 count, const struct channel rgb[3])
{
	bool swap = rgb[0].shift == 0 && rgb[1].shift == 8 && rgb[2].shift == 16 &&
		    rgb[0].bits == 8 && rgb[1].bits == 8 && rgb[2].bits == 8;

	for (u32 i = 0; swap && i < count; i++)
		out[i] = swap_red_blue(from[i]);
	for (u32 i = 0; !swap && i < count; i++)
		out[i] = channel_value(from[i] >> 16 & 0xff, rgb[0]) |
			 channel_value(from[i] >> 8 & 0xff, rgb[1]) |
			 channel_value(from[i] & 0xff, rgb[2]);
}

void pixels_pack(u32 *pixels, u32 count, u32 bytes)
{
	u8 *to = (u8 *)pixels;

	for (u32 i = 0; i < count; i++) {
		u32 value = pixels[i];

		for (u32 k = 0; k < bytes; k++, value >>= 8)
			*to++ = (u8)value;
	}
}

void pixels_fill(u32 *out, u32 pixel, u32 count)
{
	four_pixels four = { pixel, pixel, pixel, pixel };

	for (; count >= 16; count -= 16, out += 16) {
		((four_pixels *)out)[0] = four;
		((four_pixels *)out)[1] = four;
		((four_pixels *)out)[2] = four;
		((four_pixels *)out)[3] = four;
	}
	while (count--)
		*out++ = pixel;
}

void pixels_blend(u32 *dst, const u32 *src, u32 count)
{
	for (u32 i = 0; i < count; i++) {
		u32 rest = 255 - (src[i] >> 24), result = 0;

		for (u32 shift = 0; shift < 24; shift += 8) {
			u32 below = ((dst[i] >> shift & 0xff) * rest + 127) / 255;
			u32 sum = (src[i] >> shift & 0xff) + below;

			result |= MIN(sum, 255) << shift;
		}
		dst[i] = result;
	}
}
