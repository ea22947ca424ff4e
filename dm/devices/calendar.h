/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/* Unix time to calendar and back, proleptic Gregorian, UTC. No state. */
#ifndef DM_CALENDAR_H
#define DM_CALENDAR_H

#include <abi/types.h>

struct calendar {
	u32 year;
	u32 month, day; /* from 1 */
	u32 hour, minute, second;
	u32 weekday; /* 0 Sunday */
};

/* seconds are taken as 0 below 0 and at most the end of the year 9999. */
struct calendar calendar_from_unix(s64 seconds);
/* Fields out of range carry over into the next larger one; the weekday is ignored. */
s64 calendar_to_unix(const struct calendar *c);

#endif
