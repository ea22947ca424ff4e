/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/* sources: arch/fake/fake_virt.c arch/x86/decode.c arch/x86/decode_opcodes.c */
/* sources: arch/x86/emulate.c arch/x86/emulate_alu.c arch/x86/emulate_insn.c */
/* sources: arch/x86/emulate_mem.c arch/x86/emulate_string.c arch/x86/gwalk.c */
/* sources: arch/x86/segment.c */

/*
 * The emulation where a processor is no help: 16-bit code, string I/O, faults, segment limits,
 * accesses in bulk, waiting, and code that cannot be fetched.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "emulate_alu.h"
#include "fake.h"
#include "gwalk.h"
#include "x86.h"

#define RAM_SIZE MIB(1)
#define DEVICE	 0xa0000 /* to 0xbffff; not memory */
#define CODE	 0x1000
#define TABLES	 0x10000

static u8 ram[RAM_SIZE];
static struct fake_vcpu f;
static struct emul_access seen[4096];
static u32 logged, waits; /* waits: so many accesses still answer -EAGAIN first */
static u64 answer;
static u32 answer_count;
static bool takes_blocks;

static bool is_ram(gpa_t gpa, u32 len)
{
	return gpa + len <= RAM_SIZE && (gpa + len <= DEVICE || gpa >= 0xc0000);
}

static int ram_read(void *ctx, gpa_t gpa, void *to, u32 len)
{
	(void)ctx;
	if (!is_ram(gpa, len))
		return -EFAULT;
	memcpy(to, ram + gpa, len);
	return 0;
}

static int ram_write(void *ctx, gpa_t gpa, const void *from, u32 len)
{
	(void)ctx;
	if (!is_ram(gpa, len))
		return -EFAULT;
	memcpy(ram + gpa, from, len);
	return 0;
}

static const struct guest_memory memory = { ram_read, ram_write, NULL };

static int device(void *ctx, struct emul_access *a)
{
	(void)ctx;
	if (a->block && !takes_blocks)
		return -ENOTSUP;
	if (waits) {
		waits--;
		return -EAGAIN;
	}
	assert_true(logged < ARRAY_SIZE(seen));
	if (!a->write)
		a->value = answer++;
	if (answer_count && a->count > answer_count)
		a->count = answer_count;
	seen[logged++] = *a;
	return 0;
}

static int run(enum exit_kind kind)
{
	struct vmexit e = { .kind = (u8)kind };

	logged = 0;
	return arch_emulate(&f.arch, &memory, &e, device, NULL);
}

#define CODE_BYTES(...) code((const u8[]){ __VA_ARGS__ }, sizeof((const u8[]){ __VA_ARGS__ }))

static void code(const u8 *bytes, size_t len)
{
	memset(ram + CODE, 0x90, 32);
	memcpy(ram + CODE, bytes, len);
	f.arch.regs.rip = CODE;
}

/* Long mode with the first 2 MiB mapped by 4 KiB pages, one to one. */
static void start(enum fake_mode mode)
{
	u64 *table = (u64 *)(ram + TABLES);

	memset(ram, 0, sizeof(ram));
	fake_vcpu_init(&f, mode);
	waits = answer_count = 0;
	takes_blocks = false;
	answer = 0x1122334455667780;
	f.sys[SYS_CR3] = TABLES;
	for (u64 level = 0; level < 3; level++)
		table[512 * level] = (TABLES + (level + 1) * PAGE_SIZE) | 7;
	for (u64 page = 0; page < 512; page++)
		table[512 * 3 + page] = page * PAGE_SIZE | 7;
}

static u64 *pte(u64 address)
{
	return (u64 *)(ram + TABLES + 3 * PAGE_SIZE) + address / PAGE_SIZE;
}

static void expect_fault(int rc, u8 vector, bool has_error, u32 error)
{
	assert_int_equal(rc, 1);
	assert_int_equal(f.exceptions, 1);
	assert_int_equal(f.exception_vector, vector);
	assert_int_equal(f.exception_has_error, has_error);
	assert_int_equal(f.exception_error, error);
	assert_int_equal(f.arch.regs.rip, CODE);
	assert_int_equal(logged, 0);
}

