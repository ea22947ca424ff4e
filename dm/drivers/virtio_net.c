/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/*
 * virtio-net, modern interface only (VIRTIO 1.2: 4.1 PCI, 5.1 network device, 2.7 split queues).
 * Features: VERSION_1, MAC, STATUS. Each buffer is one descriptor: header, frame.
 *
 * Queue q's descriptor i always describes buffer i. What the card writes (used entries) is checked
 * before use.
 */
#include "nic.h"
#include "../hypercall.h"
#include "../runtime.h"
#include <abi/range.h>

#define HEADER	   12
#define QUEUE_SIZE 256
#define RESET_US   100000
#define NO_VECTOR  0xffff

enum { CAP_VENDOR = 0x09, CAP_COMMON = 1, CAP_NOTIFY = 2, CAP_ISR = 3, CAP_DEVICE = 4 };
enum common {
	DEVICE_FEATURES_SELECT = 0x00,
	DEVICE_FEATURES = 0x04,
	DRIVER_FEATURES_SELECT = 0x08,
	DRIVER_FEATURES = 0x0c,
	CONFIG_VECTOR = 0x10,
	STATUS = 0x14,
	QUEUE_SELECT = 0x16,
	QUEUE_LEN = 0x18,
	QUEUE_VECTOR = 0x1a,
	QUEUE_ENABLE = 0x1c,
	QUEUE_NOTIFY_OFF = 0x1e,
	QUEUE_DESC = 0x20,
	QUEUE_DRIVER = 0x28,
	QUEUE_DEVICE = 0x30,
	COMMON_SIZE = 0x38
};
enum { ACKNOWLEDGE = 1, DRIVER = 2, DRIVER_OK = 4, FEATURES_OK = 8 };
enum { DEVICE_STATUS = 6, DEVICE_SIZE = 8, LINK_UP = 1 };
enum { DESC_WRITE = 2, NO_INTERRUPT = 1, NO_NOTIFY = 1 };
#define FEATURE_MAC	  BIT(5)
#define FEATURE_STATUS	  BIT(16)
#define FEATURE_VERSION_1 BIT(32)
#define WANTED		  (FEATURE_MAC | FEATURE_STATUS | FEATURE_VERSION_1)

struct desc {
	u64 address;
	u32 len;
	u16 flags, next;
};
struct queue {
	struct desc desc[QUEUE_SIZE];
	volatile u16 avail_flags, avail_index;
	u16 avail[QUEUE_SIZE];
	u16 unused[2];
	volatile u16 used_flags, used_index;
	struct {
		u32 id, len;
	} used[QUEUE_SIZE];
	u8 buffers[QUEUE_SIZE][NIC_BUFFER];
} __attribute__((aligned(16)));
enum { RX, TX, QUEUES };
_Static_assert(QUEUES * sizeof(struct queue) <= DM_NIC_DMA_SIZE, "queues and buffers fit");

static struct queue *const queues = (struct queue *)DM_NIC_DMA_BASE;
static const struct dm_nic *pci;
static u64 common, isr, device, notify[QUEUES];
static u64 features;
static u16 seen[QUEUES]; /* of used_index */
static u32 rx_id;	 /* being read */
static u32 tx_free[QUEUE_SIZE], tx_free_count;

static u8 get8(u64 at)
{
	return *(volatile u8 *)at;
}

static u16 get16(u64 at)
{
	return *(volatile u16 *)at;
}

static u32 get32(u64 at)
{
	return *(volatile u32 *)at;
}

static void put8(u64 at, u8 value)
{
	*(volatile u8 *)at = value;
}

static void put16(u64 at, u16 value)
{
	*(volatile u16 *)at = value;
}

static void put32(u64 at, u32 value)
{
	*(volatile u32 *)at = value;
}

static void put64(u64 at, u64 value)
{
	put32(at, (u32)value);
	put32(at + 4, (u32)(value >> 32));
}

