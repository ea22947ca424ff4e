/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/* Letters on the framebuffer; see screen.h. No lock: the log's, or the one core left in a panic. */
#include <abi/range.h>
#include <arch/io.h>
#include "font_8x16.h"
#include "screen.h"

#define GLYPH_WIDTH  8
#define GLYPH_HEIGHT 16
#define MARGIN	     8

static struct handoff_gop gop;
static volatile u8 *pixels;
static u32 column, row, scale = 1;
static u32 ink, paper;

/* The n-bit field of a mask, filled from an 8-bit value. */
static u32 field(u32 mask, u32 value)
{
	u32 shift, bits;

	if (!mask)
		return 0;
	shift = (u32)__builtin_ctz(mask);
	bits = 32 - (u32)__builtin_clz(mask >> shift);
	return (bits >= 8 ? value << (bits - 8) : value >> (8 - bits)) << shift & mask;
}

static u32 colour(u32 rgb)
{
	return field(gop.red_mask, rgb >> 16 & 255) | field(gop.green_mask, rgb >> 8 & 255) |
	       field(gop.blue_mask, rgb & 255);
}

static void put(u32 x, u32 y, u32 value)
{
	volatile u8 *p = pixels + ((u64)y * gop.stride + x) * gop.pixel_bytes;

	if (gop.pixel_bytes == 4) {
		*(volatile u32 *)p = value;
		return;
	}
	for (u32 i = 0; i < gop.pixel_bytes; i++, value >>= 8)
		p[i] = (u8)value;
}

static void fill(u32 y, u32 height)
{
	for (u32 end = MIN(y + height, gop.height); y < end; y++) {
		for (u32 x = 0; x < gop.width; x++)
			put(x, y, paper);
	}
}

void screen_init(const struct handoff_gop *g)
{
	gop = *g;
	pixels = phys_to_virt(g->base);
	ink = colour(0xc8c8c8);
	paper = colour(0x101418);
	fill(0, gop.height);
}

static void glyph(u32 x, u32 y, u8 c)
{
	for (u32 v = 0; v < GLYPH_HEIGHT * scale; v++) {
		u8 bits = font_8x16[c][v / scale];

		for (u32 h = 0; h < GLYPH_WIDTH * scale; h++)
			put(x + h, y + v, bits & 0x80 >> h / scale ? ink : paper);
	}
}

static void line_feed(void)
{
	u32 height = GLYPH_HEIGHT * scale;

	column = 0;
	row++;
	if (MARGIN + (row + 1) * height > gop.height)
		row = 0;
	fill(MARGIN + row * height, height);
}

void screen_text(const char *text, size_t len)
{
	u32 width = GLYPH_WIDTH * scale;

	if (!pixels || gop.height < GLYPH_HEIGHT * scale + MARGIN)
		return;
	for (size_t i = 0; i < len; i++) {
		if (text[i] == '\n' || MARGIN + (column + 1) * width > gop.width)
			line_feed();
		if (text[i] == '\n')
			continue;
		glyph(MARGIN + column * width, MARGIN + row * GLYPH_HEIGHT * scale, (u8)text[i]);
		column++;
	}
}

void screen_panic(void)
{
	if (!pixels)
		return;
	scale = gop.width >= 2560 ? 2 : 1;
	ink = colour(0xffffff);
	paper = colour(0x102a7a);
	column = row = 0;
	fill(0, gop.height);
}

u32 screen_lines_left(void)
{
	u32 rows = (gop.height - MIN(gop.height, (u32)MARGIN)) / (GLYPH_HEIGHT * scale);

	if (!pixels)
		return 100;
	return rows > row ? rows - row - 1 : 0;
}
