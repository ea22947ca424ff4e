/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/* See rfb_client.h. What is not as it must be fails the test. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include "dm/remote/des.h"
#include "rfb_client.h"
#include "rfb_fake.h"

struct rfb_client client;

/* ---- Bytes from the server. The server's work is done when they are wanted. */

static u8 buffer[64 << 20];
static size_t filled, at;

static void pull(void)
{
	const u8 *data;
	size_t n;

	for (;;) {
		n = rfb_pending(&client.server, &data);
		if (!n && rfb_due(&client.server) <= client.now) {
			rfb_work(&client.server, client.now);
			continue;
		}
		if (!n)
			return;
		n = MIN(n, 1 + client.now % 5000); /* in pieces of any size */
		assert_true(filled + n <= sizeof(buffer));
		memcpy(buffer + filled, data, n);
		filled += n;
		rfb_sent(&client.server, n);
		client.now++;
	}
}

static const u8 *need(size_t n)
{
	const u8 *data = buffer + at;

	if (filled - at < n)
		pull();
	assert_true(filled - at >= n);
	at += n;
	client.bytes_received += (u32)n;
	return data;
}

static u32 need8(void)
{
	return *need(1);
}

static u32 need16(void)
{
	const u8 *p = need(2);

	return (u32)p[0] << 8 | p[1];
}

static u32 need32(void)
{
	u32 high = need16();

	return high << 16 | need16();
}

static u32 pixel_at(const u8 *p)
{
	u32 value = 0;

	for (u32 i = 0; i < client.bytes; i++)
		value |= (u32)p[i] << 8 * (client.big_endian ? client.bytes - 1 - i : i);
	return value;
}

static u32 need_pixel(void)
{
	return pixel_at(need(client.bytes));
}

static void put(u32 x, u32 y, u32 pixel)
{
	client.pixels[y * client.width + x] = pixel;
}

/* ---- Encodings */

static void take_raw(const struct rect *r)
{
	for (u32 y = 0; y < r->height; y++)
		for (u32 x = 0; x < r->width; x++)
			put(r->x + x, r->y + y, need_pixel());
	client.raws++;
}

static void take_copy(const struct rect *r)
{
	u32 from_x = need16(), from_y = need16();
	u32 *all = malloc(sizeof(u32) * client.width * client.height);
	struct rect from = { from_x, from_y, r->width, r->height };

	assert_true(rect_within(&from, client.width, client.height));
	memcpy(all, client.pixels, sizeof(u32) * client.width * client.height);
	for (u32 y = 0; y < r->height; y++)
		for (u32 x = 0; x < r->width; x++)
			put(r->x + x, r->y + y, all[(from_y + y) * client.width + from_x + x]);
	free(all);
	client.copies++;
}

static void fill(u32 left, u32 top, u32 width, u32 height, u32 pixel)
{
	for (u32 y = top; y < top + height; y++)
		for (u32 x = left; x < left + width; x++)
			put(x, y, pixel);
}

static void take_hextile(const struct rect *r)
{
	u32 background = 0xdead, foreground = 0xdead;

	for (u32 y = 0; y < r->height; y += 16) {
		for (u32 x = 0; x < r->width; x += 16) {
			u32 w = MIN(16, r->width - x), h = MIN(16, r->height - y);
			u32 kind = need8(), n;

			if (kind & 1) {
				struct rect tile = { r->x + x, r->y + y, w, h };

				take_raw(&tile);
				client.raws--;
				background = foreground = 0xdead;
				continue;
			}
			background = kind & 2 ? need_pixel() : background;
			foreground = kind & 4 ? need_pixel() : foreground;
			fill(r->x + x, r->y + y, w, h, background);
			n = kind & 8 ? need8() : 0;
			for (u32 i = 0; i < n; i++) {
				u32 pixel = kind & 16 ? need_pixel() : foreground;
				u32 place = need8(), size = need8();
				struct rect part = { place >> 4, place & 15, (size >> 4) + 1,
						     (size & 15) + 1 };

				assert_true(rect_within(&part, w, h));
				fill(r->x + x + part.x, r->y + y + part.y, part.width, part.height,
				     pixel);
			}
			foreground = kind & 16 ? 0xdead : foreground;
		}
	}
	client.hextiles++;
}

static u8 plain[1 << 20];
static u32 plain_len, plain_at;

static u32 packed8(void)
{
	assert_true(plain_at < plain_len);
	return plain[plain_at++];
}

static u32 packed_pixel(void)
{
	u32 value = 0;

	for (u32 i = 0; i < client.packed; i++)
		value |= packed8() << 8 * (client.big_endian ? client.packed - 1 - i : i);
	return value << client.packed_shift;
}

