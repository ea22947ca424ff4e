/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/*
 * Guest state by name, and the registers that no VMCS field holds.
 *
 * CR2, DR6 and KERNEL_GS_BASE move at load and put. STAR, LSTAR, CSTAR and SFMASK stay in the
 * processor until another guest is loaded there: the device domain, which runs between two turns
 * of a guest, neither uses them nor can write them. owner[] says whose they are; each element is
 * touched by its own core only.
 */
#include <arch/cpu.h>
#include "x86.h"
#include "vmx.h"

static struct vmx_vcpu *owner[MAX_CPUS];

static const u32 syscall_msrs[SYSCALL_COUNT] = {
	[SYSCALL_STAR] = MSR_STAR,
	[SYSCALL_LSTAR] = MSR_LSTAR,
	[SYSCALL_CSTAR] = MSR_CSTAR,
	[SYSCALL_SFMASK] = MSR_SFMASK,
};

static void own_syscall_msrs(struct vmx_vcpu *x)
{
	struct vmx_vcpu *old = owner[x->cpu];

	if (old == x)
		return;
	for (u32 i = 0; i < SYSCALL_COUNT; i++) {
		if (old)
			old->syscall[i] = rdmsr(syscall_msrs[i]);
		wrmsr(syscall_msrs[i], x->syscall[i]);
	}
	owner[x->cpu] = x;
}

void vmx_live_load(struct arch_vcpu *v)
{
	struct vmx_vcpu *x = vmx_of(v);

	x->loaded = true;
	if (v->domain)
		return;
	own_syscall_msrs(x);
	wrmsr(MSR_KERNEL_GS_BASE, x->kernel_gs);
	write_cr2(x->cr2);
	__asm__ volatile("mov %0, %%db6" : : "r"(x->dr6));
}

void vmx_live_put(struct arch_vcpu *v)
{
	struct vmx_vcpu *x = vmx_of(v);

	x->loaded = false;
	if (v->domain)
		return;
	x->kernel_gs = rdmsr(MSR_KERNEL_GS_BASE);
	x->cr2 = read_cr2();
	__asm__ volatile("mov %%db6, %0" : "=r"(x->dr6));
}

static bool owns_syscall_msrs(const struct vmx_vcpu *x)
{
	return x->cpu == cpu_index() && owner[x->cpu] == x;
}

static u64 get_syscall(const struct vmx_vcpu *x, enum vmx_syscall_msr n)
{
	return owns_syscall_msrs(x) ? rdmsr(syscall_msrs[n]) : x->syscall[n];
}

static void set_syscall(struct vmx_vcpu *x, enum vmx_syscall_msr n, u64 value)
{
	if (owns_syscall_msrs(x))
		wrmsr(syscall_msrs[n], value);
	else
		x->syscall[n] = value;
}

/* Those that are simply a field. */
static const u16 sys_fields[SYS_COUNT] = {
	[SYS_CR3] = VMCS_GUEST_CR3,
	[SYS_EFER] = VMCS_GUEST_EFER,
	[SYS_DR7] = VMCS_GUEST_DR7,
	[SYS_PAT] = VMCS_GUEST_PAT,
	[SYS_GDTR_BASE] = VMCS_GUEST_GDTR_BASE,
	[SYS_GDTR_LIMIT] = VMCS_GUEST_GDTR_LIMIT,
	[SYS_IDTR_BASE] = VMCS_GUEST_IDTR_BASE,
	[SYS_IDTR_LIMIT] = VMCS_GUEST_IDTR_LIMIT,
	[SYS_FS_BASE] = VMCS_GUEST_FS_BASE,
	[SYS_GS_BASE] = VMCS_GUEST_GS_BASE,
	[SYS_SYSENTER_CS] = VMCS_GUEST_SYSENTER_CS,
	[SYS_SYSENTER_ESP] = VMCS_GUEST_SYSENTER_ESP,
	[SYS_SYSENTER_EIP] = VMCS_GUEST_SYSENTER_EIP,
	[SYS_TSC_OFFSET] = VMCS_TSC_OFFSET,
};

