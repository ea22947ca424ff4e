/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/*
 * The machine's own PCI configuration space, through ports 0xcf8 and 0xcfc, which every machine
 * has: what is needed lies in its first 256 bytes. Boot core, at start, or the domain's core.
 */
#ifndef HV_HOST_PCI_H
#define HV_HOST_PCI_H

#include <abi/types.h>

/* location: bus << 8 | device << 3 | function; offset a multiple of 4 below 256. */
u32 host_pci_read(u16 location, u32 offset);
void host_pci_write(u16 location, u32 offset, u32 value);

#endif
