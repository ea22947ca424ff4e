/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/*
 * The configuration channel between a machine and its firmware (QEMU's docs/specs/fw_cfg): items
 * of bytes, found by a 16-bit key; files are items with a name, listed in a directory.
 *
 * What the items hold follows from the guest's configuration alone. It is built once a generation
 * of the device domain, in memory that is none of the state's.
 */
#ifndef DM_DEVICES_FW_CFG_H
#define DM_DEVICES_FW_CFG_H

#include "dm/vm.h"

#define FW_CFG_MAX_ITEMS 32
#define FW_CFG_STORE	 KIB(96)
#define FW_CFG_NAME	 56

enum fw_cfg_key {
	FW_CFG_SIGNATURE = 0x00,
	FW_CFG_ID = 0x01,
	FW_CFG_UUID = 0x02,
	FW_CFG_RAM_SIZE = 0x03,
	FW_CFG_NO_GRAPHICS = 0x04,
	FW_CFG_CPUS = 0x05,
	FW_CFG_NUMA = 0x0d,
	FW_CFG_BOOT_MENU = 0x0e,
	FW_CFG_MAX_CPUS = 0x0f,
	FW_CFG_FILE_DIR = 0x19,
	FW_CFG_FILE_FIRST = 0x20,
	FW_CFG_IRQ0_OVERRIDE = 0x8002,
};

struct fw_cfg_item {
	u16 key;
	u32 len;
	const u8 *data;
	char name[FW_CFG_NAME]; /* of a file; else "" */
};

struct fw_cfg {
	u32 count, used;
	bool full; /* an item did not fit */
	struct fw_cfg_item items[FW_CFG_MAX_ITEMS];
	u8 store[FW_CFG_STORE] __attribute__((aligned(16)));
};

/* ---- fw_cfg_items.c: adding copies the bytes; what does not fit sets full */
void fw_cfg_add_file(struct fw_cfg *f, const char *name, const void *data, u32 len);
/* Everything that the guest's firmware is told. */
void fw_cfg_build(struct fw_cfg *f, const struct dm_vm *vm);
/* The item with that key, or NULL. */
const struct fw_cfg_item *fw_cfg_find(const struct fw_cfg *f, u16 key);

/* ---- fw_cfg_acpi.c: ACPI tables with the commands that place them */
void fw_cfg_add_acpi(struct fw_cfg *f, const struct dm_vm *vm);
/* ---- fw_cfg_smbios.c */
void fw_cfg_add_smbios(struct fw_cfg *f, const struct dm_vm *vm);

#endif
