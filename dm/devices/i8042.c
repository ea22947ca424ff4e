/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/*
 * The keyboard controller (ports 0x60 and 0x64, Intel 8042 as used in the PC/AT) with nothing
 * plugged in: it passes its self test, keeps its command byte, and resets the guest when told to
 * pulse the reset line. Bytes for a keyboard or mouse go nowhere and are not answered.
 */
#include "../bus.h"
#include "../devices.h"
#include "../life.h"
#include "../runtime.h"

#define PORT_DATA    0x60
#define PORT_COMMAND 0x64

enum { STATUS_OUTPUT = 0x01, STATUS_SYSTEM = 0x04, STATUS_COMMAND = 0x08, STATUS_UNLOCKED = 0x10 };
enum {
	CMD_READ_BYTE = 0x20,
	CMD_WRITE_BYTE = 0x60,
	CMD_DISABLE_AUX = 0xa7,
	CMD_ENABLE_AUX = 0xa8,
	CMD_TEST_AUX = 0xa9,
	CMD_SELF_TEST = 0xaa,
	CMD_TEST_KEYBOARD = 0xab,
	CMD_DISABLE_KEYBOARD = 0xad,
	CMD_ENABLE_KEYBOARD = 0xae,
	CMD_READ_INPUT = 0xc0,
	CMD_READ_OUTPUT = 0xd0,
	CMD_WRITE_OUTPUT = 0xd1,
	CMD_PULSE_FIRST = 0xf0, /* low nibble: lines not pulsed; bit 0 is reset */
};
enum { BYTE_DISABLE_KEYBOARD = 0x10, BYTE_DISABLE_AUX = 0x20 };
enum { OUTPUT_NOT_RESET = 0x01, OUTPUT_A20 = 0x02 };

struct i8042_state {
	u8 byte;   /* the command byte */
	u8 output; /* what the guest reads next, when full */
	u8 full;
	u8 last_command; /* the last write went to the command port */
	u8 expects;	 /* the command whose argument comes next, 0: none */
	u8 reserved[3];
};

static void answer(struct i8042_state *s, u8 value)
{
	s->output = value;
	s->full = 1;
}

static void command(struct dm_device *dev, u8 value)
{
	struct i8042_state *s = dev->state;

	s->last_command = 1;
	s->expects = 0;
	switch (value) {
	case CMD_READ_BYTE:
		answer(s, s->byte);
		break;
	case CMD_DISABLE_AUX:
		s->byte |= BYTE_DISABLE_AUX;
		break;
	case CMD_ENABLE_AUX:
		s->byte &= (u8)~BYTE_DISABLE_AUX;
		break;
	case CMD_DISABLE_KEYBOARD:
		s->byte |= BYTE_DISABLE_KEYBOARD;
		break;
	case CMD_ENABLE_KEYBOARD:
		s->byte &= (u8)~BYTE_DISABLE_KEYBOARD;
		break;
	case CMD_SELF_TEST:
		answer(s, 0x55);
		break;
	case CMD_TEST_AUX:
	case CMD_TEST_KEYBOARD:
	case CMD_READ_INPUT:
		answer(s, 0);
		break;
	case CMD_READ_OUTPUT:
		answer(s, OUTPUT_NOT_RESET | OUTPUT_A20);
		break;
	case CMD_WRITE_BYTE:
	case CMD_WRITE_OUTPUT:
	case 0xd2: /* write as if from keyboard, mouse; to the mouse */
	case 0xd3:
	case 0xd4:
		s->expects = value;
		break;
	default:
		if (value >= CMD_PULSE_FIRST && !(value & 1))
			vm_reset(dev->vm);
		break;
	}
}

static void data(struct dm_device *dev, u8 value)
{
	struct i8042_state *s = dev->state;
	u8 expects = s->expects;

	s->last_command = 0;
	s->expects = 0;
	switch (expects) {
	case CMD_WRITE_BYTE:
		s->byte = value;
		break;
	case CMD_WRITE_OUTPUT:
		if (!(value & OUTPUT_NOT_RESET))
			vm_reset(dev->vm);
		break;
	case 0xd2:
	case 0xd3:
		answer(s, value);
		break;
	default:
		break;
	}
}

static u8 read_status(const struct i8042_state *s)
{
	return (u8)((s->full ? STATUS_OUTPUT : 0) | STATUS_SYSTEM |
		    (s->last_command ? STATUS_COMMAND : 0) | STATUS_UNLOCKED);
}

static void i8042_access(struct dm_device *dev, struct dm_access *a)
{
	struct i8042_state *s = dev->state;

	if (a->write) {
		if (a->addr == PORT_COMMAND)
			command(dev, (u8)a->value);
		else
			data(dev, (u8)a->value);
	} else if (a->addr == PORT_COMMAND) {
		a->value = read_status(s);
	} else {
		a->value = s->output;
		s->full = 0;
	}
}

static int i8042_create(struct dm_device *dev)
{
	int rc = bus_add_ports(dev, PORT_DATA, 1);

	return rc ? rc : bus_add_ports(dev, PORT_COMMAND, 1);
}

static void i8042_reset(struct dm_device *dev)
{
	struct i8042_state *s = dev->state;

	*s = (struct i8042_state){ .byte = BYTE_DISABLE_AUX | STATUS_SYSTEM };
}

const struct dm_device_ops i8042_ops = {
	.name = "i8042",
	.state_size = sizeof(struct i8042_state),
	.create = i8042_create,
	.reset = i8042_reset,
	.access = i8042_access,
};
