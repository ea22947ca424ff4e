/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/*
 * Owns the machine's interrupt hardware: each core's local APIC (xAPIC or x2APIC, as the firmware
 * left it), the IOAPIC's ISA lines, the 8259s (masked for good). Intel SDM vol. 3 chapter 11.
 *
 * The timer is the TSC deadline where there is one, else the one-shot counter, whose rate is
 * measured once on the boot core.
 */
#include <arch/cpu.h>
#include <arch/io.h>
#include <arch/upcall.h>
#include "irq.h"
#include "percpu.h"
#include "x86.h"

#define APIC_ID		   0x20
#define APIC_EOI	   0xb0
#define APIC_SVR	   0xf0
#define APIC_ICR	   0x300
#define APIC_ICR_HIGH	   0x310
#define APIC_LVT_TIMER	   0x320
#define APIC_LVT_LINT0	   0x350
#define APIC_LVT_LINT1	   0x360
#define APIC_TIMER_INITIAL 0x380
#define APIC_TIMER_CURRENT 0x390
#define APIC_TIMER_DIVIDE  0x3e0

#define LVT_NMI		 0x400
#define LVT_MASKED	 BIT(16)
#define LVT_TSC_DEADLINE BIT(18)
#define ICR_BUSY	 BIT(12)

#define IOAPIC_BASE   0xfec00000ULL
#define IOAPIC_LEVEL  BIT(15)
#define IOAPIC_MASKED BIT(16)

#define MSI_ADDRESS 0xfee00000ULL /* + APIC ID << 12; Intel SDM vol. 3, 11.11 */

static bool x2apic, tsc_deadline;
static u64 timer_mul; /* APIC timer ticks a TSC tick, 32 fractional bits */
static volatile char *xapic;
static u32 level_lines; /* bit: ISA line */

static u32 apic_read(u32 reg)
{
	if (x2apic)
		return (u32)rdmsr(MSR_X2APIC + (reg >> 4));
	return mmio_read32(xapic + reg);
}

static void apic_write(u32 reg, u32 value)
{
	if (x2apic)
		wrmsr(MSR_X2APIC + (reg >> 4), value);
	else
		mmio_write32(xapic + reg, value);
}

static void apic_eoi(void)
{
	apic_write(APIC_EOI, 0);
}

void apic_ipi(u32 id, u32 low)
{
	if (x2apic) {
		wrmsr(MSR_X2APIC + (APIC_ICR >> 4), (u64)id << 32 | low);
		return;
	}
	while (apic_read(APIC_ICR) & ICR_BUSY)
		cpu_relax();
	apic_write(APIC_ICR_HIGH, id << 24);
	apic_write(APIC_ICR, low);
}

void cpu_kick(u32 index)
{
	apic_ipi(percpus[index].apic_id, VECTOR_KICK);
}

/* Ticks of the counter a TSC tick, over about 10 ms. Interruptions can only make it too small: the
 * TSC is read before the counter starts and after it is read. */
static u64 timer_measure(void)
{
	u64 span = time_hz() / 100, start = time_now(), ticks;

	apic_write(APIC_TIMER_INITIAL, 0xffffffff);
	while (time_now() - start < span)
		cpu_relax();
	ticks = 0xffffffffU - apic_read(APIC_TIMER_CURRENT);
	return (ticks << 32) / (time_now() - start);
}

static void timer_calibrate(void)
{
	apic_write(APIC_TIMER_DIVIDE, 0xb);
	apic_write(APIC_LVT_TIMER, LVT_MASKED | VECTOR_TIMER);
	for (u32 i = 0; i < 3; i++) {
		u64 mul = timer_measure();

		timer_mul = MAX(timer_mul, mul);
	}
	apic_write(APIC_TIMER_INITIAL, 0);
}

