/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/* PNG; see png.h. No state of its own. */
#include "png.h"
#include "dm/runtime.h"

#define LEVEL 4 /* the first that looks further than to the nearest match: half the bytes of 3 */

u32 png_crc(u32 crc, const void *data, size_t len)
{
	return (u32)crc32_z(crc, data, len);
}

static void put_byte(struct png *p, u8 byte)
{
	if (p->len < p->capacity)
		p->file[p->len++] = byte;
	else
		p->full = true;
}

static void put_big(struct png *p, u32 value)
{
	for (u32 shift = 32; shift; shift -= 8)
		put_byte(p, (u8)(value >> (shift - 8)));
}

static size_t chunk_begin(struct png *p, const char *type)
{
	size_t at = p->len;

	put_big(p, 0);
	for (u32 i = 0; i < 4; i++)
		put_byte(p, (u8)type[i]);
	p->summed = at + 4;
	p->crc = 0;
	return at;
}

/* At its end all of a long chunk would take long. */
static void chunk_sum(struct png *p)
{
	p->crc = png_crc(p->crc, p->file + p->summed, p->len - p->summed);
	p->summed = p->len;
}

static void chunk_end(struct png *p, size_t at)
{
	u32 len;

	if (p->full)
		return;
	len = (u32)(p->len - at - 8);
	for (u32 i = 0; i < 4; i++)
		p->file[at + i] = (u8)(len >> (24 - 8 * i));
	chunk_sum(p);
	put_big(p, p->crc);
}

static void feed(struct png *p, const u8 *data, size_t len, int flush)
{
	u8 *to = p->file + p->len;

	p->full |= zstream_add(&p->stream, data, len, flush, &to, p->file + p->capacity) != 0;
	p->len = (size_t)(to - p->file);
	chunk_sum(p);
}

void png_begin(struct png *p, u8 *file, size_t capacity, u32 width, u32 height)
{
	static const u8 signature[] = { 0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n' };
	size_t chunk;

	p->file = file;
	p->capacity = capacity;
	p->len = 0;
	p->full = width > PNG_MAX_WIDTH;
	p->width = MIN(width, PNG_MAX_WIDTH);
	memset(p->above, 0, sizeof(p->above));
	for (u32 i = 0; i < sizeof(signature); i++)
		put_byte(p, signature[i]);
	chunk = chunk_begin(p, "IHDR");
	put_big(p, width);
	put_big(p, height);
	put_big(p, 0x08020000); /* 8 bits, RGB, deflate, standard filters */
	put_byte(p, 0);		/* not interlaced */
	chunk_end(p, chunk);
	p->chunk = chunk_begin(p, "IDAT");
	zstream_begin(&p->stream, LEVEL);
}

void png_line(struct png *p, const u32 *pixels)
{
	u8 *to = p->line, *above = p->above;

	*to++ = 2; /* filter: the difference to the line above */
	for (u32 i = 0; i < p->width; i++) {
		u32 pixel = pixels[i];

		for (u32 shift = 24; shift; shift -= 8) {
			u8 value = (u8)(pixel >> (shift - 8));

			*to++ = (u8)(value - *above);
			*above++ = value;
		}
	}
	feed(p, p->line, (size_t)(to - p->line), Z_NO_FLUSH);
}

int png_end(struct png *p, size_t *len)
{
	feed(p, NULL, 0, Z_FINISH);
	chunk_end(p, p->chunk);
	chunk_end(p, chunk_begin(p, "IEND"));
	if (p->full)
		return -ENOMEM;
	*len = p->len;
	return 0;
}
