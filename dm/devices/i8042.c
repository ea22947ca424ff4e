/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/*
 * The keyboard controller (ports 0x60 and 0x64, Intel 8042 as used in the PC/AT and PS/2) with a
 * keyboard and a mouse for guests with input = ps2, and with nothing plugged in for others.
 *
 * One byte at a time is in the output buffer. The controller's own answers go first, then the
 * keyboard's, then the mouse's. The interrupt line of where it came from is up as long as the byte
 * is there and the command byte allows it. Keys are translated to scan code set 1 on their way, as
 * the command byte says at first.
 */
#include "../bus.h"
#include "../devices.h"
#include "../life.h"
#include "../runtime.h"
#include "ps2.h"

#define PORT_DATA    0x60
#define PORT_COMMAND 0x64
#define IRQ_KEYBOARD 1
#define IRQ_MOUSE    12

enum {
	STATUS_OUTPUT = 0x01,
	STATUS_SYSTEM = 0x04,
	STATUS_COMMAND = 0x08,
	STATUS_UNLOCKED = 0x10,
	STATUS_MOUSE = 0x20,
};
enum {
	CMD_READ_FIRST = 0x20, /* the command byte, and 31 bytes of memory that nothing uses */
	CMD_WRITE_FIRST = 0x60,
	CMD_DISABLE_MOUSE = 0xa7,
	CMD_ENABLE_MOUSE = 0xa8,
	CMD_TEST_MOUSE = 0xa9,
	CMD_SELF_TEST = 0xaa,
	CMD_TEST_KEYBOARD = 0xab,
	CMD_DISABLE_KEYBOARD = 0xad,
	CMD_ENABLE_KEYBOARD = 0xae,
	CMD_READ_INPUT = 0xc0,
	CMD_READ_OUTPUT = 0xd0,
	CMD_WRITE_OUTPUT = 0xd1,
	CMD_AS_KEYBOARD = 0xd2, /* the parameter appears as if the keyboard, mouse had sent it */
	CMD_AS_MOUSE = 0xd3,
	CMD_TO_MOUSE = 0xd4,
	CMD_PULSE_FIRST = 0xf0, /* low nibble: lines not pulsed; bit 0 is reset */
};
enum {
	BYTE_IRQ_KEYBOARD = 0x01,
	BYTE_IRQ_MOUSE = 0x02,
	BYTE_SYSTEM = 0x04,
	BYTE_DISABLE_KEYBOARD = 0x10,
	BYTE_DISABLE_MOUSE = 0x20,
	BYTE_TRANSLATE = 0x40,
};
enum { OUTPUT_NOT_RESET = 0x01, OUTPUT_A20 = 0x02, OUTPUT_KEYBOARD = 0x10, OUTPUT_MOUSE = 0x20 };
enum { FROM_NOBODY, FROM_KEYBOARD, FROM_MOUSE };

struct i8042_state {
	u8 byte;		   /* the command byte */
	u8 output;		   /* what the guest reads next, also again */
	u8 from;		   /* whose it is, FROM_NOBODY: it has been read */
	u8 last_command;	   /* the last write went to the command port */
	u8 expects;		   /* the command whose parameter comes next, 0: none */
	u8 released;		   /* of the translation */
	struct ps2_buffer answers; /* the controller's own */
	struct ps2_buffer
		as_mouse; /* its own too, shown as the mouse's, whether that is on or not */
	struct ps2_keyboard keyboard;
	struct ps2_mouse mouse;
};

static bool plugged_in(const struct dm_device *dev)
{
	return dev->vm->config->input & INPUT_PS2;
}

static void set_lines(struct dm_device *dev)
{
	const struct i8042_state *s = dev->state;

	bus_isa_irq(dev->vm, IRQ_KEYBOARD,
		    s->from == FROM_KEYBOARD && (s->byte & BYTE_IRQ_KEYBOARD));
	bus_isa_irq(dev->vm, IRQ_MOUSE, s->from == FROM_MOUSE && (s->byte & BYTE_IRQ_MOUSE));
}

