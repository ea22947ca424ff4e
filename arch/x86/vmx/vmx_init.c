/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/*
 * A vCPU's memory and its state after power-on, INIT and SIPI (Intel SDM vol. 3, 10.1.1, 10.4.4).
 * Owns the MSR bitmap that ordinary guests share, and gives out VPIDs, which are as few as vCPUs.
 */
#include <arch/cpu.h>
#include <arch/io.h>
#include <arch/upcall.h>
#include "asm_offsets.h"
#include "string.h"
#include "x86.h"
#include "xstate.h"
#include "vmx.h"
#include "vmx_offsets.h"

#define RESET_PAT 0x0007040600070406ULL
#define RESET_DR6 0xffff0ff0ULL
#define RESET_DR7 0x400

/* MSR bitmap: read 0-0x1fff, read 0xc0000000-, then the same for writes (25.6.9). */
#define BITMAP_HIGH  0x400
#define BITMAP_WRITE 0x800

/* #DB and #AC: see reflect(); #MC is the machine's. */
#define GUEST_EXCEPTIONS (BIT(1) | BIT(17) | BIT(18))

_Static_assert(offsetof(struct vmx_vcpu, host_rsp) == VMX_HOST_RSP, "assembly");
_Static_assert(offsetof(struct vmx_vcpu, launched) == VMX_LAUNCHED, "assembly");
_Static_assert((u32)VMCS_HOST_RSP == VMX_FIELD_HOST_RSP, "assembly");
_Static_assert(offsetof(struct vcpu_regs, gpr[RBX]) == REGS_RBX, "assembly");
_Static_assert(offsetof(struct vcpu_regs, gpr[RDI]) == REGS_RDI, "assembly");
_Static_assert(offsetof(struct vcpu_regs, gpr[R8]) == REGS_R8, "assembly");
_Static_assert(offsetof(struct vcpu_regs, gpr[R15]) == REGS_R15, "assembly");
_Static_assert(sizeof(struct vmx_vcpu) <= PAGE_SIZE, "one page");

static hpa_t shared_msr_bitmap;
static u32 last_vpid;

static void allow_msr(u8 *bitmap, u32 msr)
{
	u32 at = (msr & 0x1fff) / 8 + (msr >= 0xc0000000U ? BITMAP_HIGH : 0);

	bitmap[at] &= (u8) ~(1U << msr % 8);
	bitmap[at + BITMAP_WRITE] &= (u8) ~(1U << msr % 8);
}

/* MSRs that an exit saves or load and put move. The rest exits. */
static hpa_t make_msr_bitmap(bool domain)
{
	static const u32 allowed[] = {
		MSR_KERNEL_GS_BASE, MSR_STAR,	      MSR_LSTAR,	MSR_CSTAR, MSR_SFMASK,
		MSR_SYSENTER_CS,    MSR_SYSENTER_ESP, MSR_SYSENTER_EIP, MSR_PAT,
	};
	hpa_t page = page_alloc();
	u8 *bitmap;

	if (!page)
		return 0;
	bitmap = phys_to_virt(page);
	memset(bitmap, 0xff, PAGE_SIZE);
	allow_msr(bitmap, MSR_FS_BASE);
	allow_msr(bitmap, MSR_GS_BASE);
	if (domain)
		return page;
	for (u32 i = 0; i < ARRAY_SIZE(allowed); i++)
		allow_msr(bitmap, allowed[i]);
	if (cpuid(0x80000001, 0).edx & BIT(27))
		allow_msr(bitmap, MSR_TSC_AUX);
	return page;
}

/* The first vCPU of all makes it; several cores may try at once. */
static hpa_t share_msr_bitmap(void)
{
	hpa_t none = 0, made;

	if (shared_msr_bitmap)
		return shared_msr_bitmap;
	made = make_msr_bitmap(false);
	if (!made)
		return 0;
	if (!__atomic_compare_exchange_n(&shared_msr_bitmap, &none, made, false, __ATOMIC_SEQ_CST,
					 __ATOMIC_SEQ_CST))
		page_free(made);
	return shared_msr_bitmap;
}