static u32 config32(u32 at)
{
	u32 value;

	__builtin_memcpy(&value, pci->config + at, 4);
	return value;
}

/* Where the structure of that kind lies, 0: nowhere, or not `len` bytes; *cap: its capability. */
static u64 find(u32 kind, u64 len, u32 *cap)
{
	u32 at = pci->config[0x34] & 0xfc;

	for (u32 i = 0; at && at <= 256 - 20 && i < 48; i++, at = pci->config[at + 1] & 0xfc) {
		u32 bar = pci->config[at + 4], offset = config32(at + 8);

		if (pci->config[at] != CAP_VENDOR || pci->config[at + 3] != kind || bar > 5 ||
		    !pci->bar[bar] || !range_within(offset, len, pci->bar_len[bar]))
			continue;
		*cap = at;
		return pci->bar[bar] + offset;
	}
	return 0;
}

static int find_all(void)
{
	u32 cap;

	common = find(CAP_COMMON, COMMON_SIZE, &cap);
	isr = find(CAP_ISR, 1, &cap);
	device = find(CAP_DEVICE, DEVICE_SIZE, &cap);
	return common && isr && device ? 0 : -ENODEV;
}

static int negotiate(void)
{
	u64 end = time_now() + time_from_us(RESET_US);

	put8(common + STATUS, 0);
	while (get8(common + STATUS))
		if (time_now() > end)
			return -EIO;
	put8(common + STATUS, ACKNOWLEDGE | DRIVER);
	features = 0;
	for (u32 i = 0; i < 2; i++) {
		put32(common + DEVICE_FEATURES_SELECT, i);
		features |= (u64)get32(common + DEVICE_FEATURES) << 32 * i;
	}
	features &= WANTED;
	if (!(features & FEATURE_VERSION_1) || !(features & FEATURE_MAC))
		return -ENODEV;
	for (u32 i = 0; i < 2; i++) {
		put32(common + DRIVER_FEATURES_SELECT, i);
		put32(common + DRIVER_FEATURES, (u32)(features >> 32 * i));
	}
	put8(common + STATUS, ACKNOWLEDGE | DRIVER | FEATURES_OK);
	return get8(common + STATUS) & FEATURES_OK ? 0 : -ENODEV;
}

static int make_queue(u16 number, u16 vector)
{
	struct queue *q = &queues[number];
	u64 phys = pci->dma_phys + number * sizeof(*q), end;
	u32 cap;

	memset(q, 0, offsetof(struct queue, buffers));
	for (u32 i = 0; i < QUEUE_SIZE; i++)
		q->desc[i] = (struct desc){ .address = phys + offsetof(struct queue, buffers[i]),
					    .len = NIC_BUFFER,
					    .flags = number == RX ? DESC_WRITE : 0 };
	seen[number] = 0;
	put16(common + QUEUE_SELECT, number);
	if (get16(common + QUEUE_LEN) < QUEUE_SIZE)
		return -ENODEV;
	put16(common + QUEUE_LEN, QUEUE_SIZE);
	put16(common + QUEUE_VECTOR, vector);
	put64(common + QUEUE_DESC, phys + offsetof(struct queue, desc));
	put64(common + QUEUE_DRIVER, phys + offsetof(struct queue, avail_flags));
	put64(common + QUEUE_DEVICE, phys + offsetof(struct queue, used_flags));
	put16(common + QUEUE_ENABLE, 1);
	end = (u64)get16(common + QUEUE_NOTIFY_OFF);
	notify[number] = find(CAP_NOTIFY, 2, &cap);
	if (!notify[number])
		return -ENODEV;
	end *= config32(cap + 16);
	notify[number] = find(CAP_NOTIFY, end + 2, &cap);
	if (!notify[number])
		return -ENODEV;
	notify[number] += end;
	return 0;
}

static void offer(u16 number, u32 id)
{
	struct queue *q = &queues[number];

	q->avail[q->avail_index % QUEUE_SIZE] = (u16)id;
	__asm__ volatile("" : : : "memory");
	q->avail_index++;
}

