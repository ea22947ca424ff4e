/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/*
 * zlib's compressor (RFC 1950) without a heap: all that a stream needs lies in its structure, which
 * may be begun anew at any time and needs no end. The window is of 8 KiB, because pictures hardly
 * become smaller with a larger one.
 */
#ifndef DM_DISPLAY_ZSTREAM_H
#define DM_DISPLAY_ZSTREAM_H

#include <abi/types.h>
#include <zlib.h>

#define ZSTREAM_WINDOW_BITS 13
#define ZSTREAM_MEM_LEVEL   7
/* zconf.h: (1 << (windowBits + 2)) + (1 << (memLevel + 9)), and a few kilobytes. */
#define ZSTREAM_MEMORY ((4 << ZSTREAM_WINDOW_BITS) + (512 << ZSTREAM_MEM_LEVEL) + KIB(8))

/* The most that n bytes become with a flush: deflateBound() of small windows, and rounding. */
#define ZSTREAM_BOUND(n) ((n) + (n) / 8 + (n) / 64 + 24)

struct zstream {
	z_stream z;
	size_t taken; /* of the memory */
	_Alignas(16) u8 memory[ZSTREAM_MEMORY];
};

/* A new stream; level 1 (fastest) to 9. */
void zstream_begin(struct zstream *s, int level);
/* Compresses len bytes; flush is one of zlib's (Z_NO_FLUSH, Z_SYNC_FLUSH, Z_FINISH). Writes from
 * *to on, which is moved on, and before end. -ENOMEM: something did not fit, and the stream is
 * lost. */
int zstream_add(struct zstream *s, const void *data, size_t len, int flush, u8 **to,
		const u8 *end) must_check;

#endif
