/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/*
 * String instructions, with and without REP (Intel SDM vol. 1, 7.3.9). Every finished iteration is
 * committed at once, so the guest can be interrupted, or wait, between two of them.
 * Locking: none of its own.
 */
#include "emulate.h"
#include "emulate_alu.h"

#define ITERATIONS_MAX 1024 /* a call; interrupts can come in then */

static bool uses_source(const struct insn *i)
{
	return i->op == INSN_MOVS || i->op == INSN_CMPS || i->op == INSN_LODS || i->op == INSN_OUTS;
}

static bool uses_destination(const struct insn *i)
{
	return i->op != INSN_LODS && i->op != INSN_OUTS;
}

static bool compares(const struct insn *i)
{
	return i->op == INSN_CMPS || i->op == INSN_SCAS;
}

/* Both operands' places; rights are checked before anything is accessed. */
static int places(struct emul *e, struct emul_place *source, struct emul_place *destination)
{
	const struct insn *i = &e->insn;
	u32 access = compares(i) ? 0 : GWALK_WRITE;
	int rc = 0;

	if (uses_source(i))
		rc = emul_translate(e, i->segment, emul_reg_read(e, RSI, i->address_size),
				    i->operand_size, 0, source);
	if (!rc && uses_destination(i))
		rc = emul_translate(e, SEG_ES, emul_reg_read(e, RDI, i->address_size),
				    i->operand_size, access, destination);
	return rc;
}

static int port_access(struct emul *e, u64 *value, bool write)
{
	struct emul_access a = { .addr = emul_reg_read(e, RDX, 2),
				 .value = *value,
				 .count = 1,
				 .size = e->insn.operand_size,
				 .write = write,
				 .pio = true };
	int rc = emul_access_call(e, &a);

	*value = a.value;
	return rc;
}

/* The left side: what is stored, loaded or compared. */
static int source_read(struct emul *e, const struct emul_place *source, u64 *value)
{
	*value = 0;
	if (uses_source(&e->insn))
		return emul_read(e, source, value);
	if (e->insn.op == INSN_INS)
		return port_access(e, value, false);
	*value = emul_reg_read(e, RAX, e->insn.operand_size);
	return 0;
}

/* How many elements of REP STOS or MOVS one device access may cover on one side: to the end of the
 * page, of the segment and of the address size. access: GWALK_WRITE or 0. */
static u32 bulk_count(struct emul *e, enum segment_reg segment, enum gpr reg, u32 access, gpa_t gpa,
		      u64 left)
{
	const struct insn *i = &e->insn;
	u64 offset = emul_reg_read(e, reg, i->address_size);
	u64 room = alu_cut(~offset, i->address_size) / i->operand_size;
	u64 count = MIN(left, (PAGE_SIZE - (gpa & PAGE_MASK)) / i->operand_size);
	u64 linear;

	count = MIN(count, room);
	if (count < 2 || e->v->regs.rflags & FLAG_DF ||
	    emul_linear(e, segment, offset, (u32)count * i->operand_size, access, &linear))
		return 1;
	return (u32)count;
}

/* REP MOVS, as many elements as are in one page on both sides. -ENOTSUP: one at a time. */
static int move_block(struct emul *e, const struct emul_place *source,
		      const struct emul_place *destination, u64 left, u32 *done)
{
	const struct insn *i = &e->insn;
	u32 count;
	int rc;

	if (i->op != INSN_MOVS || left < 2 || source->len[1] || destination->len[1])
		return -ENOTSUP;
	count = bulk_count(e, i->segment, RSI, 0, source->gpa[0], left);
	count = bulk_count(e, SEG_ES, RDI, GWALK_WRITE, destination->gpa[0], count);
	if (count < 2)
		return -ENOTSUP;
	struct emul_access a = { .addr = destination->gpa[0],
				 .from = source->gpa[0],
				 .count = count,
				 .size = i->operand_size,
				 .write = true,
				 .block = true };

	rc = emul_access_call(e, &a);
	if (rc == -ENOTSUP)
		e->first = true;
	*done = MAX(1, MIN(a.count, count));
	return rc;
}

static int store(struct emul *e, const struct emul_place *place, u64 value, u64 left, u32 *done)
{
	const struct insn *i = &e->insn;
	int rc;

	*done = 1;
	if (i->op != INSN_STOS || place->len[1])
		return emul_write(e, place, &value);
	if (!e->mem->write(e->mem->ctx, place->gpa[0], &value, i->operand_size))
		return 0;
	struct emul_access a = { .addr = place->gpa[0],
				 .value = value,
				 .count = bulk_count(e, SEG_ES, RDI, GWALK_WRITE, place->gpa[0],
						     left),
				 .size = i->operand_size,
				 .write = true };
	u32 asked = a.count;

	rc = emul_access_call(e, &a);
	*done = MAX(1, MIN(a.count, asked));
	return rc;
}

static int compare(struct emul *e, const struct emul_place *destination, u64 left_side)
{
	u64 right_side = 0;
	int rc = emul_read(e, destination, &right_side);

	if (!rc)
		alu_binary(INSN_CMP, left_side, right_side, e->insn.operand_size,
			   &e->v->regs.rflags);
	return rc;
}

static void step(struct emul *e, enum gpr reg, u32 count)
{
	u64 bytes = (u64)count * e->insn.operand_size;
	u64 at = emul_reg_read(e, reg, e->insn.address_size);

	at = e->v->regs.rflags & FLAG_DF ? at - bytes : at + bytes;
	emul_reg_write(e, reg, e->insn.address_size, at);
}

/* One iteration (of a store or a move, perhaps several); *done: how many. left: at most so many. */
static int iterate(struct emul *e, u64 left, u32 *done)
{
	struct emul_place source, destination;
	const struct insn *i = &e->insn;
	u64 value;
	int rc = places(e, &source, &destination);

	*done = 1;
	e->first = true;
	if (rc)
		return rc;
	rc = move_block(e, &source, &destination, left, done);
	if (!rc) {
		step(e, RSI, *done);
		step(e, RDI, *done);
	}
	if (rc != -ENOTSUP)
		return rc;
	*done = 1;
	rc = source_read(e, &source, &value);
	if (rc)
		return rc;
	if (compares(i))
		rc = compare(e, &destination, value);
	else if (i->op == INSN_OUTS)
		rc = port_access(e, &value, true);
	else if (i->op != INSN_LODS)
		rc = store(e, &destination, value, left, done);
	if (rc)
		return rc;
	if (i->op == INSN_LODS)
		emul_reg_write(e, RAX, i->operand_size, value);
	if (uses_source(i))
		step(e, RSI, *done);
	if (uses_destination(i))
		step(e, RDI, *done);
	return 0;
}

/* REPE and REPNE end early. */
static bool ends(const struct emul *e)
{
	bool equal = e->v->regs.rflags & FLAG_ZF;

	return compares(&e->insn) && (e->insn.rep == INSN_REP ? !equal : equal);
}

int emul_string(struct emul *e)
{
	u32 done, size = e->insn.address_size;

	if (e->insn.rep == INSN_NO_REP)
		return iterate(e, 1, &done);
	for (u32 n = 0; n < ITERATIONS_MAX; n++) {
		u64 left = emul_reg_read(e, RCX, size);

		if (!left)
			return 0;
		int rc = iterate(e, left, &done);

		if (rc)
			return rc;
		emul_reg_write(e, RCX, size, left - done);
		if (left == done || ends(e))
			return 0;
	}
	return EMUL_RESTART;
}
