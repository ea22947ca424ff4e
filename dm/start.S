/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/*
 * Where the device domain begins: ring 0 of a guest, long mode, paging on, IF = 0, RSP = 0. The
 * stack has a segment of its own, with nothing mapped below it (dm.lds).
 */
	.section .text.start, "ax"
	.globl _start
	.type _start, @function
_start:
	leaq dm_stack_top(%rip), %rsp
	xorl %ebp, %ebp
	fninit
	ldmxcsr initial_mxcsr(%rip)
	call dm_main
	ud2
	.size _start, . - _start

	.section .rodata
	.balign 4
initial_mxcsr:
	.long 0x1f80

	.section .stack, "aw", @nobits
	.balign 4096
	.skip 65536
dm_stack_top:

	.section .note.GNU-stack, "", @progbits
