/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/*
 * Decoder of the instructions that access memory or do string I/O (Intel SDM vol. 2). Pure: bytes
 * in, struct insn out. Only forms with a memory operand are known.
 */
#ifndef ARCH_X86_DECODE_H
#define ARCH_X86_DECODE_H

#include <arch/vcpu.h>

#define INSN_MAX 15

enum insn_op {
	/* In the order of the opcode's bits 5:3, and of the reg field of group 1. */
	INSN_ADD,
	INSN_OR,
	INSN_ADC,
	INSN_SBB,
	INSN_AND,
	INSN_SUB,
	INSN_XOR,
	INSN_CMP,
	/* In the order of the reg field of group 2. */
	INSN_ROL,
	INSN_ROR,
	INSN_RCL,
	INSN_RCR,
	INSN_SHL,
	INSN_SHR,
	INSN_SAL, /* never decoded to: INSN_SHL */
	INSN_SAR,
	/* In the order of the reg field of group 8. */
	INSN_BT,
	INSN_BTS,
	INSN_BTR,
	INSN_BTC,
	INSN_TEST,
	INSN_NOT,
	INSN_NEG,
	INSN_INC,
	INSN_DEC,
	INSN_MOV,
	INSN_MOVZX,
	INSN_MOVSX, /* MOVSXD too */
	INSN_MOVBE,
	INSN_XCHG,
	INSN_XADD,
	INSN_CMPXCHG,
	INSN_CMPXCHG8B, /* operand_size 8, or 16: CMPXCHG16B */
	INSN_PUSH,
	INSN_POP,
	INSN_SETCC,
	INSN_CMOVCC,
	INSN_MOVS,
	INSN_CMPS,
	INSN_STOS,
	INSN_LODS,
	INSN_SCAS,
	INSN_INS,
	INSN_OUTS,
};

enum insn_form {
	INSN_FORM_MEM_REG, /* memory is the destination (or the first source), a register the other
			    */
	INSN_FORM_REG_MEM,
	INSN_FORM_MEM_IMM,
	INSN_FORM_MEM,
	INSN_FORM_STRING,
};

enum insn_rep { INSN_NO_REP, INSN_REP, INSN_REPNE }; /* REP: F3, REPE too */

#define INSN_NO_REG 0xff
#define INSN_RIP    0x10 /* as base: disp is relative to the next instruction */

struct insn {
	u8 length;
	u8 op;		 /* enum insn_op */
	u8 form;	 /* enum insn_form */
	u8 operand_size; /* bytes: 1, 2, 4, 8, 16; of the destination */
	u8 memory_size;	 /* bytes; smaller than operand_size for MOVZX and MOVSX only */
	u8 address_size; /* bytes: 2, 4, 8 */
	u8 rep;		 /* enum insn_rep; string instructions only */
	bool lock;
	bool segment_given; /* by a prefix that counts */
	u8 segment;	    /* enum segment_reg of the memory operand; of the source in strings */
	u8 base, index;	    /* enum gpr, INSN_NO_REG, INSN_RIP */
	u8 scale;	    /* 1, 2, 4, 8 */
	s64 disp;
	u8 reg;	       /* enum gpr of the register operand; its size is operand_size */
	bool reg_high; /* AH, CH, DH, BH: bits 15:8 of that register */
	u8 condition;  /* SETcc, CMOVcc: low four opcode bits */
	u64 imm;       /* sign-extended to 64 bits; of shifts by CL: unused, form MEM_REG */
};

/* mode: 2, 4 or 8, the default address size of the code segment (8: 64-bit mode). 0; -ENOTSUP: not
 * an instruction of the list above, or not a defined one; -ERANGE: goes on past the len bytes. */
int insn_decode(const u8 *bytes, u32 len, u32 mode, struct insn *insn) must_check;

#endif
