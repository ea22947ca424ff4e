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
	struct {
		struct vgpu_header h;
		struct vgpu_rect r;
		u32 resource, padding;
	} flush = { { .type = VGPU_RESOURCE_FLUSH }, { 0, 0, WIDTH, HEIGHT }, 1, 0 };

	for (u32 i = 0; i < WIDTH * HEIGHT; i++)
		pixels[i] = 0x800000 + i % WIDTH;
	report(vgpu_find(&gpu) && vring_negotiate(&gpu, VRING_VERSION_1), "there is a virtio-gpu");
	vring_enable(&ring, &gpu, false, VRING_MAX);
	vring_driver_ok(&gpu);
	report(vring_show(&ring, &gpu, pixels, WIDTH, HEIGHT), "a picture is shown");
	print("guest: flooding\n");
	for (;;) {
		while (vring_offer(&ring, &flush, sizeof(flush), &answer, sizeof(answer)) >= 0)
			;
		poke16(gpu.notify, 0);
		while (vring_collect(&ring) >= 0)
			;
	}
}
