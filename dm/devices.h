/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/*
 * The device table and what is done to all devices of a guest at once. Adding a device: write its
 * ops in a file of its own under dm/devices/, declare them here, list them in dm/devices.c.
 */
#ifndef DM_DEVICES_H
#define DM_DEVICES_H

#include "vm.h"

extern const struct dm_device_ops uart_ops, rtc_ops, pm_ops, i8042_ops, post_ops, virtio_vga_ops,
	virtio_gpu_ops, bochs_ops, disk_ops, cdrom_ops, virtio_keyboard_ops, virtio_tablet_ops,
	virtio_console_ops, fw_cfg_ops, legacy_ops;

/* Bytes that the states of the guest's devices take, each rounded up to align. */
size_t devices_state_size(const struct vm_config *config, size_t align);
/* Fills vm->devices from the table, gives each its state and calls create(). Once a generation. */
int devices_create(struct dm_vm *vm) must_check;
/* Power-on state of all. */
void devices_reset(struct dm_vm *vm);
/* After a restart of the domain under a running guest; then rings every doorbell once, for the
 * rings that the last generation took and did not serve. */
void devices_adopt(struct dm_vm *vm);
void devices_vram_written(struct dm_vm *vm); /* VM_EVENT_VRAM */
/* Runs what is due; the earliest deadline that is left. */
u64 devices_timers(struct dm_vm *vm, u64 now);
/* The guest's device of that kind, or NULL. */
struct dm_device *devices_find(struct dm_vm *vm, const struct dm_device_ops *ops);

#endif
