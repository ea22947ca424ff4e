/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/*
 * The memory shared by the hypervisor and the device domain (struct dm_shared): request slots for
 * guest accesses that need an answer, bitmaps for everything that does not.
 *
 * Ownership of a slot follows `state`, the last field stored (release) by whoever gives it away
 * and the first loaded (acquire) by whoever takes it:
 *
 *   FREE     hypervisor's. It fills the slot, stores PENDING, then sets the slot's bit in
 *            ioreq_pending[vm], then wakes the device domain.
 *   PENDING  device domain's. It stores BUSY while it works.
 *   BUSY     device domain's. It stores value and status, then DONE, then calls HC_IOREQ_DONE.
 *   DONE     hypervisor's. It takes value and status, if seq still matches, then stores FREE.
 *
 * The hypervisor keeps a private copy of each request and reads back only value, status and seq:
 * nothing else the device domain writes there has an effect. When the device domain is restarted
 * every PENDING or BUSY slot becomes PENDING again, with its bit set; the request is carried out
 * once more from the start.
 *
 * Sleeping without losing a wake-up: the device domain clears and handles all bits, and then
 * calls HC_WAIT, which returns at once when any bit is set. The hypervisor sets the bit first
 * (seq_cst) and looks at whether the domain sleeps after.
 */
#ifndef ABI_IOREQ_H
#define ABI_IOREQ_H

#include <abi/config.h>

enum ioreq_state { IOREQ_FREE, IOREQ_PENDING, IOREQ_BUSY, IOREQ_DONE };
enum ioreq_space { IOREQ_PIO, IOREQ_MMIO, IOREQ_PCI_BAR };
enum ioreq_status { IOREQ_OK, IOREQ_FAULT }; /* FAULT: nothing there; reads give all ones */

struct ioreq {
	_Atomic u32 state;
	u32 seq;
	u64 addr;   /* PIO: port. MMIO: guest physical address. PCI_BAR: offset in the BAR */
	u64 value;  /* written, or the answer to a read; only the low `size` bytes count */
	u16 device; /* as registered by HC_TRAP_ADD or HC_PCI_ADD */
	u8 space;
	u8 size; /* 1, 2, 4 or 8 */
	u8 write;
	u8 status;
	u8 bar;	   /* PCI_BAR: 0..5 */
	u8 block;  /* MMIO: `count` elements are to be moved from `from` to `addr`, in order; one or
		    * both lie in the region, the other is the guest's RAM */
	u32 count; /* elements of a block, or repetitions of a write of one value; else 1 */
	u32 reserved0;
	u64 from; /* of a block: guest physical address */
	u32 reserved1[4];
};
_Static_assert(sizeof(struct ioreq) == 64, "ioreq ABI");

/* vm_events[vm]: what happened to a guest. */
enum vm_event {
	VM_EVENT_STOPPED = BIT(0), /* all its vCPUs have stopped after HC_VM_STOP */
	VM_EVENT_VRAM = BIT(2),	   /* it wrote to VRAM, after HC_VRAM_WATCH */
	VM_EVENT_FATAL = BIT(1),   /* hypervisor stopped it: triple fault, bad memory... */
};

/* host_events */
enum host_event {
	HOST_EVENT_SERIAL =
		BIT(0), /* host COM1 raised its interrupt (masked until HC_IRQ_UNMASK) */
	HOST_EVENT_KEYBOARD = BIT(1),
	HOST_EVENT_LOG = BIT(2), /* lines were added to the log ring */
	HOST_EVENT_NET = BIT(3), /* the network card raised its interrupt (see enum nic_irq) */
};

struct dm_shared {
	_Atomic u64 pending; /* any bit: something below is set; bit 63: host */
			     /* bits 0..7: vm n */
	_Atomic u64 host_events;
	_Atomic u64 vm_events[MAX_VMS];
	_Atomic u64 ioreq_pending[MAX_VMS]; /* bit: vCPU */
	_Atomic u64 doorbells[MAX_VMS];	    /* bit: doorbell id, see HC_DOORBELL_ADD */
	u64 reserved[27];
	struct ioreq ioreq[MAX_VMS][MAX_VM_CPUS];
};
#define DM_PENDING_HOST BIT(63)

#endif
