/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/*
 * Copies what others write to the host's serial port, in whole lines: the hypervisor's log, and
 * the serial text of guests with log_serial. Positions lie in the state region, so that a restart
 * of the device domain neither loses nor repeats lines.
 */
#ifndef DM_FOLLOW_H
#define DM_FOLLOW_H

#include <abi/types.h>

void follow_init(bool adopted);
/* Copies as many lines as the port has room for. */
void follow_run(void);
/* Where the log's text begins that is still there, and ends. Positions as in struct log_ring. */
void follow_log_range(u64 *start, u64 *end);
/* One byte of the log. */
char follow_log_byte(u64 at);

#endif
