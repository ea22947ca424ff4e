/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/* sources: dm/display/[a-z]*.c */

/*
 * See display_stubs.h. Owns the world.
 */
#include "display_stubs.h"
#include "dm/hypercall.h"
#include "dm/runtime.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ANSWER_OFFSET 0x8000 /* of a ring's buffers: requests before, answers after */
#define TABLE_OFFSET  0x10000

struct stub_world world;
struct stub_ring stub_rings[GPU_QUEUES];
const struct dm_info *dm_info = &world.info;
struct dm_vm dm_vms[MAX_VMS];
u32 dm_vm_count;

static void point(void)
{
	if (world.die_in && --world.die_in == 0)
		longjmp(world.death, 1);
}

/* ---- runtime */
u64 time_now(void)
{
	return world.now;
}

u64 time_from_us(u64 us)
{
	return us;
}

void log_line(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(world.log, sizeof(world.log), format, args);
	va_end(args);
}

void dm_die(const char *format, ...)
{
	fprintf(stderr, "dm_die: %s\n", format);
	abort();
}

int str_format(char *to, size_t size, const char *format, ...)
{
	va_list args;
	int n;

	va_start(args, format);
	n = vsnprintf(to, size, format, args);
	va_end(args);
	return n;
}

/* ---- guest memory */
void *vm_ram(const struct dm_vm *vm, gpa_t gpa, u64 len)
{
	point();
	if (len == 0 || vm->index != 0 || !range_within(gpa, len, STUB_RAM))
		return NULL;
	return world.ram + gpa;
}

int vm_read(const struct dm_vm *vm, gpa_t gpa, void *to, u64 len)
{
	void *p = vm_ram(vm, gpa, len);

	if (!p)
		return -EFAULT;
	memcpy(to, p, len);
	for (u64 at = gpa; at < gpa + len; at++)
		if (range_inside(at, 1, world.spoiled, world.spoiled_len))
			world.ram[at] ^= 0xff;
	return 0;
}

int vm_write(const struct dm_vm *vm, gpa_t gpa, const void *from, u64 len)
{
	void *p = vm_ram(vm, gpa, len);

	if (!p)
		return -EFAULT;
	memcpy(p, from, len);
	return 0;
}

void *vm_vram(const struct dm_vm *vm, u64 *size)
{
	*size = vm->index == 0 ? STUB_VRAM : 0;
	return vm->index == 0 ? world.vram : NULL;
}

void *state_pool(u32 vm, u64 *size)
{
	*size = vm == 0 ? STUB_POOL : 0;
	return vm == 0 ? world.pool : NULL;
}

void *state_alloc_host(size_t size)
{
	return size <= sizeof(world.host_state) ? world.host_state : NULL;
}

/* ---- bus */
int bus_add_ports(struct dm_device *dev, u16 base, u16 count)
{
	(void)dev;
	(void)base;
	(void)count;
	return 0;
}

int bus_add_mmio(struct dm_device *dev, gpa_t base, u64 len)
{
	(void)dev;
	(void)base;
	(void)len;
	return 0;
}

/* No plain window, and nothing ever dirty but all of VRAM, always. */
int hc_vram_window(u32 vm, gpa_t gpa, u64 offset, u64 len)
{
	(void)vm;
	(void)gpa;
	(void)offset;
	return len ? -ENOMEM : 0;
}

int hc_vram_watch(u32 vm, bool on)
{
	(void)vm;
	(void)on;
	return 0;
}

int hc_vram_dirty(u32 vm, u64 offset, u64 len, u64 *bitmap)
{
	(void)vm;
	(void)offset;
	memset(bitmap, 0xff, (len / PAGE_SIZE + 63) / 64 * 8);
	return 0;
}

int bus_add_pci(struct dm_device *dev, const struct pci_template *t)
{
	(void)dev;
	world.pci = *t;
	return 0;
}

int bus_add_doorbell(struct dm_device *dev, u8 bar, u64 offset, u8 size, unsigned queue)
{
	(void)dev;
	(void)bar;
	(void)offset;
	(void)size;
	(void)queue;
	world.doorbells++;
	return 0;
}

bool bus_msix(struct dm_device *dev, u16 vector)
{
	(void)dev;
	point();
	if (vector < ARRAY_SIZE(world.msix))
		world.msix[vector]++;
	return true;
}

void bus_intx(struct dm_device *dev, bool level)
{
	(void)dev;
	world.intx = level;
}

