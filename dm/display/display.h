/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/*
 * The display side of dm: device models hand scanouts over, the compositor paints them.
 *
 *   device model --display_set/display_damage--> compositor --spans--> scanout (GOP)
 *                                                      \--spans--> screenshot
 *
 * A surface is a picture in some memory that the model vouches for (guest backing as a list of
 * pieces, a resource in the pool, VRAM). The GOP framebuffer is only ever written.
 */
#ifndef DM_DISPLAY_H
#define DM_DISPLAY_H

#include <abi/range.h>
#include "dm/vm.h"

/* 32-bit little-endian pixel layouts, named by bytes in memory order as VIRTIO does; then what only
 * framebuffers without a driver have: 16-bit ones named from the lowest bit up, 24 bits, and 8-bit
 * indices into surface.palette. */
enum pixel_format {
	PIXEL_B8G8R8A8 = 1,
	PIXEL_B8G8R8X8 = 2,
	PIXEL_A8R8G8B8 = 3,
	PIXEL_X8R8G8B8 = 4,
	PIXEL_R8G8B8A8 = 67,
	PIXEL_X8B8G8R8 = 68,
	PIXEL_A8B8G8R8 = 121,
	PIXEL_R8G8B8X8 = 134,
	PIXEL_B5G5R5X1 = 0x100,
	PIXEL_B5G6R5,
	PIXEL_B8G8R8,
	PIXEL_INDEX8,
};

/* Memory in pieces, each contiguous in dm's address space; offsets are bytes from the start. */
struct piece {
	const u8 *base;
	u64 len;
};

struct surface {
	u32 width, height;	    /* pixels; 0 x 0: nothing shown (dark) */
	u32 stride;		    /* bytes a line */
	u32 format;		    /* enum pixel_format */
	u64 offset;		    /* bytes from the first piece's start to pixel (0,0) */
	const struct piece *pieces; /* owned by the model, valid while the surface is set */
	u32 piece_count;
	const u32 *palette; /* PIXEL_INDEX8: 256 colours 0xRRGGBB, as valid as the pieces */
};

/* Replaces guest vm's head; the model has checked that height * stride lies within the pieces.
 * NULL: the head is off. Repaints nothing by itself: call display_damage. */
void display_set(struct dm_vm *vm, u32 head, const struct surface *surface);
/* The guest has that many heads from now on; those that are new are off, all else stays. Lays the
 * panel out anew when that changes anything. At first it has those of its configuration. */
void display_plug(struct dm_vm *vm, u32 count);
/* The head's cursor: a 64x64 picture of B8G8R8A8 pixels with alpha multiplied in, valid until the
 * next call, with its top left pixel at (x, y) of the surface; NULL: none. Repaints what it covered
 * and covers. */
void display_cursor(struct dm_vm *vm, u32 head, const u32 *image, s32 x, s32 y);
/* Which of the picture's pixels points at something; for viewers that draw the cursor themselves.
 * Counts from the next display_cursor() on. */
void display_cursor_hot(struct dm_vm *vm, u32 head, u32 x, u32 y);
/* Paints that part (in surface pixels, clipped here) onto the panel now; counts frames, bytes. */
void display_damage(struct dm_vm *vm, u32 head, const struct rect *r);

struct display_stats {
	u64 frames;	   /* display_damage calls */
	u64 bytes_painted; /* written to the GOP framebuffer */
	u64 bytes_copied;  /* other copies of pixels: transfers, line buffers */
};
struct display_stats *display_stats(const struct dm_vm *vm);

/* Who looks on from elsewhere: told of what is shown otherwise from now on. */
struct display_observer {
	/* Guest vm's head, in surface pixels; cursor: by its cursor alone. May reach beyond it: the
	 * whole of it has another size, or is off. */
	void (*head)(struct dm_vm *vm, u32 head, const struct rect *r, bool cursor);
	void (*panel)(const struct rect *r);
};
/* NULL: nobody. */
void display_observe(const struct display_observer *observer);

/* Start: takes dm_info->gop and the layout; clears the panel; guests appear as they set heads. */
void display_init(void);
/* Where guest vm's head is on the panel; width 0: not visible. */
struct rect display_placement(const struct dm_vm *vm, u32 head);
/* Gives guest vm the focus (full layout: it is the one shown); repaints what changes. */
void display_focus(struct dm_vm *vm);
/* The guest that has it; NULL: none does, as none has a head. */
struct dm_vm *display_focused(void);
/* Text messages of the machine itself (refusals): drawn on the panel where no guest is shown. */
void display_message(const char *line);

/* PNG of a guest's head (or, with vm NULL, of the whole panel as composed). The bytes stay valid
 * until the next call; -ENOENT when the head shows nothing. */
int screenshot_png(struct dm_vm *vm, u32 head, const u8 **png, size_t *len) must_check;
/* The picture's size, and lines of it (all must lie within) as pixels 0x??RRGGBB, one after the
 * other; for who wants to do the rest later. -ENOENT. */
int screenshot_size(struct dm_vm *vm, u32 head, u32 *width, u32 *height) must_check;
void screenshot_lines(struct dm_vm *vm, u32 head, u32 y, u32 count, u32 *out);
/* Another number after anything of the guest's picture (vm NULL: of the panel) may have changed;
 * counts from the domain's start. */
u64 display_generation(const struct dm_vm *vm);
/* CRC-32 (IEEE) over width, height (u32 LE) and the pixels as R,G,B bytes, row by row. */
int screenshot_crc(struct dm_vm *vm, u32 head, u32 *crc) must_check;

#endif
