/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/* What a report about a guest needs to say of its VMCS, as lines of the log. */
#include <arch/cpu.h>
#include <arch/upcall.h>
#include "x86.h"
#include "vmx.h"

typedef unsigned long long ull;

/* VM-instruction errors (Intel SDM vol. 3, 31.4). */
static const char *const entry_errors[] = {
	[0] = "no current VMCS",
	[1] = "VMCALL in VMX root operation",
	[2] = "VMCLEAR with an invalid address",
	[3] = "VMCLEAR with the VMXON pointer",
	[4] = "VMLAUNCH with a VMCS that is not clear",
	[5] = "VMRESUME with a VMCS that is not launched",
	[6] = "VMRESUME after VMXOFF",
	[7] = "invalid control fields",
	[8] = "invalid host-state fields",
	[9] = "VMPTRLD with an invalid address",
	[10] = "VMPTRLD with the VMXON pointer",
	[11] = "VMPTRLD with a wrong revision",
	[12] = "field not supported",
	[13] = "VMWRITE to a read-only field",
	[15] = "VMXON in VMX root operation",
	[26] = "events blocked by MOV SS",
	[28] = "invalid operand to INVEPT or INVVPID",
};

void vmx_report_entry_error(u32 error)
{
	const char *text = error < ARRAY_SIZE(entry_errors) ? entry_errors[error] : NULL;

	log_printf("vmx: entry refused, VM-instruction error %u: %s", error,
		   text ? text : "see the manual");
}

static void dump_segment(const struct arch_vcpu *v, enum segment_reg r)
{
	static const char *const names[SEG_COUNT] = { "es", "cs", "ss",	  "ds",
						      "fs", "gs", "ldtr", "tr" };
	struct segment s;

	vmx_get_segment(v, r, &s);
	log_printf("%-4s %04x base %016llx limit %08x rights %05x", names[r], s.selector,
		   (ull)s.base, s.limit, s.attr);
}

void vmx_dump(const struct arch_vcpu *v)
{
	struct vmx_vcpu *x = vmx_of(v);

	if (x->cpu != cpu_index() || x->reset_pending) {
		log_printf("vmcs %llx: not active on this core", (ull)x->vmcs);
		return;
	}
	vmx_ensure(v);
	log_printf("vmcs %llx reason %llx qualification %llx gpa %llx gva %llx", (ull)x->vmcs,
		   (ull)vmread(VMCS_EXIT_REASON), (ull)vmread(VMCS_EXIT_QUALIFICATION),
		   (ull)vmread(VMCS_GUEST_PHYSICAL_ADDRESS),
		   (ull)vmread(VMCS_GUEST_LINEAR_ADDRESS));
	log_printf("cr0 %llx/%llx cr3 %llx cr4 %llx/%llx efer %llx dr7 %llx",
		   (ull)vmread(VMCS_GUEST_CR0), (ull)vmread(VMCS_CR0_SHADOW),
		   (ull)vmread(VMCS_GUEST_CR3), (ull)vmread(VMCS_GUEST_CR4),
		   (ull)vmread(VMCS_CR4_SHADOW), (ull)vmread(VMCS_GUEST_EFER),
		   (ull)vmread(VMCS_GUEST_DR7));
	for (u32 r = 0; r < SEG_COUNT; r++)
		dump_segment(v, r);
	log_printf("gdtr %016llx/%x idtr %016llx/%x", (ull)vmread(VMCS_GUEST_GDTR_BASE),
		   vmread32(VMCS_GUEST_GDTR_LIMIT), (ull)vmread(VMCS_GUEST_IDTR_BASE),
		   vmread32(VMCS_GUEST_IDTR_LIMIT));
	log_printf("controls pin %x proc %x %x exit %x entry %x exceptions %x",
		   vmread32(VMCS_PIN_CONTROLS), vmread32(VMCS_PROC_CONTROLS),
		   vmread32(VMCS_PROC2_CONTROLS), vmread32(VMCS_EXIT_CONTROLS),
		   vmread32(VMCS_ENTRY_CONTROLS), vmread32(VMCS_EXCEPTION_BITMAP));
	log_printf("events entry %x exit %x vectoring %x shadow %x activity %x pending %llx",
		   vmread32(VMCS_ENTRY_INTERRUPTION_INFO), vmread32(VMCS_EXIT_INTERRUPTION_INFO),
		   vmread32(VMCS_IDT_VECTORING_INFO), vmread32(VMCS_GUEST_INTERRUPTIBILITY),
		   vmread32(VMCS_GUEST_ACTIVITY), (ull)vmread(VMCS_GUEST_PENDING_DEBUG));
	log_printf("ept pointer %llx vpid %x tsc offset %llx", (ull)vmread(VMCS_EPT_POINTER),
		   x->vpid, (ull)vmread(VMCS_TSC_OFFSET));
}
