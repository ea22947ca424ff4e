/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/* sources: tests/unit/pci_stubs.c */

/* Devices on the PCI bus: templates that the device domain sends, honest or not, MSI-X, INTx pins,
 * doorbells and the window into BARs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "pci_internal.h"
#include "pci_stubs.h"
#include "random.h"

#define DEV   0x10 /* 00:02.0 */
#define BAR2  (GUEST_MMIO_BASE + MIB(16))
#define TABLE BAR2
#define PBA   (BAR2 + 0x800)

static u16 device;

static int setup(void **state)
{
	struct pci_template t;

	(void)state;
	stubs_setup(GIB(1), false);
	stubs_template(&t, DEV);
	device = (u16)pci_add(&stubs.vm, &t);
	assert_int_equal(device, 3);
	ecam_write(DEV, PCI_COMMAND, 2, 7);
	return 0;
}

static void test_add(void **state)
{
	struct pci_template t;

	(void)state;
	stubs_template(&t, DEV);
	assert_int_equal(pci_add(&stubs.vm, &t), device);
	t.reserved0 = 1;
	t.config[0x10] = 0x77; /* has no meaning, makes no other device */
	assert_int_equal(pci_add(&stubs.vm, &t), device);
	t.config[2] ^= 1;
	assert_int_equal(pci_add(&stubs.vm, &t), -EEXIST);
	stubs_template(&t, 0);
	assert_int_equal(pci_add(&stubs.vm, &t), -EEXIST);
	stubs_template(&t, 0xf8);
	assert_int_equal(pci_add(&stubs.vm, &t), -EEXIST);
	for (u8 i = 4; i <= PCI_MAX_FUNCTIONS; i++) {
		stubs_template(&t, (u8)(DEV + i));
		assert_int_equal(pci_add(&stubs.vm, &t), i);
	}
	stubs_template(&t, DEV + 1);
	assert_int_equal(pci_add(&stubs.vm, &t), -ENOSPC);
}

struct hostile {
	u32 offset;
	u8 len;
	u64 value;
};
#define FIELD(f, v)                                                                        \
	{                                                                                  \
		offsetof(struct pci_template, f), sizeof(((struct pci_template *)0)->f), v \
	}

/* Each change alone makes the template one that must be refused. */
static void test_hostile_templates(void **state)
{
	static const struct hostile changes[] = {
		FIELD(bars[0].size, 0),
		FIELD(bars[0].size, 3 * MIB(4)),
		FIELD(bars[0].size, 2048),
		FIELD(bars[0].size, MIB(32)), /* more than there is VRAM */
		FIELD(bars[2].size, 8),
		FIELD(bars[2].size, GIB(2)),
		FIELD(bars[2].size, BIT(63)),
		FIELD(bars[2].size, 1024), /* PBA behind it */
		FIELD(bars[4].size, 512),
		FIELD(bars[4].size, 2),
		FIELD(bars[4].is_64bit, 1),
		FIELD(bars[4].kind, 4),
		FIELD(bars[3].kind, PCI_BAR_MMIO), /* the upper half of BAR 2 */
		FIELD(bars[5].kind, PCI_BAR_MMIO), /* no size */
		FIELD(msix_cap, 0),
		FIELD(msix_cap, 0x41),
		FIELD(msix_cap, 0x50),
		FIELD(msix_cap, 0xfc),
		FIELD(msix_cap, 0x10),
		FIELD(msix_vectors, 0),
		FIELD(msix_vectors, PCI_MAX_MSIX + 1),
		FIELD(msix_vectors, 0xffff),
		FIELD(msix_bar, 0),
		FIELD(msix_bar, 3),
		FIELD(msix_bar, 4),
		FIELD(msix_bar, 6),
		FIELD(msix_bar, 255),
		FIELD(msix_pba, 0),
		FIELD(msix_pba, 0x38), /* in the table */
		FIELD(msix_pba, 0x804),
		FIELD(msix_pba, KIB(16)),
		FIELD(msix_pba, 0xfffffff8),
		FIELD(window_cap, 0x40),
		FIELD(window_cap, 0x54),
		FIELD(window_cap, 0xf0),
		FIELD(config[0x53], 1),
		FIELD(config[0x34], 0x41),
		FIELD(config[0x34], 0x3c),
		FIELD(config[0x51], 0x40), /* a loop */
		FIELD(config[0x41], 0),	   /* the window is not in the list */
		FIELD(config[0x0e], 1),
		FIELD(config[0x3d], 5),
	};
	struct pci_template t;

	(void)state;
	for (u32 i = 0; i < ARRAY_SIZE(changes); i++) {
		stubs_template(&t, DEV + 8);
		memcpy((u8 *)&t + changes[i].offset, &changes[i].value, changes[i].len);
		if (pci_add(&stubs.vm, &t) != -EINVAL)
			fail_msg("change %u was accepted", i);
	}
	stubs_template(&t, DEV + 8);
	t.bars[5] = t.bars[2]; /* a 64-bit BAR without an upper half */
	assert_int_equal(pci_add(&stubs.vm, &t), -EINVAL);
	stubs_template(&t, DEV + 8);
	assert_int_equal(pci_add(&stubs.vm, &t), 4);
}

