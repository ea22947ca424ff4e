/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/*
 * modes_descend(): from long mode down to 32-bit without paging, 32-bit with 4 MiB pages, PAE,
 * 16-bit protected mode and real mode, and back up; each stage leaves its results in
 * modes_results (indices in modes.h). Called on the boot processor, interrupts off.
 */
#include "kit/selectors.h"
#include "modes.h"

#define RESULT(n) (modes_results + 4 * (n))
#define LAPIC_VERSION 0xfee00030
#define LAPIC_TPR 0xfee00080
#define COM1_SCRATCH 0x3ff
#define CONFIG_ADDRESS 0xcf8
#define AT(label) (REAL_PAGE + (label) - real_code)

	.text
	.code64
	.global modes_descend
modes_descend:
	push %rbx
	push %rbp
	push %r12
	push %r13
	push %r14
	push %r15
	mov %rsp, saved_rsp
	sidt saved_idt
	lgdt gdt_pointer
	lea leave_long(%rip), %rax
	push $SEL_CODE32
	push %rax
	lretq

	.code32
leave_long: /* compatibility mode */
	movl $1, RESULT(IN_COMPATIBILITY)
	mov LAPIC_VERSION, %eax
	mov %eax, RESULT(COMPATIBILITY_MMIO)
	mov %cr0, %eax
	and $~0x80000000, %eax
	mov %eax, %cr0
	mov $0xc0000080, %ecx
	rdmsr
	mov %eax, RESULT(EFER_WITHOUT_PAGING)
	and $~0x100, %eax
	wrmsr

	/* 32 bits, no paging */
	mov %cr4, %eax
	and $~0x20, %eax
	mov %eax, %cr4
	mov $RESULT(FLAT_FIRST), %edi
	call try_32

	/* 32 bits, pages of 4 MiB */
	mov $page_directory, %edi
	mov $0x83, %eax
	xor %ecx, %ecx
1:	mov %eax, (%edi,%ecx,4)
	add $0x400000, %eax
	inc %ecx
	cmp $1024, %ecx
	jb 1b
	mov %cr4, %eax
	or $0x10, %eax
	mov %eax, %cr4
	mov $page_directory, %eax
	mov %eax, %cr3
	mov %cr0, %eax
	or $0x80000000, %eax
	mov %eax, %cr0
	jmp 2f
2:	mov $RESULT(PAGED_FIRST), %edi
	call try_32
	mov %cr0, %eax
	and $~0x80000000, %eax
	mov %eax, %cr0

	/* PAE: four entries that lead to the directories of the long mode tables */
	mov boot_pml4, %eax
	and $~0xfff, %eax
	mov $pae_table, %edi
	xor %ecx, %ecx
3:	mov (%eax,%ecx,8), %edx
	and $~0xffe, %edx /* only P may be set besides the address */
	mov %edx, (%edi,%ecx,8)
	movl $0, 4(%edi,%ecx,8)
	inc %ecx
	cmp $4, %ecx
	jb 3b
	mov %cr4, %eax
	or $0x20, %eax
	mov %eax, %cr4
	mov $pae_table, %eax
	mov %eax, %cr3
	mov %cr0, %eax
	or $0x80000000, %eax
	mov %eax, %cr0
	jmp 4f
4:	mov $RESULT(PAE_FIRST), %edi
	call try_32
	mov %cr0, %eax
	and $~0x80000000, %eax
	mov %eax, %cr0
	mov %cr4, %eax
	and $~0x20, %eax
	mov %eax, %cr4

	/* the code for 16 bits, below 1 MiB, and an empty IVT entry for INT 60h */
	mov $real_code, %esi
	mov $REAL_PAGE, %edi
	mov $real_code_end - real_code, %ecx
	rep movsb
	movl $(REAL_PAGE >> 4) << 16 | (real_interrupt - real_code), 0x60 * 4
	mov %esp, saved_esp
	ljmp $SEL_CODE16, $AT(protected_16)

back_32: /* flat again, protected mode */
	mov $SEL_DATA, %ecx
	mov %ecx, %ds
	mov %ecx, %es
	mov %ecx, %ss
	mov %ecx, %fs
	mov %ecx, %gs
	mov saved_esp, %esp
	mov $REAL_RESULTS, %esi
	mov $RESULT(REAL_FIRST), %edi
	mov $REAL_COUNT, %ecx
	rep movsl
	call enter_long
	.code64
	mov saved_rsp, %rsp
	lidt saved_idt
	pop %r15
	pop %r14
	pop %r13
	pop %r12
	pop %rbp
	pop %rbx
	ret

/* What 32-bit code does, results from EDI on: CPUID's vendor, LAPIC version by mov, TPR written by
 * immediate and read back, port read back, string port write read back, a segment override. */
	.code32
try_32:
	push %edi
	xor %eax, %eax
	cpuid
	pop %edi
	mov %ebx, TRY_VENDOR * 4(%edi)
	mov LAPIC_VERSION, %eax
	mov %eax, TRY_MMIO * 4(%edi)
	movl $0x30, LAPIC_TPR
	mov $LAPIC_TPR - 0x1000, %esi
	mov $0x400, %ecx
	mov %es:(%esi,%ecx,4), %eax
	mov %eax, TRY_TPR * 4(%edi)
	movl $0, LAPIC_TPR
	mov $0x5a, %al
	mov $COM1_SCRATCH, %dx
	out %al, %dx
	xor %eax, %eax
	in %dx, %al
	mov %eax, TRY_PORT * 4(%edi)
	mov $CONFIG_ADDRESS, %dx
	mov $config_words, %esi
	mov $2, %ecx
	rep outsl
	in %dx, %eax
	mov %eax, TRY_STRING * 4(%edi)
	add $TRY_INS * 4, %edi
	mov $1, %ecx
	rep insl
	mov %cr0, %eax
	mov %eax, (%edi)
	ret

