/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/*
 * The guest's IOAPIC (version 0x20, 24 pins) at 0xfec00000. Intel 82093AA, ICH9 datasheet 13.5.
 * A pin's level is "asserted" or not, whatever polarity its redirection entry names.
 * Locking: the guest's lock; the caller holds it, but for vioapic_mmio and vioapic_eoi, which take
 * it themselves.
 */
#ifndef HV_VIOAPIC_H
#define HV_VIOAPIC_H

#include <abi/types.h>
#include "trap.h"

#define VIOAPIC_BASE 0xfec00000ULL
#define VIOAPIC_PINS 24

struct vioapic {
	u32 id, select;
	u32 lines; /* level of each pin */
	u64 redirection[VIOAPIC_PINS];
};

void vioapic_reset(struct vioapic *io); /* power-on: every pin masked, every line low */
/* offset from VIOAPIC_BASE */
enum trap_result vioapic_mmio(struct vm *vm, u64 offset, struct access *a);
/* An edge-triggered pin fires when it rises, and is lost while masked; a level-triggered one
 * whenever it is high, unmasked and not under service. pin < VIOAPIC_PINS. */
void vioapic_set(struct vm *vm, u32 pin, bool level);
bool vioapic_masked(const struct vioapic *io, u32 pin);
/* A level vector's end: clears remote IRR and raises it again where the line is still high. */
void vioapic_eoi(struct vm *vm, u8 vector);
/* The ISA line (0..15) at both 8259 and IOAPIC (irq 0 is pin 2). Takes the guest's lock. Line 2 is
 * the 8259s' own, and others than 0..15 do not exist: nothing happens. */
void vm_isa_irq(struct vm *vm, u32 irq, bool level);
/* The same, with the guest's lock held. */
void vm_isa_irq_locked(struct vm *vm, u32 irq, bool level);

#endif
