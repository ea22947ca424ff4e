/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/*
 * SVM: turning it on, preparing vCPUs, entering them. AMD APM vol. 2, chapter 15.
 *
 * Address space identifiers belong to a core: each remembers which vCPU used one last, and a vCPU
 * that takes one over starts with a flush. The interrupt window is a virtual interrupt that exits
 * when the guest would take it.
 *
 * Interrupts go in as virtual interrupts too, exceptions and NMIs by EVENTINJ: QEMU (seen in 7.2)
 * delivers what went in by EVENTINJ once more, whatever the guest does then, when it next leaves
 * its loop to look at its clocks.
 */
#include <arch/cpu.h>
#include <arch/io.h>
#include <arch/upcall.h>
#include "irq.h"
#include "percpu.h"
#include "string.h"
#include "vmcb.h"
#include "x86.h"
#include "xstate.h"

#define MSR_VM_CR	      0xc0010114
#define MSR_VM_HSAVE_PA	      0xc0010117
#define VM_CR_SVMDIS	      BIT(4)
#define FEATURE_NPT	      BIT(0)
#define FEATURE_FLUSH_BY_ASID BIT(6)
#define MAX_ASIDS	      64
#define IOPM_PAGES	      3
#define MSRPM_PAGES	      2
#define STALE		      0xff /* svm_vcpu.blocked_class: vintr_program() is due */

struct svm_core {	  /* percpu.virt_page */
	hpa_t host_state; /* VMSAVE of the host */
	u32 next_asid;
	const struct arch_vcpu *asid_user[MAX_ASIDS];
};

static u32 asid_count;
static u8 flush_kind;
static u8 *iopm_all, *msrpm;

static int svm_probe(const char **why)
{
	struct cpuid c;

	if (!(cpuid(0x80000001, 0).ecx & BIT(2))) {
		*why = "this processor has no SVM";
		return -ENODEV;
	}
	if (rdmsr(MSR_VM_CR) & VM_CR_SVMDIS) {
		*why = "SVM is locked off by the firmware";
		return -EPERM;
	}
	c = cpuid(0x8000000a, 0);
	if (!(c.edx & FEATURE_NPT)) {
		*why = "this processor has SVM without nested paging";
		return -ENOTSUP;
	}
	asid_count = MIN(c.ebx, (u32)MAX_ASIDS);
	flush_kind = c.edx & FEATURE_FLUSH_BY_ASID ? TLB_FLUSH_ASID : TLB_FLUSH_ALL;
	return 0;
}

static void msr_allow(u32 msr)
{
	u32 bit = (msr >= 0xc0000000 ? 0x2000 + (msr - 0xc0000000) : msr) * 2;

	msrpm[bit / 8] &= (u8) ~(3U << bit % 8);
}

/* Permission maps that all guests share: no port; the MSRs that VMLOAD and VMSAVE move. */
static int maps_init(void)
{
	static const u32 allowed[] = {
		MSR_FS_BASE,	  MSR_GS_BASE,	    MSR_KERNEL_GS_BASE, MSR_STAR,
		MSR_LSTAR,	  MSR_CSTAR,	    MSR_SFMASK,		MSR_SYSENTER_CS,
		MSR_SYSENTER_ESP, MSR_SYSENTER_EIP, MSR_TSC_AUX,
	};
	hpa_t io = pages_alloc(IOPM_PAGES), msr = pages_alloc(MSRPM_PAGES);

	if (!io || !msr)
		return -ENOMEM;
	iopm_all = phys_to_virt(io);
	msrpm = phys_to_virt(msr);
	memset(iopm_all, 0xff, IOPM_PAGES * PAGE_SIZE);
	memset(msrpm, 0xff, MSRPM_PAGES * PAGE_SIZE);
	for (u32 i = 0; i < ARRAY_SIZE(allowed); i++)
		msr_allow(allowed[i]);
	return 0;
}

static int svm_cpu_enable(void)
{
	hpa_t save = page_alloc(), host = page_alloc(), core = page_alloc();
	struct svm_core *c;

	if (!save || !host || !core || (!msrpm && maps_init()))
		return -ENOMEM;
	c = phys_to_virt(core);
	c->host_state = host;
	percpu()->virt_page = c;
	wrmsr(MSR_EFER, rdmsr(MSR_EFER) | EFER_SVME);
	wrmsr(MSR_VM_HSAVE_PA, save);
	__asm__ volatile("vmsave %%rax" : : "a"(host) : "memory");
	return 0;
}

static void svm_cpu_disable(void)
{
	__asm__ volatile("stgi");
	wrmsr(MSR_EFER, rdmsr(MSR_EFER) & ~EFER_SVME);
}

