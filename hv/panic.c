/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/*
 * The end: only a broken invariant of the hypervisor's own or failing hardware leads here, never
 * what a guest or the device domain did. The first core that comes here stops the others, so that
 * nothing disturbs its report, which goes to the panel, COM1 and port 0xe9; later ones only stop.
 */
#include <arch/cpu.h>
#include <arch/upcall.h>
#include "build_id.h"
#include "log.h"
#include "panic.h"
#include "screen.h"
#include "trace.h"

static _Atomic u32 panicking;

void panic(const char *format, ...)
{
	char what[256];
	va_list args;
	u32 lines;

	if (__atomic_exchange_n((u32 *)&panicking, 1, __ATOMIC_SEQ_CST))
		cpu_stop();
	machine_stop_others();
	log_panic_mode();
	screen_panic();
	va_start(args, format);
	log_vformat(what, sizeof(what), format, args);
	va_end(args);
	log_printf("oriel: PANIC: %s", what);
	log_printf("build %s, core %u", BUILD_ID, cpu_index());
	arch_dump_host();
	lines = screen_lines_left();
	trace_dump(cpu_index(), lines > 1 ? lines - 1 : 0); /* the report must not wrap */
	log_printf("The machine has stopped. Please send a photograph of this screen.");
	cpu_stop();
}

void refuse(const char *format, ...)
{
	char text[256];
	va_list args;

	va_start(args, format);
	log_vformat(text, sizeof(text), format, args);
	va_end(args);
	log_printf("oriel: %s", text);
	log_printf("oriel: refused to start");
	machine_halt();
}
