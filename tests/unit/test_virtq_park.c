/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/* sources: dm/devices/virtio_queue*.c */
/* sources: tests/unit/virtq_driver.c */

/*
 * Both kinds of virtqueue with a driver that means well: chains of all shapes, answered at once or
 * parked, with the domain dying between any two steps: every chain is answered once, with its own
 * length.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>

#include "virtq_driver.h"

static struct virtq_chain chain;
static struct virtq *const q = &driver.q;

static int teardown(void **state)
{
	(void)state;
	driver_stop();
	return 0;
}

static u16 take(void)
{
	assert_int_equal(virtq_next(q, &chain), 1);
	return chain.head;
}

static void parked_chains_wait(void **state)
{
	u32 len;

	(void)state;
	for (int packed = 0; packed < 2; packed++) {
		int a, b, c;

		driver_start(packed, false, 8);
		a = driver_offer(1, 1, false);
		b = driver_offer(2, 0, false);
		c = driver_offer(1, 2, true);
		assert_int_equal(take(), a);
		virtq_park(q, &chain, 11, 300);
		assert_int_equal(take(), b);
		virtq_park(q, &chain, 12, 200);
		assert_int_equal(take(), c);
		assert_int_equal(chain.in_count, 2);
		assert_int_equal(virtq_complete(q, &chain, 13), 0); /* does not wait for them */
		assert_int_equal(virtq_next(q, &chain), 0);
		assert_int_equal(driver_collect(&len), c);
		assert_int_equal(len, 13);
		assert_true(virtq_wants_interrupt(q));
		assert_int_equal(virtq_due(q), 200);
		assert_int_equal(virtq_release(q, 199), 0);
		assert_int_equal(driver_collect(&len), -1);
		assert_false(virtq_wants_interrupt(q));
		assert_int_equal(virtq_release(q, 1000), 0); /* in the order of their times */
		assert_int_equal(driver_collect(&len), b);
		assert_int_equal(len, 12);
		assert_int_equal(driver_collect(&len), a);
		assert_int_equal(len, 11);
		assert_true(virtq_wants_interrupt(q));
		assert_true(virtq_due(q) == DM_NO_DEADLINE);
	}
}

/* All that there is room for. */
static void parking_is_bounded(void **state)
{
	u32 len;

	(void)state;
	for (int packed = 0; packed < 2; packed++) {
		driver_start(packed, false, 64);
		for (u32 i = 0; i < VIRTQ_MAX_PARKED; i++) {
			assert_false(virtq_full(q));
			driver_offer(1, 0, true);
			take();
			virtq_park(q, &chain, i, 1000 - (i % 7));
		}
		assert_true(virtq_full(q));
		assert_int_equal(driver_collect(&len), -1);
		assert_int_equal(virtq_release(q, 994), 0);
		assert_false(virtq_full(q));
		for (u32 i = 6; i < VIRTQ_MAX_PARKED; i += 7) {
			assert_true(driver_collect(&len) >= 0);
			assert_int_equal(len % 7, 6);
		}
		assert_int_equal(driver_collect(&len), -1);
	}
}

static void restart_answers_what_was_parked(void **state)
{
	u32 len;

	(void)state;
	for (int packed = 0; packed < 2; packed++) {
		driver_start(packed, false, 8);
		for (u32 i = 0; i < 3; i++) {
			driver_offer(1, 1, false);
			take();
			virtq_park(q, &chain, i, 1000);
		}
		assert_int_equal(virtq_adopt(q), 0);
		for (u32 i = 0; i < 3; i++)
			assert_true(driver_collect(&len) >= 0);
		assert_int_equal(driver_collect(&len), -1);
		assert_true(virtq_due(q) == DM_NO_DEADLINE);
	}
}

static void damaged_progress_is_refused(void **state)
{
	(void)state;
	driver_start(true, false, 6); /* not a power of two */
	assert_true(virtq_usable(q));
	driver_offer(1, 0, false);
	take();
	virtq_park(q, &chain, 0, 1000);
	driver.state.parked[0].slots = 7;
	assert_int_equal(virtq_adopt(q), -EINVAL);
	driver.state.parked[0].slots = 0;
	assert_int_equal(virtq_adopt(q), -EINVAL);
	driver.state.parked[0].slots = 1;
	driver.state.progress |= 6; /* past the ring's end */
	assert_int_equal(virtq_adopt(q), -EINVAL);
	driver.state.progress = 6 << 16;
	assert_int_equal(virtq_adopt(q), -EINVAL);
	driver.state.progress = 0;
	driver.state.intent = ~0u;
	assert_int_equal(virtq_adopt(q), 0);
	assert_int_equal(driver.state.progress, 0);
}

/* ---- every chain is answered once, whenever the domain dies ---- */

static u64 now; /* statics outlive the longjmp */
static u32 offered, collected, deaths;
static u32 lens[VIRTQ_MAX_SIZE];

static void collect(void)
{
	u32 len;
	int head;

	while ((head = driver_collect(&len)) >= 0) {
		assert_int_equal(len, lens[head]);
		collected++;
	}
}

static void offer(void)
{
	u32 out = 1 + (u32)rand() % 3, in = (u32)rand() % 3;
	int head = driver_offer(out, in, rand() & 1);

	if (head < 0)
		return;
	lens[head] = out << 8 | in;
	offered++;
}

/* One step of the device; what it answers tells whether it saw the right chain. */
static void serve(void)
{
	u32 len;
	int result;

	driver.die_in = rand() % 4 ? 0 : 1 + (u32)rand() % 12;
	if (rand() % 3 == 0) {
		result = virtq_release(q, now);
	} else {
		result = virtq_next(q, &chain);
		len = chain.out_count << 8 | chain.in_count;
		if (result == 1 && (virtq_full(q) || rand() % 2)) {
			result = virtq_complete(q, &chain, len);
		} else if (result == 1) {
			virtq_park(q, &chain, len, now + (u32)rand() % 50);
			result = 0;
		}
	}
	driver.die_in = 0;
	assert_int_equal(result, 0);
}

static void once(bool packed, bool event_idx, u16 size)
{
	driver_start(packed, event_idx, size);
	offered = collected = 0;
	for (u32 i = 0; i < 30000; i++) {
		if (rand() % 2)
			offer();
		if (setjmp(driver.death) == 0) {
			serve();
		} else {
			deaths++;
			assert_int_equal(virtq_adopt(q), 0);
		}
		now += (u32)rand() % 20;
		if (rand() % 4 == 0)
			collect();
	}
	while (virtq_next(q, &chain) == 1)
		assert_int_equal(virtq_complete(q, &chain, chain.out_count << 8 | chain.in_count),
				 0);
	assert_int_equal(virtq_release(q, DM_NO_DEADLINE), 0);
	collect();
	assert_int_equal(collected, offered);
	assert_in_range(offered, 5000, 30000);
}

static void every_chain_is_answered_once(void **state)
{
	(void)state;
	srand(11);
	for (u32 kind = 0; kind < 4; kind++) {
		once(kind & 1, kind & 2, 8);
		once(kind & 1, kind & 2, 64);
	}
	once(true, true, 5);
	once(true, false, 3);
	assert_in_range(deaths, 1000, 1000000);
}

#define CASE(f) cmocka_unit_test_teardown(f, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(parked_chains_wait),
		CASE(parking_is_bounded),
		CASE(restart_answers_what_was_parked),
		CASE(damaged_progress_is_refused),
		CASE(every_chain_is_answered_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
