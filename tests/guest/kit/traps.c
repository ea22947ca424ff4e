/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/* IDT, handlers by vector, guarded instructions. Intel SDM vol. 3, chapter 6. */
#include "kit.h"

#define GATE_INTERRUPT 0x8e

struct gate {
	u16 offset_low, selector;
	u8 ist, type;
	u16 offset_middle;
	u32 offset_high, reserved;
};
struct guard {
	u64 fault, resume;
};
struct packed_struct idt_pointer {
	u16 limit;
	u64 base;
};

extern const u8 trap_entries[256][16];
extern const struct guard guarded_begin[], guarded_end[];
void trap_dispatch(struct trap_frame *f);

volatile struct fault last_fault = { .vector = NO_FAULT };

static struct gate idt[256] __attribute__((aligned(16)));
static trap_handler *handlers[256];

static bool resume_guarded(struct trap_frame *f)
{
	for (const struct guard *g = guarded_begin; g < guarded_end; g++) {
		if (g->fault != f->rip)
			continue;
		last_fault.vector = (int)f->vector;
		last_fault.error = f->error;
		__asm__ volatile("mov %%cr2, %0" : "=r"(last_fault.address));
		f->rip = g->resume;
		return true;
	}
	return false;
}

void trap_dispatch(struct trap_frame *f)
{
	if (f->vector < 32 && f->vector != 2 && resume_guarded(f))
		return;
	if (handlers[f->vector]) {
		handlers[f->vector](f);
		return;
	}
	report(false, "no exception or interrupt %lu comes (rip %lx, error %lx, rsp %lx)",
	       f->vector, f->rip, f->error, f->rsp);
	finish();
}

void trap_set_handler(u8 vector, trap_handler *handler)
{
	handlers[vector] = handler;
}

void traps_load(void)
{
	struct idt_pointer pointer = { sizeof(idt) - 1, (u64)idt };

	__asm__ volatile("lidt %0" : : "m"(pointer));
}

void traps_init(void)
{
	for (u32 i = 0; i < 256; i++) {
		u64 entry = (u64)trap_entries[i];

		idt[i] = (struct gate){
			.offset_low = (u16)entry,
			.selector = SEL_CODE64,
			.type = GATE_INTERRUPT,
			.offset_middle = (u16)(entry >> 16),
			.offset_high = (u32)(entry >> 32),
		};
	}
	traps_load();
}
