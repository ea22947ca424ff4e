/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/*
 * Reading a surface: offsets and lines to addresses. A piece_cursor remembers where it was, so
 * that reading on from there, as painting does, costs nothing; going back starts from the first
 * piece. Nothing here checks bounds: whoever set the surface has.
 */
#ifndef DM_DISPLAY_SURFACE_H
#define DM_DISPLAY_SURFACE_H

#include "pixels.h"

struct piece_cursor {
	const struct piece *pieces;
	u32 count;
	u32 index; /* the piece of the last access */
	u64 start; /* where it begins */
};

/* The byte at `offset` and how many follow it in the same piece (at least 1). */
static inline const u8 *piece_at(struct piece_cursor *c, u64 offset, u64 *available)
{
	if (offset < c->start) {
		c->index = 0;
		c->start = 0;
	}
	while (offset - c->start >= c->pieces[c->index].len)
		c->start += c->pieces[c->index++].len;
	*available = c->pieces[c->index].len - (offset - c->start);
	return c->pieces[c->index].base + (offset - c->start);
}

static inline struct piece_cursor surface_cursor(const struct surface *s)
{
	return (struct piece_cursor){ s->pieces, s->piece_count, 0, 0 };
}

static inline u64 surface_offset(const struct surface *s, u32 x, u32 y)
{
	return s->offset + (u64)y * s->stride + pixels_size(s->format) * (u64)x;
}

/* Pixels [x, x + count) of line y as B8G8R8X8; where the format has alpha, that is kept. */
void surface_read(const struct surface *s, struct piece_cursor *at, u32 x, u32 y, u32 count,
		  u32 *out);

#endif
