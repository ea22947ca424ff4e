/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/*
 * Processor modes: registers that exits and entries must keep and check (CPUID, MSRs, control
 * registers, ports in long mode), then every mode down to real mode and back (modes_low.S).
 */
#include "kit/apic.h"
#include "modes.h"

#define COM1_SCRATCH	   0x3ff
#define CONFIG_ADDRESS	   0xcf8
#define CONFIG_DATA	   0xcfc
#define NOTHING_PORT	   0xee0
#define MSR_EFER	   0xc0000080
#define MSR_STAR	   0xc0000081
#define MSR_LSTAR	   0xc0000082
#define MSR_FMASK	   0xc0000084
#define MSR_FS_BASE	   0xc0000100
#define MSR_GS_BASE	   0xc0000101
#define MSR_KERNEL_GS_BASE 0xc0000102
#define MSR_SYSENTER_CS	   0x174
#define MSR_SYSENTER_ESP   0x175
#define MSR_SYSENTER_EIP   0x176
#define MSR_PAT		   0x277
#define MSR_NONE	   0x4321
#define EFER_LONG	   0x500
#define CR0_TS		   8u
#define CR0_PG		   0x80000000u
#define CR4_TSD		   4u
#define CR4_PAE		   0x20u
#define CR4_RESERVED	   (1u << 31)

extern volatile u32 modes_results[RESULT_COUNT];
void modes_descend(void);

static void test_cpuid(void)
{
	u32 r[4], max[4];

	cpuid(0, 0, max);
	report(max[0] >= 1 && max[1], "CPUID gives a vendor and leaf 1");
	cpuid(1, 0, r);
	report(r[3] & 1u << 9, "CPUID tells of a LAPIC");
	report(r[2] & 1u << 31, "CPUID tells of a hypervisor");
	report(!(r[2] & 1u << 5), "CPUID offers no VMX");
	cpuid(0x80000001, 0, r);
	report(r[3] & 1u << 29, "CPUID tells of long mode");
	report(on_plain_machine() || !(r[2] & 1u << 2), "CPUID offers no SVM");
}

static void keeps_msr(u32 msr, u64 value, const char *name)
{
	u64 before = rdmsr(msr), after;

	wrmsr(msr, value);
	after = rdmsr(msr);
	wrmsr(msr, before);
	report(after == value, "%s keeps what is written", name);
}

static void test_msrs(void)
{
	report((rdmsr(MSR_EFER) & EFER_LONG) == EFER_LONG, "EFER shows long mode");
	keeps_msr(MSR_STAR, 0x0018000800000000, "STAR");
	keeps_msr(MSR_LSTAR, 0xffff800012345678, "LSTAR");
	keeps_msr(MSR_FMASK, 0x47700, "FMASK");
	keeps_msr(MSR_FS_BASE, 0x00007f1234567890, "FS base");
	keeps_msr(MSR_GS_BASE, 0xffff888012345678, "GS base");
	keeps_msr(MSR_KERNEL_GS_BASE, 0xffff888000001000, "kernel GS base");
	keeps_msr(MSR_SYSENTER_CS, 0x10, "SYSENTER_CS");
	keeps_msr(MSR_SYSENTER_ESP, 0xffff888000002000, "SYSENTER_ESP");
	keeps_msr(MSR_SYSENTER_EIP, 0xffffffff81000000, "SYSENTER_EIP");
	keeps_msr(MSR_PAT, 0x0007010600070106, "PAT");
	if (on_plain_machine()) {
		skip("this emulator knows every MSR");
		return;
	}
	report(FAULTS(VECTOR_GP, rdmsr(MSR_NONE)), "reading an MSR that is not there faults");
	report(FAULTS(VECTOR_GP, wrmsr(MSR_NONE, 0)), "writing an MSR that is not there faults");
}

