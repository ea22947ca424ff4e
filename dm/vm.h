/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/*
 * A guest as the device domain sees it: configuration, memory, devices, life.
 * Owned by dm/vm.c; created once at start from dm_info.
 */
#ifndef DM_VM_H
#define DM_VM_H

#include "device.h"

#define DM_MAX_DEVICES 24

struct dm_vm {
	u32 index; /* in dm_info.config.vms, and in every hypercall */
	const struct vm_config *config;
	struct dm_device devices[DM_MAX_DEVICES];
	u32 device_count;
	bool refused;	 /* its configuration does not load: never started */
	char refusal[160];
};

extern struct dm_vm dm_vms[MAX_VMS];
extern u32 dm_vm_count;

/* The guest of that name, or NULL. */
struct dm_vm *vm_find(const char *name);

/*
 * Loads the guest's kernel and starts it; -EBUSY when it runs. reset keeps the same guest and
 * does stop, load, start. Both complete in the background where the hypervisor has to wait for
 * vCPUs (see vm_event).
 */
int vm_start(struct dm_vm *vm);
int vm_stop(struct dm_vm *vm);
int vm_reset(struct dm_vm *vm);

/*
 * Guest memory. vm_ram(vm, gpa, len): a pointer when [gpa, gpa + len) is wholly RAM of the guest
 * (below GUEST_LOW_LIMIT, or from GUEST_HIGH_BASE up), else NULL. len 0 gives NULL. The guest may
 * change the bytes at any time: copy in once with vm_read before checking anything.
 */
void *vm_ram(const struct dm_vm *vm, gpa_t gpa, u64 len);
int vm_read(const struct dm_vm *vm, gpa_t gpa, void *to, u64 len) must_check;   /* or -EFAULT */
int vm_write(const struct dm_vm *vm, gpa_t gpa, const void *from, u64 len) must_check;
/* The guest's VRAM (behind PCI_BAR_VRAM), size bytes. */
void *vm_vram(const struct dm_vm *vm, u64 *size);

#endif
