/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/*
 * The contract of a physical processor and its clock. The hypervisor runs with interrupts off,
 * except inside cpu_idle() and while a guest runs.
 */
#ifndef ARCH_CPU_H
#define ARCH_CPU_H

#include <abi/handoff.h>

#define MAX_CPUS 64

/* Index of the calling core, 0 = boot processor. */
u32 cpu_index(void);
/* Early: own descriptor tables, exceptions, page tables (W^X). Boot processor. */
void arch_init(const struct handoff *h);
/* Starts the other cores; each calls entry(its index) on its own stack and never returns. Returns
 * how many answered (the boot processor included). */
u32 cpu_start_all(const struct handoff *h, void (*entry)(u32 index));
/* Makes that core leave the guest or its idle halt soon. Does nothing harmful when it does not
 * run one. Never waits. */
void cpu_kick(u32 index);
/* Halts until an interrupt, with interrupts on; returns with them off. *pending (if not NULL) is
 * looked at after interrupts are off: nonzero, no halt. */
void cpu_idle(const _Atomic u32 *pending);
static inline void cpu_relax(void)
{
	__asm__ volatile("pause");
}

/* Clock: TSC ticks. */
#ifdef UNIT_TEST
u64 time_now(void); /* the test's clock */
#else
static inline u64 time_now(void)
{
	u32 lo, hi;

	__asm__ volatile("rdtsc" : "=a"(lo), "=d"(hi));
	return (u64)hi << 32 | lo;
}
#endif
u64 time_hz(void);
u64 time_from_ns(u64 ns);
u64 time_wall_seconds(void); /* Unix time from the machine's RTC; read once at start */
/* One timer a core: interrupts it at (not before) that TSC value; ~0: never. Cheap when the
 * deadline is the one already set. */
void timer_arm(u64 deadline);

/* Host interrupt lines (ISA numbering) as level of one event each. */
void irq_host_unmask(u32 isa_irq); /* at start, and after it fired: it masks itself then */
void irq_host_level(u32 isa_irq);  /* before unmasking: it is a level-triggered one (PCI) */
/* What a device writes, and where, to raise the one interrupt that is a message (MSI): it arrives
 * as irq_host_event(IRQ_MESSAGE) and is never masked. -ENOTSUP: the boot core's APIC cannot be
 * named so. */
#define IRQ_MESSAGE 16
int irq_host_message(u64 *address, u32 *data) must_check;

/* Physical address of something in the hypervisor's image. */
hpa_t image_to_phys(const void *p);

/* Last exits. */
__attribute__((noreturn)) void machine_poweroff(bool reboot);
__attribute__((noreturn)) void cpu_stop(void);	   /* this core, for good */
__attribute__((noreturn)) void machine_halt(void); /* all cores */
/* Stops all cores but the caller's, for good. Where another core has begun that, the caller stops.
 */
void machine_stop_others(void);
/* Registers and stack of the caller (or of an exception's frame) as text lines by log_printf. */
void arch_dump_host(void);

#endif
