/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/*
 * The guest's PCI bus as a whole: which functions there are, their power-on state and their
 * interrupt pins. Functions come and never go; id = index + 1. Locking: see pci.h.
 */
#include <abi/range.h>
#include "pci_internal.h"
#include "string.h"

#define PORT_ADDRESS 0xcf8
#define PORT_DATA    0xcfc
#define PORT_IO_BASE 0xc000

struct pci_function *pci_function(struct vm *vm, u16 id)
{
	if (!id || id > PCI_MAX_FUNCTIONS || !vm->pci.functions[id - 1].present)
		return NULL;
	return &vm->pci.functions[id - 1];
}

static void function_reset(struct pci_function *f)
{
	memcpy(f->config, f->t.config, sizeof(f->config));
	f->intx = false;
	for (u32 i = 0; i < 6; i++)
		f->bars[i].refused = false;
	pci_msix_reset(f);
	if (f->vm->config->firmware == FILE_NONE)
		pci_bars_assign(f);
}

int pci_function_add(struct vm *vm, const struct pci_template *t, bool own)
{
	struct pci_function *f = NULL;

	for (u32 i = 0; i < PCI_MAX_FUNCTIONS; i++) {
		struct pci_function *other = &vm->pci.functions[i];

		if (!other->present) {
			f = f ? f : other;
			continue;
		}
		if (other->t.devfn == t->devfn)
			return !other->own && !memcmp(&other->t, t, sizeof(*t)) ? other->id
										: -EEXIST;
	}
	if (!f)
		return -ENOSPC;
	f->own = own;
	f->id = (u16)(f - vm->pci.functions + 1);
	f->vm = vm;
	f->t = *t;
	for (u32 i = 0; i < 6; i++) {
		f->bars[i].function = f;
		f->bars[i].index = (u8)i;
	}
	function_reset(f);
	f->present = true;
	return f->id;
}

int pci_add(struct vm *vm, const struct pci_template *t)
{
	struct pci_template checked = *t;
	int result = pci_template_check(&checked, vm->vram_size);

	if (result)
		return result;
	spin_lock(&vm->lock);
	result = pci_function_add(vm, &checked, false);
	spin_unlock(&vm->lock);
	return result;
}

int pci_add_doorbell(struct vm *vm, u16 device, u8 bar, u64 offset, u8 size, u8 id)
{
	struct pci_doorbell new = { device, bar, size, id, offset };
	struct pci_function *f;
	int result = -ENOSPC;

	spin_lock(&vm->lock);
	f = pci_function(vm, device);
	if (!f || f->own || bar > 5 || id > 63 || (size != 1 && size != 2 && size != 4) ||
	    (f->t.bars[bar].kind != PCI_BAR_MMIO && f->t.bars[bar].kind != PCI_BAR_IO) ||
	    !range_within(offset, size, f->t.bars[bar].size) ||
	    pci_msix_overlaps(&f->t, bar, offset, size)) {
		spin_unlock(&vm->lock);
		return -EINVAL;
	}
	for (u32 i = 0; i < PCI_MAX_DOORBELLS; i++) {
		struct pci_doorbell *d = &vm->pci.doorbells[i];

		if (!d->device) {
			*d = new;
			__atomic_fetch_or((u64 *)&f->bars[bar].doorbells, BIT(i), __ATOMIC_RELEASE);
			result = 0;
			break;
		}
		if (d->device == device && d->bar == bar &&
		    range_overlaps(d->offset, d->size, offset, size)) {
			if (d->offset == offset && d->id == id && d->size != size)
				continue; /* the same doorbell, written in another width */
			result = d->offset == offset && d->id == id ? 0 : -EEXIST;
			break;
		}
	}
	spin_unlock(&vm->lock);
	return result;
}

/* Which of the four interrupt inputs the function's pin leads to. */
static u32 function_pin(const struct pci_function *f)
{
	return ((u32)(f->t.devfn >> 3) + f->config[PCI_INTERRUPT_PIN] - 1U) % 4;
}

/* A pin is silent while disabled (6.2.2) and while MSI-X is in use (6.8.3.3). */
void pci_pins_update(struct vm *vm)
{
	struct pci_bus *bus = &vm->pci;
	u32 pins = 0, changed;

	for (u32 i = 0; i < PCI_MAX_FUNCTIONS; i++) {
		struct pci_function *f = &bus->functions[i];

		if (f->present && f->intx && !pci_msix_enabled(f) &&
		    !(pci_get16(f->config, PCI_COMMAND) & PCI_COMMAND_INTX_OFF))
			pins |= 1U << function_pin(f);
	}
	changed = pins ^ bus->pins;
	bus->pins = (u8)pins;
	for (u32 pin = 0; pin < 4; pin++)
		if (changed & 1U << pin)
			vioapic_set(vm, GUEST_PCI_INTX_GSI + pin, pins & 1U << pin);
}

int pci_intx(struct vm *vm, u16 device, bool level)
{
	struct pci_function *f;
	int error = -EINVAL;

	spin_lock(&vm->lock);
	f = pci_function(vm, device);
	if (f && !f->own && f->config[PCI_INTERRUPT_PIN]) {
		f->intx = level;
		f->config[PCI_STATUS] &= (u8)~PCI_STATUS_INTX;
		f->config[PCI_STATUS] |= level ? PCI_STATUS_INTX : 0;
		pci_pins_update(vm);
		error = 0;
	}
	spin_unlock(&vm->lock);
	return error;
}

void pci_reset(struct vm *vm)
{
	bool sync;

	spin_lock(&vm->lock);
	vm->pci.address = 0;
	vm->pci.next_mmio = GUEST_MMIO_BASE;
	vm->pci.next_io = PORT_IO_BASE;
	for (u32 i = 0; i < PCI_MAX_FUNCTIONS; i++)
		if (vm->pci.functions[i].present)
			function_reset(&vm->pci.functions[i]);
	sync = pci_bars_update(vm) | pci_bridges_update(vm);
	pci_pins_update(vm);
	spin_unlock(&vm->lock);
	if (sync)
		vm_sync(vm);
}

int pci_init(struct vm *vm)
{
	const struct trap_region ecam = {
		.base = GUEST_ECAM_BASE, .len = MIB(256), .fn = pci_ecam, .ctx = vm
	};
	const struct trap_region address = {
		.base = PORT_ADDRESS, .len = 4, .fn = pci_address_port, .ctx = vm, .word = 4
	};
	const struct trap_region data = {
		.base = PORT_DATA, .len = 4, .fn = pci_data_port, .ctx = vm
	};
	int result;

	spin_lock(&vm->lock);
	vm->pci.next_mmio = GUEST_MMIO_BASE;
	vm->pci.next_io = PORT_IO_BASE;
	result = pci_bridges_add(vm);
	if (!result)
		result = trap_add(&vm->traps, TRAP_MMIO, &ecam);
	if (!result)
		result = trap_add(&vm->traps, TRAP_PIO, &address);
	if (!result)
		result = trap_add(&vm->traps, TRAP_PIO, &data);
	spin_unlock(&vm->lock);
	return result;
}