int vmx_vcpu_init(struct arch_vcpu *v)
{
	hpa_t page = page_alloc(), vmcs = page_alloc();
	struct vmx_vcpu *x;

	if (!page || !vmcs)
		return -ENOMEM;
	x = phys_to_virt(page);
	v->vendor = x;
	x->vmcs = vmcs;
	*(u32 *)phys_to_virt(vmcs) = vmx_caps.revision;
	if (v->domain) {
		x->msr_bitmap = make_msr_bitmap(true);
	} else {
		x->msr_bitmap = share_msr_bitmap();
	}
	if (!x->msr_bitmap)
		return -ENOMEM;
	if (vmx_caps.vpid)
		x->vpid = __atomic_add_fetch(&last_vpid, 1, __ATOMIC_SEQ_CST);
	x->cpu = VMX_NO_CPU;
	x->cr4_allowed = vmx_cr4_allowed();
	vmx_vcpu_reset(v, NULL);
	return 0;
}

static void write_io_bitmaps(const struct vmx_vcpu *x)
{
	vmwrite(VMCS_IO_BITMAP_A, x->io_bitmap);
	vmwrite(VMCS_IO_BITMAP_B, x->io_bitmap + PAGE_SIZE);
}

/* Opens ports; the vCPU's own bitmap replaces "every port exits" at the first call. */
void vmx_allow_ports(struct arch_vcpu *v, u16 base, u16 count)
{
	struct vmx_vcpu *x = vmx_of(v);
	u8 *bitmap;

	if (!x->io_bitmap) {
		x->io_bitmap = pages_alloc(2);
		if (!x->io_bitmap)
			panic("no memory for a port bitmap");
		memset(phys_to_virt(x->io_bitmap), 0xff, 2 * PAGE_SIZE);
		if (!x->reset_pending) {
			vmx_ensure(v);
			write_io_bitmaps(x);
			vmx_set_proc(v, (x->proc & ~(u32)PROC_ALL_IO) | (u32)PROC_IO_BITMAPS);
		}
	}
	bitmap = phys_to_virt(x->io_bitmap);
	for (u32 port = base; port < (u32)base + count; port++)
		bitmap[port / 8] &= (u8) ~(1U << port % 8);
}

static u32 secondary_controls(const struct vmx_vcpu *x)
{
	u32 proc2 = vmx_caps.proc2, seven[4], extended[4];

	arch_cpuid(7, 0, 0, 1, false, seven);
	arch_cpuid(0x80000001, 0, 0, 1, false, extended);
	if (extended[3] & BIT(27))
		proc2 |= vmx_caps.proc2_optional & PROC2_RDTSCP;
	if (seven[1] & BIT(10))
		proc2 |= vmx_caps.proc2_optional & PROC2_INVPCID;
	return x->vpid ? proc2 : proc2 & ~(u32)PROC2_VPID;
}

static void write_controls(struct arch_vcpu *v)
{
	struct vmx_vcpu *x = vmx_of(v);
	u32 proc2 = secondary_controls(x);

	x->proc = vmx_caps.proc | (u32)(x->io_bitmap ? PROC_IO_BITMAPS : PROC_ALL_IO);
	x->entry = vmx_caps.entry & ~(u32)ENTRY_CTL_IA32E_GUEST;
	vmwrite(VMCS_PIN_CONTROLS, vmx_caps.pin);
	vmwrite(VMCS_PROC_CONTROLS, x->proc);
	vmwrite(VMCS_PROC2_CONTROLS, proc2);
	vmwrite(VMCS_EXIT_CONTROLS, vmx_caps.exit);
	vmwrite(VMCS_ENTRY_CONTROLS, x->entry);
	vmwrite(VMCS_EXCEPTION_BITMAP, v->domain ? 0xffffffffU : GUEST_EXCEPTIONS);
	vmwrite(VMCS_PAGE_FAULT_MASK, 0);
	vmwrite(VMCS_PAGE_FAULT_MATCH, 0);
	vmwrite(VMCS_CR3_TARGET_COUNT, 0);
	vmwrite(VMCS_EXIT_MSR_STORE_COUNT, 0);
	vmwrite(VMCS_EXIT_MSR_LOAD_COUNT, 0);
	vmwrite(VMCS_ENTRY_MSR_LOAD_COUNT, 0);
	vmwrite(VMCS_ENTRY_INTERRUPTION_INFO, 0);
	vmwrite(VMCS_MSR_BITMAP, x->msr_bitmap);
	if (x->io_bitmap)
		write_io_bitmaps(x);
	vmwrite(VMCS_TSC_OFFSET, 0);
	vmwrite(VMCS_EPT_POINTER, ept_pointer(v->stage2));
	if (proc2 & PROC2_VPID)
		vmwrite(VMCS_VPID, x->vpid);
	if (proc2 & PROC2_ENCLS)
		vmwrite(VMCS_ENCLS_EXITING_BITMAP, ~0ULL);
	vmwrite(VMCS_CR0_MASK, ~VMX_CR0_GUEST_OWNED);
	vmwrite(VMCS_CR4_MASK, ~VMX_CR4_GUEST_OWNED);
}

