/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/*
 * The 8254 interval timer (ports 0x40-0x43), the port 0x61 speaker gate that goes with it, and the
 * ACPI PM timer (3.579545 MHz, 32 bits). Time is the host TSC; the interrupt goes to ISA line 0.
 * Locking: the guest's lock; handlers and vpit_timer take it themselves.
 */
#ifndef HV_VPIT_H
#define HV_VPIT_H

#include <abi/types.h>
#include "trap.h"

#define VPIT_HZ	   1193182ULL
#define PMTIMER_HZ 3579545ULL

struct vpit_channel {
	u8 mode, access, bcd;
	u8 read_state, write_state, write_latch;
	bool count_latched, status_latched, gate, null_count, armed;
	u16 latch;
	u8 status;
	u32 reload; /* 1..65536 */
	u64 start;  /* TSC when the count was loaded */
	u64 fired;  /* channel 0: expiries raised so far since start */
};
struct vpit {
	struct vpit_channel channel[3];
	u8 speaker;   /* port 0x61 bits 0-1 */
	u64 deadline; /* TSC of channel 0's next edge, ~0: none (masked or not counting) */
};

void vpit_reset(struct vpit *p, u64 now);
enum trap_result vpit_pio(struct vm *vm, struct access *a);    /* 0x40-0x43, 0x61 */
enum trap_result pmtimer_pio(struct vm *vm, struct access *a); /* GUEST_PM_BASE + 8 */
/* now >= deadline: pulses line 0, computes the next deadline. Missed edges are not made up for. */
void vpit_timer(struct vm *vm, u64 now);

#endif
