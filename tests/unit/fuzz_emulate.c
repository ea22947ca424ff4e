/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/* as: test_emulate_edges */

/*
 * A guest that is wholly the input: its registers, segments, page tables and code. Whatever it is,
 * the emulation ends soon, stays within its bounds, and asks devices only for what they can do.
 */
#include <stdlib.h>
#include <string.h>
#include "emulate_alu.h"
#include "fake.h"
#include "x86.h"

#define RAM_SIZE (8 * PAGE_SIZE)

int LLVMFuzzerTestOneInput(const u8 *data, size_t size);

static u8 ram[RAM_SIZE];
static const u8 *input;
static size_t input_left;
static u32 accesses;

static void require(bool condition)
{
	if (!condition)
		abort();
}

static void take(void *to, size_t len)
{
	size_t n = MIN(len, input_left);

	memset(to, 0, len);
	memcpy(to, input, n);
	input += n;
	input_left -= n;
}

static u8 take_byte(void)
{
	u8 byte;

	take(&byte, 1);
	return byte;
}

static bool is_ram(gpa_t gpa, u32 len)
{
	require(len > 0 && gpa / PAGE_SIZE == (gpa + len - 1) / PAGE_SIZE);
	return gpa < RAM_SIZE;
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
	require(a->size == 1 || a->size == 2 || a->size == 4 || a->size == 8);
	require(a->count > 0 && (a->count == 1 || (a->write && !a->pio)));
	require(a->value == alu_cut(a->value, a->size));
	if (a->block)
		require(!a->pio && a->write && a->count > 1 &&
			a->from / PAGE_SIZE == (a->from + (u64)a->count * a->size - 1) / PAGE_SIZE);
	if (a->pio)
		require(a->addr <= 0xffff && a->size <= 4);
	else
		require(a->addr / PAGE_SIZE == (a->addr + (u64)a->count * a->size - 1) / PAGE_SIZE);
	require(++accesses < 10000);
	switch (take_byte() % 8) {
	case 0:
		return -EAGAIN;
	case 1:
		return -EIO;
	case 2:
		a->count = 0;
		return 0;
	case 3:
		if (a->block)
			return -ENOTSUP;
		return 0;
	default:
		a->value = ~0ULL;
		return 0;
	}
}

static void make_guest(struct fake_vcpu *f)
{
	static const u64 cr0 = CR0_PE | CR0_PG | CR0_WP;
	static const u64 cr4 = CR4_PSE | CR4_PAE | CR4_SMEP | CR4_SMAP;
	u8 flags;

	fake_vcpu_init(f, (enum fake_mode)(take_byte() % 3));
	flags = take_byte();
	if (flags & 1)
		f->sys[SYS_CR0] &= ~CR0_PG;
	if (flags & 2)
		take(f->segments, sizeof(f->segments));
	if (flags & 4) {
		take(&f->sys[SYS_CR0], 8);
		take(&f->sys[SYS_CR4], 8);
		f->sys[SYS_CR0] &= cr0;
		f->sys[SYS_CR4] &= cr4;
	}
	f->sys[SYS_CR3] = take_byte() % 8 * PAGE_SIZE;
	for (u32 n = 0; n < 16; n++) {
		u8 how = take_byte();

		/* Near the end of memory, or anything. */
		if (how & 1)
			take(&f->arch.regs.gpr[n], 8);
		else
			f->arch.regs.gpr[n] = RAM_SIZE - 128 + how;
	}
	take(&f->arch.regs.rflags, 4);
	f->arch.regs.rip = take_byte();
}

/* The code, and entries of tables anywhere. */
static void make_memory(void)
{
	memset(ram, 0, sizeof(ram));
	take(ram, 300);
	while (input_left >= 10) {
		u16 at;
		u64 entry;

		take(&at, 2);
		take(&entry, 8);
		memcpy(ram + at % (RAM_SIZE - 8), &entry, 8);
		if (!(at & 0x8000))
			break; /* what is left is for the devices */
	}
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	struct vmexit e = { .kind = EXIT_MMIO };
	static struct fake_vcpu f;
	struct vcpu_regs before;
	int rc;

	input = data;
	input_left = size;
	accesses = 0;
	make_guest(&f);
	make_memory();
	before = f.arch.regs;
	rc = arch_emulate(&f.arch, &memory, &e, device, NULL);
	require(rc == 0 || rc == 1 || rc == -EAGAIN || rc == -EIO || rc == -ENOTSUP);
	require(rc == 0 || f.arch.regs.rip == before.rip);
	require((rc == 1) == (f.exceptions == 1));
	require(rc != -ENOTSUP || !memcmp(&before, &f.arch.regs, sizeof(before)));
	return 0;
}
