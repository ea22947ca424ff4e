/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/* sources: tests/unit/rfb_client.c tests/unit/rfb_fake.c tests/unit/dm_stubs.c dm/remote/rfb.c */
/* sources: dm/remote/rfb_update.c dm/remote/rfb_encode.c dm/remote/rfb_zrle.c dm/remote/des.c */
/* sources: dm/remote/rfb_pixels.c dm/remote/rfb_scroll.c dm/remote/rfb_keys.c dm/remote/keys.c */
/* sources: dm/display/zstream.c dm/display/damage.c dm/display/png.c */
/* libs: -lz */
/*
 * The RFB server against a client that decodes every encoding: the picture must be what is shown,
 * in all formats, through changes, moves, resizes and cursors.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include "rfb_client.h"
#include "rfb_fake.h"
#include "random.h"

enum { RAW = 0, COPYRECT = 1, HEXTILE = 5, ZRLE = 16, CURSOR = -239, RESIZE = -223 };

struct format {
	u8 bits, depth;
	bool big;
	u16 max[3];
	u8 shift[3];
};

static const struct format formats[] = {
	{ 32, 24, false, { 255, 255, 255 }, { 16, 8, 0 } },
	{ 32, 24, true, { 255, 255, 255 }, { 16, 8, 0 } },
	{ 32, 24, false, { 255, 255, 255 }, { 0, 8, 16 } },
	{ 32, 24, false, { 255, 255, 255 }, { 24, 16, 8 } },
	{ 32, 24, true, { 255, 255, 255 }, { 8, 16, 24 } },
	{ 32, 32, false, { 255, 255, 255 }, { 24, 12, 0 } },
	{ 32, 30, true, { 1023, 1023, 1023 }, { 20, 10, 0 } },
	{ 16, 16, false, { 31, 63, 31 }, { 11, 5, 0 } },
	{ 16, 15, true, { 31, 31, 31 }, { 10, 5, 0 } },
	{ 8, 8, false, { 7, 7, 3 }, { 0, 3, 6 } },
	{ 8, 6, true, { 3, 3, 3 }, { 4, 2, 0 } },
};

static struct random chance;

static u32 below(u32 n)
{
	return (u32)random_below(&chance, n);
}

static const struct format native = { 32, 24, false, { 255, 255, 255 }, { 16, 8, 0 } };

static u32 wanted_pixel(const struct format *f, u32 pixel)
{
	u32 value = 0;

	for (u32 i = 0; i < 3; i++)
		value |= ((pixel >> (16 - 8 * i) & 0xff) * f->max[i] + 127) / 255 << f->shift[i];
	return value;
}

/* What lies outside of what is shown is black. */
static void compare(const struct format *f)
{
	for (u32 y = 0; y < client.height; y++) {
		for (u32 x = 0; x < client.width; x++) {
			bool shown = x < rfb_fake.width && y < rfb_fake.height;
			u32 want = wanted_pixel(f, shown ? rfb_fake_pixel(x, y) : 0);

			if (client.pixels[y * client.width + x] != want)
				fail_msg("%u,%u: %x instead of %x", x, y,
					 client.pixels[y * client.width + x], want);
		}
	}
}

static void request_all(bool incremental)
{
	client_request(incremental, 0, 0, client.width, client.height);
}

static void damage(u32 x, u32 y, u32 width, u32 height)
{
	struct rect r = { x, y, width, height };

	rfb_damage(&client.server, &r, false);
}

/* Something of everything: flat parts, text, few colours, gradients, noise. */
static void paint_all(void)
{
	u32 w = rfb_fake.width, h = rfb_fake.height;

	rfb_fake_fill(0, 0, w, h, 0x204060);
	rfb_fake_text(0, h / 32, 1);
	rfb_fake_noise(w / 2, h / 2, w / 4, h / 3, 1);
	for (u32 i = 0; i < 300; i++)
		rfb_fake_fill(below(w - 9), h / 2 + below(h / 2 - 9), 1 + below(9), 1 + below(9),
			      below(0x1000000) & 0x0f0f0f);
	for (u32 x = 0; x < w / 4; x++)
		rfb_fake_fill(x, h - h / 8, 1, h / 8, x * 0x010203 & 0xffffff);
}

