/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/* The decoder's tables (Intel SDM vol. 2, appendix A). Constant. */
#include "decode_opcodes.h"

#define MEM_REG(op, flags)                                    \
	{                                                     \
		INSN_##op, INSN_FORM_MEM_REG, KNOWN | (flags) \
	}
#define REG_MEM(op, flags)                                    \
	{                                                     \
		INSN_##op, INSN_FORM_REG_MEM, KNOWN | (flags) \
	}
#define MEM_IMM(op, flags)                                    \
	{                                                     \
		INSN_##op, INSN_FORM_MEM_IMM, KNOWN | (flags) \
	}
#define MEM(op, flags)                                    \
	{                                                 \
		INSN_##op, INSN_FORM_MEM, KNOWN | (flags) \
	}
#define STRING_OP(op, flags)                                          \
	{                                                             \
		INSN_##op, INSN_FORM_STRING, KNOWN | STRING | (flags) \
	}
#define ALU(op, first)                                                                 \
	[first] = MEM_REG(op, BYTE | LOCKABLE), [(first) + 1] = MEM_REG(op, LOCKABLE), \
	[(first) + 2] = REG_MEM(op, BYTE), [(first) + 3] = REG_MEM(op, 0)

static const struct opcode one_byte[256] = {
	ALU(ADD, 0x00),
	ALU(OR, 0x08),
	ALU(ADC, 0x10),
	ALU(SBB, 0x18),
	ALU(AND, 0x20),
	ALU(SUB, 0x28),
	ALU(XOR, 0x30),
	[0x38] = MEM_REG(CMP, BYTE),
	[0x39] = MEM_REG(CMP, 0),
	[0x3a] = REG_MEM(CMP, BYTE),
	[0x3b] = REG_MEM(CMP, 0),
	[0x63] = REG_MEM(MOVSX, ONLY_64 | MEMORY32),
	[0x6c] = STRING_OP(INS, BYTE),
	[0x6d] = STRING_OP(INS, MAX_32),
	[0x6e] = STRING_OP(OUTS, BYTE),
	[0x6f] = STRING_OP(OUTS, MAX_32),
	[0x80] = MEM_IMM(ADD, GROUP | BYTE | IMM8),
	[0x81] = MEM_IMM(ADD, GROUP | IMMZ),
	[0x82] = MEM_IMM(ADD, GROUP | BYTE | IMM8 | NOT_64),
	[0x83] = MEM_IMM(ADD, GROUP | IMM8),
	[0x84] = MEM_REG(TEST, BYTE),
	[0x85] = MEM_REG(TEST, 0),
	[0x86] = MEM_REG(XCHG, BYTE | LOCKABLE),
	[0x87] = MEM_REG(XCHG, LOCKABLE),
	[0x88] = MEM_REG(MOV, BYTE),
	[0x89] = MEM_REG(MOV, 0),
	[0x8a] = REG_MEM(MOV, BYTE),
	[0x8b] = REG_MEM(MOV, 0),
	[0x8f] = MEM(POP, GROUP | STACK),
	[0xa0] = REG_MEM(MOV, MOFFS | BYTE),
	[0xa1] = REG_MEM(MOV, MOFFS),
	[0xa2] = MEM_REG(MOV, MOFFS | BYTE),
	[0xa3] = MEM_REG(MOV, MOFFS),
	[0xa4] = STRING_OP(MOVS, BYTE),
	[0xa5] = STRING_OP(MOVS, 0),
	[0xa6] = STRING_OP(CMPS, BYTE),
	[0xa7] = STRING_OP(CMPS, 0),
	[0xaa] = STRING_OP(STOS, BYTE),
	[0xab] = STRING_OP(STOS, 0),
	[0xac] = STRING_OP(LODS, BYTE),
	[0xad] = STRING_OP(LODS, 0),
	[0xae] = STRING_OP(SCAS, BYTE),
	[0xaf] = STRING_OP(SCAS, 0),
	[0xc0] = MEM_IMM(ROL, GROUP | BYTE | IMM8),
	[0xc1] = MEM_IMM(ROL, GROUP | IMM8),
	[0xc6] = MEM_IMM(MOV, GROUP | BYTE | IMM8),
	[0xc7] = MEM_IMM(MOV, GROUP | IMMZ),
	[0xd0] = MEM_IMM(ROL, GROUP | BYTE),
	[0xd1] = MEM_IMM(ROL, GROUP),
	[0xd2] = MEM_REG(ROL, GROUP | BYTE),
	[0xd3] = MEM_REG(ROL, GROUP),
	[0xf6] = MEM(TEST, GROUP | BYTE),
	[0xf7] = MEM(TEST, GROUP),
	[0xfe] = MEM(INC, GROUP | BYTE),
	[0xff] = MEM(INC, GROUP),
};

