/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/*
 * The resource table. A resource sits at slot id modulo the table's size or, when that is taken,
 * in the next free one, so that finding it is one step for drivers that number them in order.
 */
#include "virtio_gpu.h"
#include "dm/runtime.h"

struct gpu_resource *gpu_resource_find(struct gpu *gpu, u32 id)
{
	for (u32 i = 0; id && i < GPU_MAX_RESOURCES; i++) {
		struct gpu_resource *res = &gpu->state->resources[(id + i) % GPU_MAX_RESOURCES];

		if (res->id == id)
			return res;
	}
	return NULL;
}

static struct gpu_resource *free_slot(struct gpu *gpu, u32 id)
{
	for (u32 i = 0; i < GPU_MAX_RESOURCES; i++) {
		struct gpu_resource *res = &gpu->state->resources[(id + i) % GPU_MAX_RESOURCES];

		if (!res->id)
			return res;
	}
	return NULL;
}

bool gpu_format_known(u32 format)
{
	switch (format) {
	case PIXEL_B8G8R8A8:
	case PIXEL_B8G8R8X8:
	case PIXEL_A8R8G8B8:
	case PIXEL_X8R8G8B8:
	case PIXEL_R8G8B8A8:
	case PIXEL_X8B8G8R8:
	case PIXEL_A8B8G8R8:
	case PIXEL_R8G8B8X8:
		return true;
	}
	return false;
}

/* Makes the new resource valid: its id is the last store. */
static void publish(struct gpu_resource *slot, const struct gpu_resource *res, u32 id)
{
	*slot = *res;
	state_order();
	slot->id = id;
}

/* Takes pages for the new picture, or goes on with them, and clears some. */
static bool clear_part(struct gpu *gpu, struct gpu_resource *res)
{
	u64 part;

	if (gpu->cleared.count * PAGE_SIZE != ALIGN_UP(res->size, PAGE_SIZE)) {
		if (gpu->cleared.count)
			gpu_pool_free(gpu, &gpu->cleared);
		gpu->cleared.count = 0;
		gpu->done = 0;
		if (!gpu_pool_alloc(gpu, res->size, &gpu->cleared))
			return false;
	}
	res->pixels = gpu->cleared;
	part = MIN(res->size - gpu->done, GPU_TURN_BYTES);
	memset((u8 *)gpu_pool_at(gpu, &res->pixels) + gpu->done, 0, part);
	gpu->done += part;
	return true;
}

u32 gpu_resource_create_2d(struct gpu *gpu, const struct gpu_create_2d *c, bool redo)
{
	struct gpu_resource *slot = gpu_resource_find(gpu, c->resource_id);
	struct gpu_resource res = {
		.kind = GPU_RESOURCE_2D, .format = c->format, .width = c->width, .height = c->height
	};
	u64 pixels = (u64)c->width * c->height;

	if (slot)
		return redo ? GPU_OK_NODATA : GPU_ERR_INVALID_RESOURCE_ID;
	if (c->resource_id == 0)
		return GPU_ERR_INVALID_RESOURCE_ID;
	if (pixels == 0 || !gpu_format_known(c->format))
		return GPU_ERR_INVALID_PARAMETER;
	slot = free_slot(gpu, c->resource_id);
	if (!slot || pixels > GPU_MAX_POOL_PAGES * PAGE_SIZE / 4)
		return GPU_ERR_OUT_OF_MEMORY;
	res.size = pixels * 4;
	if (!clear_part(gpu, &res))
		return GPU_ERR_OUT_OF_MEMORY;
	if (gpu->done < res.size)
		return GPU_AGAIN;
	gpu_begin(gpu);
	publish(slot, &res, c->resource_id);
	gpu->cleared.count = 0;
	return GPU_OK_NODATA;
}

u32 gpu_resource_create_blob(struct gpu *gpu, const struct gpu_create_blob *c,
			     const struct virtq_chain *chain)
{
	struct gpu_resource *slot = gpu_resource_find(gpu, c->resource_id);
	struct gpu_resource res = { .kind = GPU_RESOURCE_BLOB, .size = c->size };
	u32 answer;

	if (slot)
		return chain->redo ? GPU_OK_NODATA : GPU_ERR_INVALID_RESOURCE_ID;
	if (c->resource_id == 0)
		return GPU_ERR_INVALID_RESOURCE_ID;
	if (c->blob_mem != GPU_BLOB_MEM_GUEST || (c->blob_flags & ~GPU_BLOB_FLAGS) || c->size == 0)
		return GPU_ERR_INVALID_PARAMETER;
	slot = free_slot(gpu, c->resource_id);
	if (!slot)
		return GPU_ERR_OUT_OF_MEMORY;
	if (c->nr_entries) {
		answer = gpu_backing_read(gpu, chain, sizeof(*c), c->nr_entries, &res);
		if (answer != GPU_OK_NODATA)
			return answer;
	}
	gpu_begin(gpu);
	publish(slot, &res, c->resource_id);
	return GPU_OK_NODATA;
}

