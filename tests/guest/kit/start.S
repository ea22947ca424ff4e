/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/*
 * From multiboot's flat 32-bit state to main() in long mode: identity map of the first 4 GiB with
 * 2 MiB pages, our own GDT (selectors in kit.h), a stack, SSE allowed. Multiboot 0.6.96, 3.1-3.3.
 */
#include "selectors.h"

#define MULTIBOOT_MAGIC 0x1badb002
#define MULTIBOOT_FLAGS 0x3 /* page-aligned modules, memory sizes */
#define STACK_SIZE 32768

	.section .multiboot, "a"
	.align 4
	.long MULTIBOOT_MAGIC
	.long MULTIBOOT_FLAGS
	.long -(MULTIBOOT_MAGIC + MULTIBOOT_FLAGS)

	.text
	.code32
	.global start
start:
	cli
	cld
	lgdt gdt_pointer
	ljmp $SEL_CODE32, $1f
1:	mov $SEL_DATA, %ecx
	mov %ecx, %ds
	mov %ecx, %es
	mov %ecx, %ss
	mov %ecx, %fs
	mov %ecx, %gs
	mov $stack_top, %esp
	mov %eax, boot_magic
	mov %ebx, boot_info

	mov $boot_pml4, %edi
	lea 0x1003(%edi), %eax /* the PDPT is the next page, then four directories */
	mov %eax, (%edi)
	xor %ecx, %ecx
2:	lea 0x1000(%eax), %eax
	mov %eax, 0x1000(%edi,%ecx,8)
	inc %ecx
	cmp $4, %ecx
	jb 2b
	xor %ecx, %ecx
3:	mov %ecx, %eax
	shl $21, %eax
	or $0x83, %eax
	mov %eax, 0x2000(%edi,%ecx,8)
	inc %ecx
	cmp $2048, %ecx
	jb 3b

	call enter_long
	.code64
	xor %ebp, %ebp
	call kit_main
	cli
4:	hlt
	jmp 4b

/*
 * Called in flat 32-bit mode with paging off: returns in long mode, on boot_pml4, to a 64-bit
 * caller's continuation. Also used by processors other than the first.
 */
	.code32
	.global enter_long
enter_long:
	mov %cr4, %eax
	or $0x620, %eax /* PAE, OSFXSR, OSXMMEXCPT */
	mov %eax, %cr4
	mov $boot_pml4, %eax
	mov %eax, %cr3
	mov $0xc0000080, %ecx /* EFER: LME, NXE */
	rdmsr
	or $0x900, %eax
	wrmsr
	mov %cr0, %eax
	and $~0x6000000c, %eax /* caches on, no emulation, no task switched */
	or $0x80010003, %eax /* PG, WP, MP, PE */
	mov %eax, %cr0
	pop %eax
	mov $SEL_DATA, %ecx
	push $SEL_CODE64
	push %eax
	lret

	.data
	.align 16
	.global gdt, gdt_pointer
gdt:	.quad 0
	.quad 0x00cf9b000000ffff /* SEL_CODE32 */
	.quad 0x00cf93000000ffff /* SEL_DATA */
	.quad 0x00af9b000000ffff /* SEL_CODE64 */
	.quad 0x00009b000000ffff /* SEL_CODE16: base 0, 64 KiB */
	.quad 0x000093000000ffff /* SEL_DATA16 */
gdt_end:
gdt_pointer:
	.word gdt_end - gdt - 1
	.quad gdt
	.global boot_magic, boot_info
boot_magic: .long 0
boot_info: .long 0

	.bss
	.align 4096
	.global boot_pml4
boot_pml4: .skip 6 * 4096
	.skip STACK_SIZE
	.global stack_top
stack_top:
	.section .note.GNU-stack, "", @progbits
