/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/*
 * The modern PCI transport: its registers (VIRTIO 1.2 sections 2.1, 2.2, 3.1, 4.1). Every store to
 * the state leaves a valid state: a queue's addresses only count while `enabled`, which is stored
 * last when it is set and first when it is cleared.
 */
#include "virtio_pci_internal.h"
#include "dm/runtime.h"

/* Section 4.1.4.3 as the driver sees it. */
struct common {
	u32 device_feature_select, device_feature;
	u32 driver_feature_select, driver_feature;
	u16 config_msix_vector, num_queues;
	u8 device_status, config_generation;
	u16 queue_select;
	u16 queue_size, queue_msix_vector, queue_enable, queue_notify_off;
	u64 queue_desc, queue_driver, queue_device;
	u16 queue_notify_data, queue_reset;
	u32 reserved;
};
_Static_assert(sizeof(struct common) == 64, "VIRTIO 1.2 section 4.1.4.3");
#define COMMON(field) ((u32)offsetof(struct common, field))

static struct virtq_state *selected_queue(struct virtio_device *vd)
{
	u16 n = vd->state->queue_select;

	return n < vd->ops->queue_count ? &vd->state->queues[n] : NULL;
}

static void set_status(struct virtio_device *vd, u8 value)
{
	struct virtio_state *s = vd->state;
	bool starts;

	if (value == 0) {
		if (vd->ops->reset)
			vd->ops->reset(vd);
		virtio_pci_reset(vd);
		return;
	}
	value &= (u8)~VIRTIO_NEEDS_RESET;
	/* Section 3.1.1 step 5: only a subset of what was offered, and no legacy driver. */
	if (!(s->status & VIRTIO_FEATURES_OK) &&
	    ((s->features & ~vd->ops->features) || !virtio_has(vd, VIRTIO_F_VERSION_1)))
		value &= (u8)~VIRTIO_FEATURES_OK;
	if (!((value | s->status) & VIRTIO_FEATURES_OK))
		value &= (u8)~VIRTIO_DRIVER_OK;
	starts = (value & ~s->status) & VIRTIO_DRIVER_OK;
	s->status |= value; /* bits are only cleared by a reset */
	if (starts) {
		vd->more = (u32)BIT(vd->ops->queue_count) - 1;
		virtio_pci_schedule(vd);
	}
}

static void set_driver_features(struct virtio_device *vd, u32 value)
{
	struct virtio_state *s = vd->state;

	if (s->status & VIRTIO_FEATURES_OK)
		return;
	if (s->driver_select == 0)
		s->features = (s->features & ~0xffffffffULL) | value;
	else if (s->driver_select == 1)
		s->features = (s->features & 0xffffffffULL) | (u64)value << 32;
}

static u16 checked_vector(u64 value, u16 vectors)
{
	return value < vectors ? (u16)value : VIRTIO_NO_VECTOR;
}

static void set_queue_enable(struct virtio_device *vd, struct virtq_state *q)
{
	struct virtq view = virtio_pci_queue_of(vd, vd->state->queue_select);

	/* Section 3.1.1: after it is settled what kind of ring it is. */
	if (!(vd->state->status & VIRTIO_FEATURES_OK))
		return;
	if (!virtq_usable(&view)) {
		virtio_pci_break(vd, vd->state->queue_select);
		return;
	}
	virtq_start(&view);
	q->enabled = 1;
}

/* One half or all of a ring address. */
static void set_address(u64 *address, u32 offset, const struct dm_access *a)
{
	if (a->size == 8 && offset == 0)
		*address = a->value;
	else if (a->size == 4 && offset == 0)
		*address = (*address & ~0xffffffffULL) | (u32)a->value;
	else if (a->size == 4)
		*address = (*address & 0xffffffffULL) | (u64)(u32)a->value << 32;
}

static void queue_write(struct virtio_device *vd, u32 offset, const struct dm_access *a)
{
	struct virtq_state *q = selected_queue(vd);
	u64 value = a->value;

	if (!q)
		return;
	if (offset == COMMON(queue_msix_vector)) {
		q->vector = checked_vector(value & 0xffff, (u16)(vd->ops->queue_count + 1));
		return;
	}
	if (offset == COMMON(queue_reset)) {
		if ((value & 0xffff) == 1 && virtio_has(vd, VIRTIO_F_RING_RESET)) {
			virtio_pci_reset_queue(vd, vd->state->queue_select);
			virtio_pci_schedule(vd);
		}
		return;
	}
	if (q->enabled) /* section 4.1.4.3.2: set up first, then enable */
		return;
	if (offset == COMMON(queue_size)) {
		value &= 0xffff;
		if (value && (!(value & (value - 1)) || virtio_has(vd, VIRTIO_F_RING_PACKED)) &&
		    value <= vd->ops->queue_size[vd->state->queue_select])
			q->size = (u16)value;
	} else if (offset == COMMON(queue_enable)) {
		if ((value & 0xffff) == 1)
			set_queue_enable(vd, q);
	} else if (offset >= COMMON(queue_notify_data)) {
		return; /* only read */
	} else if (offset >= COMMON(queue_device)) {
		set_address(&q->used, offset - COMMON(queue_device), a);
	} else if (offset >= COMMON(queue_driver)) {
		set_address(&q->avail, offset - COMMON(queue_driver), a);
	} else if (offset >= COMMON(queue_desc)) {
		set_address(&q->desc, offset - COMMON(queue_desc), a);
	}
}

