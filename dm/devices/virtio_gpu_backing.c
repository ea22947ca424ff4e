/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/*
 * Guest memory behind resources. A resource's entries, adjacent ones merged, are a list of runs in
 * the picture pool, followed there by the same list as pieces (addresses in dm), which is a cache
 * that gpu_backing_adopt() rebuilds.
 */
#include "virtio_gpu.h"
#include "dm/display/copy.h"
#include "dm/display/surface.h"
#include "dm/runtime.h"

#define ENTRIES_AT_ONCE 64

static struct gpu_run *runs_of(const struct gpu *gpu, const struct gpu_resource *res)
{
	return gpu_pool_at(gpu, &res->runs);
}

static struct piece *pieces_of(const struct gpu *gpu, const struct gpu_resource *res)
{
	return (struct piece *)(runs_of(gpu, res) + res->run_count);
}

const struct piece *gpu_backing_pieces(const struct gpu *gpu, const struct gpu_resource *res)
{
	return pieces_of(gpu, res);
}

static u64 table_bytes(u64 runs)
{
	return runs * (sizeof(struct gpu_run) + sizeof(struct piece));
}

static bool add_entry(const struct gpu *gpu, struct gpu_resource *res,
		      const struct gpu_mem_entry *entry)
{
	struct gpu_run *next = runs_of(gpu, res) + res->run_count;

	if (entry->len == 0)
		return true;
	if (!vm_ram(gpu->dev->vm, entry->addr, entry->len))
		return false;
	res->backing_len += entry->len;
	if (res->run_count && next[-1].gpa + next[-1].len == entry->addr &&
	    vm_ram(gpu->dev->vm, next[-1].gpa, next[-1].len + entry->len)) {
		next[-1].len += entry->len;
		return true;
	}
	*next = (struct gpu_run){ entry->addr, entry->len };
	res->run_count++;
	return true;
}

static void build_pieces(const struct gpu *gpu, const struct gpu_resource *res)
{
	const struct gpu_run *runs = runs_of(gpu, res);
	struct piece *pieces = pieces_of(gpu, res);

	for (u32 i = 0; i < res->run_count; i++)
		pieces[i] = (struct piece){ vm_ram(gpu->dev->vm, runs[i].gpa, runs[i].len),
					    runs[i].len };
}

/* Gives back the pages that merging left over. */
static void trim(struct gpu *gpu, struct gpu_resource *res)
{
	u32 need = (u32)(ALIGN_UP(table_bytes(res->run_count), PAGE_SIZE) / PAGE_SIZE);
	struct gpu_extent rest = { res->runs.first + need, res->runs.count - need };

	gpu_pool_free(gpu, &rest);
	res->runs.count = need;
}

static u32 read_entries(const struct gpu *gpu, const struct virtq_chain *chain, u64 offset,
			u32 count, struct gpu_resource *res)
{
	struct gpu_mem_entry entries[ENTRIES_AT_ONCE];

	while (count) {
		u32 n = MIN(count, ENTRIES_AT_ONCE);
		u64 bytes = n * sizeof(entries[0]);

		if (virtq_read(gpu->dev->vm, chain, offset, entries, bytes) != (s64)bytes)
			return GPU_ERR_INVALID_PARAMETER;
		for (u32 i = 0; i < n; i++)
			if (!add_entry(gpu, res, &entries[i]))
				return GPU_ERR_INVALID_PARAMETER;
		offset += bytes;
		count -= n;
	}
	if (!res->run_count || (res->kind == GPU_RESOURCE_BLOB && res->backing_len < res->size))
		return GPU_ERR_INVALID_PARAMETER;
	return GPU_OK_NODATA;
}

u32 gpu_backing_read(struct gpu *gpu, const struct virtq_chain *chain, u64 offset, u32 count,
		     struct gpu_resource *res)
{
	u32 answer;

	res->run_count = 0;
	res->backing_len = 0;
	if (count == 0)
		return GPU_ERR_INVALID_PARAMETER;
	if (count > gpu->max_entries || !gpu_pool_alloc(gpu, table_bytes(count), &res->runs))
		return GPU_ERR_OUT_OF_MEMORY;
	answer = read_entries(gpu, chain, offset, count, res);
	if (answer != GPU_OK_NODATA) {
		gpu_pool_free(gpu, &res->runs);
		return answer;
	}
	build_pieces(gpu, res);
	trim(gpu, res);
	return GPU_OK_NODATA;
}

void gpu_backing_drop(struct gpu *gpu, struct gpu_resource *res)
{
	res->run_count = 0;
	state_order();
	res->backing_len = 0;
	gpu_pool_free(gpu, &res->runs);
}

