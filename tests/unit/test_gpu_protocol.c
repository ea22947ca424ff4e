/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/* as: test_gpu */
/* sources: tests/unit/gpu_wire.c tests/guest/protocol/cases.c */
/* sources: tests/guest/protocol/commands.c tests/guest/protocol/model.c */
/*
 * The protocol tester, as the bare-metal guest gpu_protocol runs it, and long random walks.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include "display_stubs.h"
#include "gpu_wire.h"
#include "random.h"

static int teardown(void **state)
{
	(void)state;
	gpu_wire_stop();
	return 0;
}

static void all_cases(void **state)
{
	static const u32 monitors[] = { 1, 2, 16 };

	(void)state;
	for (u32 i = 0; i < ARRAY_SIZE(monitors); i++) {
		u32 sent;

		gpu_wire_start(monitors[i]);
		gpu_wire_strict = i == 0;
		sent = protocol_cases(&gpu_wire);
		gpu_wire_strict = false;
		print_message("%u requests\n", sent);
		assert_in_range(sent, 4000, 50000);
		assert_int_equal(gpu_wire_failures, 0);
	}
}

/* Requests and answers in many small descriptors, cut anywhere, behind an indirect one. */
static void all_cases_in_pieces(void **state)
{
	static const u32 pieces[] = { 13, 16, 23, 1087 };

	(void)state;
	for (u32 i = 0; i < ARRAY_SIZE(pieces); i++) {
		gpu_wire_start(1);
		world.piece = pieces[i];
		protocol_cases(&gpu_wire);
		assert_int_equal(gpu_wire_failures, 0);
	}
}

/* CVE-2021-4207: what was read twice and differs. */
static void reads_requests_once(void **state)
{
	(void)state;
	gpu_wire_start(2);
	gpu_wire_spoils = true;
	protocol_cases(&gpu_wire);
	gpu_wire_spoils = false;
	assert_int_equal(gpu_wire_failures, 0);
}

struct steps {
	struct random random;
	u64 left;
};

static u32 step(void *context, u32 below)
{
	struct steps *s = context;

	return s->left-- ? (u32)random_below(&s->random, below) : ~0u;
}

static void random_walks(void **state)
{
	struct steps s = { .random = random_seeded("walks") };
	u64 rounds = test_rounds(1000), sent = 0;

	(void)state;
	gpu_wire_start(2);
	for (u64 i = 0; i < rounds; i++) {
		s.left = 2000;
		sent += protocol_walk(&gpu_wire, step, &s);
		assert_int_equal(gpu_wire_failures, 0);
		/* CVE-2017-5857, CVE-2021-3544: what is lost, what stays. */
		assert_int_equal(gpu_usage(&dm_vms[0]).resources, protocol_model()->count);
		gpu_wire.start(0);
		assert_int_equal(gpu_usage(&dm_vms[0]).resources, 0);
		assert_int_equal(gpu_usage(&dm_vms[0]).bytes, 0);
	}
	print_message("%llu requests\n", (unsigned long long)sent);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(all_cases, teardown),
		cmocka_unit_test_teardown(all_cases_in_pieces, teardown),
		cmocka_unit_test_teardown(reads_requests_once, teardown),
		cmocka_unit_test_teardown(random_walks, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