static bool take_keyboard(struct i8042_state *s)
{
	while (!(s->byte & BYTE_DISABLE_KEYBOARD) && ps2_keyboard_take(&s->keyboard, &s->output))
		if (!(s->byte & BYTE_TRANSLATE) || ps2_translate(&s->output, &s->released))
			return true;
	return false;
}

/* Fills the output buffer, if it is empty and somebody has a byte. */
static void refill(struct dm_device *dev)
{
	struct i8042_state *s = dev->state;

	if (s->from != FROM_NOBODY)
		return;
	if (ps2_take(&s->answers, &s->output) || take_keyboard(s))
		s->from = FROM_KEYBOARD;
	else if (ps2_take(&s->as_mouse, &s->output) ||
		 (!(s->byte & BYTE_DISABLE_MOUSE) && ps2_mouse_take(&s->mouse, &s->output)))
		s->from = FROM_MOUSE;
	if (s->from != FROM_NOBODY)
		set_lines(dev);
}

static void answer(struct i8042_state *s, u8 value)
{
	ps2_put(&s->answers, value);
}

static u8 output_port(const struct i8042_state *s)
{
	return (u8)(OUTPUT_NOT_RESET | OUTPUT_A20 |
		    (s->from == FROM_KEYBOARD ? OUTPUT_KEYBOARD : 0) |
		    (s->from == FROM_MOUSE ? OUTPUT_MOUSE : 0));
}

static void command(struct dm_device *dev, u8 value)
{
	struct i8042_state *s = dev->state;

	s->last_command = 1;
	s->expects = 0;
	switch (value) {
	case CMD_DISABLE_MOUSE:
		s->byte |= BYTE_DISABLE_MOUSE;
		break;
	case CMD_ENABLE_MOUSE:
		s->byte &= (u8)~BYTE_DISABLE_MOUSE;
		break;
	case CMD_DISABLE_KEYBOARD:
		s->byte |= BYTE_DISABLE_KEYBOARD;
		break;
	case CMD_ENABLE_KEYBOARD:
		s->byte &= (u8)~BYTE_DISABLE_KEYBOARD;
		break;
	case CMD_SELF_TEST:
		s->byte |= BYTE_SYSTEM;
		answer(s, 0x55);
		break;
	case CMD_TEST_MOUSE:
	case CMD_TEST_KEYBOARD:
	case CMD_READ_INPUT:
		answer(s, 0);
		break;
	case CMD_READ_OUTPUT:
		answer(s, output_port(s));
		break;
	case CMD_WRITE_OUTPUT:
	case CMD_AS_KEYBOARD:
	case CMD_AS_MOUSE:
	case CMD_TO_MOUSE:
		s->expects = value;
		break;
	default:
		if (value >= CMD_PULSE_FIRST && !(value & 1))
			vm_reset(dev->vm);
		else if ((value & 0xe0) == CMD_READ_FIRST)
			answer(s, value == CMD_READ_FIRST ? s->byte : 0);
		else if ((value & 0xe0) == CMD_WRITE_FIRST)
			s->expects = value;
		break;
	}
}

static void to_keyboard(struct dm_device *dev, u8 value)
{
	struct i8042_state *s = dev->state;

	s->byte &= (u8)~BYTE_DISABLE_KEYBOARD; /* as the controller's own program does */
	if (plugged_in(dev))
		ps2_keyboard_write(&s->keyboard, value);
}

static void data(struct dm_device *dev, u8 value)
{
	struct i8042_state *s = dev->state;
	u8 expects = s->expects;

	s->last_command = 0;
	s->expects = 0;
	switch (expects) {
	case 0:
		to_keyboard(dev, value);
		break;
	case CMD_WRITE_FIRST:
		s->byte = value;
		set_lines(dev);
		break;
	case CMD_WRITE_OUTPUT:
		if (!(value & OUTPUT_NOT_RESET))
			vm_reset(dev->vm);
		break;
	case CMD_AS_KEYBOARD:
		answer(s, value);
		break;
	case CMD_AS_MOUSE:
		ps2_put(&s->as_mouse, value);
		break;
	case CMD_TO_MOUSE:
		s->byte &= (u8)~BYTE_DISABLE_MOUSE;
		if (plugged_in(dev))
			ps2_mouse_write(&s->mouse, value);
		break;
	default:
		break;
	}
}

