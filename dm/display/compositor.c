/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/*
 * The compositor: which guest's picture is where on the panel, and what is painted (paint.c) when
 * it changes. Surfaces are the models' and checked by them; the layout is rebuilt at start, so
 * nothing here is kept across restarts but the counters.
 */
#include "compositor.h"
#include "copy.h"
#include "damage.h"
#include "frames.h"
#include "layout.h"
#include "dm/runtime.h"
#include "dm/state.h"

struct head_list compositor_order;
struct display_stats *compositor_stats;
const struct display_observer *compositor_observer;

static struct head heads[MAX_VMS][DISPLAY_MAX_HEADS];
static u32 plugged[MAX_VMS]; /* heads that have a monitor */
static struct dm_vm *focused;
static u64 generations[MAX_VMS], panel_generation;
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
	return &compositor_stats[vm->index];
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

void display_damage(struct dm_vm *vm, u32 head_number, const struct rect *r)
{
	struct head *head = compositor_head(vm, head_number);
	struct rect all, part;

	if (!head)
		return;
	compositor_stats[vm->index].frames++;
	changed(vm);
	all = (struct rect){ 0, 0, head->surface.width, head->surface.height };
	part = rect_intersect(r, &all);
	if (!rect_empty(&part) && !rect_empty(&head->place))
		paint_head(head, &part);
	if (frames_recording(vm))
		frames_add(vm, head_number);
	if (compositor_observer)
		compositor_observer->head(vm, head_number, &part, false);
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
		paint_panel(&before, NULL);
	if (compositor_observer && (width != head->surface.width || height != head->surface.height))
		compositor_observer->head(vm, head_number, &everything, false);
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
	if (compositor_observer) {
		compositor_observer->head(vm, head_number, &before, true);
		compositor_observer->head(vm, head_number, &after, true);
	}
	if (rect_empty(&head->place))
		return;
	both = rect_around(&before, &after);
	if (!rect_empty(&before) && !rect_empty(&after) &&
	    area(&both) <= area(&before) + area(&after)) {
		paint_head_composed(head, &both);
		return;
	}
	if (!rect_empty(&before))
		paint_head_composed(head, &before);
	if (!rect_empty(&after))
		paint_head_composed(head, &after);
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
	compositor_observer = by;
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
	struct rect all = compositor_panel();
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
	struct rect all = compositor_panel();
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
	struct rect all = compositor_panel();

	panel_generation++;
	paint_panel(&all, NULL);
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
	for (u32 k = count; compositor_observer && k < DISPLAY_MAX_HEADS; k++)
		compositor_observer->head(vm, k, &everything, false);
	layout();
	paint_all();
}

void display_message(const char *line)
{
	struct rect r;

	text_add(line);
	panel_generation++;
	r = text_rect();
	paint_panel(&r, NULL);
}

void display_init(void)
{
	compositor_stats = state_alloc_host(MAX_VMS * sizeof(*compositor_stats));
	if (!compositor_stats)
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
