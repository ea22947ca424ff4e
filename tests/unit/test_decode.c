/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/* sources: arch/x86/decode.c arch/x86/decode_opcodes.c */
/* libs: -lZydis */

/*
 * The decoder against Zydis, in all three modes, over random bytes and over bytes built to be
 * instructions: whatever our decoder accepts, Zydis must read the same way; and every instruction
 * of the kinds we claim that Zydis reads must be accepted. Then the edges by hand.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <Zydis/Zydis.h>
#include <cmocka.h>
#include "decode.h"
#include "random.h"

#define ROUNDS 3000000

static struct mode {
	u32 size;
	ZydisMachineMode machine;
	ZydisStackWidth stack;
	ZydisDecoder decoder;
} modes[] = {
	{ .size = 2, .machine = ZYDIS_MACHINE_MODE_LEGACY_16, .stack = ZYDIS_STACK_WIDTH_16 },
	{ .size = 4, .machine = ZYDIS_MACHINE_MODE_LEGACY_32, .stack = ZYDIS_STACK_WIDTH_32 },
	{ .size = 8, .machine = ZYDIS_MACHINE_MODE_LONG_64, .stack = ZYDIS_STACK_WIDTH_64 },
};

/* Mnemonics of each of our operations; where several share one, the rest is compared elsewhere. */
static const struct {
	ZydisMnemonic mnemonic;
	enum insn_op op;
} names[] = {
	{ ZYDIS_MNEMONIC_ADD, INSN_ADD },
	{ ZYDIS_MNEMONIC_OR, INSN_OR },
	{ ZYDIS_MNEMONIC_ADC, INSN_ADC },
	{ ZYDIS_MNEMONIC_SBB, INSN_SBB },
	{ ZYDIS_MNEMONIC_AND, INSN_AND },
	{ ZYDIS_MNEMONIC_SUB, INSN_SUB },
	{ ZYDIS_MNEMONIC_XOR, INSN_XOR },
	{ ZYDIS_MNEMONIC_CMP, INSN_CMP },
	{ ZYDIS_MNEMONIC_ROL, INSN_ROL },
	{ ZYDIS_MNEMONIC_ROR, INSN_ROR },
	{ ZYDIS_MNEMONIC_RCL, INSN_RCL },
	{ ZYDIS_MNEMONIC_RCR, INSN_RCR },
	{ ZYDIS_MNEMONIC_SHL, INSN_SHL },
	{ ZYDIS_MNEMONIC_SHR, INSN_SHR },
	{ ZYDIS_MNEMONIC_SAR, INSN_SAR },
	{ ZYDIS_MNEMONIC_BT, INSN_BT },
	{ ZYDIS_MNEMONIC_BTS, INSN_BTS },
	{ ZYDIS_MNEMONIC_BTR, INSN_BTR },
	{ ZYDIS_MNEMONIC_BTC, INSN_BTC },
	{ ZYDIS_MNEMONIC_TEST, INSN_TEST },
	{ ZYDIS_MNEMONIC_NOT, INSN_NOT },
	{ ZYDIS_MNEMONIC_NEG, INSN_NEG },
	{ ZYDIS_MNEMONIC_INC, INSN_INC },
	{ ZYDIS_MNEMONIC_DEC, INSN_DEC },
	{ ZYDIS_MNEMONIC_MOV, INSN_MOV },
	{ ZYDIS_MNEMONIC_MOVNTI, INSN_MOV },
	{ ZYDIS_MNEMONIC_MOVZX, INSN_MOVZX },
	{ ZYDIS_MNEMONIC_MOVSX, INSN_MOVSX },
	{ ZYDIS_MNEMONIC_MOVSXD, INSN_MOVSX },
	{ ZYDIS_MNEMONIC_MOVBE, INSN_MOVBE },
	{ ZYDIS_MNEMONIC_XCHG, INSN_XCHG },
	{ ZYDIS_MNEMONIC_XADD, INSN_XADD },
	{ ZYDIS_MNEMONIC_CMPXCHG, INSN_CMPXCHG },
	{ ZYDIS_MNEMONIC_CMPXCHG8B, INSN_CMPXCHG8B },
	{ ZYDIS_MNEMONIC_CMPXCHG16B, INSN_CMPXCHG8B },
	{ ZYDIS_MNEMONIC_PUSH, INSN_PUSH },
	{ ZYDIS_MNEMONIC_POP, INSN_POP },
	{ ZYDIS_MNEMONIC_SETO, INSN_SETCC },
	{ ZYDIS_MNEMONIC_SETNO, INSN_SETCC },
	{ ZYDIS_MNEMONIC_SETB, INSN_SETCC },
	{ ZYDIS_MNEMONIC_SETNB, INSN_SETCC },
	{ ZYDIS_MNEMONIC_SETZ, INSN_SETCC },
	{ ZYDIS_MNEMONIC_SETNZ, INSN_SETCC },
	{ ZYDIS_MNEMONIC_SETBE, INSN_SETCC },
	{ ZYDIS_MNEMONIC_SETNBE, INSN_SETCC },
	{ ZYDIS_MNEMONIC_SETS, INSN_SETCC },
	{ ZYDIS_MNEMONIC_SETNS, INSN_SETCC },
	{ ZYDIS_MNEMONIC_SETP, INSN_SETCC },
	{ ZYDIS_MNEMONIC_SETNP, INSN_SETCC },
	{ ZYDIS_MNEMONIC_SETL, INSN_SETCC },
	{ ZYDIS_MNEMONIC_SETNL, INSN_SETCC },
	{ ZYDIS_MNEMONIC_SETLE, INSN_SETCC },
	{ ZYDIS_MNEMONIC_SETNLE, INSN_SETCC },
	{ ZYDIS_MNEMONIC_CMOVO, INSN_CMOVCC },
	{ ZYDIS_MNEMONIC_CMOVNO, INSN_CMOVCC },
	{ ZYDIS_MNEMONIC_CMOVB, INSN_CMOVCC },
	{ ZYDIS_MNEMONIC_CMOVNB, INSN_CMOVCC },
	{ ZYDIS_MNEMONIC_CMOVZ, INSN_CMOVCC },
	{ ZYDIS_MNEMONIC_CMOVNZ, INSN_CMOVCC },
	{ ZYDIS_MNEMONIC_CMOVBE, INSN_CMOVCC },
	{ ZYDIS_MNEMONIC_CMOVNBE, INSN_CMOVCC },
	{ ZYDIS_MNEMONIC_CMOVS, INSN_CMOVCC },
	{ ZYDIS_MNEMONIC_CMOVNS, INSN_CMOVCC },
	{ ZYDIS_MNEMONIC_CMOVP, INSN_CMOVCC },
	{ ZYDIS_MNEMONIC_CMOVNP, INSN_CMOVCC },
	{ ZYDIS_MNEMONIC_CMOVL, INSN_CMOVCC },
	{ ZYDIS_MNEMONIC_CMOVNL, INSN_CMOVCC },
	{ ZYDIS_MNEMONIC_CMOVLE, INSN_CMOVCC },
	{ ZYDIS_MNEMONIC_CMOVNLE, INSN_CMOVCC },
	{ ZYDIS_MNEMONIC_MOVSB, INSN_MOVS },
	{ ZYDIS_MNEMONIC_MOVSW, INSN_MOVS },
	{ ZYDIS_MNEMONIC_MOVSD, INSN_MOVS },
	{ ZYDIS_MNEMONIC_MOVSQ, INSN_MOVS },
	{ ZYDIS_MNEMONIC_CMPSB, INSN_CMPS },
	{ ZYDIS_MNEMONIC_CMPSW, INSN_CMPS },
	{ ZYDIS_MNEMONIC_CMPSD, INSN_CMPS },
	{ ZYDIS_MNEMONIC_CMPSQ, INSN_CMPS },
	{ ZYDIS_MNEMONIC_STOSB, INSN_STOS },
	{ ZYDIS_MNEMONIC_STOSW, INSN_STOS },
	{ ZYDIS_MNEMONIC_STOSD, INSN_STOS },
	{ ZYDIS_MNEMONIC_STOSQ, INSN_STOS },
	{ ZYDIS_MNEMONIC_LODSB, INSN_LODS },
	{ ZYDIS_MNEMONIC_LODSW, INSN_LODS },
	{ ZYDIS_MNEMONIC_LODSD, INSN_LODS },
	{ ZYDIS_MNEMONIC_LODSQ, INSN_LODS },
	{ ZYDIS_MNEMONIC_SCASB, INSN_SCAS },
	{ ZYDIS_MNEMONIC_SCASW, INSN_SCAS },
	{ ZYDIS_MNEMONIC_SCASD, INSN_SCAS },
	{ ZYDIS_MNEMONIC_SCASQ, INSN_SCAS },
	{ ZYDIS_MNEMONIC_INSB, INSN_INS },
	{ ZYDIS_MNEMONIC_INSW, INSN_INS },
	{ ZYDIS_MNEMONIC_INSD, INSN_INS },
	{ ZYDIS_MNEMONIC_OUTSB, INSN_OUTS },
	{ ZYDIS_MNEMONIC_OUTSW, INSN_OUTS },
	{ ZYDIS_MNEMONIC_OUTSD, INSN_OUTS },
};

