/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/* Implements picture.h. No state. */
#define STB_IMAGE_IMPLEMENTATION
#define STB_IMAGE_STATIC
#define STBI_FAILURE_USERMSG
#include <stb_image.h>

#include "picture.h"

int picture_load(struct picture *p, const char *path, const char **why)
{
	int channels;

	p->rgb = stbi_load(path, &p->width, &p->height, &channels, 3);
	if (p->rgb)
		return 0;
	*why = stbi_failure_reason();
	return -1;
}

void picture_free(struct picture *p)
{
	stbi_image_free(p->rgb);
	p->rgb = NULL;
}

uint32_t picture_crc_add(uint32_t crc, const unsigned char *bytes, size_t len)
{
	crc = ~crc;
	for (size_t i = 0; i < len; i++) {
		crc ^= bytes[i];
		for (int bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (crc & 1 ? 0xedb88320 : 0);
	}
	return ~crc;
}

uint32_t picture_crc(const struct picture *p)
{
	unsigned char size[8];

	for (int i = 0; i < 4; i++) {
		size[i] = (unsigned char)(p->width >> 8 * i);
		size[4 + i] = (unsigned char)(p->height >> 8 * i);
	}
	return picture_crc_add(picture_crc_add(0, size, sizeof(size)), p->rgb,
			       3 * (size_t)p->width * (size_t)p->height);
}
