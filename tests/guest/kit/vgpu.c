/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/* See vgpu.h. */
#include "vgpu.h"

#include "pci.h"

#define QUEUE_SIZE	       16
#define WAIT_SECONDS	       5
#define LOOKS		       100 /* from one look at the time to the next: it may cost an exit */
#define DESC_NEXT	       1
#define DESC_WRITE	       2
#define FEATURE_VERSION_1_HIGH 1u /* bit 32 */
#define CFG_COMMON	       1
#define CFG_NOTIFY	       2
#define CFG_ISR		       3
#define CFG_DEVICE	       4

struct descriptor {
	u64 address;
	u32 len;
	u16 flags, next;
};
static struct queue {
	struct descriptor descriptors[QUEUE_SIZE];
	volatile struct {
		u16 flags, index, ring[QUEUE_SIZE], event;
	} available __attribute__((aligned(4)));
	volatile struct {
		u16 flags, index;
		struct {
			u32 id, len;
		} ring[QUEUE_SIZE];
	} used __attribute__((aligned(4)));
} queues[VGPU_QUEUES] __attribute__((aligned(4096)));

static void poke8(u64 at, u8 v)
{
	*(volatile u8 *)at = v;
}
static void poke16(u64 at, u16 v)
{
	*(volatile u16 *)at = v;
}
static void poke64(u64 at, u64 v)
{
	write32(at, (u32)v);
	write32(at + 4, (u32)(v >> 32));
}

