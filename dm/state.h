/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/*
 * The state region: what outlives a restart of the device domain. Owned by dm/state.c, which lays
 * it out the same way each time: a header (magic, a hash over everything the layout depends on), a
 * record per guest, an area for the domain itself, an area per guest from which each of its
 * devices gets its state in the order of the device table, then each guest's picture pool (what
 * resources of virtio-gpu take), vm_config.gpu_memory bytes.
 *
 * A header that does not match means a first start: the region is cleared and guests start anew.
 */
#ifndef DM_STATE_H
#define DM_STATE_H

#include "device.h"
#include "vm.h"

/* How far a guest is in its life; see dm/life.c. Written before the step that it names begins. */
enum state_phase {
	PHASE_STOPPED,
	PHASE_LOADING, /* from HC_VM_RESET until HC_VM_START has returned */
	PHASE_RUNNING,
	PHASE_STOPPING,	 /* HC_VM_STOP was called */
	PHASE_RESETTING, /* the same, to be started again */
	PHASE_FAILED,	 /* stopped for the reason in `failure` */
};

struct state_guest {
	u32 phase;	/* enum state_phase */
	u32 registered; /* the hypervisor knows its traps, PCI devices and doorbells */
	u32 deaths;	/* restarts of the domain while it served this guest, in a row */
	u32 reserved;
	u64 last_death;		     /* TSC */
	u16 pci_ids[DM_MAX_DEVICES]; /* by device index: HC_PCI_ADD's result, 0: none yet */
	char failure[128];
	u64 doorbells;		      /* served */
	u64 accesses[DM_MAX_DEVICES]; /* by device index: requests served */
};

/* Maps out the region; true when an earlier generation's state was found valid. */
bool state_init(void);
struct state_guest *state_guest(u32 vm);
/* Which guest the domain is working for, STATE_NOBODY between: tells the next generation whom to
 * suspect. */
#define STATE_NOBODY 0u
void state_serve(u32 vm);
void state_serve_done(void);
/* At start: the guest that the last generation worked for when it ended, or -1. */
int state_suspect(void);
/* size bytes for the domain itself or a device of vm, 64-byte aligned, zero at first; the same
 * calls in the same order give the same memory in each generation. NULL when the area is full. */
void *state_alloc_host(size_t size);
void *state_alloc(u32 vm, size_t size);
/* The guest's picture pool: base and size in bytes, page-aligned. */
void *state_pool(u32 vm, u64 *size);

#endif
