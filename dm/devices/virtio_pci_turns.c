/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/*
 * The modern PCI transport: queues at work, in turns, and interrupts; what begins and ends them is
 * in virtio_pci.c.
 */
#include "virtio_pci_internal.h"
#include "dm/runtime.h"

enum { ISR_QUEUE = 1, ISR_CONFIG = 2 };

struct virtq virtio_pci_queue_of(struct virtio_device *vd, u32 queue)
{
	return (struct virtq){ .vm = vd->dev->vm,
			       .state = &vd->state->queues[queue],
			       .event_idx = virtio_has(vd, VIRTIO_F_EVENT_IDX),
			       .packed = virtio_has(vd, VIRTIO_F_RING_PACKED) };
}

/* Section 4.1.4.5.1. The hypervisor keeps the pin quiet while MSI-X is enabled. */
static void interrupt(struct virtio_device *vd, u16 vector, u8 isr)
{
	if (isr == ISR_CONFIG)
		vd->state->isr |= isr;
	if (vector != VIRTIO_NO_VECTOR && bus_msix(vd->dev, vector))
		return;
	vd->state->isr |= isr;
	bus_intx(vd->dev, true);
}

void virtio_pci_config_changed(struct virtio_device *vd)
{
	vd->state->generation++;
	if (vd->state->status & VIRTIO_DRIVER_OK)
		interrupt(vd, vd->state->config_vector, ISR_CONFIG);
}

void virtio_pci_break(struct virtio_device *vd, u32 queue)
{
	log_line("%s: %s: queue %u is broken, the guest must reset the device",
		 vd->dev->vm->config->name, vd->dev->ops->name, queue);
	vd->state->status |= VIRTIO_NEEDS_RESET;
	if (vd->state->status & VIRTIO_DRIVER_OK)
		interrupt(vd, vd->state->config_vector, ISR_CONFIG);
}

static bool running(const struct virtio_device *vd)
{
	return (vd->state->status & (VIRTIO_DRIVER_OK | VIRTIO_NEEDS_RESET)) == VIRTIO_DRIVER_OK;
}

bool virtio_pci_driven(const struct virtio_device *vd, u32 queue)
{
	return running(vd) && vd->state->queues[queue].enabled;
}

void virtio_pci_schedule(struct virtio_device *vd)
{
	u64 deadline = vd->more ? 0 : DM_NO_DEADLINE;

	for (u32 i = 0; deadline && i < vd->ops->queue_count; i++) {
		struct virtq q = virtio_pci_queue_of(vd, i);

		if (virtio_pci_driven(vd, i))
			deadline = MIN(deadline, virtq_due(&q));
	}
	vd->dev->deadline = deadline;
}

/* One request: 1, or 0 when there is none, or no more before an answer is due. */
static s64 serve_chain(struct virtio_device *vd, u32 queue, const struct virtq *q)
{
	static struct virtq_chain chain;
	s64 result = virtq_full(q) ? 0 : virtq_next(q, &chain);

	if (result <= 0)
		return result;
	vd->hold = 0;
	chain.resumed = vd->halfway & BIT(queue);
	vd->halfway &= ~(u32)BIT(queue);
	result = vd->ops->handle(vd, queue, &chain);
	if (result == -EAGAIN)
		vd->halfway |= (u32)BIT(queue);
	if (result < 0)
		return result;
	if (vd->hold) {
		virtq_park(q, &chain, (u32)result, vd->hold);
		return 1;
	}
	result = virtq_complete(q, &chain, (u32)result);
	return result ? result : 1;
}

static void settle(struct virtio_device *vd, u32 queue, const struct virtq *q, s64 result)
{
	if (virtq_wants_interrupt(q))
		interrupt(vd, q->state->vector, ISR_QUEUE);
	if (result < 0)
		virtio_pci_break(vd, queue);
}

static void take_turn(struct virtio_device *vd, u32 queue)
{
	struct virtq q = virtio_pci_queue_of(vd, queue);
	u64 end = time_now() + time_from_us(VIRTIO_TURN_US);
	u32 done = 0;
	s64 result;

	if (vd->ops->waiting_queues & BIT(queue)) {
		vd->ops->supply(vd, queue);
		return;
	}
	do
		result = serve_chain(vd, queue, &q);
	while (result > 0 && ++done < VIRTIO_TURN_CHAINS && time_now() < end);
	if (result > 0 || result == -EAGAIN)
		vd->more |= (u32)BIT(queue);
	settle(vd, queue, &q, result == -EAGAIN ? 0 : MIN(result, 0));
}

