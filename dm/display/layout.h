/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/*
 * Where guests' pictures go on the panel. Pure.
 */
#ifndef DM_DISPLAY_LAYOUT_H
#define DM_DISPLAY_LAYOUT_H

#include <abi/config.h>
#include <abi/range.h>

/* A cell of the grid that shows `count` pictures: columns first, as square as it can be. */
struct rect layout_cell(const struct rect *area, u32 count, u32 index);
/* The index-th small picture in the right bottom corner, from right to left. */
struct rect layout_corner(u32 width, u32 height, u32 index);
/* A width x height picture in the area: as it is when it fits, else scaled down with its aspect
 * ratio kept; centred, at even distances from the area's corner. */
struct rect layout_fit(const struct rect *area, u32 width, u32 height);

#endif
