/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/* See rfb_view.h. Pictures come from the lines that screenshots are made of, never from the
 * framebuffer. */
#include "rfb_view.h"
#include "dm/display/compositor.h"
#include "dm/input.h"

static struct head *shown_head(const struct rfb_view *view)
{
	struct head *head = compositor_head(view->vm, 0);

	return head && head->surface.width ? head : NULL;
}

static void view_size(void *ctx, u32 *width, u32 *height)
{
	const struct rfb_view *view = ctx;
	const struct head *head = view->vm ? shown_head(view) : NULL;

	if (view->vm) {
		*width = head ? head->surface.width : 0;
		*height = head ? head->surface.height : 0;
	} else {
		*width = scanout_width();
		*height = scanout_height();
	}
}

static void view_line(void *ctx, u32 x, u32 y, u32 count, bool without_cursor, u32 *out)
{
	const struct rfb_view *view = ctx;
	struct head *head = view->vm ? shown_head(view) : NULL;

	if (!view->vm)
		compose_panel_line(x, y, count, out);
	else if (head && without_cursor)
		surface_read(&head->surface, &head->at, x, y, count, out);
	else if (head)
		compose_surface_line(head, x, y, count, out);
}

/* The panel may show many: they stay in its picture. */
static bool view_cursor(void *ctx, struct rfb_cursor *cursor)
{
	const struct rfb_view *view = ctx;
	const struct head *head = view->vm ? shown_head(view) : NULL;

	if (!head || !head->cursor)
		return false;
	*cursor = (struct rfb_cursor){ head->cursor, head->hot_x, head->hot_y };
	return true;
}

/* ---- Input */

static bool is_held(const struct rfb_view *view, u16 key)
{
	return view->held[key / 64] & BIT(key % 64);
}

/* The focus has moved: nothing stays down behind it. */
static void type_to(struct rfb_view *view, struct dm_vm *vm)
{
	for (u16 key = 0; view->typed_to && key < RFB_KEYS; key++)
		if (is_held(view, key))
			rfb_type(view->typed_to, key, false);
	for (u32 i = 0; i < ARRAY_SIZE(view->held); i++)
		view->held[i] = 0;
	view->typed_to = vm;
}

static void view_key(void *ctx, u16 key, bool down)
{
	struct rfb_view *view = ctx;
	struct dm_vm *vm = view->vm ? view->vm : display_focused();

	if (vm != view->typed_to)
		type_to(view, vm);
	if (!vm || (!down && !is_held(view, key)))
		return;
	if (down)
		view->held[key / 64] |= BIT(key % 64);
	else
		view->held[key / 64] &= ~BIT(key % 64);
	rfb_type(vm, key, down);
}

static bool is_within(const struct rect *r, u32 x, u32 y)
{
	return x - r->x < r->width && y - r->y < r->height;
}

/* The highest picture at that place of the panel; NULL: there is none. */
static const struct head *head_at(u32 x, u32 y)
{
	for (u32 i = compositor_order.count; i; i--)
		if (is_within(&compositor_order.heads[i - 1]->place, x, y))
			return compositor_order.heads[i - 1];
	return NULL;
}

/* Where (x, y) of the panel is on the head's surface; at its edge when it is outside. */
static void to_surface(const struct head *head, u32 *x, u32 *y)
{
	const struct rect *p = &head->place;
	u32 dx = *x < p->x ? 0 : MIN(*x - p->x, p->width - 1);
	u32 dy = *y < p->y ? 0 : MIN(*y - p->y, p->height - 1);

	*x = (u32)((u64)dx * head->surface.width / p->width);
	*y = (u32)((u64)dy * head->surface.height / p->height);
}

static u32 head_number(const struct head *head)
{
	u32 i = 0;

	while (compositor_head(head->vm, i) != head)
		i++;
	return i;
}

/* With a button held the pointer stays with the picture where it was pressed. */
static void panel_pointer(struct rfb_view *view, u32 x, u32 y, u32 buttons, s32 wheel)
{
	const struct head *head;

	head = view->dragged ? compositor_head(view->dragged, view->head) : head_at(x, y);
	if (head && buttons && !view->dragged) {
		view->dragged = head->vm;
		view->head = head_number(head);
		display_focus(head->vm); /* which may place it anew */
	}
	if (head && !rect_empty(&head->place)) {
		to_surface(head, &x, &y);
		input_pointer(head->vm, head_number(head), x, y, head->surface.width,
			      head->surface.height, buttons, wheel);
	}
	if (!buttons)
		view->dragged = NULL;
}

static void view_pointer(void *ctx, u32 x, u32 y, u32 buttons, s32 wheel)
{
	struct rfb_view *view = ctx;
	const struct head *head = view->vm ? shown_head(view) : NULL;

	if (!view->vm)
		panel_pointer(view, x, y, buttons, wheel);
	else if (head)
		input_pointer(view->vm, 0, x, y, head->surface.width, head->surface.height, buttons,
			      wheel);
}

const struct rfb_screen rfb_view_screen = { view_size, view_line, view_cursor, view_key,
					    view_pointer };
