/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/*
 * The pair of 8259A interrupt controllers (ports 0x20/21, 0xa0/a1, ELCR 0x4d0/4d1).
 * Locking: the guest's lock; vpic_pio and vpic_take take it themselves, vpic_set's caller holds it.
 */
#ifndef HV_VPIC_H
#define HV_VPIC_H

#include <abi/types.h>
#include "trap.h"

struct vpic_chip {
	u8 irr, isr, imr, lines, elcr;
	u8 vector_base, icw_step, priority; /* priority: lowest-priority line */
	bool icw4, auto_eoi, rotate_auto_eoi, read_isr, poll, special_mask, fully_nested;
};
struct vpic {
	struct vpic_chip chip[2];
	bool output; /* INTR */
};

void vpic_reset(struct vpic *p);
/* Trap handler of the ports; ctx is the struct vm; a->addr tells which. */
enum trap_result vpic_pio(struct vm *vm, struct access *a);
/* Sets a line; notifies vCPU 0 (VCPU_EVENT_IRQ) when the output rises. */
void vpic_set(struct vm *vm, u32 line, bool level);
bool vpic_pending(const struct vpic *p);
/* Interrupt acknowledge: the vector (7/15 spurious). */
u8 vpic_take(struct vm *vm);

#endif