static void write_power_on_state(struct arch_vcpu *v)
{
	struct vmx_vcpu *x = vmx_of(v);
	struct segment s, ldtr = { .limit = 0xffff, .attr = 0x82 };
	struct segment tr = { .limit = 0xffff, .attr = 0x8b };

	arch_segment_real(&s, 0, false);
	for (u32 r = SEG_ES; r <= SEG_GS; r++)
		vmx_set_segment(v, r, &s);
	arch_segment_real(&s, 0xf000, true);
	s.base = 0xffff0000;
	vmx_set_segment(v, SEG_CS, &s);
	vmx_set_segment(v, SEG_LDTR, &ldtr);
	vmx_set_segment(v, SEG_TR, &tr);
	vmwrite(VMCS_GUEST_GDTR_BASE, 0);
	vmwrite(VMCS_GUEST_GDTR_LIMIT, 0xffff);
	vmwrite(VMCS_GUEST_IDTR_BASE, 0);
	vmwrite(VMCS_GUEST_IDTR_LIMIT, 0xffff);
	vmwrite(VMCS_GUEST_CR3, 0);
	vmwrite(VMCS_GUEST_EFER, 0);
	vmx_set_cr4(x, 0);
	vmx_set_cr0(x, CR0_CD | CR0_NW | CR0_ET);
	vmwrite(VMCS_GUEST_DR7, RESET_DR7);
	vmwrite(VMCS_GUEST_PAT, RESET_PAT);
	vmwrite(VMCS_GUEST_DEBUGCTL, 0);
	vmwrite(VMCS_GUEST_PENDING_DEBUG, 0);
	vmwrite(VMCS_GUEST_INTERRUPTIBILITY, 0);
	vmwrite(VMCS_GUEST_ACTIVITY, 0);
	vmwrite(VMCS_GUEST_SYSENTER_CS, 0);
	vmwrite(VMCS_GUEST_SYSENTER_ESP, 0);
	vmwrite(VMCS_GUEST_SYSENTER_EIP, 0);
	vmwrite(VMCS_LINK_POINTER, ~0ULL);
	for (u32 i = 0; i < 4; i++)
		vmwrite(vmcs_nth(VMCS_GUEST_PDPTE0, i), 0);
}

