/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/* Keeps its processor busy for ever, without an exit of its own. */
#include "kit/kit.h"

void main(void)
{
	print("guest: spinning now\n");
	for (;;)
		relax();
}
