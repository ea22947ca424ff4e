/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/* sources: hv/shadow.c hv/trap.c */

/* Firmware ROM and shadow RAM: what a guest reads and what its writes change, in every setting of
 * the PAM registers, by the mapping and by accesses that trap. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <abi/range.h>
#include <arch/io.h>
#include <arch/upcall.h>
#include "boot.h"
#include "random.h"
#include "vm.h"

#define ROM_LEN KIB(256)
#define ROM_TOP (GUEST_HIGH_BASE - ROM_LEN)
#define PAGES	(MIB(1) / PAGE_SIZE)

static struct handoff files;
const struct handoff *handoff = &files;
static struct vm vm;
static struct vm_config config;
static _Alignas(PAGE_SIZE) u8 ram[MIB(1)], rom[ROM_LEN];

/* The second stage below 1 MiB, by page, and whether all of the ROM at the top is mapped. */
static struct {
	hpa_t hpa;
	u32 prot;
} pages[PAGES];
static bool top_mapped;

void *phys_to_virt(hpa_t hpa)
{
	return (void *)hpa;
}

void log_printf(const char *format, ...)
{
	fail_msg("%s", format);
}

void *vm_ram(struct vm *v, gpa_t gpa, u64 len)
{
	(void)v;
	return range_within(gpa, len, sizeof(ram)) ? ram + gpa : NULL;
}

int stage2_map(struct stage2 *s, gpa_t gpa, hpa_t hpa, u64 len, u32 prot, enum stage2_memtype type)
{
	assert_ptr_equal(s, &vm.stage2);
	assert_int_equal(type, MEMTYPE_WB);
	if (gpa == ROM_TOP) {
		assert_int_equal(hpa, (hpa_t)rom);
		assert_int_equal(len, ROM_LEN);
		assert_int_equal(prot, STAGE2_READ | STAGE2_EXEC);
		top_mapped = true;
		return 0;
	}
	assert_true(range_within(gpa, len, MIB(1)));
	for (u64 at = 0; at < len; at += PAGE_SIZE) {
		pages[(gpa + at) / PAGE_SIZE].hpa = hpa + at;
		pages[(gpa + at) / PAGE_SIZE].prot = prot;
	}
	return 0;
}

int stage2_unmap(struct stage2 *s, gpa_t gpa, u64 len)
{
	assert_ptr_equal(s, &vm.stage2);
	for (u64 at = 0; at < len; at += PAGE_SIZE)
		pages[(gpa + at) / PAGE_SIZE].prot = 0;
	return 0;
}

static int setup(void **state)
{
	struct random r = random_seeded("shadow");

	(void)state;
	memset(&vm, 0, sizeof(vm));
	memset(pages, 0, sizeof(pages));
	top_mapped = false;
	for (u32 i = 0; i < ROM_LEN; i++)
		rom[i] = (u8)random_next(&r);
	files.file_count = 1;
	files.files[0] = (struct handoff_file){ .base = (u64)rom, .len = ROM_LEN };
	config.firmware = 0;
	vm.config = &config;
	vm.ram = (hpa_t)ram;
	vm.ram_size = sizeof(ram);
	assert_int_equal(shadow_create(&vm), 0);
	for (gpa_t gpa = 0xc0000; gpa < MIB(1); gpa += PAGE_SIZE)
		assert_int_equal(stage2_map(&vm.stage2, gpa, vm.ram + gpa, PAGE_SIZE, STAGE2_RWX,
					    MEMTYPE_WB),
				 0);
	return 0;
}

/* What the guest reads there, mapped or not. */
static u8 guest_read(gpa_t gpa)
{
	struct access a = { .addr = gpa, .value = ~0ULL, .count = 1, .size = 1 };
	struct trap_region region;
	const u8 *p;

	if (pages[gpa / PAGE_SIZE].prot & STAGE2_READ)
		return ((const u8 *)pages[gpa / PAGE_SIZE].hpa)[gpa % PAGE_SIZE];
	/* The emulation must come to the same. */
	assert_true(shadow_rom(&vm, gpa, 1, &p) || shadow_blocks_read(&vm, gpa, 1));
	assert_true(trap_find(&vm.traps, TRAP_MMIO, gpa, 1, &region));
	assert_int_equal(region.fn(region.ctx, NULL, gpa - region.base, &a), TRAP_DONE);
	return (u8)a.value;
}

