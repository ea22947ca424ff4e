/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/*
 * Turning VMX on, which VMCS is current where, and the run itself. Owns current[]: each element is
 * touched by its own core only.
 *
 * run() is the hot path: the VMCS is written only where it differs from what a run needs.
 */
#include <arch/cpu.h>
#include <arch/io.h>
#include <arch/upcall.h>
#include "percpu.h"
#include "x86.h"
#include "xstate.h"
#include "vmx.h"

#define INVVPID_SINGLE 1ULL

static struct vmx_vcpu *current[MAX_CPUS];

static int vmx_cpu_enable(void)
{
	struct percpu *p = percpu();
	const char *why = NULL;
	hpa_t region;
	bool failed;
	int error = vmx_feature_control(&why);

	if (error) {
		log_printf("cpu %u: %s", p->index, why);
		return error;
	}
	if (!p->virt_page) {
		region = page_alloc();
		if (!region)
			return -ENOMEM;
		p->virt_page = phys_to_virt(region);
	}
	*(u32 *)p->virt_page = vmx_caps.revision;
	write_cr0((read_cr0() | vmx_caps.cr0_fixed0) & vmx_caps.cr0_fixed1);
	write_cr4((read_cr4() | CR4_VMXE | vmx_caps.cr4_fixed0) & vmx_caps.cr4_fixed1);
	region = virt_to_phys(p->virt_page);
	__asm__ volatile("vmxon %1" : "=@ccbe"(failed) : "m"(region) : "memory");
	return failed ? -EIO : 0;
}

static void vmx_cpu_disable(void)
{
	u32 cpu = cpu_index();

	if (!(read_cr4() & CR4_VMXE))
		return;
	if (current[cpu])
		current[cpu]->ready = false;
	current[cpu] = NULL;
	__asm__ volatile("vmxoff" : : : "cc", "memory");
	write_cr4(read_cr4() & ~CR4_VMXE);
}

int vmx_vmclear(hpa_t vmcs)
{
	bool failed;

	__asm__ volatile("vmclear %1" : "=@ccbe"(failed) : "m"(vmcs) : "memory");
	return failed ? -EIO : 0;
}

int vmx_vmptrld(hpa_t vmcs)
{
	bool failed;

	__asm__ volatile("vmptrld %1" : "=@ccbe"(failed) : "m"(vmcs) : "memory");
	return failed ? -EIO : 0;
}

void vmx_flush_vpid(const struct vmx_vcpu *x)
{
	struct {
		u64 vpid, address;
	} what = { x->vpid, 0 };

	if (x->vpid)
		__asm__ volatile("invvpid %0, %1"
				 :
				 : "m"(what), "r"(INVVPID_SINGLE)
				 : "cc", "memory");
}

void vmx_write_failed(enum vmcs_field field, u64 value)
{
	panic("vmx: VMWRITE of %llx to field %x failed", (unsigned long long)value, field);
}

static void make_current(struct vmx_vcpu *x, u32 cpu)
{
	if (x->cpu != cpu && x->cpu != VMX_NO_CPU)
		panic("vmx: vCPU of core %u wanted on core %u", x->cpu, cpu);
	if (x->cpu == VMX_NO_CPU && vmx_vmclear(x->vmcs))
		panic("vmx: VMCLEAR of %llx failed", (unsigned long long)x->vmcs);
	if (vmx_vmptrld(x->vmcs))
		panic("vmx: VMPTRLD of %llx failed", (unsigned long long)x->vmcs);
	if (current[cpu])
		current[cpu]->ready = false;
	x->cpu = cpu;
	current[cpu] = x;
}

void vmx_select(struct arch_vcpu *v)
{
	struct vmx_vcpu *x = vmx_of(v);
	u32 cpu = cpu_index();

	if (current[cpu] != x)
		make_current(x, cpu);
	x->ready = true;
	if (x->reset_pending)
		vmx_reset_apply(v);
}

static void vmx_load(struct arch_vcpu *v)
{
	vmx_ensure(v);
	vmx_live_load(v);
	xstate_load(v);
}

static void vmx_put(struct arch_vcpu *v)
{
	xstate_put(v);
	vmx_live_put(v);
}

static void flush_stage2(struct arch_vcpu *v)
{
	v->stage2_seen = v->stage2->generation;
	vmwrite(VMCS_EPT_POINTER, ept_pointer(v->stage2));
	ept_flush(v->stage2);
}

/* The deadline has passed: the guest may run for about two microseconds, once, so that it gets
 * somewhere; if it exits for another reason meanwhile, the next run ends before it begins. */
static __attribute__((noinline, cold)) u64 overdue_ticks(struct vmx_vcpu *x)
{
	x->overdue = !x->overdue;
	return x->overdue ? vmx_caps.timer_least : 0;
}

