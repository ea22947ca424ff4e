/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/* Offsets and sizes that assembly uses; each is checked against its struct where that is known. */
#ifndef X86_ASM_OFFSETS_H
#define X86_ASM_OFFSETS_H

#define BOOT_STACK_SIZE 16384

/* struct trampoline_data (smp.c) */
#define TRAMPOLINE_GDTR	     0
#define TRAMPOLINE_FAR32     8
#define TRAMPOLINE_FAR64     16
#define TRAMPOLINE_CR3	     24
#define TRAMPOLINE_STACK     32
#define TRAMPOLINE_ARG	     40
#define TRAMPOLINE_ENTRY     48
#define TRAMPOLINE_DATA_SIZE 96

/* struct vcpu_regs (arch/vcpu.h): gpr[n] at 8 * n in the order of enum gpr */
#define REGS_RAX    0
#define REGS_RCX    8
#define REGS_RDX    16
#define REGS_RBX    24
#define REGS_RSP    32
#define REGS_RBP    40
#define REGS_RSI    48
#define REGS_RDI    56
#define REGS_R8	    64
#define REGS_R9	    72
#define REGS_R10    80
#define REGS_R11    88
#define REGS_R12    96
#define REGS_R13    104
#define REGS_R14    112
#define REGS_R15    120
#define REGS_RIP    128
#define REGS_RFLAGS 136

#endif
