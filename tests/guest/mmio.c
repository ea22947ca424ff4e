/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/*
 * Instructions with a memory operand, on device registers. Ordinary memory is the oracle: each
 * instruction runs once on a word of RAM and once on a register that keeps what is written, from
 * the same state, and must leave the same behind.
 */
#include "kit/apic.h"
#include "kit/pci.h"
#include "kit/vgpu.h"

#define FLAGS_MASK	 0x8c5u /* OF SF ZF PF CF; AF is undefined after many */
#define FLAGS_SHIFT_MASK 0xc5u	/* OF is undefined after shifts by more than one */
#define FLAGS_NONE	 0u
#define MSR_FS_BASE	 0xc0000100

struct state {
	u64 rax, rbx, rcx, rdx, rdi, flags;
};

/* A function that runs one instruction: RDI and RSI are the address; R9 too. */
#define INSTRUCTION(name, text)                                                                  \
	static void name(u64 at, struct state *s)                                                \
	{                                                                                        \
		u64 rsi = at;                                                                    \
		s->rdi = at;                                                                     \
		__asm__ volatile("mov %1, %%r9; push $2; popf; cld\n\t" text "\n\tpushf; pop %5" \
				 : "+D"(s->rdi), "+S"(rsi), "+a"(s->rax), "+b"(s->rbx),          \
				   "+c"(s->rcx), "=&r"(s->flags), "+d"(s->rdx)                   \
				 :                                                               \
				 : "r8", "r9", "memory", "cc");                                  \
		s->rdi += rsi - 2 * at; /* how far the two have moved */                         \
	}

INSTRUCTION(mov_store, "movl %%eax, (%%rdi)")
INSTRUCTION(mov_load, "movl (%%rdi), %%eax")
INSTRUCTION(mov_imm, "movl $0x89abcdef, (%%rdi)")
INSTRUCTION(mov_high_regs, "movl %%edx, %%r8d; movl %%r8d, (%%r9); movl (%%r9), %%r8d;"
			   "movl %%r8d, %%eax")
INSTRUCTION(mov_sib, "neg %%rcx; movl %%eax, 4(%%rdi,%%rcx,4); neg %%rcx")
INSTRUCTION(mov_disp32, "lea 0x12345678(%%rdi), %%rdi; movl %%eax, -0x12345678(%%rdi);"
			"lea -0x12345678(%%rdi), %%rdi")