static u8 op_of[ZYDIS_MNEMONIC_MAX_VALUE + 1]; /* our op + 1 */

struct oracle {
	ZydisDecodedInstruction i;
	ZydisDecodedOperand operands[ZYDIS_MAX_OPERAND_COUNT];
	const ZydisDecodedOperand *memory; /* the first explicit or string memory operand */
	const ZydisDecodedOperand *reg, *imm;
};

static struct {
	u64 tried, accepted, known, missed;
} count;

static bool operand_counts(const struct oracle *z, const ZydisDecodedOperand *o)
{
	bool string = z->i.meta.category == ZYDIS_CATEGORY_STRINGOP ||
		      z->i.meta.category == ZYDIS_CATEGORY_IOSTRINGOP;

	/* Of PUSH and POP the hidden operand is the stack's. */
	return string || o->visibility != ZYDIS_OPERAND_VISIBILITY_HIDDEN;
}

static bool oracle_decode(struct oracle *z, const struct mode *m, const u8 *bytes, u32 len)
{
	if (!ZYAN_SUCCESS(ZydisDecoderDecodeFull(&m->decoder, bytes, len, &z->i, z->operands)))
		return false;
	z->memory = z->reg = z->imm = NULL;
	for (u32 n = 0; n < z->i.operand_count; n++) {
		const ZydisDecodedOperand *o = &z->operands[n];

		if (!operand_counts(z, o))
			continue;
		if (o->type == ZYDIS_OPERAND_TYPE_MEMORY && !z->memory)
			z->memory = o;
		if (o->type == ZYDIS_OPERAND_TYPE_REGISTER && !z->reg)
			z->reg = o;
		if (o->type == ZYDIS_OPERAND_TYPE_IMMEDIATE && !z->imm)
			z->imm = o;
	}
	return true;
}

