/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/*
 * Encoding ZRLE (RFC 6143 section 7.7.6): tiles of 64x64 pixels, each as it is shortest, then all
 * through one stream of zlib's a connection, which ends on a byte at each rectangle.
 */
#include "rfb_internal.h"
#include "dm/runtime.h"

#define TILE	    64
#define MAX_COLOURS 127
#define PACKED_MAX  16 /* colours of a packed palette */
#define SLOTS	    512

enum { PLAIN_RLE = 128 };

/* What is known of a tile. */
struct palette {
	u32 count;	  /* of colours; MAX_COLOURS + 1: too many */
	u32 runs;	  /* of equal pixels */
	u32 singles;	  /* runs of one */
	u32 length_bytes; /* that the lengths of the others take */
	u32 colours[MAX_COLOURS];
	u8 slots[SLOTS]; /* number of a colour + 1, by hash */
};

static u8 *palette_slot(struct palette *p, u32 colour)
{
	u32 slot = colour * 2654435761u >> 23;

	while (p->slots[slot] && p->colours[p->slots[slot] - 1] != colour)
		slot = (slot + 1) % SLOTS;
	return &p->slots[slot];
}

static void palette_add(struct palette *p, u32 colour)
{
	u8 *slot;

	if (p->count > MAX_COLOURS)
		return;
	slot = palette_slot(p, colour);
	if (*slot)
		return;
	if (p->count < MAX_COLOURS) {
		p->colours[p->count] = colour;
		*slot = (u8)(p->count + 1);
	}
	p->count++;
}

static u32 run_length(const u32 *pixels, u32 count)
{
	u32 n = 1;

	while (n < count && pixels[n] == pixels[0])
		n++;
	return n;
}

static void palette_fill(struct palette *p, const u32 *pixels, u32 count)
{
	memset(p, 0, sizeof(*p));
	for (u32 at = 0, n; at < count; at += n) {
		n = run_length(pixels + at, count - at);
		palette_add(p, pixels[at]);
		p->runs++;
		p->singles += n == 1;
		p->length_bytes += n > 1 ? (n - 1) / 255 + 1 : 0;
	}
}

static u8 *put_length(u8 *to, u32 n)
{
	for (n--; n >= 255; n -= 255)
		*to++ = 255;
	*to++ = (u8)n;
	return to;
}

static u8 *put_plain_runs(const struct rfb_format *f, u8 *to, const u32 *pixels, u32 count)
{
	*to++ = PLAIN_RLE;
	for (u32 at = 0, n; at < count; at += n) {
		n = run_length(pixels + at, count - at);
		to = rfb_pixels_write_packed(f, to, pixels + at, 1);
		to = put_length(to, n);
	}
	return to;
}

static u8 *put_palette(const struct rfb_format *f, u8 *to, const struct palette *p, u32 kind)
{
	*to++ = (u8)(kind + p->count);
	return rfb_pixels_write_packed(f, to, p->colours, p->count);
}

static u8 *put_palette_runs(const struct rfb_format *f, u8 *to, struct palette *p,
			    const u32 *pixels, u32 count)
{
	to = put_palette(f, to, p, PLAIN_RLE);
	for (u32 at = 0, n; at < count; at += n) {
		u8 index = (u8)(*palette_slot(p, pixels[at]) - 1);

		n = run_length(pixels + at, count - at);
		*to++ = n > 1 ? index | 0x80 : index;
		if (n > 1)
			to = put_length(to, n);
	}
	return to;
}

static u32 index_bits(u32 colours)
{
	return colours <= 2 ? 1 : colours <= 4 ? 2 : 4;
}

/* Lines begin on whole bytes. */
static u8 *put_packed(const struct rfb_format *f, u8 *to, struct palette *p, const u32 *pixels,
		      u32 width, u32 height)
{
	u32 bits = index_bits(p->count);

	to = put_palette(f, to, p, 0);
	for (u32 y = 0; y < height; y++) {
		u32 byte = 0, filled = 0;

		for (u32 x = 0; x < width; x++) {
			byte = byte << bits | (*palette_slot(p, *pixels++) - 1u);
			filled += bits;
			if (filled == 8) {
				*to++ = (u8)byte;
				byte = filled = 0;
			}
		}
		if (filled)
			*to++ = (u8)(byte << (8 - filled));
	}
	return to;
}

/* Whichever is shortest before it is deflated. */
static u8 *put_tile(const struct rfb_format *f, u8 *to, const u32 *pixels, u32 width, u32 height)
{
	static struct palette p;
	u32 count = width * height, best = count * f->packed;
	u32 plain, by_palette = ~0u, packed = ~0u;

	palette_fill(&p, pixels, count);
	if (p.count == 1)
		return put_palette(f, to, &p, 0);
	plain = p.runs * f->packed + p.length_bytes + p.singles;
	if (p.count <= MAX_COLOURS)
		by_palette = p.count * f->packed + p.runs + p.length_bytes;
	if (p.count <= PACKED_MAX)
		packed = p.count * f->packed + (width * index_bits(p.count) + 7) / 8 * height;
	if (packed < best && packed <= plain && packed <= by_palette)
		return put_packed(f, to, &p, pixels, width, height);
	if (by_palette < best && by_palette <= plain)
		return put_palette_runs(f, to, &p, pixels, count);
	if (plain < best)
		return put_plain_runs(f, to, pixels, count);
	*to++ = 0;
	return rfb_pixels_write_packed(f, to, pixels, count);
}

u8 *rfb_encode_zrle(struct rfb *c, u8 *to, const u32 *pixels, u32 width, u32 height)
{
	static u8 plain[RFB_UNIT_PIXELS * 4 + RFB_UNIT_TILES];
	static u32 tile[TILE * RFB_TILE_HEIGHT];
	u8 *end = plain, *length = to;

	for (u32 x = 0; x < width; x += TILE) {
		u32 w = MIN(TILE, width - x);

		for (u32 y = 0; y < height; y++)
			memcpy(tile + y * w, pixels + y * width + x, 4 * (size_t)w);
		end = put_tile(&c->format, end, tile, w, height);
	}
	to += 4;
	if (!c->stream_begun)
		zstream_begin(&c->stream, Z_BEST_SPEED);
	c->stream_begun = true;
	if (zstream_add(&c->stream, plain, (size_t)(end - plain), Z_SYNC_FLUSH, &to,
			to + ZSTREAM_BOUND(sizeof(plain))))
		dm_die("ZRLE grew beyond its bound");
	rfb_put32(length, (u32)(to - length - 4));
	return to;
}