/* Random templates: refused, or good enough for a guest that touches everything. */
static void test_random_templates(void **state)
{
	struct pci_template t;
	struct random r = random_seeded("templates");
	u64 accepted = 0, rounds = test_rounds(20000);

	(void)state;
	for (u64 round = 0; round < rounds; round++) {
		if (round % 13 == 0)
			stubs_setup(GIB(1), false);
		stubs_template(&t, (u8)round);
		for (u64 n = 0; n < 1 + round % 3; n++)
			((u8 *)&t)[random_below(&r, n ? sizeof(t) : 128)] = (u8)random_next(&r);
		if (pci_add(&stubs.vm, &t) <= 0)
			continue;
		accepted++;
		for (u32 at = 0; at < 256; at += 4)
			ecam_write(t.devfn, at, 4, random_next(&r));
		ecam_write(t.devfn, PCI_COMMAND, 2, 7);
		for (u32 n = 0; n < PCI_MAX_FUNCTIONS * 6; n++) {
			const struct pci_bar *bar = &stubs.vm.pci.functions[n / 6].bars[n % 6];

			for (u32 at = 0; bar->mapped && at < 4096; at += 252)
				stubs_write(TRAP_MMIO, bar->addr + at, 4, at);
		}
	}
	assert_true(accepted > rounds / 20);
}

static void set_vector(u32 vector, u64 address, u32 data, u32 control)
{
	stubs_write(TRAP_MMIO, TABLE + vector * 16, 8, address);
	stubs_write(TRAP_MMIO, TABLE + vector * 16 + 8, 4, data);
	stubs_write(TRAP_MMIO, TABLE + vector * 16 + 12, 4, control);
}

static void test_msix_table(void **state)
{
	(void)state;
	assert_int_equal(stubs_read(TRAP_MMIO, TABLE + 0x1c, 4), 1);
	set_vector(1, 0x1fee01003, 0x4021, 0xfffffffe);
	assert_int_equal(stubs_read(TRAP_MMIO, TABLE + 0x10, 8), 0x1fee01000);
	assert_int_equal(stubs_read(TRAP_MMIO, TABLE + 0x14, 4), 1);
	assert_int_equal(stubs_read(TRAP_MMIO, TABLE + 0x18, 8), 0x4021);
	assert_int_equal(stubs_read(TRAP_MMIO, TABLE + 0x18, 2), 0xffff);
	assert_int_equal(stubs_read(TRAP_MMIO, TABLE + 0x16, 4), 0xffffffff);
	assert_int_equal(stubs_read(TRAP_MMIO, TABLE + 0x3e, 4), 0xffffffff); /* half in it */
	stubs_write(TRAP_MMIO, PBA, 8, ~0ULL);
	assert_int_equal(stubs_read(TRAP_MMIO, PBA, 8), 0);
	assert_int_equal(stubs.request_count, 0);
	stubs_read(TRAP_MMIO, TABLE + 0x40, 4);
	stubs_read(TRAP_MMIO, PBA + 8, 4);
	assert_int_equal(stubs.request_count, 2);
}

