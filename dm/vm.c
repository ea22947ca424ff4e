/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/* The table of guests and the way to their memory (vm.h). Constant after vm_init. */
#include "vm.h"
#include "runtime.h"

#include <abi/range.h>

struct dm_vm dm_vms[MAX_VMS];
u32 dm_vm_count;

void vm_init(void)
{
	dm_vm_count = MIN(dm_info->config.vm_count, (u32)MAX_VMS);
	for (u32 i = 0; i < dm_vm_count; i++)
		dm_vms[i] = (struct dm_vm){ .index = i, .config = &dm_info->config.vms[i] };
}

struct dm_vm *vm_find(const char *name)
{
	for (u32 i = 0; i < dm_vm_count; i++)
		if (strcmp(dm_vms[i].config->name, name) == 0)
			return &dm_vms[i];
	return NULL;
}

u64 vm_low_memory(const struct dm_vm *vm)
{
	return MIN(vm->config->memory, GUEST_LOW_LIMIT);
}

void *vm_ram(const struct dm_vm *vm, gpa_t gpa, u64 len)
{
	u64 low = vm_low_memory(vm);
	u64 high = vm->config->memory - low;

	if (len == 0)
		return NULL;
	if (!range_within(gpa, len, low) && !range_inside(gpa, len, GUEST_HIGH_BASE, high))
		return NULL;
	return (void *)(DM_VM_BASE + vm->index * DM_VM_STRIDE + gpa);
}

int vm_read(const struct dm_vm *vm, gpa_t gpa, void *to, u64 len)
{
	const void *from = vm_ram(vm, gpa, len);

	if (!from)
		return -EFAULT;
	memcpy(to, from, len);
	return 0;
}

int vm_write(const struct dm_vm *vm, gpa_t gpa, const void *from, u64 len)
{
	void *to = vm_ram(vm, gpa, len);

	if (!to)
		return -EFAULT;
	memcpy(to, from, len);
	return 0;
}

void *vm_vram(const struct dm_vm *vm, u64 *size)
{
	*size = dm_info->vm_vram[vm->index];
	return (void *)(DM_VM_BASE + vm->index * DM_VM_STRIDE + DM_VM_VRAM);
}
