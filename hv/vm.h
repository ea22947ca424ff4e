/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/*
 * A guest and its virtual processors. Index DOMAIN_VM is the device domain.
 *
 * Locking: vm->lock guards interrupt controllers (8259, IOAPIC), 8254, PCI, traps and the second
 * stage of the guest; a vCPU's LAPIC has no lock: see vlapic.h. vcpu->events is atomic: anyone
 * sets bits with vcpu_notify(), only the vCPU's core clears them. Order: vm->lock, io.lock.
 */
#ifndef HV_VM_H
#define HV_VM_H

#include <arch/vcpu.h>
#include "lock.h"
#include "trap.h"
#include "vlapic.h"
#include "vioapic.h"
#include "vpic.h"
#include "vpit.h"
#include "pci.h"
#include "pv.h"
#include "shadow.h"

#define DOMAIN_VM MAX_VMS

enum vcpu_event {
	VCPU_EVENT_IRQ = BIT(0), /* LAPIC or 8259 may have an interrupt to deliver */
	VCPU_EVENT_NMI = BIT(1),
	VCPU_EVENT_INIT = BIT(2),
	VCPU_EVENT_SIPI = BIT(3),  /* vector in sipi_vector */
	VCPU_EVENT_IOREQ = BIT(4), /* the answer is there (or will never come) */
	VCPU_EVENT_STOP = BIT(5),
	VCPU_EVENT_WAKE = BIT(6),  /* device domain: something is pending */
	VCPU_EVENT_TIMER = BIT(7), /* look at the deadlines again */
	VCPU_EVENT_START = BIT(8), /* from vcpu->start, or to wait for SIPI when !start_boot */
};

enum vcpu_run_state {
	VCPU_STOPPED, /* not started, or the guest is stopped */
	VCPU_WAIT_SIPI,
	VCPU_RUNNABLE,
	VCPU_HALTED,  /* HLT: until an interrupt */
	VCPU_IOREQ,   /* waits for the device domain's answer */
	VCPU_WAITING, /* the device domain in HC_WAIT */
};

/* The access under way of a vCPU whose instruction is being emulated (hv/ioreq.c, hv/exit.c).
 * lock, active, posted, device, space, bar, seq and orphan are hv/ioreq.c's; seq and orphan live
 * through a guest's reset. */
#define REPLAY_MAX 8
struct vcpu_io {
	bool active; /* an ioreq was posted; exit holds what to do again */
	bool answered;
	struct vmexit exit;
	struct access posted;	/* addr as posted: in a BAR, the offset */
	u64 replay[REPLAY_MAX]; /* values of the accesses of this instruction that are done */
	u32 replay_count, replay_at;
	u32 replay_items; /* emul_access.count of the last one */
	u32 seq;
	u16 device;
	u8 space, bar;
	bool orphan; /* the device domain is still at work on a cancelled request in the slot */
	struct spinlock lock;
};

struct vcpu {
	struct arch_vcpu arch; /* first */
	struct vm *vm;
	u32 index; /* in its guest = APIC id */
	u32 cpu;   /* the core it is pinned to */
	_Atomic u32 events;
	_Atomic u32 state;    /* enum vcpu_run_state; written by its own core only, but for start */
	_Atomic u32 in_guest; /* counts entries and exits: odd while in guest mode */
	u8 sipi_vector;
	bool start_boot;       /* the boot processor of its guest */
	struct vm_start start; /* what VCPU_EVENT_START begins from */
	u64 wait_until;	       /* the device domain in HC_WAIT: TSC */
	u64 deadline;	       /* TSC: the next thing to do for it by time, the LAPIC aside */
	struct vlapic lapic;
	struct vcpu_io io;
	struct pv pv;
	u64 counters[STAT_COUNT];
	u64 unclaimed_since;
	u32 unclaimed_burst;
};

struct vm {
	u32 index;
	const struct vm_config *config; /* NULL: the device domain */
	_Atomic u32 state;		/* enum vm_state */
	char reason[128];
	struct spinlock lock;
	struct stage2 stage2;
	hpa_t ram; /* contiguous; GPA 0.. up to GUEST_LOW_LIMIT, rest at 4 GiB */
	u64 ram_size;
	hpa_t vram;
	u64 vram_size; /* what BARs may show; VRAM_HIDDEN_SIZE more follow */
	struct {       /* mapped in the legacy window; len 0: nothing */
		u64 gpa, offset, len;
	} vram_window;
	bool vram_watched; /* the BAR is mapped read-only: see vram_watch() */
	u32 vcpu_count;
	struct vcpu *vcpus; /* vcpu_count of them */
	struct trap_table traps;
	struct vioapic ioapic;
	struct vpic pic;
	struct vpit pit;
	struct pci_bus pci;
	struct shadow shadow;
	u64 start_tsc; /* of the PM timer and the paravirtual clock */
	_Atomic u32 running_vcpus;
};

extern struct vm vms[MAX_VMS + 1];

/* Sets the bits and makes sure the vCPU sees them soon (wakes or kicks its core). */
void vcpu_notify(struct vcpu *v, u32 events);
/* Raise an interrupt message in the guest: address and data as a PCI device would write them
 * (Intel SDM vol. 3, 11.11). */
void vm_msi(struct vm *vm, u64 address, u32 data);
/* Stops the guest for good, with a reason for the log, the console and the panel. */
void vm_fatal(struct vm *vm, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Returns when every vCPU of the guest has left guest mode at least once since the call, so that
 * none uses second-stage translations that were taken away before. Without vm->lock held. */
void vm_sync(struct vm *vm);
/* Guest RAM only. */
int vm_write(struct vm *vm, gpa_t gpa, const void *from, u32 len) must_check;
void *vm_ram(struct vm *vm, gpa_t gpa, u64 len); /* NULL when not wholly RAM */
extern const struct guest_memory vm_memory_ops;	 /* read and write of it; ctx: the struct vm */

/* Boot: guests from the configuration, with memory and second stage; their vCPUs on cores.
 * Panics when memory does not suffice (boot/ has checked). */
void vm_create_all(const struct config *config, u32 cores);
/* Bytes in use by hypervisor and device domain beyond the guests' RAM. */
u64 vm_memory_overhead(void);
/* The device domain's asks; 0 or -errno. */
int vm_power_on_reset(struct vm *vm) must_check;
int vm_start(struct vm *vm, const struct vm_start *start) must_check;
int vm_stop(struct vm *vm) must_check;
/* A vCPU has stopped (its core says so); the last one makes the guest's state final. */
void vm_vcpu_stopped(struct vcpu *v);

#endif
