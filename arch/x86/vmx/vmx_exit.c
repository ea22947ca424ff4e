/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/*
 * From exit reason to struct vmexit (Intel SDM vol. 3, chapter 28 and appendix C). One table says
 * what each reason is; only reasons that carry more than their name have a function. Fields of the
 * VMCS are read when the reason needs them: each read costs.
 */
#include <arch/cpu.h>
#include "irq.h"
#include "mce.h"
#include "x86.h"
#include "vmx.h"

#define VECTOR_DB 1
#define VECTOR_DF 8
#define VECTOR_GP 13
#define VECTOR_PF 14
#define VECTOR_MC 18

#define IO_QUAL_SIZE   7
#define IO_QUAL_IN     BIT(3)
#define IO_QUAL_STRING BIT(4)
#define IO_QUAL_REP    BIT(5)

#define DR6_TRAP_BITS 0xfULL
#define DR7_GD	      BIT(13)

typedef void decode_fn(struct arch_vcpu *v, struct vmexit *e);

struct rule {
	u8 kind;   /* enum exit_kind; `decode` may change it */
	u8 length; /* 1: an instruction's exit, its length is valid and of use */
	u8 known;
	decode_fn *decode;
};

static u64 edx_eax(const struct arch_vcpu *v)
{
	return v->regs.gpr[RDX] << 32 | (u32)v->regs.gpr[RAX];
}

static void decode_msr(struct arch_vcpu *v, struct vmexit *e)
{
	e->addr = (u32)v->regs.gpr[RCX];
	e->value = edx_eax(v);
	e->write = e->kind == EXIT_WRMSR;
}

static void decode_io(struct arch_vcpu *v, struct vmexit *e)
{
	u64 qual = vmread(VMCS_EXIT_QUALIFICATION);

	e->raw_info = qual;
	e->addr = qual >> 16 & 0xffff;
	e->size = (u8)((qual & IO_QUAL_SIZE) + 1);
	e->write = !(qual & IO_QUAL_IN);
	e->string = qual & IO_QUAL_STRING;
	e->rep = qual & IO_QUAL_REP;
	if (e->write)
		e->value = v->regs.gpr[RAX] & (0xffffffffU >> (32 - 8 * e->size));
}

static void decode_irq(struct arch_vcpu *v, struct vmexit *e)
{
	(void)v;
	e->vector = (u8)vmread(VMCS_EXIT_INTERRUPTION_INFO);
	irq_dispatch(e->vector);
}

static void decode_timer(struct arch_vcpu *v, struct vmexit *e)
{
	(void)e;
	vmx_of(v)->overdue = false;
	if (likely(v->regs.rflags & RFLAGS_IF))
		return;
	take_interrupts(); /* see set_timer: there may never be an exit for them */
	vmx_of(v)->window_due = time_now() + vmx_caps.timer_most;
}

static void decode_window(struct arch_vcpu *v, struct vmexit *e)
{
	(void)e;
	vmx_want_window(v, false);
}

/* The IRET that would have unblocked NMIs did not finish: block them again (28.2.3). */
static void undo_nmi_unblocking(struct arch_vcpu *v)
{
	if (!vmx_of(v)->event)
		vmx_set_shadow(v, vmx_get_shadow(v) | SHADOW_NMI);
}

static void decode_ept_violation(struct arch_vcpu *v, struct vmexit *e)
{
	u64 qual = vmread(VMCS_EXIT_QUALIFICATION);

	e->raw_info = qual;
	e->addr = vmread(VMCS_GUEST_PHYSICAL_ADDRESS);
	e->write = qual & EPT_QUAL_WRITE;
	e->fetch = qual & EPT_QUAL_FETCH;
	e->gva_valid = (qual & EPT_QUAL_LINEAR_VALID) && (qual & EPT_QUAL_TRANSLATED);
	if (e->gva_valid)
		e->gva = vmread(VMCS_GUEST_LINEAR_ADDRESS);
	vmx_requeue_event(v);
	if (qual & EPT_QUAL_NMI_UNBLOCKED)
		undo_nmi_unblocking(v);
}