u64 vmx_get_sys(const struct arch_vcpu *v, enum sysreg r)
{
	struct vmx_vcpu *x = vmx_of(v);
	bool live = x->loaded && !v->domain;

	vmx_ensure(v);
	switch (r) {
	case SYS_CR0:
		return vmx_get_cr0();
	case SYS_CR4:
		return vmx_get_cr4();
	case SYS_CR2:
		return live ? read_cr2() : x->cr2;
	case SYS_KERNEL_GS_BASE:
		return live ? rdmsr(MSR_KERNEL_GS_BASE) : x->kernel_gs;
	case SYS_STAR:
		return get_syscall(x, SYSCALL_STAR);
	case SYS_LSTAR:
		return get_syscall(x, SYSCALL_LSTAR);
	case SYS_CSTAR:
		return get_syscall(x, SYSCALL_CSTAR);
	case SYS_SFMASK:
		return get_syscall(x, SYSCALL_SFMASK);
	default:
		return vmread(sys_fields[r]);
	}
}

/* The caller answers for paging structures that fit (PAE's PDPTEs are loaded when they are). */
static void set_cr(struct arch_vcpu *v, enum sysreg r, u64 value)
{
	struct vmx_vcpu *x = vmx_of(v);
	int error;

	if (r == SYS_CR0) {
		vmx_set_cr0(x, value);
	} else if (r == SYS_CR4) {
		vmx_set_cr4(x, value);
	} else {
		vmwrite(VMCS_GUEST_CR3, value);
		vmx_flush_vpid(x);
	}
	error = vmx_load_pdptes(v, vmx_get_cr0(), vmx_get_cr4());
	(void)error;
}

void vmx_set_sys(struct arch_vcpu *v, enum sysreg r, u64 value)
{
	struct vmx_vcpu *x = vmx_of(v);
	bool live = x->loaded && !v->domain;

	vmx_ensure(v);
	switch (r) {
	case SYS_CR0:
	case SYS_CR3:
	case SYS_CR4:
		set_cr(v, r, value);
		break;
	case SYS_EFER:
		vmx_set_efer(x, value);
		break;
	case SYS_CR2:
		x->cr2 = value;
		if (live)
			write_cr2(value);
		break;
	case SYS_KERNEL_GS_BASE:
		x->kernel_gs = value;
		if (live)
			wrmsr(MSR_KERNEL_GS_BASE, value);
		break;
	case SYS_STAR:
		set_syscall(x, SYSCALL_STAR, value);
		break;
	case SYS_LSTAR:
		set_syscall(x, SYSCALL_LSTAR, value);
		break;
	case SYS_CSTAR:
		set_syscall(x, SYSCALL_CSTAR, value);
		break;
	case SYS_SFMASK:
		set_syscall(x, SYSCALL_SFMASK, value);
		break;
	default:
		vmwrite(sys_fields[r], value);
	}
}

/* Access rights have the layout of struct segment's attr. */
void vmx_get_segment(const struct arch_vcpu *v, enum segment_reg r, struct segment *s)
{
	vmx_ensure(v);
	s->selector = (u16)vmread(vmcs_nth(VMCS_GUEST_ES_SELECTOR, r));
	s->base = vmread(vmcs_nth(VMCS_GUEST_ES_BASE, r));
	s->limit = vmread32(vmcs_nth(VMCS_GUEST_ES_LIMIT, r));
	s->attr = vmread32(vmcs_nth(VMCS_GUEST_ES_ACCESS_RIGHTS, r));
	s->pad = 0;
}

void vmx_set_segment(struct arch_vcpu *v, enum segment_reg r, const struct segment *s)
{
	vmx_ensure(v);
	vmwrite(vmcs_nth(VMCS_GUEST_ES_SELECTOR, r), s->selector);
	vmwrite(vmcs_nth(VMCS_GUEST_ES_BASE, r), s->base);
	vmwrite(vmcs_nth(VMCS_GUEST_ES_LIMIT, r), s->limit);
	vmwrite(vmcs_nth(VMCS_GUEST_ES_ACCESS_RIGHTS, r), s->attr);
}
