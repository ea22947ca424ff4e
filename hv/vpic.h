/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/*
 * The pair of 8259A interrupt controllers (ports 0x20/21, 0xa0/a1, ELCR 0x4d0/4d1). Intel 8259A
 * datasheet; the edge/level registers of the ICH9 datasheet, 13.4, in place of ICW1's LTIM.
 * Locking: the guest's lock; vpic_pio and vpic_take take it themselves, vpic_set's caller holds it.
 * vpic_pending needs none.
 */
#ifndef HV_VPIC_H
#define HV_VPIC_H

#include <abi/types.h>
#include "trap.h"

struct vpic_chip {
	u8 irr, isr, imr, lines, elcr;
	u8 vector_base, priority; /* priority: lowest-priority line */
	u8 icw_step;		  /* the initialisation word expected next, 0: none */
	bool icw4, single, auto_eoi, rotate_auto_eoi, read_isr, poll, special_mask, fully_nested;
};
struct vpic {
	struct vpic_chip chip[2]; /* master, slave */
	bool output;		  /* INTR */
};

/* Power-on: every line masked. */
void vpic_reset(struct vpic *p);
/* Trap handler of the ports; ctx is the struct vm; a->addr tells which. */
enum trap_result vpic_pio(struct vm *vm, struct access *a);
/* Sets a line (0..15, not 2); notifies vCPU 0 (VCPU_EVENT_IRQ) when the output rises. */
void vpic_set(struct vm *vm, u32 line, bool level);
static inline bool vpic_pending(const struct vpic *p)
{
	return p->output;
}
/* Interrupt acknowledge: the vector (line 7 or 15 of its chip when the request is gone). Notifies
 * vCPU 0 again when yet another interrupt is waiting. */
u8 vpic_take(struct vm *vm);

#endif
