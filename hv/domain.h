/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/*
 * The device domain: a guest like others but for what it may do (abi/hypercall.h), and that it is
 * started again when it fails, with its state region kept, while the guests live on.
 *
 * Everything but the signalling functions is called by the domain's core only.
 */
#ifndef HV_DOMAIN_H
#define HV_DOMAIN_H

#include "vm.h"

extern struct dm_shared *domain_shared;

/* Boot: memory, address space, vCPU on core 0. Before vm_create_all; domain_map_guests after. */
void domain_create(const struct handoff *h, u32 cores);
void domain_map_guests(const struct handoff *h);
/* Its core has made its control block. */
void domain_prepare(struct vcpu *v);
/* Loads the image and lets it run. */
void domain_start(void);

/* Signals; from any core. domain_wake: pending bits are set already. */
void domain_wake(void);
void domain_vm_event(struct vm *vm, enum vm_event event);
void domain_host_event(enum host_event event);

/* It did what it must not, or failed: logs the reason and starts it again. Several in a row without
 * an HC_WAIT between cost it its state. */
void domain_fault(struct vcpu *v, const struct vmexit *e);
void domain_restart(const char *reason);
/* It works, and somebody wants it to start again. */
void domain_restart_asked(void);

/* HC_WAIT and its end. */
void domain_wait(struct vcpu *v, u64 deadline);
void domain_try_wake(struct vcpu *v, u64 now);
u64 domain_deadline(const struct vcpu *v);
void domain_timer(struct vcpu *v, u64 now); /* its deadline passed: it has run for too long */

/* A range of the domain's own image or heap, as a pointer; NULL: not wholly inside. */
void *domain_pointer(gpa_t gpa, u64 len);
struct domain_counters {
	u64 wakeups, restarts, longest;
};
extern struct domain_counters domain_counters;

#endif
