/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/*
 * Encodings Raw and Hextile (RFC 6143 sections 7.7.1 and 7.7.4). No state between calls.
 */
#include "rfb_internal.h"
#include "dm/runtime.h"

#define TILE 16 /* pixels each way */

enum {
	TILE_RAW = 1,
	TILE_BACKGROUND = 2,
	TILE_FOREGROUND = 4,
	TILE_SUBRECTS = 8,
	TILE_COLOURED = 16
};

u8 *rfb_encode_raw(struct rfb *c, u8 *to, const u32 *pixels, u32 width, u32 height)
{
	return rfb_pixels_write(&c->format, to, pixels, width * height);
}

struct tile {
	u32 width, height;
	u32 pixels[TILE * TILE];
	u64 done[TILE * TILE / 64]; /* pixels that a rectangle covers */
};

/* The colours that Hextile takes over from tile to tile. */
struct colours {
	bool has_background, has_foreground;
	u32 background, foreground;
};

static void tile_take(struct tile *t, const u32 *pixels, u32 stride)
{
	for (u32 y = 0; y < t->height; y++)
		memcpy(t->pixels + y * t->width, pixels + y * stride, 4 * (size_t)t->width);
	memset(t->done, 0, sizeof(t->done));
}

/* Two different colours of the tile, the commoner of them first; how many it has: 1, 2, or 3 for
 * more. */
static u32 tile_colours(const struct tile *t, u32 found[2])
{
	u32 count = t->width * t->height, n[2] = { 0, 0 }, colours = 1;

	found[0] = found[1] = t->pixels[0];
	for (u32 i = 0; i < count; i++) {
		u32 p = t->pixels[i];

		if (p == found[0]) {
			n[0]++;
		} else if (colours == 1 || p == found[1]) {
			found[1] = p;
			n[1]++;
			colours = MAX(colours, 2);
		} else {
			colours = 3;
		}
	}
	if (n[1] > n[0]) {
		u32 other = found[0];

		found[0] = found[1];
		found[1] = other;
	}
	return colours;
}

static bool is_left(const struct tile *t, u32 at, u32 colour)
{
	return t->pixels[at] == colour && !(t->done[at / 64] & BIT(at % 64));
}

/* The rectangle of one colour from (x, y) on, as wide as it goes and then as high; takes it. */
static struct rect take_rect(struct tile *t, u32 x, u32 y)
{
	u32 at = y * t->width + x, colour = t->pixels[at], w = 1, h = 1, i;

	while (x + w < t->width && is_left(t, at + w, colour))
		w++;
	for (; y + h < t->height; h++) {
		for (i = 0; i < w && is_left(t, at + h * t->width + i, colour); i++)
			;
		if (i < w)
			break;
	}
	for (u32 row = 0; row < h; row++)
		for (i = 0; i < w; i++)
			t->done[(at + row * t->width + i) / 64] |=
				BIT((at + row * t->width + i) % 64);
	return (struct rect){ x, y, w, h };
}

/* All rectangles that are not background; NULL when the tile is no longer than `end` as it is. */
static u8 *put_subrects(const struct rfb *c, struct tile *t, u32 background, bool coloured, u8 *to,
			const u8 *end)
{
	u8 *count = to++;
	u32 n = 0;

	for (u32 at = 0; at < t->width * t->height; at++) {
		struct rect r;

		if (t->pixels[at] == background || (t->done[at / 64] & BIT(at % 64)))
			continue;
		if (end - to < 2 + c->format.bytes || n == 255)
			return NULL;
		r = take_rect(t, at % t->width, at / t->width);
		if (coloured)
			to = rfb_pixels_write(&c->format, to, &t->pixels[at], 1);
		*to++ = (u8)(r.x << 4 | r.y);
		*to++ = (u8)((r.width - 1) << 4 | (r.height - 1));
		n++;
	}
	*count = (u8)n;
	return to;
}

static u8 *put_tile(const struct rfb *c, struct tile *t, struct colours *now, u8 *to)
{
	const struct rfb_format *f = &c->format;
	u32 found[2], colours = tile_colours(t, found), count = t->width * t->height;
	u8 *kind = to++, *at = to;

	*kind = 0;
	if (!now->has_background || now->background != found[0]) {
		*kind |= TILE_BACKGROUND;
		at = rfb_pixels_write(f, at, &found[0], 1);
	}
	if (colours == 2 && (!now->has_foreground || now->foreground != found[1])) {
		*kind |= TILE_FOREGROUND;
		at = rfb_pixels_write(f, at, &found[1], 1);
	}
	if (colours > 1)
		at = put_subrects(c, t, found[0], colours > 2, at, to + count * f->bytes);
	if (!at) {
		*kind = TILE_RAW;
		*now = (struct colours){ 0 };
		return rfb_pixels_write(f, to, t->pixels, count);
	}
	*kind |= (u8)(colours > 1 ? TILE_SUBRECTS : 0) | (u8)(colours > 2 ? TILE_COLOURED : 0);
	now->has_background = true;
	now->background = found[0];
	now->has_foreground = colours == 2 || (colours == 1 && now->has_foreground);
	if (colours == 2)
		now->foreground = found[1];
	return at;
}

u8 *rfb_encode_hextile(struct rfb *c, u8 *to, const u32 *pixels, u32 width, u32 height)
{
	struct colours now = { 0 };
	struct tile t;

	t.height = height; /* one row of tiles: units are no higher */
	for (u32 x = 0; x < width; x += TILE) {
		t.width = MIN(TILE, width - x);
		tile_take(&t, pixels + x, width);
		to = put_tile(c, &t, &now, to);
	}
	return to;
}