bool vgpu_find(struct vgpu *g)
{
	int devfn = pci_find(0x1af4, 0x1050);
	u8 cap = 0;

	if (devfn < 0)
		return false;
	*g = (struct vgpu){ .devfn = (u8)devfn };
	pci_write16(g->devfn, PCI_COMMAND, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
	while ((cap = pci_capability(g->devfn, PCI_CAP_VENDOR, cap)) != 0) {
		u32 type = pci_read(g->devfn, cap) >> 24;
		u32 bar = pci_read(g->devfn, (u16)(cap + 4)) & 0xff;
		u64 at;

		if (type < CFG_COMMON || type > CFG_DEVICE || bar > 5)
			continue;
		at = pci_bar_address(g->devfn, bar) + pci_read(g->devfn, (u16)(cap + 8));
		if (type == CFG_COMMON)
			g->common = at;
		else if (type == CFG_NOTIFY && !g->notify)
			g->notify = at;
		else if (type == CFG_ISR)
			g->isr = at;
		else if (type == CFG_DEVICE)
			g->device_config = at;
	}
	return g->common && g->notify;
}

static void start_queue(const struct vgpu *g, u16 n, u16 vector)
{
	struct queue *q = &queues[n];

	q->available.flags = vector == NO_VECTOR;
	q->available.index = 0;
	q->used.index = 0;
	poke16(g->common + COMMON_QUEUE_SELECT, n);
	poke16(g->common + COMMON_QUEUE_SIZE, QUEUE_SIZE);
	poke16(g->common + COMMON_QUEUE_MSIX, vector);
	poke64(g->common + COMMON_QUEUE_DESC, (u64)q->descriptors);
	poke64(g->common + COMMON_QUEUE_DRIVER, (u64)&q->available);
	poke64(g->common + COMMON_QUEUE_DEVICE, (u64)&q->used);
	poke16(g->common + COMMON_QUEUE_ENABLE, 1);
}

bool vgpu_start(struct vgpu *g, u16 vector)
{
	return vgpu_start_with(g, 0, vector);
}

bool vgpu_start_with(struct vgpu *g, u32 features, u16 vector)
{
	poke8(g->common + COMMON_STATUS, 0);
	while (*(volatile u8 *)(g->common + COMMON_STATUS))
		relax();
	poke8(g->common + COMMON_STATUS, STATUS_ACKNOWLEDGE | STATUS_DRIVER);
	write32(g->common + COMMON_DEVICE_FEATURE_SELECT, 0);
	g->features = read32(g->common + COMMON_DEVICE_FEATURE);
	write32(g->common + COMMON_DRIVER_FEATURE_SELECT, 0);
	write32(g->common + COMMON_DRIVER_FEATURE, features);
	write32(g->common + COMMON_DRIVER_FEATURE_SELECT, 1);
	write32(g->common + COMMON_DRIVER_FEATURE, FEATURE_VERSION_1_HIGH);
	poke8(g->common + COMMON_STATUS, STATUS_ACKNOWLEDGE | STATUS_DRIVER | STATUS_FEATURES_OK);
	if (!(*(volatile u8 *)(g->common + COMMON_STATUS) & STATUS_FEATURES_OK))
		return false;
	for (u16 n = 0; n < VGPU_QUEUES; n++)
		start_queue(g, n, vector);
	poke8(g->common + COMMON_STATUS,
	      STATUS_ACKNOWLEDGE | STATUS_DRIVER | STATUS_FEATURES_OK | STATUS_DRIVER_OK);
	return true;
}

s64 vgpu_send(struct vgpu *g, u16 n, const void *command, u32 len, void *answer, u32 answer_len)
{
	struct queue *q = &queues[n];
	u16 last = q->used.index;
	u64 end = rdtsc() + WAIT_SECONDS * tsc_hz();
	u32 looks = 0;

	q->descriptors[0] = (struct descriptor){ (u64)command, len, answer_len ? DESC_NEXT : 0, 1 };
	q->descriptors[1] = (struct descriptor){ (u64)answer, answer_len, DESC_WRITE, 0 };
	q->available.ring[q->available.index % QUEUE_SIZE] = 0;
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	q->available.index++;
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	poke16(g->notify + 4 * n, n);
	while (q->used.index == last)
		if (++looks % LOOKS == 0 && rdtsc() > end)
			return -1;
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	return q->used.ring[last % QUEUE_SIZE].len;
}

u32 vgpu_command(struct vgpu *g, const void *command, u32 len, void *answer, u32 answer_len)
{
	((struct vgpu_header *)answer)->type = 0;
	if (vgpu_send(g, 0, command, len, answer, answer_len) < 0)
		return 0;
	return ((volatile struct vgpu_header *)answer)->type;
}

static u32 send(struct vgpu *g, const void *command, u32 len)
{
	static struct vgpu_header answer;

	return vgpu_command(g, command, len, &answer, sizeof(answer));
}

u32 vgpu_create(struct vgpu *g, u32 resource, u32 format, u32 width, u32 height)
{
	struct {
		struct vgpu_header h;
		u32 resource, format, width, height;
	} c = { { .type = VGPU_RESOURCE_CREATE_2D }, resource, format, width, height };

	return send(g, &c, sizeof(c));
}

u32 vgpu_attach(struct vgpu *g, u32 resource, const struct vgpu_piece *pieces, u32 count)
{
	static struct {
		struct vgpu_header h;
		u32 resource, count;
		struct vgpu_piece pieces[VGPU_MAX_PIECES];
	} c;

	c.h = (struct vgpu_header){ .type = VGPU_RESOURCE_ATTACH_BACKING };
	c.resource = resource;
	c.count = count;
	for (u32 i = 0; i < count && i < VGPU_MAX_PIECES; i++)
		c.pieces[i] = pieces[i];
	return send(g, &c,
		    (u32)(sizeof(c.h) + 8 + MIN(count, VGPU_MAX_PIECES) * sizeof(c.pieces[0])));
}

u32 vgpu_scanout(struct vgpu *g, u32 scanout, u32 resource, struct vgpu_rect r)
{
	struct {
		struct vgpu_header h;
		struct vgpu_rect r;
		u32 scanout, resource;
	} c = { { .type = VGPU_SET_SCANOUT }, r, scanout, resource };

	return send(g, &c, sizeof(c));
}

u32 vgpu_transfer(struct vgpu *g, u32 resource, struct vgpu_rect r, u64 offset)
{
	struct {
		struct vgpu_header h;
		struct vgpu_rect r;
		u64 offset;
		u32 resource, padding;
	} c = { { .type = VGPU_TRANSFER_TO_HOST_2D }, r, offset, resource, 0 };

	return send(g, &c, sizeof(c));
}

u32 vgpu_flush(struct vgpu *g, u32 resource, struct vgpu_rect r)
{
	struct {
		struct vgpu_header h;
		struct vgpu_rect r;
		u32 resource, padding;
	} c = { { .type = VGPU_RESOURCE_FLUSH }, r, resource, 0 };

	return send(g, &c, sizeof(c));
}

u32 vgpu_simple(struct vgpu *g, enum vgpu_command type, u32 resource)
{
	struct {
		struct vgpu_header h;
		u32 resource, padding;
	} c = { { .type = type }, resource, 0 };

	return send(g, &c, sizeof(c));
}