/* ---- copied to REAL_PAGE ---- */
	.code16
real_code:
protected_16:
	mov $SEL_DATA16, %cx
	mov %cx, %ds
	mov %cx, %es
	mov %cx, %fs
	mov %cx, %gs
	mov %cx, %ss
	mov $REAL_STACK, %esp
	movl $0x16, REAL_RESULTS + 4 * REAL_PM16
	mov %cr0, %eax
	and $~1, %al
	mov %eax, %cr0
	ljmp $REAL_PAGE >> 4, $(real_mode - real_code)

real_mode:
	xor %ax, %ax
	mov %ax, %ds
	mov %ax, %es
	mov %ax, %ss
	lidtl AT(real_idt)
	mov %cr0, %eax
	mov %eax, REAL_RESULTS + 4 * REAL_CR0

	xor %eax, %eax /* CPUID */
	cpuid
	mov %ebx, REAL_RESULTS + 4 * REAL_VENDOR

	movl $0, REAL_RESULTS + 4 * REAL_INTERRUPTS
	int $0x60
	int $0x60

	mov $0x3ff, %dx /* ports of three sizes */
	mov $0xa5, %al
	out %al, %dx
	xor %eax, %eax
	in %dx, %al
	mov %eax, REAL_RESULTS + 4 * REAL_PORT
	mov $CONFIG_ADDRESS, %dx
	mov $0x80000000, %eax
	out %eax, %dx
	in %dx, %eax
	mov %eax, REAL_RESULTS + 4 * REAL_PORT32
	mov $0xcfc, %dx
	xor %eax, %eax
	in %dx, %ax
	mov %eax, REAL_RESULTS + 4 * REAL_PORT16

	/* string ports: another segment for OUTS, backwards INS */
	mov $(REAL_RESULTS >> 4), %ax
	mov %ax, %fs
	movl $0x80000004, REAL_RESULTS + 4 * REAL_SCRATCH
	mov $4 * REAL_SCRATCH, %si
	mov $CONFIG_ADDRESS, %dx
	fs outsl
	in %dx, %eax
	mov %eax, REAL_RESULTS + 4 * REAL_OUTS
	mov $0x3ff, %dx
	mov $0xc3, %al
	out %al, %dx
	movl $0, REAL_RESULTS + 4 * REAL_INS
	mov $REAL_RESULTS + 4 * REAL_INS + 2, %di
	mov $3, %cx
	std
	rep insb
	cld
	mov %di, %ax
	movzwl %ax, %eax
	sub $REAL_RESULTS + 4 * REAL_INS, %eax
	mov %eax, REAL_RESULTS + 4 * REAL_INS_DI

	/* MMIO from "unreal" mode would need big segments: leave that to 32 bits. IDT, MSR, HLT. */
	mov $0x10, %ecx
	rdmsr
	mov %eax, REAL_RESULTS + 4 * REAL_TSC
	movl $0, REAL_RESULTS + 4 * REAL_TICKS
	cli
	mov $0xff, %al /* the 8259 as a BIOS has it: line 0 at INT 8 */
	out %al, $0xa1
	mov $0x11, %al
	out %al, $0x20
	mov $8, %al
	out %al, $0x21
	mov $4, %al
	out %al, $0x21
	mov $1, %al
	out %al, $0x21
	mov $0xfe, %al
	out %al, $0x21
	movw $real_tick - real_code, 8 * 4
	movw $REAL_PAGE >> 4, 8 * 4 + 2
	mov $0x34, %al /* 8254: some 1000 a second */
	out %al, $0x43
	mov $0xa9, %al
	out %al, $0x40
	mov $0x04, %al
	out %al, $0x40
1:	sti
	hlt
	cli
	cmpl $10, REAL_RESULTS + 4 * REAL_TICKS
	jb 1b
	mov $0xff, %al
	out %al, $0x21

	lgdtl AT(real_gdt)
	mov %cr0, %eax
	or $1, %al
	mov %eax, %cr0
	ljmpl $SEL_CODE32, $back_32

real_interrupt:
	incl %cs:(REAL_RESULTS - REAL_PAGE + 4 * REAL_INTERRUPTS)
	iret
real_tick:
	push %ax
	incl %cs:(REAL_RESULTS - REAL_PAGE + 4 * REAL_TICKS)
	mov $0x20, %al
	out %al, $0x20
	pop %ax
	iret
	.balign 8
real_idt:
	.word 0x3ff
	.long 0
real_gdt:
	.word 0x2f
	.long gdt
real_code_end:

	.data
	.balign 8
saved_rsp: .quad 0
saved_esp: .long 0
saved_idt: .skip 16
config_words: .long 0x80000008, 0x8000002c
	.global modes_results
	.balign 8
modes_results: .fill RESULT_COUNT, 4, 0xdeadbeef
	.bss
	.balign 4096
page_directory: .skip 4096
pae_table: .skip 32
	.section .note.GNU-stack, "", @progbits
