/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/*
 * Lays out the state region (state.h). The layout follows from sizes that are constant for one
 * image and one configuration, so that each generation finds its predecessor's data at the same
 * place; the hash in the header proves it. The header's magic is stored last: a domain that dies
 * while it clears the region leaves none.
 */
#include "state.h"
#include "devices.h"
#include "runtime.h"
#include <abi/range.h>
#include <stdatomic.h>

#define STATE_MAGIC	0x6174735f6c69726fULL /* "oril_sta" */
#define STATE_HOST_SIZE KIB(192)
#define STATE_ALIGN	64u

struct state_header {
	_Atomic u64 magic;
	u64 hash;
	_Atomic u32 served; /* guest + 1, STATE_NOBODY */
	u32 reserved;
	struct state_guest guests[MAX_VMS];
};

struct area {
	u8 *base;
	u64 size, used;
};

static struct area host_area;
static struct area guest_areas[MAX_VMS];
static u8 *pools[MAX_VMS];
static int suspect;

static struct state_header *header(void)
{
	return (struct state_header *)DM_STATE_BASE;
}

static u64 hash_add(u64 hash, const void *data, size_t len)
{
	const u8 *p = data;

	/* FNV-1a */
	while (len--)
		hash = (hash ^ *p++) * 0x100000001b3ULL;
	return hash;
}

/* Over everything that decides where something lies, and what it means. */
static u64 layout_hash(void)
{
	u64 numbers[] = { sizeof(struct state_header), STATE_HOST_SIZE, dm_info->state_size,
			  dm_info->config.vm_count };
	u64 hash = hash_add(0xcbf29ce484222325ULL, numbers, sizeof(numbers));

	for (u32 i = 0; i < dm_info->config.vm_count; i++) {
		hash = hash_add(hash, &guest_areas[i].size, sizeof(guest_areas[i].size));
		hash = hash_add(hash, &dm_info->config.vms[i].gpu_memory, sizeof(u64));
	}
	return hash_add(hash, dm_info->build_id, sizeof(dm_info->build_id));
}

static void lay_out(void)
{
	u64 at = DM_STATE_BASE + ALIGN_UP(sizeof(struct state_header), PAGE_SIZE);
	u64 end = DM_STATE_BASE + dm_info->state_size;
	u32 count = dm_info->config.vm_count;

	host_area = (struct area){ (u8 *)at, STATE_HOST_SIZE, 0 };
	at += STATE_HOST_SIZE;
	for (u32 i = 0; i < count; i++) {
		u64 size = devices_state_size(&dm_info->config.vms[i], STATE_ALIGN);

		guest_areas[i] = (struct area){ (u8 *)at, ALIGN_UP(size, PAGE_SIZE), 0 };
		at += guest_areas[i].size;
	}
	for (u32 i = 0; i < count; i++) {
		pools[i] = (u8 *)at;
		at += dm_info->config.vms[i].gpu_memory;
	}
	if (at > end)
		dm_die("state region of %llu bytes is too small",
		       (unsigned long long)dm_info->state_size);
}

bool state_init(void)
{
	struct state_header *h = header();
	u64 hash;

	lay_out();
	hash = layout_hash();
	if (h->magic == STATE_MAGIC && h->hash == hash) {
		suspect = h->served <= dm_info->config.vm_count ? (int)h->served - 1 : -1;
		h->served = STATE_NOBODY;
		return true;
	}
	h->magic = 0;
	if (dm_info->generation != 0) /* zero at first */
		memset(h, 0, dm_info->state_size);
	h->hash = hash;
	suspect = -1;
	h->magic = STATE_MAGIC;
	return false;
}

struct state_guest *state_guest(u32 vm)
{
	return &header()->guests[vm];
}

void state_serve(u32 vm)
{
	atomic_store_explicit(&header()->served, vm + 1, memory_order_relaxed);
}

void state_serve_done(void)
{
	atomic_store_explicit(&header()->served, STATE_NOBODY, memory_order_relaxed);
}

int state_suspect(void)
{
	return suspect;
}

static void *area_alloc(struct area *area, size_t size)
{
	u64 len = ALIGN_UP((u64)size, STATE_ALIGN);
	void *p = area->base + area->used;

	if (!range_within(area->used, len, area->size))
		return NULL;
	area->used += len;
	return p;
}

void *state_alloc_host(size_t size)
{
	return area_alloc(&host_area, size);
}

void *state_alloc(u32 vm, size_t size)
{
	return area_alloc(&guest_areas[vm], size);
}

void *state_pool(u32 vm, u64 *size)
{
	*size = dm_info->config.vms[vm].gpu_memory;
	return pools[vm];
}
