/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/*
 * The last exits of each core: written on every exit (cheap), read only for reports. A core
 * writes its own ring.
 */
#ifndef HV_TRACE_H
#define HV_TRACE_H

#include <arch/vcpu.h>

#define TRACE_ENTRIES 32

struct trace_entry {
	u64 rip, addr;
	u32 reason;
	u16 vm, vcpu;
};
struct trace_ring {
	u32 next;
	struct trace_entry entries[TRACE_ENTRIES];
};

/* The last `lines` of them into the log, oldest first. */
void trace_dump(u32 core, u32 lines);

extern struct trace_ring trace_rings[];

static inline void trace_exit(struct trace_ring *t, u32 vm, u32 vcpu, u64 rip,
			      const struct vmexit *e)
{
	struct trace_entry *entry = &t->entries[t->next++ % TRACE_ENTRIES];

	entry->rip = rip;
	entry->addr = e->addr;
	entry->reason = e->raw_reason;
	entry->vm = (u16)vm;
	entry->vcpu = (u16)vcpu;
}

#endif
