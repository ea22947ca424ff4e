/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/*
 * Register values of the modes that vga.c shows: the IBM VGA's BIOS modes (IBM VGA XGA Technical
 * Reference, appendix), and the usual variations of them.
 */
#ifndef GUEST_VGA_MODES_H
#define GUEST_VGA_MODES_H

#include <abi/types.h>

struct mode {
	const char *name;
	void (*draw)(void);
	u8 misc;
	u8 seq[5];
	u8 crtc[25];
	u8 gfx[9];
	u8 attr[21];
};

#define SEQ(...)            \
	{                   \
		__VA_ARGS__ \
	}
#define CRTC(...)           \
	{                   \
		__VA_ARGS__ \
	}

#define GFX_TEXT                                      \
	{                                             \
		0, 0, 0, 0, 0, 0x10, 0x0e, 0x0f, 0xff \
	}
#define GFX_MONO                                      \
	{                                             \
		0, 0, 0, 0, 0, 0x10, 0x0a, 0x0f, 0xff \
	}
#define GFX_CGA4                                      \
	{                                             \
		0, 0, 0, 0, 0, 0x30, 0x0f, 0x0f, 0xff \
	}
#define GFX_CGA2                                      \
	{                                             \
		0, 0, 0, 0, 0, 0x00, 0x0d, 0x0f, 0xff \
	}
#define GFX_PLANAR                                    \
	{                                             \
		0, 0, 0, 0, 0, 0x00, 0x05, 0x0f, 0xff \
	}
#define GFX_256                                       \
	{                                             \
		0, 0, 0, 0, 0, 0x40, 0x05, 0x0f, 0xff \
	}

#define EGA_PALETTE                                                                               \
	0x00, 0x01, 0x02, 0x03, 0x04, 0x05, 0x14, 0x07, 0x38, 0x39, 0x3a, 0x3b, 0x3c, 0x3d, 0x3e, \
		0x3f
#define CGA_PALETTE                                                                               \
	0x00, 0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x10, 0x11, 0x12, 0x13, 0x14, 0x15, 0x16, \
		0x17
#define ATTR_TEXT9                                        \
	{                                                 \
		EGA_PALETTE, 0x0c, 0x00, 0x0f, 0x08, 0x00 \
	}
#define ATTR_TEXT8                                        \
	{                                                 \
		EGA_PALETTE, 0x00, 0x00, 0x0f, 0x00, 0x00 \
	}
/* The background is bright instead of the character blinking. */
#define ATTR_BRIGHT                                       \
	{                                                 \
		EGA_PALETTE, 0x04, 0x00, 0x0f, 0x08, 0x00 \
	}
#define ATTR_PLANAR                                       \
	{                                                 \
		EGA_PALETTE, 0x01, 0x00, 0x0f, 0x00, 0x00 \
	}
#define ATTR_LOW                                          \
	{                                                 \
		CGA_PALETTE, 0x01, 0x00, 0x0f, 0x00, 0x00 \
	}
#define ATTR_CGA4                                                                             \
	{                                                                                     \
		0x00, 0x13, 0x15, 0x17, 0x02, 0x04, 0x06, 0x07, 0x10, 0x11, 0x12, 0x13, 0x14, \
			0x15, 0x16, 0x17, 0x01, 0x00, 0x03, 0x00, 0x00                        \
	}
#define ATTR_CGA2                                                                             \
	{                                                                                     \
		0x00, 0x17, 0x17, 0x17, 0x17, 0x17, 0x17, 0x17, 0x17, 0x17, 0x17, 0x17, 0x17, \
			0x17, 0x17, 0x17, 0x01, 0x00, 0x01, 0x00, 0x00                        \
	}
#define ATTR_MONO                                                                             \
	{                                                                                     \
		0x00, 0x08, 0x08, 0x08, 0x08, 0x08, 0x08, 0x08, 0x10, 0x18, 0x18, 0x18, 0x18, \
			0x18, 0x18, 0x18, 0x06, 0x00, 0x0f, 0x08, 0x00                        \
	}
#define ATTR_256                                                                          \
	{                                                                                 \
		0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 0x41, 0, 0x0f, 0, 0 \
	}

#define CRTC_TEXT(scan, start, end)                                                              \
	{                                                                                        \
		0x5f, 0x4f, 0x50, 0x82, 0x55, 0x81, 0xbf, 0x1f, 0x00, scan, start, end, 0, 0, 0, \
			0, 0x9c, 0x8e, 0x8f, 0x28, 0x1f, 0x96, 0xb9, 0xa3, 0xff                  \
	}
#define CRTC_320(scan, offset, mode)                                                             \
	{                                                                                        \
		0x2d, 0x27, 0x28, 0x90, 0x2b, 0x80, 0xbf, 0x1f, 0x00, scan, 0x20, 0, 0, 0, 0, 0, \
			0x9c, 0x8e, 0x8f, offset, 0x00, 0x96, 0xb9, mode, 0xff                   \
	}
#define CRTC_640(scan, under, mode)                                                              \
	{                                                                                        \
		0x5f, 0x4f, 0x50, 0x82, 0x54, 0x80, 0xbf, 0x1f, 0x00, scan, 0x20, 0, 0, 0, 0, 0, \
			0x9c, 0x8e, 0x8f, 0x28, under, 0x96, 0xb9, mode, 0xff                    \
	}
#define CRTC_350                                                                                 \
	{                                                                                        \
		0x5f, 0x4f, 0x50, 0x82, 0x54, 0x80, 0xbf, 0x1f, 0x00, 0x40, 0x20, 0, 0, 0, 0, 0, \
			0x83, 0x85, 0x5d, 0x28, 0x0f, 0x63, 0xba, 0xe3, 0xff                     \
	}
#define CRTC_480(scan, under)                                                                    \
	{                                                                                        \
		0x5f, 0x4f, 0x50, 0x82, 0x54, 0x80, 0x0b, 0x3e, 0x00, scan, 0x20, 0, 0, 0, 0, 0, \
			0xea, 0x8c, 0xdf, 0x28, under, 0xe7, 0x04, 0xe3, 0xff                    \
	}
#define CRTC_132X60                                                                              \
	{                                                                                        \
		0x9f, 0x83, 0x84, 0x82, 0x8a, 0x9e, 0x0b, 0x3e, 0x00, 0x47, 0x20, 7, 0, 0, 0, 0, \
			0xea, 0x8c, 0xdf, 0x42, 0x1f, 0xe7, 0x04, 0xa3, 0xff                     \
	}

#endif