static int svm_vcpu_init(struct arch_vcpu *v)
{
	hpa_t page = pages_alloc(1 + sizeof(struct svm_vcpu) / PAGE_SIZE);
	struct svm_vcpu *s;
	struct vmcb *b;

	if (!page)
		return -ENOMEM;
	s = phys_to_virt(page);
	s->vmcb_hpa = page;
	v->vendor = s;
	b = &s->vmcb;
	b->intercept3 = INTERCEPT_INTR | INTERCEPT_NMI | INTERCEPT_INIT | INTERCEPT_RDPMC |
			INTERCEPT_CPUID | INTERCEPT_INVD | INTERCEPT_HLT | INTERCEPT_INVLPGA |
			INTERCEPT_IOIO | INTERCEPT_MSR | (u32)INTERCEPT_SHUTDOWN;
	b->intercept4 = INTERCEPT_VMRUN | INTERCEPT_VMMCALL | INTERCEPT_VMLOAD | INTERCEPT_VMSAVE |
			INTERCEPT_STGI | INTERCEPT_CLGI | INTERCEPT_SKINIT | INTERCEPT_WBINVD |
			INTERCEPT_MONITOR | INTERCEPT_MWAIT | INTERCEPT_XSETBV;
	b->exceptions = v->domain ? ~0U : BIT(VECTOR_MACHINE_CHECK);
	b->iopm = virt_to_phys(iopm_all);
	b->msrpm = virt_to_phys(msrpm);
	b->nested_paging = 1;
	b->nested_cr3 = v->stage2->root;
	svm_reset(v, NULL);
	return 0;
}

static void svm_allow_ports(struct arch_vcpu *v, u16 base, u16 count)
{
	struct vmcb *b = &svm_vcpu(v)->vmcb;
	u8 *map = phys_to_virt(b->iopm);

	if (map == iopm_all) {
		hpa_t own = pages_alloc(IOPM_PAGES);

		if (!own)
			panic("no memory for a port permission map");
		map = phys_to_virt(own);
		memcpy(map, iopm_all, IOPM_PAGES * PAGE_SIZE);
		b->iopm = own;
	}
	for (u32 port = base; port < (u32)base + count; port++)
		map[port / 8] &= (u8) ~(1U << port % 8);
}

static void asid_take(struct arch_vcpu *v)
{
	struct svm_core *c = percpu()->virt_page;
	struct svm_vcpu *s = svm_vcpu(v);

	if (s->vmcb.asid && c->asid_user[s->vmcb.asid] == v)
		return;
	c->next_asid = c->next_asid + 1 < asid_count ? c->next_asid + 1 : 1;
	c->asid_user[c->next_asid] = v;
	s->vmcb.asid = c->next_asid;
	s->flush = true;
}

static void svm_load(struct arch_vcpu *v)
{
	asid_take(v);
	xstate_load(v);
}

static void svm_put(struct arch_vcpu *v)
{
	xstate_put(v);
}

/*
 * The window is a virtual interrupt that exits when the guest would take it. Writes of CR8 exit
 * when the TPR decides about a waiting interrupt, and while a virtual interrupt is set: emulated
 * processors exist that fail on a CR8 write then.
 */
static void vintr_program(struct arch_vcpu *v)
{
	struct svm_vcpu *s = svm_vcpu(v);
	struct vmcb *b = &s->vmcb;

	s->blocked_class = v->blocked_class;
	b->cr_write = v->window_wanted || v->offered || v->blocked_class ? CR_INTERCEPT_CR8 : 0;
	if (v->window_wanted) {
		b->vintr |= VINTR_OFFER;
		b->intercept3 |= INTERCEPT_VINTR;
	} else {
		b->vintr &= ~VINTR_OFFER;
		b->intercept3 &= ~(u32)INTERCEPT_VINTR;
	}
}

/* After an exit. What should have gone in at once, and a host interrupt came first, goes in by
 * EVENTINJ. V_IRQ may be left of one whose delivery was broken off, of which EXITINTINFO tells. */
static void end_offer(struct arch_vcpu *v)
{
	struct svm_vcpu *s = svm_vcpu(v);
	struct vmcb *b = &s->vmcb;
	u64 event = EVENT_VALID | EVENT_IRQ | (s->offer >> 32);
	bool broken_off = (b->exit_int & (EVENT_VALID | EVENT_TYPE | 0xff)) == event;

	v->offer_taken = broken_off || !(b->vintr & VINTR_IRQ);
	b->vintr &= ~(VINTR_OFFER | VINTR_VECTOR(0xff));
	if (v->offered)
		s->blocked_class = STALE;
	else if (!v->offer_taken)
		b->event_inject = event;
	s->offer = 0;
}

