/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/*
 * The VMCS: fields (Intel SDM vol. 3, appendix B), controls (chapter 25), basic exit reasons
 * (appendix C), and the two instructions that reach it. All act on the VMCS that is current on
 * the calling core; see vmx_select().
 */
#ifndef X86_VMX_VMCS_H
#define X86_VMX_VMCS_H

#include <abi/types.h>

enum vmcs_field {
	/* 16 bits */
	VMCS_VPID = 0x0000,
	VMCS_GUEST_ES_SELECTOR = 0x0800, /* + 2 * enum segment_reg */
	VMCS_HOST_ES_SELECTOR = 0x0c00,
	VMCS_HOST_CS_SELECTOR = 0x0c02,
	VMCS_HOST_SS_SELECTOR = 0x0c04,
	VMCS_HOST_DS_SELECTOR = 0x0c06,
	VMCS_HOST_FS_SELECTOR = 0x0c08,
	VMCS_HOST_GS_SELECTOR = 0x0c0a,
	VMCS_HOST_TR_SELECTOR = 0x0c0c,
	/* 64 bits */
	VMCS_IO_BITMAP_A = 0x2000,
	VMCS_IO_BITMAP_B = 0x2002,
	VMCS_MSR_BITMAP = 0x2004,
	VMCS_TSC_OFFSET = 0x2010,
	VMCS_EPT_POINTER = 0x201a,
	VMCS_XSS_EXITING_BITMAP = 0x202c,
	VMCS_ENCLS_EXITING_BITMAP = 0x202e,
	VMCS_GUEST_PHYSICAL_ADDRESS = 0x2400,
	VMCS_LINK_POINTER = 0x2800,
	VMCS_GUEST_DEBUGCTL = 0x2802,
	VMCS_GUEST_PAT = 0x2804,
	VMCS_GUEST_EFER = 0x2806,
	VMCS_GUEST_PDPTE0 = 0x280a, /* + 2 * n */
	VMCS_HOST_PAT = 0x2c00,
	VMCS_HOST_EFER = 0x2c02,
	/* 32 bits */
	VMCS_PIN_CONTROLS = 0x4000,
	VMCS_PROC_CONTROLS = 0x4002,
	VMCS_EXCEPTION_BITMAP = 0x4004,
	VMCS_PAGE_FAULT_MASK = 0x4006,
	VMCS_PAGE_FAULT_MATCH = 0x4008,
	VMCS_CR3_TARGET_COUNT = 0x400a,
	VMCS_EXIT_CONTROLS = 0x400c,
	VMCS_EXIT_MSR_STORE_COUNT = 0x400e,
	VMCS_EXIT_MSR_LOAD_COUNT = 0x4010,
	VMCS_ENTRY_CONTROLS = 0x4012,
	VMCS_ENTRY_MSR_LOAD_COUNT = 0x4014,
	VMCS_ENTRY_INTERRUPTION_INFO = 0x4016,
	VMCS_ENTRY_EXCEPTION_ERROR = 0x4018,
	VMCS_ENTRY_INSTRUCTION_LENGTH = 0x401a,
	VMCS_PROC2_CONTROLS = 0x401e,
	VMCS_INSTRUCTION_ERROR = 0x4400,
	VMCS_EXIT_REASON = 0x4402,
	VMCS_EXIT_INTERRUPTION_INFO = 0x4404,
	VMCS_EXIT_INTERRUPTION_ERROR = 0x4406,
	VMCS_IDT_VECTORING_INFO = 0x4408,
	VMCS_IDT_VECTORING_ERROR = 0x440a,
	VMCS_EXIT_INSTRUCTION_LENGTH = 0x440c,
	VMCS_GUEST_ES_LIMIT = 0x4800, /* + 2 * enum segment_reg */
	VMCS_GUEST_GDTR_LIMIT = 0x4810,
	VMCS_GUEST_IDTR_LIMIT = 0x4812,
	VMCS_GUEST_ES_ACCESS_RIGHTS = 0x4814, /* + 2 * enum segment_reg */
	VMCS_GUEST_INTERRUPTIBILITY = 0x4824,
	VMCS_GUEST_ACTIVITY = 0x4826,
	VMCS_GUEST_SYSENTER_CS = 0x482a,
	VMCS_PREEMPTION_TIMER = 0x482e,
	VMCS_HOST_SYSENTER_CS = 0x4c00,
	/* natural width */
	VMCS_CR0_MASK = 0x6000,
	VMCS_CR4_MASK = 0x6002,
	VMCS_CR0_SHADOW = 0x6004,
	VMCS_CR4_SHADOW = 0x6006,
	VMCS_EXIT_QUALIFICATION = 0x6400,
	VMCS_GUEST_LINEAR_ADDRESS = 0x640a,
	VMCS_GUEST_CR0 = 0x6800,
	VMCS_GUEST_CR3 = 0x6802,
	VMCS_GUEST_CR4 = 0x6804,
	VMCS_GUEST_ES_BASE = 0x6806, /* + 2 * enum segment_reg */
	VMCS_GUEST_FS_BASE = 0x680e,
	VMCS_GUEST_GS_BASE = 0x6810,
	VMCS_GUEST_GDTR_BASE = 0x6816,
	VMCS_GUEST_IDTR_BASE = 0x6818,
	VMCS_GUEST_DR7 = 0x681a,
	VMCS_GUEST_RSP = 0x681c,
	VMCS_GUEST_RIP = 0x681e,
	VMCS_GUEST_RFLAGS = 0x6820,
	VMCS_GUEST_PENDING_DEBUG = 0x6822,
	VMCS_GUEST_SYSENTER_ESP = 0x6824,
	VMCS_GUEST_SYSENTER_EIP = 0x6826,
	VMCS_HOST_CR0 = 0x6c00,
	VMCS_HOST_CR3 = 0x6c02,
	VMCS_HOST_CR4 = 0x6c04,
	VMCS_HOST_FS_BASE = 0x6c06,
	VMCS_HOST_GS_BASE = 0x6c08,
	VMCS_HOST_TR_BASE = 0x6c0a,
	VMCS_HOST_GDTR_BASE = 0x6c0c,
	VMCS_HOST_IDTR_BASE = 0x6c0e,
	VMCS_HOST_SYSENTER_ESP = 0x6c10,
	VMCS_HOST_SYSENTER_EIP = 0x6c12,
	VMCS_HOST_RSP = 0x6c14,
	VMCS_HOST_RIP = 0x6c16,
};