/*
 * The preemption timer is always on: it also ends guests that run with IF = 0, from which not
 * every processor model takes an exit for a pending interrupt. There decode_timer() lets the host's
 * interrupts in, a millisecond after it last did, however often the guest has exited meanwhile.
 */
static void set_timer(const struct arch_vcpu *v, struct vmx_vcpu *x)
{
	u64 now = time_now(), ticks = v->deadline - now;

	if (unlikely(v->deadline <= now))
		ticks = overdue_ticks(x);
	if (unlikely(!(v->regs.rflags & RFLAGS_IF)))
		ticks = x->window_due <= now ? 0 : MIN(ticks, x->window_due - now);
	vmwrite(VMCS_PREEMPTION_TIMER, MIN(ticks >> vmx_caps.timer_shift, 0xffffffffULL));
}

static void write_event(const struct vmx_vcpu *x)
{
	vmwrite(VMCS_ENTRY_INTERRUPTION_INFO, x->event);
	if (x->event & INTR_ERROR_VALID)
		vmwrite(VMCS_ENTRY_EXCEPTION_ERROR, x->event_error);
	if (VMX_EVENT_NEEDS_LENGTH(x->event))
		vmwrite(VMCS_ENTRY_INSTRUCTION_LENGTH, x->event_length);
}

static void write_changes(struct arch_vcpu *v, struct vmx_vcpu *x)
{
	if (unlikely(v->stage2_seen != v->stage2->generation))
		flush_stage2(v);
	if (v->regs.rip != x->rip)
		vmwrite(VMCS_GUEST_RIP, v->regs.rip);
	if (unlikely(v->regs.gpr[RSP] != x->rsp))
		vmwrite(VMCS_GUEST_RSP, v->regs.gpr[RSP]);
	if (unlikely(v->regs.rflags != x->rflags))
		vmwrite(VMCS_GUEST_RFLAGS, v->regs.rflags);
	if (x->event)
		write_event(x);
	if (likely(vmx_caps.preemption_timer))
		set_timer(v, x);
	else
		timer_arm(v->deadline);
}

static void entry_refused(struct vmexit *e)
{
	e->kind = EXIT_FATAL;
	e->raw_reason = (u32)VMX_REASON_ENTRY_FAILED | VMX_REASON_COUNT;
	e->raw_info = vmread(VMCS_INSTRUCTION_ERROR);
	vmx_report_entry_error((u32)e->raw_info);
}

/* Field by field: the compiler would make a slow string instruction of it. */
static void clear_exit(struct vmexit *e)
{
	e->kind = e->insn_len = e->size = e->vector = 0;
	e->write = e->string = e->rep = e->fetch = e->gva_valid = e->triple_fault = false;
	e->error = 0;
	e->raw_info = e->addr = e->value = e->gva = 0;
}

static void vmx_run(struct arch_vcpu *v, struct vmexit *e)
{
	struct vmx_vcpu *x = vmx_of(v);

	vmx_ensure(v);
	clear_exit(e);
	write_changes(v, x);
	if (unlikely(vmx_enter(&v->regs, x))) {
		entry_refused(e);
		return;
	}
	x->launched = 1;
	x->event = 0;
	x->shadow_known = false;
	v->regs.rip = x->rip = vmread(VMCS_GUEST_RIP);
	v->regs.gpr[RSP] = x->rsp = vmread(VMCS_GUEST_RSP);
	v->regs.rflags = x->rflags = vmread(VMCS_GUEST_RFLAGS);
	vmx_decode(v, e);
}

const struct virt_ops vmx_ops = {
	.name = "VMX",
	.stage2 = &ept_format,
	.probe = vmx_probe,
	.cpu_enable = vmx_cpu_enable,
	.cpu_disable = vmx_cpu_disable,
	.vcpu_init = vmx_vcpu_init,
	.vcpu_reset = vmx_vcpu_reset,
	.vcpu_sipi = vmx_vcpu_sipi,
	.load = vmx_load,
	.put = vmx_put,
	.run = vmx_run,
	.advance = vmx_advance,
	.get_sys = vmx_get_sys,
	.set_sys = vmx_set_sys,
	.get_segment = vmx_get_segment,
	.set_segment = vmx_set_segment,
	.can_inject = vmx_can_inject,
	.inject_irq = vmx_inject_irq,
	.can_inject_nmi = vmx_can_inject_nmi,
	.inject_nmi = vmx_inject_nmi,
	.inject_exception = vmx_inject_exception,
	.want_window = vmx_want_window,
	.allow_ports = vmx_allow_ports,
	.dump = vmx_dump,
};
