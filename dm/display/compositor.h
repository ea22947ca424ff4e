/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/*
 * The compositor's inside: heads with their places, and lines of what they show. Shared by
 * compositor.c (what is where), paint.c (the panel), compose.c (lines) and screenshot.c.
 *
 * All pixels here are u32 0xAARRGGBB.
 */
#ifndef DM_DISPLAY_COMPOSITOR_H
#define DM_DISPLAY_COMPOSITOR_H

#include "scanout.h"
#include "surface.h"

#define DISPLAY_MAX_HEADS 16
#define SURFACE_MAX_WIDTH 16384
#define CURSOR_SIZE	  64
#define BACKGROUND	  0x101014

struct head {
	struct dm_vm *vm;
	struct surface surface;	 /* width 0: off */
	struct piece_cursor at;	 /* where reading the surface has got to */
	struct rect area, place; /* on the panel: room for it, the picture; width 0: not visible */
	const u32 *cursor;	 /* NULL: none */
	s32 cursor_x, cursor_y;
	u32 hot_x, hot_y; /* within the cursor */
};

/* The heads that the layout shows, lowest first. */
struct head_list {
	u32 count;
	struct head *heads[MAX_VMS * DISPLAY_MAX_HEADS];
};
extern struct head_list compositor_order;
extern struct display_stats *compositor_stats;		   /* of each guest */
extern const struct display_observer *compositor_observer; /* NULL: nobody looks on */

static inline struct rect compositor_panel(void)
{
	return (struct rect){ 0, 0, scanout_width(), scanout_height() };
}

/* The head, or NULL when there is none of that number. */
struct head *compositor_head(const struct dm_vm *vm, u32 head);

/* The part of the surface that the cursor covers. */
struct rect compose_cursor_rect(const struct head *head);
/* Pixels [x, x + count) of line y of the head's surface, with its cursor. */
void compose_surface_line(struct head *head, u32 x, u32 y, u32 count, u32 *out);
/* Pixels [x, x + count) of line y of the panel; count up to SCANOUT_MAX_WIDTH. */
void compose_panel_line(u32 x, u32 y, u32 count, u32 *out);

/* ---- paint.c: onto the panel, now; the observer is told. */
/* A part of the panel as composed. The bytes count for `count`; NULL: for nobody. */
void paint_panel(const struct rect *r, struct display_stats *count);
/* Where the head's surface shows that part of it, which lies within: straight, if it can be. */
void paint_head(struct head *head, const struct rect *r);
void paint_head_composed(const struct head *head, const struct rect *part);

/* ---- text.c: messages of the machine, in lines from the panel's top left corner. */
void text_add(const char *line);
/* Where they are on the panel. */
struct rect text_rect(void);
/* Draws the text of panel line y over out, which holds pixels [x, x + count). */
void text_compose(u32 x, u32 y, u32 count, u32 *out);

#endif
