/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/* sources: hv/trap.c */

/* The trap tables: order, overlaps, layers, and lookups while another thread changes the table. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <pthread.h>
#include <string.h>
#include <cmocka.h>
#include "random.h"
#include "trap.h"

static struct trap_table table;

static enum trap_result nothing(void *ctx, struct vcpu *v, u64 offset, struct access *a)
{
	(void)ctx;
	(void)v;
	(void)offset;
	(void)a;
	return TRAP_DONE;
}

static int add(u64 base, u64 len)
{
	struct trap_region r = { .base = base, .len = len, .fn = nothing };

	return trap_add(&table, TRAP_MMIO, &r);
}

static bool found(u64 addr, u32 size, u64 base)
{
	struct trap_region r;

	return trap_find(&table, TRAP_MMIO, addr, size, &r) && r.base == base;
}

static bool nobody(u64 addr, u32 size)
{
	struct trap_region r;

	return !trap_find(&table, TRAP_MMIO, addr, size, &r);
}

static int setup(void **state)
{
	(void)state;
	memset(&table, 0, sizeof(table));
	return 0;
}

static void test_find(void **state)
{
	(void)state;
	assert_true(nobody(0, 1));
	assert_int_equal(add(0x3000, 0x1000), 0);
	assert_int_equal(add(0x1000, 0x1000), 0);
	assert_int_equal(add(0x2000, 0x800), 0);
	assert_true(nobody(0xfff, 1));
	assert_true(nobody(0xfff, 2));
	assert_true(found(0x1000, 1, 0x1000));
	assert_true(found(0x1ff8, 8, 0x1000));
	assert_true(nobody(0x1ffc, 8));
	assert_true(found(0x27ff, 1, 0x2000));
	assert_true(nobody(0x2800, 1));
	assert_true(found(0x3fff, 1, 0x3000));
	assert_true(nobody(0x4000, 1));
	assert_true(nobody(~0ULL, 8));
}

/* All that a region says is found, whatever was in the caller's structure before. */
static void test_whole(void **state)
{
	const struct trap_region takes = { 0x1000, 0x1000, nothing, &table, 0, true };
	const struct trap_region plain = { 0x2000, 0x1000, nothing, NULL, 4, false };
	struct trap_region r;

	(void)state;
	assert_int_equal(trap_add(&table, TRAP_MMIO, &takes), 0);
	assert_int_equal(trap_add(&table, TRAP_MMIO, &plain), 0);
	memset(&r, 0, sizeof(r));
	assert_true(trap_find(&table, TRAP_MMIO, 0x1000, 4, &r));
	assert_true(r.takes_blocks);
	assert_ptr_equal(r.ctx, &table);
	memset(&r, 1, sizeof(r));
	assert_true(trap_find(&table, TRAP_MMIO, 0x2000, 4, &r));
	assert_false(r.takes_blocks);
	assert_ptr_equal(r.ctx, NULL);
	assert_int_equal(r.word, 4);
}

static void test_refusals(void **state)
{
	(void)state;
	assert_int_equal(add(0x1000, 0), -EINVAL);
	assert_int_equal(add(~0ULL, 2), -EINVAL);
	assert_int_equal(add(0x1000, 0x1000), 0);
	assert_int_equal(add(0x1000, 0x1000), -EEXIST);
	assert_int_equal(add(0x1fff, 1), -EEXIST);
	assert_int_equal(add(0xfff, 2), -EEXIST);
	assert_int_equal(add(0, 0x10000), -EEXIST);
	assert_int_equal(add(0x2000, 1), 0);
	assert_int_equal(trap_remove(&table, TRAP_MMIO, 0x1001), -ENOENT);
	assert_int_equal(trap_remove(&table, TRAP_MMIO, 0x1000), 0);
	assert_int_equal(trap_remove(&table, TRAP_MMIO, 0x1000), -ENOENT);
	assert_true(nobody(0x1000, 1));
	assert_true(found(0x2000, 1, 0x2000));
	assert_true(trap_overlaps(&table, TRAP_MMIO, 0x1fff, 2));
	assert_false(trap_overlaps(&table, TRAP_MMIO, 0x1fff, 1));
}

static void test_full(void **state)
{
	(void)state;
	for (u64 i = 0; i < TRAP_MAX; i++)
		assert_int_equal(add((i * 7 % TRAP_MAX) * 16, 16), 0);
	assert_int_equal(add(TRAP_MAX * 16, 16), -ENOSPC);
	for (u64 i = 0; i < TRAP_MAX; i++)
		assert_true(found(i * 16 + 3, 4, i * 16));
	for (u64 i = 0; i < TRAP_MAX; i++)
		assert_int_equal(trap_remove(&table, TRAP_MMIO, (i * 5 % TRAP_MAX) * 16), 0);
	assert_true(nobody(0, 1));
}

