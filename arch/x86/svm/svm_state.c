/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/* Guest registers that live in the VMCB: reading, writing, and their values after reset. */
#include <arch/upcall.h>
#include "string.h"
#include "vmcb.h"
#include "x86.h"
#include "xstate.h"

#define RESET_CR0 CR0_ET /* caches stay on: CD and NW would only slow the guest down */
#define RESET_PAT 0x0007040600070406ULL

static u64 *sys_field(const struct arch_vcpu *v, enum sysreg r)
{
	struct vmcb *b = &svm_vcpu(v)->vmcb;

	switch (r) {
	case SYS_CR0:
		return (u64 *)((char *)b + offsetof(struct vmcb, cr0));
	case SYS_CR2:
		return (u64 *)((char *)b + offsetof(struct vmcb, cr2));
	case SYS_CR3:
		return (u64 *)((char *)b + offsetof(struct vmcb, cr3));
	case SYS_CR4:
		return (u64 *)((char *)b + offsetof(struct vmcb, cr4));
	case SYS_DR7:
		return (u64 *)((char *)b + offsetof(struct vmcb, dr7));
	case SYS_PAT:
		return (u64 *)((char *)b + offsetof(struct vmcb, pat));
	case SYS_GDTR_BASE:
		return (u64 *)((char *)b + offsetof(struct vmcb, gdtr.base));
	case SYS_IDTR_BASE:
		return (u64 *)((char *)b + offsetof(struct vmcb, idtr.base));
	case SYS_FS_BASE:
		return (u64 *)((char *)b + offsetof(struct vmcb, fs.base));
	case SYS_GS_BASE:
		return (u64 *)((char *)b + offsetof(struct vmcb, gs.base));
	case SYS_KERNEL_GS_BASE:
		return (u64 *)((char *)b + offsetof(struct vmcb, kernel_gs_base));
	case SYS_STAR:
		return (u64 *)((char *)b + offsetof(struct vmcb, star));
	case SYS_LSTAR:
		return (u64 *)((char *)b + offsetof(struct vmcb, lstar));
	case SYS_CSTAR:
		return (u64 *)((char *)b + offsetof(struct vmcb, cstar));
	case SYS_SFMASK:
		return (u64 *)((char *)b + offsetof(struct vmcb, sfmask));
	case SYS_SYSENTER_CS:
		return (u64 *)((char *)b + offsetof(struct vmcb, sysenter_cs));
	case SYS_SYSENTER_ESP:
		return (u64 *)((char *)b + offsetof(struct vmcb, sysenter_esp));
	case SYS_SYSENTER_EIP:
		return (u64 *)((char *)b + offsetof(struct vmcb, sysenter_eip));
	case SYS_TSC_OFFSET:
		return (u64 *)((char *)b + offsetof(struct vmcb, tsc_offset));
	default:
		return NULL;
	}
}

u64 svm_get_sys(const struct arch_vcpu *v, enum sysreg r)
{
	const struct vmcb *b = &svm_vcpu(v)->vmcb;

	switch (r) {
	case SYS_EFER:
		return b->efer & ~EFER_SVME;
	case SYS_GDTR_LIMIT:
		return b->gdtr.limit;
	case SYS_IDTR_LIMIT:
		return b->idtr.limit;
	default:
		return *sys_field(v, r);
	}
}

void svm_set_sys(struct arch_vcpu *v, enum sysreg r, u64 value)
{
	struct vmcb *b = &svm_vcpu(v)->vmcb;

	switch (r) {
	case SYS_EFER: /* LMA follows CR0.PG by itself */
		b->efer = (value & ~EFER_LMA) | (b->efer & EFER_LMA) | EFER_SVME;
		break;
	case SYS_GDTR_LIMIT:
		b->gdtr.limit = (u32)value;
		break;
	case SYS_IDTR_LIMIT:
		b->idtr.limit = (u32)value;
		break;
	default:
		*sys_field(v, r) = value;
		break;
	}
}

static struct vmcb_segment *segment_field(const struct arch_vcpu *v, enum segment_reg r)
{
	static const u16 offsets[SEG_COUNT] = {
		[SEG_ES] = offsetof(struct vmcb, es),	  [SEG_CS] = offsetof(struct vmcb, cs),
		[SEG_SS] = offsetof(struct vmcb, ss),	  [SEG_DS] = offsetof(struct vmcb, ds),
		[SEG_FS] = offsetof(struct vmcb, fs),	  [SEG_GS] = offsetof(struct vmcb, gs),
		[SEG_LDTR] = offsetof(struct vmcb, ldtr), [SEG_TR] = offsetof(struct vmcb, tr),
	};

	return (struct vmcb_segment *)((char *)&svm_vcpu(v)->vmcb + offsets[r]);
}

/* The VMCB packs descriptor bits 52-55 next to 40-47. */
void svm_get_segment(const struct arch_vcpu *v, enum segment_reg r, struct segment *s)
{
	const struct vmcb_segment *f = segment_field(v, r);

	s->base = f->base;
	s->limit = f->limit;
	s->selector = f->selector;
	s->pad = 0;
	s->attr = (f->attr & 0xffU) | (f->attr & 0xf00U) << 4;
	if (!(f->attr & SEG_ATTR_P))
		s->attr |= SEG_ATTR_UNUSABLE;
}

