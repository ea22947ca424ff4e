/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/* Start of the clock (arch/cpu.h has its users' side). */
#ifndef X86_TIME_H
#define X86_TIME_H

void time_init(void);

#endif
