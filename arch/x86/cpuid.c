/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/*
 * CPUID as guests see it: the machine's own, less what this hypervisor does not pass on, plus a
 * local APIC with x2APIC and TSC deadline, and the leaves at 0x40000000 by which guests find a
 * paravirtual clock and end-of-interrupt. Those follow KVM's public interface
 * (Documentation/virt/kvm/x86/cpuid.rst), because guests know it.
 *
 * The machine's leaves are read once: an exit costs a table look-up. Constant after cpuid_init.
 */
#include <arch/cpu.h>
#include <arch/vcpu.h>
#include "cpuid.h"
#include "x86.h"
#include "xstate.h"

#define BASIC_LEAVES	0x20
#define EXTENDED_LEAVES 0x20
#define EXTENDED	0x80000000U
#define HYPERVISOR	0x40000000U

/* Leaf 1 ECX */
#define C1_PDCM		BIT(15)
#define C1_X2APIC	BIT(21)
#define C1_TSC_DEADLINE BIT(24)
#define C1_OSXSAVE	BIT(27)
#define C1_HYPERVISOR	BIT(31)
#define C1_ECX_HIDDEN                                                                        \
	(BIT(2) | BIT(3) | BIT(5) | BIT(6) | BIT(7) | BIT(8) | BIT(11) | C1_PDCM | BIT(18) | \
	 C1_OSXSAVE) /* DTES64 MONITOR VMX SMX EIST TM2 SDBG DCA */
/* Leaf 1 EDX: DS, ACPI, TM, PBE are the machine's; machine check and MTRR stay. */
#define C1_EDX_HIDDEN (BIT(21) | BIT(22) | BIT(29) | BIT(31))

/* Leaf 7 */
#define C7_EBX_HIDDEN \
	(BIT(1) | BIT(2) | BIT(12) | BIT(15) | BIT(22) | BIT(25)) /* TSC_ADJUST SGX RDT PT */
#define C7_EBX_MPX BIT(14)
#define C7_ECX_KEPT                                                                           \
	(BIT(1) | BIT(2) | BIT(6) | BIT(8) | BIT(9) | BIT(10) | BIT(11) | BIT(12) | BIT(14) | \
	 BIT(22))
#define C7_EDX_KEPT (BIT(2) | BIT(3) | BIT(4) | BIT(8) | BIT(14))

/* KVM's feature bits (leaf 0x40000001 EAX) */
#define PV_NOP_IO_DELAY BIT(1) /* no device needs Linux' pause, a write to port 80h */
#define PV_CLOCKSOURCE2 BIT(3)
#define PV_EOI		BIT(6)
#define PV_CLOCK_STABLE BIT(24)

static struct cpuid basic[BASIC_LEAVES], extended[EXTENDED_LEAVES];
static u32 basic_max, extended_max;

static void read_leaves(void)
{
	basic_max = MIN(cpuid(0, 0).eax, (u32)BASIC_LEAVES - 1);
	for (u32 i = 0; i <= basic_max; i++)
		basic[i] = cpuid(i, 0);
	extended_max = MIN(cpuid(EXTENDED, 0).eax - EXTENDED, (u32)EXTENDED_LEAVES - 1);
	for (u32 i = 0; i <= extended_max; i++)
		extended[i] = cpuid(EXTENDED + i, 0);
}

