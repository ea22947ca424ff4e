/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/*
 * Layouts; see layout.h. Pure.
 */
#include "layout.h"

#define CORNER_GAP 16 /* pixels around small pictures */

struct rect layout_cell(const struct rect *area, u32 count, u32 index)
{
	u32 columns = 1, rows, column, row;

	while (columns * columns < count)
		columns++;
	rows = (count + columns - 1) / columns;
	column = index % columns;
	row = index / columns;
	return (struct rect){ area->x + area->width * column / columns,
			      area->y + area->height * row / rows, area->width / columns,
			      area->height / rows };
}

struct rect layout_corner(u32 width, u32 height, u32 index)
{
	u32 w = width / 4, h = height / 4;
	u32 step = (w + CORNER_GAP) * (index + 1);

	if (step > width || h + CORNER_GAP > height)
		return (struct rect){ 0 };
	return (struct rect){ width - step, height - h - CORNER_GAP, w, h };
}

struct rect layout_fit(const struct rect *area, u32 width, u32 height)
{
	u64 w = width, h = height;

	if (width == 0 || height == 0 || rect_empty(area))
		return (struct rect){ 0 };
	if (width > area->width || height > area->height) {
		if (w * area->height > h * area->width) {
			h = MAX(h * area->width / w, 1);
			w = area->width;
		} else {
			w = MAX(w * area->height / h, 1);
			h = area->height;
		}
	}
	return (struct rect){ area->x + ((area->width - (u32)w) / 2 & ~1u),
			      area->y + ((area->height - (u32)h) / 2 & ~1u), (u32)w, (u32)h };
}
