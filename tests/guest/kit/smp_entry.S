/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/*
 * Entry of a started processor: copied to SMP_PAGE, begins in real mode with CS = SMP_PAGE >> 4.
 * Takes the next number, a stack by it, long mode, then smp_entered(number).
 */
#include "selectors.h"
#include "smp_page.h"

#define AT(label) (SMP_PAGE + (label) - smp_code)

	.text
	.code16
	.global smp_code, smp_code_end
smp_code:
	cli
	xor %ax, %ax
	mov %ax, %ds
	lgdtl AT(smp_gdt)
	mov %cr0, %eax
	or $1, %al
	mov %eax, %cr0
	ljmpl $SEL_CODE32, $AT(1f)
	.code32
1:	mov $SEL_DATA, %ecx
	mov %ecx, %ds
	mov %ecx, %es
	mov %ecx, %ss
	mov %ecx, %fs
	mov %ecx, %gs
	mov $1, %ebx
	lock xadd %ebx, smp_count
	inc %ebx
	mov %ebx, %eax
	imul $SMP_STACK, %eax
	lea smp_stacks(%eax), %esp /* the end of stack number - 1 */
	mov $2f, %eax
	jmp *%eax
	.balign 8
smp_gdt:
	.word 0x2f
	.long gdt
smp_code_end:

	.code32
2:	call enter_long
	.code64
	mov %ebx, %edi
	xor %ebp, %ebp
	call smp_entered
3:	cli
	hlt
	jmp 3b

	.bss
	.balign 16
smp_stacks: .skip SMP_STACK * 16
	.data
	.global smp_count
	.balign 4
smp_count: .long 0
	.section .note.GNU-stack, "", @progbits
