/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/* The names of the hypervisor's counters, as the command stats and /metrics show them. */
#ifndef DM_REMOTE_STATS_H
#define DM_REMOTE_STATS_H

#include <abi/hypercall.h>

extern const char *const stats_names[STAT_COUNT];

#endif