bool gpu_backing_adopt(struct gpu *gpu, struct gpu_resource *res)
{
	const struct gpu_run *runs = runs_of(gpu, res);
	u64 total = 0;

	if (res->run_count > gpu->max_entries || !gpu_pool_claim(gpu, &res->runs))
		return false;
	if (table_bytes(res->run_count) > res->runs.count * PAGE_SIZE)
		goto bad;
	for (u32 i = 0; i < res->run_count; i++) {
		if (!vm_ram(gpu->dev->vm, runs[i].gpa, runs[i].len))
			goto bad;
		total += runs[i].len;
	}
	if (total != res->backing_len)
		goto bad;
	build_pieces(gpu, res);
	return true;
bad:
	gpu_pool_free(gpu, &res->runs);
	return false;
}

u32 gpu_attach_backing(struct gpu *gpu, const struct gpu_attach *c, const struct virtq_chain *chain)
{
	struct gpu_resource *res = gpu_resource_find(gpu, c->resource_id);
	struct gpu_resource with;
	u32 answer;

	if (!res)
		return GPU_ERR_INVALID_RESOURCE_ID;
	if (res->run_count)
		return chain->redo ? GPU_OK_NODATA : GPU_ERR_UNSPEC;
	with = *res;
	answer = gpu_backing_read(gpu, chain, sizeof(*c), c->nr_entries, &with);
	if (answer != GPU_OK_NODATA)
		return answer;
	gpu_begin(gpu);
	res->runs = with.runs;
	res->backing_len = with.backing_len;
	state_order();
	res->run_count = with.run_count;
	gpu_scanouts_refresh(gpu, res->id);
	return GPU_OK_NODATA;
}

u32 gpu_detach_backing(struct gpu *gpu, u32 id, bool redo)
{
	struct gpu_resource *res = gpu_resource_find(gpu, id);

	if (!res)
		return GPU_ERR_INVALID_RESOURCE_ID;
	if (!res->run_count)
		return redo ? GPU_OK_NODATA : GPU_ERR_UNSPEC;
	gpu_begin(gpu);
	gpu_backing_drop(gpu, res);
	gpu_scanouts_refresh(gpu, id);
	return GPU_OK_NODATA;
}

static void copy_in(struct piece_cursor *from, u64 offset, u8 *to, u64 len)
{
	while (len) {
		u64 part;
		const u8 *data = piece_at(from, offset, &part);

		part = MIN(part, len);
		copy_wide(to, data, part);
		to += part;
		offset += part;
		len -= part;
	}
}

/* As much of `rows` lines of `line` bytes as one turn is for. */
static u32 copy_turn(struct gpu *gpu, struct piece_cursor *from, u64 offset, u8 *to, u64 line,
		     u64 stride, u64 rows)
{
	struct display_stats *stats = display_stats(gpu->dev->vm);
	u64 end = MIN(line * rows, gpu->done + GPU_TURN_BYTES);

	while (gpu->done < end) {
		u64 x = gpu->done % line, at = gpu->done / line * stride + x;
		u64 part = MIN(line - x, end - gpu->done);

		copy_in(from, offset + at, to + at, part);
		gpu->done += part;
		stats->bytes_copied += part;
	}
	return end == line * rows ? GPU_OK_NODATA : GPU_AGAIN;
}

u32 gpu_transfer_to_host(struct gpu *gpu, const struct gpu_transfer *t)
{
	struct gpu_resource *res = gpu_resource_find(gpu, t->resource_id);
	struct piece_cursor from;
	u64 stride, line, span;
	u8 *to;

	if (!res)
		return GPU_ERR_INVALID_RESOURCE_ID;
	if (res->kind == GPU_RESOURCE_BLOB) /* its memory is the guest's: nothing to transfer */
		return GPU_OK_NODATA;
	if (!rect_within(&t->r, res->width, res->height) || rect_empty(&t->r))
		return GPU_ERR_INVALID_PARAMETER;
	if (!res->run_count)
		return GPU_ERR_UNSPEC;
	stride = 4 * (u64)res->width;
	line = 4 * (u64)t->r.width;
	span = (t->r.height - 1) * stride + line;
	if (!range_within(t->offset, span, res->backing_len))
		return GPU_ERR_INVALID_PARAMETER;
	from = (struct piece_cursor){ gpu_backing_pieces(gpu, res), res->run_count, 0, 0 };
	to = (u8 *)gpu_pool_at(gpu, &res->pixels) + t->r.y * stride + t->r.x * 4ULL;
	if (line == stride) /* one long line */
		return copy_turn(gpu, &from, t->offset, to, span, span, 1);
	return copy_turn(gpu, &from, t->offset, to, line, stride, t->r.height);
}
