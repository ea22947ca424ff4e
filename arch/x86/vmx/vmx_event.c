/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/*
 * Events on their way into the guest, the windows in which it can take them, and stepping over an
 * instruction. Intel SDM vol. 3, 25.8.3, 27.6, 28.2.4. At most one event waits in the vCPU (event);
 * it goes in with the next entry.
 */
#include "x86.h"
#include "vmx.h"

#define VECTOR_DB  1
#define VECTOR_NMI 2
#define VECTOR_BP  3
#define VECTOR_OF  4
#define VECTOR_DF  8
#define VECTOR_MC  18

u32 vmx_get_shadow(const struct arch_vcpu *v)
{
	struct vmx_vcpu *x = vmx_of(v);

	if (!x->shadow_known) {
		vmx_ensure(v);
		x->shadow = vmread32(VMCS_GUEST_INTERRUPTIBILITY);
		x->shadow_known = true;
	}
	return x->shadow;
}

void vmx_set_shadow(struct arch_vcpu *v, u32 shadow)
{
	if (vmx_get_shadow(v) == shadow)
		return;
	vmx_ensure(v);
	vmx_of(v)->shadow = shadow;
	vmwrite(VMCS_GUEST_INTERRUPTIBILITY, shadow);
}

void vmx_set_proc(struct arch_vcpu *v, u32 proc)
{
	struct vmx_vcpu *x = vmx_of(v);

	vmx_ensure(v);
	if (x->proc == proc)
		return;
	x->proc = proc;
	vmwrite(VMCS_PROC_CONTROLS, proc);
}

void vmx_requeue_event(struct arch_vcpu *v)
{
	struct vmx_vcpu *x = vmx_of(v);
	u32 info = vmread32(VMCS_IDT_VECTORING_INFO);

	if (likely(!(info & INTR_VALID)))
		return;
	x->event = info & ~(u32)INTR_NMI_UNBLOCKED; /* undefined in this field */
	if (info & INTR_ERROR_VALID)
		x->event_error = vmread32(VMCS_IDT_VECTORING_ERROR);
	if (VMX_EVENT_NEEDS_LENGTH(info))
		x->event_length = vmread32(VMCS_EXIT_INSTRUCTION_LENGTH);
	if ((info & INTR_TYPE_MASK) == INTR_TYPE_NMI) /* its delivery blocks them again */
		vmx_set_shadow(v, vmx_get_shadow(v) & ~(u32)SHADOW_NMI);
}

bool vmx_can_inject(const struct arch_vcpu *v)
{
	return (v->regs.rflags & RFLAGS_IF) && !vmx_of(v)->event &&
	       !(vmx_get_shadow(v) & (SHADOW_STI | SHADOW_MOV_SS));
}

void vmx_inject_irq(struct arch_vcpu *v, u8 vector)
{
	vmx_of(v)->event = (u32)INTR_VALID | INTR_TYPE_EXTERNAL | vector;
}

bool vmx_can_inject_nmi(const struct arch_vcpu *v)
{
	return !vmx_of(v)->event && !(vmx_get_shadow(v) & (SHADOW_NMI | SHADOW_MOV_SS));
}

/* An NMI does not wait for the instruction after STI, but some processors refuse the entry when
 * that shadow is still there (27.3.1.5). */
void vmx_inject_nmi(struct arch_vcpu *v)
{
	vmx_set_shadow(v, vmx_get_shadow(v) & ~(u32)SHADOW_STI);
	vmx_of(v)->event = (u32)INTR_VALID | INTR_TYPE_NMI | VECTOR_NMI;
}

static bool is_fault(u8 vector)
{
	return vector != VECTOR_DB && vector != VECTOR_BP && vector != VECTOR_OF &&
	       vector != VECTOR_DF && vector != VECTOR_MC;
}

void vmx_inject_exception(struct arch_vcpu *v, u8 vector, bool has_error, u32 error)
{
	struct vmx_vcpu *x = vmx_of(v);

	vmx_ensure(v);
	x->event = (u32)INTR_VALID | INTR_TYPE_HARD | vector;
	if (has_error && (vmread(VMCS_GUEST_CR0) & CR0_PE)) { /* real mode pushes none */
		x->event |= (u32)INTR_ERROR_VALID;
		x->event_error = error;
	}
	if (is_fault(vector))
		v->regs.rflags |= RFLAGS_RF;
	vmx_set_shadow(v, vmx_get_shadow(v) & ~(u32)(SHADOW_STI | SHADOW_MOV_SS));
}

/* An NMI window is asked for only when NMIs are blocked now: else the exit would come at once, and
 * again, before the guest got anywhere. */
void vmx_want_window(struct arch_vcpu *v, bool wanted)
{
	u32 proc = vmx_of(v)->proc & ~(u32)(PROC_INTERRUPT_WINDOW | PROC_NMI_WINDOW);

	if (v->window_wanted == wanted)
		return;
	v->window_wanted = wanted;
	if (wanted) {
		proc |= PROC_INTERRUPT_WINDOW;
		if (vmx_get_shadow(v) & (SHADOW_NMI | SHADOW_MOV_SS))
			proc |= PROC_NMI_WINDOW;
	}
	vmx_set_proc(v, proc);
}

/* Outside 64-bit code, EIP wraps. */
static __attribute__((noinline, cold)) u64 wrap_rip(const struct arch_vcpu *v, u64 rip)
{
	struct segment cs;

	vmx_get_segment(v, SEG_CS, &cs);
	if ((vmx_of(v)->entry & ENTRY_CTL_IA32E_GUEST) && (cs.attr & SEG_ATTR_L))
		return rip;
	return (u32)rip;
}

/* What the end of an instruction does beside moving on: the shadow of the one before ends, and a
 * single step has been made. */
static __attribute__((noinline, cold)) void end_instruction(struct arch_vcpu *v, u32 shadow)
{
	vmx_set_shadow(v, shadow & ~(u32)(SHADOW_STI | SHADOW_MOV_SS));
	if (!(v->regs.rflags & RFLAGS_TF))
		return;
	vmx_ensure(v);
	vmwrite(VMCS_GUEST_PENDING_DEBUG, vmread(VMCS_GUEST_PENDING_DEBUG) | PENDING_DEBUG_BS);
}

void vmx_advance(struct arch_vcpu *v, u32 len)
{
	u64 rip = v->regs.rip + len;
	u32 shadow = vmx_get_shadow(v);

	if (unlikely((rip ^ v->regs.rip) >> 32))
		rip = wrap_rip(v, rip);
	v->regs.rip = rip;
	v->regs.rflags &= ~RFLAGS_RF;
	if (unlikely((shadow & (SHADOW_STI | SHADOW_MOV_SS)) || (v->regs.rflags & RFLAGS_TF)))
		end_instruction(v, shadow);
}