INSTRUCTION(mov_addr32, "movl %%eax, (%%edi)")
INSTRUCTION(mov_fs, "movl %%fs:0, %%eax")
INSTRUCTION(bswap_store, "bswap %%eax; movl %%eax, (%%rdi)")
INSTRUCTION(movnti, "movnti %%eax, (%%rdi)")
INSTRUCTION(movslq, "movslq (%%rdi), %%rax")
INSTRUCTION(add_store, "addl %%eax, (%%rdi)")
INSTRUCTION(add_load, "addl (%%rdi), %%eax")
INSTRUCTION(add_imm, "addl $0x76543210, (%%rdi)")
INSTRUCTION(add_imm8, "addl $-3, (%%rdi)")
INSTRUCTION(adc, "stc; adcl %%eax, (%%rdi)")
INSTRUCTION(sbb, "stc; sbbl (%%rdi), %%eax")
INSTRUCTION(sub, "subl %%eax, (%%rdi)")
INSTRUCTION(or_store, "lock orl %%eax, (%%rdi)")
INSTRUCTION(and_imm, "lock andl $0x00ffff00, (%%rdi)")
INSTRUCTION(xor_load, "xorl (%%rdi), %%eax")
INSTRUCTION(cmp_store, "cmpl %%eax, (%%rdi)")
INSTRUCTION(cmp_load, "cmpl (%%rdi), %%eax")
INSTRUCTION(cmp_imm, "cmpl $5, (%%rdi)")
INSTRUCTION(test_reg, "testl %%eax, (%%rdi)")
INSTRUCTION(test_imm, "testl $0x80000001, (%%rdi)")
INSTRUCTION(inc, "incl (%%rdi)")
INSTRUCTION(dec, "lock decl (%%rdi)")
INSTRUCTION(not_, "notl (%%rdi)")
INSTRUCTION(neg, "negl (%%rdi)")
INSTRUCTION(shl, "shll $5, (%%rdi)")
INSTRUCTION(shr_cl, "shrl %%cl, (%%rdi)")
INSTRUCTION(sar_one, "sarl (%%rdi)")
INSTRUCTION(rol, "roll $7, (%%rdi)")
INSTRUCTION(bt, "btl $9, (%%rdi)")
INSTRUCTION(bts, "lock btsl $31, (%%rdi)")
INSTRUCTION(btr_reg, "btrl %%ecx, (%%rdi)")
INSTRUCTION(btc, "btcl $3, (%%rdi)")
INSTRUCTION(xchg, "xchgl %%eax, (%%rdi)")
INSTRUCTION(xadd, "lock xaddl %%eax, (%%rdi)")
INSTRUCTION(cmpxchg_differs, "lock cmpxchgl %%edx, (%%rdi)")
INSTRUCTION(cmpxchg_equal, "movl (%%rdi), %%eax; lock cmpxchgl %%edx, (%%rdi)")
INSTRUCTION(cmov, "stc; cmovcl (%%rdi), %%eax")
INSTRUCTION(cmov_not, "stc; cmovncl (%%rdi), %%eax")
INSTRUCTION(stos, "stosl")
INSTRUCTION(stos_backwards, "std; stosl; cld")
INSTRUCTION(rep_stos, "mov $1, %%ecx; rep stosl")
INSTRUCTION(lods, "lodsl")
INSTRUCTION(scas, "scasl")
INSTRUCTION(movs_to, "movl %%eax, -8(%%rsp); lea -8(%%rsp), %%rsi; movsl; mov %%rdi, %%rsi")
INSTRUCTION(movs_from, "lea -8(%%rsp), %%rdi; movsl; movl -8(%%rsp), %%eax; mov %%rsi, %%rdi")

INSTRUCTION(byte_store, "movb %%al, (%%rdi)")
INSTRUCTION(byte_high, "movb %%ah, (%%rdi); movb (%%rdi), %%bh")
INSTRUCTION(byte_rex, "movl %%eax, %%r8d; movb %%r8b, (%%rdi)")
INSTRUCTION(byte_imm, "movb $0xa7, (%%rdi)")
INSTRUCTION(byte_movzx, "movzbl (%%rdi), %%eax")
INSTRUCTION(byte_movsx, "movsbq (%%rdi), %%rax")
INSTRUCTION(byte_add, "addb %%al, (%%rdi)")
INSTRUCTION(byte_setc, "stc; setc (%%rdi)")
INSTRUCTION(byte_xchg, "xchgb %%al, (%%rdi)")
INSTRUCTION(byte_or, "movl %%eax, %%eax; orb $0x40, (%%rdi)")
INSTRUCTION(byte_stos, "stosb")
INSTRUCTION(byte_lods, "lodsb")

INSTRUCTION(word_store, "movw $6, %%ax; movw %%ax, (%%rdi)")
INSTRUCTION(word_imm, "movw $0x406, (%%rdi)")
INSTRUCTION(word_or, "orw $0x400, (%%rdi)")
INSTRUCTION(word_movzx, "movzwl (%%rdi), %%eax")
INSTRUCTION(word_load, "movw (%%rdi), %%ax")

INSTRUCTION(quad_store, "movq %%rax, (%%rdi)")
INSTRUCTION(quad_load, "movq (%%rdi), %%rax")
INSTRUCTION(quad_imm, "movq $-2, (%%rdi)")
INSTRUCTION(quad_add, "addq %%rax, (%%rdi)")
INSTRUCTION(quad_push, "pushq (%%rdi); popq %%rax")
INSTRUCTION(quad_pop, "pushq %%rax; popq (%%rdi)")
INSTRUCTION(quad_stos, "stosq")

