/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/* The rings of recent exits; see trace.h. */
#include <arch/cpu.h>
#include <arch/upcall.h>
#include "trace.h"

struct trace_ring trace_rings[MAX_CPUS];

void trace_dump(u32 core, u32 lines)
{
	struct trace_ring *t = &trace_rings[core];
	u32 count = MIN(MIN(t->next, (u32)TRACE_ENTRIES), lines);

	for (u32 i = 0; i < count; i++) {
		const struct trace_entry *e = &t->entries[(t->next - count + i) % TRACE_ENTRIES];

		log_printf("exit %x vm %u.%u rip %lx addr %lx", e->reason, e->vm, e->vcpu, e->rip,
			   e->addr);
	}
}