/* A full barrier: the index must be out before the flag is read (2.7.13.4.1). */
static void ring(u16 number)
{
	__sync_synchronize();
	if (!(queues[number].used_flags & NO_NOTIFY))
		put16(notify[number], number);
}

static int virtio_start(const struct dm_nic *nic, u8 mac[6])
{
	u16 vector = nic->irq == NIC_IRQ_MSI_X ? 0 : NO_VECTOR;

	pci = nic;
	if (find_all() || negotiate())
		return -ENODEV;
	put16(common + CONFIG_VECTOR, vector);
	if (make_queue(RX, vector) || make_queue(TX, NO_VECTOR))
		return -ENODEV;
	for (u32 i = 0; i < 6; i++)
		mac[i] = get8(device + i);
	for (u32 i = 0; i < QUEUE_SIZE; i++)
		offer(RX, i);
	for (tx_free_count = 0; tx_free_count < QUEUE_SIZE; tx_free_count++)
		tx_free[tx_free_count] = tx_free_count;
	queues[TX].avail_flags = NO_INTERRUPT;
	if (hypercall(HC_NIC_ENABLE, 1, 0, 0, 0))
		return -ENODEV;
	put8(common + STATUS, ACKNOWLEDGE | DRIVER | FEATURES_OK | DRIVER_OK);
	ring(RX);
	return 0;
}

/* With MSI-X nothing tells the two reasons apart. */
static bool virtio_acknowledge(void)
{
	queues[RX].avail_flags = NO_INTERRUPT;
	if (pci->irq == NIC_IRQ_LINE)
		return get8(isr) & 2;
	return true;
}

static bool virtio_link(void)
{
	return !(features & FEATURE_STATUS) || (get16(device + DEVICE_STATUS) & LINK_UP);
}

/* The next entry of the used ring that makes sense; false: none. */
static bool next_used(u16 number, u32 *id, u32 *len)
{
	struct queue *q = &queues[number];

	while (seen[number] != q->used_index) {
		u32 at = seen[number]++ % QUEUE_SIZE;

		__asm__ volatile("" : : : "memory");
		*id = q->used[at].id;
		*len = q->used[at].len;
		if (*id < QUEUE_SIZE)
			return true;
	}
	return false;
}

static void virtio_receive_done(void)
{
	offer(RX, rx_id);
}

static const u8 *virtio_receive(u32 *len)
{
	for (u32 i = 0; i < 2 * QUEUE_SIZE; i++) {
		if (!next_used(RX, &rx_id, len)) {
			if (!queues[RX].avail_flags)
				break;
			/* Interrupts on again, and a last look. */
			queues[RX].avail_flags = 0;
			ring(RX);
			continue;
		}
		if (*len > HEADER && *len <= HEADER + NIC_FRAME) {
			*len -= HEADER;
			return queues[RX].buffers[rx_id] + HEADER;
		}
		virtio_receive_done();
	}
	return NULL;
}

static u8 *virtio_transmit(void)
{
	u32 id, len;

	while (tx_free_count < QUEUE_SIZE && next_used(TX, &id, &len))
		tx_free[tx_free_count++] = id;
	return tx_free_count ? queues[TX].buffers[tx_free[tx_free_count - 1]] + HEADER : NULL;
}

static void virtio_transmit_done(u32 len)
{
	u32 id = tx_free[--tx_free_count];

	memset(queues[TX].buffers[id], 0, HEADER);
	queues[TX].desc[id].len = HEADER + len;
	offer(TX, id);
	ring(TX);
}

const struct nic_ops nic_virtio = {
	.name = "virtio-net",
	.start = virtio_start,
	.acknowledge = virtio_acknowledge,
	.link = virtio_link,
	.receive = virtio_receive,
	.receive_done = virtio_receive_done,
	.transmit = virtio_transmit,
	.transmit_done = virtio_transmit_done,
};
