/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/*
 * virtio-gpu without an operating system: answers to good and bad commands, then four quadrants
 * (red, green / blue, white). Options: size=WxH (1024x768), stay=1 (leave the picture on).
 */
#include "kit/vgpu.h"

#define RESOURCE     1
#define MAX_PIXELS   (1920 * 1200)
#define FEATURE_EDID 2u

static u32 pixels[MAX_PIXELS] __attribute__((aligned(4096)));
static struct vgpu gpu;
static u32 width, height;

static void parse_size(void)
{
	const char *at = option("size");

	width = option_number("size", 1024);
	height = 768;
	if (!at)
		return;
	while (*at && *at != 'x')
		at++;
	for (height = 0; *at && *++at >= '0' && *at <= '9';)
		height = height * 10 + (u32)(*at - '0');
	if (!width || !height || width * height > MAX_PIXELS) {
		width = 1024;
		height = 768;
	}
}

static void draw(void)
{
	static const u32 colours[4] = { 0xff0000, 0x00ff00, 0x0000ff, 0xffffff };

	for (u32 y = 0; y < height; y++) {
		for (u32 x = 0; x < width; x++)
			pixels[y * width + x] =
				colours[(y >= height / 2 ? 2 : 0) + (x >= width / 2 ? 1 : 0)];
	}
}

static void test_info(void)
{
	static struct {
		struct vgpu_header h;
		struct {
			struct vgpu_rect r;
			u32 enabled, flags;
		} modes[16];
	} info;
	static struct {
		struct vgpu_header h;
		u32 size, padding;
		u8 edid[1024];
	} edid;
	struct {
		struct vgpu_header h;
		u32 scanout, padding;
	} get = { { .type = VGPU_GET_EDID }, 0, 0 };
	struct vgpu_header ask = { .type = VGPU_GET_DISPLAY_INFO };
	u32 answer = vgpu_command(&gpu, &ask, sizeof(ask), &info, sizeof(info));
	u8 sum = 0;

	report(answer == VGPU_OK_DISPLAY_INFO && info.modes[0].enabled && info.modes[0].r.width,
	       "the display information has scanout 0 enabled (%ux%u)", info.modes[0].r.width,
	       info.modes[0].r.height);
	if (!(gpu.features & FEATURE_EDID)) {
		skip("no EDID offered");
		return;
	}
	vgpu_command(&gpu, &get, sizeof(get), &edid, sizeof(edid)); /* refused: not negotiated */
	for (u32 i = 0; i < 128; i++)
		sum = (u8)(sum + edid.edid[i]);
	report(sum == 0, "an EDID, if given, has a right checksum");
}

/* Ids, formats, sizes and rectangles that are not allowed. */
static void test_refusals(void)
{
	struct vgpu_rect all = { 0, 0, width, height };
	struct vgpu_rect wide = { 1, 0, width, height };
	struct vgpu_rect wraps = { 0xfffffff0, 0, 0x20, height };
	struct vgpu_header none = { .type = 0x1ff };
	static struct vgpu_header answer;

	report(vgpu_create(&gpu, 0, VGPU_FORMAT_BGRX, width, height) >= VGPU_ERR_UNSPEC,
	       "a resource with id 0 is refused");
	report(vgpu_create(&gpu, RESOURCE, VGPU_FORMAT_BGRX, width, height) >= VGPU_ERR_UNSPEC,
	       "a second resource with the same id is refused");
	report(vgpu_create(&gpu, 7, 0x7777, width, height) >= VGPU_ERR_UNSPEC,
	       "an unknown format is refused");
	report(vgpu_create(&gpu, 8, VGPU_FORMAT_BGRX, 0xffffffff, 0xffffffff) >= VGPU_ERR_UNSPEC,
	       "a resource of 2^64 pixels is refused");
	report(vgpu_scanout(&gpu, 0, 99, all) == VGPU_ERR_INVALID_RESOURCE_ID,
	       "an unknown resource on the scanout is refused");
	report(vgpu_scanout(&gpu, 16, RESOURCE, all) == VGPU_ERR_INVALID_SCANOUT_ID,
	       "scanout 16 is refused");
	report(vgpu_scanout(&gpu, 0, RESOURCE, wide) == VGPU_ERR_INVALID_PARAMETER,
	       "a scanout beyond the resource is refused");
	report(vgpu_transfer(&gpu, RESOURCE, wide, 0) == VGPU_ERR_INVALID_PARAMETER,
	       "a transfer beyond the resource is refused");
	report(vgpu_transfer(&gpu, 99, all, 0) == VGPU_ERR_INVALID_RESOURCE_ID,
	       "a transfer of an unknown resource is refused");
	report(vgpu_flush(&gpu, RESOURCE, wraps) == VGPU_ERR_INVALID_PARAMETER,
	       "a flush whose sum overflows is refused");
	report(vgpu_simple(&gpu, VGPU_RESOURCE_UNREF, 99) == VGPU_ERR_INVALID_RESOURCE_ID,
	       "an unknown resource is not deleted");
	report(vgpu_command(&gpu, &none, sizeof(none), &answer, sizeof(answer)) >= VGPU_ERR_UNSPEC,
	       "an unknown command is refused");
}

static void show(void)
{
	struct vgpu_rect all = { 0, 0, width, height };
	u32 bytes = width * height * 4, part = (bytes / 3) & ~0xfffu;
	struct vgpu_piece pieces[3] = {
		{ (u64)pixels, part, 0 },
		{ (u64)pixels + part, part, 0 },
		{ (u64)pixels + 2 * part, bytes - 2 * part, 0 },
	};

	draw();
	report(vgpu_attach(&gpu, RESOURCE, pieces, 3) == VGPU_OK_NODATA,
	       "memory in three pieces is attached");
	test_refusals();
	report(vgpu_scanout(&gpu, 0, RESOURCE, all) == VGPU_OK_NODATA, "the scanout is set");
	report(vgpu_transfer(&gpu, RESOURCE, all, 0) == VGPU_OK_NODATA, "the picture is sent");
	report(vgpu_flush(&gpu, RESOURCE, all) == VGPU_OK_NODATA, "the picture is flushed");
}

void main(void)
{
	bool found = vgpu_find(&gpu);

	parse_size();
	report(found, "there is a virtio-gpu");
	if (!found)
		return;
	report(vgpu_start(&gpu, NO_VECTOR), "it takes VERSION_1");
	test_info();
	report(vgpu_create(&gpu, RESOURCE, VGPU_FORMAT_BGRX, width, height) == VGPU_OK_NODATA,
	       "a resource of %ux%u is created", width, height);
	show();
	if (!option_number("stay", 0))
		return;
	print("guest: quadrants shown\n");
	for (;;)
		__asm__ volatile("cli; hlt");
}
