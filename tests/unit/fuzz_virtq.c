/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/* sources: dm/devices/virtio_queue*.c dm/devices/virtio_pci*.c */
/* sources: tests/unit/virtio_stubs.c tests/unit/dm_stubs.c */

/*
 * A guest at the virtio transport and its rings, split and packed, and a device domain that is
 * restarted now and then, also with its state damaged. Each eight bytes of input are one step.
 */
#include <string.h>

#include "dm_stubs.h"
#include "virtio_stubs.h"

#define RAM   KIB(64)
#define RINGS 0x1000 /* queue n's parts lie at (n + 1) * RINGS, each 0x400 further on */
#define SIZE  8

enum step { WRITE, READ, STORE, KICK, PASS, RESTART, START, DAMAGE, STEPS };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static struct virtio_device *const vd = &virtio_stub_vd;

static void config_read(struct virtio_device *v, u8 *config)
{
	(void)v;
	memset(config, 0x11, 8);
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
	.handle = handle,
	.waiting_queues = BIT(1),
	.supply = supply,
};

/* As a driver begins that wants those features of the ring. */
static void start(struct dm_device *dev, u64 features)
{
	virtio_stub_negotiate(dev, (features & model.features) | VIRTIO_F_VERSION_1);
	for (u16 i = 0; i < 2; i++) {
		u64 at = (i + 1u) * RINGS;

		virtio_stub_enable(dev, i, SIZE, (u64[]){ at, at + 0x400, at + 0x800 });
	}
	virtio_stub_set(dev, 20, 1, 15);
}

static void restart(struct dm_device *dev)
{
	if (dev->ops->create(dev) || virtio_pci_adopt(vd))
		dev->ops->reset(dev);
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
		virtio_stub_set(dev, at % 80, size, (u64)value << (at & 0x8000 ? 32 : 0) | value);
		break;
	case READ:
		virtio_stub_read(dev, VIRTIO_BAR, VIRTIO_COMMON + at % 0x3000, size);
		break;
	case STORE:
		memcpy(dm_stubs.ram + at % (RAM / 4) * 4, &value, 4);
		break;
	case KICK:
		if (data[1] & 1)
			virtio_pci_queue(vd, at);
		else if (data[1] & 2)
			virtio_stub_write(dev, VIRTIO_NOTIFY_BAR, 0, 2, value);
		else
			virtio_stub_write(dev, VIRTIO_BAR, VIRTIO_NOTIFY + at % 0x1000, 2, value);
		break;
	case PASS:
		dm_stubs.now += at;
		if (dev->deadline <= dm_stubs.now)
			virtio_pci_timer(vd);
		break;
	case RESTART:
		restart(dev);
		break;
	case START:
		start(dev, (u64)at << 28);
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
		dev = virtio_stub_model(&model);
	}
	memset(dm_stubs.ram, 0, RAM);
	dm_stubs.now = 0;
	dev->ops->reset(dev);
	for (; len >= 8; data += 8, len -= 8)
		step(dev, data);
	return 0;
}
