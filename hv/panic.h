/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/* The other way not to run: the machine or the configuration does not allow it (panic() is in
 * arch/upcall.h). The reason stands on the panel and the serial line, nothing is started. */
#ifndef HV_PANIC_H
#define HV_PANIC_H

__attribute__((noreturn, format(printf, 1, 2))) void refuse(const char *format, ...);

#endif
