/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/* The virtual machine control block and its codes. AMD APM vol. 2, appendices B and C. */
#ifndef SVM_VMCB_H
#define SVM_VMCB_H

#include <arch/vcpu.h>

struct packed_struct vmcb_segment {
	u16 selector, attr;
	u32 limit;
	u64 base;
};

struct packed_struct vmcb {
	u16 cr_read, cr_write, dr_read, dr_write;
	u32 exceptions, intercept3, intercept4;
	u8 reserved0[0x3c - 0x14];
	u16 pause_threshold, pause_count;
	u64 iopm, msrpm, tsc_offset;
	u32 asid;
	u8 tlb_control, reserved1[3];
	u64 vintr, shadow;
	u64 exit_code, info1, info2, exit_int;
	u64 nested_paging;
	u8 reserved2[0xa8 - 0x98];
	u64 event_inject, nested_cr3, lbr;
	u32 clean, reserved3;
	u64 next_rip;
	u8 insn_len, insn[15];
	u8 reserved4[0x400 - 0xe0];
	struct vmcb_segment es, cs, ss, ds, fs, gs, gdtr, ldtr, idtr, tr;
	u8 reserved5[0x4cb - 0x4a0];
	u8 cpl;
	u32 reserved6;
	u64 efer;
	u8 reserved7[0x548 - 0x4d8];
	u64 cr4, cr3, cr0, dr7, dr6, rflags, rip;
	u8 reserved8[0x5d8 - 0x580];
	u64 rsp;
	u8 reserved9[0x5f8 - 0x5e0];
	u64 rax, star, lstar, cstar, sfmask, kernel_gs_base;
	u64 sysenter_cs, sysenter_esp, sysenter_eip, cr2;
	u8 reserved10[0x668 - 0x648];
	u64 pat;
	u8 reserved11[0x1000 - 0x670];
};
_Static_assert(offsetof(struct vmcb, event_inject) == 0xa8, "VMCB");
_Static_assert(offsetof(struct vmcb, es) == 0x400, "VMCB");
_Static_assert(offsetof(struct vmcb, efer) == 0x4d0, "VMCB");
_Static_assert(offsetof(struct vmcb, rip) == 0x578, "VMCB");
_Static_assert(offsetof(struct vmcb, pat) == 0x668, "VMCB");
_Static_assert(sizeof(struct vmcb) == PAGE_SIZE, "VMCB");

#define CR_INTERCEPT_CR8 BIT(8) /* cr_write */

enum { /* intercept3 */
       INTERCEPT_INTR = BIT(0),
       INTERCEPT_NMI = BIT(1),
       INTERCEPT_INIT = BIT(3),
       INTERCEPT_VINTR = BIT(4),
       INTERCEPT_RDPMC = BIT(15),
       INTERCEPT_CPUID = BIT(18),
       INTERCEPT_IRET = BIT(20),
       INTERCEPT_INVD = BIT(22),
       INTERCEPT_HLT = BIT(24),
       INTERCEPT_INVLPGA = BIT(26),
       INTERCEPT_IOIO = BIT(27),
       INTERCEPT_MSR = BIT(28),
       INTERCEPT_SHUTDOWN = BIT(31),
};
enum { /* intercept4 */
       INTERCEPT_VMRUN = BIT(0),
       INTERCEPT_VMMCALL = BIT(1),
       INTERCEPT_VMLOAD = BIT(2),
       INTERCEPT_VMSAVE = BIT(3),
       INTERCEPT_STGI = BIT(4),
       INTERCEPT_CLGI = BIT(5),
       INTERCEPT_SKINIT = BIT(6),
       INTERCEPT_WBINVD = BIT(9),
       INTERCEPT_MONITOR = BIT(10),
       INTERCEPT_MWAIT = BIT(11),
       INTERCEPT_XSETBV = BIT(13),
};

enum {
	SVM_EXIT_CR8_WRITE = 0x18,
	SVM_EXIT_EXCEPTION = 0x40,
	SVM_EXIT_INTR = 0x60,
	SVM_EXIT_NMI = 0x61,
	SVM_EXIT_INIT = 0x63,
	SVM_EXIT_VINTR = 0x64,
	SVM_EXIT_RDPMC = 0x6f,
	SVM_EXIT_CPUID = 0x72,
	SVM_EXIT_IRET = 0x74,
	SVM_EXIT_INVD = 0x76,
	SVM_EXIT_HLT = 0x78,
	SVM_EXIT_INVLPGA = 0x7a,
	SVM_EXIT_IOIO = 0x7b,
	SVM_EXIT_MSR = 0x7c,
	SVM_EXIT_SHUTDOWN = 0x7f,
	SVM_EXIT_VMRUN = 0x80,
	SVM_EXIT_VMMCALL = 0x81,
	SVM_EXIT_SKINIT = 0x86,
	SVM_EXIT_WBINVD = 0x89,
	SVM_EXIT_MONITOR = 0x8a,
	SVM_EXIT_MWAIT = 0x8b,
	SVM_EXIT_XSETBV = 0x8d,
	SVM_EXIT_NPF = 0x400,
};

#define VINTR_TPR	 0x0fULL
#define VINTR_IRQ	 BIT(8)
#define VINTR_PRIORITY	 (0xfULL << 16)
#define VINTR_IGNORE_TPR BIT(20)
#define VINTR_MASKING	 BIT(24)
#define VINTR_VECTOR(v)	 ((u64)(v) << 32)
/* All of an interrupt that waits for nothing but the guest's IF and shadow. */
#define VINTR_OFFER (VINTR_IRQ | VINTR_PRIORITY | VINTR_IGNORE_TPR)

#define TLB_FLUSH_ALL  1
#define TLB_FLUSH_ASID 3

#define EVENT_VALID BIT(31)
#define EVENT_ERROR BIT(11)
enum { EVENT_IRQ = 0 << 8, EVENT_NMI = 2 << 8, EVENT_EXCEPTION = 3 << 8, EVENT_SOFT = 4 << 8 };
#define EVENT_TYPE 0x700U

/* What arch_vcpu.vendor points to. */
struct svm_vcpu {
	struct vmcb vmcb;
	hpa_t vmcb_hpa;
	u64 offer;	  /* of an interrupt for the next entry, as in vmcb.vintr; 0: none */
	bool nmi_masked;  /* until the guest's IRET */
	u8 blocked_class; /* of arch_vcpu, as programmed */
	bool flush;	  /* TLB, at the next entry */
};

static inline struct svm_vcpu *svm_vcpu(const struct arch_vcpu *v)
{
	return v->vendor;
}

/* Enters the guest once; host_hpa holds the host's VMSAVE state. svm_enter.S */
void svm_enter(hpa_t vmcb_hpa, hpa_t host_hpa, struct vcpu_regs *regs);

/* svm_exit.c: the exit code of the VMCB into e. */
void svm_decode(struct arch_vcpu *v, struct vmexit *e);

/* svm_state.c */
u64 svm_get_sys(const struct arch_vcpu *v, enum sysreg r);
void svm_set_sys(struct arch_vcpu *v, enum sysreg r, u64 value);
void svm_get_segment(const struct arch_vcpu *v, enum segment_reg r, struct segment *s);
void svm_set_segment(struct arch_vcpu *v, enum segment_reg r, const struct segment *s);
void svm_reset(struct arch_vcpu *v, const struct vm_start *start);
void svm_sipi(struct arch_vcpu *v, u8 vector);
void svm_dump(const struct arch_vcpu *v);

/* npt.c */
extern const struct stage2_format npt_format;

#endif