static void test_real_mode(void **state)
{
	(void)state;
	start(FAKE_REAL);
	arch_segment_real(&f.segments[SEG_ES], 0xa000, false);
	f.arch.regs.gpr[RDI] = 0xdead0010;
	f.arch.regs.gpr[RBX] = 0x20;
	f.arch.regs.gpr[RAX] = 0x55aa;
	f.arch.regs.rflags |= RFLAGS_RF;
	f.shadow = true;
	CODE_BYTES(0x26, 0x89, 0x41, 0xf8); /* mov %ax, %es:-8(%bx,%di) */
	assert_int_equal(run(EXIT_MMIO), 0);
	assert_int_equal(logged, 1);
	assert_int_equal(seen[0].addr, 0xa0028);
	assert_int_equal(seen[0].size, 2);
	assert_int_equal(seen[0].value, 0x55aa);
	assert_true(seen[0].write && seen[0].first && !seen[0].pio && seen[0].count == 1);
	assert_int_equal(f.arch.regs.rip, CODE + 4);
	assert_false(f.arch.regs.rflags & RFLAGS_RF);
	assert_false(f.shadow);
}

static void test_real_mode_limit(void **state)
{
	(void)state;
	start(FAKE_REAL);
	f.arch.regs.gpr[RBX] = 0xffff;
	CODE_BYTES(0x8b, 0x07); /* mov (%bx), %ax: past the limit by one byte */
	expect_fault(run(EXIT_MMIO), 13, false, 0);
	start(FAKE_REAL);
	f.arch.regs.gpr[RBP] = 0xffff;
	CODE_BYTES(0x8b, 0x46, 0x00); /* mov 0(%bp), %ax */
	expect_fault(run(EXIT_MMIO), 12, false, 0);
}

static void test_rep_wraps_16_bit(void **state)
{
	(void)state;
	start(FAKE_REAL);
	arch_segment_real(&f.segments[SEG_ES], 0xa000, false);
	f.arch.regs.gpr[RDI] = 0x7777fffe;
	f.arch.regs.gpr[RCX] = 0x33330004;
	f.arch.regs.gpr[RAX] = 0x41;
	CODE_BYTES(0xf3, 0xaa); /* rep stosb */
	assert_int_equal(run(EXIT_MMIO), 0);
	assert_int_equal(seen[0].addr, 0xafffe);
	assert_int_equal(seen[logged - 1].addr + seen[logged - 1].count, 0xa0002);
	assert_int_equal(f.arch.regs.gpr[RDI], 0x77770002);
	assert_int_equal(f.arch.regs.gpr[RCX], 0x33330000);
}

static void test_bulk_store(void **state)
{
	u64 total = 0;

	(void)state;
	start(FAKE_LONG);
	f.arch.regs.gpr[RDI] = DEVICE + 0x10;
	f.arch.regs.gpr[RCX] = 0x2000;
	f.arch.regs.gpr[RAX] = 0x12345678;
	answer_count = 700;
	CODE_BYTES(0xf3, 0xab); /* rep stosl */
	assert_int_equal(run(EXIT_MMIO), 0);
	for (u32 i = 0; i < logged; i++) {
		assert_int_equal(seen[i].addr, DEVICE + 0x10 + 4 * total);
		assert_int_equal(seen[i].value, 0x12345678);
		assert_int_equal(seen[i].size, 4);
		assert_true(seen[i].first && seen[i].count <= 700);
		total += seen[i].count;
	}
	assert_int_equal(total, 0x2000);
	assert_int_equal(logged, 17); /* 8 pages in two parts each, and the 16 bytes after */
	assert_int_equal(f.arch.regs.gpr[RDI], DEVICE + 0x10 + 0x8000);
	/* Downwards: one by one. */
	f.arch.regs.rflags |= FLAG_DF;
	f.arch.regs.gpr[RCX] = 3;
	f.arch.regs.rip = CODE;
	assert_int_equal(run(EXIT_MMIO), 0);
	assert_int_equal(logged, 3);
	assert_int_equal(seen[2].count, 1);
	assert_int_equal(seen[2].addr, DEVICE + 0x8008);
}

