/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/*
 * Flips between two pictures for ever, as fast as they are answered, so that whatever happens to
 * the guest happens in the middle of it. Ends only when an answer is wrong.
 */
#include "kit/vgpu.h"

enum { WIDTH = 640, HEIGHT = 480, PICTURES = 2 };

static u32 pixels[PICTURES][WIDTH * HEIGHT] __attribute__((aligned(4096)));
static struct vgpu gpu;

static bool create(u32 resource)
{
	static const u32 colours[PICTURES] = { 0xff0000, 0x0000ff };
	u32 *picture = pixels[resource - 1];
	struct vgpu_piece piece = { (u64)picture, sizeof(pixels[0]), 0 };

	for (u32 i = 0; i < WIDTH * HEIGHT; i++)
		picture[i] = colours[resource - 1];
	return vgpu_create(&gpu, resource, VGPU_FORMAT_BGRX, WIDTH, HEIGHT) == VGPU_OK_NODATA &&
	       vgpu_attach(&gpu, resource, &piece, 1) == VGPU_OK_NODATA;
}

static bool flip(u32 resource)
{
	struct vgpu_rect all = { 0, 0, WIDTH, HEIGHT };

	return vgpu_transfer(&gpu, resource, all, 0) == VGPU_OK_NODATA &&
	       vgpu_scanout(&gpu, 0, resource, all) == VGPU_OK_NODATA &&
	       vgpu_flush(&gpu, resource, all) == VGPU_OK_NODATA;
}

void main(void)
{
	bool good = vgpu_find(&gpu) && vgpu_start(&gpu, NO_VECTOR) && create(1) && create(2);

	report(good, "there is a virtio-gpu, and two pictures");
	for (u32 n = 0; good; n++) {
		good = flip(1 + n % PICTURES);
		if (n == PICTURES)
			print("guest: flipping\n");
	}
	report(false, "flips are answered for ever");
}