/* Flat protected or long mode, as hypercall.h describes struct vm_start. */
static void write_started_state(struct arch_vcpu *v, const struct vm_start *start)
{
	struct vmx_vcpu *x = vmx_of(v);
	bool is_long = start->mode == VM_START_LONG64;
	u64 cr0 = CR0_PE | CR0_ET | CR0_NE, cr4 = 0;
	struct segment s;

	arch_segment_flat(&s, 0x18, false, false);
	for (u32 r = SEG_ES; r <= SEG_GS; r++)
		vmx_set_segment(v, r, &s);
	arch_segment_flat(&s, 0x10, true, is_long);
	vmx_set_segment(v, SEG_CS, &s);
	vmwrite(VMCS_GUEST_GDTR_BASE, start->gdt_base);
	vmwrite(VMCS_GUEST_GDTR_LIMIT, start->gdt_limit & 0xffff);
	if (is_long) {
		cr0 |= CR0_PG | CR0_WP | CR0_MP;
		cr4 = CR4_PAE;
		vmwrite(VMCS_GUEST_CR3, start->cr3);
		vmwrite(VMCS_GUEST_EFER, EFER_LME | EFER_NXE);
	}
	if (v->domain) {
		cr4 |= CR4_OSFXSR | CR4_OSXMMEXCPT | CR4_PGE;
		if (x->cr4_allowed & CR4_OSXSAVE)
			cr4 |= CR4_OSXSAVE;
	}
	vmx_set_cr4(x, cr4);
	vmx_set_cr0(x, cr0);
}

static void reset_live_state(struct arch_vcpu *v)
{
	struct vmx_vcpu *x = vmx_of(v);

	xstate_init(v);
	if (v->domain && (x->cr4_allowed & CR4_OSXSAVE))
		v->xcr0 = xstate_supported();
	vmx_set_sys(v, SYS_CR2, 0);
	vmx_set_sys(v, SYS_KERNEL_GS_BASE, 0);
	for (u32 r = SYS_STAR; r <= SYS_SFMASK; r++)
		vmx_set_sys(v, r, 0);
	x->dr6 = RESET_DR6;
	if (x->loaded) {
		vmx_live_load(v);
		xstate_load(v);
	}
}

void vmx_reset_apply(struct arch_vcpu *v)
{
	struct vmx_vcpu *x = vmx_of(v);

	x->reset_pending = false;
	if (vmx_vmclear(x->vmcs) || vmx_vmptrld(x->vmcs))
		panic("vmx: VMCS %llx cannot be loaded", (unsigned long long)x->vmcs);
	x->launched = 0;
	x->host_rsp = 0;
	x->shadow_known = false;
	x->event = 0;
	x->overdue = false;
	write_controls(v);
	vmx_write_host_state();
	write_power_on_state(v);
	if (x->started)
		write_started_state(v, &x->start);
	reset_live_state(v);
	x->rip = v->regs.rip;
	x->rsp = v->regs.gpr[RSP];
	x->rflags = v->regs.rflags;
	vmwrite(VMCS_GUEST_RIP, x->rip);
	vmwrite(VMCS_GUEST_RSP, x->rsp);
	vmwrite(VMCS_GUEST_RFLAGS, x->rflags);
	v->stage2_seen = v->stage2->generation - 1; /* flush before the first entry */
}

/* Any core: the vCPU is stopped. What needs the VMCS waits until its own core selects it. */
void vmx_vcpu_reset(struct arch_vcpu *v, const struct vm_start *start)
{
	struct vmx_vcpu *x = vmx_of(v);
	u32 one[4];

	arch_cpuid(1, 0, 0, 1, false, one);
	memset(&v->regs, 0, sizeof(v->regs));
	v->regs.rip = 0xfff0;
	v->regs.rflags = RFLAGS_FIXED;
	v->regs.gpr[RDX] = one[0];
	v->cr8 = 0;
	v->window_wanted = false;
	x->event = 0;
	x->started = start && start->mode != VM_START_RESET;
	if (x->started) {
		x->start = *start;
		v->regs.rip = start->rip;
		v->regs.gpr[RSP] = start->rsp;
		v->regs.gpr[RAX] = start->rax;
		v->regs.gpr[RBX] = start->rbx;
		v->regs.gpr[RSI] = start->rsi;
		v->regs.gpr[RDX] = 0;
	}
	x->reset_pending = true;
	x->ready = false;
}

void vmx_vcpu_sipi(struct arch_vcpu *v, u8 vector)
{
	struct segment cs;

	vmx_vcpu_reset(v, NULL);
	vmx_select(v);
	arch_segment_real(&cs, (u16)(vector << 8), true);
	vmx_set_segment(v, SEG_CS, &cs);
	v->regs.rip = 0;
}