static void test_bulk_move(void **state)
{
	u64 total = 0;

	(void)state;
	start(FAKE_LONG);
	f.arch.regs.gpr[RSI] = DEVICE + 0x10;
	f.arch.regs.gpr[RDI] = 0x7ff8;
	f.arch.regs.gpr[RCX] = 0x1801;
	takes_blocks = true;
	answer_count = 700;
	waits = 3;
	CODE_BYTES(0xf3, 0x66, 0xa5); /* rep movsw */
	while (waits)
		assert_int_equal(run(EXIT_MMIO), -EAGAIN);
	assert_int_equal(run(EXIT_MMIO), 0);
	for (u32 i = 0; i < logged; i++) {
		u64 last = seen[i].count * seen[i].size - 1u;

		assert_true(seen[i].block && seen[i].write && seen[i].first && seen[i].size == 2);
		assert_int_equal(seen[i].from, DEVICE + 0x10 + 2 * total);
		assert_int_equal(seen[i].addr, 0x7ff8 + 2 * total);
		assert_int_equal(seen[i].from / PAGE_SIZE, (seen[i].from + last) / PAGE_SIZE);
		assert_int_equal(seen[i].addr / PAGE_SIZE, (seen[i].addr + last) / PAGE_SIZE);
		assert_true(seen[i].count <= 700);
		total += seen[i].count;
	}
	assert_int_equal(total, 0x1801);
	assert_int_equal(f.arch.regs.gpr[RSI], DEVICE + 0x10 + 0x3002);
	assert_int_equal(f.arch.regs.gpr[RDI], 0x7ff8 + 0x3002);
	assert_int_equal(f.arch.regs.gpr[RCX], 0);
}

/* Downwards, across a page within an element, or where the device does not want it. */
static void test_single_moves(void **state)
{
	(void)state;
	for (u32 i = 0; i < 3; i++) {
		start(FAKE_LONG);
		takes_blocks = i != 2;
		f.arch.regs.gpr[RSI] = DEVICE + 0x800;
		f.arch.regs.gpr[RDI] = i == 1 ? 0x7ffe : 0x5800;
		f.arch.regs.gpr[RCX] = i == 1 ? 1 : 3;
		if (i == 0)
			f.arch.regs.rflags |= FLAG_DF;
		CODE_BYTES(0xf3, 0xa5); /* rep movsl */
		assert_int_equal(run(EXIT_MMIO), 0);
		assert_int_equal(logged, i == 1 ? 1 : 3);
		for (u32 n = 0; n < logged; n++)
			assert_true(!seen[n].write && !seen[n].block && seen[n].first);
		assert_int_equal(f.arch.regs.gpr[RCX], 0);
	}
}

static void test_restart(void **state)
{
	(void)state;
	start(FAKE_LONG);
	f.arch.regs.gpr[RSI] = DEVICE;
	f.arch.regs.gpr[RDI] = 0x20000;
	f.arch.regs.gpr[RCX] = 1500;
	CODE_BYTES(0xf3, 0xa4); /* rep movsb */
	assert_int_equal(run(EXIT_MMIO), 0);
	assert_int_equal(f.arch.regs.rip, CODE);
	assert_int_equal(f.arch.regs.gpr[RCX], 1500 - 1024);
	assert_int_equal(run(EXIT_MMIO), 0);
	assert_int_equal(f.arch.regs.rip, CODE + 2);
	assert_int_equal(f.arch.regs.gpr[RCX], 0);
	assert_int_equal(f.arch.regs.gpr[RDI], 0x20000 + 1500);
	assert_int_equal(ram[0x20000 + 1499], (0x80 + 1499) & 0xff);
}

static void test_string_io(void **state)
{
	(void)state;
	start(FAKE_PROTECTED);
	f.arch.regs.gpr[RDX] = 0xabcd0510;
	f.arch.regs.gpr[RDI] = 0x20000;
	f.arch.regs.gpr[RCX] = 3;
	CODE_BYTES(0xf3, 0x6d); /* rep insl */
	waits = 1;
	assert_int_equal(run(EXIT_PIO), -EAGAIN);
	assert_int_equal(f.arch.regs.gpr[RCX], 3);
	assert_int_equal(run(EXIT_PIO), 0);
	assert_int_equal(logged, 3);
	assert_true(seen[0].pio && !seen[0].write && seen[0].size == 4 && seen[0].addr == 0x510);
	assert_true(seen[0].first && seen[1].first && seen[2].first);
	assert_int_equal(*(u32 *)(ram + 0x20008), 0x55667782);
	assert_int_equal(f.arch.regs.gpr[RDI], 0x2000c);

	f.arch.regs.gpr[RSI] = 0x20004;
	CODE_BYTES(0x66, 0x6f); /* outsw */
	assert_int_equal(run(EXIT_PIO), 0);
	assert_true(seen[0].pio && seen[0].write && seen[0].size == 2 && seen[0].value == 0x7781);
	assert_int_equal(f.arch.regs.gpr[RSI], 0x20006);

	f.arch.regs.gpr[RCX] = 0;
	CODE_BYTES(0xf3, 0x6e); /* rep outsb, none */
	assert_int_equal(run(EXIT_PIO), 0);
	assert_int_equal(logged, 0);
	CODE_BYTES(0x88, 0x06); /* not string I/O */
	assert_int_equal(run(EXIT_PIO), -ENOTSUP);
}