/* Whether it is of a kind that the decoder has to know. */
static bool oracle_wanted(const struct oracle *z)
{
	if (!op_of[z->i.mnemonic] || z->i.encoding != ZYDIS_INSTRUCTION_ENCODING_LEGACY)
		return false;
	/* MOVSD and CMPSD are SSE instructions, too. */
	if (z->i.meta.isa_ext == ZYDIS_ISA_EXT_SSE2 && z->i.opcode != 0xc3)
		return false;
	/* Segment registers. */
	return z->memory && !(z->i.opcode_map == ZYDIS_OPCODE_MAP_DEFAULT &&
			      (z->i.opcode == 0x8c || z->i.opcode == 0x8e));
}

static u32 reg_number(ZydisRegister reg)
{
	return (u32)ZydisRegisterGetId(reg);
}

static u32 segment_number(ZydisRegister reg)
{
	return (u32)(reg - ZYDIS_REGISTER_ES); /* ES CS SS DS FS GS, as in enum segment_reg */
}

static bool same_base(const struct insn *i, const ZydisDecodedOperandMem *m)
{
	if (m->base == ZYDIS_REGISTER_NONE)
		return i->base == INSN_NO_REG;
	if (m->base == ZYDIS_REGISTER_RIP || m->base == ZYDIS_REGISTER_EIP)
		return i->base == INSN_RIP;
	return i->base == reg_number(m->base);
}

