/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/*
 * Calendar arithmetic. Years are counted from 1 March, so that the leap day comes last: the days
 * before month m (0 = March) are then (153 * m + 2) / 5.
 */
#include "calendar.h"

#define DAY_SECONDS	  86400
#define DAYS_TO_1970	  719468 /* from 1 March of the year 0 */
#define DAYS_IN_400_YEARS 146097
#define LAST_SECOND	  253402300799LL

static u32 days_before_year(u32 year)
{
	return year * 365 + year / 4 - year / 100 + year / 400;
}

struct calendar calendar_from_unix(s64 seconds)
{
	u64 t = (u64)MIN(MAX(seconds, 0), LAST_SECOND);
	u32 days = (u32)(t / DAY_SECONDS) + DAYS_TO_1970;
	u32 second = (u32)(t % DAY_SECONDS);
	u32 year = (u32)((u64)days * 400 / DAYS_IN_400_YEARS);
	u32 month, day;

	/* The estimate may be one year off at a year's end. */
	while (days_before_year(year + 1) <= days)
		year++;
	while (days_before_year(year) > days)
		year--;
	day = days - days_before_year(year);
	month = (5 * day + 2) / 153;
	day -= (153 * month + 2) / 5;
	return (struct calendar){
		.year = month >= 10 ? year + 1 : year,
		.month = month >= 10 ? month - 9 : month + 3,
		.day = day + 1,
		.hour = second / 3600,
		.minute = second / 60 % 60,
		.second = second % 60,
		.weekday = (days + 3) % 7,
	};
}

s64 calendar_to_unix(const struct calendar *c)
{
	u32 months = MIN(c->year, 9999u) * 12 + MIN(MAX(c->month, 1u), 255u) - 1;
	u32 march = months >= 2 ? months - 2 : 0; /* months since March of the year 0 */
	s64 days = (s64)days_before_year(march / 12) + (153 * (march % 12) + 2) / 5;

	days += (s64)c->day - 1 - DAYS_TO_1970;
	return days * DAY_SECONDS + (s64)c->hour * 3600 + c->minute * 60 + c->second;
}