void svm_set_segment(struct arch_vcpu *v, enum segment_reg r, const struct segment *s)
{
	struct vmcb_segment *f = segment_field(v, r);

	f->base = s->base;
	f->limit = s->limit;
	f->selector = s->selector;
	f->attr = (s->attr & SEG_ATTR_UNUSABLE) ? 0
						: (u16)((s->attr & 0xff) | (s->attr >> 4 & 0xf00));
	if (r == SEG_SS)
		svm_vcpu(v)->vmcb.cpl = s->attr >> 5 & 3;
}

static void reset_common(struct arch_vcpu *v)
{
	struct vmcb *b = &svm_vcpu(v)->vmcb;
	struct segment ldtr = { .limit = 0xffff, .attr = 0x82 };
	struct segment tr = { .limit = 0xffff, .attr = 0x8b };

	memset(&v->regs, 0, sizeof(v->regs));
	v->regs.rflags = RFLAGS_FIXED;
	v->regs.gpr[RDX] = cpuid(1, 0).eax;
	v->cr8 = 0;
	b->cr0 = RESET_CR0;
	b->cr2 = b->cr3 = b->cr4 = 0;
	b->efer = EFER_SVME;
	b->dr6 = 0xffff0ff0;
	b->dr7 = 0x400;
	b->pat = RESET_PAT;
	b->star = b->lstar = b->cstar = b->sfmask = b->kernel_gs_base = 0;
	b->sysenter_cs = b->sysenter_esp = b->sysenter_eip = 0;
	b->event_inject = b->shadow = 0;
	b->vintr = VINTR_MASKING;
	b->intercept3 &= ~((u32)INTERCEPT_VINTR | (u32)INTERCEPT_IRET);
	b->cr_write = 0;
	b->gdtr = b->idtr = (struct vmcb_segment){ .limit = 0xffff };
	svm_set_segment(v, SEG_LDTR, &ldtr);
	svm_set_segment(v, SEG_TR, &tr);
	v->window_wanted = false;
	v->offered = 0;
	v->blocked_class = svm_vcpu(v)->blocked_class = 0;
	svm_vcpu(v)->offer = 0;
	svm_vcpu(v)->nmi_masked = false;
	svm_vcpu(v)->flush = true;
}

static void set_data_segments(struct arch_vcpu *v, const struct segment *s)
{
	static const enum segment_reg data[] = { SEG_ES, SEG_SS, SEG_DS, SEG_FS, SEG_GS };

	for (u32 i = 0; i < ARRAY_SIZE(data); i++)
		svm_set_segment(v, data[i], s);
}

static void reset_real(struct arch_vcpu *v, u16 cs, u64 base, u64 rip)
{
	struct segment s;

	arch_segment_real(&s, 0, false);
	set_data_segments(v, &s);
	arch_segment_real(&s, cs, true);
	s.base = base;
	svm_set_segment(v, SEG_CS, &s);
	v->regs.rip = rip;
}

void svm_reset(struct arch_vcpu *v, const struct vm_start *start)
{
	struct vmcb *b = &svm_vcpu(v)->vmcb;
	bool is_long = start && start->mode == VM_START_LONG64;
	struct segment s;

	reset_common(v);
	xstate_init(v);
	if (!start || start->mode == VM_START_RESET) {
		reset_real(v, 0xf000, 0xffff0000, 0xfff0);
		return;
	}
	arch_segment_flat(&s, 0x10, true, is_long);
	svm_set_segment(v, SEG_CS, &s);
	arch_segment_flat(&s, 0x18, false, false);
	set_data_segments(v, &s);
	b->gdtr.base = start->gdt_base;
	b->gdtr.limit = start->gdt_limit;
	b->cr0 = CR0_PE | CR0_ET | CR0_NE;
	if (is_long) {
		b->cr0 |= CR0_PG | CR0_WP | CR0_MP;
		b->cr3 = start->cr3;
		b->cr4 = CR4_PAE | (v->domain ? CR4_OSFXSR | CR4_OSXMMEXCPT | CR4_PGE : 0);
		b->efer |= EFER_LME | EFER_LMA | EFER_NXE;
		if (v->domain && (cpuid(1, 0).ecx & BIT(26))) {
			b->cr4 |= CR4_OSXSAVE;
			v->xcr0 = xstate_supported();
		}
	}
	v->regs.rip = start->rip;
	v->regs.gpr[RSP] = start->rsp;
	v->regs.gpr[RAX] = start->rax;
	v->regs.gpr[RBX] = start->rbx;
	v->regs.gpr[RSI] = start->rsi;
}

void svm_sipi(struct arch_vcpu *v, u8 vector)
{
	reset_common(v);
	reset_real(v, (u16)(vector << 8), (u64)vector << 12, 0);
}

void svm_dump(const struct arch_vcpu *v)
{
	const struct vmcb *b = &svm_vcpu(v)->vmcb;

	log_printf("vmcb exit %lx info1 %lx info2 %lx exitint %lx inject %lx shadow %lx",
		   b->exit_code, b->info1, b->info2, b->exit_int, b->event_inject, b->shadow);
	log_printf("vmcb vintr %lx asid %u ncr3 %lx cpl %u", b->vintr, b->asid, b->nested_cr3,
		   b->cpl);
}
