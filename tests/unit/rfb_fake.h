/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/*
 * A picture in memory for the RFB server to show, and a note of the input that comes. Linked to
 * tests/unit/dm_stubs.c for the domain's surroundings.
 */
#ifndef TESTS_RFB_FAKE_H
#define TESTS_RFB_FAKE_H

#include "dm/remote/rfb.h"

#define FAKE_MAX   2048 /* pixels each way */
#define FAKE_NOTES 4096

struct rfb_fake {
	u32 width, height;
	u32 pixels[FAKE_MAX * FAKE_MAX]; /* line after line, without gaps */
	bool has_cursor;
	u32 cursor[RFB_CURSOR_SIZE * RFB_CURSOR_SIZE];
	u32 cursor_x, cursor_y; /* of its top left pixel */
	u32 hot_x, hot_y;
	char notes[FAKE_NOTES]; /* "+1e -1e " for key 0x1e, "p100,200:1:0 " for the pointer */
	u32 lines;		/* calls of line() */
};
extern struct rfb_fake rfb_fake;
extern const struct rfb_screen rfb_fake_screen;

/* A picture of that size, all black; no cursor, no notes. */
void rfb_fake_reset(u32 width, u32 height);
void rfb_fake_fill(u32 x, u32 y, u32 width, u32 height, u32 colour);
/* Rows of something like text, from line y on: row after row 16 lines, numbered from `first`. */
void rfb_fake_text(u32 y, u32 rows, u32 first);
/* Every pixel another colour. */
void rfb_fake_noise(u32 x, u32 y, u32 width, u32 height, u32 seed);
/* The pixel that a screenshot has. */
u32 rfb_fake_pixel(u32 x, u32 y);

#endif
