/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/*
 * Reading a surface; see surface.h. Stateless.
 */
#include "surface.h"
#include "pixels.h"
#include "dm/runtime.h"

static void convert(const struct surface *s, u32 *out, const u8 *from, u32 count)
{
	if (pixels_size(s->format) == 4)
		pixels_to_bgrx(out, from, count, s->format);
	else
		pixels_small_to_bgrx(out, from, count, s->format, s->palette);
}

/* A pixel of which the first bytes are at the end of one piece and the rest in the next ones. */
static void read_split(const struct surface *s, struct piece_cursor *at, u64 offset, u32 *out)
{
	u8 bytes[4];

	for (u32 i = 0; i < pixels_size(s->format); i++) {
		u64 available;

		bytes[i] = *piece_at(at, offset + i, &available);
	}
	convert(s, out, bytes, 1);
}

void surface_read(const struct surface *s, struct piece_cursor *at, u32 x, u32 y, u32 count,
		  u32 *out)
{
	u64 offset = surface_offset(s, x, y), size = pixels_size(s->format);

	while (count) {
		u64 available;
		const u8 *data = piece_at(at, offset, &available);
		u32 n = (u32)MIN(available / size, count);

		if (n) {
			convert(s, out, data, n);
		} else {
			n = 1;
			read_split(s, at, offset, out);
		}
		out += n;
		offset += size * n;
		count -= n;
	}
}
