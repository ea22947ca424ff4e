/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/*
 * a * b / c with a product of 128 bits: conversions between clocks. The division is the
 * processor's own, for a freestanding program has no helper for it.
 */
#ifndef HV_MULDIV_H
#define HV_MULDIV_H

#include <abi/types.h>

/* Rounds down; ~0 when the result does not fit (c = 0 included). */
static inline u64 mul_div64(u64 a, u64 b, u64 c)
{
	unsigned __int128 product = (unsigned __int128)a * b;
	u64 high = (u64)(product >> 64), quotient, rest;

	if (high >= c)
		return ~0ULL;
	__asm__("divq %4"
		: "=a"(quotient), "=d"(rest)
		: "a"((u64)product), "d"(high), "rm"(c)
		: "cc");
	return quotient;
}

#endif
