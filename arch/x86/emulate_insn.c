/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/*
 * What each instruction does, once decoded; string instructions are in emulate_string.c. The order
 * within each is what emulate.h asks for: accesses, then registers.
 * Locking: none of its own. Atomic instructions are not atomic towards other processors that reach
 * the same device registers; devices answer one access at a time.
 */
#include "emulate.h"
#include "emulate_alu.h"

u64 emul_reg_read(const struct emul *e, u32 reg, u32 size)
{
	return alu_cut(e->v->regs.gpr[reg], size);
}

void emul_reg_write(struct emul *e, u32 reg, u32 size, u64 value)
{
	u64 *r = &e->v->regs.gpr[reg];

	if (size >= 4)
		*r = alu_cut(value, size);
	else
		*r = (*r & ~alu_cut(~0ULL, size)) | alu_cut(value, size);
}

/* The instruction's register operand. */
static u64 operand_reg(const struct emul *e)
{
	const struct insn *i = &e->insn;

	if (i->reg_high)
		return e->v->regs.gpr[i->reg] >> 8 & 0xff;
	return emul_reg_read(e, i->reg, i->operand_size);
}

static void operand_reg_set(struct emul *e, u64 value)
{
	const struct insn *i = &e->insn;
	u64 *r = &e->v->regs.gpr[i->reg];

	if (i->reg_high)
		*r = (*r & ~0xff00ULL) | (value & 0xff) << 8;
	else
		emul_reg_write(e, i->reg, i->operand_size, value);
}

/* The offset within the segment; rsp_add: what POP adds to RSP before. */
static u64 operand_offset(const struct emul *e, u64 rsp_add)
{
	const struct insn *i = &e->insn;
	u64 offset = (u64)i->disp;

	if (i->base == INSN_RIP)
		offset += e->v->regs.rip + i->length;
	else if (i->base != INSN_NO_REG)
		offset += e->v->regs.gpr[i->base] + (i->base == RSP ? rsp_add : 0);
	if (i->index != INSN_NO_REG)
		offset += e->v->regs.gpr[i->index] * i->scale;
	return alu_cut(offset, i->address_size);
}

/* Bit instructions with a register reach beyond the operand: the words that the register's upper
 * bits count, signed. */
static u64 bit_displacement(const struct emul *e)
{
	const struct insn *i = &e->insn;
	u32 bits_log2 = 3 + (u32)__builtin_ctz(i->operand_size);
	s64 bit = (s64)alu_sign_extend(operand_reg(e), i->operand_size);

	return (u64)(bit >> bits_log2) * i->operand_size;
}

static int operand_place(struct emul *e, u32 access, struct emul_place *place)
{
	const struct insn *i = &e->insn;
	u64 offset = operand_offset(e, 0);

	if (i->op >= INSN_BT && i->op <= INSN_BTC && i->form == INSN_FORM_MEM_REG)
		offset = alu_cut(offset + bit_displacement(e), i->address_size);
	return emul_translate(e, i->segment, offset, i->memory_size, access, place);
}

static int operand_read(struct emul *e, u32 access, struct emul_place *place, u64 *value)
{
	int rc = operand_place(e, access, place);

	*value = 0;
	return rc ? rc : emul_read(e, place, value);
}

/* What the instruction makes of the memory operand and the other one. */
static u64 compute(const struct emul *e, u64 memory, u64 other, u64 *flags)
{
	const struct insn *i = &e->insn;

	if (i->op <= INSN_CMP || i->op == INSN_TEST)
		return i->form == INSN_FORM_REG_MEM
			       ? alu_binary(i->op, other, memory, i->operand_size, flags)
			       : alu_binary(i->op, memory, other, i->operand_size, flags);
	if (i->op <= INSN_SAR)
		return alu_shift(i->op, memory, other, i->operand_size, flags);
	if (i->op <= INSN_BTC)
		return alu_bit(i->op, memory, other, i->operand_size, flags);
	return alu_unary(i->op, memory, i->operand_size, flags);
}

/* Arithmetic, logic, shifts and bits. */
static int run_alu(struct emul *e)
{
	const struct insn *i = &e->insn;
	bool stores = i->op != INSN_CMP && i->op != INSN_TEST && i->op != INSN_BT;
	bool to_memory = stores && i->form != INSN_FORM_REG_MEM;
	u64 other = i->form == INSN_FORM_MEM_IMM ? i->imm : operand_reg(e);
	u64 flags = e->v->regs.rflags, memory, result;
	struct emul_place place;
	int rc = operand_read(e, to_memory ? GWALK_WRITE : 0, &place, &memory);

	if (rc)
		return rc;
	result = compute(e, memory, other, &flags);
	if (to_memory)
		rc = emul_write(e, &place, &result);
	if (rc)
		return rc;
	if (stores && !to_memory)
		operand_reg_set(e, result);
	e->v->regs.rflags = flags;
	return 0;
}

static u64 swap_bytes(u64 value, u32 size)
{
	return __builtin_bswap64(value) >> (64 - 8 * size);
}

static int run_load(struct emul *e)
{
	const struct insn *i = &e->insn;
	struct emul_place place;
	u64 value;
	int rc = operand_read(e, 0, &place, &value);

	if (rc)
		return rc;
	if (i->op == INSN_MOVSX)
		value = alu_sign_extend(value, i->memory_size);
	if (i->op == INSN_MOVBE)
		value = swap_bytes(value, i->operand_size);
	if (i->op == INSN_CMOVCC && !alu_condition(i->condition, e->v->regs.rflags))
		value = operand_reg(e);
	operand_reg_set(e, value);
	return 0;
}

