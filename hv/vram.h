/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/*
 * Where a guest's VRAM is plain memory to it beside its BAR (hv/pci_bar.c): a part of the legacy
 * window 0xa0000-0xbffff; and which pages of VRAM the guest has written to.
 */
#ifndef HV_VRAM_H
#define HV_VRAM_H

#include "vm.h"

/* HC_VRAM_WINDOW: -EINVAL when not page-aligned, outside the legacy window or outside VRAM and what
 * is behind it; -ENOMEM. On return no vCPU uses the former mapping. Takes vm->lock. */
int vram_window(struct vm *vm, gpa_t gpa, u64 offset, u64 len) must_check;
/* HC_VRAM_DIRTY: len / PAGE_SIZE bits, in whole u64s. -EINVAL. Takes vm->lock. */
int vram_dirty(struct vm *vm, u64 offset, u64 len, u64 *bitmap) must_check;

/* HC_VRAM_WATCH: the BAR is mapped read-only until the guest writes to it. Takes vm->lock. */
int vram_watch(struct vm *vm, bool on) must_check;
/* A write that found gpa read-only. True: that is the BAR, and the write may be tried again. */
bool vram_written(struct vm *vm, gpa_t gpa);

#endif