/* The destination is looked at before the port is read: what was read could not be kept. */
static void test_ins_faults_first(void **state)
{
	(void)state;
	start(FAKE_LONG);
	f.arch.regs.gpr[RDI] = 0x20000;
	*pte(0x20000) = 0;
	CODE_BYTES(0x6c); /* insb */
	expect_fault(run(EXIT_PIO), 14, true, GWALK_WRITE);
	assert_int_equal(f.sys[SYS_CR2], 0x20000);
}

static void test_page_faults(void **state)
{
	(void)state;
	start(FAKE_LONG);
	f.arch.regs.gpr[RBX] = DEVICE + 0xffe; /* the second page is not there */
	*pte(DEVICE + 0x1000) = 0;
	CODE_BYTES(0x01, 0x03); /* add %eax, (%rbx) */
	expect_fault(run(EXIT_MMIO), 14, true, GWALK_WRITE);
	assert_int_equal(f.sys[SYS_CR2], DEVICE + 0x1000);

	start(FAKE_LONG);
	f.segments[SEG_SS].attr |= 0x60; /* CPL 3 */
	f.arch.regs.gpr[RBX] = DEVICE;
	*pte(DEVICE) &= ~4ULL;
	CODE_BYTES(0x8b, 0x03); /* mov (%rbx), %eax */
	expect_fault(run(EXIT_MMIO), 14, true, GWALK_PRESENT | GWALK_USER);
}

static void test_fetch_faults(void **state)
{
	static const u8 bytes[] = { 0xc7, 0x03, 0x78, 0x56, 0x34, 0x12 }; /* movl $.., (%rbx) */
	u8 fetched[15];

	(void)state;
	start(FAKE_LONG);
	memcpy(ram + 0x2ffd, bytes, sizeof(bytes));
	f.arch.regs.rip = 0x2ffd;
	f.arch.regs.gpr[RBX] = DEVICE;
	assert_int_equal(run(EXIT_MMIO), 0);
	assert_int_equal(seen[0].value, 0x12345678);
	f.arch.regs.rip = 0x2ffd;
	*pte(0x3000) = 0;
	assert_int_equal(run(EXIT_MMIO), 1);
	assert_int_equal(f.exception_vector, 14);
	assert_int_equal(f.exception_error, GWALK_FETCH);
	assert_int_equal(f.sys[SYS_CR2], 0x3000);
	assert_int_equal(arch_fetch(&f.arch, &memory, fetched), 3);
	assert_memory_equal(fetched, bytes, 3);
	/* An instruction that ends with its page: the next one is not looked at. */
	memcpy(ram + 0x2ffa, bytes, sizeof(bytes));
	f.arch.regs.rip = 0x2ffa;
	assert_int_equal(run(EXIT_MMIO), 0);
	f.arch.regs.rip = DEVICE; /* code in a device */
	assert_int_equal(run(EXIT_MMIO), -ENOTSUP);
	assert_int_equal(arch_fetch(&f.arch, &memory, fetched), 0);
	f.arch.regs.rip = BIT(47); /* not canonical */
	assert_int_equal(run(EXIT_MMIO), 1);
	assert_int_equal(f.exception_vector, 13);
}

