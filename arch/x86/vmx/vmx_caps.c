/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/*
 * What this processor's VMX offers, checked once: owns vmx_caps. Intel SDM vol. 3, appendix A.
 * What the hypervisor cannot do without is refused here with a sentence, not later by a failed
 * entry.
 */
#include <arch/cpu.h>
#include "x86.h"
#include "vmx.h"

#define MSR_VMX_BASIC	   0x480
#define MSR_VMX_MISC	   0x485
#define MSR_VMX_CR0_FIXED0 0x486
#define MSR_VMX_CR0_FIXED1 0x487
#define MSR_VMX_CR4_FIXED0 0x488
#define MSR_VMX_CR4_FIXED1 0x489
#define MSR_VMX_PROC2	   0x48b
#define MSR_VMX_EPT_VPID   0x48c
#define MSR_VMX_TRUE_PIN   0x48d
#define MSR_VMX_TRUE_PROC  0x48e
#define MSR_VMX_TRUE_EXIT  0x48f
#define MSR_VMX_TRUE_ENTRY 0x490

#define BASIC_REVISION 0x7fffffffU
#define BASIC_TRUE     BIT(55)

#define FEATURE_LOCKED		BIT(0)
#define FEATURE_VMX_OUTSIDE_SMX BIT(2)

#define EPT_CAP_LEVELS_4   BIT(6)
#define EPT_CAP_WB	   BIT(14)
#define EPT_CAP_2M	   BIT(16)
#define EPT_CAP_INVEPT	   BIT(20)
#define EPT_CAP_DIRTY	   BIT(21)
#define EPT_CAP_INVEPT_ONE BIT(25)
#define VPID_CAP_INVVPID   BIT(32)
#define VPID_CAP_ONE	   BIT(41)

#define EPT_CAP_NEEDED \
	(EPT_CAP_LEVELS_4 | EPT_CAP_WB | EPT_CAP_2M | EPT_CAP_INVEPT | EPT_CAP_INVEPT_ONE)

#define PIN_NEEDED (PIN_EXTERNAL_INTERRUPT | PIN_NMI | PIN_VIRTUAL_NMI)
#define PROC_NEEDED                                                                         \
	(PROC_INTERRUPT_WINDOW | PROC_TSC_OFFSET | PROC_HLT | PROC_MWAIT | PROC_RDPMC |     \
	 PROC_CR8_LOAD | PROC_CR8_STORE | PROC_NMI_WINDOW | PROC_ALL_IO | PROC_IO_BITMAPS | \
	 PROC_MSR_BITMAPS | PROC_MONITOR | PROC_SECONDARY)
#define PROC2_NEEDED (PROC2_EPT | PROC2_UNRESTRICTED_GUEST)
#define EXIT_NEEDED                                                                            \
	(EXIT_CTL_SAVE_DEBUG | EXIT_CTL_HOST_64 | EXIT_CTL_ACK_INTERRUPT | EXIT_CTL_SAVE_PAT | \
	 EXIT_CTL_LOAD_PAT | EXIT_CTL_SAVE_EFER | EXIT_CTL_LOAD_EFER)
#define ENTRY_NEEDED (ENTRY_CTL_LOAD_DEBUG | ENTRY_CTL_LOAD_PAT | ENTRY_CTL_LOAD_EFER)

struct vmx_caps vmx_caps;

/* Bits that must be 1, and those of `wanted` that may be. */
static u32 controls(u32 msr, u64 wanted)
{
	u64 allowed = rdmsr(msr);

	return (u32)((allowed | wanted) & (allowed >> 32));
}

static int refuse(const char **why, const char *text)
{
	*why = text;
	return -ENOTSUP;
}

int vmx_feature_control(const char **why)
{
	u64 control = rdmsr(MSR_FEATURE_CONTROL);

	if (!(control & FEATURE_LOCKED)) {
		wrmsr(MSR_FEATURE_CONTROL, control | FEATURE_LOCKED | FEATURE_VMX_OUTSIDE_SMX);
		return 0;
	}
	if (!(control & FEATURE_VMX_OUTSIDE_SMX)) {
		*why = "VMX is locked off by firmware";
		return -EPERM;
	}
	return 0;
}

