/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/* A guest with interrupt controllers and timers, a clock that the test moves, and vCPUs that only
 * collect their events. */
#ifndef TESTS_IRQ_STUBS_H
#define TESTS_IRQ_STUBS_H

#include "vm.h"
#include "vlapic_internal.h"

#define STUB_HZ 2500000000ULL

extern u64 stub_now; /* TSC */
extern struct vm stub_vm;
extern struct vcpu stub_vcpus[MAX_VM_CPUS];

/* Power-on state with that many vCPUs, at a TSC of one second. */
void irq_setup(u32 cpus);
/* The events of the vCPU since last asked. */
u32 take_events(struct vcpu *v);
/* Delivers what is pending: its vector, or -1. */
int deliver(struct vcpu *v);
/* Lets time pass, one timer deadline after the other, as the scheduler would. */
void run_for_ns(u64 ns);

/* Software-enables every LAPIC; x2apic: in that mode. */
void enable_lapics(bool x2apic);
void wrmsr(struct vcpu *v, u32 reg, u64 value); /* x2APIC register; must not fault */
u64 rdmsr(struct vcpu *v, u32 reg);
void mmio_write(struct vcpu *v, u32 reg, u32 value); /* xAPIC register */
u32 mmio_read(struct vcpu *v, u32 reg);

void pic_out(u16 port, u8 value);
u8 pic_in(u16 port);
void pit_out(u16 port, u8 value);
u8 pit_in(u16 port);
void ioapic_write(u32 reg, u32 value);
u32 ioapic_read(u32 reg);
void ioapic_pin(u32 pin, u64 entry);

#endif
