/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/* sources: hv/host_nic.c arch/fake/fake_log.c */
/*
 * Finding the machine's network card: a configuration space of a bridge, something else and a
 * card; BARs, and each way to interrupt.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include <arch/cpu.h>
#include <arch/io.h>
#include "host_nic.h"
#include "host_pci.h"

#define BRIDGE	    (2 << 3)
#define OTHER	    (3 << 3)
#define CARD	    (1 << 8 | 1) /* behind the bridge, its second function */
#define ADDRESS	    0xfee01000ULL
#define MSI	    0x50
#define MSI_X	    0x70
#define REGISTER(n) (function(CARD)[(n) / 4])

static struct {
	u32 config[3][64];
	u32 table[4]; /* of MSI-X */
	u32 level, unmasked;
	bool no_message;
} world;

static u32 *function(u16 location)
{
	return location == BRIDGE     ? world.config[0]
	       : location == OTHER    ? world.config[1]
	       : location == CARD     ? world.config[2]
	       : location == (1 << 8) ? world.config[1]
				      : NULL;
}

u32 host_pci_read(u16 location, u32 offset)
{
	const u32 *f = function(location);

	return f ? f[offset / 4] : ~0U;
}

/* BAR 0: 128 KiB; 1: I/O; 2 and 3: 16 KiB of 64 bits; 4: 256 bytes. */
void host_pci_write(u16 location, u32 offset, u32 value)
{
	static const u32 masks[] = {
		0xfffe0000, 0xffffffe0, 0xffffc000, 0xffffffff, 0xffffff00, 0
	};
	u32 *f = function(location);
	u32 bar = (offset - 0x10) / 4;

	assert_ptr_equal(f, world.config[2]);
	if (offset == 4) { /* status: a one clears, as it does in the card */
		f[1] = (f[1] & 0xffff0000 & ~value) | (value & 0xffff);
		return;
	}
	if (offset < 0x10 || bar > 5) {
		f[offset / 4] = value;
		return;
	}
	assert_int_equal(f[1] & 7, 0); /* it decodes nothing meanwhile */
	f[offset / 4] = (value & masks[bar]) | (bar == 1 ? 1 : bar == 2 ? 0xc : 0);
}

void *device_map(hpa_t base, u64 len)
{
	assert_int_equal(base, 0x1234c000 + 0x2000);
	assert_int_equal(len, 16);
	return world.table;
}

int irq_host_message(u64 *address, u32 *data)
{
	*address = ADDRESS;
	*data = 0x40;
	return world.no_message ? -ENOTSUP : 0;
}

void irq_host_level(u32 isa_irq)
{
	world.level = isa_irq;
}

void irq_host_unmask(u32 isa_irq)
{
	world.unmasked = isa_irq;
}

static int setup(void **state)
{
	u32 *bridge = world.config[0], *other = world.config[1], *card = world.config[2];

	(void)state;
	memset(&world, 0, sizeof(world));
	bridge[0] = 0x29188086;
	bridge[2] = 0x06040000;
	bridge[3] = 0x00010000;
	bridge[6] = 0x00010100; /* secondary and subordinate 1 */
	other[0] = 0x12341234;
	other[2] = 0x02000000; /* a card that there is no driver for */
	other[3] = 0x00800000;
	card[0] = 0x100e8086;
	card[1] = 0xffff0007;
	card[2] = 0x02000003;
	card[4] = 0xfebc0000;
	card[5] = 0xc001;
	card[6] = 0x1234c00c;
	card[8] = 0xfebf0100;
	card[0x3c / 4] = 0x0000010b;
	card[0x34 / 4] = MSI;
	return 0;
}

static struct dm_nic find(hpa_t bars[6])
{
	struct dm_nic nic = { 0 };

	assert_int_equal(host_nic_find(&nic, bars), 0);
	assert_int_equal(nic.location, CARD);
	assert_int_equal(nic.kind, NIC_E1000);
	assert_int_equal(nic.vendor, 0x8086);
	assert_int_equal(REGISTER(4) & 6, 2); /* memory, no bus mastering */
	return nic;
}