static int probe_controls(const char **why)
{
	struct vmx_caps *c = &vmx_caps;

	c->pin = controls(MSR_VMX_TRUE_PIN, PIN_NEEDED | PIN_PREEMPTION_TIMER);
	c->proc = controls(MSR_VMX_TRUE_PROC, PROC_NEEDED);
	c->exit = controls(MSR_VMX_TRUE_EXIT, EXIT_NEEDED);
	c->entry = controls(MSR_VMX_TRUE_ENTRY, ENTRY_NEEDED);
	if (~c->pin & PIN_NEEDED)
		return refuse(why, "VMX lacks interrupt, NMI or virtual-NMI exiting");
	if (~c->proc & PROC_SECONDARY)
		return refuse(why, "VMX lacks secondary controls");
	if (~c->proc & PROC_MSR_BITMAPS)
		return refuse(why, "VMX lacks MSR bitmaps");
	if (~c->proc & PROC_NEEDED)
		return refuse(why, "VMX lacks a processor control that is needed");
	if ((~c->exit & EXIT_NEEDED) || (~c->entry & ENTRY_NEEDED))
		return refuse(why, "VMX cannot switch PAT and EFER");
	/* On only when wanted. */
	c->proc &= ~(u32)(PROC_INTERRUPT_WINDOW | PROC_NMI_WINDOW | PROC_IO_BITMAPS | PROC_ALL_IO);
	c->preemption_timer = c->pin & PIN_PREEMPTION_TIMER;
	c->timer_shift = rdmsr(MSR_VMX_MISC) & 31;
	c->timer_least = (time_hz() >> 19) + (1ULL << c->timer_shift);
	c->timer_most = time_hz() >> 10;
	return 0;
}

static int probe_secondary(const char **why)
{
	struct vmx_caps *c = &vmx_caps;
	u64 ept;

	c->proc2 = controls(MSR_VMX_PROC2, PROC2_NEEDED | PROC2_WBINVD | PROC2_ENCLS | PROC2_VPID);
	c->proc2_optional = (u32)(rdmsr(MSR_VMX_PROC2) >> 32);
	if (~c->proc2 & PROC2_EPT)
		return refuse(why, "VMX lacks extended page tables (EPT)");
	if (~c->proc2 & PROC2_UNRESTRICTED_GUEST)
		return refuse(why, "VMX lacks unrestricted guests");
	ept = rdmsr(MSR_VMX_EPT_VPID);
	if (~ept & EPT_CAP_NEEDED)
		return refuse(why, "EPT lacks four levels, write-back, 2 MiB pages or INVEPT");
	c->ept_dirty = ept & EPT_CAP_DIRTY;
	c->vpid = (c->proc2 & PROC2_VPID) && (ept & VPID_CAP_INVVPID) && (ept & VPID_CAP_ONE);
	if (!c->vpid)
		c->proc2 &= ~(u32)PROC2_VPID;
	return 0;
}

int vmx_probe(const char **why)
{
	struct vmx_caps *c = &vmx_caps;
	u64 basic;
	int error;

	if (!(cpuid(1, 0).ecx & BIT(5)))
		return refuse(why, "the processor has no VMX");
	error = vmx_feature_control(why);
	if (error)
		return error;
	basic = rdmsr(MSR_VMX_BASIC);
	if (!(basic & BASIC_TRUE))
		return refuse(why, "VMX is too old: no TRUE controls");
	c->revision = (u32)basic & BASIC_REVISION;
	error = probe_controls(why);
	if (error)
		return error;
	c->cr0_fixed0 = rdmsr(MSR_VMX_CR0_FIXED0);
	c->cr0_fixed1 = rdmsr(MSR_VMX_CR0_FIXED1);
	c->cr4_fixed0 = rdmsr(MSR_VMX_CR4_FIXED0);
	c->cr4_fixed1 = rdmsr(MSR_VMX_CR4_FIXED1);
	return probe_secondary(why);
}
