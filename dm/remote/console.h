/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/*
 * The console on the host's serial port: one command a line (ended by CR, LF or both; backspace
 * works; nothing is echoed), an answer that ends with `ok` or `error: reason`. Between answers, and
 * between the lines of most, come lines of the log (`[seconds] text`) and of guests with log_serial
 * (`NAME| text`); never inside a picture.
 */
#ifndef DM_CONSOLE_H
#define DM_CONSOLE_H

#include <abi/types.h>

/* adopted: an earlier generation's output goes on where it ended. */
void console_init(bool adopted);
/* Takes received bytes from the port. */
void console_receive(void);
/* Goes on with everything that can go on; TSC when to call again. */
u64 console_run(void);

#endif
