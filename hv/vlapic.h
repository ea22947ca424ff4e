/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/*
 * The guest's local APIC: xAPIC registers by memory, x2APIC by MSRs (offered whether or not the
 * machine has it), timer with one-shot, periodic and TSC-deadline modes, all delivery modes.
 * Intel SDM vol. 3, chapter 11.
 *
 * Locking: `lock` guards everything; taken inside, never held while calling out except
 * vcpu_notify(). TSC values are the guest's = the host's (no offset).
 */
#ifndef HV_VLAPIC_H
#define HV_VLAPIC_H

#include <abi/types.h>
#include "lock.h"
#include "trap.h"

#define VLAPIC_BASE	0xfee00000ULL
#define VLAPIC_TIMER_HZ 1000000000ULL /* input of the divide register: fixed, told by CPUID 15h */

struct vlapic {
	struct spinlock lock;
	u32 id;
	u64 base_msr; /* IA32_APIC_BASE */
	u32 tpr, ldr, dfr, svr, esr, esr_pending;
	u32 irr[8], isr[8], tmr[8];
	u64 icr;
	u32 lvt[7]; /* CMCI, timer, thermal, perf, LINT0, LINT1, error */
	u32 timer_initial, timer_divide;
	u64 timer_start; /* TSC when the count began */
	u64 tsc_deadline;
	u64 deadline; /* TSC of the next timer interrupt, ~0: none */
};

void vlapic_reset(struct vlapic *l, u32 id, bool boot_cpu); /* power-on */
void vlapic_init_signal(struct vlapic *l);		    /* INIT: keeps id and base */

/* MMIO page at VLAPIC_BASE, registered as a trap; offset within the page. */
enum trap_result vlapic_mmio(struct vcpu *v, u64 offset, struct access *a);
/* 0x1b, 0x6e0, 0x800..0x8ff. 0, -ENOENT (not an APIC MSR), -EINVAL (#GP). */
int vlapic_rdmsr(struct vcpu *v, u32 msr, u64 *value) must_check;
int vlapic_wrmsr(struct vcpu *v, u32 msr, u64 value) must_check;

/* The vector to deliver now (highest IRR above the processor priority), or -1. */
int vlapic_pending(struct vlapic *l);
/* Delivery of that vector begins: IRR to ISR. */
void vlapic_accept(struct vlapic *l, u8 vector);
/* End of interrupt from a paravirtual EOI or an EOI register write (broadcasts to the IOAPIC when
 * the vector was level-triggered). */
void vlapic_eoi(struct vcpu *v);
/* Whether the vector in service may be ended without an exit: nothing else pending, not level. */
bool vlapic_can_skip_eoi(struct vlapic *l, u8 vector);
/* Sets IRR (and TMR for level) and notifies the vCPU. */
void vlapic_set_irq(struct vcpu *v, u8 vector, bool level);
/* Whether LINT0 passes the 8259 (ExtINT, unmasked, or the APIC disabled) to this vCPU. */
bool vlapic_accepts_pic(struct vlapic *l);
/* now >= deadline: raise what is due, compute the next deadline. */
void vlapic_timer(struct vcpu *v, u64 now);
u64 vlapic_deadline(const struct vlapic *l);
/* CR8 view. */
u64 vlapic_get_cr8(struct vlapic *l);
void vlapic_set_cr8(struct vcpu *v, u64 cr8);

/* Routes an interrupt message to the guest's LAPICs by destination, mode (physical, logical flat
 * and cluster, x2APIC), delivery mode (fixed, lowest priority, NMI, INIT, SIPI, ExtINT ignored). */
struct apic_message {
	u32 destination; /* 8 bits, or 32 in x2APIC form */
	bool x2apic_destination;
	bool logical;
	u8 vector, delivery; /* delivery: 0 fixed, 1 lowest, 2 SMI, 4 NMI, 5 INIT, 6 SIPI */
	bool level, assert;
};
void vlapic_route(struct vm *vm, const struct apic_message *m);

#endif