static u32 packed_run(void)
{
	u32 n = 1, byte;

	do {
		byte = packed8();
		n += byte;
	} while (byte == 255);
	return n;
}

static void packed_palette_tile(u32 x, u32 y, u32 w, u32 h, const u32 *palette, u32 count)
{
	u32 bits = count == 2 ? 1 : count <= 4 ? 2 : 4;

	for (u32 row = 0; row < h; row++) {
		u32 byte = 0, left = 0;

		for (u32 i = 0; i < w; i++) {
			if (!left) {
				byte = packed8();
				left = 8;
			}
			left -= bits;
			assert_true((byte >> left & ((1u << bits) - 1)) < count);
			put(x + i, y + row, palette[byte >> left & ((1u << bits) - 1)]);
		}
	}
}

static void run_tile(u32 x, u32 y, u32 w, u32 h, const u32 *palette, u32 count)
{
	for (u32 i = 0; i < w * h;) {
		u32 index = count ? packed8() : 0, pixel, n;

		assert_true(!count || (index & 0x7f) < count);
		pixel = count ? palette[index & 0x7f] : packed_pixel();
		n = count && !(index & 0x80) ? 1 : packed_run();
		assert_true(i + n <= w * h);
		for (; n; n--, i++)
			put(x + i % w, y + i / w, pixel);
	}
}

static void zrle_tile(u32 x, u32 y, u32 w, u32 h)
{
	u32 kind = packed8(), count = kind & 0x7f, palette[127];

	assert_true(kind <= 16 || kind == 128 || kind >= 130);
	for (u32 i = 0; i < count; i++)
		palette[i] = packed_pixel();
	if (kind == 0)
		for (u32 i = 0; i < w * h; i++)
			put(x + i % w, y + i / w, packed_pixel());
	else if (kind == 1)
		fill(x, y, w, h, palette[0]);
	else if (kind <= 16)
		packed_palette_tile(x, y, w, h, palette, count);
	else
		run_tile(x, y, w, h, palette, count);
}

static void take_zrle(const struct rect *r)
{
	u32 len = need32();
	const u8 *data = need(len);

	client.z.next_in = (u8 *)(uintptr_t)data;
	client.z.avail_in = len;
	client.z.next_out = plain;
	client.z.avail_out = sizeof(plain);
	assert_int_equal(inflate(&client.z, Z_SYNC_FLUSH), Z_OK);
	assert_int_equal(client.z.avail_in, 0);
	plain_len = (u32)sizeof(plain) - client.z.avail_out;
	plain_at = 0;
	for (u32 y = 0; y < r->height; y += 64)
		for (u32 x = 0; x < r->width; x += 64)
			zrle_tile(r->x + x, r->y + y, MIN(64, r->width - x),
				  MIN(64, r->height - y));
	assert_int_equal(plain_at, plain_len);
	client.zrles++;
}

static void take_cursor(const struct rect *r)
{
	u32 mask_bytes = (r->width + 7) / 8 * r->height;

	client.cursors++;
	client.cursor_width = r->width;
	client.hot_x = r->x;
	client.hot_y = r->y;
	assert_true(r->width <= RFB_CURSOR_SIZE && r->height <= RFB_CURSOR_SIZE);
	for (u32 i = 0; i < r->width * r->height; i++)
		client.cursor[i] = need_pixel();
	memcpy(client.cursor_mask, need(mask_bytes), mask_bytes);
}

static void take_size(const struct rect *r)
{
	client.width = r->width;
	client.height = r->height;
	memset(client.pixels, 0xee, sizeof(u32) * FAKE_MAX * FAKE_MAX);
	client.resizes++;
}

static void take_rect(void)
{
	u32 x = need16(), y = need16(), w = need16(), h = need16();
	struct rect r = { x, y, w, h };
	s32 encoding = (s32)need32();

	client.rects++;
	if (encoding == -223) {
		take_size(&r);
		return;
	}
	if (encoding == -239) {
		take_cursor(&r);
		return;
	}
	assert_true(rect_within(&r, client.width, client.height) && !rect_empty(&r));
	if (encoding == 0)
		take_raw(&r);
	else if (encoding == 1)
		take_copy(&r);
	else if (encoding == 5)
		take_hextile(&r);
	else if (encoding == 16)
		take_zrle(&r);
	else
		fail_msg("encoding %d", encoding);
}

static void take_map(void)
{
	need(1);
	assert_int_equal(need16(), 0);
	assert_int_equal(need16(), 256);
	need(256 * 6);
	client.maps++;
}

