/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/*
 * The log: lines with a time stamp, kept in a ring that the device domain can read, and copied to
 * port 0xe9 (where an emulator listens) always, to COM1 and the panel until the device domain has
 * taken those over, and again in a panic.
 */
#ifndef HV_LOG_H
#define HV_LOG_H

#include <abi/handoff.h>
#include <stdarg.h>

/* Early start: ports only. serial_port 0: none. */
void log_init(u32 serial_port, u32 baud);
/* One line, without a newline at its end; at most 511 bytes of it. */
void log_printf(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* Physical memory of the ring (LOG_RING_SIZE and its header), page-aligned. */
hpa_t log_ring_hpa(void);
/* The device domain now prints the log (true), or is gone (false). */
void log_set_handed_over(bool handed_over);
/* Panic: no more locks, everything everywhere. */
void log_panic_mode(void);
int log_vformat(char *to, size_t size, const char *format, va_list args);
int log_format(char *to, size_t size, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

#endif