static void test_msix_repeated(void **state)
{
	struct access a = { .addr = TABLE + 0x14, .count = 0xffffffff, .size = 4, .write = true };

	(void)state;
	a.value = 0xabcdef01;
	assert_int_equal(stubs_access(TRAP_MMIO, &a), TRAP_DONE);
	assert_int_equal(a.count, (0x40 - 0x14) / 4);
	assert_int_equal(stubs_read(TRAP_MMIO, TABLE + 0x10, 8), 0xabcdef0100000000);
	assert_int_equal(stubs_read(TRAP_MMIO, TABLE + 0x30, 8), 0xabcdef01abcdef00);
	assert_int_equal(stubs_read(TRAP_MMIO, PBA, 8), 0);
}

static void expect_messages(u32 count)
{
	assert_int_equal(stubs.message_count, count);
}

static void test_msix_delivery(void **state)
{
	(void)state;
	assert_int_equal(pci_msix(&stubs.vm, device, 4), -EINVAL);
	assert_int_equal(pci_msix(&stubs.vm, device + 1, 0), -EINVAL);
	assert_int_equal(pci_msix(&stubs.vm, 0, 0), -EINVAL);
	assert_int_equal(pci_msix(&stubs.vm, 1, 0), -EINVAL);
	assert_int_equal(pci_msix(&stubs.vm, device, 0), -ENODEV); /* disabled */
	set_vector(0, 0xfee00000, 0x30, 0);
	set_vector(2, 0xfee02000, 0x32, 0);
	assert_int_equal(stubs_read(TRAP_MMIO, PBA, 4), 0);
	ecam_write(DEV, 0x42, 2, 0xc000); /* enabled, function masked */
	expect_messages(0);
	assert_int_equal(pci_msix(&stubs.vm, device, 2), -EAGAIN);
	assert_int_equal(pci_msix(&stubs.vm, device, 0), -EAGAIN);
	assert_int_equal(stubs_read(TRAP_MMIO, PBA, 8), 5);
	ecam_write(DEV, 0x42, 2, 0x8000);
	expect_messages(2);
	assert_int_equal(stubs.messages[0].data, 0x30);
	assert_int_equal(stubs.messages[1].address, 0xfee02000);
	assert_int_equal(stubs_read(TRAP_MMIO, PBA, 8), 0);
	assert_int_equal(pci_msix(&stubs.vm, device, 0), 0);
	expect_messages(3);
	stubs_write(TRAP_MMIO, TABLE + 12, 4, 1);
	assert_int_equal(pci_msix(&stubs.vm, device, 0), -EAGAIN);
	assert_int_equal(pci_msix(&stubs.vm, device, 0), -EAGAIN);
	assert_int_equal(pci_msix(&stubs.vm, device, 2), 0);
	expect_messages(4);
	stubs_write(TRAP_MMIO, TABLE + 12, 4, 0);
	expect_messages(5);
	ecam_write(DEV, PCI_COMMAND, 2, 3); /* no bus mastering: no messages */
	assert_int_equal(pci_msix(&stubs.vm, device, 0), -EAGAIN);
	ecam_write(DEV, PCI_COMMAND, 2, 7);
	expect_messages(6);
	assert_int_equal(pci_msix(&stubs.vm, device, 1), -EAGAIN);
	pci_reset(&stubs.vm);
	ecam_write(DEV, PCI_COMMAND, 2, 7);
	assert_int_equal(stubs_read(TRAP_MMIO, PBA, 8), 0);
	assert_int_equal(stubs_read(TRAP_MMIO, TABLE + 12, 4), 1);
	expect_messages(6);
}