static void common_write(struct virtio_device *vd, u32 offset, const struct dm_access *a)
{
	struct virtio_state *s = vd->state;

	if (offset >= sizeof(struct common) || (offset & 3 & (a->size - 1u)))
		return;
	switch (offset) {
	case COMMON(device_feature_select):
		s->device_select = (u32)a->value;
		break;
	case COMMON(driver_feature_select):
		s->driver_select = (u32)a->value;
		break;
	case COMMON(driver_feature):
		set_driver_features(vd, (u32)a->value);
		break;
	case COMMON(config_msix_vector):
		s->config_vector =
			checked_vector(a->value & 0xffff, (u16)(vd->ops->queue_count + 1));
		break;
	case COMMON(device_status):
		set_status(vd, (u8)a->value);
		break;
	case COMMON(queue_select):
		s->queue_select = (u16)a->value;
		break;
	default:
		if (offset >= COMMON(queue_size))
			queue_write(vd, offset, a);
	}
}

static void common_read(struct virtio_device *vd, struct common *c)
{
	const struct virtio_state *s = vd->state;
	const struct virtq_state *q = selected_queue(vd);

	*c = (struct common){
		.device_feature_select = s->device_select,
		.driver_feature_select = s->driver_select,
		.config_msix_vector = s->config_vector,
		.num_queues = (u16)vd->ops->queue_count,
		.device_status = s->status,
		.config_generation = s->generation,
		.queue_select = s->queue_select,
		.queue_msix_vector = VIRTIO_NO_VECTOR,
	};
	if (s->device_select < 2)
		c->device_feature = (u32)(vd->ops->features >> (32 * s->device_select));
	if (s->driver_select < 2)
		c->driver_feature = (u32)(s->features >> (32 * s->driver_select));
	if (!q)
		return;
	c->queue_size = q->size;
	c->queue_msix_vector = q->vector;
	c->queue_enable = q->enabled;
	c->queue_notify_off = s->queue_select;
	c->queue_desc = q->desc;
	c->queue_driver = q->avail;
	c->queue_device = q->used;
}

/* Bytes [offset, offset + size) of a structure; what lies past its end reads as zero. */
static u64 slice(const void *structure, u64 len, u64 offset, u8 size)
{
	u64 value = 0;

	if (offset < len)
		memcpy(&value, (const u8 *)structure + offset, MIN(size, len - offset));
	return value;
}

static void read_structures(struct virtio_device *vd, struct dm_access *a)
{
	struct common common;
	u8 config[256] = { 0 };

	if (a->addr < VIRTIO_ISR) {
		common_read(vd, &common);
		a->value = slice(&common, sizeof(common), a->addr - VIRTIO_COMMON, a->size);
	} else if (a->addr < VIRTIO_DEVICE) {
		a->value = 0;
		if (a->addr == VIRTIO_ISR) {
			a->value = vd->state->isr;
			vd->state->isr = 0;
			bus_intx(vd->dev, false);
		}
	} else if (a->addr < VIRTIO_NOTIFY) {
		vd->ops->config_read(vd, config);
		a->value = slice(config, vd->ops->config_len, a->addr - VIRTIO_DEVICE, a->size);
	} else {
		a->value = 0;
	}
}

/* By an access that a vCPU waits for: the queue has its turn as soon as that is answered. */
static void notify(struct virtio_device *vd, u32 queue)
{
	if (queue >= vd->ops->queue_count || !virtio_pci_driven(vd, queue))
		return;
	vd->more |= (u32)BIT(queue);
	virtio_pci_schedule(vd);
}

void virtio_pci_access(struct virtio_device *vd, struct dm_access *a)
{
	if (a->bar == VIRTIO_NOTIFY_BAR) { /* multiplier 0: the value names the queue */
		if (a->write)
			notify(vd, (u16)a->value);
		else
			a->value = 0;
		return;
	}
	if (a->addr < VIRTIO_COMMON || a->addr >= VIRTIO_BAR_SIZE)
		return;
	if (!a->write) {
		read_structures(vd, a);
	} else if (a->addr < VIRTIO_ISR) {
		common_write(vd, (u32)a->addr - VIRTIO_COMMON, a);
	} else if (a->addr >= VIRTIO_NOTIFY) {
		notify(vd, (u32)(a->addr - VIRTIO_NOTIFY) / VIRTIO_NOTIFY_MULTIPLIER);
	} else if (a->addr >= VIRTIO_DEVICE && vd->ops->config_write) {
		vd->ops->config_write(vd, (u32)a->addr - VIRTIO_DEVICE, a->size, (u32)a->value);
	}
}

void virtio_dev_access(struct dm_device *dev, struct dm_access *access)
{
	virtio_pci_access(dev->priv, access);
}

void virtio_dev_doorbell(struct dm_device *dev, unsigned queue)
{
	virtio_pci_queue(dev->priv, queue);
}

void virtio_dev_timer(struct dm_device *dev)
{
	virtio_pci_timer(dev->priv);
}
