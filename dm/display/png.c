/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/*
 * PNG; see png.h. Owns the file being written and the block of filtered lines that is compressed
 * next.
 */
#include "png.h"
#include "deflate.h"
#include "dm/runtime.h"

#define BLOCK_SIZE KIB(192)
#define ADLER_BASE 65521

static struct {
	u8 file[PNG_CAPACITY];
	size_t len;
	bool full;
	u32 width;
	size_t chunk; /* where the IDAT chunk begins */
	struct deflate deflate;
	u32 adler_a, adler_b;
	u8 above[3 * PNG_MAX_WIDTH]; /* the line before, unfiltered */
	u8 block[BLOCK_SIZE];
	u32 block_len;
} png;

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

static void put_byte(u8 byte)
{
	if (png.len < sizeof(png.file))
		png.file[png.len++] = byte;
	else
		png.full = true;
}

static void put_big(u32 value)
{
	for (u32 shift = 32; shift; shift -= 8)
		put_byte((u8)(value >> (shift - 8)));
}

static size_t chunk_begin(const char *type)
{
	size_t at = png.len;

	put_big(0);
	for (u32 i = 0; i < 4; i++)
		put_byte((u8)type[i]);
	return at;
}

static void chunk_end(size_t at)
{
	u32 len;

	if (png.full)
		return;
	len = (u32)(png.len - at - 8);
	for (u32 i = 0; i < 4; i++)
		png.file[at + i] = (u8)(len >> (24 - 8 * i));
	put_big(png_crc(0, png.file + at + 4, len + 4));
}

static void compress_block(void)
{
	deflate_block(&png.deflate, png.block, png.block_len);
	png.block_len = 0;
}

static void adler_add(const u8 *data, u32 len)
{
	while (len) {
		u32 n = MIN(len, 5552); /* as many as fit before a sum can overflow */

		len -= n;
		for (; n; n--) {
			png.adler_a += *data++;
			png.adler_b += png.adler_a;
		}
		png.adler_a %= ADLER_BASE;
		png.adler_b %= ADLER_BASE;
	}
}

void png_begin(u32 width, u32 height)
{
	static const u8 signature[] = { 0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n' };
	size_t chunk;

	png.len = 0;
	png.full = width > PNG_MAX_WIDTH;
	png.width = MIN(width, PNG_MAX_WIDTH);
	png.adler_a = 1;
	png.adler_b = 0;
	png.block_len = 0;
	memset(png.above, 0, sizeof(png.above));
	for (u32 i = 0; i < sizeof(signature); i++)
		put_byte(signature[i]);
	chunk = chunk_begin("IHDR");
	put_big(width);
	put_big(height);
	put_big(0x08020000); /* 8 bits, RGB, deflate, standard filters */
	put_byte(0);	     /* not interlaced */
	chunk_end(chunk);
	png.chunk = chunk_begin("IDAT");
	for (u32 i = 0; i < sizeof(deflate_zlib_header); i++)
		put_byte(deflate_zlib_header[i]);
	deflate_begin(&png.deflate, png.file + png.len, sizeof(png.file) - png.len);
}

void png_line(const u32 *pixels)
{
	u32 len = 1 + 3 * png.width;
	u8 *to, *above = png.above;

	if (png.block_len + len > BLOCK_SIZE)
		compress_block();
	to = png.block + png.block_len;
	*to++ = 2; /* filter: the difference to the line above */
	for (u32 i = 0; i < png.width; i++) {
		u32 p = pixels[i];

		for (u32 shift = 24; shift; shift -= 8) {
			u8 value = (u8)(p >> (shift - 8));

			*to++ = (u8)(value - *above);
			*above++ = value;
		}
	}
	adler_add(png.block + png.block_len, len);
	png.block_len += len;
}

int png_end(const u8 **file, size_t *len)
{
	compress_block();
	deflate_end(&png.deflate);
	png.len += png.deflate.len;
	png.full |= png.deflate.full;
	put_big(png.adler_b << 16 | png.adler_a);
	chunk_end(png.chunk);
	chunk_end(chunk_begin("IEND"));
	if (png.full)
		return -ENOMEM;
	*file = png.file;
	*len = png.len;
	return 0;
}