static u8 read_status(const struct i8042_state *s)
{
	return (u8)((s->from != FROM_NOBODY ? STATUS_OUTPUT : 0) |
		    (s->from == FROM_MOUSE ? STATUS_MOUSE : 0) | (s->byte & STATUS_SYSTEM) |
		    (s->last_command ? STATUS_COMMAND : 0) | STATUS_UNLOCKED);
}

static u8 read_data(struct dm_device *dev)
{
	struct i8042_state *s = dev->state;
	u8 value = s->output;

	if (s->from != FROM_NOBODY) {
		s->from = FROM_NOBODY;
		set_lines(dev);
	}
	return value;
}

static void i8042_access(struct dm_device *dev, struct dm_access *a)
{
	if (!a->write) {
		a->value = a->addr == PORT_COMMAND ? read_status(dev->state) : read_data(dev);
	} else if (a->addr == PORT_COMMAND) {
		command(dev, (u8)a->value);
	} else {
		data(dev, (u8)a->value);
	}
	if (a->write || a->addr == PORT_DATA)
		refill(dev);
}

bool i8042_key(struct dm_vm *vm, u16 key, bool down)
{
	struct dm_device *dev = devices_find(vm, &i8042_ops);
	struct i8042_state *s = dev ? dev->state : NULL;

	if (!dev || !plugged_in(dev) || !ps2_keyboard_key(&s->keyboard, key, down))
		return false;
	refill(dev);
	return true;
}

bool i8042_ready(struct dm_vm *vm)
{
	struct dm_device *dev = devices_find(vm, &i8042_ops);
	const struct i8042_state *s = dev ? dev->state : NULL;

	return dev && plugged_in(dev) && s->keyboard.scanning && !s->keyboard.keys.count &&
	       s->from != FROM_KEYBOARD && !(s->byte & BYTE_DISABLE_KEYBOARD);
}

void i8042_pointer(struct dm_vm *vm, s32 dx, s32 dy, u32 buttons, s32 wheel)
{
	struct dm_device *dev = devices_find(vm, &i8042_ops);
	struct i8042_state *s = dev ? dev->state : NULL;

	if (!dev || !plugged_in(dev))
		return;
	ps2_mouse_move(&s->mouse, dx, dy, buttons, wheel);
	refill(dev);
}

u8 i8042_leds(struct dm_vm *vm)
{
	struct dm_device *dev = devices_find(vm, &i8042_ops);
	const struct i8042_state *s = dev ? dev->state : NULL;

	return s ? s->keyboard.leds : 0;
}

static int i8042_create(struct dm_device *dev)
{
	int rc = bus_add_ports(dev, PORT_DATA, 1);

	return rc ? rc : bus_add_ports(dev, PORT_COMMAND, 1);
}

static void i8042_reset(struct dm_device *dev)
{
	struct i8042_state *s = dev->state;

	*s = (struct i8042_state){ .byte = BYTE_TRANSLATE | BYTE_DISABLE_MOUSE | BYTE_SYSTEM };
	ps2_keyboard_reset(&s->keyboard);
	ps2_mouse_reset(&s->mouse);
}

static int i8042_adopt(struct dm_device *dev)
{
	struct i8042_state *s = dev->state;

	if (!ps2_sound(&s->answers) || !ps2_sound(&s->as_mouse) ||
	    !ps2_sound(&s->keyboard.answers) || !ps2_sound(&s->keyboard.keys) ||
	    !ps2_mouse_sound(&s->mouse) || s->from > FROM_MOUSE)
		return -EINVAL;
	set_lines(dev);
	refill(dev);
	return 0;
}

const struct dm_device_ops i8042_ops = {
	.name = "i8042",
	.state_size = sizeof(struct i8042_state),
	.create = i8042_create,
	.reset = i8042_reset,
	.adopt = i8042_adopt,
	.access = i8042_access,
};
