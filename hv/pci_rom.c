/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/*
 * Expansion ROMs (PCI Local Bus 3.0, 6.2.5.2 and 6.3): a loaded file behind the ROM BAR. Software
 * copies a ROM before it runs it, so reads simply trap; what lies behind the file's end reads all
 * ones, writes are dropped. Locking: see pci.h.
 */
#include <abi/range.h>
#include <arch/io.h>
#include "boot.h"
#include "pci_internal.h"
#include "string.h"

#define ROM_ADDRESS 0xfffff800u
#define ROM_MIN	    KIB(2)
#define ROM_MAX	    MIB(16)

static const struct handoff_file *rom_file(const struct pci_template *t)
{
	if (t->rom_file == FILE_NONE || t->rom_file >= handoff->file_count)
		return NULL;
	return &handoff->files[t->rom_file];
}

u32 pci_rom_size(const struct pci_template *t)
{
	const struct handoff_file *file = rom_file(t);
	u64 size = ROM_MIN;

	if (!file || !file->len || file->len > ROM_MAX)
		return 0;
	while (size < file->len)
		size *= 2;
	return (u32)size;
}

static enum trap_result on_rom(void *ctx, struct vcpu *v, u64 offset, struct access *a)
{
	const struct pci_function *f = ctx;
	const struct handoff_file *file = rom_file(&f->t);

	(void)v;
	a->count = 1;
	if (!a->write && offset < file->len)
		memcpy(&a->value, (const u8 *)phys_to_virt(file->base) + offset,
		       MIN(file->len - offset, a->size));
	return TRAP_DONE;
}

/* Where the configuration wants the ROM, 0: nowhere. */
static u32 rom_address(const struct pci_function *f)
{
	u32 bar = pci_get32(f->config, PCI_ROM);
	u32 size = pci_rom_size(&f->t);

	if (!f->present || !size || !(bar & PCI_ROM_ENABLE) ||
	    !(pci_get16(f->config, PCI_COMMAND) & PCI_COMMAND_MEMORY))
		return 0;
	bar &= ROM_ADDRESS;
	return bar == (u32) ~(size - 1) ? 0 : bar; /* that asks for the size */
}

void pci_roms_unmap(struct vm *vm)
{
	for (u32 i = 0; i < PCI_MAX_FUNCTIONS; i++) {
		struct pci_function *f = &vm->pci.functions[i];

		if (f->rom_addr && rom_address(f) != f->rom_addr &&
		    !trap_remove(&vm->traps, TRAP_MMIO, f->rom_addr))
			f->rom_addr = 0;
	}
}

void pci_roms_map(struct vm *vm)
{
	for (u32 i = 0; i < PCI_MAX_FUNCTIONS; i++) {
		struct pci_function *f = &vm->pci.functions[i];
		struct trap_region r = { .base = rom_address(f), .fn = on_rom, .ctx = f };

		if (!r.base || f->rom_addr)
			continue;
		r.len = pci_rom_size(&f->t);
		if (pci_memory_is_free(vm, r.base, r.len) && !trap_add(&vm->traps, TRAP_MMIO, &r))
			f->rom_addr = (u32)r.base;
	}
}
