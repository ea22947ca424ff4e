/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/* sources: tests/unit/pci_stubs.c */

/* Configuration space and BARs: what a guest sees, and where it can put things. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "pci_internal.h"
#include "pci_stubs.h"
#include "random.h"

#define DEV 0x10 /* 00:02.0 */

static void add_device(u8 devfn)
{
	struct pci_template t;

	stubs_template(&t, devfn);
	assert_true(pci_add(&stubs.vm, &t) > 0);
}

static int setup(void **state)
{
	(void)state;
	stubs_setup(GIB(1), false);
	add_device(DEV);
	return 0;
}

static int setup_firmware(void **state)
{
	(void)state;
	stubs_setup(GIB(5), true);
	add_device(DEV);
	return 0;
}

static void test_own_functions(void **state)
{
	(void)state;
	assert_int_equal(ecam_read(0x00, 0, 4), 0x29c08086);
	assert_int_equal(ecam_read(0x00, 8, 4), 0x06000000);
	assert_int_equal(ecam_read(0x00, 0x2c, 4), 0x11001af4);
	assert_int_equal(ecam_read(0x00, 0x60, 8), GUEST_ECAM_BASE | 1);
	ecam_write(0x00, 0x60, 8, 0);
	ecam_write(0x00, 0x90, 1, 0x30);
	assert_int_equal(ecam_read(0x00, 0x60, 8), GUEST_ECAM_BASE | 1);
	assert_int_equal(ecam_read(0x00, 0x90, 1), 0x30);
	assert_int_equal(ecam_read(0xf8, 0, 4), 0x29188086);
	assert_int_equal(ecam_read(0xf8, 8, 4), 0x06010000);
	assert_int_equal(ecam_read(0xf8, 0x40, 4), GUEST_PM_BASE | 1);
	assert_int_equal(ecam_read(0xf8, 0x44, 1), 0x80);
	assert_int_equal(ecam_read(0xf8, 0xf0, 4), 0);
	assert_int_equal(ecam_read(0xf8, 0xe, 1), 0);
}

static void test_absent(void **state)
{
	(void)state;
	assert_int_equal(ecam_read(0x18, 0, 2), 0xffff);
	assert_int_equal(ecam_read(0x18, 0, 8), ~0ULL);
	assert_int_equal(ecam_read(0x11, 0, 4), 0xffffffff);
	assert_int_equal(ecam_read(0x110, 0, 4), 0xffffffff); /* bus 1 */
	ecam_write(0x18, 4, 2, 7);
	assert_int_equal(ecam_read(DEV, 256, 4), 0);
	assert_int_equal(ecam_read(DEV, 4092, 4), 0);
	assert_int_equal(ecam_read(DEV, 252, 8) >> 32, 0);
}

static void test_ports(void **state)
{
	(void)state;
	assert_int_equal(stubs_read(TRAP_PIO, 0xcfc, 4), 0xffffffff);
	stubs_write(TRAP_PIO, 0xcf8, 4, 0x80000000 | DEV << 8);
	assert_int_equal(stubs_read(TRAP_PIO, 0xcf8, 4), 0x80000000 | DEV << 8);
	assert_int_equal(stubs_read(TRAP_PIO, 0xcfc, 4), 0x10501af4);
	assert_int_equal(stubs_read(TRAP_PIO, 0xcfe, 2), 0x1050);
	assert_int_equal(stubs_read(TRAP_PIO, 0xcff, 1), 0x10);
	assert_int_equal(stubs_read(TRAP_PIO, 0xcfe, 4), 0xffffffff);
	stubs_write(TRAP_PIO, 0xcf9, 1, 6); /* the reset register is not PCI's */
	stubs_write(TRAP_PIO, 0xcf8, 2, 0);
	assert_int_equal(stubs_read(TRAP_PIO, 0xcf8, 4), 0x80000000 | DEV << 8);
	assert_int_equal(stubs_read(TRAP_PIO, 0xcf8, 1), 0xff);
	stubs_write(TRAP_PIO, 0xcf8, 4, 0x80010000 | DEV << 8);
	assert_int_equal(stubs_read(TRAP_PIO, 0xcfc, 4), 0xffffffff);
	stubs_write(TRAP_PIO, 0xcf8, 4, 0x8000003c | DEV << 8);
	stubs_write(TRAP_PIO, 0xcfc, 1, 11);
	assert_int_equal(ecam_read(DEV, 0x3c, 2), 0x010b);
}

