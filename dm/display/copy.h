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
/* `rows` lines of `len` bytes from where `lines` says to every `stride` bytes from `to` on. */
void copy_lines(void *to, u64 stride, const u8 *const *lines, u64 len, u32 rows);

#endif
