/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/* Machine checks: errors that the processor or its memory finds in itself. Intel SDM vol. 3,
 * chapter 16; AMD APM vol. 2, chapter 9. They always end in a panic. */
#ifndef X86_MCE_H
#define X86_MCE_H

#include <abi/types.h>

/* The calling core will report errors: all kinds of them on, and old ones, which the log tells,
 * forgotten. CR4.MCE is cpu_setup_control()'s. */
void mce_setup(void);
/* Whether the calling core is in a machine check. */
bool mce_in_progress(void);
/* Keeps what the calling core's banks say, for mce_dump(). */
void mce_record(void);
/* A line for each core that has recorded an error, but for at most a few; none: nothing. */
void mce_dump(void);
/* Whether a bank tells of an error that was not corrected: for the shutdown that comes of one where
 * machine checks cannot be taken. */
bool mce_pending(void);

/* Where hardware ended the guest for a machine check, which it does not deliver itself. */
static inline void mce_raise(void)
{
	__asm__ volatile("int $18");
}

#endif
