/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/*
 * Arithmetic as the processor does it, with its flags (Intel SDM vol. 1, 3.4.3.1 and vol. 2). Pure.
 * Operands may carry anything above their size (1, 2, 4, 8 bytes); results are cut to it. Of
 * *flags only the status flags that the operation defines, or leaves undefined, change.
 */
#ifndef ARCH_X86_EMULATE_ALU_H
#define ARCH_X86_EMULATE_ALU_H

#include "decode.h"

#define FLAG_CF BIT(0)
#define FLAG_PF BIT(2)
#define FLAG_AF BIT(4)
#define FLAG_ZF BIT(6)
#define FLAG_SF BIT(7)
#define FLAG_DF BIT(10)
#define FLAG_OF BIT(11)

/* The low size bytes; size 8: all. */
static inline u64 alu_cut(u64 value, u32 size)
{
	return size == 8 ? value : value & (BIT(8 * size) - 1);
}

static inline u64 alu_sign_extend(u64 value, u32 size)
{
	u32 shift = 64 - 8 * size;

	return (u64)((s64)(value << shift) >> shift);
}

/* INSN_ADD to INSN_CMP, INSN_TEST: a is the first operand. CMP and TEST return something, too. */
u64 alu_binary(enum insn_op op, u64 a, u64 b, u32 size, u64 *flags);
/* INSN_NOT, INSN_NEG, INSN_INC, INSN_DEC. */
u64 alu_unary(enum insn_op op, u64 a, u32 size, u64 *flags);
/* INSN_ROL to INSN_SAR; the count is taken as the instruction gives it. */
u64 alu_shift(enum insn_op op, u64 a, u64 count, u32 size, u64 *flags);
/* INSN_BT to INSN_BTC; of bit only what is below the operand's size counts. */
u64 alu_bit(enum insn_op op, u64 a, u64 bit, u32 size, u64 *flags);
bool alu_condition(u32 condition, u64 flags);

#endif
