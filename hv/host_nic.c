/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/*
 * Finding and holding the network card; see host_nic.h. Everything is constant after
 * host_nic_find. PCI Local Bus Specification 3.0, chapter 6.
 *
 * A card without MSI and MSI-X interrupts by the line that the firmware routed it to (register
 * Interrupt Line): there is no interpreter here for the tables that tell the IOAPIC's own pins.
 */
#include <arch/cpu.h>
#include <arch/io.h>
#include <arch/upcall.h>
#include "host_nic.h"
#include "host_pci.h"

#define PCI_ID		 0x00
#define PCI_COMMAND	 0x04
#define PCI_CLASS	 0x08
#define PCI_HEADER	 0x0c
#define PCI_BAR		 0x10
#define PCI_BUSES	 0x18 /* of a bridge */
#define PCI_CAPABILITIES 0x34
#define PCI_INTERRUPT	 0x3c
#define COMMAND_IO	 BIT(0)
#define COMMAND_MEMORY	 BIT(1)
#define COMMAND_MASTER	 BIT(2)
#define COMMAND_NO_INTX	 BIT(10)
#define STATUS_CAPS	 BIT(20) /* in the dword of the command */
#define CLASS_ETHERNET	 0x0200
#define CLASS_PCI_BRIDGE 0x0604
#define CAP_MSI		 0x05
#define CAP_MSI_X	 0x11
#define MSI_ENABLE	 BIT(16) /* in the capability's first dword */
#define MSI_64BIT	 BIT(23)
#define MSI_COUNT	 (7U << 20)
#define MSI_X_ENABLE	 BIT(31)
#define MSI_X_MASK_ALL	 BIT(30)
#define MAX_CAPABILITIES 48
#define NO_LINE		 (~0U)

static const struct {
	u16 vendor, device, kind;
} known[] = {
	{ 0x8086, 0x100e, NIC_E1000 },	/* 82540EM */
	{ 0x8086, 0x100f, NIC_E1000 },	/* 82545EM */
	{ 0x8086, 0x10d3, NIC_E1000E }, /* 82574L */
	/* I217, I218, I219: never tried. */
	{ 0x8086, 0x153a, NIC_E1000E },
	{ 0x8086, 0x153b, NIC_E1000E },
	{ 0x8086, 0x155a, NIC_E1000E },
	{ 0x8086, 0x1559, NIC_E1000E },
	{ 0x8086, 0x15a0, NIC_E1000E },
	{ 0x8086, 0x15a1, NIC_E1000E },
	{ 0x8086, 0x15a2, NIC_E1000E },
	{ 0x8086, 0x15a3, NIC_E1000E },
	{ 0x8086, 0x156f, NIC_E1000E },
	{ 0x8086, 0x1570, NIC_E1000E },
	{ 0x8086, 0x15b7, NIC_E1000E },
	{ 0x8086, 0x15b8, NIC_E1000E },
	{ 0x8086, 0x15b9, NIC_E1000E },
	{ 0x8086, 0x15bb, NIC_E1000E },
	{ 0x8086, 0x15bc, NIC_E1000E },
	{ 0x8086, 0x15bd, NIC_E1000E },
	{ 0x8086, 0x15be, NIC_E1000E },
	{ 0x8086, 0x15d6, NIC_E1000E },
	{ 0x8086, 0x15d7, NIC_E1000E },
	{ 0x8086, 0x15d8, NIC_E1000E },
	{ 0x8086, 0x15e3, NIC_E1000E },
	{ 0x8086, 0x0d4e, NIC_E1000E },
	{ 0x8086, 0x0d4f, NIC_E1000E },
	{ 0x8086, 0x15fb, NIC_E1000E },
	{ 0x8086, 0x15fc, NIC_E1000E },
	{ 0x8086, 0x1a1e, NIC_E1000E },
	{ 0x8086, 0x1a1f, NIC_E1000E },
	{ 0x1af4, 0x1000, NIC_VIRTIO },
	{ 0x1af4, 0x1041, NIC_VIRTIO },
};

static u16 where;
static bool found;
static u32 line = NO_LINE;

static u32 kind_of(u16 location)
{
	u32 id = host_pci_read(location, PCI_ID);

	for (u32 i = 0; i < ARRAY_SIZE(known); i++)
		if (id == ((u32)known[i].device << 16 | known[i].vendor))
			return known[i].kind;
	return NIC_NONE;
}

/* The first known card; *buses grows by the bridges on the way. */
static u32 look_at(u16 location, u32 *buses)
{
	u32 class = host_pci_read(location, PCI_CLASS) >> 16;

	if (class == CLASS_PCI_BRIDGE)
		*buses = MAX(*buses, (host_pci_read(location, PCI_BUSES) >> 16 & 0xff) + 1);
	return class == CLASS_ETHERNET ? kind_of(location) : NIC_NONE;
}

static u32 search(void)
{
	u32 buses = 1, kind;

	for (u32 at = 0; at < buses << 8; at++) {
		bool first = !(at & 7);

		if (host_pci_read((u16)at, PCI_ID) == ~0U) {
			at |= first ? 7 : 0; /* no device: no functions either */
			continue;
		}
		kind = look_at((u16)at, &buses);
		if (kind) {
			where = (u16)at;
			return kind;
		}
		if (first && !(host_pci_read((u16)at, PCI_HEADER) & BIT(23)))
			at |= 7;
	}
	return NIC_NONE;
}

static void command(u32 clear, u32 set)
{
	u32 value = host_pci_read(where, PCI_COMMAND) & 0xffff; /* status bits clear on 1 */

	host_pci_write(where, PCI_COMMAND, (value & ~clear) | set);
}

