/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/*
 * The panel: the firmware's framebuffer, 32 bits a pixel in any layout. Only ever written.
 */
#ifndef DM_DISPLAY_SCANOUT_H
#define DM_DISPLAY_SCANOUT_H

#include "display.h"

#define SCANOUT_MAX_WIDTH 8192

/* What is beyond SCANOUT_MAX_WIDTH of a wider panel stays dark. */
void scanout_init(const struct handoff_gop *gop);
u32 scanout_width(void);
u32 scanout_height(void);
/* Writes `rows` lines of `width` pixels of `format`, each from where `lines` says, from (x, y)
 * down; the caller has clipped. Returns the bytes that went through a line buffer on the way. */
u64 scanout_write(u32 x, u32 y, u32 width, u32 rows, const u8 *const *lines, u32 format);

#endif
