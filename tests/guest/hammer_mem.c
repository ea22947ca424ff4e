/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/* Reads and writes memory where nothing is, for ever. */
#include "kit/kit.h"

#define FIRST 0xe0000000ULL
#define COUNT 0x100000u

void main(void)
{
	print("guest: hammering addresses now\n");
	for (u32 n = 0;; n++) {
		u64 at = FIRST + (n * 68ULL) % COUNT;

		write32(at, n);
		(void)read32(at);
	}
}
