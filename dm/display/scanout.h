/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/*
 * The panel: the firmware's framebuffer, 32 bits a pixel in any layout. Only ever written.
 */
#ifndef DM_DISPLAY_SCANOUT_H
#define DM_DISPLAY_SCANOUT_H

#include "copy.h"
#include "display.h"

#define SCANOUT_MAX_WIDTH 8192

/* What is beyond SCANOUT_MAX_WIDTH of a wider panel stays dark. */
void scanout_init(const struct handoff_gop *gop);
u32 scanout_width(void);
u32 scanout_height(void);
/* Writes lines of `width` pixels of `format`, those of the spans (copy.h), from (x, y) down; the
 * caller has clipped. Returns the bytes that went through a line buffer on the way. */
u64 scanout_write(u32 x, u32 y, u32 width, const struct copy_span *spans, u32 count, u64 stride,
		  u32 format);

#endif