static void test_control_registers(void)
{
	u64 cr0 = read_cr0(), cr4 = read_cr4();
	u64 cr;

	write_cr0(cr0 | CR0_TS);
	report(read_cr0() & CR0_TS, "CR0.TS is set");
	__asm__ volatile("clts");
	report(!(read_cr0() & CR0_TS), "CLTS clears it");
	write_cr4(cr4 | CR4_TSD);
	report(read_cr4() & CR4_TSD, "CR4.TSD is set");
	write_cr4(cr4);
	write_cr8(7);
	cr = read_cr8();
	write_cr8(0);
	report(cr == 7, "CR8 keeps what is written");
	report(FAULTS(VECTOR_UD, __asm__ volatile(GUARDED("ud2"))), "UD2 faults");
}

/* Option strict=1: QEMU's emulated processor does not check these. */
static void test_control_register_checks(void)
{
	u64 cr0 = read_cr0(), cr4 = read_cr4();

	if (!option_number("strict", 0)) {
		skip("not told that this processor checks its control registers");
		return;
	}
	report(FAULTS(VECTOR_GP, write_cr4(cr4 | CR4_RESERVED)), "a reserved bit in CR4 faults");
	report(FAULTS(VECTOR_GP, write_cr4(cr4 & ~(u64)CR4_PAE)),
	       "clearing CR4.PAE in long mode faults");
	report(FAULTS(VECTOR_GP, write_cr0(cr0 & ~1ULL)), "clearing CR0.PE with paging on faults");
	report(FAULTS(VECTOR_GP, write_cr0(cr0 | 1ULL << 32)), "a high bit in CR0 faults");
	report(FAULTS(VECTOR_GP, write_cr8(0x10)), "a reserved bit in CR8 faults");
	report(FAULTS(VECTOR_GP, wrmsr(MSR_EFER, rdmsr(MSR_EFER) | 1ULL << 63)),
	       "a reserved bit in EFER faults");
	report(FAULTS(VECTOR_GP, wrmsr(MSR_LSTAR, 0x1234567812345678)),
	       "a non-canonical LSTAR faults");
	report(read_cr0() == cr0 && read_cr4() == cr4, "CR0 and CR4 are as before");
}

static void test_ports(void)
{
	bool good = true;

	for (u32 i = 0; i < 256; i++) {
		outb(COM1_SCRATCH, (u8)i);
		good &= inb(COM1_SCRATCH) == i;
	}
	report(good, "a register at a port keeps 256 values");
	outl(CONFIG_ADDRESS, 0x8000f800);
	report(inl(CONFIG_ADDRESS) == 0x8000f800, "32 bits at a port");
	outl(CONFIG_ADDRESS, 0x80000000);
	report(inl(CONFIG_DATA) == ((u32)inw(CONFIG_DATA + 2) << 16 | inw(CONFIG_DATA)),
	       "16 bits at a port are halves of 32");
	report((inw(CONFIG_DATA) >> 8) == inb(CONFIG_DATA + 1), "8 bits are halves of 16");
	report(inb(NOTHING_PORT) == 0xff && inw(NOTHING_PORT) == 0xffff &&
		       inl(NOTHING_PORT) == 0xffffffff,
	       "a port where nothing is reads all ones");
}

static void rep_insw(u16 port, void *to, u64 count, void **end, u64 *left)
{
	__asm__ volatile("rep insw" : "+D"(to), "+c"(count) : "d"(port) : "memory");
	*end = to;
	*left = count;
}