static bool same_index(const struct insn *i, const ZydisDecodedOperandMem *m)
{
	if (m->index == ZYDIS_REGISTER_NONE)
		return i->index == INSN_NO_REG;
	return i->index == reg_number(m->index) && i->scale == m->scale;
}

static u64 cut(u64 value, u32 size)
{
	return size >= 8 ? value : value & (BIT(8 * size) - 1);
}

static bool same_segment(const struct oracle *z, const struct insn *i, u32 mode)
{
	u32 theirs = segment_number(z->memory->mem.segment);

	/* In 64-bit mode all but FS and GS are one. STOS, SCAS, INS: always ES. */
	if (i->op == INSN_STOS || i->op == INSN_SCAS || i->op == INSN_INS)
		return theirs == SEG_ES || mode == 8;
	if (mode == 8 && i->segment != SEG_FS && i->segment != SEG_GS)
		return theirs != SEG_FS && theirs != SEG_GS;
	return i->segment == theirs;
}

/*
 * Zydis 4.0 says [R13D + index] where ModRM.mod is 0, SIB.base 5, REX.B set and the address
 * size 32. It is disp32 without a base (SDM vol. 2, table 2-5), which LEA on a processor confirms.
 * Puts that right.
 */
static void correct_oracle(struct oracle *z, ZydisDecodedOperandMem *m)
{
	if (z->i.machine_mode != ZYDIS_MACHINE_MODE_LONG_64 || z->i.address_width != 32 ||
	    m->base != ZYDIS_REGISTER_R13D || z->i.raw.modrm.mod != 0 || z->i.raw.sib.base != 5)
		return;
	m->base = ZYDIS_REGISTER_NONE;
	m->disp.value = z->i.raw.disp.value;
}

/* The source of a string instruction: [SI]. */
static const ZydisDecodedOperand *string_source(const struct oracle *z)
{
	for (u32 n = 0; n < z->i.operand_count; n++)
		if (z->operands[n].type == ZYDIS_OPERAND_TYPE_MEMORY &&
		    reg_number(z->operands[n].mem.base) == RSI)
			return &z->operands[n];
	return z->memory;
}

static const char *compare_memory(struct oracle *z, const struct insn *i, u32 mode)
{
	ZydisDecodedOperandMem m = z->memory->mem;

	correct_oracle(z, &m);
	if (i->form == INSN_FORM_STRING)
		z->memory = string_source(z);
	if (!same_segment(z, i, mode))
		return "segment";
	/* MOVSXD with 16-bit operands: 16 bits of memory in the SDM, 32 in Zydis. */
	if (i->memory_size * 8 != z->memory->size &&
	    !(z->i.mnemonic == ZYDIS_MNEMONIC_MOVSXD && i->operand_size == 2))
		return "memory size";
	if (i->form == INSN_FORM_STRING)
		return NULL;
	if (!same_base(i, &m))
		return "base";
	if (!same_index(i, &m))
		return "index";
	if (cut((u64)i->disp, i->address_size) != cut((u64)m.disp.value, i->address_size))
		return "displacement";
	return NULL;
}

static bool same_register(const struct oracle *z, const struct insn *i)
{
	ZydisRegister theirs = z->reg->reg.value;
	bool high = theirs >= ZYDIS_REGISTER_AH && theirs <= ZYDIS_REGISTER_BH;
	u32 size = i->op >= INSN_ROL && i->op <= INSN_SAR ? 1 : i->operand_size;
	u32 number = reg_number(theirs);

	/* AL CL DL BL AH CH DH BH SPL BPL SIL DIL R8B ... */
	if (z->reg->size == 8 && theirs >= ZYDIS_REGISTER_AH)
		number = (u32)(theirs - ZYDIS_REGISTER_AL) - 4;
	return z->reg->size == size * 8 && high == i->reg_high && number == i->reg;
}

