/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/*
 * The guest's PCI bus 0: configuration space by ECAM and by ports 0xcf8/0xcfc, BARs that size and
 * move, MSI-X tables, INTx pins. Devices come from templates of the device domain (HC_PCI_ADD),
 * but for the host bridge (00:00.0, Q35's 8086:29c0) and the ISA bridge (00:1f.0, ICH9's
 * 8086:2918), which are the hypervisor's own.
 *
 * PCI Local Bus 3.0 (6.2.5 BARs, 6.8.2 MSI-X), PCI Express ECAM. Files: pci.c (the bus and its
 * interrupt pins), pci_template.c (what a device may look like), pci_config.c (configuration
 * space), pci_bar.c (where BARs are and who answers there), pci_rom.c (expansion ROMs), pci_msix.c
 * (MSI-X), pci_bridge.c (the hypervisor's own functions).
 *
 * Locking: the guest's lock guards all; entry points take it. Handlers of BARs run without it and
 * read only what never changes once a function is present: id, vm, t, and the doorbells in a
 * BAR's mask.
 *
 * INTA..INTD are pins 0..3 in GUEST_PCI_INTX_GSI's formula: device d's INTA is GSI 16 + d % 4.
 */
#ifndef HV_PCI_H
#define HV_PCI_H

#include <abi/hypercall.h>
#include "trap.h"

#define PCI_MAX_FUNCTIONS 16
#define PCI_MAX_MSIX	  32
#define PCI_MAX_DOORBELLS 64

struct msix_entry {
	u64 address;
	u32 data;
	u32 control; /* bit 0: masked */
};

struct pci_bar {
	struct pci_function *function;
	u8 index;
	bool mapped;
	bool refused;	       /* said in the log that it cannot be where the guest put it */
	u64 addr;	       /* where it is mapped now; valid when mapped */
	_Atomic u64 doorbells; /* bit: index in pci_bus.doorbells; only ever set */
};

struct pci_function {
	bool present;
	bool own;  /* host bridge, ISA bridge */
	u16 id;	   /* HC_PCI_ADD's result: index + 1 */
	bool intx; /* level of its pin */
	struct vm *vm;
	struct pci_template t; /* as pci_template_check() left it; never changed */
	u8 config[256];	       /* live */
	struct pci_bar bars[6];
	struct msix_entry msix[PCI_MAX_MSIX];
	u32 msix_pending;
	u32 rom_addr; /* where the expansion ROM is mapped now, 0: nowhere */
};

struct pci_doorbell {
	u16 device; /* function id, 0: free; as the rest, set once */
	u8 bar, size, id;
	u64 offset;
};

struct pci_bus {
	u32 address; /* 0xcf8 */
	struct pci_function functions[PCI_MAX_FUNCTIONS];
	struct pci_doorbell doorbells[PCI_MAX_DOORBELLS];
	u64 next_mmio, next_io; /* where the next BAR goes (guests without firmware) */
	u8 pins;		/* level of GUEST_PCI_INTX_GSI + 0..3 */
};

/* Once a guest: adds the hypervisor's own functions, registers 0xcf8-0xcff and ECAM traps. */
int pci_init(struct vm *vm) must_check;
/* Power-on state of every function: unmaps BARs, reset config, assigns BARs when !firmware. */
void pci_reset(struct vm *vm);
/* HC_PCI_ADD: validates the template; adding one at a devfn where an equal device is returns its
 * id. -EINVAL, -EEXIST, -ENOSPC. */
int pci_add(struct vm *vm, const struct pci_template *t) must_check;
/* HC_DOORBELL_ADD: 0 (also when an equal one is there), -EINVAL, -EEXIST: overlaps another,
 * -ENOSPC. */
int pci_add_doorbell(struct vm *vm, u16 device, u8 bar, u64 offset, u8 size, u8 id) must_check;
/* HC_MSIX: 0, -EINVAL, -EAGAIN (masked: PBA bit set), -ENODEV (disabled). */
int pci_msix(struct vm *vm, u16 device, u16 vector) must_check;
/* Where the guest has its VRAM mapped by a BAR; false: nowhere. Caller holds vm->lock. */
bool pci_vram_bar(const struct vm *vm, u64 *addr, u64 *size);
/* HC_INTX: 0, -EINVAL (no such device, or it has no pin). */
int pci_intx(struct vm *vm, u16 device, bool level) must_check;

#endif
