/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/* Log and panic of the unit tests (fake.h). */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <arch/upcall.h>

void log_printf(const char *format, ...)
{
	va_list args;

	if (!getenv("FAKE_LOG"))
		return;
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
}

void panic(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputs("\nERROR: panic\n", stderr);
	abort();
}
