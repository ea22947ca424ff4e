/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/* What start-up leaves behind for everybody. Constant after hv_main has begun. */
#ifndef HV_BOOT_H
#define HV_BOOT_H

#include <abi/handoff.h>

extern u64 boot_tsc; /* TSC when the loader began: log times count from here */
extern const struct handoff *handoff;

#endif