static void test_intx(void **state)
{
	struct pci_template t;
	u16 other;

	(void)state;
	stubs_template(&t, DEV + 0x20); /* four devices on: the same input */
	other = (u16)pci_add(&stubs.vm, &t);
	assert_int_equal(pci_intx(&stubs.vm, 1, true), -EINVAL);
	assert_int_equal(pci_intx(&stubs.vm, 99, true), -EINVAL);
	assert_int_equal(pci_intx(&stubs.vm, device, true), 0);
	assert_int_equal(stubs.lines, 1U << 18);
	assert_int_equal(ecam_read(DEV, PCI_STATUS, 2), PCI_STATUS_CAPABILITIES | 8);
	assert_int_equal(pci_intx(&stubs.vm, other, true), 0);
	assert_int_equal(pci_intx(&stubs.vm, device, false), 0);
	assert_int_equal(stubs.lines, 1U << 18);
	assert_int_equal(ecam_read(DEV, PCI_STATUS, 2), PCI_STATUS_CAPABILITIES);
	ecam_write(DEV + 0x20, PCI_COMMAND, 2, PCI_COMMAND_INTX_OFF);
	assert_int_equal(stubs.lines, 0);
	assert_int_equal(ecam_read(DEV + 0x20, PCI_STATUS, 2), PCI_STATUS_CAPABILITIES | 8);
	ecam_write(DEV + 0x20, PCI_COMMAND, 2, 0);
	assert_int_equal(stubs.lines, 1U << 18);
	ecam_write(DEV + 0x20, 0x42, 2, 0x8000); /* MSI-X instead */
	assert_int_equal(stubs.lines, 0);
	ecam_write(DEV + 0x20, 0x42, 2, 0);
	assert_int_equal(stubs.lines, 1U << 18);
	pci_reset(&stubs.vm);
	assert_int_equal(stubs.lines, 0);
	stubs_template(&t, DEV + 8);
	t.config[0x3d] = 0;
	assert_int_equal(pci_intx(&stubs.vm, (u16)pci_add(&stubs.vm, &t), true), -EINVAL);
}

static void test_doorbell(void **state)
{
	u64 *counters = stubs.vcpu.counters;

	(void)state;
	assert_int_equal(pci_add_doorbell(&stubs.vm, device, 2, 0x3000, 2, 5), 0);
	assert_int_equal(pci_add_doorbell(&stubs.vm, device, 2, 0x3004, 2, 63), 0);
	assert_int_equal(pci_add_doorbell(&stubs.vm, device, 4, 0, 4, 7), 0);
	memset(counters, 0, sizeof(stubs.vcpu.counters));
	stubs_write(TRAP_MMIO, BAR2 + 0x3000, 2, 0);
	assert_int_equal(stubs.doorbells, BIT(5));
	stubs_write(TRAP_MMIO, BAR2 + 0x3004, 2, 1);
	assert_int_equal(stubs.doorbells, BIT(5) | BIT(63));
	assert_int_equal(counters[STAT_EXIT_DOORBELL], 2);
	assert_int_equal(counters[STAT_EXIT_MMIO], 0);
	stubs_write(TRAP_PIO, 0xc000, 4, 1);
	assert_int_equal(stubs.doorbells, BIT(5) | BIT(7) | BIT(63));
	assert_int_equal(counters[STAT_EXIT_PIO], 0);
	assert_int_equal(stubs.request_count, 0);
	stubs_read(TRAP_MMIO, BAR2 + 0x3000, 2); /* not what was agreed: requests */
	stubs_write(TRAP_MMIO, BAR2 + 0x3000, 4, 0);
	stubs_write(TRAP_MMIO, BAR2 + 0x3002, 2, 0);
	assert_int_equal(stubs.request_count, 3);
	assert_int_equal(counters[STAT_EXIT_DOORBELL], 3);
	pci_reset(&stubs.vm);
	ecam_write(DEV, PCI_COMMAND, 2, 7);
	stubs.doorbells = 0;
	stubs_write(TRAP_MMIO, BAR2 + 0x3000, 2, 0);
	assert_int_equal(stubs.doorbells, BIT(5));
}