static void test_segments(void **state)
{
	(void)state;
	start(FAKE_LONG);
	f.sys[SYS_GS_BASE] = DEVICE;
	f.segments[SEG_DS].base = 0x5000; /* of no account in 64-bit mode */
	f.arch.regs.gpr[RBX] = 0x100;
	CODE_BYTES(0x65, 0x8a, 0x03); /* mov %gs:(%rbx), %al */
	assert_int_equal(run(EXIT_MMIO), 0);
	assert_int_equal(seen[0].addr, DEVICE + 0x100);

	start(FAKE_LONG);
	f.arch.regs.gpr[RBX] = BIT(47) - 1;
	CODE_BYTES(0x66, 0x89, 0x03); /* mov %ax, (%rbx): half of it not canonical */
	expect_fault(run(EXIT_MMIO), 13, true, 0);
	start(FAKE_LONG);
	f.arch.regs.gpr[RBP] = BIT(47);
	CODE_BYTES(0x89, 0x45, 0x00); /* mov %eax, (%rbp) */
	expect_fault(run(EXIT_MMIO), 12, true, 0);

	start(FAKE_PROTECTED);
	f.segments[SEG_DS].base = 0x1000;
	f.arch.regs.gpr[RBX] = DEVICE;
	CODE_BYTES(0x89, 0x03);
	assert_int_equal(run(EXIT_MMIO), 0);
	assert_int_equal(seen[0].addr, DEVICE + 0x1000);
	f.segments[SEG_DS].attr &= ~2U; /* read-only */
	CODE_BYTES(0x89, 0x03);
	expect_fault(run(EXIT_MMIO), 13, true, 0);
	start(FAKE_PROTECTED);
	f.segments[SEG_DS].attr |= SEG_ATTR_UNUSABLE;
	CODE_BYTES(0x8b, 0x03);
	expect_fault(run(EXIT_MMIO), 13, true, 0);
	start(FAKE_PROTECTED);
	f.segments[SEG_DS].attr |= 4; /* expands down: nothing at or below the limit */
	f.segments[SEG_DS].limit = DEVICE;
	f.arch.regs.gpr[RBX] = DEVICE;
	CODE_BYTES(0x8b, 0x03);
	expect_fault(run(EXIT_MMIO), 13, true, 0);
	f.exceptions = 0;
	f.arch.regs.gpr[RBX] = DEVICE + 1;
	assert_int_equal(run(EXIT_MMIO), 0);
}

static void test_stack_16_bit(void **state)
{
	(void)state;
	start(FAKE_REAL);
	arch_segment_real(&f.segments[SEG_DS], 0xa000, false);
	f.arch.regs.gpr[RSP] = 0x99990000;
	CODE_BYTES(0xff, 0x37); /* pushw (%bx) */
	assert_int_equal(run(EXIT_MMIO), 0);
	assert_int_equal(f.arch.regs.gpr[RSP], 0x9999fffe);
	assert_int_equal(*(u16 *)(ram + 0xfffe), 0x7780);
	CODE_BYTES(0x8f, 0x07); /* popw (%bx) */
	assert_int_equal(run(EXIT_MMIO), 0);
	assert_int_equal(seen[0].value, 0x7780);
	assert_int_equal(f.arch.regs.gpr[RSP], 0x99990000);
}

static void test_unaligned_pair(void **state)
{
	(void)state;
	start(FAKE_LONG);
	f.arch.regs.gpr[RBX] = 0x20008;
	CODE_BYTES(0xf0, 0x48, 0x0f, 0xc7, 0x0b); /* lock cmpxchg16b (%rbx) */
	expect_fault(run(EXIT_MMIO), 13, true, 0);
}

/* A device that fails, and one whose answer never comes, leave no trace. */
static int broken(void *ctx, struct emul_access *a)
{
	(void)ctx;
	(void)a;
	return -EIO;
}

static void test_errors(void **state)
{
	struct vmexit e = { .kind = EXIT_MMIO };
	struct vcpu_regs before;

	(void)state;
	start(FAKE_LONG);
	f.arch.regs.gpr[RBX] = DEVICE;
	CODE_BYTES(0x48, 0x11, 0x03); /* adc %rax, (%rbx) */
	before = f.arch.regs;
	assert_int_equal(arch_emulate(&f.arch, &memory, &e, broken, NULL), -EIO);
	assert_memory_equal(&before, &f.arch.regs, sizeof(before));
	waits = 1;
	assert_int_equal(run(EXIT_MMIO), -EAGAIN);
	assert_memory_equal(&before, &f.arch.regs, sizeof(before));
	CODE_BYTES(0x0f, 0x29, 0x03); /* movaps: not known */
	assert_int_equal(run(EXIT_MMIO), -ENOTSUP);
	assert_int_equal(f.exceptions, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_real_mode),	 cmocka_unit_test(test_real_mode_limit),
		cmocka_unit_test(test_rep_wraps_16_bit), cmocka_unit_test(test_bulk_store),
		cmocka_unit_test(test_bulk_move),	 cmocka_unit_test(test_single_moves),
		cmocka_unit_test(test_restart),		 cmocka_unit_test(test_string_io),
		cmocka_unit_test(test_ins_faults_first), cmocka_unit_test(test_page_faults),
		cmocka_unit_test(test_fetch_faults),	 cmocka_unit_test(test_segments),
		cmocka_unit_test(test_stack_16_bit),	 cmocka_unit_test(test_unaligned_pair),
		cmocka_unit_test(test_errors),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