void virtio_pci_queue(struct virtio_device *vd, u32 queue)
{
	if (queue >= vd->ops->queue_count)
		return;
	vd->more &= ~(u32)BIT(queue);
	if (virtio_pci_driven(vd, queue))
		take_turn(vd, queue);
	virtio_pci_schedule(vd);
}

u32 virtio_pci_give(struct virtio_device *vd, u32 queue, const void *data, u32 len)
{
	static struct virtq_chain chain;
	struct virtq q = virtio_pci_queue_of(vd, queue);
	s64 result;

	if (!virtio_pci_driven(vd, queue))
		return 0;
	result = virtq_next(&q, &chain);
	if (result == 1)
		result = chain.in_len ? virtq_write(vd->dev->vm, &chain, 0, data, len) : -EINVAL;
	if (result > 0) {
		int err = virtq_complete(&q, &chain, (u32)result);

		result = err ? err : result;
	}
	if (result < 0)
		virtio_pci_break(vd, queue);
	return result > 0 ? (u32)result : 0;
}

void virtio_pci_signal(struct virtio_device *vd, u32 queue)
{
	struct virtq q = virtio_pci_queue_of(vd, queue);

	if (virtio_pci_driven(vd, queue))
		settle(vd, queue, &q, 0);
}

void virtio_pci_hold(struct virtio_device *vd, u64 until)
{
	vd->hold = until;
}

void virtio_pci_mark(struct virtio_device *vd, u32 queue)
{
	struct virtq q = virtio_pci_queue_of(vd, queue);

	virtq_mark(&q);
}

void virtio_pci_timer(struct virtio_device *vd)
{
	u64 now = time_now();
	u32 more = vd->more;

	vd->more = 0;
	for (u32 i = 0; i < vd->ops->queue_count; i++) {
		struct virtq q = virtio_pci_queue_of(vd, i);
		u64 due = virtio_pci_driven(vd, i) ? virtq_due(&q) : DM_NO_DEADLINE;

		if (due <= now) {
			vd->latest = MAX(vd->latest, now - due);
			if (virtq_full(&q))
				more |= (u32)BIT(i);
			settle(vd, i, &q, virtq_release(&q, now));
		}
		if ((more & BIT(i)) && virtio_pci_driven(vd, i))
			take_turn(vd, i);
	}
	virtio_pci_schedule(vd);
}

void virtio_pci_reset_queue(struct virtio_device *vd, u32 queue)
{
	struct virtq_state *q = &vd->state->queues[queue];

	q->enabled = 0;
	state_order();
	*q = (struct virtq_state){ .size = vd->ops->queue_size[queue], .vector = VIRTIO_NO_VECTOR };
	vd->more &= ~(u32)BIT(queue);
	vd->halfway &= ~(u32)BIT(queue);
}

void virtio_pci_reset(struct virtio_device *vd)
{
	struct virtio_state *s = vd->state;

	s->status = 0;
	state_order();
	for (u32 i = 0; i < vd->ops->queue_count; i++)
		virtio_pci_reset_queue(vd, i);
	s->features = 0;
	s->device_select = s->driver_select = 0;
	s->queue_select = 0;
	s->config_vector = VIRTIO_NO_VECTOR;
	s->isr = 0;
	vd->dev->deadline = DM_NO_DEADLINE;
	bus_intx(vd->dev, false);
}

int virtio_pci_adopt(struct virtio_device *vd)
{
	struct virtio_state *s = vd->state;

	if (s->features & ~vd->ops->features)
		return -EINVAL;
	for (u32 i = 0; i < vd->ops->queue_count; i++) {
		struct virtq q = virtio_pci_queue_of(vd, i);

		if (q.state->size > vd->ops->queue_size[i] || virtq_adopt(&q))
			return -EINVAL;
		/* The interrupt may have been due when dm ended: one too many does no harm. */
		if (q.state->enabled && running(vd))
			interrupt(vd, q.state->vector, ISR_QUEUE);
	}
	bus_intx(vd->dev, s->isr != 0);
	vd->more = (u32)BIT(vd->ops->queue_count) - 1;
	virtio_pci_schedule(vd);
	return 0;
}