static void test_doorbell_refusals(void **state)
{
	(void)state;
	assert_int_equal(pci_add_doorbell(&stubs.vm, 0, 2, 0x3000, 2, 5), -EINVAL);
	assert_int_equal(pci_add_doorbell(&stubs.vm, 1, 2, 0x3000, 2, 5), -EINVAL);
	assert_int_equal(pci_add_doorbell(&stubs.vm, device, 0, 0x3000, 2, 5), -EINVAL);
	assert_int_equal(pci_add_doorbell(&stubs.vm, device, 6, 0x3000, 2, 5), -EINVAL);
	assert_int_equal(pci_add_doorbell(&stubs.vm, device, 2, 0x3000, 8, 5), -EINVAL);
	assert_int_equal(pci_add_doorbell(&stubs.vm, device, 2, 0x3fff, 2, 5), -EINVAL);
	assert_int_equal(pci_add_doorbell(&stubs.vm, device, 2, ~0ULL, 2, 5), -EINVAL);
	assert_int_equal(pci_add_doorbell(&stubs.vm, device, 2, 0x3000, 2, 64), -EINVAL);
	assert_int_equal(pci_add_doorbell(&stubs.vm, device, 2, 0x10, 4, 5), -EINVAL); /* table */
	assert_int_equal(pci_add_doorbell(&stubs.vm, device, 2, 0x3000, 2, 5), 0);
	assert_int_equal(pci_add_doorbell(&stubs.vm, device, 2, 0x3000, 2, 5), 0);
	assert_int_equal(pci_add_doorbell(&stubs.vm, device, 2, 0x3000, 2, 6), -EEXIST);
	assert_int_equal(pci_add_doorbell(&stubs.vm, device, 2, 0x3001, 1, 5), -EEXIST);
	for (u32 i = 1; i < PCI_MAX_DOORBELLS; i++)
		assert_int_equal(pci_add_doorbell(&stubs.vm, device, 2, 0x3000 + i * 2, 2, (u8)i),
				 0);
	assert_int_equal(pci_add_doorbell(&stubs.vm, device, 2, 0x2000, 2, 5), -ENOSPC);
	assert_int_equal(pci_add_doorbell(&stubs.vm, device, 2, 0x3000, 2, 5), 0);
}

static void set_window(u8 bar, u32 offset, u32 len)
{
	ecam_write(DEV, 0x54, 1, bar);
	ecam_write(DEV, 0x58, 4, offset);
	ecam_write(DEV, 0x5c, 4, len);
}

static void test_window(void **state)
{
	struct access a = {
		.addr = GUEST_ECAM_BASE + DEV * 4096 + 0x60, .value = ~0ULL, .count = 1, .size = 4
	};

	(void)state;
	ecam_write(DEV, PCI_COMMAND, 2, 0); /* works without decoding */
	assert_int_equal(pci_add_doorbell(&stubs.vm, device, 2, 0x3000, 2, 5), 0);
	set_window(2, 0x1004, 2);
	assert_int_equal(ecam_read(DEV, 0x58, 8), 0x0000000200001004);
	assert_int_equal(stubs_access(TRAP_MMIO, &a), TRAP_DEFER);
	assert_int_equal(stubs.requests[0].addr, 0x1004);
	assert_int_equal(stubs.requests[0].access.size, 2);
	assert_false(stubs.requests[0].access.write);
	ecam_write(DEV, 0x60, 4, 0x12345678);
	assert_int_equal(stubs.requests[1].access.value, 0x5678);
	assert_true(stubs.requests[1].access.write);
	set_window(2, 0x3000, 2);
	ecam_write(DEV, 0x60, 2, 1);
	assert_int_equal(stubs.doorbells, BIT(5));
	set_window(2, 0x1c, 4);
	assert_int_equal(ecam_read(DEV, 0x60, 4), 1);
	stubs_write(TRAP_PIO, 0xcf8, 4, 0x80000060 | DEV << 8);
	assert_int_equal(stubs_read(TRAP_PIO, 0xcfc, 4), 1);
	set_window(4, 0xc, 4);
	ecam_read(DEV, 0x60, 4);
	assert_int_equal(stubs.requests[2].bar, 4);
	assert_int_equal(stubs.request_count, 3);
}

