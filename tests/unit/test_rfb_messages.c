/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/* as: test_rfb */
/* libs: -lz */
/*
 * What RFB clients say: handshakes of all versions, right and wrong; messages at and past their
 * limits; keys and pointers; clients that take too long.
 */
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

#define SECOND 1000000ULL

static const u64 chance[2] = { 1, 0x8000000000000001 };
static struct rfb server;
static u64 now;

static void say(const void *data, size_t len)
{
	rfb_input(&server, data, len, now);
}

/* What is pending must be exactly this. */
static void expect(const void *want, size_t len)
{
	const u8 *data;

	assert_int_equal(rfb_pending(&server, &data), len);
	assert_memory_equal(data, want, len);
	rfb_sent(&server, len);
}

static void begin(const char *password)
{
	rfb_open(&server, &rfb_fake_screen, NULL, "a guest", password, chance, now);
	expect("RFB 003.008\n", 12);
}

static void expect_challenge(u8 challenge[16])
{
	const u8 *data;

	assert_int_equal(rfb_pending(&server, &data), 16);
	memcpy(challenge, data, 16);
	rfb_sent(&server, 16);
}

static void answer(const char *password)
{
	u8 challenge[16], response[16];

	expect_challenge(challenge);
	client_response(password, challenge, response);
	say(response, 16);
}

/* The same, and waits for the judgement. */
static void answer_and_wait(const char *password)
{
	const u8 *data;

	answer(password);
	if (rfb_pending(&server, &data))
		return;
	now = rfb_check(&server, now);
	rfb_check(&server, now);
}

/* Up to the challenge, in that version. */
static void greet(const char *version, const char *password)
{
	begin(password);
	say(version, 12);
	if (memcmp(version + 8, "007", 3) == 0 || memcmp(version + 8, "008", 3) == 0) {
		expect("\1\2", 2);
		say("\2", 1);
	} else {
		const u8 *data;

		assert_int_equal(rfb_pending(&server, &data), 20);
		assert_memory_equal(data, "\0\0\0\2", 4);
		rfb_sent(&server, 4);
	}
}

static void log_in(void)
{
	rfb_fake_reset(640, 480);
	greet("RFB 003.008\n", "secret");
	answer("secret");
	expect("\0\0\0\0", 4);
	say("\0", 1);
	expect("\2\200\1\340\40\30\0\1\0\377\0\377\0\377\20\10\0\0\0\0\0\0\0\7a guest", 31);
	assert_true(rfb_is_authenticated(&server));
}

static void test_des(void **state)
{
	(void)state;
	assert_true(des_encrypt(0x133457799bbcdff1, 0x0123456789abcdef) == 0x85e813540f0ab405);
	assert_true(des_encrypt(0x0101010101010101, 0x8000000000000000) == 0x95f8a5e5dd31d900);
	assert_true(des_encrypt(0x7ca110454a1a6e57, 0x01a1d6d039776742) == 0x690f5b0d9a26939b);
}

static void test_versions(void **state)
{
	static const char *const versions[] = { "RFB 003.003\n", "RFB 003.005\n", "RFB 003.007\n",
						"RFB 003.008\n", "RFB 003.889\n" };

	(void)state;
	for (u32 i = 0; i < ARRAY_SIZE(versions); i++) {
		greet(versions[i], "secret");
		answer("secret");
		expect("\0\0\0\0", 4);
		assert_int_equal(server.end, RFB_OPEN);
		assert_false(rfb_is_authenticated(&server));
	}
}

