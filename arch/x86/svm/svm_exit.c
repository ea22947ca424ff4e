/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/*
 * Decodes #VMEXIT codes into struct vmexit. AMD APM vol. 2, 15.9-15.12 and appendix C. Where the
 * processor does not save the next RIP, the lengths of the fixed-length instructions are used.
 */
#include "irq.h"
#include "mce.h"
#include "vmcb.h"
#include "x86.h"

#define IOIO_IN	    BIT(0)
#define IOIO_STRING BIT(2)
#define IOIO_REP    BIT(3)
#define NPF_WRITE   BIT(1)
#define NPF_FETCH   BIT(4)

static u8 insn_len(const struct arch_vcpu *v, u8 usual)
{
	const struct vmcb *b = &svm_vcpu(v)->vmcb;

	if (b->next_rip > v->regs.rip && b->next_rip - v->regs.rip <= 15)
		return (u8)(b->next_rip - v->regs.rip);
	return usual;
}

static void decode_ioio(const struct arch_vcpu *v, struct vmexit *e)
{
	const struct vmcb *b = &svm_vcpu(v)->vmcb;
	u64 info = b->info1;

	e->kind = EXIT_PIO;
	e->addr = info >> 16 & 0xffff;
	e->size = info >> 4 & 7;
	e->write = !(info & IOIO_IN);
	e->string = info & IOIO_STRING;
	e->rep = info & IOIO_REP;
	e->insn_len = (u8)(b->info2 - v->regs.rip);
	e->value = v->regs.gpr[RAX];
	if (e->size < 4)
		e->value &= (1ULL << 8 * e->size) - 1;
	else
		e->value = (u32)e->value;
}

static void decode_msr(const struct arch_vcpu *v, struct vmexit *e)
{
	e->kind = svm_vcpu(v)->vmcb.info1 & 1 ? EXIT_WRMSR : EXIT_RDMSR;
	e->addr = (u32)v->regs.gpr[RCX];
	e->value = v->regs.gpr[RDX] << 32 | (u32)v->regs.gpr[RAX];
	e->insn_len = insn_len(v, 2);
}

static void decode_npf(const struct arch_vcpu *v, struct vmexit *e)
{
	const struct vmcb *b = &svm_vcpu(v)->vmcb;

	e->kind = EXIT_MMIO;
	e->addr = b->info2;
	e->write = b->info1 & NPF_WRITE;
	e->fetch = b->info1 & NPF_FETCH;
}

static void decode_exception(const struct arch_vcpu *v, struct vmexit *e)
{
	const struct vmcb *b = &svm_vcpu(v)->vmcb;

	e->kind = EXIT_EXCEPTION;
	e->vector = (u8)(b->exit_code - SVM_EXIT_EXCEPTION);
	if (e->vector == VECTOR_MACHINE_CHECK)
		mce_raise();
	e->error = (u32)b->info1;
	e->value = e->vector == 14 ? b->info2 : 0;
}

/* An interrupt or exception was on its way in when the exit came: it goes in again. Software
 * interrupts are raised again by their instruction. */
static void reinject(struct vmcb *b)
{
	u32 type = b->exit_int & EVENT_TYPE;

	if ((b->exit_int & EVENT_VALID) && type != EVENT_SOFT)
		b->event_inject = b->exit_int;
}

static void end_nmi(struct arch_vcpu *v)
{
	svm_vcpu(v)->nmi_masked = false;
	svm_vcpu(v)->vmcb.intercept3 &= ~(u32)INTERCEPT_IRET;
}

void svm_decode(struct arch_vcpu *v, struct vmexit *e)
{
	struct vmcb *b = &svm_vcpu(v)->vmcb;

	e->insn_len = e->size = e->vector = 0;
	e->write = e->string = e->rep = e->fetch = e->gva_valid = e->triple_fault = false;
	e->error = 0;
	e->addr = e->value = e->gva = 0;
	e->raw_reason = (u32)b->exit_code;
	e->raw_info = b->info1;
	if (b->exit_int & EVENT_VALID)
		reinject(b);
	switch (b->exit_code) {
	case SVM_EXIT_EXCEPTION ... SVM_EXIT_EXCEPTION + 31:
		decode_exception(v, e);
		break;
	case SVM_EXIT_CR8_WRITE: /* the operand is decoded from its bytes */
		e->kind = EXIT_CR;
		e->addr = 8;
		e->write = true;
		break;
	case SVM_EXIT_INTR:
		e->kind = EXIT_IRQ;
		break;
	case SVM_EXIT_NMI:
		e->kind = EXIT_NONE;
		break;
	case SVM_EXIT_VINTR:
		e->kind = EXIT_WINDOW;
		break;
	case SVM_EXIT_IRET:
		end_nmi(v);
		e->kind = EXIT_NONE;
		break;
	case SVM_EXIT_CPUID:
		e->kind = EXIT_CPUID;
		e->insn_len = insn_len(v, 2);
		break;
	case SVM_EXIT_HLT:
		e->kind = EXIT_HLT;
		e->insn_len = insn_len(v, 1);
		break;
	case SVM_EXIT_IOIO:
		decode_ioio(v, e);
		break;
	case SVM_EXIT_MSR:
		decode_msr(v, e);
		break;
	case SVM_EXIT_VMMCALL:
		e->kind = EXIT_HYPERCALL;
		e->insn_len = insn_len(v, 3);
		break;
	case SVM_EXIT_XSETBV:
		e->kind = EXIT_XSETBV;
		e->addr = (u32)v->regs.gpr[RCX];
		e->value = v->regs.gpr[RDX] << 32 | (u32)v->regs.gpr[RAX];
		e->insn_len = insn_len(v, 3);
		break;
	case SVM_EXIT_INVD:
	case SVM_EXIT_WBINVD:
		e->kind = EXIT_SKIP;
		e->insn_len = insn_len(v, 2);
		break;
	case SVM_EXIT_RDPMC:
	case SVM_EXIT_INVLPGA:
	case SVM_EXIT_VMRUN:
	case SVM_EXIT_VMMCALL + 1 ... SVM_EXIT_SKINIT:
	case SVM_EXIT_MONITOR:
	case SVM_EXIT_MWAIT:
		e->kind = EXIT_INJECT_UD;
		break;
	case SVM_EXIT_NPF:
		decode_npf(v, e);
		break;
	case SVM_EXIT_SHUTDOWN: /* also of a machine check while the guest's CR4.MCE is clear */
		if (mce_pending())
			mce_raise();
		e->kind = EXIT_FATAL;
		e->triple_fault = true;
		break;
	default: /* INIT, an invalid VMCB */
		e->kind = EXIT_FATAL;
		break;
	}
}
