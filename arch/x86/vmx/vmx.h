/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/*
 * Inside of the VMX back end: Intel VT-x with EPT and unrestricted guest (Intel SDM vol. 3,
 * chapters 24 to 33). The rest of the hypervisor sees only vmx_ops.
 *
 * Which core may touch a VMCS: a vCPU is pinned to a core. Its VMCS becomes active there at the
 * first load and stays so until the next reset, so every access to it happens on that core.
 * A reset ordered by another core is only noted, and done by the own core before it runs the vCPU
 * again. Between load and put, the registers that no VMCS field holds are in the processor.
 */
#ifndef X86_VMX_VMX_H
#define X86_VMX_VMX_H

#include <arch/vcpu.h>
#include "vmcs.h"

#define likely(x)   __builtin_expect(!!(x), 1)
#define unlikely(x) __builtin_expect(!!(x), 0)

#define VMX_NO_CPU (~0U)

/* Whether one of the entry's event fields is about an instruction (its length is then needed). */
#define VMX_EVENT_NEEDS_LENGTH(info) (((info)&INTR_TYPE_MASK) >= INTR_TYPE_SOFT_INT)

enum vmx_syscall_msr { SYSCALL_STAR, SYSCALL_LSTAR, SYSCALL_CSTAR, SYSCALL_SFMASK, SYSCALL_COUNT };

struct vmx_vcpu {
	u64 host_rsp; /* offset VMX_HOST_RSP: the value in the VMCS */
	u8 launched;  /* offset VMX_LAUNCHED */
	bool ready;   /* its VMCS is the current one of core `cpu`, and no reset is pending */
	bool loaded;  /* between load and put */
	bool reset_pending;
	bool started; /* start is to be applied at the reset, else wait-for-SIPI state */
	bool shadow_known;
	bool overdue; /* the last run began after its deadline, and not with the timer's exit */
	u32 shadow;   /* interruptibility state, when known */
	u32 cpu;      /* core on which the VMCS is active, VMX_NO_CPU: none */
	/* What the VMCS holds, to write only what changed. */
	u64 rip, rsp, rflags;
	u32 proc, entry;
	/* Goes in at the next entry; 0: nothing. */
	u32 event, event_error, event_length;
	u64 last_reason;
	hpa_t vmcs, msr_bitmap, io_bitmap; /* io_bitmap: two pages; 0: every port exits */
	u32 vpid;			   /* 0: not in use */
	u64 cr4_allowed;
	u64 cr2, dr6, kernel_gs; /* in the processor while loaded */
	u64 window_due;		 /* with IF = 0: when the host's interrupts are to be let in, TSC */
	u64 syscall[SYSCALL_COUNT]; /* in the processor while owner of them, see vmx_state.c */
	struct vm_start start;
};

static inline struct vmx_vcpu *vmx_of(const struct arch_vcpu *v)
{
	return v->vendor;
}

/* What this kind of processor can do, and the controls that follow; constant after probe. */
struct vmx_caps {
	u32 revision;
	u32 pin, proc, proc2, proc2_optional, exit, entry;
	u64 cr0_fixed0, cr0_fixed1, cr4_fixed0, cr4_fixed1;
	bool vpid, ept_dirty, preemption_timer;
	u32 timer_shift;
	u64 timer_least, timer_most; /* TSC ticks */
};
extern struct vmx_caps vmx_caps;

/* vmx_caps.c */
int vmx_probe(const char **why);
int vmx_feature_control(const char **why); /* opens VMX on the calling core */

/* vmx.c: makes v's VMCS current on this core, and does a pending reset. */
void vmx_select(struct arch_vcpu *v);
/* To be called before the VMCS is touched. */
static inline void vmx_ensure(const struct arch_vcpu *v)
{
	if (unlikely(!vmx_of(v)->ready))
		vmx_select((struct arch_vcpu *)v);
}
int vmx_vmclear(hpa_t vmcs);
int vmx_vmptrld(hpa_t vmcs);
void vmx_flush_vpid(const struct vmx_vcpu *x);

/* vmx_enter.S: 0 after an exit, 1 when the processor refused the instruction. */
u32 vmx_enter(struct vcpu_regs *regs, struct vmx_vcpu *x);
extern const char vmx_exit_entry[];

/* vmx_exit.c */
void vmx_decode(struct arch_vcpu *v, struct vmexit *e);

/* vmx_cr.c */
void vmx_decode_cr(struct arch_vcpu *v, struct vmexit *e);
u64 vmx_get_cr0(void);
u64 vmx_get_cr4(void);
void vmx_set_cr0(struct vmx_vcpu *x, u64 value);
void vmx_set_cr4(struct vmx_vcpu *x, u64 value);
void vmx_set_efer(struct vmx_vcpu *x, u64 value);
u64 vmx_cr4_allowed(void);
/* Loads the PDPTEs from guest memory when the guest is in PAE paging. 0, -EINVAL: #GP. */
int vmx_load_pdptes(struct arch_vcpu *v, u64 cr0, u64 cr4) must_check;
#define VMX_CR0_GUEST_OWNED (CR0_MP | CR0_EM | CR0_TS | CR0_WP | CR0_AM)
/* VME PVI TSD DE PGE PCE OSFXSR OSXMMEXCPT */
#define VMX_CR4_GUEST_OWNED (0xfULL | CR4_PGE | BIT(8) | CR4_OSFXSR | CR4_OSXMMEXCPT)

/* vmx_event.c */
u32 vmx_get_shadow(const struct arch_vcpu *v);
void vmx_set_shadow(struct arch_vcpu *v, u32 shadow);
void vmx_requeue_event(struct arch_vcpu *v); /* what the exit interrupted the delivery of */
void vmx_set_proc(struct arch_vcpu *v, u32 proc);
bool vmx_can_inject(const struct arch_vcpu *v);
void vmx_inject_irq(struct arch_vcpu *v, u8 vector);
bool vmx_can_inject_nmi(const struct arch_vcpu *v);
void vmx_inject_nmi(struct arch_vcpu *v);
void vmx_inject_exception(struct arch_vcpu *v, u8 vector, bool has_error, u32 error);
void vmx_want_window(struct arch_vcpu *v, bool wanted);
void vmx_advance(struct arch_vcpu *v, u32 len);

/* vmx_init.c */
int vmx_vcpu_init(struct arch_vcpu *v) must_check;
void vmx_vcpu_reset(struct arch_vcpu *v, const struct vm_start *start);
void vmx_reset_apply(struct arch_vcpu *v); /* VMCS is current */
void vmx_vcpu_sipi(struct arch_vcpu *v, u8 vector);
void vmx_allow_ports(struct arch_vcpu *v, u16 base, u16 count);

/* vmx_host.c: the host state of the current VMCS, for this core. */
void vmx_write_host_state(void);

/* vmx_state.c */
void vmx_live_load(struct arch_vcpu *v);
void vmx_live_put(struct arch_vcpu *v);
u64 vmx_get_sys(const struct arch_vcpu *v, enum sysreg r);
void vmx_set_sys(struct arch_vcpu *v, enum sysreg r, u64 value);
void vmx_get_segment(const struct arch_vcpu *v, enum segment_reg r, struct segment *s);
void vmx_set_segment(struct arch_vcpu *v, enum segment_reg r, const struct segment *s);

/* vmx_dump.c */
void vmx_dump(const struct arch_vcpu *v);
void vmx_report_entry_error(u32 error);

/* ept.c */
extern const struct stage2_format ept_format;
u64 ept_pointer(const struct stage2 *s);
void ept_flush(const struct stage2 *s);

#endif
