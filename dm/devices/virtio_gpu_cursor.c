/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/*
 * Cursors, one a head (VIRTIO 1.2 section 5.7.6.10). UPDATE_CURSOR copies the picture out of its
 * resource, once, into the head's place in the state, in the display's own layout; the resource may
 * change or go afterwards. The position is that of the top left pixel; the hot spot is handed on.
 */
#include "virtio_gpu.h"
#include "dm/display/surface.h"
#include "dm/runtime.h"

static bool has_alpha(u32 format)
{
	return format == PIXEL_B8G8R8A8 || format == PIXEL_A8R8G8B8 || format == PIXEL_R8G8B8A8 ||
	       format == PIXEL_A8B8G8R8;
}

#define CURSOR_BYTES (GPU_CURSOR_PIXELS * sizeof(u32))

void gpu_cursor_show(const struct gpu *gpu, u32 head)
{
	const struct gpu_cursor *c = &gpu->state->cursors[head];
	bool shown = c->resource_id && gpu->state->scanouts[head].resource_id;

	display_cursor_hot(gpu->dev->vm, head, c->hot_x, c->hot_y);
	display_cursor(gpu->dev->vm, head, shown ? gpu->state->images[head] : NULL, (s32)c->x,
		       (s32)c->y);
}

/* The resource as a 64x64 picture; false when it is none. */
static bool cursor_surface(const struct gpu *gpu, const struct gpu_resource *res, struct piece *one,
			   struct surface *s)
{
	*s = (struct surface){ .width = GPU_CURSOR_SIZE,
			       .height = GPU_CURSOR_SIZE,
			       .stride = GPU_CURSOR_SIZE * 4,
			       .format = PIXEL_B8G8R8A8 };
	if (res->kind == GPU_RESOURCE_2D) {
		if (res->width != GPU_CURSOR_SIZE || res->height != GPU_CURSOR_SIZE)
			return false;
		*one = (struct piece){ gpu_pool_at(gpu, &res->pixels), res->size };
		s->pieces = one;
		s->piece_count = 1;
		s->format = res->format;
		return true;
	}
	s->pieces = gpu_backing_pieces(gpu, res);
	s->piece_count = res->run_count;
	return res->run_count && res->size >= CURSOR_BYTES && res->backing_len >= CURSOR_BYTES;
}

u32 gpu_update_cursor(struct gpu *gpu, const struct gpu_update_cursor *c)
{
	struct gpu_cursor *cursor;
	struct piece_cursor at;
	struct surface surface;
	struct piece one;

	if (c->scanout_id >= gpu->heads)
		return GPU_ERR_INVALID_SCANOUT_ID;
	cursor = &gpu->state->cursors[c->scanout_id];
	if (c->resource_id) {
		const struct gpu_resource *res = gpu_resource_find(gpu, c->resource_id);
		u32 *image = gpu->state->images[c->scanout_id];

		if (!res)
			return GPU_ERR_INVALID_RESOURCE_ID;
		if (!cursor_surface(gpu, res, &one, &surface))
			return GPU_ERR_INVALID_PARAMETER;
		at = surface_cursor(&surface);
		for (u32 y = 0; y < GPU_CURSOR_SIZE; y++)
			surface_read(&surface, &at, 0, y, GPU_CURSOR_SIZE,
				     image + y * GPU_CURSOR_SIZE);
		for (u32 i = 0; !has_alpha(surface.format) && i < GPU_CURSOR_PIXELS; i++)
			image[i] |= 0xff000000;
	}
	cursor->x = c->x;
	cursor->y = c->y;
	cursor->hot_x = c->hot_x;
	cursor->hot_y = c->hot_y;
	cursor->resource_id = c->resource_id;
	gpu_cursor_show(gpu, c->scanout_id);
	return GPU_OK_NODATA;
}

u32 gpu_move_cursor(struct gpu *gpu, const struct gpu_update_cursor *c)
{
	if (c->scanout_id >= gpu->heads)
		return GPU_ERR_INVALID_SCANOUT_ID;
	gpu->state->cursors[c->scanout_id].x = c->x;
	gpu->state->cursors[c->scanout_id].y = c->y;
	gpu_cursor_show(gpu, c->scanout_id);
	return GPU_OK_NODATA;
}

void gpu_cursors_reset(struct gpu *gpu)
{
	for (u32 head = 0; head < gpu->heads; head++) {
		gpu->state->cursors[head] = (struct gpu_cursor){ 0 };
		gpu_cursor_show(gpu, head);
	}
}

void gpu_cursors_adopt(struct gpu *gpu)
{
	for (u32 head = 0; head < gpu->heads; head++)
		gpu_cursor_show(gpu, head);
}
