/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/* What an opcode is: between the files of the decoder only. */
#ifndef ARCH_X86_DECODE_OPCODES_H
#define ARCH_X86_DECODE_OPCODES_H

#include "decode.h"

enum opcode_flag {
	KNOWN = BIT(0),
	BYTE = BIT(1),	   /* operands of one byte, whatever the prefixes say */
	IMM8 = BIT(2),	   /* one byte, sign-extended */
	IMMZ = BIT(3),	   /* as large as the operand, at most four bytes, sign-extended */
	LOCKABLE = BIT(4), /* LOCK is allowed */
	STACK = BIT(5),	   /* 64-bit mode: 8 or 2 bytes, never 4 */
	MOFFS = BIT(6),	   /* no ModRM: the address itself follows */
	STRING = BIT(7),   /* no ModRM */
	GROUP = BIT(8),	   /* ModRM's reg field chooses: decode_group() */
	NOT_64 = BIT(9),
	ONLY_64 = BIT(10),
	NO_PREFIX = BIT(11), /* 66, F2 and F3 would make it another, or no, instruction */
	MEMORY8 = BIT(12),   /* the memory operand is one byte, the register is not */
	MEMORY16 = BIT(13),
	MEMORY32 = BIT(14),
	CONDITION = BIT(15), /* the opcode's low bits are a condition */
	MAX_32 = BIT(16),    /* REX.W makes it four bytes */
	NO_REPEAT = BIT(17), /* F2 and F3 would make it another, or no, instruction */
	MIN_32 = BIT(18),    /* never two bytes */
};

struct opcode {
	u8 op, form;
	u32 flags;
};

enum decode_map { DECODE_MAP_ONE_BYTE, DECODE_MAP_0F, DECODE_MAP_0F38 };

/* flags without KNOWN: not an instruction of ours. */
struct opcode decode_opcode(enum decode_map map, u8 byte);
/* Of an opcode with GROUP, ModRM's reg field chooses (Intel SDM vol. 2, table A-6). False: not
 * known. */
bool decode_group(struct opcode *o, u8 byte, u8 reg);

#endif
