/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/*
 * One vCPU between two entries: its events, timers and interrupts. Called by its own core only.
 */
#ifndef HV_VCPU_H
#define HV_VCPU_H

#include "vm.h"

static inline bool vcpu_is_domain(const struct vcpu *v)
{
	return v->vm->index == DOMAIN_VM;
}

/* Looks at timers and events; whether the vCPU can be entered now. */
bool vcpu_ready(struct vcpu *v, u64 now);
/* Events before an entry: interrupts are injected, or a window asked for. False: the vCPU does
 * not run any more. */
bool vcpu_deliver(struct vcpu *v);
/* After an exit from an entry with an offered interrupt (arch.offered). */
void vcpu_end_offer(struct vcpu *v);
/* TSC of its next timer; ~0: none. */
static inline u64 vcpu_deadline(const struct vcpu *v)
{
	return v->deadline < v->lapic.deadline ? v->deadline : v->lapic.deadline;
}

/* hv/sched.c: its registers go from the processor to memory. */
void sched_unload(struct vcpu *v);

#endif
