/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/*
 * PNG; see png.h. Owns the file being written, the block of filtered lines that the next matches
 * are looked for in, and the tables.
 */
#include "png.h"
#include "dm/runtime.h"

#define BLOCK_SIZE KIB(192)
#define WINDOW	   32768
#define HASH_BITS  13
#define MIN_MATCH  4
#define MAX_MATCH  258
#define ADLER_BASE 65521
#define END_CODE   256

static struct {
	u8 file[PNG_CAPACITY];
	size_t len;
	bool full;
	u32 width;
	size_t chunk; /* where the IDAT chunk begins */
	u64 bits;
	u32 bit_count;
	u32 adler_a, adler_b;
	u8 above[3 * PNG_MAX_WIDTH]; /* the line before, unfiltered */
	u8 block[BLOCK_SIZE];
	u32 block_len;
	u32 heads[1 << HASH_BITS]; /* position + 1 in the block of the last bytes of that hash */
} png;

static struct {
	bool ready;
	u32 crc[256];
	u16 code[288]; /* fixed literal and length codes, first bit lowest */
	u8 code_len[288];
	u16 length_code[MAX_MATCH + 1];
	u8 length_bits[MAX_MATCH + 1];
	u8 length_rest[MAX_MATCH + 1];
	u16 distance_base[30];
	u8 distance_bits[30];
} tables;

static u16 reverse(u32 value, u32 bits)
{
	u32 result = 0;

	for (u32 i = 0; i < bits; i++)
		result |= (value >> i & 1) << (bits - 1 - i);
	return (u16)result;
}

/* RFC 1951 section 3.2.6. */
static void make_codes(void)
{
	for (u32 i = 0; i < 288; i++) {
		u32 len = i < 144 ? 8 : i < 256 ? 9 : i < 280 ? 7 : 8;
		u32 code = i < 144   ? 0x30 + i
			   : i < 256 ? 0x190 + i - 144
			   : i < 280 ? i - 256
				     : 0xc0 + i - 280;

		tables.code[i] = reverse(code, len);
		tables.code_len[i] = (u8)len;
	}
}

/* Section 3.2.5: the extra bits of lengths and distances grow by one every 4 and every 2 codes. */
static void make_lengths(void)
{
	u32 length = 3, distance = 1;

	for (u32 i = 0; i < 28; i++) {
		u32 bits = i < 8 ? 0 : i / 4 - 1;

		for (u32 rest = 0; rest < 1u << bits && length < MAX_MATCH; rest++, length++) {
			tables.length_code[length] = (u16)(257 + i);
			tables.length_bits[length] = (u8)bits;
			tables.length_rest[length] = (u8)rest;
		}
	}
	tables.length_code[MAX_MATCH] = 285;
	for (u32 i = 0; i < 30; i++) {
		tables.distance_bits[i] = (u8)(i < 4 ? 0 : i / 2 - 1);
		tables.distance_base[i] = (u16)distance;
		distance += 1u << tables.distance_bits[i];
	}
}

static void make_tables(void)
{
	for (u32 i = 0; i < 256; i++) {
		u32 crc = i;

		for (u32 k = 0; k < 8; k++)
			crc = crc & 1 ? crc >> 1 ^ 0xedb88320 : crc >> 1;
		tables.crc[i] = crc;
	}
	make_codes();
	make_lengths();
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

static void put_bits(u32 value, u32 count)
{
	png.bits |= (u64)value << png.bit_count;
	png.bit_count += count;
	for (; png.bit_count >= 8; png.bit_count -= 8, png.bits >>= 8)
		put_byte((u8)png.bits);
}

static void put_code(u32 code)
{
	put_bits(tables.code[code], tables.code_len[code]);
}

static void put_match(u32 length, u32 distance)
{
	u32 code;

	put_code(tables.length_code[length]);
	put_bits(tables.length_rest[length], tables.length_bits[length]);
	if (distance <= 4) {
		code = distance - 1;
	} else {
		u32 top = 31 - (u32)__builtin_clz(distance - 1);

		code = 2 * top + ((distance - 1) >> (top - 1) & 1);
	}
	put_bits(reverse(code, 5), 5);
	put_bits(distance - tables.distance_base[code], tables.distance_bits[code]);
}

static u32 load32(const u8 *p)
{
	u32 value;

	__builtin_memcpy(&value, p, 4);
	return value;
}

static u32 match_length(const u8 *a, const u8 *b, u32 limit)
{
	u32 n = MIN_MATCH;

	while (n < limit && a[n] == b[n])
		n++;
	return n;
}

static void compress_block(void)
{
	const u8 *data = png.block;
	u32 at = 0;

	memset(png.heads, 0, sizeof(png.heads));
	put_bits(0 | 1 << 1, 3); /* not the last block, fixed codes */
	while (at + MIN_MATCH <= png.block_len) {
		u32 value = load32(data + at);
		u32 *head = &png.heads[value * 2654435761u >> (32 - HASH_BITS)];
		u32 from = *head - 1, length;

		*head = at + 1;
		if (from == ~0u || at - from > WINDOW || load32(data + from) != value) {
			put_code(data[at++]);
			continue;
		}
		length = match_length(data + at, data + from, MIN(MAX_MATCH, png.block_len - at));
		put_match(length, at - from);
		at += length;
	}
	while (at < png.block_len)
		put_code(data[at++]);
	put_code(END_CODE);
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

	if (!tables.ready)
		make_tables();
	png.len = 0;
	png.full = width > PNG_MAX_WIDTH;
	png.width = MIN(width, PNG_MAX_WIDTH);
	png.bits = 0;
	png.bit_count = 0;
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
	put_byte(0x78); /* zlib: deflate with a 32 KiB window */
	put_byte(0x01);
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
	put_bits(1 | 1 << 1, 3); /* an empty last block */
	put_code(END_CODE);
	put_bits(0, (8 - png.bit_count) % 8);
	put_big(png.adler_b << 16 | png.adler_a);
	chunk_end(png.chunk);
	chunk_end(chunk_begin("IEND"));
	if (png.full)
		return -ENOMEM;
	*file = png.file;
	*len = png.len;
	return 0;
}
