/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/*
 * Lines of what is shown, assembled in ordinary memory: for everything that cannot go straight
 * from a guest's memory to the panel (cursors, scaling, overlaps, screenshots). Owns one line
 * buffer.
 */
#include "compositor.h"
#include "damage.h"
#include "pixels.h"
#include "dm/runtime.h"

struct rect compose_cursor_rect(const struct head *head)
{
	s64 left = MAX(head->cursor_x, 0), top = MAX(head->cursor_y, 0);
	s64 right = MIN((s64)head->cursor_x + CURSOR_SIZE, head->surface.width);
	s64 bottom = MIN((s64)head->cursor_y + CURSOR_SIZE, head->surface.height);

	if (!head->cursor || left >= right || top >= bottom)
		return (struct rect){ 0 };
	return (struct rect){ (u32)left, (u32)top, (u32)(right - left), (u32)(bottom - top) };
}

void compose_surface_line(struct head *head, u32 x, u32 y, u32 count, u32 *out)
{
	struct rect line = { x, y, count, 1 }, cursor = compose_cursor_rect(head), both;

	surface_read(&head->surface, &head->at, x, y, count, out);
	both = rect_intersect(&line, &cursor);
	if (rect_empty(&both))
		return;
	pixels_blend(out + (both.x - x),
		     head->cursor + ((s64)y - head->cursor_y) * CURSOR_SIZE +
			     ((s64)both.x - head->cursor_x),
		     both.width);
}

/* Pixels [x, x + count) of line y of the head's place, of which the picture is scaled down: pixel
 * d shows the surface's pixel floor(d * surface width / place width), lines alike. */
static void scaled_line(struct head *head, u32 x, u32 y, u32 count, u32 *out)
{
	static u32 line[SURFACE_MAX_WIDTH];
	u32 from = head->surface.width, to = head->place.width;
	u32 first = (u32)((u64)x * from / to), last = (u32)((u64)(x + count - 1) * from / to);
	u32 source_y = (u32)((u64)y * head->surface.height / head->place.height);
	u32 at = 0, rest = (u32)((u64)x * from % to);

	compose_surface_line(head, first, source_y, last - first + 1, line);
	for (u32 i = 0; i < count; i++) {
		out[i] = line[at];
		at += from / to;
		rest += from % to;
		if (rest >= to) {
			rest -= to;
			at++;
		}
	}
}

static void head_line(struct head *head, u32 x, u32 y, u32 count, u32 *out)
{
	struct rect line = { x, y, count, 1 };
	struct rect part = rect_intersect(&line, &head->place);

	if (rect_empty(&part))
		return;
	out += part.x - x;
	x = part.x - head->place.x;
	y -= head->place.y;
	if (head->place.width == head->surface.width && head->place.height == head->surface.height)
		compose_surface_line(head, x, y, part.width, out);
	else
		scaled_line(head, x, y, part.width, out);
}

void compose_panel_line(u32 x, u32 y, u32 count, u32 *out)
{
	pixels_fill(out, BACKGROUND, count);
	text_compose(x, y, count, out);
	for (u32 i = 0; i < compositor_order.count; i++)
		head_line(compositor_order.heads[i], x, y, count, out);
}
