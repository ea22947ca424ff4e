/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/* sources: dm/devices/acpi.c tests/unit/dm_stubs.c */

/* The guest's ACPI tables: reachable from the RSDP, summed up right, saying what they should. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "dm/devices/acpi.h"
#include "dm_stubs.h"

#define BASE 0xe0000ULL

static u8 tables[ACPI_MAX_BYTES];
static int length;

static u32 address_bits = 40;

static u64 get(u64 gpa, u32 size)
{
	u64 value = 0;

	assert_true(gpa >= BASE && gpa - BASE + size <= (size_t)length);
	memcpy(&value, tables + (gpa - BASE), size);
	return value;
}

static void sums_up(u64 gpa, u64 len)
{
	u8 sum = 0;

	for (u64 i = 0; i < len; i++)
		sum = (u8)(sum + get(gpa + i, 1));
	assert_int_equal(sum, 0);
}

static void build(u32 cpus, u32 input)
{
	dm_stubs_setup(0);
	dm_stubs.info.config.vms[0].cpus = cpus;
	dm_stubs.info.config.vms[0].input = input;
	dm_stubs.info.address_bits = address_bits;
	length = acpi_build(&dm_vms[0], BASE, tables, sizeof(tables));
	assert_true(length > 0);
}

/* The table of that signature, its sum checked; 0: none. */
static u64 find(const char *signature)
{
	u64 xsdt = get(BASE + 24, 8);
	u64 end = xsdt + get(xsdt + 4, 4);

	for (u64 at = xsdt + 36; at < end; at += 8) {
		u64 table = get(at, 8);

		sums_up(table, get(table + 4, 4));
		if (memcmp(tables + (table - BASE), signature, 4) == 0)
			return table;
	}
	return 0;
}

static u64 dsdt_without; /* keyboard and mouse: its length */

static void root_points_to_sound_tables(void **state)
{
	u64 fadt, dsdt, rsdt, xsdt;

	(void)state;
	build(1, 0);
	assert_memory_equal(tables, "RSD PTR ", 8);
	sums_up(BASE, 20);
	sums_up(BASE, 36);
	rsdt = get(BASE + 16, 4);
	xsdt = get(BASE + 24, 8);
	assert_memory_equal(tables + (rsdt - BASE), "RSDT", 4);
	sums_up(rsdt, get(rsdt + 4, 4));
	assert_int_equal(get(rsdt + 4, 4) - 36, (get(xsdt + 4, 4) - 36) / 2);
	for (u64 i = 0; i < (get(rsdt + 4, 4) - 36) / 4; i++)
		assert_int_equal(get(rsdt + 36 + 4 * i, 4), get(xsdt + 36 + 8 * i, 8));
	fadt = find("FACP");
	assert_int_not_equal(fadt, 0);
	dsdt = get(fadt + 140, 8);
	assert_int_equal(dsdt, get(fadt + 40, 4));
	assert_memory_equal(tables + (dsdt - BASE), "DSDT", 4);
	sums_up(dsdt, get(dsdt + 4, 4));
	assert_int_equal(get(get(fadt + 36, 4), 4), 0x53434146); /* FACS */
	assert_int_equal(get(fadt + 36, 4) % 64, 0);
	assert_int_equal(get(fadt + 46, 2), GUEST_SCI_GSI);
	assert_int_equal(get(fadt + 76, 4), GUEST_PM_BASE + 8);
	assert_int_equal(get(fadt + 109, 2) & 2, 0); /* no 8042 */
	assert_int_equal(get(fadt + 120, 8), 0xcf9);
	assert_int_equal(get(fadt + 128, 1), 6);
	dsdt_without = get(dsdt + 4, 4);
}

static void processors_are_listed(void **state)
{
	u64 madt, end;
	u32 lapics = 0;

	(void)state;
	build(8, INPUT_PS2);
	madt = find("APIC");
	end = madt + get(madt + 4, 4);
	for (u64 at = madt + 44; at < end; at += get(at + 1, 1)) {
		assert_true(get(at + 1, 1) >= 2);
		if (get(at, 1) == 0)
			assert_int_equal(get(at + 3, 1), lapics++);
	}
	assert_int_equal(lapics, 8);
	assert_int_equal(get(find("FACP") + 109, 2) & 2, 2);
	assert_true(get(get(find("FACP") + 40, 4) + 4, 4) > dsdt_without);
	assert_int_equal(get(find("MCFG") + 44, 8), GUEST_ECAM_BASE);
}

static void a_missing_vga_is_told(void **state)
{
	static const u8 without[] = { [DISPLAY_VIRTIO_GPU] = 1, [DISPLAY_NONE] = 1 };

	(void)state;
	for (u32 display = 0; display < sizeof(without); display++) {
		dm_stubs_setup(0);
		dm_stubs.info.config.vms[0].display = display;
		length = acpi_build(&dm_vms[0], BASE, tables, sizeof(tables));
		assert_int_equal(get(find("FACP") + 109, 2) >> 2 & 1, without[display]);
	}
}

/* The one QWord address space descriptor of the host bridge: where it ends, and its length. */
static void window_ends_at(u32 bits, u64 end)
{
	u64 dsdt, last = 0, size = 0, found = 0;

	address_bits = bits;
	build(1, INPUT_PS2);
	dsdt = get(find("FACP") + 140, 8);
	sums_up(dsdt, get(dsdt + 4, 4));
	for (u64 at = dsdt; at < dsdt + get(dsdt + 4, 4) - 46; at++)
		if (get(at, 3) == 0x2b8a && get(at + 14, 8) == GUEST_MMIO64_BASE) {
			last = get(at + 22, 8);
			size = get(at + 38, 8);
			found++;
		}
	address_bits = 40;
	assert_int_equal(found, 1);
	assert_int_equal(last, end - 1);
	assert_int_equal(size, end - GUEST_MMIO64_BASE);
}

static void large_bars_have_room_where_addresses_end(void **state)
{
	(void)state;
	window_ends_at(40, 1ULL << 40);
	window_ends_at(39, 1ULL << 39);
	window_ends_at(52, 1ULL << 48);
	window_ends_at(0, 1ULL << 36);
	window_ends_at(255, 1ULL << 48);
}

static void too_little_room_is_told(void **state)
{
	(void)state;
	build(8, INPUT_PS2);
	for (int size = 36; size < length; size++)
		assert_int_equal(acpi_build(&dm_vms[0], BASE, tables, (size_t)size), -ENOSPC);
	assert_int_equal(acpi_build(&dm_vms[0], BASE, tables, (size_t)length), length);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(root_points_to_sound_tables),
		cmocka_unit_test(processors_are_listed),
		cmocka_unit_test(a_missing_vga_is_told),
		cmocka_unit_test(large_bars_have_room_where_addresses_end),
		cmocka_unit_test(too_little_room_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
