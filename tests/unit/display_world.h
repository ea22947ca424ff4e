/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/*
 * A panel and guests' pictures for tests of the display side alone, without devices.
 */
#ifndef TESTS_UNIT_DISPLAY_WORLD_H
#define TESTS_UNIT_DISPLAY_WORLD_H

#include "dm/display/display.h"

extern struct dm_info world_info;
extern u64 world_now;	 /* what the time is; passes at each look */
extern u32 *world_panel; /* exactly as large as the framebuffer */

/* A B8G8R8X8 panel and as many guests, each with one head, nothing set. */
void world_start(u32 width, u32 height, enum config_layout layout, u32 guests);
void world_stop(void);
/* Gives the guest's head a picture of noise, in pieces of `cut` bytes. */
void world_picture(u32 vm, u32 width, u32 height, u32 format, u32 stride, u32 cut);
/* Other noise in the same memory. */
void world_change(u32 vm);
/* A pixel of a B8G8R8X8 picture. */
u32 world_pixel(u32 vm, u32 x, u32 y);

#endif