static void guest_write(gpa_t gpa, u8 value)
{
	struct access a = { .addr = gpa, .value = value, .count = 1, .size = 1, .write = true };
	struct trap_region region;

	if (pages[gpa / PAGE_SIZE].prot & STAGE2_WRITE) {
		((u8 *)pages[gpa / PAGE_SIZE].hpa)[gpa % PAGE_SIZE] = value;
		return;
	}
	assert_true(trap_find(&vm.traps, TRAP_MMIO, gpa, 1, &region));
	assert_int_equal(region.fn(region.ctx, NULL, gpa - region.base, &a), TRAP_DONE);
}

/* What a datasheet would say: mode of the byte's segment. */
static u32 mode_of(const u8 *pam, gpa_t gpa)
{
	u64 n = (gpa - 0xc0000) / KIB(16);

	return (n >= 12 ? (u32)pam[0] >> 4 : (u32)pam[1 + n / 2] >> n % 2 * 4) & 3u;
}

static void check(const u8 *pam, gpa_t gpa)
{
	u32 mode = mode_of(pam, gpa);
	u8 below = gpa >= 0xe0000 ? rom[ROM_LEN - (MIB(1) - gpa)] : 0xff;
	u8 before = ram[gpa], value = (u8)(before + 1);

	assert_int_equal(guest_read(gpa), mode & 1 ? before : below);
	guest_write(gpa, value);
	assert_int_equal(ram[gpa], mode & 2 ? value : before);
	assert_int_equal(shadow_blocks_write(&vm, gpa, 1), !(mode & 2));
}

static void every_setting_does_as_it_says(void **state)
{
	struct random r = random_seeded("pam");
	u8 pam[SHADOW_PAMS] = { 0 };

	(void)state;
	for (u32 round = 0; round < 500; round++) {
		bool same = true;
		u8 next[SHADOW_PAMS];

		for (u32 i = 0; i < SHADOW_PAMS; i++)
			next[i] = (u8)random_next(&r) & 0x33;
		next[0] &= 0x30;
		for (u32 i = 0; i < SHADOW_PAMS; i++)
			same &= round && next[i] == pam[i];
		memcpy(pam, next, sizeof(pam));
		if (!same)
			assert_true(shadow_update(&vm, pam));
		assert_false(shadow_update(&vm, pam));
		for (u32 i = 0; i < 100; i++)
			check(pam, 0xc0000 + random_below(&r, 0x40000));
	}
}

static void rom_cannot_be_written(void **state)
{
	u8 before = rom[5];
	const u8 *p;
	struct access a = {
		.addr = ROM_TOP + 5, .value = 0x1122, .count = 1000000, .size = 2, .write = true
	};
	struct trap_region region;

	(void)state;
	assert_true(top_mapped);
	assert_true(shadow_rom(&vm, GUEST_HIGH_BASE - 16, 16, &p));
	assert_ptr_equal(p, rom + ROM_LEN - 16);
	assert_false(shadow_rom(&vm, GUEST_HIGH_BASE - 8, 16, &p));
	assert_false(shadow_rom(&vm, ROM_TOP - 1, 1, &p));
	assert_true(trap_find(&vm.traps, TRAP_MMIO, ROM_TOP + 5, 2, &region));
	assert_int_equal(region.fn(region.ctx, NULL, 5, &a), TRAP_DONE);
	assert_int_equal(rom[5], before);
	assert_true(a.count <= ROM_LEN / 2);
}

static void unusable_files_are_no_rom(void **state)
{
	static const u64 lens[] = { 0, 1, KIB(64) + 1, MIB(16) + PAGE_SIZE };
	const u8 *p;

	(void)state;
	for (u32 i = 0; i < ARRAY_SIZE(lens); i++) {
		memset(&vm.shadow, 0, sizeof(vm.shadow));
		memset(&vm.traps, 0, sizeof(vm.traps));
		files.files[0].len = lens[i];
		assert_int_equal(shadow_create(&vm), 0);
		assert_false(shadow_rom(&vm, GUEST_HIGH_BASE - 16, 1, &p));
	}
	config.firmware = FILE_NONE;
	memset(&vm.traps, 0, sizeof(vm.traps));
	assert_int_equal(shadow_create(&vm), 0);
	assert_false(shadow_rom(&vm, 0xffff0, 1, &p));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(every_setting_does_as_it_says, setup),
		cmocka_unit_test_setup(rom_cannot_be_written, setup),
		cmocka_unit_test_setup(unusable_files_are_no_rom, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