static void test_header(void **state)
{
	u32 steps = 0;

	(void)state;
	assert_int_equal(ecam_read(DEV, PCI_STATUS, 2), PCI_STATUS_CAPABILITIES);
	for (u64 at = ecam_read(DEV, 0x34, 1); at; at = ecam_read(DEV, (u32)at + 1, 1)) {
		assert_true(at >= 0x40 && at % 4 == 0);
		assert_true(steps++ < 48);
	}
	assert_int_equal(steps, 2);
	ecam_write(DEV, PCI_COMMAND, 2, 0xffff);
	assert_int_equal(ecam_read(DEV, PCI_COMMAND, 2), 0x547);
	assert_int_equal(ecam_read(DEV, PCI_STATUS, 2), PCI_STATUS_CAPABILITIES);
	ecam_write(DEV, 0, 4, 0);
	ecam_write(DEV, 8, 4, 0);
	ecam_write(DEV, PCI_ROM, 4, 0xffffffff);
	assert_int_equal(ecam_read(DEV, PCI_ROM, 4), 0);
	assert_int_equal(ecam_read(DEV, 0, 4), 0x10501af4);
	ecam_write(DEV, 0x40, 4, 0xffffffff);
	assert_int_equal(ecam_read(DEV, 0x40, 4), 0xc0035011); /* 4 vectors */
	assert_int_equal(ecam_read(DEV, 0x44, 8), 0x0000080200000002);
	ecam_write(DEV, 0x44, 8, ~0ULL);
	assert_int_equal(ecam_read(DEV, 0x44, 8), 0x0000080200000002);
}

static u64 size_bar(u32 i)
{
	u32 at = PCI_BAR0 + 4 * i;
	u64 old = ecam_read(DEV, at, 4), mask;

	ecam_write(DEV, at, 4, 0xffffffff);
	mask = ecam_read(DEV, at, 4);
	ecam_write(DEV, at, 4, old);
	assert_int_equal(ecam_read(DEV, at, 4), old);
	return mask;
}

static void test_sizes(void **state)
{
	(void)state;
	for (u32 decode = 0; decode <= 3; decode += 3) {
		ecam_write(DEV, PCI_COMMAND, 2, decode);
		assert_int_equal(size_bar(0), 0xff000008);
		assert_int_equal(size_bar(1), 0);
		assert_int_equal(size_bar(2), 0xffffc00c);
		assert_int_equal(size_bar(3), 0xffffffff);
		assert_int_equal(size_bar(4), 0xfffffff1);
		assert_int_equal(size_bar(5), 0);
	}
	assert_int_equal(stubs.mapping_count, 1);
	assert_int_equal(stubs.logs, 0);
}

static void test_assigned(void **state)
{
	(void)state;
	assert_int_equal(ecam_read(DEV, 0x10, 4), GUEST_MMIO_BASE | 8);
	assert_int_equal(ecam_read(DEV, 0x18, 8), (GUEST_MMIO_BASE + MIB(16)) | 12);
	assert_int_equal(ecam_read(DEV, 0x20, 4), 0xc001);
	assert_int_equal(stubs.mapping_count, 0);
	assert_int_equal(stubs_read(TRAP_MMIO, GUEST_MMIO_BASE + MIB(16) + 0x3000, 4), 0xffffffff);
	assert_int_equal(stubs.request_count, 0);
	ecam_write(DEV, PCI_COMMAND, 2, 7);
	assert_int_equal(stubs.mapping_count, 1);
	assert_int_equal(stubs.mappings[0].gpa, GUEST_MMIO_BASE);
	assert_int_equal(stubs.mappings[0].hpa, STUB_VRAM);
	assert_int_equal(stubs.mappings[0].len, MIB(16));
	stubs_read(TRAP_MMIO, GUEST_MMIO_BASE + MIB(16) + 0x3004, 2);
	stubs_write(TRAP_PIO, 0xc00f, 1, 0x5a);
	assert_int_equal(stubs.request_count, 2);
	assert_int_equal(stubs.requests[0].device, 3);
	assert_int_equal(stubs.requests[0].bar, 2);
	assert_int_equal(stubs.requests[0].addr, 0x3004);
	assert_int_equal(stubs.requests[0].access.size, 2);
	assert_false(stubs.requests[0].access.write);
	assert_int_equal(stubs.requests[1].bar, 4);
	assert_int_equal(stubs.requests[1].addr, 15);
	assert_int_equal(stubs.requests[1].access.value, 0x5a);
	pci_reset(&stubs.vm);
	assert_int_equal(stubs.mapping_count, 0);
	assert_int_equal(ecam_read(DEV, PCI_COMMAND, 2), 0);
	assert_int_equal(ecam_read(DEV, 0x10, 4), GUEST_MMIO_BASE | 8);
	stubs_write(TRAP_PIO, 0xc00f, 1, 0x5a);
	assert_int_equal(stubs.request_count, 2);
	assert_int_equal(stubs.logs, 0);
}

