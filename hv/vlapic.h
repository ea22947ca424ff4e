/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/*
 * The guest's local APIC: xAPIC registers by memory, x2APIC by MSRs (offered whether or not the
 * machine has it), timer with one-shot, periodic and TSC-deadline modes, all delivery modes.
 * Intel SDM vol. 3, chapter 11. TSC values are the guest's = the host's (no offset).
 *
 * Locking: none. A LAPIC belongs to the core of its vCPU: every function here that takes a struct
 * vlapic or the LAPIC's own vCPU is called there (or while the vCPU is stopped). Other cores come
 * in only by vlapic_set_irq() and vlapic_route(); they
 *   - set bits of irr, then call vcpu_notify(). They never clear one: the owner does;
 *   - set or clear the vector's bit of tmr before, and set bits of esr_pending;
 *   - read id, base_msr, ldr, dfr, ppr, accepting and the error LVT entry, each a single load.
 *     Meeting an old value is as if the message had come a moment earlier.
 * Whoever takes VCPU_EVENT_IRQ from the vCPU's events asks vlapic_pending() afterwards; a LAPIC
 * sends the event again whenever an end of interrupt or a lower TPR makes a vector deliverable.
 */
#ifndef HV_VLAPIC_H
#define HV_VLAPIC_H

#include <abi/types.h>
#include "trap.h"

#define VLAPIC_BASE	0xfee00000ULL
#define VLAPIC_TIMER_HZ 1000000000ULL /* input of the divide register: fixed, told by CPUID 15h */

enum vlapic_lvt { LVT_TIMER, LVT_THERMAL, LVT_PERF, LVT_LINT0, LVT_LINT1, LVT_ERROR, LVT_COUNT };

struct vlapic {
	u64 irr[4];	  /* bit v % 64 of word v / 64 */
	u64 tmr[4];	  /* the same; set: level */
	u64 base_msr;	  /* IA32_APIC_BASE */
	u64 deadline;	  /* TSC of the next timer interrupt, ~0: none */
	u64 tsc_deadline; /* IA32_TSC_DEADLINE */
	u32 tpr, ppr;
	bool accepting; /* enabled, by base_msr and by svr: takes fixed interrupts */
	/* The ISR: in_service[1..depth] are the vectors in service, the highest last. At most one
	 * of each priority class, for only a higher class interrupts; [0] is always 0. */
	u32 depth;
	u8 in_service[16];
	u32 lvt[LVT_COUNT];
	u32 id;
	u32 ldr, dfr, svr, esr, esr_pending;
	u64 icr;
	u32 timer_initial, timer_divide; /* registers */
	u64 timer_start;		 /* TSC when the count began */
	u64 timer_period;		 /* timer_initial in TSC ticks, at least 1 */
};

/* Power-on. The boot processor's LINT0 passes the 8259, as firmware would leave it: guests that
 * start without firmware rely on it. */
void vlapic_reset(struct vlapic *l, u32 id, bool boot_cpu);
void vlapic_init_signal(struct vlapic *l); /* INIT: keeps id and base */

/* MMIO page at VLAPIC_BASE, registered as a trap; offset within the page. TRAP_UNHANDLED when the
 * APIC is not in xAPIC mode or was moved elsewhere (it answers nowhere then). */
enum trap_result vlapic_mmio(struct vcpu *v, u64 offset, struct access *a);
/* 0x1b, 0x6e0, 0x800..0x8ff. 0, -ENOENT (not an APIC MSR), -EINVAL (#GP). */
int vlapic_rdmsr(struct vcpu *v, u32 msr, u64 *value) must_check;
int vlapic_wrmsr(struct vcpu *v, u32 msr, u64 value) must_check;

/* The vector to deliver now (highest IRR above the processor priority), or -1. */
int vlapic_pending(struct vlapic *l);
/* The priority class of a vector that would be delivered if the TPR were lower; 0: none. */
u8 vlapic_blocked_class(const struct vlapic *l);
/* Delivery of that vector begins: IRR to ISR. Only what vlapic_pending() just returned. */
void vlapic_accept(struct vlapic *l, u8 vector);
/* It did not begin after all: the vector, if it is the last one accepted, goes back to IRR. */
void vlapic_unaccept(struct vlapic *l, u8 vector);
/* End of interrupt from a paravirtual EOI or an EOI register write (broadcasts to the IOAPIC when
 * the vector was level-triggered: takes the guest's lock). */
void vlapic_eoi(struct vcpu *v);
/* Whether the vector in service may be ended without an exit: nothing else pending, not level. */
bool vlapic_can_skip_eoi(struct vlapic *l, u8 vector);
/* Sets IRR (and TMR for level) and notifies the vCPU. Any core. */
void vlapic_set_irq(struct vcpu *v, u8 vector, bool level);
/* Whether LINT0 passes the 8259 (ExtINT, unmasked, or the APIC disabled) to this vCPU. */
bool vlapic_accepts_pic(struct vlapic *l);
/* now >= deadline: raise what is due, compute the next deadline. A periodic timer whose period
 * passed several times raises one interrupt and keeps its phase. */
void vlapic_timer(struct vcpu *v, u64 now);
static inline u64 vlapic_deadline(const struct vlapic *l)
{
	return l->deadline;
}
/* CR8 view. */
u64 vlapic_get_cr8(struct vlapic *l);
void vlapic_set_cr8(struct vcpu *v, u64 cr8); /* cr8 <= 15 */

/* Routes an interrupt message to the guest's LAPICs by destination, mode (physical, logical flat
 * and cluster, x2APIC), delivery mode (fixed, lowest priority, NMI, INIT, SIPI; SMI and ExtINT are
 * ignored). Lowest priority goes to the LAPIC with the lowest PPR; equals share by vector. */
enum apic_delivery {
	APIC_FIXED = 0,
	APIC_LOWEST = 1,
	APIC_SMI = 2,
	APIC_NMI = 4,
	APIC_INIT = 5,
	APIC_SIPI = 6,
	APIC_EXTINT = 7,
};
struct apic_message {
	u32 destination; /* 8 bits, or 32 in x2APIC form */
	bool x2apic_destination;
	bool logical;
	u8 vector, delivery; /* delivery: enum apic_delivery */
	bool level, assert;  /* level without assert: nothing is delivered */
};
/* Any core. True when at least one LAPIC took it. */
bool vlapic_route(struct vm *vm, const struct apic_message *m);

#endif
