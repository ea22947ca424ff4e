/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/*
 * Copies of pixels, as wide as the processor allows, in as few instructions as possible: the cost
 * of a frame is little else. Until copy_init() has looked, memcpy is used.
 */
#ifndef DM_DISPLAY_COPY_H
#define DM_DISPLAY_COPY_H

#include <abi/types.h>

/* Chooses by CPUID; once, at start. */
void copy_init(void);
void copy_wide(void *to, const void *from, u64 len);
/* Lines that lie one after another at equal distances. */
struct copy_span {
	const u8 *from;
	u32 rows; /* at least 1 */
};

/* The spans' lines of `len` bytes, `from_stride` bytes from one to the next within a span, to every
 * `stride` bytes from `to` on. */
void copy_lines(void *to, u64 stride, const struct copy_span *spans, u32 count, u64 from_stride,
		u64 len);

#endif
