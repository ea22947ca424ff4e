/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/* abi/range.h against 128-bit arithmetic, on random values and on those around the edges. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <abi/range.h>
#include "random.h"

#define ROUNDS 2000000

typedef unsigned __int128 u128;

/* Small, near 2^32, near 2^63, near 2^64, or anything. */
static u64 edge(struct random *r)
{
	static const u64 bases[] = { 0, 1ULL << 32, 1ULL << 63, ~0ULL };
	u64 value = random_next(r);

	if (value & 1)
		return random_next(r);
	return bases[random_below(r, ARRAY_SIZE(bases))] + random_below(r, 9) - 4;
}

static void test_ranges(void **state)
{
	struct random r = random_seeded("range");

	(void)state;
	for (u32 i = 0; i < ROUNDS; i++) {
		u64 a = edge(&r), alen = edge(&r), b = edge(&r), blen = edge(&r);
		bool inside = a >= b && (u128)a + alen <= (u128)b + blen;

		assert_int_equal(range_within(a, alen, b), (u128)a + alen <= b);
		assert_int_equal(range_inside(a, alen, b, blen), inside);
		bool overlaps =
			alen && blen && (u128)a < (u128)b + blen && (u128)b < (u128)a + alen;

		assert_int_equal(range_overlaps(a, alen, b, blen), overlaps);
	}
}

static void test_rectangles(void **state)
{
	struct random r = random_seeded("rectangle");

	(void)state;
	for (u32 i = 0; i < ROUNDS; i++) {
		struct rect rect = { (u32)edge(&r), (u32)edge(&r), (u32)edge(&r), (u32)edge(&r) };
		u32 width = (u32)edge(&r), height = (u32)edge(&r);
		bool within =
			(u64)rect.x + rect.width <= width && (u64)rect.y + rect.height <= height;

		assert_int_equal(rect_within(&rect, width, height), within);
		assert_int_equal(rect_empty(&rect), (u64)rect.width * rect.height == 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ranges),
		cmocka_unit_test(test_rectangles),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
