/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/*
 * Memory and string functions, formatting, time, the log and the way out: what the rest of the
 * device domain expects of a C library. No state.
 *
 * Blocks move in 64-byte steps of SSE registers, not by string instructions: emulators count (and
 * some processors pay for) each iteration of those.
 */
#include "runtime.h"
#include "hypercall.h"

#define STB_SPRINTF_IMPLEMENTATION
#define STB_SPRINTF_NOFLOAT
#define STB_SPRINTF_STATIC
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wunused-function"
#include <stb_sprintf.h>
#pragma GCC diagnostic pop

/* Keeps the compiler from turning the loops below into calls of the functions they are in. */
#pragma GCC optimize("no-tree-loop-distribute-patterns")

typedef u64 vec16 __attribute__((vector_size(16), aligned(1), may_alias));

const struct dm_info *dm_info = (const struct dm_info *)DM_INFO_BASE;

static void copy_up(u8 *to, const u8 *from, size_t len)
{
	for (; len >= 64; len -= 64, to += 64, from += 64) {
		vec16 a = ((const vec16 *)from)[0], b = ((const vec16 *)from)[1];
		vec16 c = ((const vec16 *)from)[2], d = ((const vec16 *)from)[3];

		((vec16 *)to)[0] = a;
		((vec16 *)to)[1] = b;
		((vec16 *)to)[2] = c;
		((vec16 *)to)[3] = d;
	}
	for (; len >= 16; len -= 16, to += 16, from += 16)
		*(vec16 *)to = *(const vec16 *)from;
	while (len--)
		*to++ = *from++;
}

static void copy_down(u8 *to, const u8 *from, size_t len)
{
	for (; len >= 16; len -= 16)
		*(vec16 *)(to + len - 16) = *(const vec16 *)(from + len - 16);
	while (len--)
		to[len] = from[len];
}

void *memcpy(void *to, const void *from, size_t len)
{
	copy_up(to, from, len);
	return to;
}

void *memmove(void *to, const void *from, size_t len)
{
	if ((uintptr_t)to - (uintptr_t)from >= len)
		copy_up(to, from, len);
	else
		copy_down(to, from, len);
	return to;
}

void *memset(void *to, int byte, size_t len)
{
	u64 word = (u8)byte * 0x0101010101010101ULL;
	vec16 fill = { word, word };
	u8 *p = to;

	for (; len >= 64; len -= 64, p += 64) {
		((vec16 *)p)[0] = fill;
		((vec16 *)p)[1] = fill;
		((vec16 *)p)[2] = fill;
		((vec16 *)p)[3] = fill;
	}
	for (; len >= 16; len -= 16, p += 16)
		*(vec16 *)p = fill;
	while (len--)
		*p++ = (u8)byte;
	return to;
}

int memcmp(const void *a, const void *b, size_t len)
{
	const u8 *p = a, *q = b;

	for (; len; len--, p++, q++)
		if (*p != *q)
			return *p < *q ? -1 : 1;
	return 0;
}

size_t strlen(const char *s)
{
	size_t n = 0;

	while (s[n])
		n++;
	return n;
}

int strcmp(const char *a, const char *b)
{
	return strncmp(a, b, ~(size_t)0);
}

int strncmp(const char *a, const char *b, size_t len)
{
	for (; len; len--, a++, b++) {
		if (*a != *b)
			return (u8)*a < (u8)*b ? -1 : 1;
		if (!*a)
			break;
	}
	return 0;
}

int str_vformat(char *to, size_t size, const char *format, va_list args)
{
	return stbsp_vsnprintf(to, (int)MIN(size, (size_t)0x7fffffff), format, args);
}

int str_format(char *to, size_t size, const char *format, ...)
{
	va_list args;
	int n;

	va_start(args, format);
	n = str_vformat(to, size, format, args);
	va_end(args);
	return n;
}

u64 time_now(void)
{
	return __builtin_ia32_rdtsc();
}

u64 time_from_us(u64 us)
{
	u64 hz = dm_info->tsc_hz;

	return us / 1000000 * hz + us % 1000000 * hz / 1000000;
}

u64 time_to_us(u64 ticks)
{
	u64 hz = dm_info->tsc_hz;

	return ticks / hz * 1000000 + ticks % hz * 1000000 / hz;
}

static void log_text(const char *format, va_list args)
{
	char line[400];
	int n = str_vformat(line, sizeof(line), format, args);

	if (n > 0)
		hc_log(line, MIN((size_t)n, sizeof(line) - 1));
}

void log_line(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	log_text(format, args);
	va_end(args);
}

void dm_die(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	log_text(format, args);
	va_end(args);
	hc_restart(true);
}
