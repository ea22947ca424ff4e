/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/*
 * An RFB client for tests, as the RFC has it: it takes what the server under test has pending,
 * checks each byte's place, and keeps the picture, as pixels of its own format.
 */
#ifndef TESTS_RFB_CLIENT_H
#define TESTS_RFB_CLIENT_H

#include <zlib.h>
#include "dm/remote/rfb.h"

struct rfb_client {
	struct rfb server;
	u64 now;
	u32 width, height;
	u32 *pixels; /* FAKE_MAX each way, `width` a line */
	u32 bytes;   /* a pixel */
	u32 packed, packed_shift;
	bool big_endian;
	z_stream z;
	/* what came */
	u32 updates, rects, bytes_received;
	u32 raws, copies, hextiles, zrles, cursors, resizes, maps;
	u32 cursor[RFB_CURSOR_SIZE * RFB_CURSOR_SIZE];
	u8 cursor_mask[RFB_CURSOR_SIZE * RFB_CURSOR_SIZE / 8];
	u32 cursor_width, hot_x, hot_y;
};
extern struct rfb_client client;

/* Connects and logs in, with the right password. */
void client_open(void);
void client_close(void);
void client_send(const void *data, size_t len);
/* Messages. */
void client_encodings(const s32 *encodings, u32 count);
void client_format(u8 bits, u8 depth, bool big, bool mapped, const u16 max[3], const u8 shift[3]);
void client_request(bool incremental, u32 x, u32 y, u32 width, u32 height);
/* Lets time pass and takes all updates there are to have; how many. */
u32 client_receive(void);
/* The answer to the challenge. */
void client_response(const char *password, const u8 challenge[16], u8 response[16]);

#endif
