/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/*
 * Rectangles: what is left of a repaint when parts of it are covered. Pure.
 */
#ifndef DM_DISPLAY_DAMAGE_H
#define DM_DISPLAY_DAMAGE_H

#include <abi/range.h>

#define DAMAGE_MAX 64

/* Disjoint rectangles. */
struct damage {
	u32 count;
	struct rect rects[DAMAGE_MAX];
};

/* What both cover; 0 x 0 when nothing. No sum overflows. */
struct rect rect_intersect(const struct rect *a, const struct rect *b);
/* Takes `hole` out of every rectangle. False when that would make more than DAMAGE_MAX: then the
 * damage is unchanged. */
bool damage_subtract(struct damage *damage, const struct rect *hole) must_check;

#endif
