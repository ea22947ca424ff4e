/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/* as: test_emulate_edges */
/* sources: tests/unit/native.c */

/*
 * The emulation against the processor: random instructions with random registers, flags and memory
 * are run natively, and emulated with each page of memory being RAM or a device by chance, whose
 * accesses are answered at once or have to be replayed. Registers, defined flags and memory must
 * come out the same.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "emulate_alu.h"
#include "fake.h"
#include "native.h"
#include "random.h"
#include "x86.h"

#define ROUNDS	     400000
#define STATUS_FLAGS (FLAG_CF | FLAG_PF | FLAG_AF | FLAG_ZF | FLAG_SF | FLAG_OF)
#define RECORDS	     64

struct record {
	struct emul_access access;
};

static struct {
	u8 data[NATIVE_DATA_SIZE];
	u8 bytes[INSN_MAX];
	u64 rip;
	u32 device_pages; /* a bit a page of data */
	bool wait;	  /* devices answer later */
	struct record records[RECORDS];
	u32 record_count, record_at;
	u64 accesses;
	struct random random;
} machine;

static bool is_data(gpa_t gpa, u32 len)
{
	return gpa >= NATIVE_DATA && gpa + len <= NATIVE_DATA + NATIVE_DATA_SIZE;
}

static bool is_ram(gpa_t gpa, u32 len)
{
	u64 first = (gpa - NATIVE_DATA) / PAGE_SIZE;

	/* No access of the emulation may cross a page. */
	assert_int_equal(gpa / PAGE_SIZE, (gpa + len - 1) / PAGE_SIZE);
	return is_data(gpa, len) && !(machine.device_pages >> first & 1);
}

static int memory_read(void *ctx, gpa_t gpa, void *to, u32 len)
{
	(void)ctx;
	if (gpa >= machine.rip && gpa < machine.rip + INSN_MAX) {
		for (u32 i = 0; i < len; i++)
			((u8 *)to)[i] = gpa - machine.rip + i < INSN_MAX
						? machine.bytes[gpa - machine.rip + i]
						: 0;
		return 0;
	}
	if (!is_ram(gpa, len))
		return -EFAULT;
	memcpy(to, machine.data + (gpa - NATIVE_DATA), len);
	return 0;
}

static int memory_write(void *ctx, gpa_t gpa, const void *from, u32 len)
{
	(void)ctx;
	if (!is_ram(gpa, len))
		return -EFAULT;
	memcpy(machine.data + (gpa - NATIVE_DATA), from, len);
	return 0;
}

static const struct guest_memory memory = { memory_read, memory_write, NULL };

/* Some pages do, and always: what was recorded must fit. */
static bool takes_block(const struct emul_access *a)
{
	return is_data(a->from, a->size * a->count) &&
	       (a->addr / PAGE_SIZE ^ a->from / PAGE_SIZE) & 1;
}

static void block_perform(const struct emul_access *a)
{
	u8 *to = machine.data + (a->addr - NATIVE_DATA);
	const u8 *from = machine.data + (a->from - NATIVE_DATA);

	assert_int_equal(a->from / PAGE_SIZE, (a->from + a->size * a->count - 1) / PAGE_SIZE);
	for (u32 i = 0; i < a->count * a->size; i++)
		to[i] = from[i];
}

static void device_perform(struct emul_access *a)
{
	u8 *at = machine.data + (a->addr - NATIVE_DATA);

	assert_true(is_data(a->addr, a->size * a->count));
	assert_int_equal(a->addr / PAGE_SIZE, (a->addr + a->size * a->count - 1) / PAGE_SIZE);
	assert_true(a->size == 1 || a->size == 2 || a->size == 4 || a->size == 8);
	machine.accesses++;
	if (a->count > 1)
		a->count = 1 + (u32)random_below(&machine.random, a->count);
	if (a->block) {
		block_perform(a);
		return;
	}
	for (u32 i = 0; i < a->count; i++)
		if (a->write)
			memcpy(at + i * a->size, &a->value, a->size);
	if (!a->write)
		memcpy(&a->value, at, a->size);
}

/* As the hypervisor does: what was answered is recorded, and played back when the instruction is
 * run again. */
