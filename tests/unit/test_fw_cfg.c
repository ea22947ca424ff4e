/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/* sources: dm/devices/fw_cfg.c dm/devices/fw_cfg_items.c dm/devices/fw_cfg_acpi.c */
/* sources: dm/devices/fw_cfg_smbios.c dm/devices/acpi.c tests/unit/dm_stubs.c */

/* The channel to firmware: items by port and by DMA, and tables that the loader's commands put
 * right. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "dm/devices.h"
#include "dm/devices/fw_cfg.h"
#include "dm_stubs.h"

static struct dm_device *d;

static int setup(void **state)
{
	struct vm_config *config;

	(void)state;
	dm_stubs_setup(MIB(32));
	config = &dm_stubs.info.config.vms[0];
	config->cpus = 2;
	config->firmware = 0;
	config->disk = 1;
	config->cdrom = FILE_NONE;
	config->input = INPUT_PS2;
	d = dm_stubs_device(&fw_cfg_ops);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	dm_stubs_teardown();
	return 0;
}

static void choose(u16 key)
{
	dm_stubs_out(d, 0x510, 2, key);
}

static u64 number(u32 size)
{
	u64 value = 0;

	for (u32 i = 0; i < size; i++)
		value |= dm_stubs_in(d, 0x511, 1) << 8 * i;
	return value;
}

static u64 big(u32 size)
{
	u64 value = 0;

	while (size--)
		value = value << 8 | dm_stubs_in(d, 0x511, 1);
	return value;
}

/* Runs one DMA command that lies at 0x1000; what its control word says after. */
static u32 dma(u32 control, u32 len, u64 address)
{
	u32 words[4] = { __builtin_bswap32(control), __builtin_bswap32(len),
			 __builtin_bswap32((u32)(address >> 32)), __builtin_bswap32((u32)address) };

	memcpy(dm_stubs.ram + 0x1000, words, sizeof(words));
	dm_stubs_out(d, 0x514, 4, 0);
	dm_stubs_out(d, 0x518, 4, __builtin_bswap32(0x1000));
	memcpy(words, dm_stubs.ram + 0x1000, 4);
	return __builtin_bswap32(words[0]);
}

/* The file's key, its length in *len; 0: there is none. */
static u16 file(const char *name, u32 *len)
{
	u32 count;

	choose(FW_CFG_FILE_DIR);
	count = (u32)big(4);
	while (count--) {
		char found[56];
		u16 key;

		*len = (u32)big(4);
		key = (u16)big(2);
		big(2);
		for (u32 i = 0; i < sizeof(found); i++)
			found[i] = (char)dm_stubs_in(d, 0x511, 1);
		assert_int_equal(found[55], 0);
		if (strcmp(found, name) == 0)
			return key;
	}
	return 0;
}

static u8 *load(const char *name, u32 *len)
{
	u16 key = file(name, len);
	u8 *data = malloc(*len);

	assert_int_not_equal(key, 0);
	choose(key);
	for (u32 i = 0; i < *len; i++)
		data[i] = (u8)dm_stubs_in(d, 0x511, 1);
	assert_int_equal(dm_stubs_in(d, 0x511, 1), 0); /* past its end */
	return data;
}

static void items_are_read_by_port(void **state)
{
	(void)state;
	choose(FW_CFG_SIGNATURE);
	assert_int_equal(number(4), 0x554d4551);
	assert_int_equal(number(4), 0);
	choose(FW_CFG_ID);
	assert_int_equal(number(4), 3);
	choose(FW_CFG_MAX_CPUS);
	assert_int_equal(number(2), 2);
	choose(FW_CFG_RAM_SIZE);
	assert_int_equal(number(8), MIB(32));
	choose(0x7777);
	assert_int_equal(number(8), 0);
	assert_int_equal(dm_stubs_in(d, 0x514, 4), 0x554d4551); /* "QEMU", as bytes in memory */
	assert_int_equal(dm_stubs_in(d, 0x518, 4), 0x47464320);
}

static void items_are_read_by_dma(void **state)
{
	(void)state;
	memset(dm_stubs.ram + 0x2000, 0xee, 16);
	assert_int_equal(dma(FW_CFG_SIGNATURE << 16 | 8 | 2, 8, 0x2000), 0);
	assert_memory_equal(dm_stubs.ram + 0x2000, "QEMU\0\0\0\0\xee", 9);
	assert_int_equal(dma(FW_CFG_SIGNATURE << 16 | 8 | 4, 2, ~0ULL), 0); /* skip */
	assert_int_equal(dma(2, 2, 0x2000), 0);
	assert_memory_equal(dm_stubs.ram + 0x2000, "MU", 2);
	assert_int_equal(dma(2, 0, ~0ULL), 0);
	assert_int_equal(dma(0, ~0u, ~0ULL), 0);
	assert_int_equal(dma(4, ~0u, 0), 0);
	assert_int_equal(dma(4, ~0u, 0), 0);
	assert_int_equal(dm_stubs_in(d, 0x511, 1), 0);
}