void apic_setup(void)
{
	u64 base = rdmsr(MSR_APIC_BASE);

	if (cpu_index() == 0) {
		x2apic = base & BIT(10);
		xapic = phys_to_virt(base & 0xffffff000ULL);
		tsc_deadline = cpuid(1, 0).ecx & BIT(24);
	}
	wrmsr(MSR_APIC_BASE, base | BIT(11) | (x2apic ? BIT(10) : 0));
	apic_write(APIC_SVR, 0x100 | VECTOR_SPURIOUS);
	apic_write(APIC_LVT_LINT0, LVT_MASKED);
	apic_write(APIC_LVT_LINT1, cpu_index() == 0 ? LVT_NMI : LVT_MASKED);
	apic_write(APIC_TIMER_INITIAL, 0);
	if (tsc_deadline) {
		apic_write(APIC_LVT_TIMER, LVT_TSC_DEADLINE | VECTOR_TIMER);
		return;
	}
	if (cpu_index() == 0)
		timer_calibrate();
	apic_write(APIC_TIMER_DIVIDE, 0xb);
	apic_write(APIC_LVT_TIMER, VECTOR_TIMER);
}

void apic_timer_set(u64 deadline)
{
	u64 now, ticks;

	if (tsc_deadline) {
		wrmsr(MSR_TSC_DEADLINE, deadline == ~0ULL ? 0 : deadline);
		return;
	}
	if (deadline == ~0ULL) {
		apic_write(APIC_TIMER_INITIAL, 0);
		return;
	}
	now = time_now();
	ticks = deadline > now ? deadline - now : 0;
	ticks = MIN(ticks, time_hz()); /* a second at most: the product stays within 64 bits */
	ticks = (ticks * (timer_mul >> 16) >> 16) + 1;
	apic_write(APIC_TIMER_INITIAL, (u32)MIN(ticks, 0xffffffffULL));
}

void timer_arm(u64 deadline)
{
	struct percpu *p = percpu();

	if (p->timer_deadline == deadline)
		return;
	p->timer_deadline = deadline;
	apic_timer_set(deadline);
}

static void ioapic_write(u32 reg, u32 value)
{
	mmio_write32(phys_to_virt(IOAPIC_BASE), reg);
	mmio_write32((char *)phys_to_virt(IOAPIC_BASE) + 0x10, value);
}

static void ioapic_line(u32 isa_irq, bool masked)
{
	ioapic_write(0x11 + 2 * isa_irq, percpus[0].apic_id << 24);
	ioapic_write(0x10 + 2 * isa_irq, (VECTOR_ISA + isa_irq) |
						 (level_lines >> isa_irq & 1 ? IOAPIC_LEVEL : 0) |
						 (masked ? (u32)IOAPIC_MASKED : 0));
}

void ioapic_init(void)
{
	u32 pins;

	io_out8(0x21, 0xff);
	io_out8(0xa1, 0xff);
	mmio_write32(phys_to_virt(IOAPIC_BASE), 1);
	pins = (mmio_read32((char *)phys_to_virt(IOAPIC_BASE) + 0x10) >> 16 & 0xff) + 1;
	for (u32 i = 0; i < pins; i++)
		ioapic_write(0x10 + 2 * i, (u32)IOAPIC_MASKED);
}

void irq_host_unmask(u32 isa_irq)
{
	ioapic_line(isa_irq, false);
}

void irq_host_level(u32 isa_irq)
{
	level_lines |= (u32)BIT(isa_irq);
	ioapic_line(isa_irq, true); /* what comes before it is unmasked is remembered */
}

int irq_host_message(u64 *address, u32 *data)
{
	if (percpus[0].apic_id > 0xff)
		return -ENOTSUP;
	*address = MSI_ADDRESS | percpus[0].apic_id << 12;
	*data = VECTOR_MESSAGE;
	return 0;
}

void irq_dispatch(u8 vector)
{
	if (vector == VECTOR_TIMER) {
		percpu()->timer_deadline = ~0ULL;
	} else if (vector >= VECTOR_ISA && vector < VECTOR_ISA + 16) {
		u32 line = vector - VECTOR_ISA;

		ioapic_line(line, true);
		irq_host_event(line);
	} else if (vector == VECTOR_MESSAGE) {
		irq_host_event(IRQ_MESSAGE);
	} else if (vector == VECTOR_SPURIOUS) {
		return;
	}
	apic_eoi();
}