static const struct opcode two_byte[256] = {
	/* after 0F */
	[0x40 ... 0x4f] = REG_MEM(CMOVCC, CONDITION),
	[0x90 ... 0x9f] = MEM(SETCC, BYTE | CONDITION),
	[0xa3] = MEM_REG(BT, 0),
	[0xab] = MEM_REG(BTS, LOCKABLE),
	[0xb0] = MEM_REG(CMPXCHG, BYTE | LOCKABLE),
	[0xb1] = MEM_REG(CMPXCHG, LOCKABLE),
	[0xb3] = MEM_REG(BTR, LOCKABLE),
	[0xb6] = REG_MEM(MOVZX, MEMORY8),
	[0xb7] = REG_MEM(MOVZX, MEMORY16),
	[0xba] = MEM_IMM(BT, GROUP | IMM8),
	[0xbb] = MEM_REG(BTC, LOCKABLE),
	[0xbe] = REG_MEM(MOVSX, MEMORY8),
	[0xbf] = REG_MEM(MOVSX, MEMORY16),
	[0xc0] = MEM_REG(XADD, BYTE | LOCKABLE),
	[0xc1] = MEM_REG(XADD, LOCKABLE),
	[0xc3] = MEM_REG(MOV, NO_PREFIX | MIN_32),
	[0xc7] = MEM(CMPXCHG8B, GROUP | LOCKABLE),
};

static const struct opcode three_byte_38[256] = {
	/* after 0F 38 */
	[0xf0] = REG_MEM(MOVBE, NO_REPEAT),
	[0xf1] = MEM_REG(MOVBE, NO_REPEAT),
};

static void opcode_as(struct opcode *o, enum insn_op op, u32 flags)
{
	o->op = (u8)op;
	o->flags |= flags;
}

/* F6, F7: TEST with an immediate, NOT, NEG. FE, FF: INC, DEC, PUSH. */
static bool group_resolve_unary(struct opcode *o, u8 byte, u8 reg)
{
	static const u8 ops[2][8] = {
		{ INSN_TEST, INSN_TEST, INSN_NOT, INSN_NEG },
		{ INSN_INC, INSN_DEC },
	};
	bool inc = byte >= 0xfe;

	if (byte == 0xff && reg == 6) {
		opcode_as(o, INSN_PUSH, STACK);
		return true;
	}
	if (reg >= (inc ? 2 : 4))
		return false;
	opcode_as(o, ops[inc][reg], LOCKABLE);
	if (o->op == INSN_TEST) {
		o->form = INSN_FORM_MEM_IMM;
		o->flags &= ~(u32)LOCKABLE;
		o->flags |= byte == 0xf6 ? IMM8 : IMMZ;
	}
	return true;
}

bool decode_group(struct opcode *o, u8 byte, u8 reg)
{
	switch (o->op) {
	case INSN_ADD: /* group 1 */
		opcode_as(o, INSN_ADD + reg, reg == 7 ? 0 : LOCKABLE);
		return true;
	case INSN_ROL: /* group 2; 6 is another SHL */
		opcode_as(o, reg == 6 ? INSN_SHL : INSN_ROL + reg, 0);
		return true;
	case INSN_BT: /* group 8 */
		if (reg < 4)
			return false;
		opcode_as(o, INSN_BT + reg - 4, reg == 4 ? 0 : LOCKABLE);
		return true;
	case INSN_CMPXCHG8B: /* group 9 */
		return reg == 1;
	case INSN_POP: /* group 1A */
	case INSN_MOV: /* group 11 */
		return reg == 0;
	default:
		return group_resolve_unary(o, byte, reg);
	}
}

struct opcode decode_opcode(enum decode_map map, u8 byte)
{
	static const struct opcode *const maps[] = { one_byte, two_byte, three_byte_38 };

	return maps[map][byte];
}
