/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/*
 * The contract of a virtual processor. Vendor code enters the guest and decodes each exit into a
 * struct vmexit; what is done about it is decided in hv/exit.c, the same for all.
 *
 * Locking: a struct arch_vcpu is touched only by the core that has it loaded, or by anyone while
 * its vCPU is stopped.
 */
#ifndef ARCH_VCPU_H
#define ARCH_VCPU_H

#include <abi/hypercall.h>
#include <arch/stage2.h>

enum gpr { RAX, RCX, RDX, RBX, RSP, RBP, RSI, RDI, R8, R9, R10, R11, R12, R13, R14, R15 };
enum segment_reg { SEG_ES, SEG_CS, SEG_SS, SEG_DS, SEG_FS, SEG_GS, SEG_LDTR, SEG_TR, SEG_COUNT };

/* attr: descriptor bits 40-47 in 0-7 (type, S, DPL, P), bits 52-55 in 12-15 (AVL, L, D/B, G);
 * bit 16: unusable (null). */
struct segment {
	u64 base;
	u32 limit; /* in bytes, expanded */
	u16 selector;
	u16 pad;
	u32 attr;
};
#define SEG_ATTR_UNUSABLE BIT(16)
#define SEG_ATTR_P	  BIT(7)
#define SEG_ATTR_L	  BIT(13)
#define SEG_ATTR_DB	  BIT(14)
#define SEG_ATTR_G	  BIT(15)

/* System state, by name; not every one is fast. */
enum sysreg {
	SYS_CR0,
	SYS_CR2,
	SYS_CR3,
	SYS_CR4,
	SYS_EFER,
	SYS_DR7,
	SYS_PAT,
	SYS_GDTR_BASE,
	SYS_GDTR_LIMIT,
	SYS_IDTR_BASE,
	SYS_IDTR_LIMIT,
	SYS_FS_BASE,
	SYS_GS_BASE,
	SYS_KERNEL_GS_BASE,
	SYS_STAR,
	SYS_LSTAR,
	SYS_CSTAR,
	SYS_SFMASK,
	SYS_SYSENTER_CS,
	SYS_SYSENTER_ESP,
	SYS_SYSENTER_EIP,
	SYS_TSC_OFFSET,
	SYS_COUNT
};

enum exit_kind {
	EXIT_NONE,  /* handled by vendor code, or nothing to do: enter again */
	EXIT_PIO,   /* addr port, size, write, string; value = RAX's low bytes when writing */
	EXIT_MMIO,  /* second-stage fault at GPA addr; write, fetch; gva valid when gva_valid */
	EXIT_RDMSR, /* addr = ECX */
	EXIT_WRMSR, /* addr = ECX, value = EDX:EAX */
	EXIT_CPUID,
	EXIT_CR, /* MOV with CR8: write, value; else to GPR `size`. insn_len 0: arch_decode_cr8 */
	EXIT_XSETBV,	/* addr = ECX, value = EDX:EAX */
	EXIT_HYPERCALL, /* VMCALL or VMMCALL */
	EXIT_HLT,
	EXIT_IRQ,	/* a host interrupt came, and has been handled */
	EXIT_TIMER,	/* the deadline given to run() passed (preemption timer) */
	EXIT_WINDOW,	/* the guest can take an interrupt (or NMI) now */
	EXIT_EXCEPTION, /* intercepted; vector, error, cr2 in value */
	EXIT_SKIP,	/* an instruction to step over: WBINVD, INVD, PAUSE, MONITOR, MWAIT */
	EXIT_INJECT_UD, /* an instruction this machine does not offer the guest (VMX/SVM ...) */
	EXIT_FATAL,	/* triple fault (raw_reason tells), or a state the processor refuses */
	EXIT_KINDS
};

struct vmexit {
	u8 kind;
	u8 insn_len; /* 0: not known */
	u8 size;
	u8 vector;
	bool write, string, rep, fetch, gva_valid, triple_fault;
	u32 raw_reason; /* vendor's number, for the log and the ring of recent exits */
	u32 error;
	u64 raw_info;
	u64 addr, value, gva;
};

