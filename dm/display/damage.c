/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/*
 * Rectangles; see damage.h. Pure.
 */
#include "damage.h"

struct rect rect_intersect(const struct rect *a, const struct rect *b)
{
	u64 left = MAX(a->x, b->x), top = MAX(a->y, b->y);
	u64 right = MIN((u64)a->x + a->width, (u64)b->x + b->width);
	u64 bottom = MIN((u64)a->y + a->height, (u64)b->y + b->height);

	if (left >= right || top >= bottom)
		return (struct rect){ 0 };
	return (struct rect){ (u32)left, (u32)top, (u32)(right - left), (u32)(bottom - top) };
}

/* The up to four parts of r around `hole`, which lies within r: above, below, left, right. */
static u32 split(const struct rect *r, const struct rect *hole, struct rect out[4])
{
	u32 below = hole->y + hole->height, right = hole->x + hole->width;
	struct rect parts[4] = {
		{ r->x, r->y, r->width, hole->y - r->y },
		{ r->x, below, r->width, r->y + r->height - below },
		{ r->x, hole->y, hole->x - r->x, hole->height },
		{ right, hole->y, r->x + r->width - right, hole->height },
	};
	u32 n = 0;

	for (u32 i = 0; i < 4; i++)
		if (!rect_empty(&parts[i]))
			out[n++] = parts[i];
	return n;
}

bool damage_subtract(struct damage *damage, const struct rect *hole)
{
	struct damage result;

	if (rect_empty(hole))
		return true;
	result.count = 0;
	for (u32 i = 0; i < damage->count; i++) {
		const struct rect *r = &damage->rects[i];
		struct rect common = rect_intersect(r, hole);
		struct rect parts[4] = { *r };
		u32 n = rect_empty(&common) ? 1 : split(r, &common, parts);

		if (result.count + n > DAMAGE_MAX)
			return false;
		for (u32 k = 0; k < n; k++)
			result.rects[result.count++] = parts[k];
	}
	*damage = result;
	return true;
}
