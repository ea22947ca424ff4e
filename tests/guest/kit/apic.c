/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/* See apic.h. Intel SDM vol. 3, chapter 11; 82093AA; 8259A; 8254. */
#include "apic.h"

#define SVR_ENABLE 0x100u
#define SPURIOUS   0xffu

/* All processors are in the same mode. */
static bool in_x2apic;

u32 apic_read(enum apic_register reg)
{
	if (in_x2apic)
		return (u32)rdmsr(MSR_X2APIC + (u32)reg / 16);
	return read32(LAPIC_BASE + (u64)reg);
}

void apic_write(enum apic_register reg, u32 v)
{
	if (in_x2apic)
		wrmsr(MSR_X2APIC + (u32)reg / 16, v);
	else
		write32(LAPIC_BASE + (u64)reg, v);
}

void apic_use_x2apic(bool on)
{
	u64 base = rdmsr(MSR_APIC_BASE) & ~(u64)(APIC_BASE_X2APIC | APIC_BASE_ENABLE);

	if (!on)
		wrmsr(MSR_APIC_BASE, base);
	wrmsr(MSR_APIC_BASE, base | APIC_BASE_ENABLE);
	if (on)
		wrmsr(MSR_APIC_BASE, base | APIC_BASE_ENABLE | APIC_BASE_X2APIC);
	in_x2apic = on;
}

static void spurious(struct trap_frame *f)
{
	(void)f;
}

void apic_enable(void)
{
	trap_set_handler(SPURIOUS, spurious);
	apic_write(APIC_SVR, SVR_ENABLE | SPURIOUS);
	apic_write(APIC_TPR, 0);
	apic_write(APIC_LVT_TIMER, LVT_MASKED);
	apic_write(APIC_LVT_LINT0, LVT_MASKED);
	apic_write(APIC_LVT_LINT1, LVT_MASKED);
	apic_write(APIC_LVT_ERROR, LVT_MASKED);
}

void apic_eoi(void)
{
	apic_write(APIC_EOI, 0);
}

u32 apic_id(void)
{
	u32 id = apic_read(APIC_ID);

	return in_x2apic ? id : id >> 24;
}

void apic_send(u32 destination, u32 command)
{
	if (in_x2apic) {
		wrmsr(MSR_X2APIC + APIC_ICR / 16, (u64)destination << 32 | command);
		return;
	}
	write32(LAPIC_BASE + APIC_ICR_HIGH, destination << 24);
	write32(LAPIC_BASE + APIC_ICR, command);
	while (read32(LAPIC_BASE + APIC_ICR) & ICR_PENDING)
		relax();
}

u32 ioapic_read(u8 reg)
{
	write32(IOAPIC_BASE, reg);
	return read32(IOAPIC_BASE + 0x10);
}

void ioapic_write(u8 reg, u32 v)
{
	write32(IOAPIC_BASE, reg);
	write32(IOAPIC_BASE + 0x10, v);
}

void ioapic_route(u32 pin, u8 vector, u32 destination)
{
	ioapic_write((u8)(0x11 + 2 * pin), destination << 24);
	ioapic_write((u8)(0x10 + 2 * pin), vector);
}

void ioapic_mask(u32 pin)
{
	ioapic_write((u8)(0x10 + 2 * pin), LVT_MASKED);
}

void pic_init(u16 enabled)
{
	outb(0x20, 0x11);
	outb(0xa0, 0x11);
	outb(0x21, 0x20);
	outb(0xa1, 0x28);
	outb(0x21, 0x04);
	outb(0xa1, 0x02);
	outb(0x21, 0x01);
	outb(0xa1, 0x01);
	outb(0x21, (u8)~enabled);
	outb(0xa1, (u8)(~enabled >> 8));
}

void pic_eoi(u8 line)
{
	if (line >= 8)
		outb(0xa0, 0x20);
	outb(0x20, 0x20);
}

void pit_start(u8 mode, u32 hz)
{
	u32 count = PIT_HZ / hz;

	outb(0x43, (u8)(0x30 | mode << 1));
	outb(0x40, (u8)count);
	outb(0x40, (u8)(count >> 8));
}
