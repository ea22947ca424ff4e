/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/* Pictures as the host's tools read them: PNG, PPM and what else stb_image knows, 8 bits R, G, B.
 */
#ifndef TOOLS_PICTURE_H
#define TOOLS_PICTURE_H

#include <stddef.h>
#include <stdint.h>

struct picture {
	int width, height;
	unsigned char *rgb; /* 3 * width * height bytes */
};

/* 0, or -1 with the reason in *why. */
int picture_load(struct picture *p, const char *path, const char **why);
void picture_free(struct picture *p);
/* What the console's command crc says of such a picture: CRC-32 (as in PNG) over width and height,
 * each a little-endian u32, and all R, G, B. */
uint32_t picture_crc(const struct picture *p);
/* Goes on from `crc` (0 at first). */
uint32_t picture_crc_add(uint32_t crc, const unsigned char *bytes, size_t len);

#endif