static const char *compare_operands(const struct oracle *z, const struct insn *i)
{
	bool register_first = z->operands[0].type == ZYDIS_OPERAND_TYPE_REGISTER;

	switch (i->form) {
	case INSN_FORM_REG_MEM:
	case INSN_FORM_MEM_REG:
		if (!z->reg || !same_register(z, i))
			return "register";
		/* TEST and XCHG are the same either way. */
		if (i->op != INSN_TEST && i->op != INSN_XCHG &&
		    register_first != (i->form == INSN_FORM_REG_MEM))
			return "direction";
		return NULL;
	case INSN_FORM_MEM_IMM:
		/* Of counts only the low bits matter. */
		if (i->op >= INSN_ROL && i->op <= INSN_BTC)
			return z->imm && (u8)i->imm == (u8)z->imm->imm.value.u ? NULL : "count";
		if (!z->imm ||
		    cut(i->imm, i->operand_size) != cut(z->imm->imm.value.u, i->operand_size))
			return "immediate";
		return NULL;
	default:
		return NULL;
	}
}

static const char *compare_rep(const struct oracle *z, const struct insn *i)
{
	ZydisInstructionAttributes any =
		ZYDIS_ATTRIB_HAS_REP | ZYDIS_ATTRIB_HAS_REPE | ZYDIS_ATTRIB_HAS_REPNE;
	bool theirs = z->i.attributes & any;

	/* F2 with instructions that know only REP: repeats, too. */
	if (i->form != INSN_FORM_STRING)
		return i->rep == INSN_NO_REP ? NULL : "rep";
	if ((i->op == INSN_CMPS || i->op == INSN_SCAS) &&
	    (i->rep == INSN_REPNE) != !!(z->i.attributes & ZYDIS_ATTRIB_HAS_REPNE))
		return "repne";
	return theirs == (i->rep != INSN_NO_REP) || i->rep == INSN_REPNE ? NULL : "rep";
}

static const char *compare(struct oracle *z, const struct insn *i, u32 mode)
{
	const char *what;

	if (z->i.length != i->length)
		return "length";
	if (op_of[z->i.mnemonic] != i->op + 1 || !z->memory)
		return "operation";
	if (z->i.address_width != i->address_size * 8)
		return "address size";
	if (!(z->i.attributes & ZYDIS_ATTRIB_HAS_LOCK) != !i->lock)
		return "lock";
	if ((i->op == INSN_SETCC || i->op == INSN_CMOVCC) && i->condition != (z->i.opcode & 0xf))
		return "condition";
	what = compare_memory(z, i, mode);
	if (!what)
		what = compare_operands(z, i);
	return what ? what : compare_rep(z, i);
}

static void complain(const u8 *bytes, u32 mode, const struct oracle *z, const char *what)
{
	printf("mode %u:", mode * 8);
	for (int n = 0; n < INSN_MAX; n++)
		printf(" %02x", bytes[n]);
	printf("\n  %s; Zydis: %s, %u bytes\n", what,
	       z ? ZydisMnemonicGetString(z->i.mnemonic) : "-", z ? z->i.length : 0);
}

static void check(const u8 *bytes, const struct mode *m)
{
	struct oracle z;
	struct insn insn;
	bool theirs = oracle_decode(&z, m, bytes, INSN_MAX);
	bool ours = !insn_decode(bytes, INSN_MAX, m->size, &insn);
	const char *what = NULL;

	count.tried++;
	if (ours) {
		count.accepted++;
		what = theirs ? compare(&z, &insn, m->size) : "Zydis refuses";
	} else if (theirs && oracle_wanted(&z)) {
		what = "not accepted";
	}
	if (!what)
		return;
	complain(bytes, m->size, theirs ? &z : NULL, what);
	count.missed++;
	if (count.missed > 20)
		fail();
}

/* Random bytes that begin like an instruction we may know. */
static void build(struct random *r, u8 *bytes)
{
	static const u8 prefixes[] = { 0x26, 0x2e, 0x36, 0x3e, 0x64, 0x65, 0x66, 0x66, 0x67,
				       0x67, 0xf0, 0xf2, 0xf3, 0x40, 0x48, 0x4f, 0x44, 0x41 };
	u32 at = 0;

	for (u32 n = 0; n < INSN_MAX; n++)
		bytes[n] = (u8)(random_next(r) >> 32);
	if (random_below(r, 8) == 0)
		return;
	while (at < 10 && random_below(r, 5) > 2)
		bytes[at++] = prefixes[random_below(r, sizeof(prefixes))];
	if (random_below(r, 2))
		bytes[at++] = (u8)(0x40 | random_below(r, 16));
	if (random_below(r, 3) == 0)
		bytes[at++] = 0x0f;
	if (random_below(r, 40) == 0) {
		bytes[at++] = 0x38;
		bytes[at] = (u8)(0xf0 | random_below(r, 2));
	}
}

