/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/* Firmware ROM and shadow RAM; see shadow.h for what they are and how they are locked. */
#include "shadow.h"
#include <abi/range.h>
#include <arch/io.h>
#include <arch/upcall.h>
#include "boot.h"
#include "string.h"
#include "vm.h"

#define SHADOW_BASE  0xc0000ULL
#define SHADOW_SIZE  KIB(256)
#define SEGMENT_SIZE KIB(16)
#define BIOS_SEGMENT 12 /* the last, and larger, one */
#define BIOS_BASE    0xf0000ULL
#define LEGACY_MAX   KIB(128)
#define MODE_READ    1
#define MODE_WRITE   2

static gpa_t segment_base(u32 i)
{
	return SHADOW_BASE + i * SEGMENT_SIZE;
}

static u64 segment_size(u32 i)
{
	return i == BIOS_SEGMENT ? MIB(1) - BIOS_BASE : SEGMENT_SIZE;
}

static u32 segment_of(gpa_t gpa)
{
	return gpa >= BIOS_BASE ? BIOS_SEGMENT : (u32)((gpa - SHADOW_BASE) / SEGMENT_SIZE);
}

static u8 segment_mode(const u8 *pam, u32 i)
{
	if (i == BIOS_SEGMENT)
		return pam[0] >> 4 & 3;
	return pam[1 + i / 2] >> 4 * (i & 1) & 3;
}

/* ---- ROM ---- */

static u64 legacy_len(const struct shadow *s)
{
	return MIN(s->rom_len, LEGACY_MAX);
}

bool shadow_rom(const struct vm *vm, gpa_t gpa, u64 len, const u8 **rom)
{
	const struct shadow *s = &vm->shadow;
	u64 legacy = legacy_len(s);

	if (!s->rom)
		return false;
	if (range_inside(gpa, len, GUEST_HIGH_BASE - s->rom_len, s->rom_len)) {
		*rom = s->rom + (gpa - (GUEST_HIGH_BASE - s->rom_len));
		return true;
	}
	if (!range_inside(gpa, len, MIB(1) - legacy, legacy) ||
	    (s->modes[segment_of(gpa)] & MODE_READ))
		return false;
	*rom = s->rom + s->rom_len - (MIB(1) - gpa);
	return true;
}

static bool blocks(const struct vm *vm, gpa_t gpa, u64 len, u8 mode)
{
	return range_overlaps(gpa, len, SHADOW_BASE, SHADOW_SIZE) &&
	       !(vm->shadow.modes[segment_of(MAX(gpa, SHADOW_BASE))] & mode);
}

bool shadow_blocks_read(const struct vm *vm, gpa_t gpa, u64 len)
{
	return blocks(vm, gpa, len, MODE_READ);
}

bool shadow_blocks_write(const struct vm *vm, gpa_t gpa, u64 len)
{
	return blocks(vm, gpa, len, MODE_WRITE);
}

/* ---- accesses that trap ---- */

/* Of repetitions, one is taken where bytes are stored, else all that begin before `left` ends. */
static enum trap_result on_rom(void *ctx, struct vcpu *v, u64 offset, struct access *a)
{
	const struct vm *vm = ctx;
	u64 left = vm->shadow.rom_len - offset;

	(void)v;
	if (!a->write)
		memcpy(&a->value, vm->shadow.rom + offset, MIN(left, a->size));
	a->count = (u32)MIN(a->count, (left + a->size - 1) / a->size);
	return TRAP_DONE;
}

static enum trap_result on_segment(void *ctx, struct vcpu *v, u64 offset, struct access *a)
{
	struct vm *vm = ctx;
	u8 mode = vm->shadow.modes[segment_of(SHADOW_BASE + offset)];
	void *ram = vm_ram(vm, SHADOW_BASE + offset, a->size);
	const u8 *rom;

	(void)v;
	a->count = 1;
	if (a->write) {
		if ((mode & MODE_WRITE) && ram)
			memcpy(ram, &a->value, a->size);
	} else if ((mode & MODE_READ) && ram) {
		memcpy(&a->value, ram, a->size);
	} else if (shadow_rom(vm, SHADOW_BASE + offset, a->size, &rom)) {
		memcpy(&a->value, rom, a->size);
	}
	return TRAP_DONE;
}

/* ---- mapping ---- */

/* What can be read is mapped; a segment that RAM is to be written behind must not be writable. */
static int segment_map(struct vm *vm, u32 i)
{
	gpa_t base = segment_base(i);
	u64 len = segment_size(i);
	const u8 *rom;

	if (vm->shadow.modes[i] & MODE_READ)
		return stage2_map(&vm->stage2, base, vm->ram + base, len,
				  STAGE2_READ | STAGE2_EXEC |
					  (vm->shadow.modes[i] & MODE_WRITE ? STAGE2_WRITE : 0),
				  MEMTYPE_WB);
	if (shadow_rom(vm, base, len, &rom))
		return stage2_map(&vm->stage2, base,
				  vm->shadow.rom_hpa + (u64)(rom - vm->shadow.rom), len,
				  STAGE2_READ | STAGE2_EXEC, MEMTYPE_WB);
	return stage2_unmap(&vm->stage2, base, len);
}

bool shadow_update(struct vm *vm, const u8 pam[SHADOW_PAMS])
{
	bool changed = false;

	for (u32 i = 0; i < SHADOW_SEGMENTS; i++) {
		u8 mode = segment_mode(pam, i);
		int error;

		if (mode == vm->shadow.modes[i])
			continue;
		vm->shadow.modes[i] = mode;
		error = segment_map(vm, i);
		if (error)
			log_printf("%s: memory at %#llx cannot be switched: error %d\n",
				   vm->config->name, (unsigned long long)segment_base(i), error);
		changed = true;
	}
	return changed;
}

static int rom_create(struct vm *vm)
{
	struct shadow *s = &vm->shadow;
	u32 file = vm->config->firmware;
	struct trap_region r = { .fn = on_rom, .ctx = vm };
	int rc;

	if (file >= handoff->file_count)
		return 0;
	s->rom_len = handoff->files[file].len;
	/* The device domain refuses to start a guest with such a file. */
	if (!s->rom_len || s->rom_len % PAGE_SIZE || s->rom_len > SHADOW_ROM_MAX) {
		s->rom_len = 0;
		return 0;
	}
	s->rom_hpa = handoff->files[file].base;
	s->rom = phys_to_virt(s->rom_hpa);
	r.base = GUEST_HIGH_BASE - s->rom_len;
	r.len = s->rom_len;
	rc = stage2_map(&vm->stage2, r.base, s->rom_hpa, s->rom_len, STAGE2_READ | STAGE2_EXEC,
			MEMTYPE_WB);
	return rc ? rc : trap_add(&vm->traps, TRAP_MMIO, &r);
}

int shadow_create(struct vm *vm)
{
	const struct trap_region r = {
		.base = SHADOW_BASE, .len = SHADOW_SIZE, .fn = on_segment, .ctx = vm
	};
	int rc;

	for (u32 i = 0; i < SHADOW_SEGMENTS; i++)
		vm->shadow.modes[i] = MODE_READ | MODE_WRITE;
	rc = rom_create(vm);
	return rc ? rc : trap_add(&vm->traps, TRAP_MMIO, &r);
}
