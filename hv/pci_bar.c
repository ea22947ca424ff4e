/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/*
 * Where BARs are, and who answers there: the device domain, by requests and doorbells, the MSI-X
 * table, or plain VRAM.
 *
 * Invariant: a mapped BAR is naturally aligned and shares no byte with RAM, ECAM, the area from
 * the IOAPIC up to 4 GiB, any trap or any other mapped BAR. A BAR that the guest puts there is
 * not mapped, and the log says so once.
 * Locking: see pci.h.
 */
#include <abi/range.h>
#include <arch/upcall.h>
#include "pci_internal.h"

#define ADDRESS_LIMIT BIT(GUEST_ADDRESS_BITS)
#define PORT_LIMIT    0x10000

static u64 bar_address(const struct pci_function *f, u32 i)
{
	u32 at = PCI_BAR0 + 4 * i;
	u64 low = pci_get32(f->config, at);

	if (f->t.bars[i].kind == PCI_BAR_IO)
		return low & ~3ULL;
	low &= ~15ULL;
	return f->t.bars[i].is_64bit ? low | (u64)pci_get32(f->config, at + 4) << 32 : low;
}

/* Every writable bit of a register set: the guest asks for the size and means no address. */
static bool bar_is_sizing(const struct pci_function *f, u32 i)
{
	u32 mask = (u32) ~(f->t.bars[i].size - 1);
	u64 addr = bar_address(f, i);

	return (u32)addr == mask || addr >> 32 == 0xffffffff;
}

static bool bar_decoded(const struct pci_function *f, u32 i)
{
	u16 command = pci_get16(f->config, PCI_COMMAND);

	if (f->t.bars[i].kind == PCI_BAR_NONE || !bar_address(f, i))
		return false;
	return command & (f->t.bars[i].kind == PCI_BAR_IO ? PCI_COMMAND_IO : PCI_COMMAND_MEMORY);
}

bool pci_vram_bar(const struct vm *vm, u64 *addr, u64 *size)
{
	for (u32 n = 0; n < PCI_MAX_FUNCTIONS * 6; n++) {
		const struct pci_function *f = &vm->pci.functions[n / 6];

		if (f->bars[n % 6].mapped && f->t.bars[n % 6].kind == PCI_BAR_VRAM) {
			*addr = f->bars[n % 6].addr;
			*size = f->t.bars[n % 6].size;
			return true;
		}
	}
	return false;
}

static bool vram_overlaps(const struct vm *vm, u64 addr, u64 len)
{
	for (u32 n = 0; n < PCI_MAX_FUNCTIONS * 6; n++) {
		const struct pci_function *f = &vm->pci.functions[n / 6];
		const struct pci_bar *bar = &f->bars[n % 6];

		if (bar->mapped && f->t.bars[n % 6].kind == PCI_BAR_VRAM &&
		    range_overlaps(addr, len, bar->addr, f->t.bars[n % 6].size))
			return true;
	}
	return false;
}

bool pci_memory_is_free(const struct vm *vm, u64 addr, u64 len)
{
	u64 low = MIN(vm->ram_size, GUEST_LOW_LIMIT);

	return range_within(addr, len, ADDRESS_LIMIT) &&
	       !range_overlaps(addr, len, 0, MAX(low, MIB(1))) &&
	       !range_overlaps(addr, len, GUEST_HIGH_BASE, vm->ram_size - low) &&
	       !range_overlaps(addr, len, GUEST_MMIO_LIMIT, GUEST_HIGH_BASE - GUEST_MMIO_LIMIT) &&
	       !trap_overlaps(&vm->traps, TRAP_MMIO, addr, len) && !vram_overlaps(vm, addr, len);
}

static bool bar_doorbell(struct pci_bar *bar, u64 offset, struct access *a)
{
	u64 doorbells = __atomic_load_n((u64 *)&bar->doorbells, __ATOMIC_ACQUIRE);

	for (; doorbells; doorbells &= doorbells - 1) {
		const struct pci_doorbell *d =
			&bar->function->vm->pci.doorbells[__builtin_ctzll(doorbells)];

		if (d->offset == offset && d->size == a->size) {
			a->count = 1;
			doorbell_ring(bar->function->vm, d->id);
			return true;
		}
	}
	return false;
}

/* What is no doorbell. A request carries no more repetitions than the BAR has room for. */
static enum trap_result bar_forward(struct pci_bar *bar, struct vcpu *v, u64 offset,
				    struct access *a)
{
	struct pci_function *f = bar->function;
	const struct pci_bar_template *b = &f->t.bars[bar->index];

	if (pci_msix_overlaps(&f->t, bar->index, offset, a->size))
		return pci_msix_access(f, offset, a);
	if (b->kind == PCI_BAR_MMIO)
		a->count = (u32)MIN(a->count, (b->size - offset) / a->size);
	return ioreq_post(v, f->id, IOREQ_PCI_BAR, bar->index, offset, a);
}

enum trap_result pci_bar_access(struct pci_bar *bar, struct vcpu *v, u64 offset, struct access *a)
{
	if (a->write && bar_doorbell(bar, offset, a))
		return TRAP_DONE;
	return bar_forward(bar, v, offset, a);
}

