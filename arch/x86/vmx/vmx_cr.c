/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/*
 * Control registers and EFER. The guest owns the bits that mean nothing to the hypervisor; for the
 * others it reads the shadow, and a change exits to here, where the rules of the architecture are
 * applied (Intel SDM vol. 3, 2.5, 4.1, 25.6.6) and the paging mode follows: EFER.LMA with the entry
 * control, PDPTEs of PAE paging, and the TLB.
 */
#include <arch/cpu.h>
#include <arch/io.h>
#include "x86.h"
#include "vmx.h"

#define VECTOR_GP 13

#define CR_TYPE_MOV_TO	 0
#define CR_TYPE_MOV_FROM 1
#define CR_TYPE_CLTS	 2
#define CR_TYPE_LMSW	 3

#define CR0_DEFINED                                                                                \
	(CR0_PE | CR0_MP | CR0_EM | CR0_TS | CR0_ET | CR0_NE | CR0_WP | CR0_AM | CR0_NW | CR0_CD | \
	 CR0_PG)
/* CR4 bits that every guest has: VME PVI TSD DE PSE PAE MCE PGE PCE OSFXSR OSXMMEXCPT */
#define CR4_BASIC     0x7ffULL
#define CR4_FLUSHES   (CR4_PSE | CR4_PAE | CR4_SMEP | CR4_SMAP | CR4_PCIDE)
#define CR4_PAE_TABLE (CR4_PSE | CR4_PAE | CR4_PGE | CR4_SMEP)

#define PDPTE_PRESENT  BIT(0)
#define PDPTE_RESERVED (0x1e6ULL | 0xfff0000000000000ULL)

/* Which CR4 bits the guest may set: those whose feature its CPUID shows. */
u64 vmx_cr4_allowed(void)
{
	u32 one[4], seven[4];
	u64 allowed = CR4_BASIC;

	arch_cpuid(1, 0, 0, 1, false, one);
	arch_cpuid(7, 0, 0, 1, false, seven);
	if (one[2] & BIT(17))
		allowed |= CR4_PCIDE;
	if (one[2] & BIT(26))
		allowed |= CR4_OSXSAVE;
	if (seven[1] & BIT(0))
		allowed |= CR4_FSGSBASE;
	if (seven[1] & BIT(7))
		allowed |= CR4_SMEP;
	if (seven[1] & BIT(20))
		allowed |= CR4_SMAP;
	if (seven[2] & BIT(2))
		allowed |= CR4_UMIP;
	return allowed & vmx_caps.cr4_fixed1;
}

u64 vmx_get_cr0(void)
{
	return (vmread(VMCS_GUEST_CR0) & VMX_CR0_GUEST_OWNED) |
	       (vmread(VMCS_CR0_SHADOW) & ~VMX_CR0_GUEST_OWNED);
}

u64 vmx_get_cr4(void)
{
	return (vmread(VMCS_GUEST_CR4) & VMX_CR4_GUEST_OWNED) |
	       (vmread(VMCS_CR4_SHADOW) & ~VMX_CR4_GUEST_OWNED);
}

static void write_efer(struct vmx_vcpu *x, u64 value, bool paging)
{
	u32 entry = x->entry & ~(u32)ENTRY_CTL_IA32E_GUEST;
	u64 tr;

	value &= EFER_SCE | EFER_LME | EFER_NXE;
	if (paging && (value & EFER_LME)) {
		value |= EFER_LMA;
		entry |= ENTRY_CTL_IA32E_GUEST;
		/* A 16-bit TSS, as after reset, is not accepted here; nothing loads it again. */
		tr = vmread(vmcs_nth(VMCS_GUEST_ES_ACCESS_RIGHTS, SEG_TR));
		if ((tr & 0xf) != 0xb)
			vmwrite(vmcs_nth(VMCS_GUEST_ES_ACCESS_RIGHTS, SEG_TR),
				(tr & ~0xfULL) | 0xb);
	}
	vmwrite(VMCS_GUEST_EFER, value);
	if (entry != x->entry) {
		x->entry = entry;
		vmwrite(VMCS_ENTRY_CONTROLS, entry);
	}
}

void vmx_set_efer(struct vmx_vcpu *x, u64 value)
{
	write_efer(x, value, vmread(VMCS_CR0_SHADOW) & CR0_PG);
	vmx_flush_vpid(x);
}

/* NE must be set under VMX; CD and NW stay the machine's. */
void vmx_set_cr0(struct vmx_vcpu *x, u64 value)
{
	u64 real =
		(value | CR0_ET | (vmx_caps.cr0_fixed0 & ~(CR0_PE | CR0_PG))) & ~(CR0_CD | CR0_NW);

	vmwrite(VMCS_GUEST_CR0, real & vmx_caps.cr0_fixed1);
	vmwrite(VMCS_CR0_SHADOW, value | CR0_ET);
	write_efer(x, vmread(VMCS_GUEST_EFER), value & CR0_PG);
	vmx_flush_vpid(x);
}

/* A machine check belongs to the hypervisor, whatever the guest has written. */
void vmx_set_cr4(struct vmx_vcpu *x, u64 value)
{
	vmwrite(VMCS_GUEST_CR4,
		(value & ~CR4_MCE) | vmx_caps.cr4_fixed0 | (vmread(VMCS_HOST_CR4) & CR4_MCE));
	vmwrite(VMCS_CR4_SHADOW, value);
	vmx_flush_vpid(x);
}

