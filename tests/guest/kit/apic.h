/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/* LAPIC (by memory or, when x2apic is on, by MSR), IOAPIC, 8259, 8254. */
#ifndef KIT_APIC_H
#define KIT_APIC_H

#include "kit.h"

#define LAPIC_BASE	 0xfee00000ULL
#define IOAPIC_BASE	 0xfec00000ULL
#define MSR_APIC_BASE	 0x1b
#define APIC_BASE_X2APIC 0x400u
#define APIC_BASE_ENABLE 0x800u
#define MSR_X2APIC	 0x800
#define MSR_TSC_DEADLINE 0x6e0

enum apic_register {
	APIC_ID = 0x20,
	APIC_VERSION = 0x30,
	APIC_TPR = 0x80,
	APIC_PPR = 0xa0,
	APIC_EOI = 0xb0,
	APIC_LDR = 0xd0,
	APIC_DFR = 0xe0,
	APIC_SVR = 0xf0,
	APIC_ISR = 0x100,
	APIC_IRR = 0x200,
	APIC_ESR = 0x280,
	APIC_ICR = 0x300,
	APIC_ICR_HIGH = 0x310,
	APIC_LVT_TIMER = 0x320,
	APIC_LVT_LINT0 = 0x350,
	APIC_LVT_LINT1 = 0x360,
	APIC_LVT_ERROR = 0x370,
	APIC_TIMER_INITIAL = 0x380,
	APIC_TIMER_CURRENT = 0x390,
	APIC_TIMER_DIVIDE = 0x3e0,
	APIC_SELF_IPI = 0x3f0, /* x2APIC only */
};
#define LVT_MASKED    0x10000u
#define LVT_PERIODIC  0x20000u
#define LVT_DEADLINE  0x40000u
#define LVT_EXTINT    0x700u
#define ICR_NMI	      0x400u
#define ICR_INIT      0x500u
#define ICR_STARTUP   0x600u
#define ICR_PENDING   0x1000u
#define ICR_ASSERT    0x4000u
#define ICR_TO_SELF   0x40000u
#define ICR_TO_ALL    0x80000u
#define ICR_TO_OTHERS 0xc0000u

/* Switches to x2APIC mode, or from it back through "disabled" to memory mode. */
void apic_use_x2apic(bool on);
/* Enabled, spurious vector 0xff, TPR 0, LVTs masked. Leaves the mode as it is. */
void apic_enable(void);
u32 apic_read(enum apic_register reg);
void apic_write(enum apic_register reg, u32 v);
void apic_eoi(void);
u32 apic_id(void);
/* Sends an IPI; destination is an APIC id (or a logical one), ignored with a shorthand. */
void apic_send(u32 destination, u32 command);

u32 ioapic_read(u8 reg);
void ioapic_write(u8 reg, u32 v);
/* Pin to fixed vector at that APIC id; or masked. */
void ioapic_route(u32 pin, u8 vector, u32 destination);
void ioapic_mask(u32 pin);

/* 8259 pair: vectors 0x20 and 0x28, all masked but `enabled` (bit: line). */
void pic_init(u16 enabled);
void pic_eoi(u8 line);
/* Channel 0, mode 2 (periodic) or 0 (once), so many a second. */
void pit_start(u8 mode, u32 hz);
#define PIT_HZ 1193182u

#endif
