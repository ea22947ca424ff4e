/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/*
 * Deflate (RFC 1951) into a buffer of the caller's, block by block, with the fixed codes and one
 * candidate a position: fast rather than small, because everything else waits meanwhile. Matches do
 * not reach back into earlier blocks, so between blocks a stream is nothing but its bits.
 */
#ifndef DM_DISPLAY_DEFLATE_H
#define DM_DISPLAY_DEFLATE_H

#include <abi/types.h>

/* The most that a block of n bytes and deflate_sync() become. */
#define DEFLATE_BOUND(n) ((n) + (n) / 8 + 16)

struct deflate {
	u8 *out;
	size_t capacity, len;
	bool full; /* something did not fit: the stream is of no use */
	u64 bits;
	u32 bit_count;
};

/* The two bytes before a zlib stream (RFC 1950): a window of 32 KiB, fastest. */
extern const u8 deflate_zlib_header[2];

void deflate_begin(struct deflate *d, u8 *out, size_t capacity);
/* Any number of blocks; data up to 1 GiB each. */
void deflate_block(struct deflate *d, const u8 *data, u32 len);
/* Up to a whole byte, with an empty stored block (Z_SYNC_FLUSH): what came so far can be read, and
 * the stream goes on with another deflate_begin() for its next bytes. */
void deflate_sync(struct deflate *d);
/* An empty last block, up to a whole byte. */
void deflate_end(struct deflate *d);

#endif