struct vcpu_regs { /* assembly knows the offsets (arch/x86/asm_offsets.h) */
	u64 gpr[16];
	u64 rip;
	u64 rflags;
};

#define XSTATE_SIZE 4096

struct arch_vcpu {
	struct vcpu_regs regs; /* current whenever the guest is not running */
	u64 deadline;	       /* TSC: run() returns EXIT_TIMER (or EXIT_IRQ) not much later */
	struct stage2 *stage2;
	void *vendor; /* one page or more: VMCS/VMCB and friends */
	u8 *xstate;   /* XSTATE_SIZE bytes, 64-byte aligned */
	u64 xcr0;
	u64 dr[4];
	u64 tsc_aux;
	u64 cr8;     /* the guest's TPR >> 4 as CR8 accesses see it: kept by vlapic */
	bool domain; /* the device domain: all exceptions exit, no FPU traps */
	bool window_wanted;
	u8 offered; /* the vector of virt_ops.offer_irq, 0: none. hv/ clears it after the exit */
	bool offer_taken; /* and this tells then whether the guest has taken it */
	u8 blocked_class; /* of an interrupt that only the TPR holds back, 0: none. Writes of CR8 */
			  /* must exit then */
	u32 stage2_seen;  /* stage2->generation at the last entry: differs -> flush */
};

struct virt_ops { /* const; one is chosen at boot, then read-only */
	const char *name;
	bool hypercall_is_vmmcall; /* else VMCALL */
	const struct stage2_format *stage2;
	/* 0, or -errno with one line of why (for the panel). Called on the boot processor. */
	int (*probe)(const char **why);
	/* Turns virtualisation on, on the calling core. */
	int (*cpu_enable)(void);
	void (*cpu_disable)(void); /* before the machine resets or powers off */
	int (*vcpu_init)(struct arch_vcpu *v) must_check; /* stage2 and domain are set */
	/* Power-on state, then as vm_start says; NULL: waits for SIPI as after INIT. */
	void (*vcpu_reset)(struct arch_vcpu *v, const struct vm_start *start);
	void (*vcpu_sipi)(struct arch_vcpu *v, u8 vector);
	/* The vCPU becomes / ceases to be the one that this core runs (guest registers that stay in
	 * the processor between exits move: XSTATE, debug, syscall MSRs). */
	void (*load)(struct arch_vcpu *v);
	void (*put)(struct arch_vcpu *v);
	void (*run)(struct arch_vcpu *v, struct vmexit *e); /* interrupts off before and after */
	void (*advance)(struct arch_vcpu *v, u32 len); /* RIP, and clears the interrupt shadow */
	u64 (*get_sys)(const struct arch_vcpu *v, enum sysreg r);
	void (*set_sys)(struct arch_vcpu *v, enum sysreg r, u64 value);
	void (*get_segment)(const struct arch_vcpu *v, enum segment_reg r, struct segment *s);
	void (*set_segment)(struct arch_vcpu *v, enum segment_reg r, const struct segment *s);
	/* IF set, no shadow, nothing being injected: an interrupt can go in at the next entry. */
	bool (*can_inject)(const struct arch_vcpu *v);
	void (*inject_irq)(struct arch_vcpu *v, u8 vector);
	/* For when it cannot yet: from the next entry to its exit, the vector goes in as soon as
	 * the guest takes interrupts. False: ask for a window. NULL: this vendor cannot. */
	bool (*offer_irq)(struct arch_vcpu *v, u8 vector);
	bool (*can_inject_nmi)(const struct arch_vcpu *v);
	void (*inject_nmi)(struct arch_vcpu *v);
	void (*inject_exception)(struct arch_vcpu *v, u8 vector, bool has_error, u32 error);
	void (*want_window)(struct arch_vcpu *v, bool wanted); /* EXIT_WINDOW when injectable */
	/* Port [base, base+count) without exits (the device domain's serial port). */
	void (*allow_ports)(struct arch_vcpu *v, u16 base, u16 count);
	void (*dump)(const struct arch_vcpu *v); /* vendor fields, by log_printf */
};