struct instruction {
	const char *name;
	void (*run)(u64 at, struct state *s);
	u32 flags;
};
static const struct instruction longs[] = {
	{ "mov to memory", mov_store, FLAGS_NONE },
	{ "mov from memory", mov_load, FLAGS_NONE },
	{ "mov immediate", mov_imm, FLAGS_NONE },
	{ "mov with r8 and r9", mov_high_regs, FLAGS_NONE },
	{ "mov with base and index", mov_sib, FLAGS_NONE },
	{ "mov with a far displacement", mov_disp32, FLAGS_NONE },
	{ "mov with a 32-bit address", mov_addr32, FLAGS_NONE },
	{ "mov through FS", mov_fs, FLAGS_NONE },
	{ "bswap and mov", bswap_store, FLAGS_NONE },
	{ "movnti", movnti, FLAGS_NONE },
	{ "movsxd", movslq, FLAGS_NONE },
	{ "add to memory", add_store, FLAGS_MASK },
	{ "add from memory", add_load, FLAGS_MASK },
	{ "add immediate", add_imm, FLAGS_MASK },
	{ "add a byte immediate", add_imm8, FLAGS_MASK },
	{ "adc", adc, FLAGS_MASK },
	{ "sbb", sbb, FLAGS_MASK },
	{ "sub", sub, FLAGS_MASK },
	{ "lock or", or_store, FLAGS_MASK },
	{ "lock and immediate", and_imm, FLAGS_MASK },
	{ "xor from memory", xor_load, FLAGS_MASK },
	{ "cmp memory with register", cmp_store, FLAGS_MASK },
	{ "cmp register with memory", cmp_load, FLAGS_MASK },
	{ "cmp with immediate", cmp_imm, FLAGS_MASK },
	{ "test with register", test_reg, FLAGS_MASK },
	{ "test with immediate", test_imm, FLAGS_MASK },
	{ "inc", inc, FLAGS_MASK },
	{ "lock dec", dec, FLAGS_MASK },
	{ "not", not_, FLAGS_MASK },
	{ "neg", neg, FLAGS_MASK },
	{ "shl", shl, FLAGS_SHIFT_MASK },
	{ "shr by cl", shr_cl, FLAGS_SHIFT_MASK },
	{ "sar by one", sar_one, FLAGS_MASK },
	{ "rol", rol, 1 },
	{ "bt", bt, 1 },
	{ "lock bts", bts, 1 },
	{ "btr by register", btr_reg, 1 },
	{ "btc", btc, 1 },
	{ "xchg", xchg, FLAGS_NONE },
	{ "lock xadd", xadd, FLAGS_MASK },
	{ "lock cmpxchg that differs", cmpxchg_differs, FLAGS_MASK },
	{ "lock cmpxchg that is equal", cmpxchg_equal, FLAGS_MASK },
	{ "cmov that moves", cmov, FLAGS_NONE },
	{ "cmov that does not", cmov_not, FLAGS_NONE },
	{ "stos", stos, FLAGS_NONE },
	{ "stos backwards", stos_backwards, FLAGS_NONE },
	{ "rep stos", rep_stos, FLAGS_NONE },
	{ "lods", lods, FLAGS_NONE },
	{ "scas", scas, FLAGS_MASK },
	{ "movs to a register", movs_to, FLAGS_NONE },
	{ "movs from a register", movs_from, FLAGS_NONE },
};
static const struct instruction bytes[] = {
	{ "mov a byte to memory", byte_store, FLAGS_NONE },
	{ "mov with ah and bh", byte_high, FLAGS_NONE },
	{ "mov with r8b", byte_rex, FLAGS_NONE },
	{ "mov a byte immediate", byte_imm, FLAGS_NONE },
	{ "movzx of a byte", byte_movzx, FLAGS_NONE },
	{ "movsx of a byte to 64 bits", byte_movsx, FLAGS_NONE },
	{ "add of bytes", byte_add, FLAGS_MASK },
	{ "setc", byte_setc, FLAGS_NONE },
	{ "xchg of bytes", byte_xchg, FLAGS_NONE },
	{ "or a byte immediate", byte_or, FLAGS_MASK },
	{ "stosb", byte_stos, FLAGS_NONE },
	{ "lodsb", byte_lods, FLAGS_NONE },
};
static const struct instruction words[] = {
	{ "mov a word to memory", word_store, FLAGS_NONE },
	{ "mov a word immediate", word_imm, FLAGS_NONE },
	{ "or a word immediate", word_or, FLAGS_MASK },
	{ "movzx of a word", word_movzx, FLAGS_NONE },
	{ "mov a word from memory", word_load, FLAGS_NONE },
};
static const struct instruction quads[] = {
	{ "mov of 64 bits to memory", quad_store, FLAGS_NONE },
	{ "mov of 64 bits from memory", quad_load, FLAGS_NONE },
	{ "mov of a sign-extended immediate", quad_imm, FLAGS_NONE },
	{ "add of 64 bits", quad_add, FLAGS_MASK },
	{ "push", quad_push, FLAGS_NONE },
	{ "pop", quad_pop, FLAGS_NONE },
	{ "stosq", quad_stos, FLAGS_NONE },
};

