/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/*
 * Scanouts: which part of which resource each head shows, and flushes, which paint it. All
 * geometry is checked here once, against the resource; the display then relies on it.
 */
#include "virtio_gpu.h"
#include "dm/runtime.h"

#define MAX_SIDE 16384 /* of a picture on a scanout: keeps every product below far from 2^64 */

/* Whether what the scanout shows lies within the resource (and its backing). */
static bool scanout_fits(const struct gpu_resource *res, const struct gpu_scanout *s)
{
	u64 limit = res->kind == GPU_RESOURCE_2D ? res->size : MIN(res->size, res->backing_len);
	u64 end;

	if (rect_empty(&s->r) || !rect_within(&s->r, MAX_SIDE, MAX_SIDE) ||
	    s->stride < 4 * s->r.width)
		return false;
	if (res->kind == GPU_RESOURCE_BLOB && !res->run_count)
		return false;
	end = ((u64)s->r.y + s->r.height - 1) * s->stride + 4 * ((u64)s->r.x + s->r.width);
	return gpu_format_known(s->format) && range_within(s->offset, end, limit);
}

void gpu_scanout_show(struct gpu *gpu, u32 head)
{
	const struct gpu_scanout *s = &gpu->state->scanouts[head];
	const struct gpu_resource *res = gpu_resource_find(gpu, s->resource_id);
	struct surface surface = { 0 };

	if (!res || (head == 0 && gpu->has_vga && gpu->state->vga.taken)) {
		if (head == 0 && gpu->has_vga)
			vga_show(&gpu->vga, true);
		else
			display_set(gpu->dev->vm, head, NULL);
		return;
	}
	if (head == 0 && gpu->has_vga)
		vga_show(&gpu->vga, false);
	if (!scanout_fits(res, s)) {
		display_set(gpu->dev->vm, head, NULL);
		return;
	}
	surface.width = s->r.width;
	surface.height = s->r.height;
	surface.stride = s->stride;
	surface.format = s->format;
	surface.offset = s->offset + (u64)s->r.y * s->stride + 4 * (u64)s->r.x;
	if (res->kind == GPU_RESOURCE_2D) {
		gpu->pixels[head] = (struct piece){ gpu_pool_at(gpu, &res->pixels), res->size };
		surface.pieces = &gpu->pixels[head];
		surface.piece_count = 1;
	} else {
		surface.pieces = gpu_backing_pieces(gpu, res);
		surface.piece_count = res->run_count;
	}
	display_set(gpu->dev->vm, head, &surface);
}

static void set(struct gpu *gpu, u32 head, const struct gpu_scanout *s)
{
	struct gpu_scanout *slot = &gpu->state->scanouts[head];
	bool was_off = !slot->resource_id;

	if (head == 0 && gpu->has_vga)
		vga_yield(&gpu->vga);
	slot->resource_id = 0;
	state_order();
	slot->format = s->format;
	slot->stride = s->stride;
	slot->r = s->r;
	slot->offset = s->offset;
	state_order();
	slot->resource_id = s->resource_id;
	gpu_scanout_show(gpu, head);
	if (was_off)
		gpu_cursor_show(gpu, head);
}

static u32 turn_off(struct gpu *gpu, u32 head)
{
	gpu->state->scanouts[head].resource_id = 0;
	gpu_scanout_show(gpu, head);
	gpu_cursor_show(gpu, head);
	return GPU_OK_NODATA;
}

u32 gpu_set_scanout(struct gpu *gpu, const struct gpu_set_scanout *c)
{
	struct gpu_scanout s = { .resource_id = c->resource_id, .r = c->r };
	const struct gpu_resource *res;

	if (c->scanout_id >= gpu->heads)
		return GPU_ERR_INVALID_SCANOUT_ID;
	if (c->resource_id == 0)
		return turn_off(gpu, c->scanout_id);
	res = gpu_resource_find(gpu, c->resource_id);
	if (!res || res->kind != GPU_RESOURCE_2D)
		return GPU_ERR_INVALID_RESOURCE_ID;
	s.format = res->format;
	s.stride = res->width * 4;
	if (!rect_within(&c->r, res->width, res->height) || !scanout_fits(res, &s))
		return GPU_ERR_INVALID_PARAMETER;
	set(gpu, c->scanout_id, &s);
	return GPU_OK_NODATA;
}