static int device_access(void *ctx, struct emul_access *a)
{
	struct record *r;

	(void)ctx;
	assert_false(a->pio);
	if (a->block && !takes_block(a))
		return -ENOTSUP;
	if (a->first) {
		machine.record_count -= machine.record_at;
		memmove(machine.records, machine.records + machine.record_at,
			machine.record_count * sizeof(machine.records[0]));
		machine.record_at = 0;
	}
	if (machine.record_at < machine.record_count) {
		r = &machine.records[machine.record_at++];
		assert_int_equal(r->access.addr, a->addr);
		assert_int_equal(r->access.size, a->size);
		assert_int_equal(r->access.write, a->write);
		if (a->write)
			assert_int_equal(r->access.value, a->value);
		*a = r->access;
		return 0;
	}
	assert_true(machine.record_count < RECORDS);
	device_perform(a);
	machine.records[machine.record_count++].access = *a;
	if (machine.wait && random_below(&machine.random, 2))
		return -EAGAIN;
	machine.record_at++;
	return 0;
}

/* What an instruction leaves undefined. */
static u64 undefined_flags(const struct insn *i, const struct vcpu_regs *regs)
{
	u64 count = i->form == INSN_FORM_MEM_IMM ? i->imm : regs->gpr[RCX];
	u64 flags = 0;

	if (i->op == INSN_AND || i->op == INSN_OR || i->op == INSN_XOR || i->op == INSN_TEST)
		return FLAG_AF;
	if (i->op >= INSN_BT && i->op <= INSN_BTC)
		return FLAG_OF | FLAG_SF | FLAG_AF | FLAG_PF;
	if (i->op < INSN_ROL || i->op > INSN_SAR)
		return 0;
	count &= i->operand_size == 8 ? 63 : 31;
	if (count > 1)
		flags |= FLAG_OF;
	if (count && i->op >= INSN_SHL)
		flags |= FLAG_AF;
	if (count >= 8U * i->operand_size && i->op != INSN_SAR)
		flags |= i->op >= INSN_SHL ? FLAG_CF : 0;
	return flags;
}

static u64 random_value(struct random *r)
{
	static const u64 values[] = { 0, 1, 0x7f, 0x80, 0x7fff, 0x8000, 0x7fffffff, 0x80000000 };
	u64 value = values[random_below(r, ARRAY_SIZE(values))];

	switch (random_below(r, 4)) {
	case 0:
		return value;
	case 1:
		return ~value;
	default:
		return random_next(r);
	}
}

/* Somewhere in the middle, often near a page's end. */
static u64 random_target(struct random *r)
{
	if (random_below(r, 3) == 0)
		return NATIVE_DATA + 2 * PAGE_SIZE - random_below(r, 40);
	return NATIVE_DATA + PAGE_SIZE + random_below(r, 2 * PAGE_SIZE - 300);
}

/* Bytes of an instruction with a memory operand; *displacement: where its displacement is, if the
 * address depends on that alone. */
static void build(struct random *r, u32 mode, u8 *bytes, u32 *after_opcode)
{
	static const u8 prefixes[] = { 0x66, 0x66, 0x67, 0xf0, 0xf2, 0xf3, 0x2e, 0x3e };
	u32 at = 0;

	for (u32 n = 0; n < INSN_MAX; n++)
		bytes[n] = (u8)(random_next(r) >> 32);
	while (at < 4 && random_below(r, 5) < 2)
		bytes[at++] = prefixes[random_below(r, sizeof(prefixes))];
	if (mode == 8 && random_below(r, 2))
		bytes[at++] = (u8)(0x40 | random_below(r, 16));
	if (random_below(r, 3) == 0)
		bytes[at++] = 0x0f;
	if (random_below(r, 60) == 0) {
		bytes[at++] = 0x0f;
		bytes[at++] = 0x38;
		bytes[at] = (u8)(0xf0 | random_below(r, 2));
	}
	if (random_below(r, 12) == 0)
		bytes[at] = (u8)(0xa0 + random_below(r, 16)); /* strings and moffs */
	*after_opcode = at + 1;
}

/* Runs natively: not what needs privileges, other segments, or 16-bit addresses. */
static bool runs_here(const struct insn *i, u32 mode)
{
	if (mode == 4 && i->segment == SEG_CS)
		return false; /* not writable */
	return i->op != INSN_INS && i->op != INSN_OUTS && i->segment != SEG_FS &&
	       i->segment != SEG_GS && i->address_size != 2;
}

