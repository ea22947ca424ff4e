/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/* A jump to an address where there is no memory. The hypervisor reports and stops the guest. */
#include "kit/kit.h"

#define NOWHERE 0xd1234000ULL

void main(void)
{
	void (*volatile nothing)(void) = (void (*)(void))NOWHERE;

	print("guest: jump into nothing now\n");
	nothing();
	report(false, "nothing runs after a jump into nothing");
}
