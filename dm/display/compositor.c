/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/*
 * The compositor: which guest's picture is where on the panel, and painting what changed.
 *
 * A picture shown at its own size goes straight from the guest's memory to the panel, but for what
 * other pictures or its cursor cover; everything else line by line through compose.c. Surfaces are
 * the models' and checked by them; the layout is rebuilt at start, so nothing here is kept across
 * restarts but the counters.
 */
#include "compositor.h"
#include "damage.h"
#include "copy.h"
#include "frames.h"
#include "layout.h"
#include "pixels.h"
#include "dm/runtime.h"
#include "dm/state.h"

#define MAX_SPANS 128

struct head_list compositor_order;

static struct head heads[MAX_VMS][DISPLAY_MAX_HEADS];
static struct display_stats *stats; /* of each guest; in the state region */
static u32 plugged[MAX_VMS];	    /* heads that have a monitor */
static struct dm_vm *focused;
static u64 generations[MAX_VMS], panel_generation;
static const struct display_observer *observer; /* NULL: nobody looks on */
static const struct rect everything = { 0, 0, ~0u, ~0u };

static u32 head_count(const struct dm_vm *vm)
{
	return plugged[vm->index];
}

struct head *compositor_head(const struct dm_vm *vm, u32 head)
{
	return head < head_count(vm) ? &heads[vm->index][head] : NULL;
}

struct display_stats *display_stats(const struct dm_vm *vm)
{
	return &stats[vm->index];
}

static struct rect panel_rect(void)
{
	return (struct rect){ 0, 0, scanout_width(), scanout_height() };
}

u64 display_generation(const struct dm_vm *vm)
{
	return vm ? generations[vm->index] : panel_generation;
}

static void changed(const struct dm_vm *vm)
{
	generations[vm->index]++;
	panel_generation++;
}

/* ---- Painting */

/* The general way. The bytes count for vm, when there is one. */
static void paint_composed(const struct rect *r, struct display_stats *count)
{
	static u32 line[SCANOUT_MAX_WIDTH];
	const struct copy_span span = { (const u8 *)line, 1 };
	struct rect all = panel_rect(), part = rect_intersect(r, &all);
	u64 bytes = 4 * (u64)part.width * part.height;

	for (u32 y = part.y; y < part.y + part.height; y++) {
		compose_panel_line(part.x, y, part.width, line);
		scanout_write(part.x, y, part.width, &span, 1, 0, PIXEL_B8G8R8X8);
	}
	if (count) {
		count->bytes_painted += bytes;
		count->bytes_copied += bytes;
	}
	if (observer)
		observer->panel(&part);
}

