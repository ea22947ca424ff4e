/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/* See rfb_fake.h. */
#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include "font_8x16.h"
#include "rfb_fake.h"

struct rfb_fake rfb_fake;

static void size(void *ctx, u32 *width, u32 *height)
{
	(void)ctx;
	*width = rfb_fake.width;
	*height = rfb_fake.height;
}

static bool in_cursor(u32 x, u32 y)
{
	return rfb_fake.has_cursor && x - rfb_fake.cursor_x < RFB_CURSOR_SIZE &&
	       y - rfb_fake.cursor_y < RFB_CURSOR_SIZE;
}

/* Its pixels are opaque or invisible. */
u32 rfb_fake_pixel(u32 x, u32 y)
{
	u32 pixel = rfb_fake.pixels[y * rfb_fake.width + x], over;

	if (in_cursor(x, y)) {
		over = rfb_fake.cursor[(y - rfb_fake.cursor_y) * RFB_CURSOR_SIZE + x -
				       rfb_fake.cursor_x];
		if (over >> 24)
			pixel = over & 0xffffff;
	}
	return pixel;
}

/* The highest byte is nobody's business. */
static void line(void *ctx, u32 x, u32 y, u32 count, bool without_cursor, u32 *out)
{
	(void)ctx;
	assert(y < rfb_fake.height && x < rfb_fake.width && count <= rfb_fake.width - x);
	rfb_fake.lines++;
	for (u32 i = 0; i < count; i++)
		out[i] = (without_cursor ? rfb_fake.pixels[y * rfb_fake.width + x + i]
					 : rfb_fake_pixel(x + i, y)) |
			 (x + i) << 24;
}

static bool cursor(void *ctx, struct rfb_cursor *to)
{
	(void)ctx;
	*to = (struct rfb_cursor){ rfb_fake.cursor, rfb_fake.hot_x, rfb_fake.hot_y };
	return rfb_fake.has_cursor;
}

__attribute__((format(printf, 1, 2))) static void note(const char *format, ...)
{
	size_t len = strlen(rfb_fake.notes);
	va_list args;

	va_start(args, format);
	vsnprintf(rfb_fake.notes + len, sizeof(rfb_fake.notes) - len, format, args);
	va_end(args);
}

static void key(void *ctx, u16 code, bool down)
{
	(void)ctx;
	assert(code && code < RFB_KEYS);
	note("%c%x ", down ? '+' : '-', code);
}

static void pointer(void *ctx, u32 x, u32 y, u32 buttons, s32 wheel)
{
	(void)ctx;
	assert(x < RFB_MAX_SIZE && y < RFB_MAX_SIZE && buttons < 8 && wheel >= -1 && wheel <= 1);
	note("p%u,%u:%u:%d ", x, y, buttons, wheel);
}

const struct rfb_screen rfb_fake_screen = { size, line, cursor, key, pointer };

void rfb_fake_reset(u32 width, u32 height)
{
	assert(width <= FAKE_MAX && height <= FAKE_MAX);
	memset(&rfb_fake, 0, sizeof(rfb_fake));
	rfb_fake.width = width;
	rfb_fake.height = height;
}

void rfb_fake_fill(u32 x, u32 y, u32 width, u32 height, u32 colour)
{
	for (u32 i = y; i < y + height; i++)
		for (u32 k = x; k < x + width; k++)
			rfb_fake.pixels[i * rfb_fake.width + k] = colour;
}

void rfb_fake_text(u32 y, u32 rows, u32 first)
{
	for (u32 row = 0; row < rows; row++) {
		char text[128];
		int len = snprintf(text, sizeof(text), "%u: the quick brown fox %u", first + row,
				   (first + row) * 7919);

		for (u32 i = 0; i < 16; i++) {
			u32 *to = rfb_fake.pixels + (y + 16 * row + i) * rfb_fake.width;

			for (u32 x = 0; x < rfb_fake.width; x++) {
				u8 c = x / 8 < (u32)len ? (u8)text[x / 8] : ' ';

				to[x] = font_8x16[c][i] & 0x80 >> x % 8 ? 0xaaaaaa : 0;
			}
		}
	}
}

void rfb_fake_noise(u32 x, u32 y, u32 width, u32 height, u32 seed)
{
	for (u32 i = y; i < y + height; i++) {
		for (u32 k = x; k < x + width; k++) {
			seed = seed * 1664525 + 1013904223;
			rfb_fake.pixels[i * rfb_fake.width + k] = seed >> 8;
		}
	}
}
