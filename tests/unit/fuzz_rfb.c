/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/* sources: tests/unit/rfb_fake.c tests/unit/dm_stubs.c dm/remote/rfb.c dm/remote/rfb_update.c */
/* sources: dm/remote/rfb_encode.c dm/remote/rfb_zrle.c dm/remote/des.c dm/remote/rfb_pixels.c */
/* sources: dm/remote/rfb_scroll.c dm/remote/rfb_keys.c dm/remote/keys.c */
/* sources: dm/display/zstream.c dm/display/damage.c dm/display/png.c */
/* libs: -lz */
/*
 * A client that says anything, while the picture changes in any way. The input is steps: a byte
 * below 0x80 is that many bytes from the client, which follow; others do what the table says. With
 * the lowest bit of the first byte set the client has logged in already. The server must keep
 * within its bounds, and come to rest.
 */
#include <stdlib.h>
#include <string.h>
#include "dm/remote/des.h"
#include "rfb_fake.h"

#define MAX_WORK 20000

int LLVMFuzzerTestOneInput(const u8 *data, size_t size);

static struct rfb rfb;
static u64 now;
static const u8 *input;
static size_t left;

static void require(bool condition)
{
	if (!condition)
		abort();
}

static u8 take(void)
{
	left -= left > 0;
	return left ? *input++ : 0;
}

static void drain(u32 most)
{
	const u8 *bytes;
	size_t n = rfb_pending(&rfb, &bytes);
	u8 sum = 0;

	n = MIN(n, most);
	for (size_t i = 0; i < n; i++)
		sum ^= bytes[i];
	*(volatile u8 *)&sum = sum;
	rfb_sent(&rfb, n);
}

/* Until nothing is left to do. */
static void settle(void)
{
	u32 n = 0;

	now += 1000000;
	for (; rfb_due(&rfb) <= now; n++) {
		require(n < MAX_WORK);
		rfb_work(&rfb, now);
		drain(~0u);
	}
	drain(~0u);
}

static void log_in(void)
{
	const u8 *bytes;
	u8 response[16];
	u64 answer[2] = { rfb.answer[0], rfb.answer[1] };

	for (u32 i = 0; i < 16; i++)
		response[i] = (u8)(answer[i / 8] >> (56 - 8 * (i % 8)));
	rfb_input(&rfb, (const u8 *)"RFB 003.008\n\2", 13, now);
	drain(~0u);
	rfb_input(&rfb, response, 16, now);
	if (!rfb_pending(&rfb, &bytes)) { /* earlier inputs had wrong passwords */
		now = rfb_check(&rfb, now);
		rfb_check(&rfb, now);
	}
	rfb_input(&rfb, (const u8 *)"\1", 1, now);
	drain(~0u);
	require(rfb_is_authenticated(&rfb));
}

static void step(u8 op)
{
	struct rect r = { 4u * take(), 2u * take(), 4u * take(), 2u * take() };
	u32 w = rfb_fake.width, h = rfb_fake.height;

	switch (op & 7) {
	case 0:
		rfb_work(&rfb, now);
		break;
	case 1:
		drain(r.width);
		break;
	case 2:
		settle();
		break;
	case 3:
		now += 1000u * r.x * r.y;
		rfb_check(&rfb, now);
		break;
	case 4:
		rfb_damage(&rfb, &r, op & 8);
		break;
	case 5:
		if (r.x < w && r.y < h)
			rfb_fake_noise(r.x, r.y, MIN(r.width, w - r.x), MIN(r.height, h - r.y),
				       r.width);
		break;
	case 6:
		rfb_fake.width = MIN(r.width, 512);
		rfb_fake.height = MIN(r.height, 256);
		rfb_damage(&rfb, &(struct rect){ 0, 0, FAKE_MAX, FAKE_MAX }, false);
		break;
	default:
		if (w && h >= 32)
			rfb_fake_text(0, h / 16, r.y);
		rfb_fake.has_cursor = op & 8;
		rfb_damage(&rfb, &(struct rect){ 0, 0, w, h }, false);
	}
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	const u64 random[2] = { 1, 2 };
	u8 flags, op;

	input = data;
	left = size + 1;
	now = 0;
	flags = take();
	rfb_fake.width = 320;
	rfb_fake.height = 200;
	rfb_open(&rfb, &rfb_fake_screen, NULL, "x", "secret", random, now);
	if (flags & 1)
		log_in();
	while (left > 1 && rfb.end == RFB_OPEN) {
		rfb_fake.notes[0] = 0;
		op = take();
		if (op & 0x80) {
			step(op);
		} else {
			size_t n = MIN(op, left - 1);

			rfb_input(&rfb, input, n, now);
			input += n;
			left -= n;
		}
	}
	if (rfb.end == RFB_OPEN)
		settle();
	rfb_close(&rfb);
	return 0;
}