static void test_window_refusals(void **state)
{
	static const u32 windows[][3] = {
		{ 0, 0, 4 },	  { 1, 0, 4 },	    { 5, 0, 4 },      { 6, 0, 4 },
		{ 255, 0, 4 },	  { 2, 0x4000, 4 }, { 2, 0x3ffe, 4 }, { 2, 0xfffffffc, 4 },
		{ 2, 0x1000, 0 }, { 2, 0x1000, 3 }, { 2, 0x1000, 8 }, { 2, 0x1000, 0xffffffff },
		{ 2, 0x1001, 2 }, { 4, 16, 1 },
	};

	(void)state;
	for (u32 i = 0; i < ARRAY_SIZE(windows); i++) {
		set_window((u8)windows[i][0], windows[i][1], windows[i][2]);
		ecam_write(DEV, 0x60, 4, 0xffffffff);
		assert_int_equal(ecam_read(DEV, 0x60, 4), 0);
	}
	assert_int_equal(stubs.request_count, 0);
}

/* An expansion ROM of 5,000 bytes behind a BAR of 8 KiB. */
static void test_rom(void **state)
{
	static u8 file[5000] = { 0x55, 0xaa };
	const u64 base = 0xd0000000;
	struct pci_template t;

	(void)state;
	stubs.handoff.file_count = 1;
	stubs.handoff.files[0] = (struct handoff_file){ .base = (u64)file, .len = sizeof(file) };
	file[4999] = 0x77;
	stubs_template(&t, DEV + 8);
	t.rom_file = 0;
	assert_true(pci_add(&stubs.vm, &t) > 0);
	ecam_write(DEV + 8, PCI_ROM, 4, 0xfffff800);
	assert_int_equal(ecam_read(DEV + 8, PCI_ROM, 4), 0xffffe000);
	ecam_write(DEV + 8, PCI_COMMAND, 2, 2);
	ecam_write(DEV + 8, PCI_ROM, 4, base);
	assert_int_equal(stubs_read(TRAP_MMIO, base, 2), 0xffff); /* not enabled */
	ecam_write(DEV + 8, PCI_ROM, 4, base | 1);
	assert_int_equal(stubs_read(TRAP_MMIO, base, 2), 0xaa55);
	assert_int_equal(stubs_read(TRAP_MMIO, base + 4999, 1), 0x77);
	assert_int_equal(stubs_read(TRAP_MMIO, base + 4998, 4), 0xffff7700);
	assert_int_equal(stubs_read(TRAP_MMIO, base + 8188, 4), 0xffffffff);
	stubs_write(TRAP_MMIO, base, 4, 0);
	assert_int_equal(file[0], 0x55);
	ecam_write(DEV + 8, PCI_ROM, 4, (base + 0x2000) | 1);
	assert_int_equal(stubs_read(TRAP_MMIO, base, 2), 0xffff);
	assert_int_equal(stubs_read(TRAP_MMIO, base + 0x2000, 2), 0xaa55);
	ecam_write(DEV + 8, PCI_ROM, 4, 0x100000 | 1); /* RAM: not there */
	assert_int_equal(stubs_read(TRAP_MMIO, 0x100000, 2), 0xffff);
	ecam_write(DEV + 8, PCI_ROM, 4, base | 1);
	ecam_write(DEV + 8, PCI_COMMAND, 2, 0);
	assert_int_equal(stubs_read(TRAP_MMIO, base, 2), 0xffff);
	stubs_check_bus();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_add, setup),
		cmocka_unit_test_setup(test_hostile_templates, setup),
		cmocka_unit_test_setup(test_random_templates, setup),
		cmocka_unit_test_setup(test_msix_table, setup),
		cmocka_unit_test_setup(test_msix_repeated, setup),
		cmocka_unit_test_setup(test_msix_delivery, setup),
		cmocka_unit_test_setup(test_intx, setup),
		cmocka_unit_test_setup(test_doorbell, setup),
		cmocka_unit_test_setup(test_doorbell_refusals, setup),
		cmocka_unit_test_setup(test_window, setup),
		cmocka_unit_test_setup(test_window_refusals, setup),
		cmocka_unit_test_setup(test_rom, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
