/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/*
 * MSI-X (PCI Local Bus 3.0, 6.8.2): the table at offset 0 of its BAR, the pending bits, and when a
 * message may go. A message that may not go now (masked, no bus mastering) is kept as a pending bit
 * and goes as soon as it may. Messages leave without the guest's lock.
 */
#include <abi/range.h>
#include "pci_internal.h"

static u16 msix_control(const struct pci_function *f)
{
	return pci_get16(f->config, f->t.msix_cap + 2U);
}

bool pci_msix_enabled(const struct pci_function *f)
{
	return f->t.msix_cap && msix_control(f) & MSIX_CONTROL_ENABLE;
}

/* Vectors whose message may go now. */
static u32 msix_open(const struct pci_function *f)
{
	u32 vectors = 0;

	if (!pci_msix_enabled(f) || msix_control(f) & MSIX_CONTROL_MASK ||
	    !(pci_get16(f->config, PCI_COMMAND) & PCI_COMMAND_MASTER))
		return 0;
	for (u32 i = 0; i < f->t.msix_vectors; i++)
		if (!(f->msix[i].control & MSIX_ENTRY_MASKED))
			vectors |= 1U << i;
	return vectors;
}

void pci_msix_reset(struct pci_function *f)
{
	f->msix_pending = 0;
	for (u32 i = 0; i < PCI_MAX_MSIX; i++)
		f->msix[i] = (struct msix_entry){ .control = MSIX_ENTRY_MASKED };
}

void pci_msix_flush(struct pci_function *f)
{
	for (;;) {
		struct msix_entry entry = { 0 };
		u32 ready;

		spin_lock(&f->vm->lock);
		ready = f->msix_pending & msix_open(f);
		if (ready) {
			entry = f->msix[__builtin_ctz(ready)];
			f->msix_pending &= ~(ready & -ready);
		}
		spin_unlock(&f->vm->lock);
		if (!ready)
			return;
		vm_msi(f->vm, entry.address, entry.data);
	}
}

int pci_msix(struct vm *vm, u16 device, u16 vector)
{
	struct pci_function *f;
	struct msix_entry entry = { 0 };
	int error = -EINVAL;

	spin_lock(&vm->lock);
	f = pci_function(vm, device);
	if (f && vector < f->t.msix_vectors && !pci_msix_enabled(f)) {
		error = -ENODEV;
	} else if (f && vector < f->t.msix_vectors) {
		entry = f->msix[vector];
		error = msix_open(f) & 1U << vector ? 0 : -EAGAIN;
		if (error)
			f->msix_pending |= 1U << vector;
	}
	spin_unlock(&vm->lock);
	if (!error)
		vm_msi(vm, entry.address, entry.data);
	return error;
}

bool pci_msix_overlaps(const struct pci_template *t, u32 bar, u64 offset, u64 len)
{
	return t->msix_vectors && bar == t->msix_bar &&
	       (range_overlaps(offset, len, 0, pci_msix_table_len(t)) ||
		range_overlaps(offset, len, t->msix_pba, MSIX_PBA_LEN));
}

static u32 word_read(const struct pci_function *f, u64 offset)
{
	const struct msix_entry *e;

	if (offset >= f->t.msix_pba)
		return offset == f->t.msix_pba ? f->msix_pending : 0;
	e = &f->msix[offset / sizeof(*e)];
	switch (offset % sizeof(*e) / 4) {
	case 0:
		return (u32)e->address;
	case 1:
		return (u32)(e->address >> 32);
	case 2:
		return e->data;
	default:
		return e->control;
	}
}

static void word_write(struct pci_function *f, u64 offset, u32 value)
{
	struct msix_entry *e;

	if (offset >= f->t.msix_pba)
		return;
	e = &f->msix[offset / sizeof(*e)];
	switch (offset % sizeof(*e) / 4) {
	case 0:
		e->address = (e->address & ~0xffffffffULL) | (value & ~3U);
		break;
	case 1:
		e->address = (e->address & 0xffffffffULL) | (u64)value << 32;
		break;
	case 2:
		e->data = value;
		break;
	default:
		e->control = value & MSIX_ENTRY_MASKED;
	}
}

/* Writes as many repetitions as there are words. Locked. */
static void table_write(struct pci_function *f, u64 offset, struct access *a)
{
	u32 done;

	for (done = 0; done < a->count; done++, offset += a->size) {
		if (!pci_msix_overlaps(&f->t, f->t.msix_bar, offset, a->size))
			break;
		word_write(f, offset, (u32)a->value);
		if (a->size == 8)
			word_write(f, offset + 4, (u32)(a->value >> 32));
	}
	a->count = done;
}

/* Software must use aligned 4- or 8-byte accesses; others read all ones and change nothing. */
enum trap_result pci_msix_access(struct pci_function *f, u64 offset, struct access *a)
{
	if ((a->size != 4 && a->size != 8) || offset % a->size) {
		a->count = 1;
		return TRAP_DONE;
	}
	spin_lock(&f->vm->lock);
	if (a->write) {
		table_write(f, offset, a);
	} else {
		a->value = word_read(f, offset);
		if (a->size == 8)
			a->value |= (u64)word_read(f, offset + 4) << 32;
	}
	spin_unlock(&f->vm->lock);
	if (a->write)
		pci_msix_flush(f);
	return TRAP_DONE;
}
