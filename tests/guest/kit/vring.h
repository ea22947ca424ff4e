/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/*
 * A virtqueue's driver, split or packed, with chains of two descriptors: bytes to the device, then
 * bytes from it. VIRTIO 1.2, 2.7 and 2.8. Nothing is found out by interrupt; the caller notifies.
 */
#ifndef KIT_VRING_H
#define KIT_VRING_H

#include "vgpu.h"

#define VRING_MAX	   64
#define VRING_EVENT_IDX	   (1ull << 29)
#define VRING_VERSION_1	   (1ull << 32)
#define VRING_PACKED	   (1ull << 34)
#define VRING_RESET	   (1ull << 40)
#define COMMON_QUEUE_RESET 58

struct vring {
	u16 size; /* split: a power of two */
	bool packed;
	u16 next, seen; /* places; packed: index | wrap << 15 */
	u64 busy;	/* chains in the ring, a bit each */
	struct {
		u64 address;
		u32 len;
		u16 a, b; /* split: flags, next; packed: id, flags */
	} descriptors[VRING_MAX] __attribute__((aligned(4096)));
	volatile u16 driver[4 + VRING_MAX] __attribute__((aligned(4096)));
	volatile u16 device[4 + 4 * VRING_MAX] __attribute__((aligned(4096)));
};

static inline void poke8(u64 at, u8 v)
{
	*(volatile u8 *)at = v;
}
static inline void poke16(u64 at, u16 v)
{
	*(volatile u16 *)at = v;
}
static inline u8 peek8(u64 at)
{
	return *(volatile u8 *)at;
}
static inline u16 peek16(u64 at)
{
	return *(volatile u16 *)at;
}

/* The device is reset and has settled on those features; false: it does not take them. */
bool vring_negotiate(struct vgpu *g, u64 features);
/* All that the device offers. */
u64 vring_offered(struct vgpu *g);
/* Sets queue 0 up; DRIVER_OK is up to the caller. */
void vring_enable(struct vring *r, struct vgpu *g, bool packed, u16 size);
void vring_driver_ok(struct vgpu *g);
/* Puts a chain into the ring: its number, or -1 when there is no room. */
int vring_offer(struct vring *r, const void *out, u32 out_len, void *in, u32 in_len);
/* A chain that the device has answered: its number, or -1. */
int vring_collect(struct vring *r);
/* The same, waited for (up to five seconds). */
int vring_wait(struct vring *r);
/* The first requests of a driver: `pixels` as resource 1, of that size, on scanout 0. */
bool vring_show(struct vring *r, struct vgpu *g, const u32 *pixels, u32 width, u32 height);

#endif
