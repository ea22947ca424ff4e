/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/*
 * The legacy window, dirty pages of VRAM, and the watch over writes to it; see vram.h. Owns
 * vm->vram_window and vm->vram_watched, guarded by vm->lock.
 */
#include <abi/ioreq.h>
#include <abi/range.h>
#include "domain.h"
#include "vram.h"

static bool window_ok(const struct vm *vm, gpa_t gpa, u64 offset, u64 len)
{
	return vm->vram_size && !((gpa | offset | len) % PAGE_SIZE) &&
	       range_inside(gpa, len, GUEST_LEGACY_BASE, GUEST_LEGACY_SIZE) &&
	       range_within(offset, len, vm->vram_size + VRAM_HIDDEN_SIZE);
}

static int window_replace(struct vm *vm, gpa_t gpa, u64 offset, u64 len)
{
	int rc = 0;

	if (vm->vram_window.len)
		rc = stage2_unmap(&vm->stage2, vm->vram_window.gpa, vm->vram_window.len);
	if (rc)
		return rc;
	vm->vram_window.len = 0;
	if (!len)
		return 0;
	rc = stage2_map(&vm->stage2, gpa, vm->vram + offset, len, STAGE2_READ | STAGE2_WRITE,
			MEMTYPE_WB);
	vm->vram_window.gpa = gpa;
	vm->vram_window.offset = offset;
	vm->vram_window.len = len;
	if (rc && !stage2_unmap(&vm->stage2, gpa, len))
		vm->vram_window.len = 0;
	return rc;
}

int vram_window(struct vm *vm, gpa_t gpa, u64 offset, u64 len)
{
	int rc;

	if (len && !window_ok(vm, gpa, offset, len))
		return -EINVAL;
	spin_lock(&vm->lock);
	rc = window_replace(vm, gpa, offset, len);
	spin_unlock(&vm->lock);
	vm_sync(vm);
	return rc;
}

/* Adds the dirty bits of VRAM [offset, offset + len) as far as [from, from + size) of it is mapped
 * at gpa. Small pieces at a time: each is read into a word of its own. */
static int add_mapping(struct vm *vm, u64 offset, u64 len, u64 *bitmap, gpa_t gpa, u64 from,
		       u64 size)
{
	u64 first = MAX(offset, from), end = MIN(offset + len, from + size);

	while (first < end) {
		u64 at = (first - offset) / PAGE_SIZE, word = 0;
		u64 step = MIN(end - first, (64 - at % 64) * PAGE_SIZE);
		int rc = stage2_dirty(&vm->stage2, gpa + (first - from), step, &word);

		if (rc)
			return rc;
		bitmap[at / 64] |= word << at % 64;
		first += step;
	}
	return 0;
}

int vram_dirty(struct vm *vm, u64 offset, u64 len, u64 *bitmap)
{
	u64 bar, bar_size, any = 0;
	int rc = 0;

	if ((offset | len) % PAGE_SIZE ||
	    !range_within(offset, len, vm->vram_size ? vm->vram_size + VRAM_HIDDEN_SIZE : 0))
		return -EINVAL;
	for (u64 i = 0; i < (len / PAGE_SIZE + 63) / 64; i++)
		bitmap[i] = 0;
	spin_lock(&vm->lock);
	if (pci_vram_bar(vm, &bar, &bar_size))
		rc = add_mapping(vm, offset, len, bitmap, bar, 0, bar_size);
	if (!rc)
		rc = add_mapping(vm, offset, len, bitmap, vm->vram_window.gpa,
				 vm->vram_window.offset, vm->vram_window.len);
	spin_unlock(&vm->lock);
	for (u64 i = 0; i < (len / PAGE_SIZE + 63) / 64; i++)
		any |= bitmap[i];
	if (any || rc)
		vm_sync(vm);
	return rc;
}

/* Locked. */
static int watch(struct vm *vm, bool on)
{
	u64 bar, bar_size;

	vm->vram_watched = on;
	if (!pci_vram_bar(vm, &bar, &bar_size))
		return 0;
	return stage2_map(&vm->stage2, bar, vm->vram, bar_size,
			  STAGE2_READ | (on ? 0 : STAGE2_WRITE), MEMTYPE_WB);
}

int vram_watch(struct vm *vm, bool on)
{
	int rc;

	spin_lock(&vm->lock);
	rc = vm->vram_watched == on ? 0 : watch(vm, on);
	spin_unlock(&vm->lock);
	vm_sync(vm);
	return rc;
}

bool vram_written(struct vm *vm, gpa_t gpa)
{
	u64 bar, bar_size;
	bool ours, watched;

	spin_lock(&vm->lock);
	watched = vm->vram_watched;
	ours = pci_vram_bar(vm, &bar, &bar_size) && range_inside(gpa, 1, bar, bar_size) &&
	       (!watched || !watch(vm, false));
	spin_unlock(&vm->lock);
	if (ours && watched)
		domain_vm_event(vm, VM_EVENT_VRAM);
	return ours;
}
