/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/*
 * Chipset ports that firmware programs and that do little here: the fast A20 and reset port (0x92),
 * APM control and status (0xb2, 0xb3), which would raise an SMI on a machine that has them, ICH9's
 * SMI registers behind the PM block, and the debug port 0x402, whose lines go to the log when the
 * guest's text is wanted there (QEMU's docs/specs: debugcon).
 *
 * There is no SMM: SMI_EN says that firmware has set it up already, which makes it let go.
 */
#include "../bus.h"
#include "../devices.h"
#include "../life.h"
#include "../runtime.h"

#define PORT_FAST_RESET 0x92
#define PORT_APM	0xb2
#define PORT_SMI	(GUEST_PM_BASE + 0x30) /* SMI_EN, SMI_STS: Intel ICH9 datasheet, 13.8.3 */
#define PORT_DEBUG	0x402
#define SMI_APMC_EN	0x20
#define DEBUG_PRESENT	0xe9

enum { FAST_RESET = 1, FAST_A20 = 2 };

struct legacy_state {
	u8 fast; /* port 0x92; A20 cannot be switched off */
	u8 apm[2];
	u8 len;
	char line[160]; /* of the debug port, `len` characters of it */
};

static void debug_write(struct dm_device *dev, char c)
{
	struct legacy_state *s = dev->state;

	if (c == '\n' || s->len >= sizeof(s->line)) {
		log_line("[vm %s] firmware: %.*s", dev->vm->config->name,
			 (int)MIN(s->len, sizeof(s->line)), s->line);
		s->len = 0;
	}
	if (c >= ' ' && c < 0x7f)
		s->line[s->len++] = c;
}

static void legacy_write(struct dm_device *dev, u64 port, u8 value)
{
	struct legacy_state *s = dev->state;

	if (port == PORT_FAST_RESET) {
		bool rises = value & ~s->fast & FAST_RESET;

		s->fast = (value & FAST_RESET) | FAST_A20;
		if (rises)
			vm_reset(dev->vm);
	} else if (port == PORT_DEBUG) {
		debug_write(dev, (char)value);
	} else if (port == PORT_APM || port == PORT_APM + 1) {
		s->apm[port - PORT_APM] = value;
	}
}

static u8 legacy_read(const struct legacy_state *s, u64 port)
{
	switch (port) {
	case PORT_FAST_RESET:
		return s->fast;
	case PORT_APM:
	case PORT_APM + 1:
		return s->apm[port - PORT_APM];
	case PORT_SMI:
		return SMI_APMC_EN;
	case PORT_DEBUG:
		return DEBUG_PRESENT;
	default:
		return 0;
	}
}

static void legacy_access(struct dm_device *dev, struct dm_access *a)
{
	u64 value = 0;

	for (u32 i = 0; i < a->size; i++) {
		if (a->write)
			legacy_write(dev, a->addr + i, (u8)(a->value >> 8 * i));
		else
			value |= (u64)legacy_read(dev->state, a->addr + i) << 8 * i;
	}
	if (!a->write)
		a->value = value;
}

/* Firmware without anyone to read its messages is faster for not writing them. */
static int legacy_create(struct dm_device *dev)
{
	const struct vm_config *config = dev->vm->config;
	int rc = bus_add_ports(dev, PORT_FAST_RESET, 1);

	if (!rc)
		rc = bus_add_ports(dev, PORT_APM, 2);
	if (!rc)
		rc = bus_add_ports(dev, PORT_SMI, 8);
	if (!rc && config->firmware != FILE_NONE && config->log_serial)
		rc = bus_add_ports(dev, PORT_DEBUG, 1);
	return rc;
}

static void legacy_reset(struct dm_device *dev)
{
	struct legacy_state *s = dev->state;

	memset(s, 0, sizeof(*s));
	s->fast = FAST_A20;
}

static int legacy_adopt(struct dm_device *dev)
{
	struct legacy_state *s = dev->state;

	return s->len <= sizeof(s->line) ? 0 : -EINVAL;
}

const struct dm_device_ops legacy_ops = {
	.name = "legacy",
	.state_size = sizeof(struct legacy_state),
	.create = legacy_create,
	.reset = legacy_reset,
	.adopt = legacy_adopt,
	.access = legacy_access,
};