/* Chooses register values, or a displacement, so that the operand lies at target. */
static bool aim(struct insn *i, u32 mode, u8 *bytes, u32 after_opcode, struct vcpu_regs *regs,
		u64 target)
{
	u32 disp = (u32)target;
	u64 rest = target - (u64)i->disp;

	if (i->base == INSN_NO_REG || i->base == INSN_RIP) {
		bool moffs = bytes[after_opcode - 1] >= 0xa0 && bytes[after_opcode - 1] <= 0xa3 &&
			     (after_opcode < 2 || bytes[after_opcode - 2] != 0x0f);
		u32 at = after_opcode + (moffs ? 0 : (bytes[after_opcode] & 7) == 4 ? 2 : 1);

		if (i->base == INSN_RIP)
			disp -= (u32)(machine.rip + i->length);
		if (i->index != INSN_NO_REG) {
			regs->gpr[i->index] &= 0xfff;
			disp -= (u32)(regs->gpr[i->index] * i->scale);
		}
		memset(bytes + at, 0, moffs && i->address_size == 8 ? 8 : 4);
		memcpy(bytes + at, &disp, 4);
		/* Where a prefix stood instead of the opcode, that was the wrong place. */
		return !insn_decode(bytes, INSN_MAX, mode, i) && i->disp == (s32)disp;
	}
	if (i->index == i->base) {
		if (rest % (i->scale + 1U))
			return false;
		regs->gpr[i->base] = rest / (i->scale + 1U);
		return true;
	}
	if (i->index != INSN_NO_REG)
		rest -= regs->gpr[i->index] * i->scale;
	regs->gpr[i->base] = rest;
	if (i->address_size == 4 && mode == 8)
		regs->gpr[i->base] ^= random_next(&machine.random) << 32;
	return true;
}

static bool prepare_bits(const struct insn *i, struct vcpu_regs *regs, struct random *r)
{
	u64 bit = random_below(r, 4000) - 2000;

	if (i->op < INSN_BT || i->op > INSN_BTC || i->form != INSN_FORM_MEM_REG)
		return true;
	if (i->reg == i->base || i->reg == i->index)
		return false;
	regs->gpr[i->reg] =
		alu_cut(bit, i->operand_size) | (random_next(r) & ~alu_cut(~0ULL, i->operand_size));
	return true;
}

static void prepare_string(const struct insn *i, struct vcpu_regs *regs, struct random *r)
{
	regs->gpr[RSI] = random_target(r);
	regs->gpr[RDI] =
		random_below(r, 4) ? random_target(r) : regs->gpr[RSI] + random_below(r, 9);
	regs->gpr[RCX] = random_below(r, 20);
	if (random_below(r, 2))
		regs->gpr[RAX] = 0x0101010101010101ULL * random_below(r, 2);
	if (i->address_size == 4) {
		regs->gpr[RSI] |= random_next(r) << 32;
		regs->gpr[RDI] |= random_next(r) << 32;
		regs->gpr[RCX] |= random_next(r) << 32;
	}
}

/* Makes a test case. False: this one cannot be run. */
static bool make_case(struct random *r, u32 mode, u8 *bytes, struct insn *i, struct vcpu_regs *regs)
{
	u64 target = random_target(r);
	u32 after_opcode;

	build(r, mode, bytes, &after_opcode);
	if (insn_decode(bytes, INSN_MAX, mode, i) || !runs_here(i, mode))
		return false;
	for (u32 n = 0; n < 16; n++)
		regs->gpr[n] = random_value(r);
	regs->rip = machine.rip;
	regs->rflags = RFLAGS_FIXED | RFLAGS_IF | (random_next(r) & STATUS_FLAGS);
	if (random_below(r, 4) == 0)
		regs->rflags |= FLAG_DF;
	if (i->form == INSN_FORM_STRING) {
		prepare_string(i, regs, r);
		return true;
	}
	if (i->op == INSN_CMPXCHG8B && i->operand_size == 16)
		target &= ~15ULL;
	if (i->op == INSN_PUSH || i->op == INSN_POP)
		regs->gpr[RSP] = random_target(r);
	if (!prepare_bits(i, regs, r) || !aim(i, mode, bytes, after_opcode, regs, target))
		return false;
	/* POP counts from the RSP after it; others find it where they put it. */
	return is_data(regs->gpr[RSP] - 16, 32) || (i->op != INSN_PUSH && i->op != INSN_POP);
}

/* Comparisons that come out equal now and then. */
static void make_equal(const struct insn *i, struct vcpu_regs *regs, struct random *r)
{
	u64 at = regs->gpr[RBX];

	if (random_below(r, 2) || (i->op != INSN_CMPXCHG && i->op != INSN_CMPXCHG8B))
		return;
	/* Memory that repeats makes the operand known wherever it is. */
	memset(machine.data, (int)(at & 0xff), sizeof(machine.data));
	if (i->base != RAX && i->index != RAX)
		regs->gpr[RAX] = 0x0101010101010101ULL * (at & 0xff);
	if (i->base != RDX && i->index != RDX)
		regs->gpr[RDX] = 0x0101010101010101ULL * (at & 0xff);
}