static u64 load(u64 at, u32 size)
{
	switch (size) {
	case 1:
		return *(volatile u8 *)at;
	case 2:
		return *(volatile u16 *)at;
	case 4:
		return read32(at);
	default:
		return (u64)read32(at + 4) << 32 | read32(at);
	}
}

static void store(u64 at, u32 size, u64 v)
{
	switch (size) {
	case 1:
		*(volatile u8 *)at = (u8)v;
		break;
	case 2:
		*(volatile u16 *)at = (u16)v;
		break;
	default:
		write32(at, (u32)v);
		if (size == 8)
			write32(at + 4, (u32)(v >> 32));
	}
}

static void run(const struct instruction *i, u64 at, u32 size, u64 initial, struct state *s,
		u64 *after)
{
	*s = (struct state){ .rax = 0xfedcba9876543210, .rbx = 2, .rcx = 1, .rdx = 0x13572468 };
	store(at, size, initial);
	wrmsr(MSR_FS_BASE, at);
	i->run(at, s);
	*after = load(at, size);
}

static void try_all(const char *where, const struct instruction *list, u32 count, u64 device,
		    u32 size, u64 initial)
{
	static volatile u64 memory[2] __attribute__((aligned(16)));

	for (u32 n = 0; n < count; n++) {
		const struct instruction *i = &list[n];
		struct state expected, s;
		u64 after, wanted;

		run(i, (u64)memory, size, initial, &expected, &wanted);
		run(i, device, size, initial, &s, &after);
		report(after == wanted && s.rax == expected.rax && s.rbx == expected.rbx &&
			       s.rcx == expected.rcx && s.rdx == expected.rdx &&
			       s.rdi == expected.rdi &&
			       ((s.flags ^ expected.flags) & i->flags) == 0,
		       "%s: %s (%lx, rax %lx, flags %lx)", where, i->name, after, s.rax,
		       s.flags & i->flags);
	}
}

/* REP MOVS out of a device, against single reads. */
static void test_rep_movs(const struct vgpu *gpu)
{
	static u32 copy[16];
	const void *from = (const void *)gpu->device_config;
	void *to = copy;
	u64 count = 4;
	bool good = true;

	__asm__ volatile("rep movsl" : "+S"(from), "+D"(to), "+c"(count) : : "memory");
	for (u32 i = 0; i < 4; i++)
		good &= copy[i] == read32(gpu->device_config + 4 * i);
	report(good && count == 0 && to == copy + 4, "rep movs of four words from a device");
}

void main(void)
{
	struct vgpu gpu;
	bool found = vgpu_find(&gpu);

	apic_enable();
	try_all("LAPIC", longs, ARRAY_SIZE(longs), LAPIC_BASE + APIC_TIMER_INITIAL, 4, 0x8421fed5);
	write32(LAPIC_BASE + APIC_TIMER_INITIAL, 0);
	report(found, "there is a virtio-gpu");
	if (!found)
		return;
	try_all("ECAM", bytes, ARRAY_SIZE(bytes), pci_ecam(gpu.devfn, PCI_INTERRUPT_LINE), 1, 0x35);
	try_all("ECAM", words, ARRAY_SIZE(words), pci_ecam(gpu.devfn, PCI_COMMAND), 2, 0x6);
	try_all("virtio", quads, ARRAY_SIZE(quads), gpu.common + COMMON_QUEUE_DESC, 8,
		0x0000000112345000);
	if (gpu.device_config)
		test_rep_movs(&gpu);
}
