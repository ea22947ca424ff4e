/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/*
 * THE device table: every kind of device a guest may have, in the order in which they are created,
 * given their state, reset and adopted.
 */
#include "devices.h"
#include "bus.h"
#include "runtime.h"
#include "state.h"

static const struct dm_device_ops *const device_table[] = {
	&uart_ops,
	&rtc_ops,
	&pm_ops,
	&i8042_ops,
	&post_ops,
	&virtio_vga_ops,
	&virtio_gpu_ops,
	&bochs_ops,
	&disk_ops,
	&cdrom_ops,
	&virtio_keyboard_ops,
	&virtio_tablet_ops,
	&virtio_console_ops,
	&fw_cfg_ops,
	&legacy_ops,
};

_Static_assert(ARRAY_SIZE(device_table) <= DM_MAX_DEVICES, "room for one of each kind");

static bool is_wanted(const struct dm_device_ops *ops, const struct vm_config *config)
{
	return !ops->wanted || ops->wanted(config);
}

size_t devices_state_size(const struct vm_config *config, size_t align)
{
	size_t size = 0;

	for (u32 i = 0; i < ARRAY_SIZE(device_table); i++)
		if (is_wanted(device_table[i], config))
			size += ALIGN_UP(device_table[i]->state_size, align);
	return size;
}

int devices_create(struct dm_vm *vm)
{
	vm->device_count = 0;
	for (u32 i = 0; i < ARRAY_SIZE(device_table); i++) {
		const struct dm_device_ops *ops = device_table[i];
		struct dm_device *dev = &vm->devices[vm->device_count];
		int rc;

		if (!is_wanted(ops, vm->config))
			continue;
		*dev = (struct dm_device){ .ops = ops, .vm = vm, .deadline = DM_NO_DEADLINE };
		dev->state = state_alloc(vm->index, ops->state_size);
		if (!dev->state)
			return -ENOSPC;
		vm->device_count++;
		rc = ops->create(dev);
		if (rc) {
			log_line("[vm %s] %s: cannot be created (%d)", vm->config->name, ops->name,
				 rc);
			return rc;
		}
	}
	return 0;
}

void devices_reset(struct dm_vm *vm)
{
	for (u32 i = 0; i < vm->device_count; i++) {
		vm->devices[i].deadline = DM_NO_DEADLINE;
		vm->devices[i].ops->reset(&vm->devices[i]);
	}
}

void devices_adopt(struct dm_vm *vm)
{
	for (u32 i = 0; i < vm->device_count; i++) {
		struct dm_device *dev = &vm->devices[i];

		if (dev->ops->adopt && dev->ops->adopt(dev)) {
			log_line("[vm %s] %s: its state was damaged; reset", vm->config->name,
				 dev->ops->name);
			dev->ops->reset(dev);
		}
	}
	bus_ring_all(vm);
}

void devices_vram_written(struct dm_vm *vm)
{
	for (u32 i = 0; i < vm->device_count; i++)
		if (vm->devices[i].ops->vram_written)
			vm->devices[i].ops->vram_written(&vm->devices[i]);
}

u64 devices_timers(struct dm_vm *vm, u64 now)
{
	u64 next = DM_NO_DEADLINE;

	for (u32 i = 0; i < vm->device_count; i++) {
		struct dm_device *dev = &vm->devices[i];

		if (now >= dev->deadline)
			dev->ops->timer(dev);
		next = MIN(next, dev->deadline);
	}
	return next;
}

struct dm_device *devices_find(struct dm_vm *vm, const struct dm_device_ops *ops)
{
	for (u32 i = 0; i < vm->device_count; i++)
		if (vm->devices[i].ops == ops)
			return &vm->devices[i];
	return NULL;
}
