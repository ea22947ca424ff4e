/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/*
 * RFB (VNC), the server's side of one connection: RFC 6143, which is version 3.8; 3.3 and 3.7 too.
 * Bytes go in and come out; where they come from and go to is rfb_tcp.c's business, and the picture
 * is whatever struct rfb_screen says. So nothing here knows of a network or of guests.
 *
 * What changed is kept per connection, in tiles, until its client asks and has room: a slow client
 * gets fewer pictures, each of them the latest. Work is done in units of RFB_UNIT_PIXELS at most.
 *
 * Everything the client sends is checked before it is used; what no client may send ends the
 * connection. Encodings: Raw, CopyRect, Hextile, ZRLE; cursors and changes of size.
 */
#ifndef DM_REMOTE_RFB_H
#define DM_REMOTE_RFB_H

#include <abi/range.h>
#include "dm/display/zstream.h"

#define RFB_TILE_WIDTH	64
#define RFB_TILE_HEIGHT 16
#define RFB_MAX_SIZE	16384 /* pixels each way; of larger pictures, this much is shown */
#define RFB_TILE_ROWS	(RFB_MAX_SIZE / RFB_TILE_HEIGHT)
#define RFB_TILE_WORDS	(RFB_MAX_SIZE / RFB_TILE_WIDTH / 64)
#define RFB_UNIT_TILES	8
#define RFB_UNIT_PIXELS (RFB_UNIT_TILES * RFB_TILE_WIDTH * RFB_TILE_HEIGHT)
#define RFB_BUFFER	45056
#define RFB_CURSOR_SIZE 64 /* pixels each way */
#define RFB_SCAN_CELLS	32768
#define RFB_SCAN_LINES	2176
#define RFB_KEYS	0x200

/* A cursor of 64x64 pixels 0xAARRGGBB, alpha multiplied in. */
struct rfb_cursor {
	const u32 *pixels;
	u32 hot_x, hot_y;
};

/* What a connection shows, and where its input goes. */
struct rfb_screen {
	/* 0 x 0: nothing is shown now. */
	void (*size)(void *ctx, u32 *width, u32 *height);
	/* Pixels [x, x + count) of line y, all within the size, 0x??RRGGBB; without_cursor: as if
	 * there were no cursor. */
	void (*line)(void *ctx, u32 x, u32 y, u32 count, bool without_cursor, u32 *out);
	/* The cursor that line() can leave out; false: there is none. */
	bool (*cursor)(void *ctx, struct rfb_cursor *cursor);
	/* Keys as in keys.h. */
	void (*key)(void *ctx, u16 key, bool down);
	/* (x, y) lies within the client's picture; buttons: left 1, middle 2, right 4; wheel: up
	 * is 1, down -1. */
	void (*pointer)(void *ctx, u32 x, u32 y, u32 buttons, s32 wheel);
};

enum rfb_end {
	RFB_OPEN,
	RFB_MALFORMED, /* it sent what no client may send */
	RFB_REFUSED,   /* wrong password */
	RFB_SLOW,      /* began something and did not end it, or does not read */
	RFB_END_COUNT,
};

/* Of all connections, since the start. */
struct rfb_counters {
	u64 opened, authenticated;
	u64 ended[RFB_END_COUNT];
	u64 updates, bytes;
};
extern struct rfb_counters rfb_counters;

/* How the client wants its pixels; see rfb_pixels.c. */
struct rfb_format {
	u8 bytes;	   /* a pixel: 1, 2, 4 */
	bool plain;	   /* pixels as they are here */
	u8 packed;	   /* bytes of a ZRLE pixel */
	u8 packed_from;	   /* the first of a pixel's bytes that it has */
	bool mapped;	   /* the client must be told of a colour map */
	u32 parts[3][256]; /* what each value of red, green and blue becomes */
};

/* What the client's list of encodings says. */
struct rfb_abilities {
	u8 encoding; /* that it would rather have: Raw, Hextile or ZRLE */
	bool has_encoding;
	bool copy, resize, cursor;
};

