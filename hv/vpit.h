/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/*
 * The 8254 interval timer (ports 0x40-0x43), the port 0x61 speaker gate that goes with it, and the
 * ACPI PM timer (3.579545 MHz, 32 bits). Time is the host TSC; the interrupt goes to ISA line 0.
 * Intel 8254 datasheet; ICH9 datasheet 13.3 (8254), 13.7.1 (port 0x61); ACPI 4.8.3.3.
 * Locking: the guest's lock; handlers and vpit_timer take it themselves.
 */
#ifndef HV_VPIT_H
#define HV_VPIT_H

#include <abi/types.h>
#include "trap.h"

#define VPIT_HZ	   1193182ULL
#define PMTIMER_HZ 3579545ULL

#define VPIT_NO_DEADLINE ~0ULL

struct vpit_channel {
	u8 mode;   /* 0..5 */
	u8 access; /* 1 low byte, 2 high byte, 3 low then high */
	bool bcd, gate;
	bool armed;		    /* counts since start; modes 1 and 5: was triggered */
	bool null_count;	    /* the last count written is not in use yet */
	bool read_high, write_high; /* access 3: the second byte is next */
	bool status_latched;
	u8 count_latched; /* bytes of `latch` still to be read */
	u8 write_low, status;
	u16 latch;
	u32 reload, next_reload; /* 1..65536; 0: none */
	u64 start;		 /* TSC when the count was loaded */
	u64 held;		 /* 8254 clocks counted when the gate fell */
};
struct vpit {
	struct vpit_channel channel[3];
	u8 speaker;   /* port 0x61 bits 0-3 */
	u64 seen;     /* TSC up to which channel 0's edges were raised */
	u64 deadline; /* TSC of channel 0's next edge, ~0: none (masked or not counting) */
};

void vpit_reset(struct vpit *p, u64 now);
/* Ports 0x40-0x43, 0x61. When the deadline comes closer, vCPU 0 gets VCPU_EVENT_TIMER. */
enum trap_result vpit_pio(struct vm *vm, struct access *a);
enum trap_result pmtimer_pio(struct vm *vm, struct access *a); /* GUEST_PM_BASE + 8 */
/* now >= deadline: pulses line 0, computes the next deadline. Missed edges are not made up for. */
void vpit_timer(struct vm *vm, u64 now);
/* Line 0's mask may have changed at the 8259 or the IOAPIC: while both mask it there is no
 * deadline. The caller holds the guest's lock. */
void vpit_mask_changed(struct vm *vm);

#endif
