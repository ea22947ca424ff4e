/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/* Host physical memory of the unit tests: one arena (fake.h). Not locked; it never changes. */
#include <stdlib.h>
#include <abi/range.h>
#include <arch/io.h>
#include "fake.h"

static _Alignas(LARGE_PAGE_SIZE) u8 arena[FAKE_MEMORY_SIZE];

void *phys_to_virt(hpa_t hpa)
{
	if (!range_inside(hpa, 1, FAKE_MEMORY_BASE, FAKE_MEMORY_SIZE))
		abort();
	return arena + (hpa - FAKE_MEMORY_BASE);
}

hpa_t virt_to_phys(const void *p)
{
	return FAKE_MEMORY_BASE + (u64)((const u8 *)p - arena);
}