static void test_encodings(void **state)
{
	static const s32 encodings[] = { RAW, HEXTILE, ZRLE };
	static const u32 sizes[][2] = { { 640, 480 }, { 1000, 77 }, { 65, 333 }, { 513, 130 } };

	(void)state;
	for (u32 e = 0; e < ARRAY_SIZE(encodings); e++) {
		for (u32 s = 0; s < ARRAY_SIZE(sizes); s++) {
			rfb_fake_reset(sizes[s][0], sizes[s][1]);
			paint_all();
			client_open();
			client_encodings(&encodings[e], 1);
			for (u32 f = 0; f < ARRAY_SIZE(formats); f++) {
				const struct format *format = &formats[f];

				client_format(format->bits, format->depth, format->big, false,
					      format->max, format->shift);
				request_all(false);
				assert_int_equal(client_receive(), 1);
				compare(format);
			}
			assert_int_equal(client.rects, encodings[e] == RAW	 ? client.raws
						       : encodings[e] == HEXTILE ? client.hextiles
										 : client.zrles);
			client_close();
		}
	}
}

static void test_noise_fits(void **state)
{
	static const s32 encodings[] = { RAW, HEXTILE, ZRLE };

	(void)state;
	for (u32 e = 0; e < ARRAY_SIZE(encodings); e++) {
		rfb_fake_reset(1024, 64);
		rfb_fake_noise(0, 0, 1024, 64, e);
		client_open();
		client_encodings(&encodings[e], 1);
		for (u32 f = 0; f < ARRAY_SIZE(formats); f++) {
			client_format(formats[f].bits, formats[f].depth, formats[f].big, false,
				      formats[f].max, formats[f].shift);
			request_all(false);
			client_receive();
			compare(&formats[f]);
		}
		client_close();
	}
}

static void test_first_known_encoding_wins(void **state)
{
	static const s32 encodings[] = { 7, -260, HEXTILE, ZRLE, RAW };

	(void)state;
	rfb_fake_reset(64, 16);
	client_open();
	client_encodings(encodings, ARRAY_SIZE(encodings));
	request_all(false);
	client_receive();
	assert_int_equal(client.hextiles, 1);
	assert_int_equal(client.zrles, 0);
	client_close();
}

static void test_colour_map(void **state)
{
	(void)state;
	rfb_fake_reset(64, 16);
	rfb_fake_fill(0, 0, 64, 16, 0xff0000);
	client_open();
	client_format(8, 8, false, true, (const u16[]){ 0, 0, 0 }, (const u8[]){ 0, 0, 0 });
	request_all(false);
	client_receive();
	assert_int_equal(client.maps, 1);
	assert_int_equal(client.pixels[0], 0xe0);
	client_close();
}

/* Nothing is sent, read, or to be done while nothing changes. */
static void test_damage_driven(void **state)
{
	const s32 zrle = ZRLE;
	u32 lines;

	(void)state;
	rfb_fake_reset(640, 480);
	paint_all();
	client_open();
	client_encodings(&zrle, 1);
	request_all(false);
	client_receive();
	compare(&native);
	request_all(true);
	assert_int_equal(client_receive(), 0);
	assert_true(rfb_due(&client.server) == ~0ULL);
	lines = rfb_fake.lines;
	client.now += 100000000;
	assert_int_equal(client_receive(), 0);
	assert_int_equal(rfb_fake.lines, lines);
	/* Nobody has asked: it is kept. */
	rfb_fake_fill(100, 100, 3, 3, 0xffffff);
	damage(100, 100, 3, 3);
	assert_int_equal(client_receive(), 1);
	compare(&native);
	rfb_fake_fill(200, 200, 1, 1, 0xffffff);
	damage(200, 200, 1, 1);
	assert_int_equal(client_receive(), 0);
	request_all(true);
	client.bytes_received = 0;
	assert_int_equal(client_receive(), 1);
	assert_in_range(client.bytes_received, 20, 4000);
	compare(&native);
	/* Damage beyond the picture. */
	damage(639, 479, ~0u, ~0u);
	damage(70000, 3, 5, 5);
	request_all(true);
	client_receive();
	compare(&native);
	assert_int_equal(client.server.end, RFB_OPEN);
	client_close();
}

