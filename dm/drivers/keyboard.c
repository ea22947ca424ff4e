/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/*
 * Host keyboard driver, see keyboard.h. The controller translates to scan code set 1, whose codes
 * are enum key's. Keys held when the focus moves are released in the guest that had it, so that
 * none stays down there.
 */
#include "keyboard.h"
#include "../display/display.h"
#include "../input.h"
#include "../runtime.h"

#define PORT_DATA    0x60
#define PORT_COMMAND 0x64
#define WAIT_US	     50000
#define BURST	     64 /* bytes taken at once */

enum { STATUS_OUTPUT = 0x01, STATUS_INPUT = 0x02, STATUS_MOUSE = 0x20 };
enum { CMD_READ_BYTE = 0x20, CMD_WRITE_BYTE = 0x60, CMD_ENABLE_KEYBOARD = 0xae };
enum {
	BYTE_IRQ = 0x01,
	BYTE_IRQ_MOUSE = 0x02,
	BYTE_DISABLE = 0x10,
	BYTE_DISABLE_MOUSE = 0x20,
	BYTE_TRANSLATE = 0x40
};
enum { EXTENDED = 0xe0, PAUSED = 0xe1, RELEASED = 0x80, PAUSE_BYTES = 5 };

static bool present, extended;
static u32 pause_left; /* bytes of pause's sequence still to come */
static u64 held[KEY_COUNT / 64];

static u8 read_port(u16 port)
{
	u8 value;

	__asm__ volatile("inb %w1, %b0" : "=a"(value) : "Nd"(port));
	return value;
}

static void write_port(u16 port, u8 value)
{
	__asm__ volatile("outb %b0, %w1" : : "a"(value), "Nd"(port));
}

static bool wait_status(u8 mask, u8 wanted)
{
	u64 end = time_now() + time_from_us(WAIT_US);

	while ((read_port(PORT_COMMAND) & mask) != wanted)
		if (time_now() > end)
			return false;
	return true;
}

static bool send(u16 port, u8 value)
{
	if (!wait_status(STATUS_INPUT, 0))
		return false;
	write_port(port, value);
	return true;
}

static void drain(void)
{
	for (u32 i = 0; i < BURST && (read_port(PORT_COMMAND) & STATUS_OUTPUT); i++)
		read_port(PORT_DATA);
}

static bool is_held(u16 key)
{
	return held[key / 64] & BIT(key % 64);
}

static void release_all(struct dm_vm *vm)
{
	for (u16 key = 0; key < KEY_COUNT; key++)
		if (is_held(key))
			input_key(vm, key, false);
}

static bool hot(u16 key)
{
	return key == KEY_TAB && (is_held(KEY_LEFT_CTRL) || is_held(KEY_RIGHT_CTRL)) &&
	       (is_held(KEY_LEFT_ALT) || is_held(KEY_RIGHT_ALT));
}

static void next_focus(struct dm_vm *now)
{
	if (!dm_vm_count)
		return;
	if (now)
		release_all(now);
	display_focus(&dm_vms[now ? (now->index + 1) % dm_vm_count : 0]);
}

static void take_key(u16 key, bool down)
{
	struct dm_vm *vm = display_focused();

	if (down && hot(key)) {
		next_focus(vm);
		return;
	}
	if (vm)
		input_key(vm, key, down);
	if (down)
		held[key / 64] |= BIT(key % 64);
	else
		held[key / 64] &= ~BIT(key % 64);
}

static void take_byte(u8 byte)
{
	u16 key = (u16)((byte & 0x7f) | (extended ? KEY_EXTENDED : 0));

	if (pause_left) {
		if (--pause_left == 0)
			take_key(KEY_PAUSE, true);
		return;
	}
	if (byte == PAUSED) {
		pause_left = PAUSE_BYTES;
	} else if (byte == EXTENDED) {
		extended = true;
		return;
	} else if (extended &&
		   ((byte & 0x7f) == KEY_LEFT_SHIFT || (byte & 0x7f) == KEY_RIGHT_SHIFT)) {
		/* The keyboard's own way of telling keypad and print from each other. */
	} else if (byte && byte < 0xfa - 0x10) {
		take_key(key, !(byte & RELEASED));
	}
	extended = false;
}

void keyboard_receive(void)
{
	for (u32 i = 0; present && i < BURST; i++) {
		u8 status = read_port(PORT_COMMAND);
		u8 byte;

		if (!(status & STATUS_OUTPUT))
			break;
		byte = read_port(PORT_DATA);
		if (!(status & STATUS_MOUSE))
			take_byte(byte);
	}
}

void keyboard_init(void)
{
	u8 byte;

	if (read_port(PORT_COMMAND) == 0xff)
		return;
	drain();
	if (!send(PORT_COMMAND, CMD_READ_BYTE) || !wait_status(STATUS_OUTPUT, STATUS_OUTPUT))
		return;
	byte = read_port(PORT_DATA);
	byte |= BYTE_IRQ | BYTE_TRANSLATE | BYTE_DISABLE_MOUSE;
	byte &= (u8) ~(BYTE_DISABLE | BYTE_IRQ_MOUSE);
	if (!send(PORT_COMMAND, CMD_WRITE_BYTE) || !send(PORT_DATA, byte) ||
	    !send(PORT_COMMAND, CMD_ENABLE_KEYBOARD))
		return;
	present = true;
	keyboard_receive();
}