/* Comparing what the client has with what is shown, to find what moved; see rfb_scroll.c. */
struct rfb_scan {
	u32 columns, height;	   /* in tiles, in lines; 0: the picture is too large for it */
	u32 left, right;	   /* the box looked at: columns of tiles */
	u32 top, bottom;	   /* lines */
	u32 at;			   /* the next line */
	u32 skip, backoff;	   /* updates to go until the next scan; and after a useless one */
	u64 fresh[RFB_SCAN_LINES]; /* what is shown, line by line within the box */
	u64 cells[RFB_SCAN_CELLS]; /* what the client has: a line's part in a column; 0: unknown */
};

struct rfb {
	const struct rfb_screen *screen;
	void *ctx;
	char name[40];
	enum rfb_end end;

	/* The handshake and messages: rfb.c. */
	u8 state;
	u8 minor; /* of the protocol's version */
	u8 in[32];
	u32 in_len;
	u32 rest;  /* bytes to skip, or encodings to come */
	u64 since; /* of the state, or of the message's first byte */
	u64 challenge[2];
	u64 answer[2]; /* to the challenge */
	bool refused;
	u32 buttons; /* as last sent */
	bool points; /* it has moved the pointer */
	u32 pointer_x, pointer_y;
	u64 held[RFB_KEYS / 64];
	u8 shifts; /* shift keys down: left 1, right 2 */

	/* What the client wants: rfb.c writes, an update begins with it. */
	struct rfb_format format, next_format;
	bool format_changed;
	u8 encoding;
	struct rfb_abilities can, listed; /* listed: its list is not whole yet */
	bool requested;
	bool refresh;	    /* all of what is wanted, changed or not */
	struct rect wanted; /* all requests together */

	/* What it has, and the update under way: rfb_update.c. */
	u32 width, height;
	bool news; /* something may have to be sent: not looked yet */
	u64 dirty[RFB_TILE_ROWS][RFB_TILE_WORDS];
	u64 sending[RFB_TILE_ROWS][RFB_TILE_WORDS];
	bool draws_cursor, cursor_changed;
	u32 cursor_crc;	 /* of the one it has; 0: none */
	bool scanning;	 /* before an update */
	bool copies;	 /* the scan's cells are kept */
	u32 units;	 /* of the update, still to send */
	u32 row, column; /* of the next one, or before it */
	u64 next_update; /* not before */
	struct rfb_scan scan;
	bool stream_begun;
	struct zstream stream; /* ZRLE's */

	/* Bytes to send. */
	size_t out_len, out_at;
	u64 taken_since; /* how fast they go */
	u32 taken;
	u8 out[RFB_BUFFER];
};

/*
 * Times are in microseconds. A new connection; `random` is for the challenge. The password counts
 * up to its eighth character. The name, which the client shows, is copied.
 */
void rfb_open(struct rfb *c, const struct rfb_screen *screen, void *ctx, const char *name,
	      const char *password, const u64 random[2], u64 now);
/* Received bytes. When c->end is no longer RFB_OPEN, send what is pending and close. */
void rfb_input(struct rfb *c, const u8 *data, size_t len, u64 now);
/* The connection is gone: releases keys and buttons, counts the end. */
void rfb_close(struct rfb *c);

/* From when on rfb_work() would do something; ~0: not until something happens. */
u64 rfb_due(const struct rfb *c);
/* One unit of the next picture, when there is one and nothing is pending. */
void rfb_work(struct rfb *c, u64 now);
/* What is to be sent next; rfb_sent() takes n of it away. */
size_t rfb_pending(const struct rfb *c, const u8 **data);
void rfb_sent(struct rfb *c, size_t n);

/* Ends the connection if it has taken too long over something. When to look again. */
u64 rfb_check(struct rfb *c, u64 now);
/* Whether the client has given the password. */
bool rfb_is_authenticated(const struct rfb *c);

/* That part of the picture has changed; cursor: only by its cursor. */
void rfb_damage(struct rfb *c, const struct rect *r, bool cursor);

#endif