extern const struct virt_ops vmx_ops, svm_ops;
extern const struct virt_ops *virt; /* the chosen one */

/* Segment attribute shorthand for flat and real-mode segments. */
void arch_segment_flat(struct segment *s, u16 selector, bool code, bool long_mode);
void arch_segment_real(struct segment *s, u16 selector, bool code);

/* Instruction emulation: fetches the instruction at RIP, decodes it, and performs its memory or
 * port accesses through `access`. Results of accesses that have to wait are replayed: the whole
 * instruction is run again when the answer is there (see hv/exit.c).
 *
 * access: returns 0 (done), -EAGAIN (wait: the emulation stops, nothing changed but finished
 * string iterations), other -errno: emulation fails.
 * Result: 0 done and RIP advanced; 1 a guest exception was injected instead; -EAGAIN; -ENOTSUP an
 * instruction the decoder does not know (bytes logged by the caller).
 */
struct emul_access {
	u64 addr; /* GPA or port */
	u64 value;
	u64 from;  /* of a block: where its first element is read, a GPA */
	u32 count; /* >1 only for blocks, and string stores of one value to ascending addresses */
	u8 size;
	bool write;
	bool pio;
	/* A part of REP MOVS: `count` elements, one after the other, from `from` to `addr`, both
	 * ascending and each within a page; memory or devices. -ENOTSUP, and nothing is done or
	 * recorded: not as a block. */
	bool block;
	/* The first access of the instruction, or of one iteration of a string instruction: what
	 * was recorded for accesses made before it in this call is used up and must be forgotten
	 * (the iterations they belong to are committed). */
	bool first;
};
typedef int emul_access_fn(void *ctx, struct emul_access *a);
struct guest_memory { /* how arch code reads and writes guest RAM: 0 or -EFAULT */
	int (*read)(void *ctx, gpa_t gpa, void *to, u32 len);
	int (*write)(void *ctx, gpa_t gpa, const void *from, u32 len);
	void *ctx;
};
int arch_emulate(struct arch_vcpu *v, const struct guest_memory *mem, const struct vmexit *e,
		 emul_access_fn *access, void *ctx);
/* The bytes at RIP (up to 15), for reports: how many could be read. */
u32 arch_fetch(struct arch_vcpu *v, const struct guest_memory *mem, u8 bytes[15]);

/* CPUID as the guest shall see it; apic_id of the vCPU and the number of vCPUs of its guest;
 * osxsave (leaf 1 only): its CR4.OSXSAVE. */
void arch_cpuid(u32 leaf, u32 subleaf, u32 apic_id, u32 cpus, bool osxsave, u32 out[4]);
/* An exit at MOV to or from CR8 that vendor code could not decode (insn_len 0): completes value,
 * size (register) and insn_len. -EFAULT, -ENOTSUP. */
int arch_decode_cr8(struct arch_vcpu *v, const struct guest_memory *mem,
		    struct vmexit *e) must_check;
/* XSETBV: 0, or -EINVAL (#GP). The vCPU is loaded. */
int arch_xsetbv(struct arch_vcpu *v, u32 index, u64 value) must_check;
/* MSRs that are the same for every guest. 0, or -ENOENT: not here (hv goes on looking, then #GP),
 * -EINVAL: #GP. */
int arch_rdmsr(struct arch_vcpu *v, u32 msr, u64 *value) must_check;
int arch_wrmsr(struct arch_vcpu *v, u32 msr, u64 value) must_check;

/*
 * The device domain's own page tables, one to one: built in area (contiguous, zeroed, at area_gpa
 * for the domain), not reachable through themselves. Returns the root for CR3; panics when the
 * area is too small.
 */
struct domain_region {
	gpa_t gpa;
	hpa_t hpa;
	u64 len;
	u32 prot;
	enum stage2_memtype type;
};
u64 arch_domain_tables(hpa_t area, u64 area_len, gpa_t area_gpa, const struct domain_region *r,
		       u32 count);

#endif