/* ---- the world */
void stub_start(u32 width, u32 height, enum config_layout layout, u32 heads)
{
	stub_stop();
	world.ram = calloc(1, STUB_RAM);
	world.pool = aligned_alloc(4096, STUB_POOL);
	memset(world.pool, 0xaa, STUB_POOL);
	world.vram = calloc(1, STUB_VRAM + VRAM_HIDDEN_SIZE);
	world.panel = calloc((size_t)width * height, 4);
	world.info.gop = (struct handoff_gop){ .base = (u64)(uintptr_t)world.panel,
					       .size = (u64)width * height * 4,
					       .width = width,
					       .height = height,
					       .stride = width,
					       .red_mask = 0xff0000,
					       .green_mask = 0xff00,
					       .blue_mask = 0xff,
					       .pixel_bytes = 4 };
	world.info.tsc_hz = 1000000; /* as time_from_us has it */
	world.info.config.layout = layout;
	world.info.config.refresh = 60;
	world.info.config.vm_count = STUB_VMS;
	dm_vm_count = STUB_VMS;
	for (u32 i = 0; i < STUB_VMS; i++) {
		struct vm_config *c = &world.info.config.vms[i];

		snprintf(c->name, sizeof(c->name), "guest%u", i);
		c->display = i == 0 ? DISPLAY_VIRTIO_VGA : DISPLAY_NONE;
		c->width = 1024;
		c->height = 768;
		c->heads = i == 0 ? heads : 1;
		dm_vms[i].index = i;
		c->gpu_memory = i == 0 ? STUB_POOL : 0;
		c->gpu_entries = 16384;
		dm_vms[i].config = c;
	}
	display_init();
}

void stub_stop(void)
{
	free(world.ram);
	free(world.pool);
	free(world.vram);
	free(world.panel);
	for (u32 i = 0; i < STUB_VMS; i++)
		free(dm_vms[i].devices[0].state);
	memset(&world, 0, sizeof(world));
	memset(dm_vms, 0, sizeof(dm_vms));
	memset(stub_rings, 0, sizeof(stub_rings));
}

struct dm_device *stub_device(const struct dm_device_ops *ops)
{
	struct dm_device *dev = &dm_vms[0].devices[0];

	free(dev->state);
	*dev = (struct dm_device){ .ops = ops, .vm = &dm_vms[0], .deadline = DM_NO_DEADLINE };
	dev->state = calloc(1, ops->state_size);
	if (ops->create(dev))
		return NULL;
	ops->reset(dev);
	return dev;
}

int stub_restart(struct dm_device *dev)
{
	struct gpu *gpu = dev->priv;
	int err;

	if (gpu)
		memset(gpu, 0x5a, sizeof(*gpu));
	display_init();
	dev->priv = NULL;
	dev->deadline = DM_NO_DEADLINE;
	err = dev->ops->create(dev);
	if (!err)
		err = dev->ops->adopt(dev);
	if (!err && dev->deadline <= world.now)
		dev->ops->timer(dev);
	return err;
}

/* ---- the driver's half */
u64 stub_common(struct dm_device *dev, u32 offset, u8 size)
{
	struct dm_access a = { .addr = VIRTIO_COMMON + offset,
			       .size = size,
			       .space = IOREQ_PCI_BAR,
			       .bar = VIRTIO_BAR,
			       .value = ~0ULL };

	dev->ops->access(dev, &a);
	return a.value;
}

void stub_common_write(struct dm_device *dev, u32 offset, u8 size, u64 value)
{
	struct dm_access a = { .addr = VIRTIO_COMMON + offset,
			       .size = size,
			       .space = IOREQ_PCI_BAR,
			       .bar = VIRTIO_BAR,
			       .write = true,
			       .value = value,
			       .count = 1 };

	dev->ops->access(dev, &a);
}

void stub_driver_start(struct dm_device *dev, u64 features)
{
	stub_common_write(dev, 20, 1, 0);
	stub_common_write(dev, 20, 1, 1);
	stub_common_write(dev, 20, 1, 3);
	for (u32 i = 0; i < 2; i++) {
		stub_common_write(dev, 8, 4, i);
		stub_common_write(dev, 12, 4, features >> (32 * i) & 0xffffffff);
	}
	stub_common_write(dev, 20, 1, 11);
	stub_common_write(dev, 16, 2, 0);
	for (u32 i = 0; i < GPU_QUEUES; i++) {
		struct stub_ring *r = &stub_rings[i];
		u64 base = STUB_RING_BASE + i * 0x20000;

		*r = (struct stub_ring){ base, base + 0x2000, base + 0x3000, base + 0x4000, 16, 0 };
		memset(world.ram + base, 0, 0x20000);
		stub_common_write(dev, 22, 2, i);
		stub_common_write(dev, 24, 2, r->size);
		stub_common_write(dev, 26, 2, i + 1);
		stub_common_write(dev, 32, 8, r->desc);
		stub_common_write(dev, 40, 4, r->avail);
		stub_common_write(dev, 44, 4, 0);
		stub_common_write(dev, 48, 8, r->used);
		stub_common_write(dev, 28, 2, 1);
	}
	stub_common_write(dev, 20, 1, 15);
}