static void print_case(u32 mode, const struct insn *i, const struct vcpu_regs *before,
		       const struct vcpu_regs *native, const struct vcpu_regs *ours)
{
	printf("mode %u, op %u, size %u, devices %x:", mode * 8, i->op, i->operand_size,
	       machine.device_pages);
	for (u32 n = 0; n < i->length; n++)
		printf(" %02x", machine.bytes[n]);
	printf("\n            before            native          emulated\n");
	for (u32 n = 0; n < 16; n++)
		printf("  r%-2u %16llx  %16llx  %16llx\n", n, (unsigned long long)before->gpr[n],
		       (unsigned long long)native->gpr[n], (unsigned long long)ours->gpr[n]);
	printf("  fl  %16llx  %16llx  %16llx\n", (unsigned long long)before->rflags,
	       (unsigned long long)native->rflags, (unsigned long long)ours->rflags);
}

static void check_case(u32 mode, const struct insn *i, const struct vcpu_regs *before,
		       const struct vcpu_regs *native, const struct vcpu_regs *ours)
{
	u64 flags = (STATUS_FLAGS | FLAG_DF) & ~undefined_flags(i, before);
	bool same = !((native->rflags ^ ours->rflags) & flags);

	for (u32 n = 0; n < (mode == 8 ? 16 : 8); n++)
		same &= alu_cut(native->gpr[n], mode) == alu_cut(ours->gpr[n], mode);
	same &= !memcmp((void *)NATIVE_DATA, machine.data, NATIVE_DATA_SIZE);
	same &= ours->rip == before->rip + i->length;
	if (same)
		return;
	print_case(mode, i, before, native, ours);
	for (u32 n = 0; n < NATIVE_DATA_SIZE; n++)
		if (((u8 *)NATIVE_DATA)[n] != machine.data[n])
			printf("  at %#lx: native %02x, emulated %02x\n", NATIVE_DATA + n,
			       ((u8 *)NATIVE_DATA)[n], machine.data[n]);
	fail();
}

/* Runs the emulation until it has an end. */
static int emulate(struct fake_vcpu *f)
{
	struct vmexit exit = { .kind = EXIT_MMIO };
	int rc;

	machine.record_count = machine.record_at = 0;
	do {
		machine.record_at = 0;
		rc = arch_emulate(&f->arch, &memory, &exit, device_access, NULL);
	} while (rc == -EAGAIN);
	return rc;
}

static void fake_prepare(struct fake_vcpu *f, u32 mode, const struct vcpu_regs *regs)
{
	fake_vcpu_init(f, mode == 8 ? FAKE_LONG : FAKE_PROTECTED);
	f->sys[SYS_CR0] &= ~CR0_PG; /* linear addresses are physical ones */
	f->arch.regs = *regs;
	f->arch.regs.rflags |= RFLAGS_RF;
}

static void run_against_processor(u32 mode)
{
	struct random *r = &machine.random;
	static struct fake_vcpu fake;
	u64 ops[INSN_OUTS + 1] = { 0 };
	struct insn insn;

	if (!native_prepare(mode)) {
		printf("%u-bit code cannot be run here\n", mode * 8);
		skip();
	}
	*r = random_seeded("emulate");
	machine.rip = native_rip(mode);
	machine.accesses = 0;
	for (u64 done = 0; done < test_rounds(ROUNDS);) {
		struct vcpu_regs before, native;

		if (!make_case(r, mode, machine.bytes, &insn, &before))
			continue;
		for (u32 n = 0; n < 64; n++) {
			u64 value = random_value(r);

			memcpy(machine.data + random_below(r, NATIVE_DATA_SIZE / 8) * 8, &value, 8);
		}
		make_equal(&insn, &before, r);
		machine.device_pages = (u32)random_below(r, 16);
		machine.wait = random_below(r, 2);
		memcpy((void *)NATIVE_DATA, machine.data, NATIVE_DATA_SIZE);
		native = before;
		native_run(mode, machine.bytes, insn.length, &native);
		fake_prepare(&fake, mode, &before);
		assert_int_equal(emulate(&fake), 0);
		check_case(mode, &insn, &before, &native, &fake.arch.regs);
		assert_false(fake.arch.regs.rflags & RFLAGS_RF);
		ops[insn.op]++;
		done++;
	}
	for (u32 op = 0; op < INSN_INS; op++)
		if (op != INSN_SAL)
			assert_true(ops[op] > 0 || test_rounds(ROUNDS) < ROUNDS);
	printf("%llu rounds, %llu device accesses\n", (unsigned long long)test_rounds(ROUNDS),
	       (unsigned long long)machine.accesses);
}

static void test_64_bit(void **state)
{
	(void)state;
	run_against_processor(8);
}

static void test_32_bit(void **state)
{
	(void)state;
	run_against_processor(4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_64_bit),
		cmocka_unit_test(test_32_bit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