static void test_other_versions_are_refused(void **state)
{
	static const char *const versions[] = { "RFB 004.001\n",	 "HTTP/1.1 GET",
						"RFB 003.008 ",		 "RFB 003.00x\n",
						"RFB 003. 08\n",	 "RFB 003.-08\n",
						"\0\0\0\0\0\0\0\0\0\0\0" };

	(void)state;
	for (u32 i = 0; i < ARRAY_SIZE(versions); i++) {
		begin("secret");
		say(versions[i], 12);
		assert_int_equal(server.end, RFB_MALFORMED);
	}
	begin("secret");
	say("RFB 003.008\n", 12);
	expect("\1\2", 2);
	say("\1", 1); /* no authentication */
	assert_int_equal(server.end, RFB_MALFORMED);
}

static void test_passwords(void **state)
{
	static const struct {
		const char *set, *given;
		bool right;
	} cases[] = {
		{ "secret", "secret", true },		{ "secret", "secre", false },
		{ "secret", "secretx", false },		{ "secret", "", false },
		{ "secret", "Secret", false },		{ "12345678", "12345678", true },
		{ "1234567890", "12345678", true },	{ "1234567890", "1234567", false },
		{ "\303\274ber", "\303\274ber", true },
	};

	(void)state;
	for (u32 i = 0; i < ARRAY_SIZE(cases); i++) {
		greet("RFB 003.008\n", cases[i].set);
		answer_and_wait(cases[i].given);
		assert_int_equal(server.end, cases[i].right ? RFB_OPEN : RFB_REFUSED);
	}
}

/* Later each time; in words in 3.8 only; and nothing is listened to meanwhile. */
static void test_refusals(void **state)
{
	static const char *const versions[] = { "RFB 003.003\n", "RFB 003.007\n", "RFB 003.008\n" };
	const u8 *data;

	(void)state;
	greet("RFB 003.008\n", "secret");
	answer_and_wait("secret"); /* forgets what failed before */
	for (u32 i = 0; i < 12; i++) {
		u64 due;

		greet(versions[i % 3], "secret");
		answer("wrong");
		say("\1\1\1\1\1\1\1", 7);
		assert_int_equal(rfb_pending(&server, &data), 0);
		due = rfb_check(&server, now);
		assert_true(due == now + 2 * SECOND * MIN(i + 1, 8));
		rfb_check(&server, due - 1);
		assert_int_equal(server.end, RFB_OPEN);
		rfb_check(&server, due);
		assert_int_equal(server.end, RFB_REFUSED);
		if (i % 3 == 2)
			expect("\0\0\0\1\0\0\0\16wrong password", 22);
		else
			expect("\0\0\0\1", 4);
		assert_false(rfb_is_authenticated(&server));
	}
	/* The right one has to wait as well, once. */
	greet("RFB 003.008\n", "secret");
	answer("secret");
	assert_int_equal(rfb_pending(&server, &data), 0);
	now = rfb_check(&server, now);
	rfb_check(&server, now);
	expect("\0\0\0\0", 4);
	greet("RFB 003.008\n", "secret");
	answer("secret");
	expect("\0\0\0\0", 4);
}

