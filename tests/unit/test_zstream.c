/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/* sources: dm/display/zstream.c tests/unit/dm_stubs.c */
/* libs: -lz */
/*
 * Streams as VNC and PNG use them: what comes out inflates to what went in, in pieces that never
 * grow beyond ZSTREAM_BOUND, whatever the pieces are; and what does not fit is told.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include "dm/display/zstream.h"

#define MOST 40000

static struct zstream stream;
static u8 in[MOST], packed[ZSTREAM_BOUND(MOST)], got[MOST];

/* Kinds: equal bytes, noise, noise of few values, noise with repetitions, text that repeats. */
static void fill(u32 kind, size_t len)
{
	static u32 seed = 1;

	for (size_t i = 0; i < len; i++) {
		seed = seed * 1664525 + 1013904223;
		in[i] = kind == 0   ? 0x55
			: kind == 1 ? (u8)(seed >> 24)
			: kind == 2 ? (u8)(seed >> 28)
			: kind == 3 ? (u8)(seed >> 31 && i > 3 ? in[i - 4] : seed >> 24)
				    : (u8)(i % 97 * 31);
	}
}

static void pieces_come_back(int level, const size_t *lens, u32 count)
{
	z_stream z = { 0 };

	zstream_begin(&stream, level);
	assert_int_equal(inflateInit(&z), Z_OK);
	for (u32 i = 0; i < 5 * count; i++) {
		size_t len = lens[i / 5];
		u8 *to = packed;

		fill(i % 5, len);
		assert_int_equal(zstream_add(&stream, in, len, Z_SYNC_FLUSH, &to,
					     packed + ZSTREAM_BOUND(len)),
				 0);
		z.next_in = packed;
		z.avail_in = (uInt)(to - packed);
		z.next_out = got;
		z.avail_out = sizeof(got);
		assert_int_equal(inflate(&z, Z_SYNC_FLUSH), Z_OK);
		assert_int_equal(z.avail_in, 0);
		assert_int_equal(sizeof(got) - z.avail_out, len);
		assert_memory_equal(got, in, len);
	}
	inflateEnd(&z);
}

static void keeps_its_bound(void **state)
{
	static const size_t lens[] = { 1,    2,	   3,	 7,	64,    255,   1024,
				       8191, 8192, 8193, 16384, 32768, 32776, MOST };

	(void)state;
	for (int level = 1; level <= 9; level++)
		pieces_come_back(level, lens, ARRAY_SIZE(lens));
}

static void tells_what_does_not_fit(void **state)
{
	u8 *to = packed;

	(void)state;
	fill(1, MOST);
	zstream_begin(&stream, 4);
	assert_int_equal(zstream_add(&stream, in, MOST, Z_FINISH, &to, packed + 1000), -ENOMEM);
	assert_ptr_equal(to, packed + 1000);
	assert_int_equal(zstream_add(&stream, in, MOST, Z_FINISH, &to, packed + 1000), -ENOMEM);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keeps_its_bound),
		cmocka_unit_test(tells_what_does_not_fit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
