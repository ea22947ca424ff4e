/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/*
 * Reading a surface; see surface.h. Stateless.
 */
#include "surface.h"
#include "pixels.h"
#include "dm/runtime.h"

/* A pixel of which the first bytes are at the end of one piece and the rest in the next ones. */
static void read_split(struct piece_cursor *at, u64 offset, u32 format, u32 *out)
{
	u8 bytes[4];

	for (u32 i = 0; i < 4; i++) {
		u64 available;

		bytes[i] = *piece_at(at, offset + i, &available);
	}
	pixels_to_bgrx(out, bytes, 1, format);
}

void surface_read(const struct surface *s, struct piece_cursor *at, u32 x, u32 y, u32 count,
		  u32 *out)
{
	u64 offset = surface_offset(s, x, y);

	while (count) {
		u64 available;
		const u8 *data = piece_at(at, offset, &available);
		u32 n = (u32)MIN(available / 4, count);

		if (n) {
			pixels_to_bgrx(out, data, n, s->format);
		} else {
			n = 1;
			read_split(at, offset, s->format, out);
		}
		out += n;
		offset += 4 * (u64)n;
		count -= n;
	}
}
