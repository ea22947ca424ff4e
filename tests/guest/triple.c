/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/* A triple fault: no IDT, then a breakpoint. The hypervisor reports and stops the guest. */
#include "kit/kit.h"

void main(void)
{
	struct packed_struct {
		u16 limit;
		u64 base;
	} none = { 0, 0 };

	print("guest: triple fault now\n");
	__asm__ volatile("lidt %0; int3" : : "m"(none));
	report(false, "nothing runs after a triple fault");
}