static void put_desc(u64 table, u32 n, u64 addr, u32 len, u16 flags, u16 next)
{
	u8 *d = world.ram + table + 16 * n;

	memcpy(d, &addr, 8);
	memcpy(d + 8, &len, 4);
	memcpy(d + 12, &flags, 2);
	memcpy(d + 14, &next, 2);
}

/* Small descriptors with empty ones between, from `n` on: how many there are then. */
static u32 put_pieces(u64 table, u32 n, u64 addr, u32 len, u16 flags)
{
	for (u32 at = 0; at < len; at += world.piece) {
		put_desc(table, n, addr + at, MIN(world.piece, len - at), flags | 1, (u16)(n + 1));
		put_desc(table, n + 1, ~0ULL, 0, flags | 1, (u16)(n + 2));
		n += 2;
	}
	return n;
}

static void put_indirect(const struct stub_ring *r, u32 len, u32 room)
{
	u64 table = r->buffers + TABLE_OFFSET;
	u32 n = put_pieces(table, 0, r->buffers, len, 0);

	n = put_pieces(table, n, r->buffers + ANSWER_OFFSET, room, 2);
	put_desc(table, n, 0, 0, room ? 2 : 0, 0);
	put_desc(r->desc, 0, table, 16 * (n + 1), 4, 0);
}

static void put_direct(const struct stub_ring *r, u32 len, u32 room)
{
	u32 first = MIN(len, 20);
	u16 answer = room ? 1 : 0;

	put_desc(r->desc, 0, r->buffers, first, len > first || answer ? 1 : 0, len > first ? 1 : 2);
	put_desc(r->desc, 1, r->buffers + first, len - first, answer, 2);
	put_desc(r->desc, 2, r->buffers + ANSWER_OFFSET, room, 2, 0);
}

void stub_submit(u32 queue, const void *request, u32 len, u32 room)
{
	struct stub_ring *r = &stub_rings[queue];
	u16 slot = r->next % r->size;

	memcpy(world.ram + r->buffers, request, len);
	memset(world.ram + r->buffers + ANSWER_OFFSET, 0xee, 0x1000);
	if (world.piece)
		put_indirect(r, len, room);
	else
		put_direct(r, len, room);
	memset(world.ram + r->avail + 4 + 2 * slot, 0, 2);
	r->next++;
	memcpy(world.ram + r->avail + 2, &r->next, 2);
}

void stub_extend(u32 queue, u32 len, u64 gpa, u32 more, u32 room)
{
	struct stub_ring *r = &stub_rings[queue];

	put_desc(r->desc, 0, r->buffers, len, 1, 1);
	put_desc(r->desc, 1, gpa, more, 1, 2);
	put_desc(r->desc, 2, r->buffers + ANSWER_OFFSET, room, 2, 0);
}

void stub_kick(struct dm_device *dev, u32 queue)
{
	dev->ops->doorbell(dev, queue);
}

u16 stub_used(u32 queue)
{
	u16 index;

	memcpy(&index, world.ram + stub_rings[queue].used + 2, 2);
	return index;
}

const void *stub_answer(u32 queue, u32 *len)
{
	struct stub_ring *r = &stub_rings[queue];
	u16 slot = (u16)(stub_used(queue) - 1) % r->size;

	memcpy(len, world.ram + r->used + 8 + 8 * slot, 4);
	return world.ram + r->buffers + ANSWER_OFFSET;
}

u32 stub_command(struct dm_device *dev, u32 queue, const void *request, u32 len, u32 room)
{
	u16 before = stub_used(queue);
	const u32 *answer;
	u32 got;

	stub_submit(queue, request, len, room);
	stub_kick(dev, queue);
	if (stub_used(queue) != (u16)(before + 1))
		return 0;
	answer = stub_answer(queue, &got);
	return got ? *answer : 0;
}