/*
 * Ordinary guests have #DB and #AC intercepted only so that no guest can make their delivery an
 * endless loop inside the processor. They get them back as they were; a #DB exit has not yet
 * changed DR6 and DR7 (28.1).
 */
static void reflect(struct arch_vcpu *v, struct vmexit *e, u32 info)
{
	struct vmx_vcpu *x = vmx_of(v);
	u64 dr6;

	if (e->vector == VECTOR_DB) {
		__asm__ volatile("mov %%db6, %0" : "=r"(dr6));
		dr6 = (dr6 & ~DR6_TRAP_BITS) | vmread(VMCS_EXIT_QUALIFICATION);
		__asm__ volatile("mov %0, %%db6" : : "r"(dr6));
		vmwrite(VMCS_GUEST_DR7, vmread(VMCS_GUEST_DR7) & ~DR7_GD);
	}
	x->event = info & ~(u32)INTR_NMI_UNBLOCKED;
	x->event_error = e->error;
	if (VMX_EVENT_NEEDS_LENGTH(info))
		x->event_length = vmread32(VMCS_EXIT_INSTRUCTION_LENGTH);
	vmx_set_shadow(v, vmx_get_shadow(v) & ~(u32)(SHADOW_STI | SHADOW_MOV_SS));
	e->kind = EXIT_NONE;
}

static void decode_exception(struct arch_vcpu *v, struct vmexit *e)
{
	u32 info = vmread32(VMCS_EXIT_INTERRUPTION_INFO);

	e->raw_info = info;
	e->vector = (u8)info;
	if ((info & INTR_TYPE_MASK) == INTR_TYPE_NMI) { /* the machine's own */
		__asm__ volatile("int $2");
		e->kind = EXIT_NONE;
		return;
	}
	vmx_requeue_event(v);
	if ((info & INTR_NMI_UNBLOCKED) && e->vector != VECTOR_DF)
		undo_nmi_unblocking(v);
	if (e->vector == VECTOR_MC) {
		mce_raise();
		e->kind = EXIT_NONE;
		return;
	}
	if (info & INTR_ERROR_VALID)
		e->error = vmread32(VMCS_EXIT_INTERRUPTION_ERROR);
	if (e->vector == VECTOR_PF)
		e->value = vmread(VMCS_EXIT_QUALIFICATION);
	if (!v->domain)
		reflect(v, e, info);
}

static void decode_rdpmc(struct arch_vcpu *v, struct vmexit *e)
{
	(void)e;
	vmx_inject_exception(v, VECTOR_GP, true, 0); /* no counters to read */
}

static void decode_fatal(struct arch_vcpu *v, struct vmexit *e)
{
	(void)v;
	e->triple_fault = e->raw_reason == VMX_REASON_TRIPLE_FAULT;
	e->raw_info = vmread(VMCS_EXIT_QUALIFICATION);
	if (e->raw_reason == VMX_REASON_EPT_MISCONFIG)
		e->addr = vmread(VMCS_GUEST_PHYSICAL_ADDRESS);
}

#define RULE_NONE(fn)               \
	{                           \
		EXIT_NONE, 0, 1, fn \
	}
#define RULE_FATAL                             \
	{                                      \
		EXIT_FATAL, 0, 1, decode_fatal \
	}
#define RULE_UD                            \
	{                                  \
		EXIT_INJECT_UD, 0, 1, NULL \
	}
#define RULE_SKIP                     \
	{                             \
		EXIT_SKIP, 1, 1, NULL \
	}

