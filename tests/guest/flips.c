/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/*
 * Flips between two pictures for ever, as fast as they are answered, so that whatever happens to
 * the guest happens in the middle of it. Ends only when an answer is wrong. Options: fence=1 (asks
 * for fences, and so for one answer a frame; tells each second how many there were, and how long
 * the slowest of all took from the doorbell on), width and height (640x480, the most).
 */
#include "kit/vgpu.h"

enum { WIDTH = 640, HEIGHT = 480, PICTURES = 2 };

static u32 pixels[PICTURES][WIDTH * HEIGHT] __attribute__((aligned(4096)));
static struct vgpu gpu;
static struct vgpu_rect all;

static bool create(u32 resource)
{
	static const u32 colours[PICTURES] = { 0xff0000, 0x0000ff };
	u32 *picture = pixels[resource - 1];
	struct vgpu_piece piece = { (u64)pixels[resource - 1], sizeof(pixels[0]), 0 };

	for (u32 y = 0; y < all.height; y++)
		for (u32 x = 0; x < all.width; x++)
			*picture++ = colours[resource - 1] ^ ((x ^ y) & 63) << 8;
	return vgpu_create(&gpu, resource, VGPU_FORMAT_BGRX, all.width, all.height) ==
		       VGPU_OK_NODATA &&
	       vgpu_attach(&gpu, resource, &piece, 1) == VGPU_OK_NODATA;
}

static bool flush(u32 resource, u64 fence)
{
	static struct vgpu_header answer;
	struct {
		struct vgpu_header h;
		struct vgpu_rect r;
		u32 resource, padding;
	} c = { { .type = VGPU_RESOURCE_FLUSH, .flags = VGPU_FLAG_FENCE, .fence = fence },
		all,
		resource,
		0 };

	return vgpu_command(&gpu, &c, sizeof(c), &answer, sizeof(answer)) == VGPU_OK_NODATA &&
	       (answer.flags & VGPU_FLAG_FENCE) && answer.fence == fence;
}

/* The same, and its time. */
static bool timed_flush(u32 resource)
{
	static u64 fences, slowest, told;
	u64 before = rdtsc(), now;
	bool good = flush(resource, ++fences);

	now = rdtsc();
	slowest = MAX(slowest, now - before);
	if (now - told > tsc_hz()) {
		told = now;
		print("FLIPS frames=%lu errors=0 slowest_us=%lu\n", fences,
		      slowest * 1000000 / tsc_hz());
	}
	return good;
}

static bool flip(u32 resource, bool fenced)
{
	return vgpu_transfer(&gpu, resource, all, 0) == VGPU_OK_NODATA &&
	       vgpu_scanout(&gpu, 0, resource, all) == VGPU_OK_NODATA &&
	       (fenced ? timed_flush(resource) : vgpu_flush(&gpu, resource, all) == VGPU_OK_NODATA);
}

void main(void)
{
	bool fenced = option_number("fence", 0), good;

	all.width = MIN(option_number("width", WIDTH), WIDTH);
	all.height = MIN(option_number("height", HEIGHT), HEIGHT);
	good = vgpu_find(&gpu) && vgpu_start(&gpu, NO_VECTOR) && create(1) && create(2);
	report(good, "there is a virtio-gpu, and two pictures");
	for (u32 n = 0; good; n++) {
		good = flip(1 + n % PICTURES, fenced);
		if (n == PICTURES)
			print("guest: flipping\n");
	}
	report(false, "flips are answered for ever");
}
