/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/*
 * Deflate; see deflate.h. Owns the tables, and the positions where the block being compressed has
 * had which bytes: kept from block to block, those of earlier blocks being told by their number.
 */
#include "deflate.h"
#include "dm/runtime.h"

#define WINDOW	  32768
#define HASH_BITS 13
#define MIN_MATCH 4
#define MAX_MATCH 258
#define END_CODE  256

const u8 deflate_zlib_header[2] = { 0x78, 0x01 };

static struct {
	bool ready;
	u16 code[288]; /* fixed literal and length codes, first bit lowest */
	u8 code_len[288];
	u16 length_code[MAX_MATCH + 1];
	u8 length_bits[MAX_MATCH + 1];
	u8 length_rest[MAX_MATCH + 1];
	u16 distance_base[30];
	u8 distance_bits[30];
} tables;

/* Numbers of positions: the first of this block is `first`; 0 is before all. */
static u32 first = 1, next_first = 1;
static u32 heads[1 << HASH_BITS];

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

static void put_byte(struct deflate *d, u8 byte)
{
	if (d->len < d->capacity)
		d->out[d->len++] = byte;
	else
		d->full = true;
}

static void put_bits(struct deflate *d, u32 value, u32 count)
{
	d->bits |= (u64)value << d->bit_count;
	d->bit_count += count;
	for (; d->bit_count >= 8; d->bit_count -= 8, d->bits >>= 8)
		put_byte(d, (u8)d->bits);
}

static void put_code(struct deflate *d, u32 code)
{
	put_bits(d, tables.code[code], tables.code_len[code]);
}

static void put_match(struct deflate *d, u32 length, u32 distance)
{
	u32 code;

	put_code(d, tables.length_code[length]);
	put_bits(d, tables.length_rest[length], tables.length_bits[length]);
	if (distance <= 4) {
		code = distance - 1;
	} else {
		u32 top = 31 - (u32)__builtin_clz(distance - 1);

		code = 2 * top + ((distance - 1) >> (top - 1) & 1);
	}
	put_bits(d, reverse(code, 5), 5);
	put_bits(d, distance - tables.distance_base[code], tables.distance_bits[code]);
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

/* Where the block's positions are numbered from; all is forgotten when numbers run out. */
static void number_block(u32 len)
{
	if (next_first + (u64)len > 0xffffffff) {
		memset(heads, 0, sizeof(heads));
		next_first = 1;
	}
	first = next_first;
	next_first += len;
}

void deflate_block(struct deflate *d, const u8 *data, u32 len)
{
	u32 at = 0;

	number_block(len);
	put_bits(d, 0 | 1 << 1, 3); /* not the last block, fixed codes */
	while (at + MIN_MATCH <= len) {
		u32 value = load32(data + at);
		u32 *head = &heads[value * 2654435761u >> (32 - HASH_BITS)];
		u32 from = *head - first, length;

		*head = first + at;
		if (from >= at || at - from > WINDOW || load32(data + from) != value) {
			put_code(d, data[at++]);
			continue;
		}
		length = match_length(data + at, data + from, MIN(MAX_MATCH, len - at));
		put_match(d, length, at - from);
		at += length;
	}
	while (at < len)
		put_code(d, data[at++]);
	put_code(d, END_CODE);
}

void deflate_begin(struct deflate *d, u8 *out, size_t capacity)
{
	if (!tables.ready) {
		make_codes();
		make_lengths();
		tables.ready = true;
	}
	*d = (struct deflate){ .out = out, .capacity = capacity };
}

void deflate_sync(struct deflate *d)
{
	put_bits(d, 0, 3);
	put_bits(d, 0, (8 - d->bit_count) % 8);
	put_bits(d, 0xffff0000, 32);
}

void deflate_end(struct deflate *d)
{
	put_bits(d, 1 | 1 << 1, 3);
	put_code(d, END_CODE);
	put_bits(d, 0, (8 - d->bit_count) % 8);
}
