/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/*
 * Configuration space: ECAM, ports 0xcf8/0xcfc (PCI Local Bus 3.0, 3.2.2.3.2) and the window into
 * BARs of virtio devices (VIRTIO 1.2, 4.1.4.9). Only bus 0 has devices; what is not there reads
 * all ones. Bytes 256 to 4095 of a function that is there are zero: no extended capabilities.
 *
 * A write changes the bits that the template calls writable, and nothing else; what follows from
 * it (BARs, pins, pending messages) is computed again from the whole configuration.
 */
#include <abi/range.h>
#include "pci_internal.h"

#define FUNCTION_SIZE  4096
#define ADDRESS_ENABLE BIT(31)
#define ADDRESS_BITS   0x80fffffcU

static struct pci_function *function_at(struct vm *vm, u32 bus, u32 devfn)
{
	for (u32 i = 0; !bus && i < PCI_MAX_FUNCTIONS; i++) {
		struct pci_function *f = &vm->pci.functions[i];

		if (f->present && f->t.devfn == devfn)
			return f;
	}
	return NULL;
}

static u64 config_read(const struct pci_function *f, u32 at, u32 size)
{
	u64 value = 0;

	for (u32 i = 0; i < size && at + i < PCI_CONFIG_SIZE; i++)
		value |= (u64)f->config[at + i] << (8 * i);
	return value;
}

static void config_write(struct pci_function *f, u32 at, const struct access *a)
{
	for (u32 i = 0; i < a->count * a->size && at + i < PCI_CONFIG_SIZE; i++) {
		u8 mask = f->t.writable[at + i];
		u8 value = (u8)(a->value >> (8 * (i % a->size)));

		f->config[at + i] = (u8)((f->config[at + i] & ~mask) | (value & mask));
	}
}

/* Where the window leads to: NULL when it is set to nothing that can be accessed. Locked. */
static struct pci_bar *window_bar(struct pci_function *f, u64 *offset, struct access *inner)
{
	u32 cap = f->t.window_cap;
	u32 bar = f->config[cap + 4], len = pci_get32(f->config, cap + 12);

	*offset = pci_get32(f->config, cap + 8);
	if (bar > 5 || (len != 1 && len != 2 && len != 4) || *offset % len)
		return NULL;
	if (f->t.bars[bar].kind != PCI_BAR_MMIO && f->t.bars[bar].kind != PCI_BAR_IO)
		return NULL;
	inner->addr = *offset;
	inner->size = (u8)len;
	return range_within(*offset, len, f->t.bars[bar].size) ? &f->bars[bar] : NULL;
}

/* The answer of a deferred read has the size of the inner access, zero-extended. */
static enum trap_result window_access(struct pci_bar *bar, struct vcpu *v, u64 offset,
				      struct access *inner, struct access *a)
{
	enum trap_result result;

	inner->value = a->write ? a->value & (BIT(8 * inner->size) - 1) : ~0ULL;
	inner->count = 1;
	inner->write = a->write;
	a->count = 1;
	result = pci_bar_access(bar, v, offset, inner);
	if (!a->write && result != TRAP_DEFER)
		a->value = inner->value & (BIT(8 * inner->size) - 1);
	return result;
}

static enum trap_result config_access(struct vm *vm, struct vcpu *v, u32 bus, u32 devfn, u32 at,
				      struct access *a)
{
	struct pci_function *f;
	struct pci_bar *bar = NULL;
	struct access inner = { 0 };
	bool sync = false;
	u64 offset = 0;

	spin_lock(&vm->lock);
	f = function_at(vm, bus, devfn);
	if (f && f->t.window_cap && at == f->t.window_cap + 16U)
		bar = window_bar(f, &offset, &inner);
	if (!f || bar) {
		spin_unlock(&vm->lock);
		return bar ? window_access(bar, v, offset, &inner, a) : TRAP_DONE;
	}
	if (a->write) {
		config_write(f, at, a);
		sync = pci_bars_update(vm) | pci_bridges_update(vm);
		pci_pins_update(vm);
	} else {
		a->value = config_read(f, at, a->size);
	}
	spin_unlock(&vm->lock);
	if (sync)
		vm_sync(vm);
	if (a->write)
		pci_msix_flush(f);
	return TRAP_DONE;
}

/* Of repetitions, those that begin within the function. */
enum trap_result pci_ecam(void *ctx, struct vcpu *v, u64 offset, struct access *a)
{
	u32 at = offset % FUNCTION_SIZE;

	a->count = MIN(a->count, (FUNCTION_SIZE - at + a->size - 1) / a->size);
	return config_access(ctx, v, (u32)(offset >> 20), offset >> 12 & 0xff, at, a);
}

enum trap_result pci_address_port(void *ctx, struct vcpu *v, u64 offset, struct access *a)
{
	struct vm *vm = ctx;

	(void)v;
	(void)offset;
	spin_lock(&vm->lock);
	if (a->write)
		vm->pci.address = (u32)a->value & ADDRESS_BITS;
	else
		a->value = vm->pci.address;
	spin_unlock(&vm->lock);
	return TRAP_DONE;
}

/* Each repetition of a string write goes to the same port, so one is as good as all. */
enum trap_result pci_data_port(void *ctx, struct vcpu *v, u64 offset, struct access *a)
{
	struct vm *vm = ctx;
	struct access once = *a;
	enum trap_result result;
	u32 address;

	spin_lock(&vm->lock);
	address = vm->pci.address;
	spin_unlock(&vm->lock);
	if (!(address & ADDRESS_ENABLE))
		return TRAP_DONE;
	once.count = 1;
	result = config_access(vm, v, address >> 16 & 0xff, address >> 8 & 0xff,
			       (address & 0xff) + (u32)offset, &once);
	a->value = once.value;
	return result;
}
