/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/* The few instructions that the loader needs beyond C. */
#ifndef BOOT_X86_H
#define BOOT_X86_H

#include <abi/types.h>

static inline void x86_out8(u16 port, u8 value)
{
	__asm__ volatile("outb %0, %1" : : "a"(value), "Nd"(port));
}

static inline u8 x86_in8(u16 port)
{
	u8 value;

	__asm__ volatile("inb %1, %0" : "=a"(value) : "Nd"(port));
	return value;
}

static inline u64 x86_rdtsc(void)
{
	u32 low, high;

	__asm__ volatile("rdtsc" : "=a"(low), "=d"(high));
	return (u64)high << 32 | low;
}

static inline u64 x86_rdmsr(u32 msr)
{
	u32 low, high;

	__asm__ volatile("rdmsr" : "=a"(low), "=d"(high) : "c"(msr));
	return (u64)high << 32 | low;
}

static inline void x86_wrmsr(u32 msr, u64 value)
{
	__asm__ volatile("wrmsr" : : "c"(msr), "a"((u32)value), "d"((u32)(value >> 32)));
}

struct x86_cpuid {
	u32 eax, ebx, ecx, edx;
};

static inline struct x86_cpuid x86_cpuid(u32 leaf, u32 subleaf)
{
	struct x86_cpuid r;

	__asm__ volatile("cpuid"
			 : "=a"(r.eax), "=b"(r.ebx), "=c"(r.ecx), "=d"(r.edx)
			 : "a"(leaf), "c"(subleaf));
	return r;
}

static inline u64 x86_read_cr4(void)
{
	u64 value;

	__asm__ volatile("mov %%cr4, %0" : "=r"(value));
	return value;
}

#define X86_CR4_LA57 BIT(12)

#define X86_MSR_FEATURE_CONTROL 0x3a /* SDM 3C 24.7 */
#define X86_MSR_EFER		0xc0000080
#define X86_MSR_VM_CR		0xc0010114 /* APM 2 15.30.1 */

#define X86_EFER_NXE BIT(11)

/* Whether the processor knows the no-execute bit of page tables. */
static inline bool x86_has_nx(void)
{
	return x86_cpuid(0x80000001, 0).edx & BIT(20);
}

#endif
