/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/*
 * Rings the display's doorbell without end and always has requests waiting: whole pictures to
 * transfer and to paint, as many as fit the ring.
 */
#include "kit/vring.h"

#define WIDTH  1024u
#define HEIGHT 768u

static struct vgpu gpu;
static struct vring ring;
static struct vgpu_header answer;

void main(void)
{
	static u32 pixels[WIDTH * HEIGHT] __attribute__((aligned(4096)));
	static const struct vgpu_rect all = { 0, 0, WIDTH, HEIGHT };
	struct {
		struct vgpu_header h;
		u32 resource, format, width, height;
	} create = { { .type = VGPU_RESOURCE_CREATE_2D }, 1, VGPU_FORMAT_BGRX, WIDTH, HEIGHT };
	struct {
		struct vgpu_header h;
		u32 resource, count;
		struct vgpu_piece piece;
	} attach = {
		{ .type = VGPU_RESOURCE_ATTACH_BACKING }, 1, 1, { (u64)pixels, sizeof(pixels), 0 }
	};
	struct {
		struct vgpu_header h;
		struct vgpu_rect r;
		u32 scanout, resource;
	} scanout = { { .type = VGPU_SET_SCANOUT }, all, 0, 1 };
	struct {
		struct vgpu_header h;
		struct vgpu_rect r;
		u32 resource, padding;
	} flush = { { .type = VGPU_RESOURCE_FLUSH }, all, 1, 0 };

	for (u32 i = 0; i < WIDTH * HEIGHT; i++)
		pixels[i] = 0x800000 + i % WIDTH;
	report(vgpu_find(&gpu) && vring_negotiate(&gpu, VRING_VERSION_1), "there is a virtio-gpu");
	vring_enable(&ring, &gpu, false, VRING_MAX);
	vring_driver_ok(&gpu);
	vring_offer(&ring, &create, sizeof(create), &answer, sizeof(answer));
	vring_offer(&ring, &attach, sizeof(attach), &answer, sizeof(answer));
	vring_offer(&ring, &scanout, sizeof(scanout), &answer, sizeof(answer));
	print("guest: flooding\n");
	for (;;) {
		while (vring_offer(&ring, &flush, sizeof(flush), &answer, sizeof(answer)) >= 0)
			;
		poke16(gpu.notify, 0);
		while (vring_collect(&ring) >= 0)
			;
	}
}