static void svm_run(struct arch_vcpu *v, struct vmexit *e)
{
	struct svm_core *c = percpu()->virt_page;
	struct svm_vcpu *s = svm_vcpu(v);
	struct vmcb *b = &s->vmcb;
	u32 generation = v->stage2->generation;

	if (s->flush || v->stage2_seen != generation) {
		b->tlb_control = flush_kind;
		v->stage2_seen = generation;
		s->flush = false;
	}
	if (v->blocked_class != s->blocked_class)
		vintr_program(v);
	b->rax = v->regs.gpr[RAX];
	b->rsp = v->regs.gpr[RSP];
	b->rip = v->regs.rip;
	b->rflags = v->regs.rflags;
	b->vintr = (b->vintr & ~VINTR_TPR) | v->cr8 | s->offer;
	timer_arm(v->deadline);
	svm_enter(s->vmcb_hpa, c->host_state, &v->regs);
	v->regs.gpr[RAX] = b->rax;
	v->regs.gpr[RSP] = b->rsp;
	v->regs.rip = b->rip;
	v->regs.rflags = b->rflags;
	v->cr8 = b->vintr & VINTR_TPR;
	b->tlb_control = 0;
	b->event_inject = 0;
	if (s->offer)
		end_offer(v);
	if (b->exit_code == SVM_EXIT_INTR)
		__asm__ volatile("sti; nop; cli" : : : "memory");
	svm_decode(v, e);
}

static void svm_advance(struct arch_vcpu *v, u32 len)
{
	v->regs.rip += len;
	svm_vcpu(v)->vmcb.shadow &= ~1ULL;
}

/* Nothing goes in already, and the guest is not in the shadow of an instruction. */
static bool is_free(const struct svm_vcpu *s)
{
	return !(s->vmcb.shadow & 1) && !(s->vmcb.event_inject & EVENT_VALID) && !s->offer;
}

static bool svm_can_inject(const struct arch_vcpu *v)
{
	return (v->regs.rflags & RFLAGS_IF) && is_free(svm_vcpu(v));
}

static void svm_inject_irq(struct arch_vcpu *v, u8 vector)
{
	svm_vcpu(v)->offer = VINTR_OFFER | VINTR_VECTOR(vector);
}

/* The shadow of an instruction would not hold it back on emulated processors. */
static bool svm_offer_irq(struct arch_vcpu *v, u8 vector)
{
	struct svm_vcpu *s = svm_vcpu(v);

	if (s->vmcb.shadow & 1)
		return false;
	s->offer = VINTR_OFFER | VINTR_VECTOR(vector);
	v->offered = vector;
	vintr_program(v);
	return true;
}

static bool svm_can_inject_nmi(const struct arch_vcpu *v)
{
	const struct svm_vcpu *s = svm_vcpu(v);

	return !s->nmi_masked && is_free(s);
}

static void svm_inject_nmi(struct arch_vcpu *v)
{
	struct svm_vcpu *s = svm_vcpu(v);

	s->vmcb.event_inject = EVENT_VALID | EVENT_NMI | 2;
	s->nmi_masked = true;
	s->vmcb.intercept3 |= INTERCEPT_IRET;
}

static void svm_inject_exception(struct arch_vcpu *v, u8 vector, bool has_error, u32 error)
{
	svm_vcpu(v)->vmcb.event_inject = EVENT_VALID | EVENT_EXCEPTION | vector |
					 (has_error ? EVENT_ERROR | (u64)error << 32 : 0);
}

static void svm_want_window(struct arch_vcpu *v, bool wanted)
{
	if (v->window_wanted == wanted)
		return;
	v->window_wanted = wanted;
	vintr_program(v);
}

const struct virt_ops svm_ops = {
	.name = "SVM",
	.hypercall_is_vmmcall = true,
	.stage2 = &npt_format,
	.probe = svm_probe,
	.cpu_enable = svm_cpu_enable,
	.cpu_disable = svm_cpu_disable,
	.vcpu_init = svm_vcpu_init,
	.vcpu_reset = svm_reset,
	.vcpu_sipi = svm_sipi,
	.load = svm_load,
	.put = svm_put,
	.run = svm_run,
	.advance = svm_advance,
	.get_sys = svm_get_sys,
	.set_sys = svm_set_sys,
	.get_segment = svm_get_segment,
	.set_segment = svm_set_segment,
	.can_inject = svm_can_inject,
	.inject_irq = svm_inject_irq,
	.offer_irq = svm_offer_irq,
	.can_inject_nmi = svm_can_inject_nmi,
	.inject_nmi = svm_inject_nmi,
	.inject_exception = svm_inject_exception,
	.want_window = svm_want_window,
	.allow_ports = svm_allow_ports,
	.dump = svm_dump,
};
