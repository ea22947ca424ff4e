/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/* sources: dm/devices/virtio_queue*.c dm/devices/virtio_pci*.c tests/unit/dm_stubs.c */

/*
 * A guest at the virtio transport and its rings, split and packed, and a device domain that is
 * restarted now and then, also with its state damaged. Each eight bytes of input are one step.
 */
#include <string.h>

#include "dm/devices/virtio_pci.h"
#include "dm_stubs.h"

#define RAM   KIB(64)
#define RINGS 0x1000 /* queue n's parts lie at (n + 1) * RINGS, each 0x400 further on */
#define SIZE  8

enum step { WRITE, READ, STORE, KICK, PASS, RESTART, START, DAMAGE, STEPS };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static struct virtio_device vd;

static void config_read(struct virtio_device *v, u8 *config)
{
	(void)v;
	memset(config, 0x11, 8);
}

static void driver_reset(struct virtio_device *v)
{
	(void)v;
}

/* Gives the readable bytes back; the first one says how long that takes. */
static s64 handle(struct virtio_device *v, u32 queue, const struct virtq_chain *chain)
{
	u8 bytes[64] = { 0 };
	s64 got = virtq_read(v->dev->vm, chain, chain->in_len % 4, bytes, sizeof(bytes));

	if (got < 0)
		return got;
	if (bytes[0] & 1)
		virtio_pci_mark(v, queue);
	if (bytes[0] & 2)
		virtio_pci_hold(v, dm_stubs.now + bytes[0]);
	return virtq_write(v->dev->vm, chain, 0, bytes, (u64)got);
}

static void supply(struct virtio_device *v, u32 queue)
{
	u8 bytes[24] = { 1, 2, 3 };

	for (u32 i = 0; i < 4 && virtio_pci_give(v, queue, bytes, sizeof(bytes)); i++)
		;
	virtio_pci_signal(v, queue);
}

static const struct virtio_device_ops model = {
	.features = VIRTIO_TRANSPORT_FEATURES,
	.queue_count = 2,
	.queue_size = { 256, 64 },
	.config_len = 8,
	.config_read = config_read,
	.reset = driver_reset,
	.handle = handle,
	.waiting_queues = BIT(1),
	.supply = supply,
};

static int create(struct dm_device *dev)
{
	static const struct virtio_identity id = { .devfn = 8,
						   .device = 0x1042,
						   .msix_vectors = 3 };

	vd = (struct virtio_device){ .ops = &model, .dev = dev, .state = dev->state };
	return virtio_pci_create(&vd, &id);
}

static void reset(struct dm_device *dev)
{
	(void)dev;
	virtio_pci_reset(&vd);
}

static const struct dm_device_ops ops = {
	.name = "model",
	.state_size = sizeof(struct virtio_state),
	.create = create,
	.reset = reset,
};

static u64 access(u8 bar, u64 addr, u8 size, bool write, u64 value)
{
	struct dm_access a = { .addr = addr,
			       .value = value,
			       .count = 1,
			       .size = size,
			       .space = IOREQ_PCI_BAR,
			       .bar = bar,
			       .write = write };

	virtio_pci_access(&vd, &a);
	return a.value;
}

static void common(u32 offset, u8 size, u64 value)
{
	access(VIRTIO_BAR, VIRTIO_COMMON + offset, size, true, value);
}

/* As a driver begins that wants those features of the ring. */
static void start(u64 features)
{
	features = (features & model.features) | VIRTIO_F_VERSION_1;
	common(20, 1, 0);
	common(20, 1, 3);
	for (u32 i = 0; i < 2; i++) {
		common(8, 4, i);
		common(12, 4, features >> 32 * i & 0xffffffff);
	}
	common(20, 1, 11);
	for (u32 i = 0; i < 2; i++) {
		common(22, 2, i);
		common(24, 2, SIZE);
		common(32, 8, (i + 1) * RINGS);
		common(40, 8, (i + 1) * RINGS + 0x400);
		common(48, 8, (i + 1) * RINGS + 0x800);
		common(28, 2, 1);
	}
	common(20, 1, 15);
}

static void restart(struct dm_device *dev)
{
	if (create(dev) || virtio_pci_adopt(&vd))
		reset(dev);
}

static void step(struct dm_device *dev, const u8 *data)
{
	u8 size = (u8)(1 << data[1] % 4);
	u16 at;
	u32 value;

	memcpy(&at, data + 2, 2);
	memcpy(&value, data + 4, 4);
	switch (data[0] % STEPS) {
	case WRITE:
		common(at % 80, size, (u64)value << (at & 0x8000 ? 32 : 0) | value);
		break;
	case READ:
		access(VIRTIO_BAR, VIRTIO_COMMON + at % 0x3000, size, false, 0);
		break;
	case STORE:
		memcpy(dm_stubs.ram + at % (RAM / 4) * 4, &value, 4);
		break;
	case KICK:
		if (data[1] & 1)
			virtio_pci_queue(&vd, at);
		else
			access(data[1] & 2 ? VIRTIO_NOTIFY_BAR : VIRTIO_BAR,
			       data[1] & 2 ? 0 : VIRTIO_NOTIFY + at % 0x1000, 2, true, value);
		break;
	case PASS:
		dm_stubs.now += at;
		if (dev->deadline <= dm_stubs.now)
			virtio_pci_timer(&vd);
		break;
	case RESTART:
		restart(dev);
		break;
	case START:
		start((u64)at << 28);
		break;
	default: /* of a state that was not written by us anything may be true */
		((u8 *)dev->state)[value % sizeof(struct virtio_state)] = data[1];
		restart(dev);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static struct dm_device *dev;

	if (!dev) {
		dm_stubs_setup(RAM);
		dm_stubs.info.config.vms[0].option_rom = FILE_NONE;
		dev = dm_stubs_device(&ops);
	}
	memset(dm_stubs.ram, 0, RAM);
	dm_stubs.now = 0;
	reset(dev);
	for (; len >= 8; data += 8, len -= 8)
		step(dev, data);
	return 0;
}
