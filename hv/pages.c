/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/*
 * Physical memory; see pages.h. The pool is a bitmap (set: free) under `lock`. Pages come zeroed.
 */
#include <arch/io.h>
#include <arch/upcall.h>
#include "lock.h"
#include "pages.h"
#include "string.h"

#define POOL_SIZE  MIB(6)
#define POOL_PAGES (POOL_SIZE / PAGE_SIZE)
#define MAX_RANGES HANDOFF_MAX_MEM
#define LOW_LIMIT  MIB(1) /* kept free: real-mode code of starting cores */

struct memory_range {
	u64 base, len;
};

static struct memory_range ranges[MAX_RANGES];
static u32 range_count;
static u64 taken;
static struct spinlock lock;
static hpa_t pool;
static u64 pool_bitmap[POOL_PAGES / 64];
static u32 pool_hint;
static u64 pool_free;

/* From the top of the highest range that has room below limit. */
static hpa_t take_below(u64 len, u64 align, u64 limit)
{
	for (u32 i = range_count; i-- > 0;) {
		struct memory_range *r = &ranges[i];
		u64 end = MIN(r->base + r->len, limit), at;

		if (end < r->base + len)
			continue;
		at = ALIGN_DOWN(end - len, align);
		if (at < r->base)
			continue;
		/* What lies above, if anything, is lost when there is no room to note it. */
		if (at + len < r->base + r->len && range_count < MAX_RANGES) {
			memmove(&ranges[i + 2], &ranges[i + 1],
				(range_count - i - 1) * sizeof(ranges[0]));
			ranges[i + 1] =
				(struct memory_range){ at + len, r->base + r->len - (at + len) };
			range_count++;
		}
		r->len = at - r->base;
		return at;
	}
	return 0;
}

hpa_t memory_take(u64 len, u64 align)
{
	hpa_t at;

	len = ALIGN_UP(len, PAGE_SIZE);
	at = take_below(len, align, ~0ULL);
	if (at)
		taken += len;
	return at;
}

u64 memory_taken(void)
{
	return taken;
}

u64 memory_left(void)
{
	u64 sum = 0;

	for (u32 i = 0; i < range_count; i++)
		sum += ranges[i].len;
	return sum;
}

void pages_init(const struct handoff *h)
{
	for (u32 i = 0; i < h->mem_count; i++) {
		u64 base = MAX(h->mem[i].base, LOW_LIMIT), end = h->mem[i].base + h->mem[i].len;

		if (h->mem[i].type == HANDOFF_MEM_FREE && base < end)
			ranges[range_count++] = (struct memory_range){ base, end - base };
	}
	pool = take_below(POOL_SIZE, PAGE_SIZE, GIB(4));
	if (!pool)
		panic("too little memory: no %lu MiB below 4 GiB for the hypervisor",
		      POOL_SIZE >> 20);
	memset(pool_bitmap, 0xff, sizeof(pool_bitmap));
	pool_free = POOL_PAGES;
}

u64 pages_pool_size(void)
{
	return POOL_SIZE;
}

u64 pages_free_count(void)
{
	return pool_free;
}

static bool is_free(u32 page)
{
	return pool_bitmap[page / 64] >> page % 64 & 1;
}

static bool run_is_free(u32 first, u32 count)
{
	for (u32 i = 0; i < count; i++) {
		if (!is_free(first + i))
			return false;
	}
	return true;
}

static hpa_t pool_take(u32 count)
{
	for (u32 tried = 0, at = pool_hint; tried < POOL_PAGES; tried++, at++) {
		if (at + count > POOL_PAGES)
			at = 0;
		if (!run_is_free(at, count))
			continue;
		for (u32 i = at; i < at + count; i++)
			pool_bitmap[i / 64] &= ~BIT(i % 64);
		pool_hint = at + count;
		pool_free -= count;
		return pool + at * PAGE_SIZE;
	}
	return 0;
}

hpa_t pages_alloc(u32 count)
{
	hpa_t at;

	spin_lock(&lock);
	at = pool_take(count);
	spin_unlock(&lock);
	if (at)
		memset(phys_to_virt(at), 0, count * PAGE_SIZE);
	return at;
}

hpa_t page_alloc(void)
{
	return pages_alloc(1);
}

void page_free(hpa_t page)
{
	u64 index = (page - pool) / PAGE_SIZE;

	if (page < pool || index >= POOL_PAGES || is_free((u32)index))
		panic("page %lx does not belong to the pool", page);
	spin_lock(&lock);
	pool_bitmap[index / 64] |= BIT(index % 64);
	pool_free++;
	spin_unlock(&lock);
}
