/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/* Waiting for somebody to press Enter on the PS/2 keyboard: how a test tells a guest to go on. */
#ifndef KIT_KEY_H
#define KIT_KEY_H

#include <abi/types.h>

/* Once, before the first wait: the 8259's line 1, through the LAPIC. */
void key_init(void);
/* Halts until Enter has been pressed and let go. */
void key_wait(void);

/* Whether it has been, as key_wait() would see it; for guests with interrupts off. */
bool key_poll(void);

#endif