/* Messages, after the type, that end the connection; others that do not. */
static void test_limits(void **state)
{
	static const struct {
		const char *bytes;
		u32 len;
		bool good;
	} cases[] = {
		{ "\1", 1, false },
		{ "\7", 1, false },
		{ "\10", 1, false },
		{ "\372", 1, false },
		{ "\377", 1, false },
		/* bits a pixel */
		{ "\0\0\0\0\0\0\0\1\0\377\0\377\0\377\0\0\0\0\0\0", 20, false },
		{ "\0\0\0\0\1\1\0\1\0\1\0\1\0\1\0\0\0\0\0\0", 20, false },
		{ "\0\0\0\0\30\30\0\1\0\377\0\377\0\377\20\10\0\0\0\0", 20, false },
		{ "\0\0\0\0\41\30\0\1\0\377\0\377\0\377\20\10\0\0\0\0", 20, false },
		{ "\0\0\0\0\377\30\0\1\0\377\0\377\0\377\20\10\0\0\0\0", 20, false },
		{ "\0\0\0\0\40\30\0\1\0\377\0\377\0\377\20\10\0\0\0\0", 20, true },
		/* depth */
		{ "\0\0\0\0\40\40\0\1\0\377\0\377\0\377\20\10\0\0\0\0", 20, true },
		{ "\0\0\0\0\40\41\0\1\0\377\0\377\0\377\20\10\0\0\0\0", 20, false },
		/* shifts: the last bit, and past it */
		{ "\0\0\0\0\40\30\0\1\0\377\0\377\0\377\30\10\0\0\0\0", 20, true },
		{ "\0\0\0\0\40\30\0\1\0\377\0\377\0\377\31\10\0\0\0\0", 20, false },
		{ "\0\0\0\0\40\30\0\1\0\377\0\377\0\377\40\10\0\0\0\0", 20, false },
		{ "\0\0\0\0\40\30\0\1\0\377\0\377\0\377\377\10\0\0\0\0", 20, false },
		{ "\0\0\0\0\20\20\0\1\0\37\0\77\0\37\13\5\0\0\0\0", 20, true },
		{ "\0\0\0\0\20\20\0\1\0\77\0\77\0\37\13\5\0\0\0\0", 20, false },
		{ "\0\0\0\0\20\20\0\1\377\377\0\0\0\0\0\0\0\0\0\0", 20, true },
		/* colour maps */
		{ "\0\0\0\0\10\10\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 20, true },
		{ "\0\0\0\0\20\10\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 20, false },
		/* encodings: none, and too many */
		{ "\2\0\0\0", 4, true },
		{ "\2\0\4\1", 4, false },
		{ "\2\0\377\377", 4, false },
		/* cut text: none, and too much, also with the highest bit as extensions have it */
		{ "\6\0\0\0\0\0\0\0", 8, true },
		{ "\6\0\0\0\0\20\0\1", 8, false },
		{ "\6\0\0\0\177\377\377\377", 8, false },
		{ "\6\0\0\0\200\0\0\0", 8, false },
		{ "\6\0\0\0\377\377\377\377", 8, false },
	};

	(void)state;
	for (u32 i = 0; i < ARRAY_SIZE(cases); i++) {
		log_in();
		say(cases[i].bytes, cases[i].len);
		if ((server.end == RFB_OPEN) != cases[i].good)
			fail_msg("case %u", i);
		if (cases[i].good) {
			say("\4\1\0\0\0\0\0a", 8); /* still understood */
			assert_string_equal(rfb_fake.notes, "+1e ");
		}
	}
}

static void test_long_messages(void **state)
{
	static u8 bytes[MIB(1)];

	(void)state;
	log_in();
	say("\2\0\4\0", 4);
	for (u32 i = 0; i < 1024; i++)
		say("\0\0\0\5", 4);
	say("\6\0\0\0\0\20\0\0", 8);
	memset(bytes, 4, sizeof(bytes));
	say(bytes, sizeof(bytes));
	say("\4\1\0\0\0\0\0a", 8);
	assert_string_equal(rfb_fake.notes, "+1e ");
	assert_int_equal(server.end, RFB_OPEN);
}

static void press(u32 keysym, bool down)
{
	const u8 message[8] = {
		4, down, 0, 0, (u8)(keysym >> 24), (u8)(keysym >> 16), (u8)(keysym >> 8), (u8)keysym
	};

	say(message, sizeof(message));
}

static void expect_keys(const char *notes)
{
	assert_string_equal(rfb_fake.notes, notes);
	rfb_fake.notes[0] = 0;
}

static void test_keys(void **state)
{
	enum { SHIFT = 0xffe1, CTRL = 0xffe3, CAPS = 0xffe5, LEVEL3 = 0xfe03 };

	(void)state;
	log_in();
	press('a', true);
	press('a', false);
	expect_keys("+1e -1e ");
	/* As a US keyboard types it. */
	press(SHIFT, true);
	press('A', true);
	press('A', false);
	press(SHIFT, false);
	expect_keys("+2a +1e -1e -2a ");
	/* A keyboard that has / on shift and 7. */
	press(SHIFT, true);
	press('/', true);
	press('/', false);
	press(SHIFT, false);
	expect_keys("+2a -2a +35 +2a -35 -2a ");
	/* One that has " without shift. */
	press('"', true);
	press('"', false);
	expect_keys("+2a +28 -2a -28 ");
	/* Caps lock is in the letters already. */
	press(CAPS, true);
	press(CAPS, false);
	press('Q', true);
	press('Q', false);
	expect_keys("+2a +10 -2a -10 ");
	press(LEVEL3, true);
	press('@', true);
	press('@', false);
	press(LEVEL3, false);
	expect_keys("+2a +3 -2a -3 ");
	/* With control it is the key that counts. */
	press(CTRL, true);
	press('C', true);
	press('C', false);
	press(CTRL, false);
	expect_keys("+1d +2e -2e -1d ");
	/* Shift went up first: the key ends under another name. */
	press(SHIFT, true);
	press('!', true);
	press(SHIFT, false);
	press('1', false);
	expect_keys("+2a +2 -2a -2 ");
	/* Keypad, functions, repeats; what there is no key for; releases of what was not pressed.
	 */
	press(0xffb7, true);
	press(0xffb7, true);
	press(0xffb7, false);
	press(0xff8d, true);
	press(0xff8d, false);
	press(0xffc7, true);
	press(0xffc7, false);
	press(0x20ac, true);
	press(0x20ac, false);
	press(0xffffffff, true);
	press('x', false);
	press(0xff0d, false);
	expect_keys("+8 +8 -8 +11c -11c +44 -44 ");
	/* What is held is released when the client goes. */
	press(SHIFT, true);
	press('a', true);
	rfb_close(&server);
	expect_keys("+2a -2a +1e +2a -1e -2a ");
}

static void point(u32 mask, u32 x, u32 y)
{
	const u8 message[6] = { 5, (u8)mask, (u8)(x >> 8), (u8)x, (u8)(y >> 8), (u8)y };

	say(message, sizeof(message));
}

static void test_pointer(void **state)
{
	(void)state;
	log_in();
	point(0, 10, 20);
	point(1, 10, 20);
	point(5, 11, 21);
	point(0, 65535, 65535);
	expect_keys("p10,20:0:0 p10,20:1:0 p11,21:5:0 p639,479:0:0 ");
	point(8, 0, 0);
	point(0, 0, 0);
	point(16, 0, 0);
	point(0xff, 0, 0);
	expect_keys("p0,0:0:1 p0,0:0:0 p0,0:0:-1 p0,0:7:1 ");
	rfb_close(&server);
	expect_keys("p0,0:0:0 ");
}

/* Each step of the handshake, and each message once begun, has its time. */
static void test_takes_too_long(void **state)
{
	static const char half[][2] = { "\0", "\2", "\3", "\4", "\5", "\6" };
	u8 challenge[16];

	(void)state;
	begin("secret");
	for (u32 i = 0; i < 11; i++) { /* a byte a second */
		say("RFB 003.008\n" + i, 1);
		now += SECOND;
		rfb_check(&server, now);
	}
	assert_int_equal(server.end, RFB_SLOW);
	begin("secret");
	say("RFB 003.008\n", 12);
	now = rfb_check(&server, now);
	rfb_check(&server, now);
	assert_int_equal(server.end, RFB_SLOW);
	greet("RFB 003.008\n", "secret");
	expect_challenge(challenge);
	assert_true(rfb_check(&server, now) > now + 60 * SECOND); /* it is being typed */
	now += 120 * SECOND;
	rfb_check(&server, now);
	assert_int_equal(server.end, RFB_SLOW);
	for (u32 i = 0; i < ARRAY_SIZE(half); i++) {
		log_in();
		assert_true(rfb_check(&server, now) == ~0ULL); /* it may be silent for ever */
		say(half[i], 1);
		now = rfb_check(&server, now);
		rfb_check(&server, now);
		assert_int_equal(server.end, RFB_SLOW);
	}
	log_in();
	say("\6\0\0\0\0\0\0\5abcd", 12);
	now = rfb_check(&server, now);
	rfb_check(&server, now);
	assert_int_equal(server.end, RFB_SLOW);
}

/* Takes n bytes every second for a minute, of a large picture. */
static void read_slowly(size_t n)
{
	const u8 *data;

	log_in();
	rfb_fake_noise(0, 0, 640, 480, 1);
	now += SECOND;
	say("\3\0\0\0\0\0\2\200\1\340", 10);
	for (u32 i = 0; i < 60 && server.end == RFB_OPEN; i++) {
		rfb_work(&server, now);
		rfb_work(&server, now);
		rfb_sent(&server, MIN(n, rfb_pending(&server, &data)));
		now += SECOND;
		rfb_check(&server, now);
		say("\4\1\0\0\0\0\0a", 8); /* being busy otherwise does not help */
	}
}

static void test_does_not_read(void **state)
{
	(void)state;
	read_slowly(0);
	assert_int_equal(server.end, RFB_SLOW);
	read_slowly(1);
	assert_int_equal(server.end, RFB_SLOW);
	read_slowly(1000);
	assert_int_equal(server.end, RFB_OPEN);
	read_slowly(100000);
	assert_int_equal(server.end, RFB_OPEN);
}

static void vast_size(void *ctx, u32 *width, u32 *height)
{
	(void)ctx;
	*width = RFB_MAX_SIZE;
	*height = 513 * RFB_TILE_HEIGHT;
}

static void vast_line(void *ctx, u32 x, u32 y, u32 count, bool without_cursor, u32 *out)
{
	(void)ctx, (void)x, (void)y, (void)without_cursor;
	memset(out, 0, 4 * count);
}

/* An update counts its rectangles in 16 bits: what is more comes with the next one. */
static void test_countless_rectangles(void **state)
{
	static const struct rfb_screen vast = { .size = vast_size, .line = vast_line };
	const u8 *data;
	u32 sum = 0;

	(void)state;
	log_in();
	server.screen = &vast;
	say("\2\0\0\1\377\377\377\041", 8); /* DesktopSize */
	say("\3\1\0\0\0\0\377\377\377\377", 10);
	now += SECOND;
	rfb_work(&server, now);
	rfb_sent(&server, rfb_pending(&server, &data));
	assert_int_equal(server.width, RFB_MAX_SIZE);
	memset(server.dirty, 0, sizeof(server.dirty));
	for (u32 row = 0; row < 513; row++) {
		for (u32 column = 0; column < 256; column += 2) {
			struct rect r = { column * 64, row * 16, 1, 1 };

			rfb_damage(&server, &r, false);
		}
	}
	for (u32 i = 0; i < 2; i++) {
		say("\3\1\0\0\0\0\377\377\377\377", 10);
		now += SECOND;
		rfb_work(&server, now);
		assert_int_equal(rfb_pending(&server, &data), 4);
		assert_int_equal(data[2] << 8 | data[3], server.units);
		sum += server.units;
		rfb_sent(&server, 4);
		server.units = 0; /* as if they were sent */
	}
	assert_int_equal(sum, 513 * 128);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_des),
		cmocka_unit_test(test_versions),
		cmocka_unit_test(test_other_versions_are_refused),
		cmocka_unit_test(test_passwords),
		cmocka_unit_test(test_refusals),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_long_messages),
		cmocka_unit_test(test_keys),
		cmocka_unit_test(test_pointer),
		cmocka_unit_test(test_takes_too_long),
		cmocka_unit_test(test_does_not_read),
		cmocka_unit_test(test_countless_rectangles),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
