/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/* See virtio_stubs.h. */
#include "virtio_stubs.h"
#include "dm_stubs.h"

#define STATUS	 20
#define BEGUN	 (VIRTIO_ACKNOWLEDGE | VIRTIO_DRIVER)
#define ACCEPTED (BEGUN | VIRTIO_FEATURES_OK)

struct virtio_device virtio_stub_vd;
static const struct virtio_device_ops *model_ops;

static int create(struct dm_device *dev)
{
	static const struct virtio_identity id = { .devfn = 8,
						   .device = 0x1042,
						   .msix_vectors = 3 };

	dev->priv = &virtio_stub_vd;
	virtio_stub_vd =
		(struct virtio_device){ .ops = model_ops, .dev = dev, .state = dev->state };
	return virtio_pci_create(&virtio_stub_vd, &id);
}

static void reset(struct dm_device *dev)
{
	virtio_pci_reset(dev->priv);
}

struct dm_device *virtio_stub_model(const struct virtio_device_ops *ops)
{
	static const struct dm_device_ops device_ops = {
		.name = "model",
		.state_size = sizeof(struct virtio_state),
		.create = create,
		.reset = reset,
		.access = virtio_dev_access,
	};

	model_ops = ops;
	return dm_stubs_device(&device_ops);
}

u64 virtio_stub_read(struct dm_device *dev, u8 bar, u32 offset, u8 size)
{
	struct dm_access a = { .addr = offset,
			       .value = ~0ULL,
			       .count = 1,
			       .size = size,
			       .space = IOREQ_PCI_BAR,
			       .bar = bar };

	dev->ops->access(dev, &a);
	return a.value;
}

void virtio_stub_write(struct dm_device *dev, u8 bar, u32 offset, u8 size, u64 value)
{
	struct dm_access a = { .addr = offset,
			       .value = value,
			       .count = 1,
			       .size = size,
			       .space = IOREQ_PCI_BAR,
			       .bar = bar,
			       .write = true };

	dev->ops->access(dev, &a);
}

u64 virtio_stub_get(struct dm_device *dev, u32 offset, u8 size)
{
	return virtio_stub_read(dev, VIRTIO_BAR, VIRTIO_COMMON + offset, size);
}

void virtio_stub_set(struct dm_device *dev, u32 offset, u8 size, u64 value)
{
	virtio_stub_write(dev, VIRTIO_BAR, VIRTIO_COMMON + offset, size, value);
}

bool virtio_stub_negotiate(struct dm_device *dev, u64 features)
{
	virtio_stub_set(dev, STATUS, 1, 0);
	virtio_stub_set(dev, STATUS, 1, BEGUN);
	for (u32 i = 0; i < 2; i++) {
		virtio_stub_set(dev, 8, 4, i);
		virtio_stub_set(dev, 12, 4, features >> 32 * i & 0xffffffff);
	}
	virtio_stub_set(dev, STATUS, 1, ACCEPTED);
	return virtio_stub_get(dev, STATUS, 1) == ACCEPTED;
}

void virtio_stub_enable(struct dm_device *dev, u16 queue, u16 size, const u64 parts[3])
{
	virtio_stub_set(dev, 22, 2, queue);
	virtio_stub_set(dev, 24, 2, size);
	for (u32 i = 0; i < 3; i++)
		virtio_stub_set(dev, 32 + 8 * i, 8, parts[i]);
	virtio_stub_set(dev, 28, 2, 1);
}

void virtio_stub_drive(struct dm_device *dev, u64 features, u16 queue, u16 size, const u64 parts[3])
{
	virtio_stub_negotiate(dev, features | VIRTIO_F_VERSION_1);
	virtio_stub_enable(dev, queue, size, parts);
	virtio_stub_set(dev, STATUS, 1, ACCEPTED | VIRTIO_DRIVER_OK);
}
