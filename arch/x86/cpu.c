/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/*
 * Owns the descriptor tables of each core and what happens on exceptions of the hypervisor itself.
 * The IDT is shared and read-only after cpu_setup of the boot core.
 */
#include <arch/cpu.h>
#include <arch/io.h>
#include <arch/upcall.h>
#include <arch/vcpu.h>
#include "asm_offsets.h"
#include "irq.h"
#include "mce.h"
#include "percpu.h"
#include "x86.h"
#include "xstate.h"

_Static_assert(offsetof(struct vcpu_regs, gpr[R15]) == REGS_R15, "assembly");
_Static_assert(offsetof(struct vcpu_regs, rip) == REGS_RIP, "assembly");
_Static_assert(offsetof(struct vcpu_regs, rflags) == REGS_RFLAGS, "assembly");

#define IST_COUNT 3

struct trap_frame { /* as interrupt_common pushes it */
	u64 rax, rcx, rdx, rbx, rbp, rsi, rdi, r8, r9, r10, r11, r12, r13, r14, r15;
	u64 vector, error, rip, cs, rflags, rsp, ss;
};

struct packed_struct idt_entry {
	u16 offset_low, selector;
	u8 ist, type;
	u16 offset_mid;
	u32 offset_high, reserved;
};

extern const char interrupt_stubs[];
void cpu_load_segments(void);
void interrupt_entry(struct trap_frame *f);

struct percpu percpus[MAX_CPUS];
static struct idt_entry idt[256] __attribute__((aligned(16)));
static const struct trap_frame *last_frame[MAX_CPUS];

u32 cpu_index(void)
{
	return percpu()->index;
}

static void idt_fill(void)
{
	for (u32 i = 0; i < ARRAY_SIZE(idt); i++) {
		u64 at = (u64)interrupt_stubs + i * 16;

		idt[i] = (struct idt_entry){ .offset_low = (u16)at,
					     .selector = SEL_CODE,
					     .type = 0x8e,
					     .offset_mid = (u16)(at >> 16),
					     .offset_high = (u32)(at >> 32) };
	}
	idt[VECTOR_NMI].ist = IST_NMI;
	idt[8].ist = IST_DOUBLE_FAULT;
	idt[VECTOR_MACHINE_CHECK].ist = IST_MACHINE_CHECK;
}

static void gdt_fill(struct percpu *p)
{
	u64 tss = (u64)&p->tss;
	hpa_t stacks = pages_alloc(IST_COUNT);

	if (!stacks)
		panic("no memory for the stacks of core %u", p->index);
	p->gdt[SEL_CODE / 8] = 0x00af9b000000ffffULL;
	p->gdt[SEL_DATA / 8] = 0x00cf93000000ffffULL;
	p->gdt[SEL_TSS / 8] = (sizeof(p->tss) - 1) | (tss & 0xffffff) << 16 | 0x89ULL << 40 |
			      (tss >> 24 & 0xff) << 56;
	p->gdt[SEL_TSS / 8 + 1] = tss >> 32;
	for (u32 i = 1; i <= IST_COUNT; i++)
		p->tss.ist[i] = (u64)phys_to_virt(stacks) + i * PAGE_SIZE;
	p->tss.io_bitmap = sizeof(p->tss);
}

void cpu_setup(u32 index, u32 apic)
{
	struct percpu *p = &percpus[index];
	struct descriptor_table gdtr = { sizeof(p->gdt) - 1, (u64)p->gdt };
	struct descriptor_table idtr = { sizeof(idt) - 1, (u64)idt };

	p->self = p;
	p->index = index;
	wrmsr(MSR_GS_BASE, (u64)p); /* for a panic in here; the new segments clear it */
	p->apic_id = apic;
	p->timer_deadline = ~0ULL;
	if (index == 0)
		idt_fill();
	gdt_fill(p);
	__asm__ volatile("lgdt %0; lidt %1" : : "m"(gdtr), "m"(idtr));
	cpu_load_segments();
	wrmsr(MSR_GS_BASE, (u64)p);
	__asm__ volatile("ltr %w0" : : "r"(SEL_TSS));
}

