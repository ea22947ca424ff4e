/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/* sources: dm/devices/edid.c */
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

int str_format(char *to, size_t size, const char *format, ...);

int str_format(char *to, size_t size, const char *format, ...)
{
	va_list args;
	int n;

	va_start(args, format);
	n = vsnprintf(to, size, format, args);
	va_end(args);
	return n;
}

static const u32 modes[][3] = {
	{ 640, 480, 60 },   { 800, 600, 60 },	{ 1024, 768, 60 },  { 1280, 720, 60 },
	{ 1280, 800, 60 },  { 1280, 1024, 75 }, { 1366, 768, 60 },  { 1920, 1080, 60 },
	{ 1920, 1200, 50 }, { 2560, 1440, 60 }, { 3840, 2160, 30 }, { 3840, 2160, 60 },
	{ 1000, 700, 40 },  { 720, 1280, 60 },
};

static void checks(const u8 *block)
{
	u8 sum = 0;

	for (u32 i = 0; i < 128; i++)
		sum = (u8)(sum + block[i]);
	assert_int_equal(sum, 0);
}

static void prefers_the_configured_mode(void **state)
{
	(void)state;
	for (u32 i = 0; i < ARRAY_SIZE(modes); i++) {
		u8 e[EDID_SIZE];
		const u8 *d = e + 54;
		u32 width, height, total, hz;

		edid_make(e, modes[i][0], modes[i][1], modes[i][2], 1);
		checks(e);
		checks(e + 128);
		width = d[2] | (u32)(d[4] >> 4) << 8;
		height = d[5] | (u32)(d[7] >> 4) << 8;
		assert_int_equal(width, modes[i][0]);
		assert_int_equal(height, modes[i][1]);
		total = (width + (d[3] | (d[4] & 15u) << 8)) *
			(height + (d[6] | (d[7] & 15u) << 8));
		hz = ((d[0] | (u32)d[1] << 8) * 10000 + total / 2) / total;
		assert_int_equal(hz, modes[i][2]);
	}
}

static void passes_edid_decode(void **state)
{
	(void)state;
	if (system("command -v edid-decode >/dev/null"))
		skip();
	for (u32 i = 0; i < ARRAY_SIZE(modes); i++) {
		u8 e[EDID_SIZE];
		char command[128], path[] = "/tmp/edid-XXXXXX";
		int fd = mkstemp(path), status;
		FILE *f = fdopen(fd, "wb");

		edid_make(e, modes[i][0], modes[i][1], modes[i][2], 1);
		assert_int_equal(fwrite(e, 1, sizeof(e), f), sizeof(e));
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
		cmocka_unit_test(passes_edid_decode),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