static void test_move(void **state)
{
	(void)state;
	ecam_write(DEV, PCI_COMMAND, 2, 7);
	ecam_write(DEV, 0x10, 4, 0xd0000000);
	assert_int_equal(stubs.syncs, 1);
	assert_int_equal(stubs.mapping_count, 1);
	assert_int_equal(stubs.mappings[0].gpa, 0xd0000000);
	ecam_write(DEV, 0x1c, 4, 0x8); /* BAR 2 to 32 GiB up */
	stubs_read(TRAP_MMIO, GIB(32) + GUEST_MMIO_BASE + MIB(16) + 0x3000, 4);
	assert_int_equal(stubs.request_count, 1);
	stubs_read(TRAP_MMIO, GUEST_MMIO_BASE + MIB(16) + 0x3000, 4);
	assert_int_equal(stubs.request_count, 1);
	ecam_write(DEV, PCI_COMMAND, 2, 1);
	assert_int_equal(stubs.mapping_count, 0);
	assert_int_equal(stubs.syncs, 2);
	stubs_read(TRAP_MMIO, GIB(32) + GUEST_MMIO_BASE + MIB(16) + 0x3000, 4);
	assert_int_equal(stubs.request_count, 1);
	stubs_read(TRAP_PIO, 0xc000, 4);
	assert_int_equal(stubs.request_count, 2);
}

/* Places that a BAR cannot have; each leaves it unmapped, and it can come back. */
static void test_refused_places(void **state)
{
	static const u64 places[] = {
		0,
		MIB(512),
		GIB(1) - MIB(16),
		GUEST_ECAM_BASE,
		GUEST_ECAM_BASE + MIB(240),
		0xfe000000,
		0xff000000,
	};

	(void)state;
	ecam_write(DEV, PCI_COMMAND, 2, 3);
	for (u32 i = 0; i < ARRAY_SIZE(places); i++) {
		ecam_write(DEV, 0x10, 4, places[i]);
		assert_int_equal(stubs.mapping_count, 0);
		assert_int_equal(ecam_read(DEV, 0x10, 4), places[i] | 8);
		ecam_write(DEV, 0x10, 4, 0xd0000000);
		assert_int_equal(stubs.mapping_count, 1);
	}
	assert_int_equal(stubs.logs, 1);
}

static void test_high_ram(void **state)
{
	(void)state;
	assert_int_equal(ecam_read(DEV, 0x10, 4), 8);
	ecam_write(DEV, PCI_COMMAND, 2, 3);
	assert_int_equal(stubs.mapping_count, 0);
	ecam_write(DEV, 0x18, 8, GUEST_HIGH_BASE);
	stubs_read(TRAP_MMIO, GUEST_HIGH_BASE + 0x3000, 4);
	ecam_write(DEV, 0x18, 8, GUEST_HIGH_BASE + GIB(5) - GUEST_LOW_LIMIT - KIB(16));
	stubs_read(TRAP_MMIO, GUEST_HIGH_BASE + GIB(5) - GUEST_LOW_LIMIT - KIB(16) + 0x3000, 4);
	assert_int_equal(stubs.request_count, 0);
	ecam_write(DEV, 0x18, 8, GUEST_HIGH_BASE + GIB(5) - GUEST_LOW_LIMIT);
	stubs_read(TRAP_MMIO, GUEST_HIGH_BASE + GIB(5) - GUEST_LOW_LIMIT + 0x3000, 4);
	assert_int_equal(stubs.request_count, 1);
	ecam_write(DEV, 0x18, 8, BIT(48));
	ecam_write(DEV, 0x18, 8, ~0ULL << 20);
	stubs_read(TRAP_MMIO, ~0ULL << 20, 4);
	assert_int_equal(stubs.request_count, 1);
}

