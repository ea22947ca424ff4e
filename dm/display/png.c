/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/* PNG; see png.h. No state but the table. */
#include "png.h"
#include "dm/runtime.h"

#define ADLER_BASE 65521

_Static_assert(PNG_BLOCK > 3 * PNG_MAX_WIDTH, "a block holds a line");

static struct {
	bool ready;
	u32 crc[256];
} tables;

static void make_tables(void)
{
	for (u32 i = 0; i < 256; i++) {
		u32 crc = i;

		for (u32 k = 0; k < 8; k++)
			crc = crc & 1 ? crc >> 1 ^ 0xedb88320 : crc >> 1;
		tables.crc[i] = crc;
	}
	tables.ready = true;
}

u32 png_crc(u32 crc, const void *data, size_t len)
{
	const u8 *p = data;

	if (!tables.ready)
		make_tables();
	crc = ~crc;
	while (len--)
		crc = crc >> 8 ^ tables.crc[(crc ^ *p++) & 0xff];
	return ~crc;
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
	return at;
}

static void chunk_end(struct png *p, size_t at)
{
	u32 len;

	if (p->full)
		return;
	len = (u32)(p->len - at - 8);
	for (u32 i = 0; i < 4; i++)
		p->file[at + i] = (u8)(len >> (24 - 8 * i));
	put_big(p, png_crc(0, p->file + at + 4, len + 4));
}

static void compress_block(struct png *p)
{
	deflate_block(&p->deflate, p->block, p->block_len);
	p->block_len = 0;
}

static void adler_add(struct png *p, const u8 *data, u32 len)
{
	u32 a = p->adler_a, b = p->adler_b;

	while (len) {
		u32 n = MIN(len, 5552); /* as many as fit before a sum can overflow */

		len -= n;
		for (; n; n--) {
			a += *data++;
			b += a;
		}
		a %= ADLER_BASE;
		b %= ADLER_BASE;
	}
	p->adler_a = a;
	p->adler_b = b;
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
	p->adler_a = 1;
	p->adler_b = 0;
	p->block_len = 0;
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
	for (u32 i = 0; i < sizeof(deflate_zlib_header); i++)
		put_byte(p, deflate_zlib_header[i]);
	deflate_begin(&p->deflate, p->file + p->len, p->capacity - p->len);
}

void png_line(struct png *p, const u32 *pixels)
{
	u32 len = 1 + 3 * p->width;
	u8 *to, *above = p->above;

	if (p->block_len + len > PNG_BLOCK)
		compress_block(p);
	to = p->block + p->block_len;
	*to++ = 2; /* filter: the difference to the line above */
	for (u32 i = 0; i < p->width; i++) {
		u32 pixel = pixels[i];

		for (u32 shift = 24; shift; shift -= 8) {
			u8 value = (u8)(pixel >> (shift - 8));

			*to++ = (u8)(value - *above);
			*above++ = value;
		}
	}
	adler_add(p, p->block + p->block_len, len);
	p->block_len += len;
}

int png_end(struct png *p, size_t *len)
{
	compress_block(p);
	deflate_end(&p->deflate);
	p->len += p->deflate.len;
	p->full |= p->deflate.full;
	put_big(p, p->adler_b << 16 | p->adler_a);
	chunk_end(p, p->chunk);
	chunk_end(p, chunk_begin(p, "IEND"));
	if (p->full)
		return -ENOMEM;
	*len = p->len;
	return 0;
}
