/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/*
 * SMBIOS 2.8 tables for a guest with firmware (DMTF DSP0134): system, enclosure, processor, memory.
 * The firmware adds its own structure (type 0), places the tables and completes the entry point.
 */
#include "fw_cfg.h"
#include "../runtime.h"

#include <abi/range.h>

struct header {
	u8 type, len;
	u16 handle;
} packed_struct;

struct system { /* type 1 */
	struct header h;
	u8 manufacturer, product, version, serial;
	u8 uuid[16];
	u8 wake_up, sku, family;
} packed_struct;

struct enclosure { /* type 3, version 2.1 */
	struct header h;
	u8 manufacturer, type, version, serial, asset;
	u8 boot_state, power_state, thermal_state, security;
} packed_struct;

struct processor { /* type 4, version 2.6 */
	struct header h;
	u8 socket, type, family, manufacturer;
	u64 id;
	u8 version, voltage;
	u16 clock, max_speed, speed;
	u8 status, upgrade;
	u16 l1, l2, l3;
	u8 serial, asset, part, cores, enabled, threads;
	u16 features, family2;
} packed_struct;

struct memory_array { /* type 16, version 2.7 */
	struct header h;
	u8 location, use, correction;
	u32 capacity; /* KiB, or 0x80000000: see capacity64 */
	u16 error_handle, devices;
	u64 capacity64; /* bytes */
} packed_struct;

struct memory_device { /* type 17, version 2.7 */
	struct header h;
	u16 array, error_handle, total_width, data_width, size;
	u8 form_factor, set, locator, bank, type;
	u16 detail, speed;
	u8 manufacturer, serial, asset, part, attributes;
	u32 size_mib;
	u16 configured_speed;
} packed_struct;

struct entry_point {
	char anchor[4];
	u8 checksum, len, major, minor;
	u16 largest;
	u8 revision, area[5];
	char dmi[5];
	u8 dmi_checksum;
	u16 table_len;
	u32 table;
	u16 count;
	u8 bcd;
} packed_struct;
_Static_assert(sizeof(struct entry_point) == 31, "DSP0134 5.2.1");

enum { HANDLE_SYSTEM = 0x100, HANDLE_ENCLOSURE = 0x300, HANDLE_PROCESSOR = 0x400 };
enum { HANDLE_ARRAY = 0x1000, HANDLE_DEVICE = 0x1100, HANDLE_END = 0x7f00, HANDLE_NONE = 0xfffe };
enum { UNKNOWN = 2, OTHER = 1, STATE_SAFE = 3 };

struct builder {
	u8 bytes[1024];
	u32 used, largest;
	u16 count;
};

/* Appends a structure with its strings, `strings` being NUL-separated as they lie in memory. */
static void append(struct builder *b, const void *structure, u32 len, const char *strings,
		   u32 strings_len)
{
	u32 total = len + MAX(strings_len, 1u) + 1;

	if (!range_within(b->used, total, sizeof(b->bytes)))
		dm_die("SMBIOS tables are too long");
	memset(b->bytes + b->used, 0, total);
	memcpy(b->bytes + b->used, structure, len);
	memcpy(b->bytes + b->used + len, strings, strings_len);
	b->used += total;
	b->largest = MAX(b->largest, total);
	b->count++;
}
#define APPEND(b, structure, strings) \
	append(b, &(structure), sizeof(structure), strings, sizeof(strings) - !(strings)[0])

static void append_system(struct builder *b)
{
	struct system s = { .h = { 1, sizeof(s), HANDLE_SYSTEM },
			    .manufacturer = 1,
			    .product = 2,
			    .wake_up = 6 /* power switch */ };
	struct enclosure e = { .h = { 3, sizeof(e), HANDLE_ENCLOSURE },
			       .manufacturer = 1,
			       .type = OTHER,
			       .boot_state = STATE_SAFE,
			       .power_state = STATE_SAFE,
			       .thermal_state = STATE_SAFE,
			       .security = UNKNOWN };

	APPEND(b, s, "Oriel\0Virtual machine");
	APPEND(b, e, "Oriel");
}

static void append_processor(struct builder *b, u32 cpus)
{
	struct processor p = { .h = { 4, sizeof(p), HANDLE_PROCESSOR },
			       .socket = 1,
			       .type = 3, /* central */
			       .family = OTHER,
			       .manufacturer = 2,
			       .status = 0x41, /* populated, enabled */
			       .upgrade = OTHER,
			       .l1 = 0xffff,
			       .l2 = 0xffff,
			       .l3 = 0xffff,
			       .cores = (u8)cpus,
			       .enabled = (u8)cpus,
			       .threads = (u8)cpus,
			       .features = 4, /* 64 bits */
			       .family2 = OTHER };

	APPEND(b, p, "CPU 0\0Oriel");
}

static void append_memory(struct builder *b, u64 size)
{
	struct memory_array a = { .h = { 16, sizeof(a), HANDLE_ARRAY },
				  .location = OTHER,
				  .use = 3, /* system memory */
				  .correction = 3,
				  .capacity = 0x80000000,
				  .error_handle = HANDLE_NONE,
				  .devices = 1,
				  .capacity64 = size };
	struct memory_device d = { .h = { 17, sizeof(d), HANDLE_DEVICE },
				   .array = HANDLE_ARRAY,
				   .error_handle = HANDLE_NONE,
				   .total_width = 0xffff,
				   .data_width = 0xffff,
				   .size = 0x7fff, /* see size_mib */
				   .form_factor = OTHER,
				   .locator = 1,
				   .type = 7, /* RAM */
				   .detail = 2,
				   .size_mib = (u32)(size >> 20) };

	APPEND(b, a, "");
	APPEND(b, d, "DIMM 0");
}

static u8 sum(const void *data, u32 len)
{
	const u8 *p = data;
	u8 total = 0;

	while (len--)
		total = (u8)(total + *p++);
	return total;
}

void fw_cfg_add_smbios(struct fw_cfg *f, const struct dm_vm *vm)
{
	static struct builder b;
	struct header end = { 127, sizeof(end), HANDLE_END };
	struct entry_point e = { .anchor = { '_', 'S', 'M', '_' },
				 .len = sizeof(e),
				 .major = 2,
				 .minor = 8,
				 .dmi = { '_', 'D', 'M', 'I', '_' },
				 .bcd = 0x28 };

	b.used = b.largest = b.count = 0;
	append_system(&b);
	append_processor(&b, vm->config->cpus);
	append_memory(&b, vm->config->memory);
	APPEND(&b, end, "");
	e.largest = (u16)b.largest;
	e.table_len = (u16)b.used;
	e.count = b.count;
	e.dmi_checksum = (u8)-sum(e.dmi, sizeof(e) - offsetof(struct entry_point, dmi));
	e.checksum = (u8)-sum(&e, sizeof(e));
	fw_cfg_add_file(f, "etc/smbios/smbios-tables", b.bytes, b.used);
	fw_cfg_add_file(f, "etc/smbios/smbios-anchor", &e, sizeof(e));
}
