/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/*
 * How device models reach the hypervisor: registration of what the guest may touch, and
 * interrupts; and how the guest's accesses and doorbells reach device models.
 *
 * Registrations are made once in the life of a guest and outlast its resets: when the guest is
 * known to the hypervisor already (dm was restarted) the same functions only fill the tables here.
 */
#ifndef DM_BUS_H
#define DM_BUS_H

#include "device.h"

int bus_add_ports(struct dm_device *dev, u16 base, u16 count);
int bus_add_mmio(struct dm_device *dev, gpa_t base, u64 len);
/* Adds the PCI device; dev->id is set. A BAR access then arrives at ops->access. */
int bus_add_pci(struct dm_device *dev, const struct pci_template *t);
/* Writes of `size` bytes at that offset of the BAR become ops->doorbell(dev, queue). For
 * devices whose doorbell is also a port BAR, call it for each with the same queue number. */
int bus_add_doorbell(struct dm_device *dev, u8 bar, u64 offset, u8 size, unsigned queue);

/* MSI-X vector of dev; a masked one stays pending in the PBA. False: MSI-X is disabled. */
bool bus_msix(struct dm_device *dev, u16 vector);
void bus_intx(struct dm_device *dev, bool level);
void bus_isa_irq(struct dm_vm *vm, unsigned irq, bool level);

/* Serves what the guest asked for: doorbells first, as they came before the requests. */
void bus_serve(struct dm_vm *vm);
/* As if every doorbell of the guest had been written. */
void bus_ring_all(struct dm_vm *vm);

#endif