static void prepare(void)
{
	for (size_t n = 0; n < ARRAY_SIZE(names); n++)
		op_of[names[n].mnemonic] = (u8)(names[n].op + 1);
	for (size_t n = 0; n < ARRAY_SIZE(modes); n++)
		ZydisDecoderInit(&modes[n].decoder, modes[n].machine, modes[n].stack);
}

static void test_against_zydis(void **state)
{
	struct random r = random_seeded("decode");
	u8 bytes[INSN_MAX];

	(void)state;
	prepare();
	for (u64 round = test_rounds(ROUNDS) / 3; round; round--) {
		build(&r, bytes);
		for (size_t n = 0; n < ARRAY_SIZE(modes); n++)
			check(bytes, &modes[n]);
	}
	printf("%llu tried, %llu accepted, %llu wrong\n", (unsigned long long)count.tried,
	       (unsigned long long)count.accepted, (unsigned long long)count.missed);
	assert_int_equal(count.missed, 0);
	assert_true(count.accepted > count.tried / 8);
}

/* Every opcode with every ModRM byte, with the prefixes that change sizes. */
static void test_all_opcodes(void **state)
{
	static const u8 prefixes[] = { 0x90, 0x66, 0x67, 0x48, 0xf0, 0xf2, 0xf3 };
	u8 bytes[INSN_MAX + 3];

	(void)state;
	prepare();
	for (u32 pick = 0; pick < 2 * 256 * 256 * sizeof(prefixes); pick++) {
		u32 at = 0, prefix = pick >> 17;

		memset(bytes, 0x24, sizeof(bytes));
		if (prefix)
			bytes[at++] = prefixes[prefix];
		if (pick & 0x10000)
			bytes[at++] = 0x0f;
		bytes[at++] = (u8)(pick >> 8);
		bytes[at++] = (u8)pick;
		for (size_t n = 0; n < ARRAY_SIZE(modes); n++)
			check(bytes, &modes[n]);
	}
	assert_int_equal(count.missed, 0);
}

/* Fewer bytes than the instruction has: -ERANGE for each, and nothing is read beyond them. */
static void test_short_input(void **state)
{
	struct random r = random_seeded("short");
	struct insn insn, whole;
	u8 bytes[INSN_MAX];

	(void)state;
	for (u32 round = 0; round < 200000; round++) {
		u32 mode = 2U << random_below(&r, 3);

		build(&r, bytes);
		if (insn_decode(bytes, INSN_MAX, mode, &whole))
			continue;
		u32 len = (u32)random_below(&r, whole.length);
		u8 *copy = malloc(len + !len);

		memcpy(copy, bytes, len);
		assert_int_equal(insn_decode(copy, len, mode, &insn), -ERANGE);
		free(copy);
		assert_int_equal(insn_decode(bytes, whole.length, mode, &insn), 0);
		assert_memory_equal(&insn, &whole, sizeof(insn));
	}
}

static void test_too_long(void **state)
{
	u8 bytes[20];
	struct insn insn;

	(void)state;
	memset(bytes, 0x66, sizeof(bytes));
	assert_int_equal(insn_decode(bytes, 20, 4, &insn), -ENOTSUP);
	assert_int_equal(insn_decode(bytes, 15, 4, &insn), -ENOTSUP);
	assert_int_equal(insn_decode(bytes, 14, 4, &insn), -ERANGE);
	bytes[13] = 0x8b; /* 15 bytes with the ModRM byte */
	bytes[14] = 0x03;
	assert_int_equal(insn_decode(bytes, 20, 4, &insn), 0);
	assert_int_equal(insn.length, 15);
	bytes[14] = 0x8b; /* 16 */
	bytes[13] = 0x66;
	assert_int_equal(insn_decode(bytes, 20, 4, &insn), -ENOTSUP);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_against_zydis),
		cmocka_unit_test(test_all_opcodes),
		cmocka_unit_test(test_short_input),
		cmocka_unit_test(test_too_long),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
