/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/*
 * The one place where "does this lie inside that?" is answered. Every offset, size and rectangle
 * that a guest, the device domain or the network supplies goes through these. No sum overflows.
 */
#ifndef ABI_RANGE_H
#define ABI_RANGE_H

#include <abi/types.h>

struct rect {
	u32 x, y, width, height;
};

/* Whether [start, start + len) lies within [0, size). An empty range may start at size. */
static inline bool range_within(u64 start, u64 len, u64 size)
{
	return start <= size && len <= size - start;
}

/* Whether [start, start + len) lies within [base, base + size). */
static inline bool range_inside(u64 start, u64 len, u64 base, u64 size)
{
	return start >= base && range_within(start - base, len, size);
}

/* Whether the two half-open ranges share a byte. Neither may wrap (checked at creation). */
static inline bool range_overlaps(u64 a, u64 alen, u64 b, u64 blen)
{
	return alen && blen && (a <= b ? b - a < alen : a - b < blen);
}

/* Whether r lies within a width x height area. Empty rectangles do when their corner does. */
static inline bool rect_within(const struct rect *r, u32 width, u32 height)
{
	return range_within(r->x, r->width, width) && range_within(r->y, r->height, height);
}

static inline bool rect_empty(const struct rect *r)
{
	return r->width == 0 || r->height == 0;
}

#endif
