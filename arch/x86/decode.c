/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/*
 * The instruction decoder (decode.h). No state, no locking. Prefixes, ModRM, SIB, displacement
 * and immediate are read as Intel SDM vol. 2, chapter 2, says; decode_opcodes.c knows the opcodes.
 */
#include "decode_opcodes.h"

struct cursor {
	const u8 *bytes;
	u32 len, at;
	bool overrun;
};

struct prefixes {
	u8 rex;
	u8 repeat; /* enum insn_rep */
	bool lock, operand, address, segment_given;
	u8 segment;
};

/* A little-endian number of 1, 2, 4 or 8 bytes. */
static u64 take(struct cursor *c, u32 size)
{
	u64 value = 0;

	if (size > c->len - c->at) {
		c->overrun = true;
		c->at = c->len;
		return 0;
	}
	for (u32 i = 0; i < size; i++)
		value |= (u64)c->bytes[c->at++] << (8 * i);
	return value;
}

static u64 take_signed(struct cursor *c, u32 size)
{
	u32 shift = 64 - 8 * size;

	return (u64)((s64)(take(c, size) << shift) >> shift);
}

static void prefix_segment(struct prefixes *p, u32 mode, enum segment_reg segment)
{
	if (mode == 8 && segment != SEG_FS && segment != SEG_GS)
		return; /* no effect in 64-bit mode */
	p->segment = (u8)segment;
	p->segment_given = true;
}

/* Whether the byte is a legacy prefix; notes what it says. */
static bool prefix_note(struct prefixes *p, u32 mode, u8 byte)
{
	switch (byte) {
	case 0x26:
		prefix_segment(p, mode, SEG_ES);
		return true;
	case 0x2e:
		prefix_segment(p, mode, SEG_CS);
		return true;
	case 0x36:
		prefix_segment(p, mode, SEG_SS);
		return true;
	case 0x3e:
		prefix_segment(p, mode, SEG_DS);
		return true;
	case 0x64:
		prefix_segment(p, mode, SEG_FS);
		return true;
	case 0x65:
		prefix_segment(p, mode, SEG_GS);
		return true;
	case 0x66:
		p->operand = true;
		return true;
	case 0x67:
		p->address = true;
		return true;
	case 0xf0:
		p->lock = true;
		return true;
	case 0xf2:
		p->repeat = INSN_REPNE;
		return true;
	case 0xf3:
		p->repeat = INSN_REP;
		return true;
	default:
		return false;
	}
}

/* Reads all prefixes; returns the first opcode byte. A REX prefix counts only right before it. */
static u8 take_prefixes(struct cursor *c, struct prefixes *p, u32 mode)
{
	for (;;) {
		u8 byte = (u8)take(c, 1);

		if (mode == 8 && (byte & 0xf0) == 0x40)
			p->rex = byte;
		else if (prefix_note(p, mode, byte))
			p->rex = 0;
		else
			return byte;
		if (c->overrun)
			return 0;
	}
}

static struct opcode take_opcode(struct cursor *c, u8 first, u8 *last)
{
	*last = first;
	if (first != 0x0f)
		return decode_opcode(DECODE_MAP_ONE_BYTE, first);
	*last = (u8)take(c, 1);
	if (*last != 0x38)
		return decode_opcode(DECODE_MAP_0F, *last);
	*last = (u8)take(c, 1);
	return decode_opcode(DECODE_MAP_0F38, *last);
}

/* Table 2-1 of the SDM: ModRM with 16-bit addresses. */
static void take_memory16(struct cursor *c, struct insn *i, u8 mod, u8 rm)
{
	static const u8 bases[8] = { RBX, RBX, RBP, RBP, RSI, RDI, RBP, RBX };
	static const u8 indexes[4] = { RSI, RDI, RSI, RDI };

	i->base = bases[rm];
	if (rm < 4)
		i->index = indexes[rm];
	if (mod == 0 && rm == 6) {
		i->base = INSN_NO_REG;
		mod = 2;
	}
	if (mod)
		i->disp = (s64)take_signed(c, mod == 1 ? 1 : 2);
}

/* Tables 2-2 and 2-3: ModRM and SIB with 32-bit and 64-bit addresses. */
static void take_memory(struct cursor *c, struct insn *i, u32 mode, u8 rex, u8 mod, u8 rm)
{
	u32 disp_size = mod == 1 ? 1 : mod == 2 ? 4 : 0;
	u8 base = rm;

	if (rm == 4) {
		u8 sib = (u8)take(c, 1);
		u8 index = (u8)((sib >> 3 & 7) | (rex & 2 ? 8 : 0));

		base = sib & 7;
		i->scale = (u8)(1 << (sib >> 6));
		i->index = index == 4 ? INSN_NO_REG : index;
	}
	i->base = (u8)(base | (rex & 1 ? 8 : 0));
	if (base == 5 && mod == 0) {
		i->base = rm == 5 && mode == 8 ? INSN_RIP : INSN_NO_REG;
		disp_size = 4;
	}
	if (disp_size)
		i->disp = (s64)take_signed(c, disp_size);
}

