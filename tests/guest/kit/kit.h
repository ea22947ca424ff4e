/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/*
 * The kit for bare-metal guests: a payload is a C file with main(), which runs on the boot
 * processor in long mode with interrupts off, memory mapped one to one up to 4 GiB, exceptions
 * caught. It reports by sentence, "PASS: ..." or "FAIL: ...", on the serial port; when main()
 * returns, "guest: N passed, N failed" is printed and the guest powers off.
 */
#ifndef KIT_H
#define KIT_H

#include <abi/types.h>

#include "selectors.h"

/* ---- report.c ---- */

/* Formats: %s, %u, %x (u32), %lu, %lx (u64), %c. */
void print(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* One tested fact, told as a sentence. */
void report(bool good, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* A fact that this machine does not let us test. */
void skip(const char *sentence);
/* Totals, then power-off by ACPI. */
void finish(void) __attribute__((noreturn));
/* NAME=VALUE of the command line: the text after '=' (up to a space), or NULL. */
const char *option(const char *name);
u32 option_number(const char *name, u32 otherwise);
/* Whether a plain emulator, not a hypervisor, runs us (some facts are then not as strict). */
bool on_plain_machine(void);
void main(void);

/* ---- traps.c ---- */

struct trap_frame {
	u64 r15, r14, r13, r12, r11, r10, r9, r8, rbp, rdi, rsi, rdx, rcx, rbx, rax;
	u64 vector, error;
	u64 rip, cs, rflags, rsp, ss;
};
typedef void trap_handler(struct trap_frame *f);

void traps_init(void);
void traps_load(void); /* on another processor: the same IDT */
void trap_set_handler(u8 vector, trap_handler *handler);

/* What the last guarded instruction met; vector -1: nothing. */
struct fault {
	int vector;
	u64 error, address;
};
extern volatile struct fault last_fault;

/* Wraps one instruction: an exception in it is noted in last_fault and the next one goes on. */
#define GUARDED(instruction)           \
	"1:	" instruction "\n2:\n" \
	".pushsection .guarded, \"a\"\n.quad 1b, 2b\n.popsection\n"

static inline void fault_clear(void)
{
	last_fault.vector = -1;
}

/* Whether a guarded statement met exactly this exception. */
#define FAULTS(expected, statement)              \
	({                                       \
		fault_clear();                   \
		statement;                       \
		last_fault.vector == (expected); \
	})
#define VECTOR_UD 6
#define VECTOR_GP 13
#define VECTOR_PF 14
#define NO_FAULT  (-1)

/* ---- time.c ---- */

void time_init(void);
u64 tsc_hz(void);     /* measured against the ACPI PM timer */
u32 pm_timer(void);   /* 24 bits, 3.579545 MHz */
void wait_us(u32 us); /* by the PM timer, spinning */
#define PM_TIMER_HZ 3579545u

/* ---- instructions ---- */

static inline void outb(u16 port, u8 v)
{
	__asm__ volatile("outb %0, %1" : : "a"(v), "Nd"(port));
}
static inline void outw(u16 port, u16 v)
{
	__asm__ volatile("outw %0, %1" : : "a"(v), "Nd"(port));
}
static inline void outl(u16 port, u32 v)
{
	__asm__ volatile("outl %0, %1" : : "a"(v), "Nd"(port));
}
static inline u8 inb(u16 port)
{
	u8 v;
	__asm__ volatile("inb %1, %0" : "=a"(v) : "Nd"(port));
	return v;
}
static inline u16 inw(u16 port)
{
	u16 v;
	__asm__ volatile("inw %1, %0" : "=a"(v) : "Nd"(port));
	return v;
}
static inline u32 inl(u16 port)
{
	u32 v;
	__asm__ volatile("inl %1, %0" : "=a"(v) : "Nd"(port));
	return v;
}
static inline u64 rdtsc(void)
{
	u32 low, high;
	__asm__ volatile("rdtsc" : "=a"(low), "=d"(high));
	return (u64)high << 32 | low;
}
/* Guarded: see last_fault. A faulting read gives 0. */
static inline u64 rdmsr(u32 msr)
{
	u32 low = 0, high = 0;
	__asm__ volatile(GUARDED("rdmsr") : "+a"(low), "+d"(high) : "c"(msr));
	return (u64)high << 32 | low;
}
static inline void wrmsr(u32 msr, u64 v)
{
	__asm__ volatile(GUARDED("wrmsr") : : "c"(msr), "a"((u32)v), "d"((u32)(v >> 32)));
}
static inline void cpuid(u32 leaf, u32 sub, u32 r[4])
{
	__asm__ volatile("cpuid"
			 : "=a"(r[0]), "=b"(r[1]), "=c"(r[2]), "=d"(r[3])
			 : "a"(leaf), "c"(sub));
}
#define DEFINE_CONTROL_REGISTER(n)                                                  \
	static inline u64 read_cr##n(void)                                          \
	{                                                                           \
		u64 v;                                                              \
		__asm__ volatile("mov %%cr" #n ", %0" : "=r"(v));                   \
		return v;                                                           \
	}                                                                           \
	static inline void write_cr##n(u64 v)                                       \
	{                                                                           \
		__asm__ volatile(GUARDED("mov %0, %%cr" #n) : : "r"(v) : "memory"); \
	}
DEFINE_CONTROL_REGISTER(0)
DEFINE_CONTROL_REGISTER(3)
DEFINE_CONTROL_REGISTER(4)
DEFINE_CONTROL_REGISTER(8)

static inline void irq_enable(void)
{
	__asm__ volatile("sti" : : : "memory");
}
static inline void irq_disable(void)
{
	__asm__ volatile("cli" : : : "memory");
}
/* Lets pending interrupts in. (Not by PAUSE: QEMU's emulation keeps STI's shadow over it.) */
static inline void irq_window(void)
{
	__asm__ volatile("sti; nop; nop; cli" : : : "memory");
}
static inline void halt(void) /* with interrupts on, and off again after */
{
	__asm__ volatile("sti; hlt; cli" : : : "memory");
}
static inline void relax(void)
{
	__asm__ volatile("pause" : : : "memory");
}
static inline void invlpg(u64 address)
{
	__asm__ volatile("invlpg (%0)" : : "r"(address) : "memory");
}
static inline u32 read32(u64 address)
{
	u32 v;
	__asm__ volatile("movl (%1), %0" : "=r"(v) : "r"(address) : "memory");
	return v;
}
static inline void write32(u64 address, u32 v)
{
	__asm__ volatile("movl %0, (%1)" : : "r"(v), "r"(address) : "memory");
}

#endif
