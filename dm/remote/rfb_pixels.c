/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/*
 * Clients' pixel formats (RFC 6143 section 7.4). A format is three tables, from which a pixel's
 * parts come in place and byte order: whatever a client asks for costs the same. No state.
 */
#include "rfb_internal.h"
#include "dm/runtime.h"

enum { BITS, DEPTH, BIG_ENDIAN_FLAG, TRUE_COLOUR, RED_MAX = 4, RED_SHIFT = 10 };

/* 32 bits, of which 24 are used: 0x00RRGGBB, least byte first. */
const u8 rfb_native_format[RFB_FORMAT_SIZE] = { 32, 24, 0, 1, 0, 255, 0, 255, 0, 255, 16, 8, 0 };

/* 8 bits a pixel with a map: 3 bits of red, 3 of green, 2 of blue. */
static const u8 mapped_format[RFB_FORMAT_SIZE] = { 8, 8, 0, 1, 0, 7, 0, 7, 0, 3, 5, 2, 0 };

u32 rfb_map_colour(u32 i)
{
	return (i >> 5) * 255 / 7 << 16 | (i >> 2 & 7) * 255 / 7 << 8 | (i & 3) * 255 / 3;
}

static u32 swap_bytes(u32 value, u32 bytes)
{
	return bytes == 1 ? value : bytes == 2 ? value << 8 | value >> 8 : __builtin_bswap32(value);
}

static void fill_part(struct rfb_format *f, u32 part, u32 max, u32 shift, bool swap)
{
	for (u32 value = 0; value < 256; value++) {
		u32 placed = (value * max + 127) / 255 << shift;

		f->parts[part][value] = swap ? swap_bytes(placed, f->bytes) : placed;
	}
}

/* ZRLE leaves out a byte of 32 bits that has no colour in it: the highest one, or the lowest. */
static void pack(struct rfb_format *f, u32 depth, u32 used, bool swap)
{
	f->packed = f->bytes;
	f->packed_from = 0;
	if (f->bytes != 4 || depth > 24)
		return;
	if (!(used & 0xff000000)) {
		f->packed = 3;
		f->packed_from = swap;
	} else if (!(used & 0xff)) {
		f->packed = 3;
		f->packed_from = !swap;
	}
}

bool rfb_format_parse(struct rfb_format *f, const u8 wire[RFB_FORMAT_SIZE])
{
	u32 bits = wire[BITS], used = 0;
	bool swap;

	if (bits != 8 && bits != 16 && bits != 32)
		return false;
	if (wire[DEPTH] > bits)
		return false;
	f->mapped = !wire[TRUE_COLOUR];
	if (f->mapped) {
		if (bits != 8)
			return false;
		wire = mapped_format;
	}
	f->bytes = (u8)(bits / 8);
	swap = wire[BIG_ENDIAN_FLAG] && bits > 8;
	for (u32 part = 0; part < 3; part++) {
		u32 max = rfb_get16(wire + RED_MAX + 2 * part), shift = wire[RED_SHIFT + part];

		if (shift >= bits || (u64)max << shift > BIT(bits) - 1)
			return false;
		fill_part(f, part, max, shift, swap);
		used |= max << shift;
	}
	pack(f, wire[DEPTH], used, swap);
	f->plain = !f->mapped && memcmp(wire + RED_MAX, rfb_native_format + RED_MAX, 9) == 0 &&
		   bits == 32 && !swap;
	return true;
}

static inline u32 convert(const struct rfb_format *f, u32 pixel)
{
	return f->parts[0][pixel >> 16 & 0xff] | f->parts[1][pixel >> 8 & 0xff] |
	       f->parts[2][pixel & 0xff];
}

u8 *rfb_pixels_write(const struct rfb_format *f, u8 *to, const u32 *pixels, u32 count)
{
	if (f->plain) {
		memcpy(to, pixels, 4 * (size_t)count);
		return to + 4 * (size_t)count;
	}
	for (u32 i = 0; i < count; i++, to += f->bytes) {
		u32 value = convert(f, pixels[i]);

		memcpy(to, &value, f->bytes);
	}
	return to;
}

u8 *rfb_pixels_write_packed(const struct rfb_format *f, u8 *to, const u32 *pixels, u32 count)
{
	for (u32 i = 0; i < count; i++, to += f->packed) {
		u32 value = convert(f, pixels[i]) >> 8 * f->packed_from;

		for (u32 k = 0; k < f->packed; k++)
			to[k] = (u8)(value >> 8 * k);
	}
	return to;
}
