/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/*
 * void svm_enter(hpa_t vmcb, hpa_t host, struct vcpu_regs *regs)
 *
 * RAX, RSP, RIP and RFLAGS of the guest are in the VMCB; the rest is moved here. Interrupts are
 * held by GIF from before the entry until the host's own state is back; the host's IF is set while
 * the guest runs, so that interrupts of the machine end it.
 */
#include "asm_offsets.h"

	.text
	.globl	svm_enter
svm_enter:
	push	%rbx
	push	%rbp
	push	%r12
	push	%r13
	push	%r14
	push	%r15
	push	%rsi
	push	%rdx
	mov	%rdi, %rax
	clgi
	sti
	mov	REGS_RCX(%rdx), %rcx
	mov	REGS_RBX(%rdx), %rbx
	mov	REGS_RBP(%rdx), %rbp
	mov	REGS_RSI(%rdx), %rsi
	mov	REGS_RDI(%rdx), %rdi
	mov	REGS_R8(%rdx), %r8
	mov	REGS_R9(%rdx), %r9
	mov	REGS_R10(%rdx), %r10
	mov	REGS_R11(%rdx), %r11
	mov	REGS_R12(%rdx), %r12
	mov	REGS_R13(%rdx), %r13
	mov	REGS_R14(%rdx), %r14
	mov	REGS_R15(%rdx), %r15
	mov	REGS_RDX(%rdx), %rdx
	vmload	%rax
	vmrun	%rax
	vmsave	%rax
	pop	%rax			/* regs */
	mov	%rcx, REGS_RCX(%rax)
	mov	%rdx, REGS_RDX(%rax)
	mov	%rbx, REGS_RBX(%rax)
	mov	%rbp, REGS_RBP(%rax)
	mov	%rsi, REGS_RSI(%rax)
	mov	%rdi, REGS_RDI(%rax)
	mov	%r8, REGS_R8(%rax)
	mov	%r9, REGS_R9(%rax)
	mov	%r10, REGS_R10(%rax)
	mov	%r11, REGS_R11(%rax)
	mov	%r12, REGS_R12(%rax)
	mov	%r13, REGS_R13(%rax)
	mov	%r14, REGS_R14(%rax)
	mov	%r15, REGS_R15(%rax)
	pop	%rax			/* host */
	vmload	%rax
	cli
	stgi
	pop	%r15
	pop	%r14
	pop	%r13
	pop	%r12
	pop	%rbp
	pop	%rbx
	ret

	.section .note.GNU-stack, "", @progbits