/* What changes outside of what is asked for waits. */
static void test_part_requested(void **state)
{
	(void)state;
	rfb_fake_reset(640, 480);
	client_open();
	request_all(false);
	client_receive();
	rfb_fake_fill(0, 0, 8, 8, 1);
	rfb_fake_fill(600, 400, 8, 8, 2);
	damage(0, 0, 640, 480);
	client_request(true, 600, 400, 8, 8);
	client_receive();
	assert_int_equal(client.pixels[400 * 640 + 600], 2);
	assert_int_equal(client.pixels[0], 0);
	client_request(true, 0, 0, 65535, 65535);
	client_receive();
	compare(&native);
	/* Asked for wholly outside, or for nothing: never answered, never looked at again. */
	client_request(false, 640, 0, 100, 100);
	client_request(false, 65535, 65535, 65535, 65535);
	client_request(false, 5, 5, 0, 0);
	client.updates = 0;
	client_receive();
	assert_true(rfb_due(&client.server) == ~0ULL);
	client_close();
}

/* While a client does not read, changes add up; then it gets the last picture. */
static void test_slow_client_coalesces(void **state)
{
	const u8 *data;

	(void)state;
	rfb_fake_reset(640, 480);
	client_open();
	request_all(false);
	client_receive();
	damage(0, 0, 64, 16);
	request_all(true);
	client.now += 1000000;
	rfb_work(&client.server, client.now);
	rfb_work(&client.server, client.now);
	assert_true(rfb_pending(&client.server, &data) > 0);
	for (u32 i = 0; i < 1000; i++) {
		rfb_fake_fill(0, 0, 64, 16, i);
		damage(0, 0, 64, 16);
		rfb_work(&client.server, client.now);
	}
	client.updates = 0;
	client_receive();
	request_all(true);
	client_receive();
	assert_int_equal(client.updates, 2);
	compare(&native);
	client_close();
}

static void test_scroll_is_a_copy(void **state)
{
	static const s32 encodings[] = { COPYRECT, ZRLE };
	u32 whole;

	(void)state;
	rfb_fake_reset(800, 600);
	rfb_fake_text(0, 37, 1);
	client_open();
	client_encodings(encodings, 2);
	request_all(false);
	client_receive();
	compare(&native);
	whole = client.bytes_received;
	for (u32 i = 1; i <= 8; i++) {
		rfb_fake_text(0, 37, 1 + 3 * i);
		damage(0, 0, 800, 600);
		request_all(true);
		client.bytes_received = 0;
		assert_int_equal(client_receive(), 1);
		compare(&native);
		assert_int_equal(client.copies, i);
		assert_in_range(client.bytes_received, 0, whole / 4);
	}
	/* Backwards. */
	rfb_fake_text(0, 37, 20);
	damage(0, 0, 800, 600);
	request_all(true);
	client_receive();
	compare(&native);
	assert_int_equal(client.copies, 9);
	/* All damaged, nothing changed: nothing sent. */
	damage(0, 0, 800, 600);
	request_all(true);
	assert_int_equal(client_receive(), 0);
	/* Asked for anew, all is sent. */
	memset(client.pixels, 0xee, 800 * 600 * 4);
	request_all(false);
	assert_int_equal(client_receive(), 1);
	compare(&native);
	client_close();
}

/* Moves and changes at random, at random times, with parts of the picture asked for. */
static void test_random_changes(void **state)
{
	static const s32 encodings[] = { COPYRECT, HEXTILE, CURSOR, RESIZE };

	(void)state;
	rfb_fake_reset(700, 500);
	rfb_fake_text(0, 30, 1);
	client_open();
	client_encodings(encodings, ARRAY_SIZE(encodings));
	request_all(false);
	client_receive();
	for (u32 i = 0; i < 300; i++) {
		u32 x = below(600), y = below(400), w = 1 + below(100), h = 1 + below(100);

		switch (below(4)) {
		case 0:
			rfb_fake_text(16 * (below(3)), 27, below(40));
			damage(0, 0, 700, 500);
			break;
		case 1:
			rfb_fake_fill(x, y, w, h, below(0x1000000) & 0xffffff);
			damage(x, y, w, h);
			break;
		case 2:
			client_request(true, x, y, w, h);
			break;
		default:
			request_all(true);
		}
		/* Changes while an update is under way. */
		for (u32 k = below(40); k && rfb_due(&client.server) <= client.now; k--) {
			const u8 *data;

			if (rfb_pending(&client.server, &data))
				break;
			rfb_work(&client.server, client.now);
		}
		if (below(2))
			client_receive();
	}
	client_receive();
	request_all(true);
	client_receive();
	compare(&native);
	assert_true(client.copies > 3);
	client_close();
}