static void test_overlap(void **state)
{
	struct pci_template t;

	(void)state;
	stubs_template(&t, DEV + 8);
	t.bars[4].size = 4;
	assert_true(pci_add(&stubs.vm, &t) > 0);
	ecam_write(DEV, PCI_COMMAND, 2, 3);
	ecam_write(DEV + 8, PCI_COMMAND, 2, 3);
	assert_int_equal(stubs.mapping_count, 2);
	ecam_write(DEV + 8, 0x10, 4, GUEST_MMIO_BASE); /* VRAM over VRAM */
	assert_int_equal(stubs.mapping_count, 1);
	ecam_write(DEV + 8, 0x18, 8, GUEST_MMIO_BASE + MIB(1)); /* registers over VRAM */
	stubs_read(TRAP_MMIO, GUEST_MMIO_BASE + MIB(1) + 0x3000, 4);
	assert_int_equal(stubs.request_count, 0);
	ecam_write(DEV, 0x10, 4, 0xd0000000); /* out of the way: the other is there now */
	assert_int_equal(stubs.mapping_count, 2);
	for (u32 port = 0xcf8; port < 0xd00; port += 4) {
		ecam_write(DEV + 8, 0x20, 4, port);
		stubs_read(TRAP_PIO, port, 1);
		ecam_write(DEV + 8, 0x20, 4, 0xc100);
		stubs_write(TRAP_PIO, 0xcf8, 4, 0xffffffff);
		assert_int_equal(stubs_read(TRAP_PIO, 0xcf8, 4), 0x80fffffc);
	}
	ecam_write(DEV + 8, 0x20, 4, 0x10000);
	stubs_read(TRAP_PIO, 0x10000, 4);
	assert_int_equal(stubs.request_count, 0);
}

static void test_no_pages(void **state)
{
	(void)state;
	stubs.map_error = -ENOMEM;
	ecam_write(DEV, PCI_COMMAND, 2, 3);
	assert_int_equal(stubs.mapping_count, 0);
	assert_int_equal(stubs.logs, 1);
	stubs.map_error = 0;
	ecam_write(DEV, PCI_COMMAND, 2, 3);
	assert_int_equal(stubs.mapping_count, 1);
}

static void test_repeated_write(void **state)
{
	struct access a = { .addr = GUEST_ECAM_BASE + DEV * 4096 + 0x3c,
			    .value = 0x5555,
			    .count = 0xffffffff,
			    .size = 2,
			    .write = true };

	(void)state;
	assert_int_equal(stubs_access(TRAP_MMIO, &a), TRAP_DONE);
	assert_int_equal(ecam_read(DEV, 0x3c, 1), 0x55);
	assert_int_equal(a.count, (4096 - 0x3c) / 2);
	ecam_write(DEV, PCI_COMMAND, 2, 3);
	a.count = 0xffffffff;
	a.addr = GUEST_MMIO_BASE + MIB(16) + KIB(16) - 6;
	assert_int_equal(stubs_access(TRAP_MMIO, &a), TRAP_DEFER);
	assert_int_equal(stubs.requests[0].access.count, 3);
	assert_int_equal(a.count, 3);
}

/* Values that land in interesting places more often than by chance. */
static u64 random_value(struct random *r)
{
	static const u64 bases[] = { 0,		 GUEST_ECAM_BASE, GUEST_MMIO_BASE, 0xc1000000,
				     0xd0000000, 0xfe000000,	  0xffffffff,	   0xc000,
				     0xcf8,	 0x547,		  MIB(768) };

	return bases[random_below(r, ARRAY_SIZE(bases))] +
	       (random_below(r, 4) ? 0 : random_below(r, 65536));
}

static void test_random(void **state)
{
	struct random r = random_seeded("configuration");

	(void)state;
	add_device(DEV + 8);
	add_device(DEV + 16);
	for (u64 round = 0; round < test_rounds(60000); round++) {
		u32 devfn = DEV + 8 * (u32)random_below(&r, 3), at = (u32)random_below(&r, 260);
		u8 size = (u8)(1U << random_below(&r, 4));

		if (random_below(&r, 2))
			at = PCI_BAR0 + 4 * (u32)random_below(&r, 6);
		if (!random_below(&r, 4))
			at = PCI_COMMAND;
		ecam_write(devfn, at, size, random_value(&r));
		ecam_read(devfn, (u32)random_below(&r, 4095), size);
		stubs_read(TRAP_MMIO, GUEST_MMIO_BASE + random_below(&r, BIT(24)) * 4, size);
		if (!random_below(&r, 500))
			pci_reset(&stubs.vm);
		stubs_check_bus();
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_own_functions, setup),
		cmocka_unit_test_setup(test_absent, setup),
		cmocka_unit_test_setup(test_ports, setup),
		cmocka_unit_test_setup(test_header, setup),
		cmocka_unit_test_setup(test_sizes, setup),
		cmocka_unit_test_setup(test_assigned, setup),
		cmocka_unit_test_setup(test_move, setup),
		cmocka_unit_test_setup(test_refused_places, setup),
		cmocka_unit_test_setup(test_high_ram, setup_firmware),
		cmocka_unit_test_setup(test_overlap, setup),
		cmocka_unit_test_setup(test_no_pages, setup),
		cmocka_unit_test_setup(test_repeated_write, setup),
		cmocka_unit_test_setup(test_random, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
