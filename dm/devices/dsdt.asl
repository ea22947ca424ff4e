/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/*
 * The guest's DSDT (ACPI 6.4): one PCI Express host bridge with its windows and interrupt routing,
 * the ISA devices, power-off. Addresses are those of abi/hypercall.h (GUEST_...), and are the same
 * for every guest; acpi.c moves the end of the 64-bit window to where the processor's addresses end. The keyboard and mouse are there for guests with input = ps2 (dsdt_ps2.asl):
 * SeaBIOS looks for them here and in no other table.
 */
DefinitionBlock ("", "DSDT", 2, "ORIEL ", "GUEST   ", 1)
{
	Name (\_S5, Package () { 5, 5, 0, 0 })

	Scope (\_SB)
	{
		Device (PCI0)
		{
			Name (_HID, EisaId ("PNP0A08"))
			Name (_CID, EisaId ("PNP0A03"))
			Name (_SEG, 0)
			Name (_BBN, 0)
			Name (_UID, 0)
			Name (_CRS, ResourceTemplate () {
				WordBusNumber (ResourceProducer, MinFixed, MaxFixed, PosDecode,
					0, 0x00, 0x00, 0, 0x01)
				IO (Decode16, 0x0cf8, 0x0cf8, 1, 8)
				WordIO (ResourceProducer, MinFixed, MaxFixed, PosDecode, EntireRange,
					0, 0x0000, 0x0cf7, 0, 0x0cf8)
				WordIO (ResourceProducer, MinFixed, MaxFixed, PosDecode, EntireRange,
					0, 0x0d00, 0xffff, 0, 0xf300)
				DWordMemory (ResourceProducer, PosDecode, MinFixed, MaxFixed, Cacheable,
					ReadWrite, 0, 0x000a0000, 0x000bffff, 0, 0x00020000)
				DWordMemory (ResourceProducer, PosDecode, MinFixed, MaxFixed,
					NonCacheable, ReadWrite,
					0, 0xc0000000, 0xfebfffff, 0, 0x3ec00000)
				QWordMemory (ResourceProducer, PosDecode, MinFixed, MaxFixed, Cacheable,
					ReadWrite,
					0, 0x800000000, 0xfffffffff, 0, 0x800000000)
			})

			/* INTA..INTD of device d: GSI 16 + (d + pin) % 4, which a table spells out. */
			Name (_PRT, Package () {
#define ROUTE(d, a, b, c, e) \
	Package () { d##ffff, 0, 0, a }, Package () { d##ffff, 1, 0, b }, \
	Package () { d##ffff, 2, 0, c }, Package () { d##ffff, 3, 0, e }
				ROUTE (0x0000, 16, 17, 18, 19), ROUTE (0x0001, 17, 18, 19, 16),
				ROUTE (0x0002, 18, 19, 16, 17), ROUTE (0x0003, 19, 16, 17, 18),
				ROUTE (0x0004, 16, 17, 18, 19), ROUTE (0x0005, 17, 18, 19, 16),
				ROUTE (0x0006, 18, 19, 16, 17), ROUTE (0x0007, 19, 16, 17, 18),
				ROUTE (0x0008, 16, 17, 18, 19), ROUTE (0x0009, 17, 18, 19, 16),
				ROUTE (0x000a, 18, 19, 16, 17), ROUTE (0x000b, 19, 16, 17, 18),
				ROUTE (0x000c, 16, 17, 18, 19), ROUTE (0x000d, 17, 18, 19, 16),
				ROUTE (0x000e, 18, 19, 16, 17), ROUTE (0x000f, 19, 16, 17, 18),
				ROUTE (0x0010, 16, 17, 18, 19), ROUTE (0x0011, 17, 18, 19, 16),
				ROUTE (0x0012, 18, 19, 16, 17), ROUTE (0x0013, 19, 16, 17, 18),
				ROUTE (0x0014, 16, 17, 18, 19), ROUTE (0x0015, 17, 18, 19, 16),
				ROUTE (0x0016, 18, 19, 16, 17), ROUTE (0x0017, 19, 16, 17, 18),
				ROUTE (0x0018, 16, 17, 18, 19), ROUTE (0x0019, 17, 18, 19, 16),
				ROUTE (0x001a, 18, 19, 16, 17), ROUTE (0x001b, 19, 16, 17, 18),
				ROUTE (0x001c, 16, 17, 18, 19), ROUTE (0x001d, 17, 18, 19, 16),
				ROUTE (0x001e, 18, 19, 16, 17), ROUTE (0x001f, 19, 16, 17, 18)
			})

			/* What no device may be given: configuration space, chipset ports. */
			Device (RES0)
			{
				Name (_HID, EisaId ("PNP0C02"))
				Name (_UID, 0)
				Name (_CRS, ResourceTemplate () {
					Memory32Fixed (ReadWrite, 0xb0000000, 0x10000000)
					IO (Decode16, 0x0600, 0x0600, 1, 0x80)
					IO (Decode16, 0x0080, 0x0080, 1, 0x01)
					IO (Decode16, 0x00eb, 0x00eb, 1, 0x01)
					IO (Decode16, 0x00ed, 0x00ed, 1, 0x01)
					IO (Decode16, 0x04d0, 0x04d0, 1, 0x02)
				})
			}

			Device (RTC0)
			{
				Name (_HID, EisaId ("PNP0B00"))
				Name (_CRS, ResourceTemplate () {
					IO (Decode16, 0x0070, 0x0070, 1, 0x02)
					IRQNoFlags () { 8 }
				})
			}

			Device (COM1)
			{
				Name (_HID, EisaId ("PNP0501"))
				Name (_UID, 1)
				Name (_CRS, ResourceTemplate () {
					IO (Decode16, 0x03f8, 0x03f8, 1, 0x08)
					IRQNoFlags () { 4 }
				})
			}

#ifdef WITH_PS2
			Device (KBD)
			{
				Name (_HID, EisaId ("PNP0303"))
				Name (_CRS, ResourceTemplate () {
					IO (Decode16, 0x0060, 0x0060, 1, 0x01)
					IO (Decode16, 0x0064, 0x0064, 1, 0x01)
					IRQNoFlags () { 1 }
				})
			}

			Device (MOU)
			{
				Name (_HID, EisaId ("PNP0F13"))
				Name (_CRS, ResourceTemplate () {
					IRQNoFlags () { 12 }
				})
			}
#endif
		}
	}
}