static void finds_registers(void **state)
{
	struct dm_nic nic;
	hpa_t bars[6];

	(void)state;
	nic = find(bars);
	assert_int_equal(nic.bar_len[0], 0x20000);
	assert_int_equal(bars[0], 0xfebc0000);
	assert_int_equal(nic.bar_len[1], 0); /* ports */
	assert_int_equal(nic.bar_len[2], 0x4000);
	assert_int_equal(bars[2], 0x1234c000);
	assert_int_equal(nic.bar_len[3], 0);
	assert_int_equal(nic.bar_len[4], 0); /* less than a page */
	assert_int_equal(REGISTER(0x10), 0xfebc0000);
	assert_int_equal(REGISTER(0x18), 0x1234c00c);
}

static void masters_the_bus_only_when_asked(void **state)
{
	hpa_t bars[6];

	(void)state;
	find(bars);
	assert_int_equal(host_nic_enable(true), 0);
	assert_int_equal(REGISTER(4) & 7, 6);
	assert_int_equal(host_nic_enable(false), 0);
	assert_int_equal(REGISTER(4) & 7, 2);
}

static void interrupts_by_line(void **state)
{
	struct dm_nic nic;
	hpa_t bars[6];

	(void)state;
	REGISTER(4) &= 0xffef; /* no capabilities */
	nic = find(bars);
	assert_int_equal(nic.irq, NIC_IRQ_LINE);
	assert_int_equal(world.level, 11);
	assert_int_equal(host_nic_line(), 11);
	assert_int_equal(REGISTER(4) & 0x400, 0);
	assert_int_equal(host_nic_unmask(), 0);
	assert_int_equal(world.unmasked, 11);
}

static void interrupts_by_msi(void **state)
{
	struct dm_nic nic;
	hpa_t bars[6];

	(void)state;
	REGISTER(4) |= 0x100000;
	REGISTER(MSI) = 0x00e00005; /* 64 bits, wants several */
	nic = find(bars);
	assert_int_equal(nic.irq, NIC_IRQ_MSI);
	assert_int_equal(host_nic_line(), IRQ_MESSAGE);
	assert_int_equal(REGISTER(MSI), 0x00810005);
	assert_int_equal(REGISTER(MSI + 4), ADDRESS);
	assert_int_equal(REGISTER(MSI + 8), 0);
	assert_int_equal(REGISTER(MSI + 12), 0x40);
	assert_int_equal(REGISTER(4) & 0x400, 0x400);
	assert_int_equal(host_nic_unmask(), 0);
	assert_int_equal(world.unmasked, 0);
}

static void interrupts_by_msi_x(void **state)
{
	struct dm_nic nic;
	hpa_t bars[6];

	(void)state;
	REGISTER(4) |= 0x100000;
	REGISTER(MSI) = MSI_X << 8 | 0x09;
	REGISTER(MSI_X) = 0x00020011;
	REGISTER(MSI_X + 4) = 0x2002; /* in BAR 2 */
	world.table[3] = 1;
	nic = find(bars);
	assert_int_equal(nic.irq, NIC_IRQ_MSI_X);
	assert_int_equal(nic.bar_len[2], 0); /* the domain does not get the table */
	assert_int_equal(REGISTER(MSI_X) >> 30, 2);
	assert_int_equal(world.table[0], ADDRESS);
	assert_int_equal(world.table[2], 0x40);
	assert_int_equal(world.table[3], 0);
}

static void refuses_what_cannot_interrupt(void **state)
{
	struct dm_nic nic = { 0 };
	hpa_t bars[6];

	(void)state;
	REGISTER(4) |= 0x100000;
	REGISTER(MSI) = MSI << 8 | 0x11; /* a chain that bites its tail */
	REGISTER(MSI + 4) = 0x7fffffff;	 /* and a table that lies nowhere */
	REGISTER(0x3c) = 0x1ff;
	assert_int_equal(host_nic_find(&nic, bars), -ENODEV);
	assert_int_equal(nic.kind, NIC_NONE);
}

static void finds_none(void **state)
{
	struct dm_nic nic = { 0 };
	hpa_t bars[6];

	(void)state;
	REGISTER(0) = 0x99998086;
	assert_int_equal(host_nic_find(&nic, bars), -ENODEV);
}

#define TEST(name) cmocka_unit_test_setup(name, setup)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(finds_registers),	   TEST(masters_the_bus_only_when_asked),
		TEST(interrupts_by_line),  TEST(interrupts_by_msi),
		TEST(interrupts_by_msi_x), TEST(refuses_what_cannot_interrupt),
		TEST(finds_none),
	};

	return cmocka_run_group_tests_name("host_nic", tests, NULL, NULL);
}
