/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/*
 * A PNG written line by line into a fixed buffer. Writing through a library that wants the whole
 * picture would need four to five times its size in memory, which for a 4K panel is more than the
 * device domain has; this needs the output and one block of lines.
 *
 * 8 bits a channel, RGB (PNG specification, second edition); filter "up" on every line;
 * compressed by deflate.h.
 */
#ifndef DM_DISPLAY_PNG_H
#define DM_DISPLAY_PNG_H

#include <abi/types.h>

#define PNG_MAX_WIDTH 16384
#define PNG_CAPACITY  MIB(8) /* the largest file */

/* CRC-32 as in IEEE 802.3 and PNG; start with 0, pass the result on. */
u32 png_crc(u32 crc, const void *data, size_t len);

void png_begin(u32 width, u32 height);
/* The next line: width pixels 0x00RRGGBB. */
void png_line(const u32 *pixels);
/* The file, valid until the next png_begin(); -ENOMEM when it grew past PNG_CAPACITY. */
int png_end(const u8 **file, size_t *len) must_check;

#endif
