/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/* Reads and writes ports where nothing is, for ever; option rep=1 with string instructions. */
#include "kit/kit.h"

#define FIRST 0x2000u
#define COUNT 0x1000u

static void string_access(u16 port)
{
	static u32 words[64];
	void *to = words;
	const void *from = words;
	u64 count = ARRAY_SIZE(words);

	__asm__ volatile("rep insl" : "+D"(to), "+c"(count) : "d"(port) : "memory");
	count = ARRAY_SIZE(words);
	__asm__ volatile("rep outsl" : "+S"(from), "+c"(count) : "d"(port) : "memory");
}

void main(void)
{
	bool strings = option_number("rep", 0);

	print("guest: hammering ports now\n");
	for (u32 n = 0;; n++) {
		u16 port = (u16)(FIRST + n % COUNT);

		if (strings) {
			string_access(port);
			continue;
		}
		outb(port, (u8)n);
		(void)inl(port);
	}
}
