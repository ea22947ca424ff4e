/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/*
 * The fw_cfg device: a selector (port 0x510), the bytes of the selected item (0x511), and DMA
 * (0x514, big-endian), as QEMU's docs/specs/fw_cfg describes it. Nothing can be written to.
 *
 * A transfer that touches what is no RAM, or is longer than FW_CFG_DMA_MAX, fails as a whole.
 */
#include "fw_cfg.h"
#include "../bus.h"
#include "../devices.h"
#include "../runtime.h"

#define PORT_SELECTOR  0x510
#define PORT_DATA      0x511
#define PORT_DMA_HIGH  0x514
#define PORT_DMA_LOW   0x518
#define PORT_COUNT     12
#define FW_CFG_DMA_MAX MIB(16)
#define DMA_SIGNATURE  0x51454d5520434647ULL /* "QEMU CFG" */
#define KEY_WRITE      0x4000

enum { DMA_ERROR = 1, DMA_READ = 2, DMA_SKIP = 4, DMA_SELECT = 8, DMA_WRITE = 16 };

struct dma_command { /* big-endian */
	u32 control, length;
	u64 address;
};

struct fw_cfg_state {
	u32 offset;
	u32 dma_high;
	u16 key;
	u16 reserved;
};

static struct fw_cfg contents[MAX_VMS];

static void choose(struct fw_cfg_state *s, u16 key)
{
	s->key = key & (u16)~KEY_WRITE;
	s->offset = 0;
}

/* The bytes that are left of the selected item. */
static const u8 *rest(const struct dm_device *dev, u32 *len)
{
	const struct fw_cfg_state *s = dev->state;
	const struct fw_cfg_item *item = fw_cfg_find(dev->priv, s->key);

	*len = item && s->offset < item->len ? item->len - s->offset : 0;
	return *len ? item->data + s->offset : NULL;
}

/* The offset stops at its largest value: no item is that long. */
static void advance(struct fw_cfg_state *s, u32 len)
{
	s->offset += MIN(len, ~0u - s->offset);
}

static u8 next_byte(struct dm_device *dev)
{
	u32 len;
	const u8 *from = rest(dev, &len);

	advance(dev->state, 1);
	return len ? *from : 0;
}

/* What lies past the end of an item reads as zero. */
static int dma_read(struct dm_device *dev, gpa_t gpa, u32 len)
{
	u32 left;
	const u8 *from = rest(dev, &left);
	u8 *to = len <= FW_CFG_DMA_MAX ? vm_ram(dev->vm, gpa, len) : NULL;

	if (!to)
		return len ? -EFAULT : 0;
	left = MIN(left, len);
	if (left)
		memcpy(to, from, left);
	memset(to + left, 0, len - left);
	return 0;
}

static u32 dma_carry_out(struct dm_device *dev, const struct dma_command *c)
{
	struct fw_cfg_state *s = dev->state;
	u32 control = __builtin_bswap32(c->control);
	u32 len = __builtin_bswap32(c->length);

	if (control & DMA_SELECT)
		choose(s, (u16)(control >> 16));
	if (control & DMA_READ) {
		if (dma_read(dev, __builtin_bswap64(c->address), len))
			return DMA_ERROR;
	} else if (control & DMA_WRITE) {
		return DMA_ERROR;
	}
	if (control & (DMA_READ | DMA_SKIP))
		advance(s, len);
	return 0;
}

static void dma(struct dm_device *dev, gpa_t gpa)
{
	struct dma_command c;
	u32 result;

	if (vm_read(dev->vm, gpa, &c, sizeof(c)))
		return;
	result = __builtin_bswap32(dma_carry_out(dev, &c));
	if (vm_write(dev->vm, gpa, &result, sizeof(result)))
		log_line("[vm %s] fw_cfg: no answer possible", dev->vm->config->name);
}

static void write_port(struct dm_device *dev, const struct dm_access *a)
{
	struct fw_cfg_state *s = dev->state;

	if (a->addr == PORT_SELECTOR && a->size == 2) {
		choose(s, (u16)a->value);
	} else if (a->addr == PORT_DMA_HIGH && a->size == 4) {
		s->dma_high = __builtin_bswap32((u32)a->value);
	} else if (a->addr == PORT_DMA_LOW && a->size == 4) {
		gpa_t gpa = (u64)s->dma_high << 32 | __builtin_bswap32((u32)a->value);

		s->dma_high = 0;
		dma(dev, gpa);
	}
}

static void read_port(struct dm_device *dev, struct dm_access *a)
{
	u64 value = 0;

	if (a->addr == PORT_DATA && a->size == 1) {
		value = next_byte(dev);
	} else if (a->addr >= PORT_DMA_HIGH) {
		for (u32 i = 0; i < a->size; i++) {
			u64 byte = a->addr - PORT_DMA_HIGH + i;

			if (byte < 8)
				value |= (DMA_SIGNATURE >> (56 - 8 * byte) & 0xff) << 8 * i;
		}
	}
	a->value = value;
}

static void fw_cfg_access(struct dm_device *dev, struct dm_access *a)
{
	if (a->write)
		write_port(dev, a);
	else
		read_port(dev, a);
}

static bool fw_cfg_wanted(const struct vm_config *config)
{
	return config->firmware != FILE_NONE;
}

static int fw_cfg_create(struct dm_device *dev)
{
	struct fw_cfg *f = &contents[dev->vm->index];

	dev->priv = f;
	fw_cfg_build(f, dev->vm);
	if (f->full)
		return -ENOSPC;
	return bus_add_ports(dev, PORT_SELECTOR, PORT_COUNT);
}

static void fw_cfg_reset(struct dm_device *dev)
{
	memset(dev->state, 0, sizeof(struct fw_cfg_state));
}

const struct dm_device_ops fw_cfg_ops = {
	.name = "fw_cfg",
	.state_size = sizeof(struct fw_cfg_state),
	.wanted = fw_cfg_wanted,
	.create = fw_cfg_create,
	.reset = fw_cfg_reset,
	.access = fw_cfg_access,
};
