/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/*
 * ACPI fixed hardware at GUEST_PM_BASE as the FADT tells it: PM1a event and control blocks, an
 * empty GPE0 block (ACPI 6.4, 4.8.3 and 4.8.4), always in ACPI mode; and the reset port 0xcf9 of
 * PC chipsets. The PM timer between them is the hypervisor's.
 *
 * No event is ever raised by the machine itself, so the SCI line never rises.
 */
#include "../bus.h"
#include "../devices.h"
#include "../life.h"
#include "../runtime.h"
#include "acpi.h"

enum {
	PM1_STATUS = 0,
	PM1_ENABLE = 2,
	PM1_CONTROL = 4,
	PM1_BYTES = 6,
	GPE0 = 0x20,
};
enum { RESET_PORT = 0xcf9, RESET_CPU = 0x04 };
enum { CONTROL_SCI_EN = 0x0001, CONTROL_MASK = 0x1c07, CONTROL_SLP_EN = 0x2000 };
enum { CONTROL_SLP_TYP_SHIFT = 10 };
/* Timer, bus master, global lock, power button, sleep button, RTC, PCIe wake. */
enum { ENABLE_MASK = 0x4721 };

struct pm_state {
	u16 enable, control;
	u8 gpe_enable[ACPI_GPE0_BYTES / 2];
	u8 reset_control; /* port 0xcf9 */
	u8 reserved;
};

/* The GPE enable byte at that offset of the PM block, NULL elsewhere. */
static u8 *gpe_enable(struct pm_state *s, u64 offset)
{
	u64 index = offset - GPE0 - sizeof(s->gpe_enable);

	return index < sizeof(s->gpe_enable) ? &s->gpe_enable[index] : NULL;
}

static u8 read_byte(struct pm_state *s, u64 port)
{
	u64 offset = port - GUEST_PM_BASE;
	const u8 *enable = gpe_enable(s, offset);

	if (port == RESET_PORT)
		return s->reset_control;
	if (enable)
		return *enable;
	switch (offset & ~1ULL) {
	case PM1_ENABLE:
		return (u8)(s->enable >> 8 * (offset & 1));
	case PM1_CONTROL:
		return (u8)((s->control | CONTROL_SCI_EN) >> 8 * (offset & 1));
	default:
		return 0;
	}
}

static void merge_byte(u16 *reg, u64 offset, u8 value)
{
	unsigned shift = 8 * (offset & 1);

	*reg = (u16)((*reg & ~(0xff << shift)) | value << shift);
}

static void write_control(struct dm_device *dev, u64 offset, u8 value)
{
	struct pm_state *s = dev->state;
	u16 control = s->control;

	merge_byte(&control, offset, value);
	s->control = control & CONTROL_MASK;
	if ((control & CONTROL_SLP_EN) &&
	    (control >> CONTROL_SLP_TYP_SHIFT & 7) == ACPI_SLEEP_TYPE_OFF)
		vm_stop(dev->vm);
}

static void write_byte(struct dm_device *dev, u64 port, u8 value)
{
	struct pm_state *s = dev->state;
	u64 offset = port - GUEST_PM_BASE;
	u8 *enable = gpe_enable(s, offset);

	if (port == RESET_PORT) {
		s->reset_control = value & ~RESET_CPU & 0x0e;
		if (value & RESET_CPU)
			vm_reset(dev->vm);
	} else if (enable) {
		*enable = value;
	} else if ((offset & ~1ULL) == PM1_ENABLE) {
		merge_byte(&s->enable, offset, value);
		s->enable &= ENABLE_MASK;
	} else if ((offset & ~1ULL) == PM1_CONTROL) {
		write_control(dev, offset, value);
	}
}

/* Bytes one by one, low first: the high byte of PM1 control, which acts, comes last. */
static void pm_access(struct dm_device *dev, struct dm_access *a)
{
	u64 value = 0;

	for (u32 i = 0; i < a->size; i++) {
		if (a->write)
			write_byte(dev, a->addr + i, (u8)(a->value >> 8 * i));
		else
			value |= (u64)read_byte(dev->state, a->addr + i) << 8 * i;
	}
	if (!a->write)
		a->value = value;
}

static int pm_create(struct dm_device *dev)
{
	int rc = bus_add_ports(dev, GUEST_PM_BASE, PM1_BYTES);

	if (!rc)
		rc = bus_add_ports(dev, GUEST_PM_BASE + GPE0, ACPI_GPE0_BYTES);
	if (!rc)
		rc = bus_add_ports(dev, RESET_PORT, 1);
	return rc;
}

static void pm_reset(struct dm_device *dev)
{
	memset(dev->state, 0, sizeof(struct pm_state));
}

const struct dm_device_ops pm_ops = {
	.name = "pm",
	.state_size = sizeof(struct pm_state),
	.create = pm_create,
	.reset = pm_reset,
	.access = pm_access,
};
