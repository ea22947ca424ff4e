/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/*
 * Pictures of what is shown: a guest's head or the whole panel, as PNG or as a checksum. Reads the
 * same lines that painting does, never the framebuffer.
 */
#include "compositor.h"
#include "png.h"
#include "dm/runtime.h"

static u32 line[SURFACE_MAX_WIDTH];
static struct png encoder;
static u8 file[PNG_CAPACITY];

/* The head to be read, NULL for the panel, and its size; -ENOENT when nothing is shown. */
static int source(const struct dm_vm *vm, u32 number, struct head **head, u32 *width, u32 *height)
{
	*head = NULL;
	if (vm) {
		*head = compositor_head(vm, number);
		if (!*head || !(*head)->surface.width)
			return -ENOENT;
	}
	*width = *head ? (*head)->surface.width : scanout_width();
	*height = *head ? (*head)->surface.height : scanout_height();
	return *width && *height ? 0 : -ENOENT;
}

static void read_line(struct head *head, u32 y, u32 width, u32 *out)
{
	if (head)
		compose_surface_line(head, 0, y, width, out);
	else
		compose_panel_line(0, y, width, out);
}

int screenshot_size(struct dm_vm *vm, u32 number, u32 *width, u32 *height)
{
	struct head *head;

	return source(vm, number, &head, width, height);
}

void screenshot_lines(struct dm_vm *vm, u32 number, u32 y, u32 count, u32 *out)
{
	struct head *head;
	u32 width, height;

	if (source(vm, number, &head, &width, &height))
		return;
	for (; count; count--, y++, out += width)
		read_line(head, y, width, out);
}

int screenshot_png(struct dm_vm *vm, u32 number, const u8 **png, size_t *len)
{
	struct head *head;
	u32 width, height;
	int err = source(vm, number, &head, &width, &height);

	if (err)
		return err;
	png_begin(&encoder, file, sizeof(file), width, height);
	for (u32 y = 0; y < height; y++) {
		read_line(head, y, width, line);
		png_line(&encoder, line);
	}
	*png = file;
	return png_end(&encoder, len);
}

int screenshot_crc(struct dm_vm *vm, u32 number, u32 *crc)
{
	struct head *head;
	u32 width, height, size[2];
	int err = source(vm, number, &head, &width, &height);

	if (err)
		return err;
	size[0] = width;
	size[1] = height;
	*crc = png_crc(0, size, sizeof(size));
	for (u32 y = 0; y < height; y++) {
		u8 *rgb = (u8 *)line;

		read_line(head, y, width, line);
		for (u32 i = 0; i < width; i++) { /* in place: the bytes lag behind the pixels */
			u32 p = line[i];

			rgb[3 * i] = (u8)(p >> 16);
			rgb[3 * i + 1] = (u8)(p >> 8);
			rgb[3 * i + 2] = (u8)p;
		}
		*crc = png_crc(*crc, rgb, 3 * (size_t)width);
	}
	return 0;
}