static void test_resize(void **state)
{
	const s32 resize = RESIZE;

	(void)state;
	rfb_fake_reset(640, 480);
	client_open();
	client_encodings(&resize, 1);
	request_all(false);
	client_receive();
	rfb_fake_reset(800, 300);
	paint_all();
	damage(0, 0, 800, 300);
	request_all(true);
	assert_int_equal(client_receive(), 1);
	assert_int_equal(client.resizes, 1);
	assert_int_equal(client.width, 800);
	request_all(true);
	client_receive();
	compare(&native);
	/* Nothing shown: the size stays, and all is black. */
	rfb_fake_reset(0, 0);
	damage(0, 0, 800, 300);
	request_all(true);
	client_receive();
	assert_int_equal(client.width, 800);
	compare(&native);
	client_close();
}

/* A client that cannot be resized sees the part that fits. */
static void test_resize_not_wanted(void **state)
{
	(void)state;
	rfb_fake_reset(640, 480);
	client_open();
	request_all(false);
	client_receive();
	rfb_fake_reset(500, 600);
	paint_all();
	damage(0, 0, 640, 600);
	request_all(true);
	client_receive();
	assert_int_equal(client.width, 640);
	compare(&native);
	client_close();
}

/* The size changes while an update is under way. */
static void test_resize_meanwhile(void **state)
{
	static const s32 encodings[] = { ZRLE, RESIZE };

	(void)state;
	for (u32 works = 0; works < 40; works++) {
		rfb_fake_reset(640, 480);
		paint_all();
		client_open();
		client_encodings(encodings, 2);
		request_all(false);
		client.now += 1000000;
		for (u32 i = 0; i < works; i++) {
			const u8 *data;
			size_t n = rfb_pending(&client.server, &data);

			/* Only what the client keeps for itself is looked at here. */
			if (!n)
				rfb_work(&client.server, client.now);
			else
				break;
		}
		rfb_fake_reset(320, 200);
		paint_all();
		damage(0, 0, 640, 480);
		client_receive();
		request_all(true);
		client_receive();
		request_all(true);
		client_receive();
		assert_int_equal(client.width, 320);
		compare(&native);
		client_close();
	}
}

static void send_pointer(u32 buttons, u32 x, u32 y)
{
	const u8 message[6] = { 5, (u8)buttons, (u8)(x >> 8), (u8)x, (u8)(y >> 8), (u8)y };

	client_send(message, sizeof(message));
}

/* Part of the picture until the client moves the pointer; then a picture of its own. */
static void test_cursor(void **state)
{
	static const s32 encodings[] = { HEXTILE, CURSOR };
	struct rect where = { 100, 100, 64, 64 };

	(void)state;
	rfb_fake_reset(320, 240);
	paint_all();
	rfb_fake.has_cursor = true;
	rfb_fake.cursor_x = rfb_fake.cursor_y = 100;
	rfb_fake.hot_x = 3;
	rfb_fake.hot_y = 200;
	for (u32 i = 0; i < 64 * 64; i++)
		rfb_fake.cursor[i] = i % 3 ? 0xff000000 | i : 0;
	client_open();
	client_encodings(encodings, 2);
	request_all(false);
	client_receive();
	compare(&native);
	assert_int_equal(client.cursors, 0);
	send_pointer(0, 5, 5);
	request_all(true);
	client_receive();
	assert_int_equal(client.cursors, 1);
	assert_int_equal(client.cursor_width, 64);
	assert_int_equal(client.hot_x, 3);
	assert_int_equal(client.hot_y, 63);
	assert_int_equal(client.cursor[1], 1);
	assert_int_equal(client.cursor_mask[0], 0x6d);
	assert_int_equal(client.pixels[101 + 100 * 320], rfb_fake.pixels[101 + 100 * 320]);
	/* It moves: nothing to send. */
	rfb_fake.cursor_x = 50;
	rfb_damage(&client.server, &where, true);
	request_all(true);
	assert_int_equal(client_receive(), 0);
	/* It looks different. */
	rfb_fake.cursor[5] = 0xff123456;
	rfb_damage(&client.server, &where, true);
	assert_int_equal(client_receive(), 1);
	assert_int_equal(client.cursors, 2);
	assert_int_equal(client.cursor[5], 0x123456);
	/* It goes. */
	rfb_fake.has_cursor = false;
	rfb_damage(&client.server, &where, true);
	request_all(true);
	assert_int_equal(client_receive(), 1);
	assert_int_equal(client.cursor_width, 0);
	compare(&native);
	client_close();
}

