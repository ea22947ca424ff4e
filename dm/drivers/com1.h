/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/*
 * The host's serial port (16550A, TI PC16550D). Output goes into a ring that lies in the state
 * region (a restart of the device domain loses nothing of it) and from there to the transmitter
 * as that takes it. Without a port everything is accepted and dropped.
 */
#ifndef DM_COM1_H
#define DM_COM1_H

#include <abi/types.h>

void com1_init(void);
/* Bytes that com1_write takes now. */
size_t com1_space(void);
/* Whether everything written has gone to the transmitter. */
bool com1_idle(void);
/* Appends to the ring, a line's end as CR LF; what does not fit is dropped, so ask com1_space
 * first. */
void com1_write(const char *text, size_t len);
/* Moves the ring on; TSC when to call again, DM_NO_DEADLINE when it is empty. */
u64 com1_push(void);
/* The next received byte, or -1. */
int com1_receive(void);

#endif
