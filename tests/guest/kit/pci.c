/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/* See pci.h. PCI Local Bus 3.0, 3.2.2.3 and 6.2.5; PCI Express base, 7.2.2. */
#include "pci.h"

#define CONFIG_ADDRESS 0xcf8
#define CONFIG_DATA    0xcfc
#define BAR_IO	       1u
#define BAR_64BIT      4u

static void select(u8 devfn, u16 offset)
{
	outl(CONFIG_ADDRESS, 0x80000000u | (u32)devfn << 8 | (offset & 0xfcu));
}

u32 pci_read(u8 devfn, u16 offset)
{
	select(devfn, offset);
	return inl(CONFIG_DATA);
}

void pci_write(u8 devfn, u16 offset, u32 v)
{
	select(devfn, offset);
	outl(CONFIG_DATA, v);
}

u16 pci_read16(u8 devfn, u16 offset)
{
	select(devfn, offset);
	return inw((u16)(CONFIG_DATA + (offset & 2)));
}

void pci_write16(u8 devfn, u16 offset, u16 v)
{
	select(devfn, offset);
	outw((u16)(CONFIG_DATA + (offset & 2)), v);
}

u64 pci_ecam(u8 devfn, u16 offset)
{
	return GUEST_ECAM_BASE + ((u64)devfn << 12) + offset;
}

int pci_find(u16 vendor, u16 device)
{
	for (u32 devfn = 0; devfn < 256; devfn++) {
		if (pci_read((u8)devfn, 0) == ((u32)device << 16 | vendor))
			return (int)devfn;
	}
	return -1;
}

u8 pci_capability(u8 devfn, u8 id, u8 after)
{
	u32 at = after ? pci_read(devfn, after) >> 8 : pci_read(devfn, 0x34);

	for (u32 n = 0; n < 48; n++) {
		at &= 0xfc;
		if (!at)
			return 0;
		if ((pci_read(devfn, (u16)at) & 0xff) == id)
			return (u8)at;
		at = pci_read(devfn, (u16)at) >> 8;
	}
	return 0;
}

u64 pci_bar_address(u8 devfn, u32 bar)
{
	u32 low = pci_read(devfn, PCI_BAR(bar));
	u64 high = 0;

	if (low & BAR_IO)
		return low & ~3u;
	if (low & BAR_64BIT)
		high = pci_read(devfn, PCI_BAR(bar + 1));
	return high << 32 | (low & ~0xfu);
}

u64 pci_bar_size(u8 devfn, u32 bar)
{
	u32 low = pci_read(devfn, PCI_BAR(bar)), high = 0xffffffffu;
	u16 command = pci_read16(devfn, PCI_COMMAND);
	u64 mask;

	pci_write16(devfn, PCI_COMMAND, (u16)(command & ~(PCI_COMMAND_IO | PCI_COMMAND_MEMORY)));
	pci_write(devfn, PCI_BAR(bar), 0xffffffffu);
	mask = pci_read(devfn, PCI_BAR(bar));
	pci_write(devfn, PCI_BAR(bar), low);
	if (mask && (low & (BAR_IO | BAR_64BIT)) == BAR_64BIT) {
		u32 saved = pci_read(devfn, PCI_BAR(bar + 1));

		pci_write(devfn, PCI_BAR(bar + 1), 0xffffffffu);
		high = pci_read(devfn, PCI_BAR(bar + 1));
		pci_write(devfn, PCI_BAR(bar + 1), saved);
	}
	pci_write16(devfn, PCI_COMMAND, command);
	if (!mask)
		return 0;
	mask &= low & BAR_IO ? ~3ULL : ~0xfULL;
	if (low & BAR_IO)
		return (u16)(~mask + 1);
	return ~((u64)high << 32 | mask) + 1;
}