/* A client that no longer draws it gets it in its picture again. */
static void test_cursor_given_up(void **state)
{
	static const s32 encodings[] = { HEXTILE, CURSOR };
	const struct rect corner = { 319, 239, 1, 1 };
	u32 hextiles;

	(void)state;
	rfb_fake_reset(320, 240);
	paint_all();
	rfb_fake.has_cursor = true;
	memset(rfb_fake.cursor, 0xff, sizeof(rfb_fake.cursor));
	client_open();
	client_encodings(encodings, 2);
	send_pointer(0, 5, 5);
	request_all(false);
	client_receive();
	assert_int_equal(client.cursors, 1);
	hextiles = client.hextiles;
	/* The list may come in pieces: nothing is given up before it is whole. */
	request_all(true);
	client_send("\2\0\0\2\0\0\0\5", 8);
	rfb_damage(&client.server, &corner, false);
	assert_int_equal(client_receive(), 1);
	assert_int_equal(client.hextiles, hextiles + 1);
	client_send("\377\377\377\021", 4);
	request_all(true);
	assert_int_equal(client_receive(), 0);
	client_encodings(encodings, 1);
	assert_int_equal(client_receive(), 1);
	compare(&native);
	client_encodings(encodings, 2);
	request_all(true);
	client_receive();
	assert_int_equal(client.cursors, 2);
	client_close();
}

/* Without the encoding it stays part of the picture. */
static void test_cursor_not_wanted(void **state)
{
	struct rect where = { 100, 100, 64, 64 };

	(void)state;
	rfb_fake_reset(320, 240);
	rfb_fake.has_cursor = true;
	rfb_fake.cursor_x = rfb_fake.cursor_y = 100;
	memset(rfb_fake.cursor, 0xff, sizeof(rfb_fake.cursor));
	client_open();
	send_pointer(0, 5, 5);
	request_all(false);
	client_receive();
	compare(&native);
	rfb_damage(&client.server, &where, true);
	rfb_fake.cursor_x = 10;
	where.x = 10;
	rfb_damage(&client.server, &where, true);
	request_all(true);
	client_receive();
	compare(&native);
	client_close();
}

static void test_large_pictures(void **state)
{
	static const s32 encodings[] = { COPYRECT, ZRLE, RESIZE };

	(void)state;
	/* Too large to look for moves. */
	rfb_fake_reset(2048, 2048);
	rfb_fake_text(0, 128, 1);
	client_open();
	client_encodings(encodings, 3);
	request_all(false);
	client_receive();
	rfb_fake_text(0, 128, 2);
	damage(0, 0, 2048, 2048);
	request_all(true);
	client_receive();
	compare(&native);
	assert_int_equal(client.copies, 0);
	client_close();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_encodings),
		cmocka_unit_test(test_noise_fits),
		cmocka_unit_test(test_first_known_encoding_wins),
		cmocka_unit_test(test_colour_map),
		cmocka_unit_test(test_damage_driven),
		cmocka_unit_test(test_part_requested),
		cmocka_unit_test(test_slow_client_coalesces),
		cmocka_unit_test(test_scroll_is_a_copy),
		cmocka_unit_test(test_random_changes),
		cmocka_unit_test(test_resize),
		cmocka_unit_test(test_resize_not_wanted),
		cmocka_unit_test(test_resize_meanwhile),
		cmocka_unit_test(test_cursor),
		cmocka_unit_test(test_cursor_given_up),
		cmocka_unit_test(test_cursor_not_wanted),
		cmocka_unit_test(test_large_pictures),
	};

	chance = random_seeded("rfb");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
