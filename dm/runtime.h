/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/*
 * The device domain's little C environment: memory and string functions, formatting, time, log,
 * the two ways out. Host unit tests replace runtime.c and hypercall.c by tests/unit stubs.
 */
#ifndef DM_RUNTIME_H
#define DM_RUNTIME_H

#include <abi/hypercall.h>
#include <stdarg.h>

void *memcpy(void *to, const void *from, size_t len);
void *memmove(void *to, const void *from, size_t len);
void *memset(void *to, int byte, size_t len);
int memcmp(const void *a, const void *b, size_t len);
size_t strlen(const char *s);
int strcmp(const char *a, const char *b);
int strncmp(const char *a, const char *b, size_t len);
/* Formats like C's; always ends with NUL; returns the length that was (or would be) written. */
int str_format(char *to, size_t size, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
int str_vformat(char *to, size_t size, const char *format, va_list args);

extern const struct dm_info *dm_info;
u64 time_now(void);	  /* TSC */
u64 time_from_us(u64 us); /* microseconds to TSC ticks, no overflow up to a day */
u64 time_to_us(u64 ticks);

/* One line into the hypervisor's log ("dm: " is put before it). No trailing newline. */
void log_line(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* A broken invariant of dm's own (never anything a guest sent): logs it and restarts the domain. */
__attribute__((noreturn, format(printf, 1, 2))) void dm_die(const char *format, ...);

/* The raw call; wrappers with types are in hypercall.h of dm. */
s64 hypercall(enum hypercall number, u64 a, u64 b, u64 c, u64 d);

#endif
