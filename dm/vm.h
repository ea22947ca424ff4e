/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/*
 * A guest as the device domain sees it: configuration, memory, devices. Owned by dm/vm.c; created
 * once at start from dm_info. How guests start and stop: dm/life.h.
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
	bool refused; /* its configuration does not load: never started */
	char refusal[160];
};

extern struct dm_vm dm_vms[MAX_VMS];
extern u32 dm_vm_count;

/* The guest of that name, or NULL. */
struct dm_vm *vm_find(const char *name);
/* Fills dm_vms from the configuration. */
void vm_init(void);
/* Bytes of RAM that lie below GUEST_LOW_LIMIT; the rest begins at GUEST_HIGH_BASE. */
u64 vm_low_memory(const struct dm_vm *vm);

/* Whether the guest's display device is a VGA. */
static inline bool config_has_vga(const struct vm_config *config)
{
	return config->display == DISPLAY_VIRTIO_VGA || config->display == DISPLAY_BOCHS;
}

/*
 * Guest memory. vm_ram(vm, gpa, len): a pointer when [gpa, gpa + len) is wholly RAM of the guest
 * (below GUEST_LOW_LIMIT, or from GUEST_HIGH_BASE up), else NULL. len 0 gives NULL. The guest may
 * change the bytes at any time: copy in once with vm_read before checking anything.
 */
void *vm_ram(const struct dm_vm *vm, gpa_t gpa, u64 len);
int vm_read(const struct dm_vm *vm, gpa_t gpa, void *to, u64 len) must_check; /* or -EFAULT */
int vm_write(const struct dm_vm *vm, gpa_t gpa, const void *from, u64 len) must_check;
/* The guest's VRAM (behind PCI_BAR_VRAM), size bytes. */
void *vm_vram(const struct dm_vm *vm, u64 *size);

#endif