/* Where capability `id` begins, 0: there is none. */
static u32 capability(u32 id)
{
	u32 at;

	if (!(host_pci_read(where, PCI_COMMAND) & STATUS_CAPS))
		return 0;
	at = host_pci_read(where, PCI_CAPABILITIES) & 0xfc;
	for (u32 i = 0; at && i < MAX_CAPABILITIES; i++) {
		u32 head = host_pci_read(where, at);

		if ((head & 0xff) == id)
			return at;
		at = head >> 8 & 0xfc;
	}
	return 0;
}

/* Memory BARs; decoding is off. */
static void size_bars(struct dm_nic *nic, hpa_t bars[6])
{
	for (u32 i = 0; i < 6; i++) {
		u32 at = PCI_BAR + 4 * i, old = host_pci_read(where, at), mask;
		u64 base = old & ~0xfU;

		nic->bar_len[i] = 0;
		host_pci_write(where, at, ~0U);
		mask = host_pci_read(where, at);
		host_pci_write(where, at, old);
		if ((old & 1) || !(mask & ~0xfU) || i + (old >> 2 & 1) > 5)
			continue;
		if (old & 4)
			base |= (u64)host_pci_read(where, at + 4) << 32;
		/* Parts of pages would show the neighbours. */
		if (base && !(base % PAGE_SIZE) && (~(mask & ~0xfU) + 1) >= PAGE_SIZE) {
			bars[i] = base;
			nic->bar_len[i] = ~(mask & ~0xfU) + 1;
		}
		i += old >> 2 & 1;
	}
}

static int use_msi(u32 cap)
{
	u32 control = host_pci_read(where, cap), data;
	u64 address;

	if (irq_host_message(&address, &data))
		return -ENOTSUP;
	host_pci_write(where, cap + 4, (u32)address);
	if (control & MSI_64BIT)
		host_pci_write(where, cap + 8, (u32)(address >> 32));
	host_pci_write(where, cap + (control & MSI_64BIT ? 12 : 8), data);
	host_pci_write(where, cap, (control & ~MSI_COUNT) | MSI_ENABLE);
	return 0;
}

/* Entry 0 only: the others stay masked, as after reset. The table's BAR is kept from the domain. */
static int use_msi_x(u32 cap, struct dm_nic *nic, const hpa_t bars[6])
{
	u32 control = host_pci_read(where, cap), table = host_pci_read(where, cap + 4), data;
	u32 bar = table & 7, offset = table & ~7U;
	volatile u32 *entry;
	u64 address;

	if (bar > 5 || nic->bar_len[bar] < 16 || offset > nic->bar_len[bar] - 16 ||
	    irq_host_message(&address, &data))
		return -ENOTSUP;
	entry = device_map(bars[bar] + offset, 16);
	nic->bar_len[bar] = 0;
	command(0, COMMAND_MEMORY);
	host_pci_write(where, cap, control | (u32)(MSI_X_ENABLE | MSI_X_MASK_ALL));
	mmio_write32(&entry[0], (u32)address);
	mmio_write32(&entry[1], (u32)(address >> 32));
	mmio_write32(&entry[2], data);
	mmio_write32(&entry[3], 0);
	host_pci_write(where, cap, (control & ~(u32)MSI_X_MASK_ALL) | (u32)MSI_X_ENABLE);
	return 0;
}

/* The 8254's, keyboard's and COM1's lines, and the cascade, are never a card's. */
static int use_line(void)
{
	u32 isa = host_pci_read(where, PCI_INTERRUPT) & 0xff;

	if (isa > 15 || isa <= 2 || isa == 4 || isa == 8)
		return -ENOTSUP;
	irq_host_level(isa);
	line = isa;
	return 0;
}

static int set_interrupt(struct dm_nic *nic, const hpa_t bars[6])
{
	u32 msi = capability(CAP_MSI), msi_x = capability(CAP_MSI_X);

	nic->irq = NIC_IRQ_MSI;
	line = IRQ_MESSAGE;
	if (msi && !use_msi(msi))
		return 0;
	nic->irq = NIC_IRQ_MSI_X;
	if (msi_x && !use_msi_x(msi_x, nic, bars))
		return 0;
	nic->irq = NIC_IRQ_LINE;
	return use_line();
}

int host_nic_find(struct dm_nic *nic, hpa_t bars[6])
{
	u32 kind = search();

	if (!kind) {
		log_printf("network: no card that there is a driver for");
		return -ENODEV;
	}
	command(COMMAND_IO | COMMAND_MEMORY | COMMAND_MASTER, 0);
	size_bars(nic, bars);
	if (set_interrupt(nic, bars)) {
		log_printf("network: the card has no interrupt that can be used");
		line = NO_LINE;
		return -ENODEV;
	}
	command(COMMAND_NO_INTX, COMMAND_MEMORY | (nic->irq == NIC_IRQ_LINE ? 0 : COMMAND_NO_INTX));
	for (u32 i = 0; i < sizeof(nic->config); i += 4) {
		u32 value = host_pci_read(where, i);

		__builtin_memcpy(nic->config + i, &value, 4);
	}
	nic->vendor = (u16)(nic->config[0] | nic->config[1] << 8);
	nic->device = (u16)(nic->config[2] | nic->config[3] << 8);
	nic->location = where;
	nic->kind = kind;
	found = true;
	return 0;
}

int host_nic_enable(bool on)
{
	if (!found)
		return -ENODEV;
	command(on ? 0 : COMMAND_MASTER, on ? COMMAND_MASTER : 0);
	return 0;
}

int host_nic_unmask(void)
{
	if (!found)
		return -ENODEV;
	if (line != IRQ_MESSAGE)
		irq_host_unmask(line);
	return 0;
}

u32 host_nic_line(void)
{
	return line;
}