static void release(struct gpu *gpu, struct gpu_resource *res)
{
	res->id = 0;
	state_order();
	if (res->run_count)
		gpu_pool_free(gpu, &res->runs);
	if (res->kind == GPU_RESOURCE_2D)
		gpu_pool_free(gpu, &res->pixels);
}

u32 gpu_resource_unref(struct gpu *gpu, u32 id, bool redo)
{
	struct gpu_resource *res = gpu_resource_find(gpu, id);

	if (!res)
		return redo ? GPU_OK_NODATA : GPU_ERR_INVALID_RESOURCE_ID;
	gpu_begin(gpu);
	gpu_scanouts_forget(gpu, id);
	release(gpu, res);
	return GPU_OK_NODATA;
}

/* Big-endian. */
static void put_u64(u8 *to, u64 value)
{
	for (u32 i = 8; i; i--, value >>= 8)
		to[i - 1] = (u8)value;
}

/* RFC 9562, version 4. Multiplied by an odd number modulo 2^n, different numbers stay different:
 * the guest's and the resource's in the lower part, when the machine started in the upper one. */
static void make_uuid(const struct gpu *gpu, u64 number, u8 uuid[16])
{
	const u64 odd = 0x9e3779b97f4a7c15;
	u64 high = (dm_info->boot_tsc ^ dm_info->wall_seconds << 32) * odd;
	u64 low = (number * MAX_VMS + gpu->dev->vm->index) * odd;

	put_u64(uuid, (high & ~0xf000ULL) | 0x4000);
	put_u64(uuid + 8, (low & (BIT(62) - 1)) | BIT(63));
}

u32 gpu_resource_uuid(struct gpu *gpu, u32 id, u8 uuid[16])
{
	struct gpu_resource *res = gpu_resource_find(gpu, id);

	if (!res)
		return GPU_ERR_INVALID_RESOURCE_ID;
	if (!res->uuid) {
		u64 next = ++gpu->state->uuids;

		state_order(); /* a number may be lost, but is not given out twice */
		res->uuid = next;
	}
	make_uuid(gpu, res->uuid, uuid);
	return GPU_OK_RESOURCE_UUID;
}

struct gpu_usage gpu_resources_usage(const struct gpu *gpu)
{
	struct gpu_usage usage = { 0 };

	for (u32 i = 0; i < GPU_MAX_RESOURCES; i++) {
		const struct gpu_resource *res = &gpu->state->resources[i];

		if (!res->id)
			continue;
		usage.resources++;
		if (res->kind == GPU_RESOURCE_2D)
			usage.bytes += res->pixels.count * PAGE_SIZE;
		if (res->run_count)
			usage.bytes += res->runs.count * PAGE_SIZE;
	}
	return usage;
}

void gpu_resources_reset(struct gpu *gpu)
{
	for (u32 i = 0; i < GPU_MAX_RESOURCES; i++)
		gpu->state->resources[i].id = 0;
	gpu->cleared.count = 0;
	gpu_pool_reset(gpu);
}

static bool sound(struct gpu *gpu, struct gpu_resource *res)
{
	if (gpu_resource_find(gpu, res->id) != res)
		return false;
	if (res->kind == GPU_RESOURCE_BLOB)
		return res->size != 0;
	return res->kind == GPU_RESOURCE_2D && gpu_format_known(res->format) && res->size &&
	       res->size / 4 == (u64)res->width * res->height && res->size % 4 == 0 &&
	       res->size <= res->pixels.count * PAGE_SIZE && gpu_pool_claim(gpu, &res->pixels);
}

void gpu_resources_adopt(struct gpu *gpu)
{
	gpu_pool_reset(gpu);
	for (u32 i = 0; i < GPU_MAX_RESOURCES; i++) {
		struct gpu_resource *res = &gpu->state->resources[i];

		if (!res->id)
			continue;
		if (!sound(gpu, res)) {
			log_line("%s: resource %u was damaged and is gone",
				 gpu->dev->vm->config->name, res->id);
			res->id = 0;
		} else if (res->run_count && !gpu_backing_adopt(gpu, res)) {
			log_line("%s: resource %u has lost its backing", gpu->dev->vm->config->name,
				 res->id);
			res->run_count = 0;
		}
	}
}
