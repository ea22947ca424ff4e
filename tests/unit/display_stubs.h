/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/*
 * What the device domain's display side needs around it, on the host: one guest with memory in an
 * array (so that the address sanitizer sees every byte too far), a panel in another, a picture
 * pool, a bus that counts interrupts, and a driver's half of the virtio queues.
 */
#ifndef TESTS_UNIT_DISPLAY_STUBS_H
#define TESTS_UNIT_DISPLAY_STUBS_H

#include "dm/bus.h"
#include "dm/device.h"
#include "dm/display/display.h"
#include "dm/devices/virtio_gpu.h"
#include <setjmp.h>

#define STUB_RAM  MIB(16)
#define STUB_POOL MIB(16)
#define STUB_VRAM MIB(16)
#define STUB_VMS  3

extern const struct dm_device_ops virtio_vga_ops, virtio_gpu_ops;

struct stub_world {
	struct dm_info info;
	u8 *ram, *pool, *vram;
	u64 host_state[64]; /* what display_init() asks for */
	u32 *panel;
	u32 msix[4]; /* interrupts a vector */
	bool intx;
	u64 now;
	struct pci_template pci; /* as last added */
	u32 doorbells;
	char log[512]; /* the last line */
	/* Each byte here changes once it has been read: whoever reads it twice gets another. */
	u64 spoiled, spoiled_len;
	u32 piece; /* bytes a descriptor of requests and answers; 0: two or one for all */
	/* Counts down at each call out of the code under test; at 0 the domain "dies" there. */
	u32 die_in;
	jmp_buf death;
};
extern struct stub_world world;

/* A panel of that size and STUB_VMS guests, the first with `heads` heads. */
void stub_start(u32 width, u32 height, enum config_layout layout, u32 heads);
void stub_stop(void);
/* The guest's display device, reset, not yet driven. */
struct dm_device *stub_device(const struct dm_device_ops *ops);
/* As after a restart of the domain: same state, everything else anew. */
int stub_restart(struct dm_device *dev);

/* ---- the driver's half */
void stub_driver_start(struct dm_device *dev, u64 features);
u64 stub_common(struct dm_device *dev, u32 offset, u8 size);
void stub_common_write(struct dm_device *dev, u32 offset, u8 size, u64 value);
/* Puts a request on the queue: the bytes in two segments when split, an answer of `room` bytes. */
void stub_submit(u32 queue, const void *request, u32 len, u32 room);
/* What was submitted goes on, after its own `len` bytes, with `more` at `gpa`. */
void stub_extend(u32 queue, u32 len, u64 gpa, u32 more, u32 room);
void stub_kick(struct dm_device *dev, u32 queue);
/* The answer of the last submitted request; its length as the device gave it. */
const void *stub_answer(u32 queue, u32 *len);
u16 stub_used(u32 queue);
/* All in one: the type of the answer, 0 when it had none. */
u32 stub_command(struct dm_device *dev, u32 queue, const void *request, u32 len, u32 room);

/* The rings of queue n, for tests that break them. */
struct stub_ring {
	u64 desc, avail, used, buffers;
	u16 size, next;
};
extern struct stub_ring stub_rings[GPU_QUEUES];
#define STUB_RING_BASE 0x10000
#define STUB_DATA_BASE 0x100000 /* pictures go from here on */

#endif
