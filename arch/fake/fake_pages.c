/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/* Pages out of the arena (fake.h), first fit. A double or a wrong free aborts. Not locked. */
#include <stdlib.h>
#include <string.h>
#include <arch/io.h>
#include <arch/upcall.h>
#include "fake.h"

#define PAGES (FAKE_MEMORY_SIZE / PAGE_SIZE)

u32 fake_pages_used;
u32 fake_pages_left = PAGES;
static bool used[PAGES];

static bool all_free(u64 first, u32 count)
{
	for (u32 i = 0; i < count; i++)
		if (used[first + i])
			return false;
	return true;
}

hpa_t pages_alloc(u32 count)
{
	if (count > fake_pages_left)
		return 0;
	for (u64 first = 0; first + count <= PAGES; first++) {
		if (!all_free(first, count))
			continue;
		hpa_t hpa = FAKE_MEMORY_BASE + first * PAGE_SIZE;

		memset(used + first, true, count);
		memset(phys_to_virt(hpa), 0, count * PAGE_SIZE);
		fake_pages_used += count;
		fake_pages_left -= count;
		return hpa;
	}
	return 0;
}

hpa_t page_alloc(void)
{
	return pages_alloc(1);
}

void page_free(hpa_t page)
{
	u64 index = (page - FAKE_MEMORY_BASE) / PAGE_SIZE;

	if (page & PAGE_MASK || index >= PAGES || !used[index])
		abort();
	used[index] = false;
	fake_pages_used--;
	fake_pages_left++;
}
