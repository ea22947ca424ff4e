/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/* PCI configuration of bus 0 by ports and by ECAM. devfn = device << 3 | function. */
#ifndef KIT_PCI_H
#define KIT_PCI_H

#include <abi/hypercall.h>

#include "kit.h"

#define PCI_COMMAND	   0x04
#define PCI_COMMAND_IO	   1u
#define PCI_COMMAND_MEMORY 2u
#define PCI_COMMAND_MASTER 4u
#define PCI_BAR(n)	   ((u16)(0x10 + 4 * (n)))
#define PCI_INTERRUPT_LINE 0x3c
#define PCI_CAP_MSIX	   0x11
#define PCI_CAP_VENDOR	   0x09

u32 pci_read(u8 devfn, u16 offset); /* 32 bits, by ports 0xcf8 and 0xcfc */
void pci_write(u8 devfn, u16 offset, u32 v);
u16 pci_read16(u8 devfn, u16 offset);
void pci_write16(u8 devfn, u16 offset, u16 v);
/* Where ECAM has the register; the machine's firmware or Oriel put it at GUEST_ECAM_BASE. */
u64 pci_ecam(u8 devfn, u16 offset);
/* The first device with this vendor and device id: devfn, or -1. */
int pci_find(u16 vendor, u16 device);
/* The capability's offset after `after` (0: the first), or 0. */
u8 pci_capability(u8 devfn, u8 id, u8 after);
/* Address of a memory BAR (64-bit ones too); 0 when not assigned. */
u64 pci_bar_address(u8 devfn, u32 bar);
/* Size of a BAR, found by writing ones; the BAR is put back. 0: there is none. */
u64 pci_bar_size(u8 devfn, u32 bar);

#endif
