/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/*
 * Painting on the panel. A picture shown at its own size goes straight from the guest's memory to
 * the panel, but for what other pictures or its cursor cover; everything else line by line through
 * compose.c. No state but a line buffer.
 */
#include "compositor.h"
#include "damage.h"
#include "pixels.h"

#define MAX_SPANS 128

void paint_panel(const struct rect *r, struct display_stats *count)
{
	static u32 line[SCANOUT_MAX_WIDTH];
	const struct copy_span span = { (const u8 *)line, 1 };
	struct rect all = compositor_panel(), part = rect_intersect(r, &all);
	u64 bytes = 4 * (u64)part.width * part.height;

	for (u32 y = part.y; y < part.y + part.height; y++) {
		compose_panel_line(part.x, y, part.width, line);
		scanout_write(part.x, y, part.width, &span, 1, 0, PIXEL_B8G8R8X8);
	}
	if (count) {
		count->bytes_painted += bytes;
		count->bytes_copied += bytes;
	}
	if (compositor_observer)
		compositor_observer->panel(&part);
}

/* Lines of the surface, one above the other. */
static void write_lines(const struct head *head, u32 x, u32 y, u32 width,
			const struct copy_span *spans, u32 count)
{
	compositor_stats[head->vm->index].bytes_copied +=
		scanout_write(head->place.x + x, head->place.y + y, width, spans, count,
			      head->surface.stride, head->surface.format);
}

/* Part of one line that may lie in several pieces. */
static void paint_split_line(struct head *head, u32 x, u32 y, u32 width)
{
	u64 offset = surface_offset(&head->surface, x, y);

	while (width) {
		u64 available;
		struct copy_span span = { piece_at(&head->at, offset, &available), 1 };
		u32 n = (u32)MIN(available / 4, width);

		if (n) {
			write_lines(head, x, y, n, &span, 1);
		} else {
			u32 pixel;

			n = 1;
			span.from = (const u8 *)&pixel;
			surface_read(&head->surface, &head->at, x, y, 1, &pixel);
			scanout_write(head->place.x + x, head->place.y + y, 1, &span, 1, 0,
				      PIXEL_B8G8R8X8);
		}
		x += n;
		width -= n;
		offset += 4 * (u64)n;
	}
}

/* Finds lines of `len` bytes, each whole in a piece, from `offset` on, up to *rows of them in up to
 * MAX_SPANS spans: how many spans, and in *rows how many lines. */
static u32 find_spans(struct head *head, u64 offset, u64 len, u32 *rows, struct copy_span *spans)
{
	struct copy_span *span = spans, *end = spans + MAX_SPANS;
	u64 stride = head->surface.stride, in, available;
	const struct piece *piece;
	u32 left = *rows;

	piece_at(&head->at, offset, &available);
	piece = head->at.pieces + head->at.index;
	in = offset - head->at.start;
	while (piece->len - in >= len) {
		u64 room = piece->len - in - len;

		span->from = piece->base + in;
		span->rows = 1;
		if (room >= stride) {
			span->rows = (u32)MIN(room / stride + 1, left);
			left -= span->rows - 1;
			in += (span->rows - 1) * stride;
		}
		in += stride;
		span++;
		if (!--left || span == end)
			break;
		for (; in >= piece->len; piece++)
			in -= piece->len;
	}
	*rows -= left;
	head->at.index = (u32)(piece - head->at.pieces);
	head->at.start = offset + *rows * stride - in;
	return (u32)(span - spans);
}

/* Straight from the surface, of which r is a part; of 32 bits a pixel, shown at its own size, not
 * covered. */
static void paint_direct(struct head *head, const struct rect *r)
{
	struct copy_span spans[MAX_SPANS];
	u32 y = r->y, end = r->y + r->height;

	while (y < end) {
		u32 rows = end - y;
		u32 count = find_spans(head, surface_offset(&head->surface, r->x, y),
				       4 * (u64)r->width, &rows, spans);

		write_lines(head, r->x, y, r->width, spans, count);
		y += rows;
		if (y < end && count < MAX_SPANS)
			paint_split_line(head, r->x, y++, r->width);
	}
	compositor_stats[head->vm->index].bytes_painted += 4 * (u64)r->width * r->height;
}

/* What part of the head's place shows that part of its surface. */
static struct rect surface_to_panel(const struct head *head, const struct rect *r)
{
	u64 sw = head->surface.width, sh = head->surface.height;
	u64 pw = head->place.width, ph = head->place.height;
	u64 left = r->x * pw / sw, top = r->y * ph / sh;
	u64 right = ((r->x + (u64)r->width) * pw + sw - 1) / sw;
	u64 bottom = ((r->y + (u64)r->height) * ph + sh - 1) / sh;

	return (struct rect){ head->place.x + (u32)left, head->place.y + (u32)top,
			      (u32)(right - left), (u32)(bottom - top) };
}

void paint_head_composed(const struct head *head, const struct rect *part)
{
	struct rect r = surface_to_panel(head, part);

	paint_panel(&r, &compositor_stats[head->vm->index]);
}

/* Takes out of the damage, which is in surface pixels, what higher pictures cover. */
static bool subtract_covered(const struct head *head, struct damage *damage)
{
	bool above = false;

	for (u32 i = 0; i < compositor_order.count; i++) {
		const struct head *other = compositor_order.heads[i];
		struct rect hole = rect_intersect(&other->place, &head->place);

		hole.x -= head->place.x;
		hole.y -= head->place.y;
		if (above && !rect_empty(&hole) && !damage_subtract(damage, &hole))
			return false;
		above |= other == head;
	}
	return true;
}

void paint_head(struct head *head, const struct rect *r)
{
	struct rect cursor = compose_cursor_rect(head);
	struct damage damage; /* not cleared: large, and on every frame's way */

	damage.count = 1;
	damage.rects[0] = *r;
	if (pixels_size(head->surface.format) != 4 || head->place.width != head->surface.width ||
	    head->place.height != head->surface.height || !subtract_covered(head, &damage) ||
	    !damage_subtract(&damage, &cursor)) {
		paint_head_composed(head, r);
		return;
	}
	for (u32 i = 0; i < damage.count; i++)
		paint_direct(head, &damage.rects[i]);
	if (compositor_observer) {
		struct rect seen = surface_to_panel(head, r);

		compositor_observer->panel(&seen);
	}
	cursor = rect_intersect(&cursor, r);
	if (!rect_empty(&cursor))
		paint_head_composed(head, &cursor);
}
