/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/*
 * Model-specific registers that are the same for every guest: memory types (accepted and
 * remembered nowhere: second-stage paging decides), machine check (none), identification.
 * What belongs to a guest's interrupt controller or clock is hv's.
 */
#include <arch/vcpu.h>
#include "x86.h"

#define MTRR_VARIABLE		8
#define MSR_MTRR_PHYS_END	(MSR_MTRR_PHYS + 2 * MTRR_VARIABLE)
#define DEFAULT_TYPE_WB_ENABLED 0xc06
#define MISC_ENABLE_FAST_STRING BIT(0)

static bool is_mtrr(u32 msr)
{
	return (msr >= MSR_MTRR_PHYS && msr < MSR_MTRR_PHYS_END) || msr == MSR_MTRR_FIX64K ||
	       msr == MSR_MTRR_FIX16K || msr == MSR_MTRR_FIX16K + 1 ||
	       (msr >= MSR_MTRR_FIX4K && msr < MSR_MTRR_FIX4K + 8) || msr == MSR_MTRR_DEF_TYPE;
}

/* Registers that guests probe and that read as zero here. */
static bool reads_zero(u32 msr)
{
	switch (msr) {
	case MSR_PLATFORM_ID:
	case MSR_FEATURE_CONTROL + 1: /* TSC_ADJUST */
	case MSR_ARCH_CAPABILITIES:
	case MSR_MCG_CAP:
	case MSR_MCG_STATUS:
	case 0x1d9:	 /* DEBUGCTL */
	case 0x1c9:	 /* last branch, top of stack */
	case 0x34:	 /* SMI count */
	case 0x140:	 /* MISC_FEATURES_ENABLES */
	case 0xc0010010: /* SYSCFG */
	case 0xc0010015: /* HWCR */
	case 0xc001001f: /* NB_CFG */
	case 0xc0010114: /* VM_CR */
	case 0xc0010140: /* OSVW */
	case 0xc0010141:
	case 0xc0010055:		/* interrupt pending and CMP-halt */
	case 0xc0011020 ... 0xc001102f: /* load-store and other AMD configuration */
		return true;
	}
	return false;
}

int arch_rdmsr(struct arch_vcpu *v, u32 msr, u64 *value)
{
	if (is_mtrr(msr)) {
		*value = msr == MSR_MTRR_DEF_TYPE ? DEFAULT_TYPE_WB_ENABLED : 0;
		return 0;
	}
	if (reads_zero(msr)) {
		*value = 0;
		return 0;
	}
	switch (msr) {
	case 0x10: /* time stamp counter */
		*value = __builtin_ia32_rdtsc();
		return 0;
	case MSR_EFER:
		*value = virt->get_sys(v, SYS_EFER);
		return 0;
	case MSR_PAT:
		*value = virt->get_sys(v, SYS_PAT);
		return 0;
	case MSR_MTRR_CAP:
		*value = 0x500 | MTRR_VARIABLE; /* fixed ranges, write-combining */
		return 0;
	case MSR_BIOS_SIGN:
		*value = 0xffULL << 32; /* newer than any update the guest may have */
		return 0;
	case MSR_MISC_ENABLE:
		*value = MISC_ENABLE_FAST_STRING;
		return 0;
	}
	return -ENOENT;
}

static bool pat_valid(u64 pat)
{
	for (u32 i = 0; i < 8; i++) {
		u8 type = (u8)(pat >> 8 * i);

		if (type > 7 || type == 2 || type == 3)
			return false;
	}
	return true;
}

int arch_wrmsr(struct arch_vcpu *v, u32 msr, u64 value)
{
	if (is_mtrr(msr) || reads_zero(msr))
		return 0;
	switch (msr) {
	case 0x10:
		return 0; /* the TSC is the machine's */
	case MSR_EFER:
		if (value & ~(EFER_SCE | EFER_LME | EFER_LMA | EFER_NXE))
			return -EINVAL;
		if (((value ^ virt->get_sys(v, SYS_EFER)) & EFER_LME) &&
		    (virt->get_sys(v, SYS_CR0) & CR0_PG))
			return -EINVAL;
		virt->set_sys(v, SYS_EFER, value);
		return 0;
	case MSR_PAT:
		if (!pat_valid(value))
			return -EINVAL;
		virt->set_sys(v, SYS_PAT, value);
		return 0;
	case MSR_BIOS_SIGN:
	case MSR_MISC_ENABLE:
	case 0x79: /* microcode update */
		return 0;
	}
	return -ENOENT;
}
