/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/*
 * The way into the guest and back (Intel SDM vol. 3, chapters 27 and 28). RIP, RSP and RFLAGS
 * move through the VMCS; all other general registers here. An exit leaves IF = 0, DF = 0.
 *
 * u32 vmx_enter(struct vcpu_regs *regs, struct vmx_vcpu *x)
 */
#include "asm_offsets.h"
#include "vmx_offsets.h"

	.text
	.globl vmx_enter
	.type vmx_enter, @function
	.balign 16
vmx_enter:
	push %rbx
	push %rbp
	push %r12
	push %r13
	push %r14
	push %r15
	push %rdi
	cmp %rsp, VMX_HOST_RSP(%rsi)
	jne 2f
1:
	testb $1, VMX_LAUNCHED(%rsi)
	mov REGS_RAX(%rdi), %rax	/* moves keep the flags of the test */
	mov REGS_RCX(%rdi), %rcx
	mov REGS_RDX(%rdi), %rdx
	mov REGS_RBX(%rdi), %rbx
	mov REGS_RBP(%rdi), %rbp
	mov REGS_RSI(%rdi), %rsi
	mov REGS_R8(%rdi), %r8
	mov REGS_R9(%rdi), %r9
	mov REGS_R10(%rdi), %r10
	mov REGS_R11(%rdi), %r11
	mov REGS_R12(%rdi), %r12
	mov REGS_R13(%rdi), %r13
	mov REGS_R14(%rdi), %r14
	mov REGS_R15(%rdi), %r15
	mov REGS_RDI(%rdi), %rdi
	jz 3f
	vmresume
	jmp 4f
2:
	mov $VMX_FIELD_HOST_RSP, %eax
	vmwrite %rsp, %rax
	mov %rsp, VMX_HOST_RSP(%rsi)
	jmp 1b
3:
	vmlaunch
4:	/* refused: no register has changed */
	pop %rdi
	mov $1, %eax
	jmp 5f

	.globl vmx_exit_entry
	.balign 16
vmx_exit_entry:
	push %rdi
	mov 8(%rsp), %rdi
	mov %rax, REGS_RAX(%rdi)
	mov %rcx, REGS_RCX(%rdi)
	mov %rdx, REGS_RDX(%rdi)
	mov %rbx, REGS_RBX(%rdi)
	mov %rbp, REGS_RBP(%rdi)
	mov %rsi, REGS_RSI(%rdi)
	mov %r8, REGS_R8(%rdi)
	mov %r9, REGS_R9(%rdi)
	mov %r10, REGS_R10(%rdi)
	mov %r11, REGS_R11(%rdi)
	mov %r12, REGS_R12(%rdi)
	mov %r13, REGS_R13(%rdi)
	mov %r14, REGS_R14(%rdi)
	mov %r15, REGS_R15(%rdi)
	pop %rax
	mov %rax, REGS_RDI(%rdi)
	pop %rdi
	xor %eax, %eax
5:
	pop %r15
	pop %r14
	pop %r13
	pop %r12
	pop %rbp
	pop %rbx
	ret
	.size vmx_enter, . - vmx_enter

	.section .note.GNU-stack, "", @progbits
