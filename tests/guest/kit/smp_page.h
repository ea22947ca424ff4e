/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/* For C and assembly: where started processors begin, and their stacks' size. */
#ifndef KIT_SMP_PAGE_H
#define KIT_SMP_PAGE_H

#define SMP_PAGE  0x8000
#define SMP_STACK 8192

#endif
