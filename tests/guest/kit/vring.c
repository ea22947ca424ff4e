/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/* See vring.h. */
#include "vring.h"

#define WAIT_US	  5000000
#define WRAP	  0x8000u
#define AVAILABLE 0x80u
#define USED	  0x8000u
enum { NEXT = 1, WRITE = 2 };

static void poke64(u64 at, u64 v)
{
	write32(at, (u32)v);
	write32(at + 4, (u32)(v >> 32));
}

u64 vring_offered(struct vgpu *g)
{
	u64 features;

	write32(g->common + COMMON_DEVICE_FEATURE_SELECT, 1);
	features = (u64)read32(g->common + COMMON_DEVICE_FEATURE) << 32;
	write32(g->common + COMMON_DEVICE_FEATURE_SELECT, 0);
	return features | read32(g->common + COMMON_DEVICE_FEATURE);
}

bool vring_negotiate(struct vgpu *g, u64 features)
{
	poke8(g->common + COMMON_STATUS, 0);
	while (peek8(g->common + COMMON_STATUS))
		relax();
	poke8(g->common + COMMON_STATUS, STATUS_ACKNOWLEDGE | STATUS_DRIVER);
	for (u32 i = 0; i < 2; i++) {
		write32(g->common + COMMON_DRIVER_FEATURE_SELECT, i);
		write32(g->common + COMMON_DRIVER_FEATURE, (u32)(features >> (32 * i)));
	}
	poke8(g->common + COMMON_STATUS, STATUS_ACKNOWLEDGE | STATUS_DRIVER | STATUS_FEATURES_OK);
	return peek8(g->common + COMMON_STATUS) & STATUS_FEATURES_OK;
}

void vring_enable(struct vring *r, struct vgpu *g, bool packed, u16 size)
{
	for (u32 i = 0; i < VRING_MAX; i++)
		r->descriptors[i].a = r->descriptors[i].b = 0;
	for (u32 i = 0; i < 4 + VRING_MAX; i++)
		r->driver[i] = 0;
	for (u32 i = 0; i < 4 + 4 * VRING_MAX; i++)
		r->device[i] = 0;
	r->size = size;
	r->packed = packed;
	r->next = r->seen = packed ? WRAP : 0;
	r->busy = 0;
	poke16(g->common + COMMON_QUEUE_SELECT, 0);
	poke16(g->common + COMMON_QUEUE_SIZE, size);
	poke16(g->common + COMMON_QUEUE_MSIX, NO_VECTOR);
	poke64(g->common + COMMON_QUEUE_DESC, (u64)r->descriptors);
	poke64(g->common + COMMON_QUEUE_DRIVER, (u64)r->driver);
	poke64(g->common + COMMON_QUEUE_DEVICE, (u64)r->device);
	poke16(g->common + COMMON_QUEUE_ENABLE, 1);
}

void vring_driver_ok(struct vgpu *g)
{
	poke8(g->common + COMMON_STATUS,
	      STATUS_ACKNOWLEDGE | STATUS_DRIVER | STATUS_FEATURES_OK | STATUS_DRIVER_OK);
}

static u16 advance(const struct vring *r, u16 place, u32 slots)
{
	u32 index = (place & (WRAP - 1)) + slots, wrap = place & WRAP;

	if (!r->packed)
		return (u16)(place + slots);
	if (index >= r->size) {
		index -= r->size;
		wrap ^= WRAP;
	}
	return (u16)(index | wrap);
}

static void describe(struct vring *r, u32 n, u64 address, u32 len, u16 a)
{
	r->descriptors[n].address = address;
	r->descriptors[n].len = len;
	r->descriptors[n].a = a;
}

static u16 lap(u16 place)
{
	return place & WRAP ? AVAILABLE : USED;
}

/* Chain n of a split ring has descriptors 2n and 2n + 1; of a packed one, the next two. */
int vring_offer(struct vring *r, const void *out, u32 out_len, void *in, u32 in_len)
{
	u32 chain = 0, first, second;
	u16 last = advance(r, r->next, 1);

	while (chain < r->size / 2u && (r->busy >> chain & 1))
		chain++;
	if (chain == r->size / 2u)
		return -1;
	r->busy |= 1ull << chain;
	first = r->packed ? r->next & (WRAP - 1) : 2 * chain;
	second = r->packed ? last & (WRAP - 1) : 2 * chain + 1;
	describe(r, second, (u64)in, in_len, r->packed ? (u16)chain : WRITE);
	r->descriptors[second].b = r->packed ? lap(last) | WRITE : 0;
	describe(r, first, (u64)out, out_len, r->packed ? (u16)chain : NEXT);
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	r->descriptors[first].b = r->packed ? lap(r->next) | NEXT : (u16)second;
	if (!r->packed) {
		r->driver[2 + r->next % r->size] = (u16)first;
		__atomic_thread_fence(__ATOMIC_SEQ_CST);
		r->driver[1] = (u16)(r->next + 1);
	}
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	r->next = advance(r, r->next, r->packed ? 2 : 1);
	return (int)chain;
}

int vring_collect(struct vring *r)
{
	u32 chain;

	if (r->packed) {
		u32 index = r->seen & (WRAP - 1);
		u16 flags = *(volatile u16 *)&r->descriptors[index].b;

		if (!(flags & AVAILABLE) != !(r->seen & WRAP) ||
		    !(flags & USED) != !(r->seen & WRAP))
			return -1;
		chain = *(volatile u16 *)&r->descriptors[index].a;
	} else {
		if (r->device[1] == r->seen)
			return -1;
		chain = r->device[2 + 4 * (r->seen % r->size)] / 2u;
	}
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	r->seen = advance(r, r->seen, r->packed ? 2 : 1);
	if (chain >= VRING_MAX || !(r->busy >> chain & 1))
		return -1;
	r->busy &= ~(1ull << chain);
	return (int)chain;
}

int vring_wait(struct vring *r)
{
	int chain = -1;

	for (u32 us = 0; us < WAIT_US && chain < 0; us += 20) {
		chain = vring_collect(r);
		if (chain < 0)
			wait_us(20);
	}
	return chain;
}

bool vring_show(struct vring *r, struct vgpu *g, const u32 *pixels, u32 width, u32 height)
{
	static struct vgpu_header answers[3];
	struct {
		struct vgpu_header h;
		u32 resource, format, width, height;
	} create = { { .type = VGPU_RESOURCE_CREATE_2D }, 1, VGPU_FORMAT_BGRX, width, height };
	struct {
		struct vgpu_header h;
		u32 resource, count;
		struct vgpu_piece piece;
	} attach = { { .type = VGPU_RESOURCE_ATTACH_BACKING },
		     1,
		     1,
		     { (u64)pixels, 4 * width * height, 0 } };
	struct {
		struct vgpu_header h;
		struct vgpu_rect r;
		u32 scanout, resource;
	} scanout = { { .type = VGPU_SET_SCANOUT }, { 0, 0, width, height }, 0, 1 };
	bool good = vring_offer(r, &create, sizeof(create), &answers[0], sizeof(answers[0])) >= 0 &&
		    vring_offer(r, &attach, sizeof(attach), &answers[1], sizeof(answers[1])) >= 0 &&
		    vring_offer(r, &scanout, sizeof(scanout), &answers[2], sizeof(answers[2])) >= 0;

	poke16(g->notify, 0);
	for (u32 i = 0; i < 3; i++)
		good = vring_wait(r) >= 0 &&
		       ((volatile struct vgpu_header *)answers)[i].type == VGPU_OK_NODATA && good;
	return good;
}