static void bad_transfers_are_refused(void **state)
{
	(void)state;
	assert_int_equal(dma(FW_CFG_ID << 16 | 8 | 2, 4, MIB(32) - 3), 1);
	assert_int_equal(dma(2, 4, ~0ULL - 2), 1);
	assert_int_equal(dma(2, MIB(16) + 1, MIB(1)), 1);
	assert_int_equal(dma(2, ~0u, 0), 1);
	assert_int_equal(dma(16, 4, 0x2000), 1); /* nothing can be written */
	dm_stubs_out(d, 0x514, 4, ~0u);
	dm_stubs_out(d, 0x518, 4, ~0u); /* no command there */
}

static void memory_map_is_right(void **state)
{
	u64 entry[2];
	u32 len;
	u8 *map = load("etc/e820", &len);

	(void)state;
	assert_int_equal(len, 20);
	memcpy(entry, map, 16);
	assert_int_equal(entry[0], 0);
	assert_int_equal(entry[1], MIB(32));
	assert_int_equal(map[16], 1);
	free(map);
	map = load("bootorder", &len);
	assert_string_equal((char *)map, "/pci@i0cf8/scsi@4/disk@0,0\n");
	free(map);
}

static u8 sum(const u8 *p, u32 len)
{
	u8 total = 0;

	while (len--)
		total = (u8)(total + *p++);
	return total;
}

static u64 get(const u8 *at, u32 size)
{
	u64 value = 0;

	memcpy(&value, at, size);
	return value;
}

/* What a firmware does: both files at addresses of its choice, then the commands in order. */
static void tables_are_sound_after_loading(void **state)
{
	const u64 base = 0x7ff0000;
	u32 tables_len, rsdp_len, script_len;
	u8 *tables = load("etc/acpi/tables", &tables_len);
	u8 *rsdp = load("etc/acpi/rsdp", &rsdp_len);
	u8 *script = load("etc/table-loader", &script_len);
	u64 xsdt, rsdt, fadt = 0;

	(void)state;
	assert_int_equal(script_len % 128, 0);
	for (u8 *c = script; c < script + script_len; c += 128) {
		u8 *in = strcmp((char *)c + 4, "etc/acpi/rsdp") ? tables : rsdp;
		u32 in_len = in == tables ? tables_len : rsdp_len;

		if (c[0] == 2) {
			u64 offset = get(c + 116, 4), value;

			assert_true(offset + c[120] <= in_len);
			assert_string_equal((char *)c + 60, "etc/acpi/tables");
			value = get(in + offset, c[120]);
			assert_true(value < tables_len);
			value += base;
			memcpy(in + offset, &value, c[120]);
		} else if (c[0] == 3) {
			u64 offset = get(c + 60, 4), start = get(c + 64, 4), len = get(c + 68, 4);

			assert_true(start + len <= in_len && offset < in_len);
			assert_int_equal(in[offset], 0);
			in[offset] = (u8)-sum(in + start, (u32)len);
		} else {
			assert_int_equal(c[0], 1);
		}
	}
	assert_int_equal(sum(rsdp, 20), 0);
	assert_int_equal(sum(rsdp, 36), 0);
	xsdt = get(rsdp + 24, 8) - base;
	assert_memory_equal(tables + xsdt, "XSDT", 4);
	for (u64 at = xsdt + 36; at < xsdt + get(tables + xsdt + 4, 4); at += 8) {
		u64 table = get(tables + at, 8) - base;

		assert_int_equal(sum(tables + table, (u32)get(tables + table + 4, 4)), 0);
		if (memcmp(tables + table, "FACP", 4) == 0)
			fadt = table;
	}
	assert_int_equal(sum(tables + xsdt, (u32)get(tables + xsdt + 4, 4)), 0);
	rsdt = get(rsdp + 16, 4) - base;
	assert_memory_equal(tables + rsdt, "RSDT", 4);
	assert_int_equal(sum(tables + rsdt, (u32)get(tables + rsdt + 4, 4)), 0);
	assert_int_equal(get(tables + rsdt + 36, 4), get(tables + xsdt + 36, 8));
	assert_memory_equal(tables + get(tables + fadt + 40, 4) - base, "DSDT", 4);
	assert_memory_equal(tables + get(tables + fadt + 140, 8) - base, "DSDT", 4);
	assert_memory_equal(tables + get(tables + fadt + 36, 4) - base, "FACS", 4);
	free(tables);
	free(rsdp);
	free(script);
}

static void smbios_is_sound(void **state)
{
	u32 anchor_len, len, at = 0, count = 0;
	u8 *anchor = load("etc/smbios/smbios-anchor", &anchor_len);
	u8 *tables = load("etc/smbios/smbios-tables", &len);
	u8 type = 0;

	(void)state;
	assert_int_equal(anchor_len, 31);
	assert_int_equal(sum(anchor, 31), 0);
	assert_int_equal(sum(anchor + 16, 15), 0);
	assert_int_equal(get(anchor + 22, 2), len);
	while (at < len) {
		type = tables[at];
		assert_true(tables[at + 1] >= 4);
		at += tables[at + 1];
		while (tables[at] || tables[at + 1])
			assert_true(++at + 1 < len);
		at += 2;
		count++;
	}
	assert_int_equal(at, len);
	assert_int_equal(type, 127);
	assert_int_equal(get(anchor + 28, 2), count);
	free(anchor);
	free(tables);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(items_are_read_by_port),	      CASE(items_are_read_by_dma),
		CASE(bad_transfers_are_refused),      CASE(memory_map_is_right),
		CASE(tables_are_sound_after_loading), CASE(smbios_is_sound),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