int vmx_load_pdptes(struct arch_vcpu *v, u64 cr0, u64 cr4)
{
	u64 cr3 = vmread(VMCS_GUEST_CR3) & 0xffffffe0U, left, pdptes[4];
	hpa_t hpa;

	if (!(cr0 & CR0_PG) || !(cr4 & CR4_PAE) || (vmread(VMCS_GUEST_EFER) & EFER_LME))
		return 0;
	if (stage2_lookup(v->stage2, cr3, &hpa, &left, NULL) || left < sizeof(pdptes))
		return -EINVAL;
	for (u32 i = 0; i < 4; i++) {
		pdptes[i] = ((const volatile u64 *)phys_to_virt(hpa))[i];
		if ((pdptes[i] & PDPTE_PRESENT) && (pdptes[i] & PDPTE_RESERVED))
			return -EINVAL;
	}
	for (u32 i = 0; i < 4; i++)
		vmwrite(vmcs_nth(VMCS_GUEST_PDPTE0, i), pdptes[i]);
	return 0;
}

static bool in_64bit_code(const struct vmx_vcpu *x)
{
	return (x->entry & ENTRY_CTL_IA32E_GUEST) &&
	       (vmread(vmcs_nth(VMCS_GUEST_ES_ACCESS_RIGHTS, SEG_CS)) & SEG_ATTR_L);
}

/* Entering and leaving IA-32e mode by CR0.PG (10.8.5). */
static bool paging_change_valid(const struct vmx_vcpu *x, u64 value)
{
	u64 cr4 = vmx_get_cr4();

	if (!(value & CR0_PG))
		return !in_64bit_code(x) && !(cr4 & CR4_PCIDE);
	if (!(vmread(VMCS_GUEST_EFER) & EFER_LME))
		return true;
	return (cr4 & CR4_PAE) &&
	       !(vmread(vmcs_nth(VMCS_GUEST_ES_ACCESS_RIGHTS, SEG_CS)) & SEG_ATTR_L);
}

/* 0, -EINVAL: #GP. */
static int guest_writes_cr0(struct arch_vcpu *v, u64 value)
{
	struct vmx_vcpu *x = vmx_of(v);
	u64 old = vmx_get_cr0();

	if (value >> 32 || ((value & CR0_PG) && !(value & CR0_PE)) ||
	    ((value & CR0_NW) && !(value & CR0_CD)))
		return -EINVAL;
	value = (value & CR0_DEFINED) | CR0_ET;
	if ((old ^ value) & CR0_PG) {
		if (!paging_change_valid(x, value))
			return -EINVAL;
		if (vmx_load_pdptes(v, value, vmx_get_cr4()))
			return -EINVAL;
	}
	vmx_set_cr0(x, value);
	return 0;
}

static int guest_writes_cr4(struct arch_vcpu *v, u64 value)
{
	struct vmx_vcpu *x = vmx_of(v);
	u64 old = vmx_get_cr4(), cr0 = vmx_get_cr0();
	bool long_mode = x->entry & ENTRY_CTL_IA32E_GUEST;

	if (value & ~x->cr4_allowed)
		return -EINVAL;
	if (long_mode && !(value & CR4_PAE))
		return -EINVAL;
	if ((value & ~old & CR4_PCIDE) && (!long_mode || (vmread(VMCS_GUEST_CR3) & 0xfff)))
		return -EINVAL;
	if (((old ^ value) & CR4_PAE_TABLE) && vmx_load_pdptes(v, cr0, value))
		return -EINVAL;
	vmx_set_cr4(x, value);
	return 0;
}

/* LMSW writes bits 0 to 3 and cannot clear PE; CLTS clears TS. */
static int guest_writes_machine_status(struct arch_vcpu *v, u64 qual)
{
	u64 cr0 = vmx_get_cr0(), source = qual >> 16 & 0xf;

	if ((qual >> 4 & 3) == CR_TYPE_CLTS)
		return guest_writes_cr0(v, cr0 & ~CR0_TS);
	return guest_writes_cr0(v, (cr0 & ~0xeULL) | source);
}

static void decode_cr8(const struct arch_vcpu *v, struct vmexit *e, u64 qual, u32 gpr)
{
	e->addr = 8;
	e->write = (qual >> 4 & 3) == CR_TYPE_MOV_TO;
	e->size = (u8)gpr;
	e->value = v->regs.gpr[gpr];
}

void vmx_decode_cr(struct arch_vcpu *v, struct vmexit *e)
{
	u64 qual = vmread(VMCS_EXIT_QUALIFICATION), value;
	u32 cr = qual & 0xf, type = qual >> 4 & 3, gpr = qual >> 8 & 0xf;
	int error = -EINVAL;

	e->raw_info = qual;
	if (cr == 8) {
		decode_cr8(v, e, qual, gpr);
		return;
	}
	e->kind = EXIT_NONE;
	value = v->regs.gpr[gpr];
	if (!in_64bit_code(vmx_of(v)))
		value = (u32)value;
	if (type == CR_TYPE_CLTS || type == CR_TYPE_LMSW)
		error = guest_writes_machine_status(v, qual);
	else if (type == CR_TYPE_MOV_TO && cr == 0)
		error = guest_writes_cr0(v, value);
	else if (type == CR_TYPE_MOV_TO && cr == 4)
		error = guest_writes_cr4(v, value);
	if (error)
		vmx_inject_exception(v, VECTOR_GP, true, 0);
	else
		vmx_advance(v, e->insn_len);
}
