/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/*
 * What the parts of the RFB server share; see rfb.h. Section numbers are RFC 6143's.
 */
#ifndef DM_REMOTE_RFB_INTERNAL_H
#define DM_REMOTE_RFB_INTERNAL_H

#include "rfb.h"

enum { RFB_RAW = 0, RFB_COPYRECT = 1, RFB_HEXTILE = 5, RFB_ZRLE = 16 };
#define RFB_CURSOR	 (-239)
#define RFB_DESKTOP_SIZE (-223)

#define RFB_FORMAT_SIZE 16 /* bytes of a PIXEL_FORMAT */
#define RFB_COLOURS	256

static inline u32 rfb_get16(const u8 *p)
{
	return (u32)p[0] << 8 | p[1];
}

static inline u32 rfb_get32(const u8 *p)
{
	return rfb_get16(p) << 16 | rfb_get16(p + 2);
}

static inline u8 *rfb_put16(u8 *p, u32 value)
{
	p[0] = (u8)(value >> 8);
	p[1] = (u8)value;
	return p + 2;
}

static inline u8 *rfb_put32(u8 *p, u32 value)
{
	return rfb_put16(rfb_put16(p, value >> 16), value);
}

/* ---- rfb.c */

/* Room for n bytes in the buffer, which the caller fills; there always is. */
u8 *rfb_reserve(struct rfb *c, size_t n);

/* ---- rfb_pixels.c */

/* The format the server would rather have, as it is sent (section 7.4). */
extern const u8 rfb_native_format[RFB_FORMAT_SIZE];

/* False: no such format can be. */
bool rfb_format_parse(struct rfb_format *f, const u8 wire[RFB_FORMAT_SIZE]) must_check;
/* Colour i of the map that clients get which want one, as 0xRRGGBB. */
u32 rfb_map_colour(u32 i);
/* Pixels in the client's format; where they end. */
u8 *rfb_pixels_write(const struct rfb_format *f, u8 *to, const u32 *pixels, u32 count);
/* The same as ZRLE has them (CPIXEL, section 7.7.5). */
u8 *rfb_pixels_write_packed(const struct rfb_format *f, u8 *to, const u32 *pixels, u32 count);

/* ---- rfb_encode.c: a rectangle of up to RFB_UNIT_PIXELS pixels 0x00RRGGBB, 16 lines at most, line
 * after line, in one of the encodings; where it ends. At most RFB_BUFFER - 4096 bytes. */
u8 *rfb_encode_raw(struct rfb *c, u8 *to, const u32 *pixels, u32 width, u32 height);
u8 *rfb_encode_hextile(struct rfb *c, u8 *to, const u32 *pixels, u32 width, u32 height);
u8 *rfb_encode_zrle(struct rfb *c, u8 *to, const u32 *pixels, u32 width, u32 height);

/* ---- rfb_keys.c */

/* The client's key event (section 7.5.4). */
void rfb_key(struct rfb *c, u32 keysym, bool down);
void rfb_release_keys(struct rfb *c);

/* ---- rfb_update.c */

/* Whether that tile is to be sent in this update. */
static inline bool rfb_is_sending(const struct rfb *c, u32 row, u32 column)
{
	return c->sending[row][column / 64] & BIT(column % 64);
}

/* Pixels [x, x + count) of line y as the client is to see them; black where nothing is shown. */
void rfb_read_line(const struct rfb *c, u32 x, u32 y, u32 count, u32 *out);
/* The connection's first picture: its size. */
void rfb_update_init(struct rfb *c);
/* The client asks for that part: for what changes there, or for all of it. */
void rfb_request(struct rfb *c, const struct rect *r, bool incremental);

/* ---- rfb_scroll.c */

/* What the client has is not known, or its size is another. */
void rfb_scan_reset(struct rfb *c);
/* The client gets these pixels, which begin at a tile's left top corner. */
void rfb_scan_sent(struct rfb *c, const struct rect *r, const u32 *pixels);
/* Whether it is worth looking at the tiles that c->sending has. */
bool rfb_scan_begin(struct rfb *c);
/* Some lines; true: that was the last. */
bool rfb_scan_step(struct rfb *c);
/* Takes out of c->sending what the client has already, or will have after it copied `to`, whose
 * lines are at from_y now. False: there is nothing to copy. */
bool rfb_scan_end(struct rfb *c, struct rect *to, u32 *from_y);

#endif
