/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/*
 * The instruction sits between code that loads all registers from a page of memory and code that
 * stores them there again (native.h). 32-bit mode is reached by far jumps to the code segment that
 * Linux has for 32-bit programs.
 */
#include <setjmp.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include "emulate_alu.h"
#include "native.h"

#define CODE	  0x10000000UL
#define CODE_SIZE 8192
#define CONTEXT	  0x10010000UL
#define CS_32	  0x23
#define CS_64	  0x33
#define DS_32	  0x2b

struct context {
	u64 gpr[16];
	u64 flags; /* popped from here, pushed to here */
	u64 host_rsp;
	u32 entry_offset; /* far pointer to the 32-bit code */
	u16 entry_selector;
};

static struct context *const context = (struct context *)CONTEXT;
static u8 *slot[2];    /* where the instruction goes: 64-bit, 32-bit */
static u8 *routine[2]; /* what to call */
static sigjmp_buf trapped;

static void emit(u8 **at, const void *bytes, size_t len)
{
	memcpy(*at, bytes, len);
	*at += len;
}

#define EMIT(at, ...) emit(at, (const u8[]){ __VA_ARGS__ }, sizeof((const u8[]){ __VA_ARGS__ }))

static void emit_u32(u8 **at, u64 value)
{
	u32 low = (u32)value;

	emit(at, &low, 4);
}

static u64 address_of(size_t offset)
{
	return CONTEXT + offset;
}

/* opcode 8b loads, 89 stores; absolute addresses. */
static void emit_registers(u8 **at, u32 mode, u8 opcode)
{
	for (u32 n = 0; n < (mode == 8 ? 16U : 8U); n++) {
		u8 reg = (u8)((n & 7) << 3);

		if (mode == 8)
			EMIT(at, (u8)(n & 8 ? 0x4c : 0x48), opcode, (u8)(reg | 4), 0x25);
		else
			EMIT(at, opcode, (u8)(reg | 5));
		emit_u32(at, address_of(offsetof(struct context, gpr) + 8 * n));
	}
}

static void emit_stack_at(u8 **at, size_t offset)
{
	EMIT(at, 0xbc); /* mov $.., %esp */
	emit_u32(at, address_of(offset));
}

/* Room for 15 bytes, filled with NOPs. */
static u8 *emit_slot(u8 **at)
{
	u8 *here = *at;

	memset(here, 0x90, INSN_MAX);
	*at += INSN_MAX;
	return here;
}

static u8 *emit_middle(u8 **at, u32 mode)
{
	u8 *here;

	emit_stack_at(at, offsetof(struct context, flags));
	EMIT(at, 0x9d); /* popf */
	emit_registers(at, mode, 0x8b);
	here = emit_slot(at);
	emit_registers(at, mode, 0x89);
	emit_stack_at(at, offsetof(struct context, flags) + (mode == 8 ? 8 : 4));
	EMIT(at, 0x9c, 0xfc); /* pushf; cld */
	return here;
}

static void emit_data_segments(u8 **at, u8 selector)
{
	EMIT(at, 0xb8, selector, 0, 0, 0); /* mov $.., %eax */
	EMIT(at, 0x8e, 0xd8, 0x8e, 0xc0);  /* mov %eax, %ds; mov %eax, %es */
}

/* The routine for one mode; returns where the instruction goes. */
static u8 *emit_routine(u8 **at, u32 mode)
{
	u8 *here, *patch;

	EMIT(at, 0x53, 0x55, 0x41, 0x54, 0x41, 0x55, 0x41, 0x56, 0x41, 0x57); /* push rbx ... */
	EMIT(at, 0x48, 0x89, 0x24, 0x25);				      /* mov %rsp, .. */
	emit_u32(at, address_of(offsetof(struct context, host_rsp)));
	if (mode == 4) {
		emit_data_segments(at, DS_32);
		EMIT(at, 0xff, 0x2c, 0x25); /* ljmp *.. */
		emit_u32(at, address_of(offsetof(struct context, entry_offset)));
		context->entry_offset = (u32)(uintptr_t)*at;
		context->entry_selector = CS_32;
	}
	here = emit_middle(at, mode);
	if (mode == 4) {
		EMIT(at, 0xea); /* ljmp $.., $.. */
		patch = *at;
		emit_u32(at, (uintptr_t)patch + 6);
		EMIT(at, CS_64, 0);
		emit_data_segments(at, 0);
	}
	EMIT(at, 0x48, 0x8b, 0x24, 0x25); /* mov .., %rsp */
	emit_u32(at, address_of(offsetof(struct context, host_rsp)));
	EMIT(at, 0x41, 0x5f, 0x41, 0x5e, 0x41, 0x5d, 0x41, 0x5c, 0x5d, 0x5b, 0xc3);
	return here;
}

static bool map_fixed(u64 at, size_t size, int protection)
{
	void *p = mmap((void *)at, size, protection,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);

	return p == (void *)at;
}

static void trap(int signal)
{
	(void)signal;
	siglongjmp(trapped, 1);
}

bool native_prepare(u32 mode)
{
	static bool mapped;
	static u8 *at = (u8 *)CODE;
	struct vcpu_regs regs = { .gpr = { [RCX] = 5 } };
	u32 n = mode == 4;

	if (!mapped && (!map_fixed(CODE, CODE_SIZE, PROT_READ | PROT_WRITE | PROT_EXEC) ||
			!map_fixed(CONTEXT, PAGE_SIZE, PROT_READ | PROT_WRITE) ||
			!map_fixed(NATIVE_DATA, NATIVE_DATA_SIZE, PROT_READ | PROT_WRITE)))
		return false;
	mapped = true;
	if (slot[n])
		return true;
	routine[n] = at;
	slot[n] = emit_routine(&at, mode);
	/* A trial: mov %ecx, %eax. */
	void (*old_segv)(int) = signal(SIGSEGV, trap), (*old_ill)(int) = signal(SIGILL, trap);

	if (sigsetjmp(trapped, 1) == 0)
		native_run(mode, (const u8[]){ 0x89, 0xc8 }, 2, &regs);
	signal(SIGSEGV, old_segv);
	signal(SIGILL, old_ill);
	return regs.gpr[RAX] == 5;
}

u64 native_rip(u32 mode)
{
	return (u64)(uintptr_t)slot[mode == 4];
}

void native_run(u32 mode, const u8 *bytes, u32 len, struct vcpu_regs *regs)
{
	u32 n = mode == 4;

	memset(slot[n], 0x90, INSN_MAX);
	memcpy(slot[n], bytes, len);
	memcpy(context->gpr, regs->gpr, sizeof(context->gpr));
	context->flags = regs->rflags;
	((void (*)(void))(uintptr_t)routine[n])();
	memcpy(regs->gpr, context->gpr, sizeof(context->gpr));
	regs->rflags = mode == 4 ? (u32)context->flags : context->flags;
}
