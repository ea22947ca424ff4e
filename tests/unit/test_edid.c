/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/* sources: dm/devices/edid.c tests/unit/dm_stubs.c */
/*
 * The EDID: checksums, the preferred timing, and what edid-decode (when it is installed) says.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "dm/devices/edid.h"

#define DISPLAYID_TIMING 38 /* in its block */

static const struct edid_monitor modes[] = {
	{ 640, 480, 60, 169, 127, 1 },	   { 800, 600, 60, 211, 158, 1 },
	{ 1024, 768, 60, 270, 203, 1 },	   { 1280, 720, 60, 338, 190, 1 },
	{ 1280, 800, 60, 338, 211, 1 },	   { 1280, 1024, 75, 338, 270, 1 },
	{ 1366, 768, 60, 361, 203, 1 },	   { 1920, 1080, 60, 508, 285, 1 },
	{ 1920, 1080, 240, 508, 285, 1 },  { 1920, 1200, 50, 508, 317, 1 },
	{ 2560, 1440, 60, 677, 381, 1 },   { 2560, 1440, 144, 677, 381, 1 },
	{ 3840, 2160, 30, 1016, 571, 1 },  { 3840, 2160, 60, 1016, 571, 1 },
	{ 3840, 2160, 120, 1016, 571, 1 }, { 1000, 700, 40, 264, 185, 1 },
	{ 720, 1280, 60, 190, 338, 1 },	   { 5120, 2160, 60, 1354, 571, 123456 },
	{ 5120, 1440, 144, 1193, 336, 1 }, { 7680, 4320, 60, 2032, 1143, 1 },
	{ 4095, 4095, 30, 1083, 1083, 1 }, { 64, 64, 60, 17, 17, 1 },
	{ 320, 200, 60, 85, 53, 1 },
};

static void checks(const u8 *block)
{
	u8 sum = 0;

	for (u32 i = 0; i < 128; i++)
		sum = (u8)(sum + block[i]);
	assert_int_equal(sum, 0);
}

static u32 pair(const u8 *d)
{
	return d[0] | (u32)d[1] << 8;
}

struct mode {
	u32 width, height, refresh;
};

static struct mode of_timing(u32 width, u32 height, u32 h_blank, u32 v_blank, u64 clock)
{
	u64 total = (u64)(width + h_blank) * (height + v_blank);

	return (struct mode){ width, height, (u32)((clock * 10000 + total / 2) / total) };
}

static struct mode base_mode(const u8 *d)
{
	return of_timing(d[2] | (u32)(d[4] >> 4) << 8, d[5] | (u32)(d[7] >> 4) << 8,
			 d[3] | (d[4] & 15u) << 8, d[6] | (d[7] & 15u) << 8, pair(d));
}

static struct mode displayid_mode(const u8 *d)
{
	assert_int_equal(d[3] & 0x80, 0x80);
	return of_timing(pair(d + 4) + 1, pair(d + 12) + 1, pair(d + 6) + 1, pair(d + 14) + 1,
			 (pair(d) | (u64)d[2] << 16) + 1);
}

static void prefers_the_configured_mode(void **state)
{
	(void)state;
	for (u32 i = 0; i < ARRAY_SIZE(modes); i++) {
		u8 e[EDID_MAX];
		u32 len = edid_make(e, &modes[i]);
		struct mode mode = base_mode(e + 54);

		assert_int_equal(len, 128 * (e[126] + 1u));
		for (u32 at = 0; at < len; at += 128)
			checks(e + at);
		if (len == EDID_MAX) {
			assert_true(mode.width <= modes[i].width);
			assert_true(mode.refresh <= 60);
			mode = displayid_mode(e + 256 + DISPLAYID_TIMING);
		}
		assert_int_equal(mode.width, modes[i].width);
		assert_int_equal(mode.height, modes[i].height);
		assert_int_equal(mode.refresh, modes[i].refresh);
	}
}

static void has_a_third_block_when_needed(void **state)
{
	const struct edid_monitor wide = { 4096, 2160, 60, 1, 1, 1 };
	const struct edid_monitor fast = { 3840, 2160, 80, 1, 1, 1 };
	const struct edid_monitor plain = { 3840, 2160, 60, 1, 1, 1 };
	u8 e[EDID_MAX];

	(void)state;
	assert_int_equal(edid_make(e, &plain), 256);
	assert_int_equal(edid_make(e, &wide), 384);
	assert_int_equal(edid_make(e, &fast), 384);
}

static void passes_edid_decode(void **state)
{
	(void)state;
	if (system("command -v edid-decode >/dev/null"))
		skip();
	for (u32 i = 0; i < ARRAY_SIZE(modes); i++) {
		u8 e[EDID_MAX];
		u32 len = edid_make(e, &modes[i]);
		char command[128], path[] = "/tmp/edid-XXXXXX";
		int fd = mkstemp(path), status;
		FILE *f = fdopen(fd, "wb");

		assert_int_equal(fwrite(e, 1, len, f), len);
		fclose(f);
		snprintf(command, sizeof(command), "edid-decode --check %s >%s.txt 2>&1", path,
			 path);
		status = system(command);
		if (status) {
			snprintf(command, sizeof(command), "cat %s.txt", path);
			assert_int_equal(system(command), 0);
		}
		snprintf(command, sizeof(command), "rm -f %s %s.txt", path, path);
		assert_int_equal(system(command), 0);
		assert_int_equal(status, 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(prefers_the_configured_mode),
		cmocka_unit_test(has_a_third_block_when_needed),
		cmocka_unit_test(passes_edid_decode),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