/* Handler of a mapped BAR. A doorbell is what frames come through, and counts as such. */
static enum trap_result bar_trap(void *ctx, struct vcpu *v, u64 offset, struct access *a)
{
	struct pci_bar *bar = ctx;
	bool io = bar->function->t.bars[bar->index].kind == PCI_BAR_IO;

	if (a->write && bar_doorbell(bar, offset, a)) {
		v->counters[io ? STAT_EXIT_PIO : STAT_EXIT_MMIO]--;
		v->counters[STAT_EXIT_DOORBELL]++;
		return TRAP_DONE;
	}
	return bar_forward(bar, v, offset, a);
}

/* Maps the BAR at addr; -errno: it cannot be there. */
static int bar_map(struct pci_bar *bar, u64 addr)
{
	struct vm *vm = bar->function->vm;
	const struct pci_bar_template *b = &bar->function->t.bars[bar->index];
	const struct trap_region r = { .base = addr, .len = b->size, .fn = bar_trap, .ctx = bar };
	int error;

	if (b->kind == PCI_BAR_IO) {
		if (!range_within(addr, b->size, PORT_LIMIT) ||
		    trap_overlaps(&vm->traps, TRAP_PIO, addr, b->size))
			return -EEXIST;
		return trap_add(&vm->traps, TRAP_PIO, &r);
	}
	if (!pci_memory_is_free(vm, addr, b->size))
		return -EEXIST;
	if (b->kind == PCI_BAR_MMIO)
		return trap_add(&vm->traps, TRAP_MMIO, &r);
	error = stage2_map(&vm->stage2, addr, vm->vram, b->size,
			   STAGE2_READ | (vm->vram_watched ? 0 : STAGE2_WRITE), MEMTYPE_WB);
	if (error && stage2_unmap(&vm->stage2, addr, b->size))
		log_printf("%s: no memory to take back VRAM at %#llx\n", vm->config->name,
			   (unsigned long long)addr);
	return error;
}

/* True: plain memory went away. */
static bool bar_unmap(struct pci_bar *bar)
{
	struct vm *vm = bar->function->vm;
	const struct pci_bar_template *b = &bar->function->t.bars[bar->index];
	int error;

	if (b->kind == PCI_BAR_VRAM)
		error = stage2_unmap(&vm->stage2, bar->addr, b->size);
	else
		error = trap_remove(&vm->traps, b->kind == PCI_BAR_IO ? TRAP_PIO : TRAP_MMIO,
				    bar->addr);
	if (error)
		log_printf("%s: BAR %u of device %u stays at %#llx: error %d\n", vm->config->name,
			   bar->index, bar->function->id, (unsigned long long)bar->addr, error);
	else
		bar->mapped = false;
	return b->kind == PCI_BAR_VRAM;
}

static void bar_try_map(struct pci_bar *bar)
{
	struct pci_function *f = bar->function;
	u64 addr = bar_address(f, bar->index);
	int error;

	if (bar_is_sizing(f, bar->index))
		return;
	error = bar_map(bar, addr);
	bar->mapped = !error;
	if (!error) {
		bar->addr = addr;
	} else if (!bar->refused) {
		bar->refused = true;
		log_printf("%s: BAR %u of device %u cannot be at %#llx (error %d)\n",
			   f->vm->config->name, bar->index, f->id, (unsigned long long)addr, error);
	}
}

bool pci_bars_update(struct vm *vm)
{
	struct pci_function *functions = vm->pci.functions;
	bool sync = false;

	for (u32 n = 0; n < PCI_MAX_FUNCTIONS * 6; n++) {
		struct pci_function *f = &functions[n / 6];
		struct pci_bar *bar = &f->bars[n % 6];

		if (bar->mapped && (!bar_decoded(f, n % 6) || bar_address(f, n % 6) != bar->addr))
			sync |= bar_unmap(bar);
	}
	pci_roms_unmap(vm);
	for (u32 n = 0; n < PCI_MAX_FUNCTIONS * 6; n++) {
		struct pci_function *f = &functions[n / 6];

		if (f->present && !f->bars[n % 6].mapped && bar_decoded(f, n % 6))
			bar_try_map(&f->bars[n % 6]);
	}
	pci_roms_map(vm);
	return sync;
}

void pci_bars_assign(struct pci_function *f)
{
	for (u32 i = 0; i < 6; i++) {
		const struct pci_bar_template *b = &f->t.bars[i];
		bool io = b->kind == PCI_BAR_IO;
		u64 *next = io ? &f->vm->pci.next_io : &f->vm->pci.next_mmio;
		u32 at = PCI_BAR0 + 4 * i;
		u64 addr;

		if (b->kind == PCI_BAR_NONE)
			continue;
		addr = ALIGN_UP(*next, b->size);
		if (!range_within(addr, b->size, io ? PORT_LIMIT : GUEST_MMIO_LIMIT)) {
			log_printf("%s: no address left for BAR %u of device %u\n",
				   f->vm->config->name, i, f->id);
			continue;
		}
		pci_put32(f->config, at, pci_get32(f->config, at) | (u32)addr);
		*next = addr + b->size;
	}
}