/* Controls: 25.6.1, 25.6.2, 25.7.1, 25.8.1. */
#define PIN_EXTERNAL_INTERRUPT BIT(0)
#define PIN_NMI		       BIT(3)
#define PIN_VIRTUAL_NMI	       BIT(5)
#define PIN_PREEMPTION_TIMER   BIT(6)

#define PROC_INTERRUPT_WINDOW BIT(2)
#define PROC_TSC_OFFSET	      BIT(3)
#define PROC_HLT	      BIT(7)
#define PROC_MWAIT	      BIT(10)
#define PROC_RDPMC	      BIT(11)
#define PROC_CR8_LOAD	      BIT(19)
#define PROC_CR8_STORE	      BIT(20)
#define PROC_NMI_WINDOW	      BIT(22)
#define PROC_MOV_DR	      BIT(23)
#define PROC_ALL_IO	      BIT(24)
#define PROC_IO_BITMAPS	      BIT(25)
#define PROC_MSR_BITMAPS      BIT(28)
#define PROC_MONITOR	      BIT(29)
#define PROC_SECONDARY	      BIT(31)

#define PROC2_EPT		 BIT(1)
#define PROC2_RDTSCP		 BIT(3)
#define PROC2_VPID		 BIT(5)
#define PROC2_WBINVD		 BIT(6)
#define PROC2_UNRESTRICTED_GUEST BIT(7)
#define PROC2_INVPCID		 BIT(12)
#define PROC2_ENCLS		 BIT(15)
#define PROC2_XSAVES		 BIT(20)

#define EXIT_CTL_SAVE_DEBUG    BIT(2)
#define EXIT_CTL_HOST_64       BIT(9)
#define EXIT_CTL_ACK_INTERRUPT BIT(15)
#define EXIT_CTL_SAVE_PAT      BIT(18)
#define EXIT_CTL_LOAD_PAT      BIT(19)
#define EXIT_CTL_SAVE_EFER     BIT(20)
#define EXIT_CTL_LOAD_EFER     BIT(21)
#define ENTRY_CTL_LOAD_DEBUG   BIT(2)
#define ENTRY_CTL_IA32E_GUEST  BIT(9)
#define ENTRY_CTL_LOAD_PAT     BIT(14)
#define ENTRY_CTL_LOAD_EFER    BIT(15)

