/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/*
 * enter_hypervisor(cr3 %rdi, stack_top %rsi, entry %rdx, handoff %rcx): the last instructions of
 * the loader. This code is mapped one to one by the firmware's tables and by the new ones.
 * Translations marked global, and those of other process contexts, must not survive.
 */
	.text
	.globl	enter_hypervisor
	.hidden	enter_hypervisor
	.type	enter_hypervisor, @function
enter_hypervisor:
	cli
	cld
	mov	%cr4, %rax
	and	$~((1 << 7) | (1 << 17)), %rax	/* PGE, PCIDE */
	mov	%rdi, %cr3
	mov	%rax, %cr4
	mov	%rsi, %rsp
	mov	%rcx, %rdi
	xor	%ebp, %ebp
	push	$0				/* no return address, but the ABI's alignment */
	jmp	*%rdx
	.size	enter_hypervisor, . - enter_hypervisor
	.section .note.GNU-stack, "", @progbits
