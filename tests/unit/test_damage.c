/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/* sources: dm/display/damage.c dm/display/layout.c */
/*
 * Rectangles against a picture of bits, and layouts.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include "dm/display/damage.h"
#include "dm/display/layout.h"

#define SIDE 24

static struct rect random_rect(void)
{
	u32 x = (u32)rand() % SIDE, y = (u32)rand() % SIDE;

	return (struct rect){ x, y, (u32)rand() % (SIDE - x + 1), (u32)rand() % (SIDE - y + 1) };
}

static void draw(u8 *bits, const struct rect *r, u8 value)
{
	for (u32 y = r->y; y < r->y + r->height; y++)
		memset(bits + y * SIDE + r->x, value, r->width);
}

static void subtracts_like_bits(void **state)
{
	(void)state;
	srand(1);
	for (u32 round = 0; round < 20000; round++) {
		u8 want[SIDE * SIDE] = { 0 }, got[SIDE * SIDE] = { 0 };
		struct damage d = { .count = 1, .rects = { random_rect() } };

		draw(want, &d.rects[0], 1);
		for (u32 i = 0; i < 6; i++) {
			struct rect hole = random_rect();

			if (damage_subtract(&d, &hole))
				draw(want, &hole, 0);
		}
		for (u32 i = 0; i < d.count; i++) {
			const struct rect *r = &d.rects[i];

			for (u32 y = r->y; y < r->y + r->height; y++)
				for (u32 x = r->x; x < r->x + r->width; x++)
					assert_int_equal(got[y * SIDE + x]++, 0); /* disjoint */
		}
		assert_memory_equal(want, got, sizeof(want));
	}
}

static void refuses_too_many(void **state)
{
	struct damage d = { .count = 1, .rects = { { 0, 0, 1000, 1000 } } }, before;
	bool ok = true;

	(void)state;
	for (u32 i = 0; ok; i++) {
		struct rect hole = { 10 * i + 1, 10 * i + 1, 2, 2 };

		before = d;
		ok = damage_subtract(&d, &hole);
		assert_in_range(i, 0, 64);
	}
	assert_memory_equal(&before, &d, sizeof(d));
}

static void intersects_without_overflow(void **state)
{
	struct rect a = { ~0u - 1, 5, ~0u, ~0u }, b = { 0, 0, ~0u, ~0u }, c;

	(void)state;
	c = rect_intersect(&a, &b);
	assert_int_equal(c.x, ~0u - 1);
	assert_int_equal(c.width, 1);
	assert_int_equal(c.height, ~0u - 5);
	b.width = 0;
	c = rect_intersect(&a, &b);
	assert_true(rect_empty(&c));
}

static void fits_pictures(void **state)
{
	struct rect area = { 100, 50, 1280, 800 }, r;

	(void)state;
	r = layout_fit(&area, 1024, 768);
	assert_int_equal(r.x, 100 + 128);
	assert_int_equal(r.y, 50 + 16);
	assert_int_equal(r.width, 1024);
	assert_int_equal(r.height, 768);
	r = layout_fit(&area, 1279, 799);
	assert_int_equal(r.x, 100);
	r = layout_fit(&area, 2560, 800);
	assert_int_equal(r.width, 1280);
	assert_int_equal(r.height, 400);
	assert_int_equal(r.y, 50 + 200);
	r = layout_fit(&area, 16384, 1);
	assert_int_equal(r.height, 1);
	r = layout_fit(&area, 1, 16384);
	assert_int_equal(r.width, 1);
	assert_int_equal(r.height, 800);
	r = layout_fit(&area, 0, 5);
	assert_true(rect_empty(&r));
	for (u32 i = 0; i < 10000; i++) { /* never outside */
		r = layout_fit(&area, (u32)rand() % 16384 + 1, (u32)rand() % 16384 + 1);
		assert_true(r.width && r.height && r.x >= area.x && r.y >= area.y);
		r.x -= area.x;
		r.y -= area.y;
		assert_true(rect_within(&r, area.width, area.height));
	}
}

static void divides_the_panel(void **state)
{
	struct rect all = { 0, 0, 1280, 800 }, r;

	(void)state;
	for (u32 count = 1; count <= 128; count++) {
		for (u32 i = 0; i < count; i++) {
			r = layout_cell(&all, count, i);
			assert_true(rect_within(&r, 1280, 800) && !rect_empty(&r));
			for (u32 k = 0; k < i; k++) {
				struct rect other = layout_cell(&all, count, k);

				other = rect_intersect(&other, &r);
				assert_true(rect_empty(&other));
			}
		}
	}
	r = layout_cell(&all, 2, 1);
	assert_int_equal(r.x, 640);
	assert_int_equal(r.height, 800);
	for (u32 i = 0; i < 10; i++) {
		r = layout_corner(1280, 800, i);
		assert_true(rect_within(&r, 1280, 800));
	}
	r = layout_corner(1280, 800, 0);
	assert_int_equal(r.x, 1280 - 320 - 16);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(subtracts_like_bits),	       cmocka_unit_test(refuses_too_many),
		cmocka_unit_test(intersects_without_overflow), cmocka_unit_test(fits_pictures),
		cmocka_unit_test(divides_the_panel),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
