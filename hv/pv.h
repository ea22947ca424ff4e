/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/*
 * The paravirtual services that guests find through CPUID 0x40000000: a clock in memory and
 * end-of-interrupt without an exit, by KVM's public interface (Documentation/virt/kvm/x86/msr.rst).
 * Each vCPU's part is touched by its own core only.
 */
#ifndef HV_PV_H
#define HV_PV_H

#include <abi/types.h>

struct vcpu;

struct pv {
	u64 clock_msr, wall_msr, eoi_msr;
	bool eoi_offered; /* the guest may end the interrupt in service by clearing the bit */
};

void pv_reset(struct vcpu *v);
/* 0, -ENOENT (not one of these MSRs), -EINVAL (#GP) */
int pv_rdmsr(struct vcpu *v, u32 msr, u64 *value) must_check;
int pv_wrmsr(struct vcpu *v, u32 msr, u64 value) must_check;
/* The vector now in service may be ended without an exit: tell the guest, if it asked for it. */
void pv_eoi_offer(struct vcpu *v, u8 vector);
/* Takes the offer back before anything else about interrupts is decided: the guest has either
 * used it (the interrupt is ended now), or will end the interrupt the usual way. */
void pv_eoi_settle(struct vcpu *v);

#endif