static void test_string_ports(void)
{
	static u16 words[64];
	u32 addresses[3] = { 0x80000800, 0x80001000, 0x80000000 };
	void *end = NULL;
	const void *from = addresses;
	u64 left = 3;
	bool good = true;
	u16 id;

	__asm__ volatile("rep outsl"
			 : "+S"(from), "+c"(left)
			 : "d"((u16)CONFIG_ADDRESS)
			 : "memory");
	report(from == addresses + 3 && left == 0 && inl(CONFIG_ADDRESS) == 0x80000000,
	       "REP OUTSD writes all, the last one stays");
	id = inw(CONFIG_DATA);
	rep_insw(CONFIG_DATA, words, 63, &end, &left);
	for (u32 i = 0; i < 63; i++)
		good &= words[i] == id;
	report(good && words[63] == 0 && end == words + 63 && left == 0,
	       "REP INSW reads so many words and moves its registers");
	rep_insw(CONFIG_DATA, words + 63, 0, &end, &left);
	report(words[63] == 0 && end == words + 63, "REP INSW of none does nothing");
	left = 2;
	end = (void *)0x0000100000000000;
	fault_clear();
	__asm__ volatile(GUARDED("rep insb")
			 : "+D"(end), "+c"(left)
			 : "d"((u16)COM1_SCRATCH)
			 : "memory");
	report(last_fault.vector == VECTOR_PF && last_fault.address == 0x0000100000000000 &&
		       left == 2,
	       "REP INSB to a page that is not there faults, nothing moved");
}

/* One 32-bit stage; vendor and LAPIC version as long mode saw them. */
static void report_stage(const char *name, u32 first, u32 vendor, u32 version, bool paging)
{
	const volatile u32 *r = &modes_results[first];

	report(r[TRY_VENDOR] == vendor, "%s: CPUID", name);
	report(r[TRY_MMIO] == version, "%s: a LAPIC register is read", name);
	report(r[TRY_TPR] == 0x30, "%s: a LAPIC register is written and read back", name);
	report(r[TRY_PORT] == 0x5a, "%s: a port is written and read back", name);
	report(r[TRY_STRING] == 0x8000002c, "%s: REP OUTSD", name);
	report(r[TRY_INS] == 0x8000002c, "%s: REP INSD", name);
	report(!(r[TRY_CR0] & CR0_PG) == !paging, "%s: CR0 shows it", name);
}

static void test_descent(void)
{
	const volatile u32 *real = &modes_results[REAL_FIRST];
	u32 vendor[4], version = apic_read(APIC_VERSION);

	cpuid(0, 0, vendor);
	apic_write(APIC_LVT_LINT0, LVT_EXTINT);
	modes_descend();
	apic_write(APIC_LVT_LINT0, LVT_MASKED);
	report(modes_results[IN_COMPATIBILITY] == 1 && modes_results[COMPATIBILITY_MMIO] == version,
	       "compatibility mode: a LAPIC register is read");
	report(!(modes_results[EFER_WITHOUT_PAGING] & 0x400), "without paging EFER.LMA is clear");
	report_stage("32 bits, no paging", FLAT_FIRST, vendor[1], version, false);
	report_stage("32 bits, 4 MiB pages", PAGED_FIRST, vendor[1], version, true);
	report_stage("PAE", PAE_FIRST, vendor[1], version, true);
	report(real[REAL_PM16] == 0x16, "16-bit protected mode runs");
	report(!(real[REAL_CR0] & 1), "real mode: CR0.PE is clear");
	report(real[REAL_VENDOR] == vendor[1], "real mode: CPUID");
	report(real[REAL_INTERRUPTS] == 2, "real mode: INT goes through the vector table");
	report(real[REAL_PORT] == 0xa5, "real mode: 8 bits at a port");
	report(real[REAL_PORT32] == 0x80000000, "real mode: 32 bits at a port");
	report(real[REAL_PORT16] == 0x8086, "real mode: 16 bits at a port");
	report(real[REAL_OUTS] == 0x80000004, "real mode: OUTSD from another segment");
	report(real[REAL_INS] == 0xc3c3c3, "real mode: REP INSB backwards");
	report((u16)real[REAL_INS_DI] == 0xffff, "real mode: DI moved backwards");
	report(real[REAL_TICKS] == 10, "real mode: 8254 interrupts through the 8259 end HLT");
	report((rdmsr(MSR_EFER) & EFER_LONG) == EFER_LONG, "long mode again");
}

void main(void)
{
	apic_enable();
	test_cpuid();
	test_msrs();
	test_control_registers();
	test_control_register_checks();
	test_ports();
	test_string_ports();
	test_descent();
	test_descent();
}