/* Lines of the surface, one above the other. */
static void write_lines(const struct head *head, u32 x, u32 y, u32 width,
			const struct copy_span *spans, u32 count)
{
	stats[head->vm->index].bytes_copied +=
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
	stats[head->vm->index].bytes_painted += 4 * (u64)r->width * r->height;
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

static void paint_composed_part(const struct head *head, const struct rect *part)
{
	struct rect r = surface_to_panel(head, part);

	paint_composed(&r, &stats[head->vm->index]);
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

static void paint_surface(struct head *head, const struct rect *r)
{
	struct rect cursor = compose_cursor_rect(head);
	struct damage damage; /* not cleared: large, and on every frame's way */

	damage.count = 1;
	damage.rects[0] = *r;
	if (pixels_size(head->surface.format) != 4 || head->place.width != head->surface.width ||
	    head->place.height != head->surface.height || !subtract_covered(head, &damage) ||
	    !damage_subtract(&damage, &cursor)) {
		paint_composed_part(head, r);
		return;
	}
	for (u32 i = 0; i < damage.count; i++)
		paint_direct(head, &damage.rects[i]);
	if (observer) {
		struct rect seen = surface_to_panel(head, r);

		observer->panel(&seen);
	}
	cursor = rect_intersect(&cursor, r);
	if (!rect_empty(&cursor))
		paint_composed_part(head, &cursor);
}

void display_damage(struct dm_vm *vm, u32 head_number, const struct rect *r)
{
	struct head *head = compositor_head(vm, head_number);
	struct rect all, part;

	if (!head)
		return;
	stats[vm->index].frames++;
	changed(vm);
	all = (struct rect){ 0, 0, head->surface.width, head->surface.height };
	part = rect_intersect(r, &all);
	if (!rect_empty(&part) && !rect_empty(&head->place))
		paint_surface(head, &part);
	if (frames_recording(vm))
		frames_add(vm, head_number);
	if (observer)
		observer->head(vm, head_number, &part, false);
}

/* ---- What is shown */

static bool same_rect(const struct rect *a, const struct rect *b)
{
	return a->x == b->x && a->y == b->y && a->width == b->width && a->height == b->height;
}

void display_set(struct dm_vm *vm, u32 head_number, const struct surface *surface)
{
	struct head *head = compositor_head(vm, head_number);
	struct rect before;
	u32 width, height;

	if (!head)
		return;
	changed(vm);
	before = head->place;
	width = head->surface.width;
	height = head->surface.height;
	head->surface = surface ? *surface : (struct surface){ 0 };
	head->at = surface_cursor(&head->surface);
	head->place = layout_fit(&head->area, head->surface.width, head->surface.height);
	if (!rect_empty(&before) && !same_rect(&before, &head->place))
		paint_composed(&before, NULL);
	if (observer && (width != head->surface.width || height != head->surface.height))
		observer->head(vm, head_number, &everything, false);
}

static u64 area(const struct rect *r)
{
	return (u64)r->width * r->height;
}

/* The smallest rectangle that has both in it. */
static struct rect rect_around(const struct rect *a, const struct rect *b)
{
	u32 left = MIN(a->x, b->x), top = MIN(a->y, b->y);
	u32 right = MAX(a->x + a->width, b->x + b->width);
	u32 bottom = MAX(a->y + a->height, b->y + b->height);

	return (struct rect){ left, top, right - left, bottom - top };
}

void display_cursor(struct dm_vm *vm, u32 head_number, const u32 *image, s32 x, s32 y)
{
	struct head *head = compositor_head(vm, head_number);
	struct rect before, after, both;

	if (!head)
		return;
	changed(vm);
	before = compose_cursor_rect(head);
	head->cursor = image;
	head->cursor_x = x;
	head->cursor_y = y;
	after = compose_cursor_rect(head);
	if (observer) {
		observer->head(vm, head_number, &before, true);
		observer->head(vm, head_number, &after, true);
	}
	if (rect_empty(&head->place))
		return;
	both = rect_around(&before, &after);
	if (!rect_empty(&before) && !rect_empty(&after) &&
	    area(&both) <= area(&before) + area(&after)) {
		paint_composed_part(head, &both);
		return;
	}
	if (!rect_empty(&before))
		paint_composed_part(head, &before);
	if (!rect_empty(&after))
		paint_composed_part(head, &after);
}

void display_cursor_hot(struct dm_vm *vm, u32 head_number, u32 x, u32 y)
{
	struct head *head = compositor_head(vm, head_number);

	if (!head)
		return;
	head->hot_x = x;
	head->hot_y = y;
}

void display_observe(const struct display_observer *by)
{
	observer = by;
}

struct rect display_placement(const struct dm_vm *vm, u32 head_number)
{
	const struct head *head = compositor_head(vm, head_number);

	return head ? head->place : (struct rect){ 0 };
}

/* ---- Layout */

static void show(struct head *head, const struct rect *area)
{
	head->area = *area;
	head->place = layout_fit(area, head->surface.width, head->surface.height);
	compositor_order.heads[compositor_order.count++] = head;
}

static void layout_tiles(void)
{
	struct rect all = panel_rect();
	u32 total = 0, index = 0;

	for (u32 i = 0; i < dm_vm_count; i++)
		total += head_count(&dm_vms[i]);
	for (u32 i = 0; i < dm_vm_count; i++) {
		for (u32 k = 0; k < head_count(&dm_vms[i]); k++) {
			struct rect cell = layout_cell(&all, total, index++);

			show(&heads[i][k], &cell);
		}
	}
}

static void layout_focused(bool others)
{
	struct rect all = panel_rect();
	u32 corner = 0;

	for (u32 k = 0; focused && k < head_count(focused); k++) {
		struct rect cell = layout_cell(&all, head_count(focused), k);

		show(&heads[focused->index][k], &cell);
	}
	for (u32 i = 0; others && i < dm_vm_count; i++) {
		for (u32 k = 0; &dm_vms[i] != focused && k < head_count(&dm_vms[i]); k++) {
			struct rect area = layout_corner(all.width, all.height, corner++);

			show(&heads[i][k], &area);
		}
	}
}

static void layout(void)
{
	for (u32 i = 0; i < compositor_order.count; i++)
		compositor_order.heads[i]->place = (struct rect){ 0 };
	compositor_order.count = 0;
	if (dm_info->config.layout == LAYOUT_TILES)
		layout_tiles();
	else
		layout_focused(dm_info->config.layout == LAYOUT_PIP);
}

static void paint_all(void)
{
	struct rect all = panel_rect();

	panel_generation++;
	paint_composed(&all, NULL);
}

struct dm_vm *display_focused(void)
{
	return focused;
}

void display_focus(struct dm_vm *vm)
{
	if (!vm || vm == focused || head_count(vm) == 0)
		return;
	focused = vm;
	if (dm_info->config.layout == LAYOUT_TILES)
		return;
	layout();
	paint_all();
}

void display_plug(struct dm_vm *vm, u32 count)
{
	count = MIN(count, DISPLAY_MAX_HEADS);
	if (count == plugged[vm->index])
		return;
	plugged[vm->index] = count;
	for (u32 k = count; k < DISPLAY_MAX_HEADS; k++)
		heads[vm->index][k] = (struct head){ .vm = vm };
	for (u32 k = count; observer && k < DISPLAY_MAX_HEADS; k++)
		observer->head(vm, k, &everything, false);
	layout();
	paint_all();
}

void display_message(const char *line)
{
	struct rect r;

	text_add(line);
	panel_generation++;
	r = text_rect();
	paint_composed(&r, NULL);
}

void display_init(void)
{
	stats = state_alloc_host(MAX_VMS * sizeof(*stats));
	if (!stats)
		dm_die("no room for the display's counters");
	copy_init();
	scanout_init(&dm_info->gop);
	focused = NULL;
	for (u32 i = 0; i < dm_vm_count; i++) {
		const struct vm_config *config = dm_vms[i].config;

		plugged[i] = config->display == DISPLAY_NONE
				     ? 0
				     : MIN(MAX(config->heads, 1), DISPLAY_MAX_HEADS);
		for (u32 k = 0; k < DISPLAY_MAX_HEADS; k++)
			heads[i][k] = (struct head){ .vm = &dm_vms[i] };
		if (!focused && head_count(&dm_vms[i]))
			focused = &dm_vms[i];
	}
	layout();
	paint_all();
}