/* Interruption information, the same layout for entry, exit and IDT vectoring (25.8.3). */
#define INTR_VALID	   BIT(31)
#define INTR_ERROR_VALID   BIT(11)
#define INTR_NMI_UNBLOCKED BIT(12) /* exit only: by IRET */
#define INTR_TYPE_MASK	   0x700U
#define INTR_TYPE_EXTERNAL (0U << 8)
#define INTR_TYPE_NMI	   (2U << 8)
#define INTR_TYPE_HARD	   (3U << 8) /* hardware exception */
#define INTR_TYPE_SOFT_INT (4U << 8)
#define INTR_TYPE_ICEBP	   (5U << 8) /* privileged software exception */
#define INTR_TYPE_SOFT	   (6U << 8) /* INT3, INTO */

/* Interruptibility state (25.4.2). */
#define SHADOW_STI    BIT(0)
#define SHADOW_MOV_SS BIT(1)
#define SHADOW_NMI    BIT(3)

#define PENDING_DEBUG_BS BIT(14)

/* Exit qualification of an EPT violation (28.2.1, table 28-7). */
#define EPT_QUAL_WRITE	       BIT(1)
#define EPT_QUAL_FETCH	       BIT(2)
#define EPT_QUAL_LINEAR_VALID  BIT(7)
#define EPT_QUAL_TRANSLATED    BIT(8) /* not a page walk's own access */
#define EPT_QUAL_NMI_UNBLOCKED BIT(12)

/* Basic exit reasons (appendix C). */
enum vmx_reason {
	VMX_REASON_EXCEPTION_NMI = 0,
	VMX_REASON_EXTERNAL_INTERRUPT = 1,
	VMX_REASON_TRIPLE_FAULT = 2,
	VMX_REASON_INIT = 3,
	VMX_REASON_SIPI = 4,
	VMX_REASON_INTERRUPT_WINDOW = 7,
	VMX_REASON_NMI_WINDOW = 8,
	VMX_REASON_TASK_SWITCH = 9,
	VMX_REASON_CPUID = 10,
	VMX_REASON_GETSEC = 11,
	VMX_REASON_HLT = 12,
	VMX_REASON_INVD = 13,
	VMX_REASON_RDPMC = 15,
	VMX_REASON_RSM = 17,
	VMX_REASON_VMCALL = 18,
	VMX_REASON_VMCLEAR = 19,
	VMX_REASON_VMLAUNCH = 20,
	VMX_REASON_VMPTRLD = 21,
	VMX_REASON_VMPTRST = 22,
	VMX_REASON_VMREAD = 23,
	VMX_REASON_VMRESUME = 24,
	VMX_REASON_VMWRITE = 25,
	VMX_REASON_VMXOFF = 26,
	VMX_REASON_VMXON = 27,
	VMX_REASON_CR_ACCESS = 28,
	VMX_REASON_MOV_DR = 29,
	VMX_REASON_IO = 30,
	VMX_REASON_RDMSR = 31,
	VMX_REASON_WRMSR = 32,
	VMX_REASON_GUEST_STATE = 33,
	VMX_REASON_MSR_LOADING = 34,
	VMX_REASON_MWAIT = 36,
	VMX_REASON_MONITOR = 39,
	VMX_REASON_MACHINE_CHECK = 41,
	VMX_REASON_EPT_VIOLATION = 48,
	VMX_REASON_EPT_MISCONFIG = 49,
	VMX_REASON_INVEPT = 50,
	VMX_REASON_PREEMPTION_TIMER = 52,
	VMX_REASON_INVVPID = 53,
	VMX_REASON_WBINVD = 54,
	VMX_REASON_XSETBV = 55,
	VMX_REASON_INVPCID = 58,
	VMX_REASON_ENCLS = 60,
	VMX_REASON_XSAVES = 63,
	VMX_REASON_XRSTORS = 64,
	VMX_REASON_COUNT = 80
};
#define VMX_REASON_ENTRY_FAILED BIT(31)

static inline u64 vmread(enum vmcs_field field)
{
	u64 value;

	__asm__ volatile("vmread %1, %0" : "=rm"(value) : "r"((u64)field) : "cc");
	return value;
}

static inline u32 vmread32(enum vmcs_field field)
{
	return (u32)vmread(field);
}

__attribute__((noreturn, cold)) void vmx_write_failed(enum vmcs_field field, u64 value);

static inline void vmwrite(enum vmcs_field field, u64 value)
{
	bool failed;

	__asm__ volatile("vmwrite %2, %1"
			 : "=@ccbe"(failed)
			 : "r"((u64)field), "rm"(value)
			 : "memory");
	if (__builtin_expect(failed, 0))
		vmx_write_failed(field, value);
}

/* The field of the same name for another segment register, PDPTE ... */
static inline enum vmcs_field vmcs_nth(enum vmcs_field first, u32 n)
{
	return (enum vmcs_field)((u32)first + 2 * n);
}

#endif
