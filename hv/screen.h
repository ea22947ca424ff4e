/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/*
 * Text on the panel by the hypervisor itself: progress before the device domain paints, and the
 * panic report. The framebuffer is only written.
 */
#ifndef HV_SCREEN_H
#define HV_SCREEN_H

#include <abi/handoff.h>

/* From paging_init on. Clears the panel. */
void screen_init(const struct handoff_gop *gop);
/* Text with newlines, from where the last ended; when the bottom is reached it goes on on top. */
void screen_text(const char *text, size_t len);
/* A new, plain screen in the colours of a panic, with larger letters where the panel has room. */
void screen_panic(void);

/* Lines of text that fit below the last one; without a panel, plenty. */
u32 screen_lines_left(void);

#endif