void cpuid_init(void)
{
	u32 xstate;

	read_leaves();
	xstate = (u32)xstate_supported();
	/* The clock's rate is told through leaf 15h: crystal 1 GHz = the APIC timer's input. */
	basic_max = MAX(basic_max, 0x15U);
	basic[0].eax = basic_max;
	basic[1].ebx &= 0x0000ff00; /* CLFLUSH size; id and count are each guest's */
	basic[1].ecx &= ~(u32)C1_ECX_HIDDEN;
	basic[1].ecx |= (u32)(C1_X2APIC | C1_TSC_DEADLINE | C1_HYPERVISOR);
	basic[1].edx &= ~(u32)C1_EDX_HIDDEN;
	basic[1].edx |= BIT(9) | BIT(12);
	basic[5] = (struct cpuid){ 0 };
	basic[6] = (struct cpuid){ .eax = BIT(2) }; /* the APIC timer never stops */
	basic[7].eax = 0;
	basic[7].ebx &= ~(u32)(C7_EBX_HIDDEN | C7_EBX_MPX);
	basic[7].ecx &= (u32)C7_ECX_KEPT;
	basic[7].edx &= (u32)C7_EDX_KEPT;
	basic[0xa] = (struct cpuid){ 0 }; /* no performance counters */
	basic[0xf] = basic[0x10] = basic[0x12] = basic[0x14] = (struct cpuid){ 0 };
	basic[0xd].eax &= xstate;
	basic[0xd].edx = 0;
	if (!(xstate & BIT(5)))
		basic[7].ebx &= ~(u32)(BIT(16) | BIT(17) | BIT(21) | BIT(26) | BIT(27) | BIT(28) |
				       BIT(30) | BIT(31));
	basic[0x15] =
		(struct cpuid){ .eax = 1000000, .ebx = (u32)(time_hz() / 1000), .ecx = 1000000000 };
	extended[1].ecx &= BIT(0) | BIT(1) | BIT(4) | BIT(5) | BIT(6) | BIT(7) | BIT(8) | BIT(11) |
			   BIT(16) | BIT(21) | BIT(24);
	extended[1].ecx &= ~(u32)BIT(24); /* no performance counters */
	extended[1].edx |= BIT(9);
	extended[7] = (struct cpuid){ .edx = BIT(8) }; /* the TSC is invariant */
	extended[8].ecx = 0;
	extended[8].ebx &= BIT(9);
	for (u32 i = 9; i < EXTENDED_LEAVES; i++)
		extended[i] = (struct cpuid){ 0 };
}

static void topology(u32 subleaf, u32 apic_id, u32 cpus, struct cpuid *c)
{
	u32 bits = 0;

	while ((1U << bits) < cpus)
		bits++;
	*c = (struct cpuid){ .ecx = subleaf & 0xff, .edx = apic_id };
	if (subleaf == 0) {
		c->ebx = 1; /* one thread a core */
		c->ecx |= 1 << 8;
	} else if (subleaf == 1) {
		c->eax = bits;
		c->ebx = cpus;
		c->ecx |= 2 << 8;
	}
}

static void xstate_leaf(u32 subleaf, struct cpuid *c)
{
	if (subleaf == 0) {
		c->ebx = cpuid(0xd, 0).ebx; /* size for the guest's own XCR0, which is loaded */
		c->ecx = cpuid(0xd, 0).ecx;
	} else if (subleaf == 1) {
		*c = (struct cpuid){ .eax = cpuid(0xd, 1).eax & 0x5 }; /* no XSAVEC, XSAVES */
	} else if (subleaf < 64 && (xstate_supported() >> subleaf & 1)) {
		*c = cpuid(0xd, subleaf);
	} else {
		*c = (struct cpuid){ 0 };
	}
}

static void basic_leaf(u32 leaf, u32 subleaf, u32 apic_id, u32 cpus, bool osxsave, struct cpuid *c)
{
	*c = basic[leaf];
	switch (leaf) {
	case 1:
		c->ebx |= apic_id << 24 | cpus << 16;
		c->edx |= cpus > 1 ? BIT(28) : 0;
		c->ecx |= osxsave ? (u32)C1_OSXSAVE : 0;
		break;
	case 4:
		*c = cpuid(4, subleaf);
		c->eax = (c->eax & 0x3fff) | (c->eax & 31 ? (cpus - 1) << 26 : 0);
		break;
	case 7:
		if (subleaf)
			*c = (struct cpuid){ 0 };
		break;
	case 0xb:
		topology(subleaf, apic_id, cpus, c);
		break;
	case 0xd:
		xstate_leaf(subleaf, c);
		break;
	}
}

static void hypervisor_leaf(u32 leaf, struct cpuid *c)
{
	*c = (struct cpuid){ 0 };
	if (leaf == HYPERVISOR)
		*c = (struct cpuid){ HYPERVISOR + 1, 0x4b4d564b, 0x564b4d56, 0x4d };
	else if (leaf == HYPERVISOR + 1)
		c->eax = PV_NOP_IO_DELAY | PV_CLOCKSOURCE2 | PV_EOI | PV_CLOCK_STABLE;
}

void arch_cpuid(u32 leaf, u32 subleaf, u32 apic_id, u32 cpus, bool osxsave, u32 out[4])
{
	struct cpuid *c = (struct cpuid *)out;

	if (leaf <= basic_max)
		basic_leaf(leaf, subleaf, apic_id, cpus, osxsave, c);
	else if (leaf >= HYPERVISOR && leaf < HYPERVISOR + 0x100)
		hypervisor_leaf(leaf, c);
	else if (leaf >= EXTENDED && leaf - EXTENDED <= extended_max)
		*c = extended[leaf - EXTENDED];
	else
		*c = (struct cpuid){ 0 };
}
