/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/*
 * A driver's way through the registers of any virtio device (VIRTIO 1.2 section 4.1.4), and a
 * device without registers of its own, to try the transport with. One thread.
 */
#ifndef TESTS_UNIT_VIRTIO_STUBS_H
#define TESTS_UNIT_VIRTIO_STUBS_H

#include "dm/devices/virtio_pci.h"

/* The device, reset, of guest 0, which dm_stubs_setup() has made; and its transport. */
struct dm_device *virtio_stub_model(const struct virtio_device_ops *ops);
extern struct virtio_device virtio_stub_vd;

u64 virtio_stub_read(struct dm_device *dev, u8 bar, u32 offset, u8 size);
void virtio_stub_write(struct dm_device *dev, u8 bar, u32 offset, u8 size, u64 value);
/* The common configuration. */
u64 virtio_stub_get(struct dm_device *dev, u32 offset, u8 size);
void virtio_stub_set(struct dm_device *dev, u32 offset, u8 size, u64 value);
/* Resets the device and asks for just these features: whether it keeps FEATURES_OK. */
bool virtio_stub_negotiate(struct dm_device *dev, u64 features);
void virtio_stub_enable(struct dm_device *dev, u16 queue, u16 size, const u64 parts[3]);
/* Both, for one queue, and DRIVER_OK; with VIRTIO_F_VERSION_1 in any case. */
void virtio_stub_drive(struct dm_device *dev, u64 features, u16 queue, u16 size,
		       const u64 parts[3]);

#endif
