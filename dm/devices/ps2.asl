/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/* Keyboard and mouse behind the 8042, for guests with input = ps2. */
DefinitionBlock ("", "SSDT", 2, "ORIEL ", "PS2     ", 1)
{
	External (\_SB.PCI0, DeviceObj)

	Scope (\_SB.PCI0)
	{
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
	}
}
