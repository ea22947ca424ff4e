/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/* Configuration mechanism #1, PCI Local Bus Specification 3.0, 3.2.2.3.2. See host_pci.h. */
#include <arch/io.h>
#include "host_pci.h"

#define PORT_ADDRESS 0xcf8
#define PORT_DATA    0xcfc
#define ENABLE	     0x80000000u

u32 host_pci_read(u16 location, u32 offset)
{
	io_out32(PORT_ADDRESS, ENABLE | (u32)location << 8 | offset);
	return io_in32(PORT_DATA);
}

void host_pci_write(u16 location, u32 offset, u32 value)
{
	io_out32(PORT_ADDRESS, ENABLE | (u32)location << 8 | offset);
	io_out32(PORT_DATA, value);
}