static const struct rule rules[VMX_REASON_COUNT] = {
	[VMX_REASON_EXCEPTION_NMI] = { EXIT_EXCEPTION, 0, 1, decode_exception },
	[VMX_REASON_EXTERNAL_INTERRUPT] = { EXIT_IRQ, 0, 1, decode_irq },
	[VMX_REASON_TRIPLE_FAULT] = RULE_FATAL,
	[VMX_REASON_INIT] = RULE_NONE(NULL),
	[VMX_REASON_SIPI] = RULE_NONE(NULL),
	[VMX_REASON_INTERRUPT_WINDOW] = { EXIT_WINDOW, 0, 1, decode_window },
	[VMX_REASON_NMI_WINDOW] = { EXIT_WINDOW, 0, 1, decode_window },
	[VMX_REASON_TASK_SWITCH] = RULE_FATAL,
	[VMX_REASON_CPUID] = { EXIT_CPUID, 1, 1, NULL },
	[VMX_REASON_GETSEC] = RULE_UD,
	[VMX_REASON_HLT] = { EXIT_HLT, 1, 1, NULL },
	[VMX_REASON_INVD] = RULE_SKIP,
	[VMX_REASON_RDPMC] = RULE_NONE(decode_rdpmc),
	[VMX_REASON_RSM] = RULE_UD,
	[VMX_REASON_VMCALL] = { EXIT_HYPERCALL, 1, 1, NULL },
	[VMX_REASON_VMCLEAR] = RULE_UD,
	[VMX_REASON_VMLAUNCH] = RULE_UD,
	[VMX_REASON_VMPTRLD] = RULE_UD,
	[VMX_REASON_VMPTRST] = RULE_UD,
	[VMX_REASON_VMREAD] = RULE_UD,
	[VMX_REASON_VMRESUME] = RULE_UD,
	[VMX_REASON_VMWRITE] = RULE_UD,
	[VMX_REASON_VMXOFF] = RULE_UD,
	[VMX_REASON_VMXON] = RULE_UD,
	[VMX_REASON_CR_ACCESS] = { EXIT_CR, 1, 1, vmx_decode_cr },
	[VMX_REASON_IO] = { EXIT_PIO, 1, 1, decode_io },
	[VMX_REASON_RDMSR] = { EXIT_RDMSR, 1, 1, decode_msr },
	[VMX_REASON_WRMSR] = { EXIT_WRMSR, 1, 1, decode_msr },
	[VMX_REASON_MWAIT] = RULE_UD,
	[VMX_REASON_MONITOR] = RULE_UD,
	[VMX_REASON_EPT_VIOLATION] = { EXIT_MMIO, 0, 1, decode_ept_violation },
	[VMX_REASON_EPT_MISCONFIG] = RULE_FATAL,
	[VMX_REASON_INVEPT] = RULE_UD,
	[VMX_REASON_PREEMPTION_TIMER] = { EXIT_TIMER, 0, 1, decode_timer },
	[VMX_REASON_INVVPID] = RULE_UD,
	[VMX_REASON_WBINVD] = RULE_SKIP,
	[VMX_REASON_XSETBV] = { EXIT_XSETBV, 1, 1, decode_msr },
	[VMX_REASON_INVPCID] = RULE_UD,
	[VMX_REASON_ENCLS] = RULE_UD,
};

void vmx_decode(struct arch_vcpu *v, struct vmexit *e)
{
	u32 reason = vmread32(VMCS_EXIT_REASON);
	const struct rule *rule;

	e->raw_reason = reason;
	if (unlikely(reason >= VMX_REASON_COUNT || !rules[reason].known)) {
		if (reason == (VMX_REASON_ENTRY_FAILED | VMX_REASON_MACHINE_CHECK))
			mce_raise();
		e->kind = EXIT_FATAL; /* entry refused the guest's state, or a reason never asked
					 for */
		e->raw_info = vmread(VMCS_EXIT_QUALIFICATION);
		return;
	}
	rule = &rules[reason];
	e->kind = rule->kind;
	if (rule->length)
		e->insn_len = (u8)vmread(VMCS_EXIT_INSTRUCTION_LENGTH);
	if (rule->decode)
		rule->decode(v, e);
}
