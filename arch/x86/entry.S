/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/*
 * Where the loader jumps to, where other cores wake up, and where exceptions and interrupts of the
 * hypervisor itself arrive.
 */
#include "asm_offsets.h"

	.section .text.start, "ax"
	.globl _start
_start:				/* RDI = struct handoff *, identity-mapped */
	cld
	lea	boot_stack_top(%rip), %rsp
	xor	%ebp, %ebp
	call	hv_main
1:	hlt
	jmp	1b

	.text
/*
 * Exceptions and interrupts. Every stub is 16 bytes and pushes its vector (and 0 where the
 * processor pushes no error code): struct trap_frame in cpu.c.
 */
	.globl	interrupt_stubs
	.balign	16
interrupt_stubs:
	.set	vector, 0
	.rept	256
	.balign	16
	.if	!(vector == 8 || (vector >= 10 && vector <= 14) || vector == 17 || vector == 21)
	push	$0
	.endif
	push	$vector
	jmp	interrupt_common
	.set	vector, vector + 1
	.endr

interrupt_common:
	push	%r15
	push	%r14
	push	%r13
	push	%r12
	push	%r11
	push	%r10
	push	%r9
	push	%r8
	push	%rdi
	push	%rsi
	push	%rbp
	push	%rbx
	push	%rdx
	push	%rcx
	push	%rax
	cld
	mov	%rsp, %rdi
	mov	%rsp, %rbx
	and	$-16, %rsp
	call	interrupt_entry
	mov	%rbx, %rsp
	pop	%rax
	pop	%rcx
	pop	%rdx
	pop	%rbx
	pop	%rbp
	pop	%rsi
	pop	%rdi
	pop	%r8
	pop	%r9
	pop	%r10
	pop	%r11
	pop	%r12
	pop	%r13
	pop	%r14
	pop	%r15
	add	$16, %rsp
	iretq

/* void cpu_load_segments(void): code segment SEL_CODE, all data segments SEL_DATA. */
	.globl	cpu_load_segments
cpu_load_segments:
	pop	%rax
	push	$0x08
	push	%rax
	mov	$0x10, %eax
	mov	%eax, %ds
	mov	%eax, %es
	mov	%eax, %ss
	xor	%eax, %eax
	mov	%eax, %fs
	mov	%eax, %gs
	lretq

/*
 * Other cores begin here in real mode, at a page below 1 MiB to which smp.c copies
 * [trampoline, trampoline_end) and in which it fills struct trampoline_data. CS = page >> 4.
 */
	.section .rodata
	.balign	16
	.globl	trampoline, trampoline_end, trampoline_data, trampoline_code32, trampoline_code64
trampoline:
	.code16
	cli
	cld
	xor	%ebx, %ebx
	mov	%cs, %bx
	mov	%bx, %ds
	shl	$4, %ebx		/* EBX = the page's address from here on */
	lgdtl	TRAMPOLINE_GDTR + trampoline_data - trampoline
	mov	$0x11, %eax		/* PE, ET; caches on */
	mov	%eax, %cr0
	ljmpl	*(TRAMPOLINE_FAR32 + trampoline_data - trampoline)
	.code32
trampoline_code32:
	mov	$0x10, %eax
	mov	%eax, %ds
	mov	%eax, %ss
	mov	%eax, %es
	mov	$0x20, %eax		/* PAE */
	mov	%eax, %cr4
	mov	TRAMPOLINE_CR3 + trampoline_data - trampoline(%ebx), %eax
	mov	%eax, %cr3
	mov	$0xc0000080, %ecx	/* EFER: LME, NXE */
	rdmsr
	or	$0x900, %eax
	wrmsr
	mov	$0x80010011, %eax	/* PG, WP, ET, PE */
	mov	%eax, %cr0
	ljmpl	*TRAMPOLINE_FAR64 + trampoline_data - trampoline(%ebx)
	.code64
trampoline_code64:
	mov	TRAMPOLINE_STACK + trampoline_data - trampoline(%rbx), %rsp
	mov	TRAMPOLINE_ARG + trampoline_data - trampoline(%rbx), %rdi
	mov	TRAMPOLINE_ENTRY + trampoline_data - trampoline(%rbx), %rax
	xor	%ebp, %ebp
	call	*%rax
1:	hlt
	jmp	1b
	.balign	8
trampoline_data:
	.skip	TRAMPOLINE_DATA_SIZE
trampoline_end:

	.section .bss
	.balign	4096
	.skip	BOOT_STACK_SIZE
	.globl	boot_stack_top
boot_stack_top:

	.section .note.GNU-stack, "", @progbits
