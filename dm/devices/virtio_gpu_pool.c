/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/*
 * The guest's part of the picture pool, given out in pages. The map of used pages is a cache: what
 * is in use is what the resource table says.
 */
#include "virtio_gpu.h"
#include "dm/runtime.h"

static bool page_used(const struct gpu *gpu, u32 page)
{
	return gpu->pool_used[page / 64] & BIT(page % 64);
}

static void set_pages(struct gpu *gpu, const struct gpu_extent *e, bool used)
{
	for (u32 page = e->first; page < e->first + e->count; page++) {
		if (used)
			gpu->pool_used[page / 64] |= BIT(page % 64);
		else
			gpu->pool_used[page / 64] &= ~BIT(page % 64);
	}
}

bool gpu_pool_alloc(struct gpu *gpu, u64 bytes, struct gpu_extent *extent)
{
	u64 count = bytes / PAGE_SIZE + (bytes % PAGE_SIZE != 0);
	u32 run = 0;

	if (count == 0 || count > gpu->pool_pages)
		return false;
	for (u32 page = 0; page < gpu->pool_pages; page++) {
		if (page % 64 == 0 && gpu->pool_used[page / 64] == ~0ULL) {
			run = 0;
			page += 63;
			continue;
		}
		run = page_used(gpu, page) ? 0 : run + 1;
		if (run == count) {
			*extent = (struct gpu_extent){ page + 1 - run, run };
			set_pages(gpu, extent, true);
			return true;
		}
	}
	return false;
}

void gpu_pool_free(struct gpu *gpu, const struct gpu_extent *extent)
{
	set_pages(gpu, extent, false);
}

bool gpu_pool_claim(struct gpu *gpu, const struct gpu_extent *extent)
{
	if (extent->count == 0 || !range_within(extent->first, extent->count, gpu->pool_pages))
		return false;
	for (u32 i = 0; i < extent->count; i++)
		if (page_used(gpu, extent->first + i))
			return false;
	set_pages(gpu, extent, true);
	return true;
}

void *gpu_pool_at(const struct gpu *gpu, const struct gpu_extent *extent)
{
	return gpu->pool + extent->first * PAGE_SIZE;
}

void gpu_pool_reset(struct gpu *gpu)
{
	memset(gpu->pool_used, 0, sizeof(gpu->pool_used));
}
