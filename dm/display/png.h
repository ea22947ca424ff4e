/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/*
 * A PNG written line by line into a buffer. Writing through a library that wants the whole picture
 * would need four to five times its size in memory, which for a 4K panel is more than the device
 * domain has; this needs the output and two lines.
 *
 * 8 bits a channel, RGB (PNG specification, second edition); filter "up" on every line; compressed
 * by zlib.
 */
#ifndef DM_DISPLAY_PNG_H
#define DM_DISPLAY_PNG_H

#include "zstream.h"

#define PNG_MAX_WIDTH 16384
#define PNG_CAPACITY  MIB(8) /* room for a file */

struct png {
	u8 *file;
	size_t capacity, len;
	bool full;
	u32 width;
	size_t chunk;  /* where the IDAT chunk begins */
	size_t summed; /* the chunk's bytes are in crc up to here */
	u32 crc;
	struct zstream stream;
	u8 above[3 * PNG_MAX_WIDTH];	/* the line before, unfiltered */
	u8 line[1 + 3 * PNG_MAX_WIDTH]; /* filtered */
};

/* CRC-32 as in IEEE 802.3 and PNG; start with 0, pass the result on. */
u32 png_crc(u32 crc, const void *data, size_t len);

/* The file is written to `file`. */
void png_begin(struct png *p, u8 *file, size_t capacity, u32 width, u32 height);
/* The next line: width pixels 0x00RRGGBB. */
void png_line(struct png *p, const u32 *pixels);
/* The file's length; -ENOMEM when it did not fit. */
int png_end(struct png *p, size_t *len) must_check;

#endif
