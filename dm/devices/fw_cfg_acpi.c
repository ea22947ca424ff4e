/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/*
 * ACPI tables for a guest with firmware: the firmware chooses where they lie and follows a list of
 * commands to put addresses and checksums right (QEMU's hw/acpi/bios-linker-loader describes them).
 *
 * The tables are those of acpi.c, built as if for address 0: each address in them is an offset
 * then, which is what the commands expect. The first bytes, where acpi.c puts the RSDP, are a file
 * of their own, since the RSDP must lie below 1 MiB.
 */
#include "acpi.h"
#include "fw_cfg.h"
#include "../runtime.h"

#include <abi/range.h>

#define TABLES "etc/acpi/tables"
#define RSDP   "etc/acpi/rsdp"

enum { COMMAND_ALLOCATE = 1, COMMAND_ADD_POINTER, COMMAND_ADD_CHECKSUM };
enum { ZONE_HIGH = 1, ZONE_FSEG };
#define MAX_COMMANDS 32

/* ACPI 6.4: offsets in the tables. */
enum {
	RSDP_CHECKSUM = 8,
	RSDP_RSDT = 16,
	RSDP_FIRST_LEN = 20, /* what the first checksum covers */
	RSDP_XSDT = 24,
	RSDP_CHECKSUM_ALL = 32,
	RSDP_LEN = 36,
	HEADER_LENGTH = 4,
	HEADER_CHECKSUM = 9,
	HEADER_LEN = 36,
	FADT_FACS = 36,
	FADT_DSDT = 40,
	FADT_X_DSDT = 140,
};

struct command {
	u32 kind;
	union {
		struct {
			char file[FW_CFG_NAME];
			u32 align;
			u8 zone;
		} packed_struct allocate;
		struct {
			char in[FW_CFG_NAME], to[FW_CFG_NAME];
			u32 offset;
			u8 size;
		} packed_struct pointer;
		struct {
			char file[FW_CFG_NAME];
			u32 offset, start, len;
		} packed_struct checksum;
		u8 room[124];
	};
} packed_struct;
_Static_assert(sizeof(struct command) == 128, "a command of the table loader");

struct script {
	struct command commands[MAX_COMMANDS];
	u32 count;
	u8 *tables;
};

static struct script script;
static u8 tables[ACPI_MAX_BYTES];

static struct command *next(struct script *s, u32 kind)
{
	struct command *c = &s->commands[s->count];

	if (s->count == MAX_COMMANDS)
		dm_die("more ACPI tables than commands to load them");
	s->count++;
	*c = (struct command){ .kind = kind };
	return c;
}

static void name(char to[FW_CFG_NAME], const char *file)
{
	str_format(to, FW_CFG_NAME, "%s", file);
}

static void allocate(struct script *s, const char *file, u32 align, u8 zone)
{
	struct command *c = next(s, COMMAND_ALLOCATE);

	name(c->allocate.file, file);
	c->allocate.align = align;
	c->allocate.zone = zone;
}

static void pointer(struct script *s, const char *in, u32 offset, u8 size)
{
	struct command *c = next(s, COMMAND_ADD_POINTER);

	name(c->pointer.in, in);
	name(c->pointer.to, TABLES);
	c->pointer.offset = offset;
	c->pointer.size = size;
}

/* The firmware counts what is in the checksum's place too. */
static void checksum(struct script *s, const char *file, u32 offset, u32 start, u32 len)
{
	struct command *c = next(s, COMMAND_ADD_CHECKSUM);

	s->tables[offset] = 0;
	name(c->checksum.file, file);
	c->checksum.offset = offset;
	c->checksum.start = start;
	c->checksum.len = len;
}

static u64 get(const struct script *s, u32 offset, u32 size)
{
	u64 value = 0;

	memcpy(&value, s->tables + offset, size);
	return value;
}

static void load_fadt(struct script *s, u32 at)
{
	pointer(s, TABLES, at + FADT_FACS, 4);
	pointer(s, TABLES, at + FADT_DSDT, 4);
	pointer(s, TABLES, at + FADT_X_DSDT, 8);
	checksum(s, TABLES, at + HEADER_CHECKSUM, at, (u32)get(s, at + HEADER_LENGTH, 4));
}

/* A list of tables, with addresses of that many bytes. */
static void load_list(struct script *s, u32 list, u8 bytes)
{
	u32 len = (u32)get(s, list + HEADER_LENGTH, 4);

	for (u32 at = list + HEADER_LEN; at < list + len; at += bytes)
		pointer(s, TABLES, at, bytes);
	checksum(s, TABLES, list + HEADER_CHECKSUM, list, len);
}

static void load_tables(struct script *s)
{
	u32 root = (u32)get(s, RSDP_XSDT, 8);
	u32 end = root + (u32)get(s, root + HEADER_LENGTH, 4);

	for (u32 at = root + HEADER_LEN; at < end; at += 8) {
		u32 table = (u32)get(s, at, 8);

		if (memcmp(s->tables + table, "FACP", 4) == 0)
			load_fadt(s, table);
	}
	load_list(s, root, 8);
	load_list(s, (u32)get(s, RSDP_RSDT, 4), 4);
}

static void load_rsdp(struct script *s)
{
	pointer(s, RSDP, RSDP_RSDT, 4);
	pointer(s, RSDP, RSDP_XSDT, 8);
	checksum(s, RSDP, RSDP_CHECKSUM, 0, RSDP_FIRST_LEN);
	checksum(s, RSDP, RSDP_CHECKSUM_ALL, 0, RSDP_LEN);
}

void fw_cfg_add_acpi(struct fw_cfg *f, const struct dm_vm *vm)
{
	struct script *s = &script;
	int len = acpi_build(vm, 0, tables, sizeof(tables));

	if (len < RSDP_LEN) {
		f->full = true;
		return;
	}
	s->count = 0;
	s->tables = tables;
	allocate(s, RSDP, 16, ZONE_FSEG);
	allocate(s, TABLES, 64, ZONE_HIGH);
	load_tables(s);
	load_rsdp(s);
	fw_cfg_add_file(f, RSDP, tables, RSDP_LEN);
	memset(tables, 0, RSDP_LEN);
	fw_cfg_add_file(f, TABLES, tables, (u32)len);
	fw_cfg_add_file(f, "etc/table-loader", s->commands, s->count * (u32)sizeof(struct command));
}