void cpu_setup_control(void)
{
	u64 cr4 = CR4_PAE | CR4_PGE | CR4_OSFXSR | CR4_OSXMMEXCPT;

	if (cpuid(1, 0).ecx & BIT(26))
		cr4 |= CR4_OSXSAVE;
	if (cpuid(1, 0).edx & BIT(7))
		cr4 |= CR4_MCE;
	write_cr4(cr4 | (read_cr4() & CR4_VMXE));
	write_cr0(CR0_PE | CR0_MP | CR0_ET | CR0_NE | CR0_WP | CR0_PG);
	wrmsr(MSR_EFER, rdmsr(MSR_EFER) | EFER_NXE);
	wrmsr(MSR_PAT, HOST_PAT);
	if (cr4 & CR4_OSXSAVE)
		xsetbv(0, xstate_supported());
}

static void frame_dump(const struct trap_frame *f)
{
	log_printf("exception %lu error %lx rip %016lx rsp %016lx cr2 %016lx rflags %lx", f->vector,
		   f->error, f->rip, f->rsp, read_cr2(), f->rflags);
	log_printf("rax %016lx rbx %016lx rcx %016lx rdx %016lx", f->rax, f->rbx, f->rcx, f->rdx);
	log_printf("rsi %016lx rdi %016lx rbp %016lx r8  %016lx", f->rsi, f->rdi, f->rbp, f->r8);
	log_printf("r9  %016lx r10 %016lx r11 %016lx r12 %016lx", f->r9, f->r10, f->r11, f->r12);
	log_printf("r13 %016lx r14 %016lx r15 %016lx cr3 %016lx", f->r13, f->r14, f->r15,
		   read_cr3());
}

/* Return addresses: everything on the stack that points into the hypervisor's code. */
static void stack_dump(const u64 *sp)
{
	extern const char __text_start[], __text_end[];
	const u64 *end = (const u64 *)ALIGN_UP((u64)sp + 1, PAGE_SIZE);
	u32 shown = 0;

	for (; sp < end && shown < 12; sp++) {
		if (*sp >= (u64)__text_start && *sp < (u64)__text_end) {
			log_printf("  called from %016lx", *sp);
			shown++;
		}
	}
}

void arch_dump_host(void)
{
	const struct trap_frame *f = last_frame[cpu_index()];
	u64 sp;

	if (f) {
		frame_dump(f);
		mce_dump();
		stack_dump((const u64 *)ALIGN_UP(f->rsp, 8));
		return;
	}
	__asm__ volatile("mov %%rsp, %0" : "=r"(sp));
	stack_dump((const u64 *)sp);
}

void interrupt_entry(struct trap_frame *f)
{
	static const char *const names[32] = {
		[0] = "divide error",	     [1] = "debug",	   [3] = "breakpoint",
		[6] = "invalid opcode",	     [8] = "double fault", [12] = "stack fault",
		[13] = "general protection", [14] = "page fault",
	};

	if (f->vector >= 32) {
		irq_dispatch((u8)f->vector);
		return;
	}
	if (f->vector == VECTOR_NMI && machine_stopping())
		return;
	last_frame[cpu_index()] = f;
	if (f->vector == VECTOR_NMI)
		panic("non-maskable interrupt: a button, a watchdog or faulty hardware (port 61h: "
		      "%02x)",
		      io_in8(0x61));
	if (f->vector == VECTOR_MACHINE_CHECK) {
		mce_record();
		panic("machine check: the processor or the memory has an error");
	}
	panic("%s (exception %lu) in the hypervisor at %016lx",
	      names[f->vector] ? names[f->vector] : "unexpected exception", f->vector, f->rip);
}

void cpu_idle(const _Atomic u32 *pending)
{
	if (!pending || !*pending)
		__asm__ volatile("sti; hlt; cli" : : : "memory");
}
