/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/* Vectors of the hypervisor's own interrupts, how cores stop one another, and the local APIC and
 * IOAPIC of the machine. */
#ifndef X86_IRQ_H
#define X86_IRQ_H

#include <abi/types.h>

enum host_vector {
	VECTOR_NMI = 2,
	VECTOR_MACHINE_CHECK = 18,
	VECTOR_ISA = 0x30,     /* + ISA line */
	VECTOR_MESSAGE = 0x40, /* VECTOR_ISA + IRQ_MESSAGE */
	VECTOR_TIMER = 0xe0,
	VECTOR_KICK = 0xe1,
	VECTOR_SPURIOUS = 0xff,
};

/* Handles a host interrupt that the processor has delivered or acknowledged, and ends it. */
void irq_dispatch(u8 vector);

/* At a non-maskable interrupt: whether it means nothing any more, for this core has stopped the
 * others. Does not return to a core that another one stops. False: it is the machine's. */
bool machine_stopping(void);

/* The calling core's local APIC: software-enabled, timer ready. The boot core's call also finds
 * the timer's rate, and lets the machine's NMI in (LINT1). */
void apic_setup(void);
void apic_ipi(u32 apic_id, u32 low); /* low: ICR bits 0-31 */
#define ICR_INIT    0x4500
#define ICR_STARTUP 0x4600
#define ICR_NMI	    0x4400
void apic_timer_set(u64 deadline); /* TSC; ~0: off */

void ioapic_init(void);

#endif