u32 client_receive(void)
{
	u32 before = client.updates;

	client.now += 1000000;
	for (pull(); at < filled; pull()) {
		u32 kind = need8(), n;

		if (kind == 1) {
			take_map();
			continue;
		}
		assert_int_equal(kind, 0);
		need(1);
		n = need16();
		assert_true(n > 0);
		client.updates++;
		while (n--)
			take_rect();
		client.now += 1000000;
	}
	filled = at = 0;
	return client.updates - before;
}

/* ---- What the client says */

void client_send(const void *data, size_t len)
{
	const u8 *p = data;

	while (len) {
		size_t n = MIN(len, 1 + client.now % 7);

		rfb_input(&client.server, p, n, client.now++);
		p += n;
		len -= n;
	}
}

void client_encodings(const s32 *encodings, u32 count)
{
	u8 message[4 + 4 * 64] = { 2, 0, (u8)(count >> 8), (u8)count };

	for (u32 i = 0; i < count; i++)
		for (u32 k = 0; k < 4; k++)
			message[4 + 4 * i + k] = (u8)((u32)encodings[i] >> (24 - 8 * k));
	client_send(message, 4 + 4 * (size_t)count);
}

void client_format(u8 bits, u8 depth, bool big, bool mapped, const u16 max[3], const u8 shift[3])
{
	u8 message[20] = { 0, 0, 0, 0, bits, depth, big, !mapped };
	u32 used = 0;

	for (u32 i = 0; i < 3; i++) {
		message[8 + 2 * i] = (u8)(max[i] >> 8);
		message[9 + 2 * i] = (u8)max[i];
		message[14 + i] = shift[i];
		used |= (u32)max[i] << shift[i];
	}
	client_send(message, sizeof(message));
	client.bytes = bits / 8;
	client.big_endian = big;
	client.packed = client.bytes;
	client.packed_shift = 0;
	if (bits == 32 && depth <= 24 && !(used & 0xff000000)) {
		client.packed = 3;
	} else if (bits == 32 && depth <= 24 && !(used & 0xff)) {
		client.packed = 3;
		client.packed_shift = 8;
	}
}

void client_request(bool incremental, u32 x, u32 y, u32 width, u32 height)
{
	const u8 message[10] = { 3,
				 incremental,
				 (u8)(x >> 8),
				 (u8)x,
				 (u8)(y >> 8),
				 (u8)y,
				 (u8)(width >> 8),
				 (u8)width,
				 (u8)(height >> 8),
				 (u8)height };

	client_send(message, sizeof(message));
}

void client_response(const char *password, const u8 challenge[16], u8 response[16])
{
	u64 key = 0;

	for (u32 i = 0; i < 64; i++) {
		u32 len = (u32)strlen(password), byte = i / 8 < len ? (u8)password[i / 8] : 0;

		key = key << 1 | (byte >> i % 8 & 1);
	}
	for (u32 i = 0; i < 2; i++) {
		u64 block = 0;

		for (u32 k = 0; k < 8; k++)
			block = block << 8 | challenge[8 * i + k];
		block = des_encrypt(key, block);
		for (u32 k = 0; k < 8; k++)
			response[8 * i + k] = (u8)(block >> (56 - 8 * k));
	}
}

void client_open(void)
{
	const u64 random[2] = { 0x0123456789abcdef, 0xfedcba9876543210 };
	u8 response[16];

	memset(&client, 0, sizeof(client));
	client.pixels = calloc(FAKE_MAX, FAKE_MAX * sizeof(u32));
	assert_int_equal(inflateInit(&client.z), Z_OK);
	filled = at = 0;
	rfb_open(&client.server, &rfb_fake_screen, NULL, "Oriel test", "secret", random,
		 client.now);
	assert_memory_equal(need(12), "RFB 003.008\n", 12);
	client_send("RFB 003.008\n", 12);
	assert_memory_equal(need(2), "\1\2", 2);
	client_send("\2", 1);
	client_response("secret", need(16), response);
	client_send(response, 16);
	assert_int_equal(need32(), 0);
	client_send("\1", 1);
	client.width = need16();
	client.height = need16();
	need(16);
	assert_memory_equal(need(need32()), "Oriel test", 10);
	client_format(32, 24, false, false, (const u16[]){ 255, 255, 255 },
		      (const u8[]){ 16, 8, 0 });
	filled = at = 0;
}

void client_close(void)
{
	rfb_close(&client.server);
	inflateEnd(&client.z);
	free(client.pixels);
}