u32 gpu_set_scanout_blob(struct gpu *gpu, const struct gpu_set_scanout_blob *c)
{
	struct gpu_scanout s = { .resource_id = c->resource_id,
				 .format = c->format,
				 .stride = c->strides[0],
				 .r = c->r,
				 .offset = c->offsets[0] };
	const struct gpu_resource *res;

	if (c->scanout_id >= gpu->heads)
		return GPU_ERR_INVALID_SCANOUT_ID;
	if (c->resource_id == 0)
		return turn_off(gpu, c->scanout_id);
	res = gpu_resource_find(gpu, c->resource_id);
	if (!res || res->kind != GPU_RESOURCE_BLOB)
		return GPU_ERR_INVALID_RESOURCE_ID;
	if (c->width > MAX_SIDE || c->strides[0] < 4 * c->width || (c->strides[0] & 3) ||
	    (c->offsets[0] & 3))
		return GPU_ERR_INVALID_PARAMETER;
	if (!rect_within(&c->r, c->width, c->height) || !scanout_fits(res, &s))
		return GPU_ERR_INVALID_PARAMETER;
	set(gpu, c->scanout_id, &s);
	return GPU_OK_NODATA;
}

/* The part of `r` (in the resource) that the scanout shows, in the scanout's own pixels. */
static struct rect shown_part(const struct gpu_scanout *s, const struct rect *r)
{
	u64 left = MAX(s->r.x, r->x), top = MAX(s->r.y, r->y);
	u64 right = MIN((u64)s->r.x + s->r.width, (u64)r->x + r->width);
	u64 bottom = MIN((u64)s->r.y + s->r.height, (u64)r->y + r->height);

	if (left >= right || top >= bottom)
		return (struct rect){ 0 };
	return (struct rect){ (u32)(left - s->r.x), (u32)(top - s->r.y), (u32)(right - left),
			      (u32)(bottom - top) };
}

u32 gpu_flush(struct gpu *gpu, const struct gpu_flush *c)
{
	const struct gpu_resource *res = gpu_resource_find(gpu, c->resource_id);

	if (!res)
		return GPU_ERR_INVALID_RESOURCE_ID;
	if (res->kind == GPU_RESOURCE_2D && !rect_within(&c->r, res->width, res->height))
		return GPU_ERR_INVALID_PARAMETER;
	for (u32 head = 0; head < gpu->heads; head++) {
		const struct gpu_scanout *s = &gpu->state->scanouts[head];
		struct rect part;

		if (s->resource_id != c->resource_id)
			continue;
		if (head == 0 && gpu->has_vga && vga_yield(&gpu->vga))
			gpu_scanout_show(gpu, head);
		part = shown_part(s, &c->r);
		if (!rect_empty(&part))
			display_damage(gpu->dev->vm, head, &part);
	}
	return GPU_OK_NODATA;
}

void gpu_scanouts_refresh(struct gpu *gpu, u32 resource_id)
{
	for (u32 head = 0; head < gpu->heads; head++)
		if (gpu->state->scanouts[head].resource_id == resource_id)
			gpu_scanout_show(gpu, head);
}

void gpu_scanouts_forget(struct gpu *gpu, u32 resource_id)
{
	for (u32 head = 0; head < gpu->heads; head++)
		if (gpu->state->scanouts[head].resource_id == resource_id)
			turn_off(gpu, head);
}

void gpu_scanouts_reset(struct gpu *gpu)
{
	for (u32 head = 0; head < gpu->heads; head++)
		turn_off(gpu, head);
}

void gpu_scanouts_show(struct gpu *gpu)
{
	for (u32 head = 0; head < gpu->heads; head++) {
		gpu_scanout_show(gpu, head);
		display_damage(gpu->dev->vm, head, &(struct rect){ 0, 0, MAX_SIDE, MAX_SIDE });
	}
}

void gpu_scanouts_adopt(struct gpu *gpu)
{
	for (u32 head = 0; head < gpu->heads; head++) {
		struct gpu_scanout *s = &gpu->state->scanouts[head];

		if (s->resource_id && !gpu_resource_find(gpu, s->resource_id))
			s->resource_id = 0;
	}
	gpu_scanouts_show(gpu);
}
