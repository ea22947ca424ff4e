/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/*
 * What each core has for itself: found through GS, which only the hypervisor's own value ever
 * occupies while its code runs (the vendors' exit paths see to that).
 */
#ifndef X86_PERCPU_H
#define X86_PERCPU_H

#include <abi/types.h>
#include <arch/cpu.h>

#define SEL_CODE 0x08
#define SEL_DATA 0x10
#define SEL_TSS	 0x18

enum ist { IST_DOUBLE_FAULT = 1, IST_NMI, IST_MACHINE_CHECK };

struct packed_struct tss {
	u32 reserved0;
	u64 rsp[3];
	u64 reserved1;
	u64 ist[8]; /* [0] is not used */
	u64 reserved2;
	u16 reserved3;
	u16 io_bitmap;
};

struct percpu {
	struct percpu *self; /* %gs:0; not NULL: the core has started */
	u32 index, apic_id;
	u64 timer_deadline; /* as armed; ~0: not */
	void *virt_page;    /* VMXON region or host save area: vendor's */
	u64 gdt[8];
	struct tss tss;
};

extern struct percpu percpus[MAX_CPUS];

static inline struct percpu *percpu(void)
{
	struct percpu *p;

	__asm__("mov %%gs:0, %0" : "=r"(p));
	return p;
}

/* Loads descriptor tables and GS of this core. */
void cpu_setup(u32 index, u32 apic_id);
/* Control registers, PAT and extended state as every core needs them. */
void cpu_setup_control(void);

#endif
