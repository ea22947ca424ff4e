/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/* What fw_cfg tells: see fw_cfg.h. Holds no state. */
#include "fw_cfg.h"
#include "../runtime.h"
#include "virtio_blk.h"

#include <abi/range.h>

#define VERSION_TRADITIONAL 1
#define VERSION_DMA	    2
#define E820_RAM	    1
#define COM1_PORT	    0x3f8
#define MENU_WAIT_MS	    1000

struct directory_entry { /* big-endian */
	u32 size;
	u16 key, reserved;
	char name[FW_CFG_NAME];
};

struct e820_entry {
	u64 base, len;
	u32 type;
} packed_struct;

static struct fw_cfg_item *add(struct fw_cfg *f, u16 key, const void *data, u32 len)
{
	struct fw_cfg_item *item = &f->items[f->count];

	if (f->count == FW_CFG_MAX_ITEMS || !range_within(f->used, len, sizeof(f->store))) {
		f->full = true;
		return NULL;
	}
	*item = (struct fw_cfg_item){ key, len, f->store + f->used, "" };
	memcpy(f->store + f->used, data, len);
	f->used += len;
	f->count++;
	return item;
}

static u32 file_count(const struct fw_cfg *f)
{
	u32 n = 0;

	for (u32 i = 0; i < f->count; i++)
		n += f->items[i].name[0] != 0;
	return n;
}

void fw_cfg_add_file(struct fw_cfg *f, const char *name, const void *data, u32 len)
{
	u16 key = (u16)(FW_CFG_FILE_FIRST + file_count(f));
	struct fw_cfg_item *item = add(f, key, data, len);

	if (item)
		str_format(item->name, sizeof(item->name), "%s", name);
}

const struct fw_cfg_item *fw_cfg_find(const struct fw_cfg *f, u16 key)
{
	for (u32 i = 0; i < f->count; i++)
		if (f->items[i].key == key)
			return &f->items[i];
	return NULL;
}

/* The directory comes last: it lists what is there. */
static void add_directory(struct fw_cfg *f)
{
	struct {
		u32 count;
		struct directory_entry entries[FW_CFG_MAX_ITEMS];
	} dir = { .count = __builtin_bswap32(file_count(f)) };
	u32 n = 0;

	for (u32 i = 0; i < f->count; i++) {
		const struct fw_cfg_item *item = &f->items[i];
		struct directory_entry *e = &dir.entries[n];

		if (!item->name[0])
			continue;
		e->size = __builtin_bswap32(item->len);
		e->key = __builtin_bswap16(item->key);
		memcpy(e->name, item->name, sizeof(e->name));
		n++;
	}
	add(f, FW_CFG_FILE_DIR, &dir,
	    (u32)(sizeof(dir.count) + n * sizeof(struct directory_entry)));
}

static void add_number(struct fw_cfg *f, u16 key, u64 value, u32 size)
{
	add(f, key, &value, size);
}

static void add_number_file(struct fw_cfg *f, const char *name, u64 value, u32 size)
{
	fw_cfg_add_file(f, name, &value, size);
}

static void add_memory(struct fw_cfg *f, const struct dm_vm *vm)
{
	u64 low = vm_low_memory(vm);
	struct e820_entry map[2] = {
		{ 0, low, E820_RAM },
		{ GUEST_HIGH_BASE, vm->config->memory - low, E820_RAM },
	};
	u32 count = map[1].len ? 2 : 1;

	add_number(f, FW_CFG_RAM_SIZE, vm->config->memory, 8);
	fw_cfg_add_file(f, "etc/e820", map, count * (u32)sizeof(map[0]));
}

/* Open Firmware paths, a line each: the disk, then the CD. */
static void add_boot_order(struct fw_cfg *f, const struct vm_config *config)
{
	char text[128];
	int n = 0;

	if (config->disk != FILE_NONE)
		n += str_format(text + n, sizeof(text) - (size_t)n, "/pci@i0cf8/scsi@%x/disk@0,0\n",
				VIRTIO_BLK_DISK_SLOT);
	if (config->cdrom != FILE_NONE)
		n += str_format(text + n, sizeof(text) - (size_t)n, "/pci@i0cf8/scsi@%x/disk@0,0\n",
				VIRTIO_BLK_CDROM_SLOT);
	if (n)
		fw_cfg_add_file(f, "bootorder", text, (u32)n + 1);
}

static void add_boot(struct fw_cfg *f, const struct vm_config *config)
{
	/* Which sleep states there are (bit 7) and their types: S3 and S4 are not, S5 is. */
	static const u8 states[6] = { 0x80, 0, 0, 1, 2, 0x80 | 5 };
	bool screen = config->display != DISPLAY_NONE;

	add_number(f, FW_CFG_BOOT_MENU, 1, 2);
	add_number_file(f, "etc/boot-menu-wait", MENU_WAIT_MS, 4);
	fw_cfg_add_file(f, "etc/system-states", states, sizeof(states));
	add_number(f, FW_CFG_NO_GRAPHICS, !screen, 2);
	if (!screen) /* SeaBIOS then shows its text on the serial port */
		add_number_file(f, "etc/sercon-port", COM1_PORT, 2);
	add_boot_order(f, config);
}

void fw_cfg_build(struct fw_cfg *f, const struct dm_vm *vm)
{
	const struct vm_config *config = vm->config;
	static const u8 uuid[16];

	f->count = f->used = 0;
	f->full = false;
	add(f, FW_CFG_SIGNATURE, "QEMU", 4);
	add_number(f, FW_CFG_ID, VERSION_TRADITIONAL | VERSION_DMA, 4);
	add(f, FW_CFG_UUID, uuid, sizeof(uuid));
	add_number(f, FW_CFG_CPUS, config->cpus, 2);
	add_number(f, FW_CFG_MAX_CPUS, config->cpus, 2);
	add_number(f, FW_CFG_NUMA, 0, 8);
	add_number(f, FW_CFG_IRQ0_OVERRIDE, 1, 1);
	add_memory(f, vm);
	add_boot(f, config);
	fw_cfg_add_acpi(f, vm);
	fw_cfg_add_smbios(f, vm);
	add_directory(f);
}
