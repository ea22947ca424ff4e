/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/*
 * Random numbers of the tests: xorshift64*. The seed is fixed, or taken from TEST_SEED in the
 * environment, and printed. TEST_ROUNDS in the environment replaces a test's number of rounds.
 */
#ifndef TESTS_RANDOM_H
#define TESTS_RANDOM_H

#include <stdio.h>
#include <stdlib.h>
#include <abi/types.h>

struct random {
	u64 state;
};

static inline u64 random_next(struct random *r)
{
	r->state ^= r->state >> 12;
	r->state ^= r->state << 25;
	r->state ^= r->state >> 27;
	return r->state * 0x2545f4914f6cdd1dULL;
}

/* 0 to n - 1. */
static inline u64 random_below(struct random *r, u64 n)
{
	return (random_next(r) >> 11) % n;
}

static inline struct random random_seeded(const char *what)
{
	const char *given = getenv("TEST_SEED");
	struct random r = { given ? strtoull(given, NULL, 0) : 0x4f5249454c2d3031ULL };

	printf("%s: TEST_SEED=0x%llx\n", what, (unsigned long long)r.state);
	return r;
}

static inline u64 test_rounds(u64 rounds)
{
	const char *given = getenv("TEST_ROUNDS");

	return given ? strtoull(given, NULL, 0) : rounds;
}

#endif