static int run_store(struct emul *e)
{
	const struct insn *i = &e->insn;
	u64 value = i->form == INSN_FORM_MEM_IMM ? i->imm : operand_reg(e);
	struct emul_place place;
	int rc = operand_place(e, GWALK_WRITE, &place);

	if (rc)
		return rc;
	if (i->op == INSN_MOVBE)
		value = swap_bytes(value, i->operand_size);
	if (i->op == INSN_SETCC)
		value = alu_condition(i->condition, e->v->regs.rflags);
	return emul_write(e, &place, &value);
}

/* XCHG, XADD. */
static int run_exchange(struct emul *e)
{
	const struct insn *i = &e->insn;
	u64 flags = e->v->regs.rflags, other = operand_reg(e), memory;
	struct emul_place place;
	int rc = operand_read(e, GWALK_WRITE, &place, &memory);

	if (!rc && i->op == INSN_XADD)
		other = alu_binary(INSN_ADD, memory, other, i->operand_size, &flags);
	if (!rc)
		rc = emul_write(e, &place, &other);
	if (rc)
		return rc;
	operand_reg_set(e, memory);
	e->v->regs.rflags = flags;
	return 0;
}

static int run_cmpxchg(struct emul *e)
{
	const struct insn *i = &e->insn;
	u64 accumulator = emul_reg_read(e, RAX, i->operand_size);
	u64 flags = e->v->regs.rflags, new = operand_reg(e), memory;
	struct emul_place place;
	int rc = operand_read(e, GWALK_WRITE, &place, &memory);

	if (rc)
		return rc;
	alu_binary(INSN_CMP, accumulator, memory, i->operand_size, &flags);
	if (memory == accumulator)
		rc = emul_write(e, &place, &new);
	else
		emul_reg_write(e, RAX, i->operand_size, memory);
	if (!rc)
		e->v->regs.rflags = flags;
	return rc;
}

/* CMPXCHG8B, CMPXCHG16B: halves of 4 or 8 bytes, low one first. */
static int run_cmpxchg_pair(struct emul *e)
{
	const struct insn *i = &e->insn;
	u32 half = i->operand_size / 2;
	u64 *gpr = e->v->regs.gpr;
	u64 low = 0, high = 0;
	u8 memory[16], new[16];
	struct emul_place place;
	int rc = operand_place(e, GWALK_WRITE, &place);

	if (!rc && half == 8 && place.gpa[0] & 15)
		return emul_fault_segment(e, SEG_DS); /* #GP whatever the segment */
	if (!rc)
		rc = emul_read(e, &place, memory);
	if (rc)
		return rc;
	__builtin_memcpy(&low, memory, half);
	__builtin_memcpy(&high, memory + half, half);
	if (low == alu_cut(gpr[RAX], half) && high == alu_cut(gpr[RDX], half)) {
		__builtin_memcpy(new, &gpr[RBX], half);
		__builtin_memcpy(new + half, &gpr[RCX], half);
		rc = emul_write(e, &place, new);
		if (!rc)
			e->v->regs.rflags |= FLAG_ZF;
		return rc;
	}
	emul_reg_write(e, RAX, half, low);
	emul_reg_write(e, RDX, half, high);
	e->v->regs.rflags &= ~FLAG_ZF;
	return 0;
}

static u32 stack_size(const struct emul *e)
{
	struct segment ss;

	if (e->mode == 8)
		return 8;
	virt->get_segment(e->v, SEG_SS, &ss);
	return ss.attr & SEG_ATTR_DB ? 4 : 2;
}

static int run_push(struct emul *e)
{
	u32 size = e->insn.operand_size, stack = stack_size(e);
	u64 top = alu_cut(e->v->regs.gpr[RSP] - size, stack), value;
	struct emul_place from, to;
	int rc = operand_read(e, 0, &from, &value);

	if (!rc)
		rc = emul_translate(e, SEG_SS, top, size, GWALK_WRITE, &to);
	if (!rc)
		rc = emul_write(e, &to, &value);
	if (!rc)
		emul_reg_write(e, RSP, stack, top);
	return rc;
}

static int run_pop(struct emul *e)
{
	u32 size = e->insn.operand_size, stack = stack_size(e);
	u64 top = emul_reg_read(e, RSP, stack), value = 0;
	struct emul_place from, to;
	int rc = emul_translate(e, SEG_SS, top, size, 0, &from);

	if (!rc)
		rc = emul_translate(e, e->insn.segment, operand_offset(e, size), size, GWALK_WRITE,
				    &to);
	if (!rc)
		rc = emul_read(e, &from, &value);
	if (!rc)
		rc = emul_write(e, &to, &value);
	if (!rc)
		emul_reg_write(e, RSP, stack, top + size);
	return rc;
}

int emul_run(struct emul *e)
{
	switch (e->insn.op) {
	case INSN_MOV:
	case INSN_MOVBE:
		return e->insn.form == INSN_FORM_REG_MEM ? run_load(e) : run_store(e);
	case INSN_MOVZX:
	case INSN_MOVSX:
	case INSN_CMOVCC:
		return run_load(e);
	case INSN_SETCC:
		return run_store(e);
	case INSN_XCHG:
	case INSN_XADD:
		return run_exchange(e);
	case INSN_CMPXCHG:
		return run_cmpxchg(e);
	case INSN_CMPXCHG8B:
		return run_cmpxchg_pair(e);
	case INSN_PUSH:
		return run_push(e);
	case INSN_POP:
		return run_pop(e);
	default:
		return e->insn.form == INSN_FORM_STRING ? emul_string(e) : run_alu(e);
	}
}