static void set_sizes(struct insn *i, const struct opcode *o, const struct prefixes *p, u32 mode)
{
	bool wide = p->rex & 8;
	u8 size = (mode == 2) != p->operand ? 2 : 4;

	if (o->flags & STACK && mode == 8 && size == 4)
		size = 8;
	if (o->flags & MIN_32)
		size = 4;
	if (wide)
		size = o->flags & MAX_32 ? 4 : 8;
	if (o->flags & BYTE)
		size = 1;
	if (o->op == INSN_CMPXCHG8B)
		size = wide ? 16 : 8;
	i->operand_size = size;
	i->memory_size = size;
	if (o->flags & MEMORY8)
		i->memory_size = 1;
	if (o->flags & MEMORY16)
		i->memory_size = 2;
	if (o->flags & MEMORY32)
		i->memory_size = (u8)MIN(size, 4);
	i->address_size = (u8)(mode == 8		   ? (p->address ? 4 : 8)
			       : (mode == 2) != p->address ? 2
							   : 4);
}

static void set_segment(struct insn *i, const struct prefixes *p)
{
	bool stack = i->base == RSP || i->base == RBP;

	i->segment_given = p->segment_given;
	i->segment = p->segment_given ? p->segment : stack ? SEG_SS : SEG_DS;
}

static void set_register(struct insn *i, u8 rex, u8 reg)
{
	i->reg = (u8)(reg | (rex & 4 ? 8 : 0));
	if (i->operand_size == 1 && !rex && reg >= 4) {
		i->reg = (u8)(reg - 4);
		i->reg_high = true;
	}
}

static void take_immediate(struct cursor *c, struct insn *i, const struct opcode *o)
{
	i->imm = 1; /* of shifts by one */
	if (o->flags & IMM8)
		i->imm = take_signed(c, 1);
	if (o->flags & IMMZ)
		i->imm = take_signed(c, MIN(i->operand_size, 4u));
}

static bool prefixes_allowed(const struct opcode *o, const struct prefixes *p, u32 mode)
{
	if (p->lock && !(o->flags & LOCKABLE))
		return false;
	if (o->flags & (NO_PREFIX | NO_REPEAT) && p->repeat)
		return false;
	if (o->flags & NO_PREFIX && p->operand)
		return false;
	return !(o->flags & (mode == 8 ? NOT_64 : ONLY_64));
}

/* ModRM and all that hangs on it. False: not known. */
static bool take_operands(struct cursor *c, struct insn *i, struct opcode *o, u8 byte,
			  const struct prefixes *p, u32 mode)
{
	u8 modrm = (u8)take(c, 1);
	u8 mod = modrm >> 6, reg = modrm >> 3 & 7, rm = modrm & 7;

	if (mod == 3 || (o->flags & GROUP && !decode_group(o, byte, reg)))
		return false;
	set_sizes(i, o, p, mode);
	set_register(i, p->rex, reg);
	if (i->address_size == 2)
		take_memory16(c, i, mod, rm);
	else
		take_memory(c, i, mode, p->rex, mod, rm);
	return true;
}

static int decode(struct cursor *c, u32 mode, struct insn *i)
{
	struct prefixes p = { 0 };
	u8 byte = take_prefixes(c, &p, mode);
	struct opcode o = take_opcode(c, byte, &byte);

	if (!(o.flags & KNOWN))
		return -ENOTSUP;
	if (o.flags & (MOFFS | STRING)) {
		set_sizes(i, &o, &p, mode);
		i->reg = RAX;
	} else if (!take_operands(c, i, &o, byte, &p, mode)) {
		return -ENOTSUP;
	}
	if (!prefixes_allowed(&o, &p, mode))
		return -ENOTSUP;
	if (o.flags & MOFFS)
		i->disp = (s64)take(c, i->address_size);
	i->op = o.op;
	i->form = o.form;
	if (o.form == INSN_FORM_MEM_REG && o.op >= INSN_ROL && o.op <= INSN_SAR) {
		i->reg = RCX; /* ModRM's reg field was the operation */
		i->reg_high = false;
	}
	if (o.flags & CONDITION)
		i->condition = byte & 0xf;
	if (o.flags & STRING)
		i->rep = p.repeat;
	i->lock = p.lock;
	set_segment(i, &p);
	take_immediate(c, i, &o);
	i->length = (u8)c->at;
	return 0;
}

int insn_decode(const u8 *bytes, u32 len, u32 mode, struct insn *insn)
{
	struct cursor c = { .bytes = bytes, .len = MIN(len, INSN_MAX) };
	int rc;

	*insn = (struct insn){ .base = INSN_NO_REG, .index = INSN_NO_REG, .scale = 1 };
	rc = decode(&c, mode, insn);
	if (c.overrun)
		return len < INSN_MAX ? -ERANGE : -ENOTSUP;
	return rc;
}