static void test_beneath(void **state)
{
	struct trap_region word = { .base = 0xcf8, .len = 4, .fn = nothing, .word = 4 }, r;

	(void)state;
	assert_int_equal(trap_add(&table, TRAP_MMIO, &word), 0);
	assert_true(nobody(0xcf9, 1));
	assert_int_equal(add(0xcf9, 1), 0);
	assert_int_equal(add(0xcf9, 1), -EEXIST);
	assert_int_equal(add(0xcf7, 2), -EEXIST);
	assert_int_equal(add(0xcfb, 2), -EEXIST);
	assert_true(found(0xcf8, 4, 0xcf8));
	assert_true(found(0xcf9, 1, 0xcf9));
	assert_true(nobody(0xcf8, 1));
	assert_true(nobody(0xcf8, 2));
	assert_true(trap_find(&table, TRAP_MMIO, 0xcf9, 1, &r));
	assert_int_equal(r.word, 0);
	assert_int_equal(trap_remove(&table, TRAP_MMIO, 0xcf9), 0);
	assert_true(nobody(0xcf9, 1));
	assert_true(found(0xcf8, 4, 0xcf8));
}

/* Everything against a plain model: a byte map of who owns what. */
static void test_random(void **state)
{
	u8 owner[256] = { 0 };
	struct random r = random_seeded("regions");

	(void)state;
	for (u64 round = 0; round < test_rounds(20000); round++) {
		u32 base = (u32)random_below(&r, 254) + 1;
		u32 len = (u32)random_below(&r, 8) + 1;
		u32 end = MIN(base + len, 255U);

		if (random_below(&r, 2)) {
			bool is_free = true;

			for (u32 i = base; i < end; i++)
				is_free = is_free && !owner[i];
			assert_int_equal(add(base, end - base), is_free ? 0 : -EEXIST);
			for (u32 i = base; is_free && i < end; i++)
				owner[i] = (u8)base;
		} else {
			bool is_base = owner[base] == base;

			assert_int_equal(trap_remove(&table, TRAP_MMIO, base),
					 is_base ? 0 : -ENOENT);
			for (u32 i = base; is_base && i < 255; i++)
				owner[i] = owner[i] == base ? 0 : owner[i];
		}
		for (u32 i = 0; i < 255; i++)
			assert_true(owner[i] ? found(i, 1, owner[i]) : nobody(i, 1));
	}
}

static _Atomic bool stop;

static void *changer(void *arg)
{
	(void)arg;
	for (u32 i = 0; !stop; i = (i + 1) % 32) {
		u64 base = (i * 2 + 1) * 0x1000;
		struct trap_region r = { base, 0x1000, nothing, (void *)(uintptr_t)base, 0, false };

		/* What is there goes away, what is not comes. */
		if (trap_remove(&table, TRAP_MMIO, base) && trap_add(&table, TRAP_MMIO, &r))
			abort();
	}
	return NULL;
}

/* A lookup never sees a region in parts, nor misses one that is always there. */
static void test_concurrent(void **state)
{
	pthread_t thread;

	(void)state;
	for (u64 i = 0; i < 32; i++)
		assert_int_equal(add(i * 0x2000, 0x1000), 0);
	stop = false;
	assert_int_equal(pthread_create(&thread, NULL, changer, NULL), 0);
	for (u64 i = 0; i < 300000; i++) {
		u64 addr = (i * 7 % 64) * 0x1000 + i % 0x1000;
		struct trap_region r;
		bool there = trap_find(&table, TRAP_MMIO, addr, 1, &r);

		assert_true(there || addr / 0x1000 % 2 == 1);
		if (!there)
			continue;
		assert_int_equal(r.base, addr & ~0xfffULL);
		assert_int_equal(r.len, 0x1000);
		assert_ptr_equal(r.fn, nothing);
		if (addr / 0x1000 % 2 == 1)
			assert_int_equal((uintptr_t)r.ctx, r.base);
	}
	stop = true;
	pthread_join(thread, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_find, setup),
		cmocka_unit_test_setup(test_whole, setup),
		cmocka_unit_test_setup(test_refusals, setup),
		cmocka_unit_test_setup(test_full, setup),
		cmocka_unit_test_setup(test_beneath, setup),
		cmocka_unit_test_setup(test_random, setup),
		cmocka_unit_test_setup(test_concurrent, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
