/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/* Arithmetic of the emulation (emulate_alu.h). No state, no locking. */
#include "emulate_alu.h"

static u64 top_bit(u32 size)
{
	return BIT(8 * size - 1);
}

static void flag_set(u64 *flags, u64 flag, bool value)
{
	*flags = value ? *flags | flag : *flags & ~flag;
}

static void flags_of_result(u64 *flags, u64 result, u32 size)
{
	flag_set(flags, FLAG_ZF, alu_cut(result, size) == 0);
	flag_set(flags, FLAG_SF, result & top_bit(size));
	flag_set(flags, FLAG_PF, !__builtin_parity((u8)result));
}

/* carries: in each bit, whether that bit's sum carried into the next (or borrowed from it). */
static void flags_of_carries(u64 *flags, u64 carries, u64 overflow, u32 size)
{
	flag_set(flags, FLAG_CF, carries & top_bit(size));
	flag_set(flags, FLAG_AF, carries & BIT(3));
	flag_set(flags, FLAG_OF, overflow & top_bit(size));
}

static u64 add(u64 a, u64 b, bool carry, u32 size, u64 *flags)
{
	u64 result = a + b + carry;

	flags_of_carries(flags, (a & b) | ((a | b) & ~result), (a ^ result) & (b ^ result), size);
	return result;
}

static u64 subtract(u64 a, u64 b, bool borrow, u32 size, u64 *flags)
{
	u64 result = a - b - borrow;

	flags_of_carries(flags, (~a & b) | ((~a | b) & result), (a ^ b) & (a ^ result), size);
	return result;
}

static u64 logic(enum insn_op op, u64 a, u64 b, u64 *flags)
{
	*flags &= ~(FLAG_CF | FLAG_OF | FLAG_AF);
	if (op == INSN_OR)
		return a | b;
	return op == INSN_XOR ? a ^ b : a & b;
}

u64 alu_binary(enum insn_op op, u64 a, u64 b, u32 size, u64 *flags)
{
	bool carry = *flags & FLAG_CF;
	u64 result;

	switch (op) {
	case INSN_ADD:
	case INSN_ADC:
		result = add(a, b, op == INSN_ADC && carry, size, flags);
		break;
	case INSN_SUB:
	case INSN_SBB:
	case INSN_CMP:
		result = subtract(a, b, op == INSN_SBB && carry, size, flags);
		break;
	default:
		result = logic(op, a, b, flags);
		break;
	}
	flags_of_result(flags, result, size);
	return alu_cut(result, size);
}

u64 alu_unary(enum insn_op op, u64 a, u32 size, u64 *flags)
{
	u64 carry = *flags & FLAG_CF;
	u64 result;

	switch (op) {
	case INSN_NOT:
		return alu_cut(~a, size);
	case INSN_NEG:
		return alu_binary(INSN_SUB, 0, a, size, flags);
	default:
		result = alu_binary(op == INSN_INC ? INSN_ADD : INSN_SUB, a, 1, size, flags);
		*flags = (*flags & ~FLAG_CF) | carry;
		return result;
	}
}

/* One bit position; *carry is what the instruction's carry becomes. */
static u64 shift_once(enum insn_op op, u64 a, u32 size, bool *carry)
{
	bool top = a & top_bit(size), low = a & 1, in = *carry;
	bool left = op == INSN_ROL || op == INSN_RCL || op == INSN_SHL;

	*carry = left ? top : low;
	switch (op) {
	case INSN_ROL:
		return a << 1 | top;
	case INSN_RCL:
		return a << 1 | in;
	case INSN_SHL:
		return a << 1;
	case INSN_ROR:
		return a >> 1 | (low ? top_bit(size) : 0);
	case INSN_RCR:
		return a >> 1 | (in ? top_bit(size) : 0);
	case INSN_SAR:
		return a >> 1 | (top ? top_bit(size) : 0);
	default:
		return a >> 1;
	}
}

u64 alu_shift(enum insn_op op, u64 a, u64 count, u32 size, u64 *flags)
{
	bool left = op == INSN_ROL || op == INSN_RCL || op == INSN_SHL;
	bool carry = *flags & FLAG_CF;
	u64 old;

	a = alu_cut(a, size);
	old = a;
	count &= size == 8 ? 63 : 31;
	if (!count)
		return a;
	for (u64 n = 0; n < count; n++) {
		old = a;
		a = alu_cut(shift_once(op, a, size, &carry), size);
	}
	if (op >= INSN_SHL) {
		flags_of_result(flags, a, size);
		flag_set(flags, FLAG_AF, false);
	}
	flag_set(flags, FLAG_CF, carry);
	/* Overflow: of the last step; left: the sign against what went out. */
	bool sign = a & top_bit(size);

	flag_set(flags, FLAG_OF, left ? sign != carry : sign != !!(old & top_bit(size)));
	return a;
}

u64 alu_bit(enum insn_op op, u64 a, u64 bit, u32 size, u64 *flags)
{
	u64 mask = BIT(bit & (8 * size - 1));

	flag_set(flags, FLAG_CF, a & mask);
	switch (op) {
	case INSN_BTS:
		return a | mask;
	case INSN_BTR:
		return a & ~mask;
	case INSN_BTC:
		return a ^ mask;
	default:
		return a;
	}
}

/* Table B-1 of SDM vol. 1: even conditions, and each odd one the opposite. */
bool alu_condition(u32 condition, u64 flags)
{
	bool cf = flags & FLAG_CF, zf = flags & FLAG_ZF, sf = flags & FLAG_SF;
	bool of = flags & FLAG_OF, pf = flags & FLAG_PF;
	bool even[8] = { of, cf, zf, cf || zf, sf, pf, sf != of, zf || sf != of };

	return even[condition >> 1 & 7] != (condition & 1);
}
