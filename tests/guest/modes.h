/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/* For modes.c and modes_low.S: where results are (32-bit words), and the pages below 1 MiB. */
#ifndef GUEST_MODES_H
#define GUEST_MODES_H

#define REAL_PAGE    0x6000
#define REAL_RESULTS 0x7000
#define REAL_STACK   0x7f00

/* What every 32-bit stage tries */
#define TRY_VENDOR 0
#define TRY_MMIO   1
#define TRY_TPR	   2
#define TRY_PORT   3
#define TRY_STRING 4
#define TRY_INS	   5
#define TRY_CR0	   6

#define IN_COMPATIBILITY    0
#define COMPATIBILITY_MMIO  1
#define EFER_WITHOUT_PAGING 2
#define FLAT_FIRST	    3
#define PAGED_FIRST	    10
#define PAE_FIRST	    17
#define REAL_FIRST	    24

/* Real mode, from REAL_FIRST on */
#define REAL_PM16	0
#define REAL_CR0	1
#define REAL_VENDOR	2
#define REAL_INTERRUPTS 3
#define REAL_PORT	4
#define REAL_PORT32	5
#define REAL_PORT16	6
#define REAL_SCRATCH	7
#define REAL_OUTS	8
#define REAL_INS	9
#define REAL_INS_DI	10
#define REAL_TSC	11
#define REAL_TICKS	12
#define REAL_COUNT	13

#define RESULT_COUNT 37

#endif
