/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/*
 * The keyboard, see ps2.h. It speaks scan code set 2 until told otherwise, and set 1; set 3, which
 * nothing needs, it refuses as many keyboards do.
 */
#include "ps2.h"

enum {
	CMD_LEDS = 0xed,
	CMD_ECHO = 0xee,
	CMD_SET = 0xf0,
	CMD_IDENTIFY = 0xf2,
	CMD_RATE = 0xf3,
	CMD_ENABLE = 0xf4,
	CMD_DISABLE = 0xf5,
	CMD_DEFAULTS = 0xf6,
	CMD_ALL_FIRST = 0xf7, /* to 0xfa: what keys of set 3 do */
	CMD_ALL_LAST = 0xfa,
	CMD_RESEND = 0xfe,
	CMD_RESET = 0xff,
};
enum { ACK = 0xfa, PASSED = 0xaa, RESEND = 0xfe, EXTENDED = 0xe0, PAUSED = 0xe1, RELEASED = 0xf0 };
#define RATE_DEFAULT 0x2b
#define SEQUENCE_MAX 8

/* Set 2 to set 1, as the 8042's translation does. */
static const u8 set1_of[0x85] = {
	0xff, 0x43, 0x41, 0x3f, 0x3d, 0x3b, 0x3c, 0x58, 0x64, 0x44, 0x42, 0x40, 0x3e, 0x0f, 0x29,
	0x59, 0x65, 0x38, 0x2a, 0x70, 0x1d, 0x10, 0x02, 0x5a, 0x66, 0x71, 0x2c, 0x1f, 0x1e, 0x11,
	0x03, 0x5b, 0x67, 0x2e, 0x2d, 0x20, 0x12, 0x05, 0x04, 0x5c, 0x68, 0x39, 0x2f, 0x21, 0x14,
	0x13, 0x06, 0x5d, 0x69, 0x31, 0x30, 0x23, 0x22, 0x15, 0x07, 0x5e, 0x6a, 0x72, 0x32, 0x24,
	0x16, 0x08, 0x09, 0x5f, 0x6b, 0x33, 0x25, 0x17, 0x18, 0x0b, 0x0a, 0x60, 0x6c, 0x34, 0x35,
	0x26, 0x27, 0x19, 0x0c, 0x61, 0x6d, 0x73, 0x28, 0x74, 0x1a, 0x0d, 0x62, 0x6e, 0x3a, 0x36,
	0x1c, 0x1b, 0x75, 0x2b, 0x63, 0x76, 0x55, 0x56, 0x77, 0x78, 0x79, 0x7a, 0x0e, 0x7b, 0x7c,
	0x4f, 0x7d, 0x4b, 0x47, 0x7e, 0x7f, 0x6f, 0x52, 0x53, 0x50, 0x4c, 0x4d, 0x48, 0x01, 0x45,
	0x57, 0x4e, 0x51, 0x4a, 0x37, 0x49, 0x46, 0x54, 0x80, 0x81, 0x82, 0x41, 0x54,
};

/* 0: no key of a keyboard has that code. */
static u8 set2_of(u8 code)
{
	if (code == KEY_SYSRQ)
		return 0x84;
	if (code == 0x41) /* F7: the table has it twice */
		return 0x83;
	for (u8 i = 1; i < 0x80; i++)
		if (set1_of[i] == code)
			return i;
	return 0;
}

bool ps2_translate(u8 *byte, u8 *released)
{
	u8 code = *byte;

	if (code == RELEASED) {
		*released = 0x80;
		return false;
	}
	if (code < sizeof(set1_of))
		code = set1_of[code];
	*byte = code | *released;
	*released = 0;
	return true;
}

struct sequence {
	u8 bytes[SEQUENCE_MAX];
	u32 len;
};

static void add(struct sequence *s, u8 set, u8 code, bool extended, bool down)
{
	if (extended)
		s->bytes[s->len++] = EXTENDED;
	if (set == 2 && !down)
		s->bytes[s->len++] = RELEASED;
	s->bytes[s->len++] = set == 2 ? set2_of(code) : (u8)(code | (down ? 0 : 0x80));
}

/* Pause is ctrl and num lock behind 0xe1, pressed and released at once. */
static void add_pause(struct sequence *s, u8 set)
{
	s->bytes[s->len++] = PAUSED;
	add(s, set, KEY_LEFT_CTRL, false, true);
	add(s, set, KEY_NUM_LOCK, false, true);
	s->bytes[s->len++] = PAUSED;
	add(s, set, KEY_LEFT_CTRL, false, false);
	add(s, set, KEY_NUM_LOCK, false, false);
}

static void make_sequence(struct sequence *s, u8 set, u16 key, bool down)
{
	s->len = 0;
	if (key == KEY_PAUSE) {
		if (down)
			add_pause(s, set);
	} else if (key == KEY_PRINT) {
		add(s, set, down ? KEY_LEFT_SHIFT : KEY_PRINT & 0xff, true, down);
		add(s, set, down ? KEY_PRINT & 0xff : KEY_LEFT_SHIFT, true, down);
	} else if ((key & 0xff) < 0x80 && set2_of((u8)key)) {
		add(s, set, (u8)key, key & KEY_EXTENDED, down);
	}
}

bool ps2_keyboard_key(struct ps2_keyboard *k, u16 key, bool down)
{
	struct sequence s;

	if (!k->scanning)
		return false;
	make_sequence(&s, k->set == 1 ? 1 : 2, key, down);
	if (s.len > ps2_room(&k->keys))
		return false;
	for (u32 i = 0; i < s.len; i++)
		ps2_put(&k->keys, s.bytes[i]);
	return true;
}

static void set_defaults(struct ps2_keyboard *k, bool scanning)
{
	k->set = 2;
	k->rate = RATE_DEFAULT;
	k->scanning = scanning;
	k->keys.count = 0;
}

void ps2_keyboard_reset(struct ps2_keyboard *k)
{
	*k = (struct ps2_keyboard){ .set = 2, .rate = RATE_DEFAULT, .scanning = true };
}

static void answer(struct ps2_keyboard *k, u8 byte)
{
	ps2_put(&k->answers, byte);
}

static void parameter(struct ps2_keyboard *k, u8 command, u8 value)
{
	bool known = true;

	if (command == CMD_LEDS)
		k->leds = value & 7;
	else if (command == CMD_RATE)
		k->rate = value & 0x7f;
	else if (value > 2)
		known = false;
	else if (value)
		k->set = value;
	answer(k, known ? ACK : RESEND);
	if (command == CMD_SET && known && !value)
		answer(k, k->set);
	if (command == CMD_SET)
		k->keys.count = 0;
}

static void command(struct ps2_keyboard *k, u8 value)
{
	if (value == CMD_ECHO || value == CMD_RESEND) {
		answer(k, value == CMD_ECHO ? CMD_ECHO : k->last);
		return;
	}
	k->answers.count = 0;
	if (value < CMD_LEDS || value == 0xef || value == 0xf1 ||
	    (value > CMD_ALL_LAST && value < CMD_RESEND)) {
		answer(k, RESEND);
		return;
	}
	answer(k, ACK);
	if (value == CMD_LEDS || value == CMD_SET || value == CMD_RATE) {
		k->expects = value;
	} else if (value == CMD_IDENTIFY) {
		answer(k, 0xab);
		answer(k, 0x83);
	} else if (value == CMD_ENABLE) {
		k->keys.count = 0;
		k->scanning = true;
	} else if (value == CMD_RESET) {
		k->leds = 0;
		set_defaults(k, true);
		answer(k, PASSED);
	} else if (value < CMD_ALL_FIRST) {
		set_defaults(k, value == CMD_DEFAULTS ? k->scanning : false);
	}
}

void ps2_keyboard_write(struct ps2_keyboard *k, u8 byte)
{
	u8 expects = k->expects;

	k->expects = 0;
	if (expects && byte < CMD_LEDS)
		parameter(k, expects, byte);
	else
		command(k, byte);
}

/* While a command waits for its parameter, no key comes between. */
bool ps2_keyboard_take(struct ps2_keyboard *k, u8 *byte)
{
	if (!ps2_take(&k->answers, byte) && (k->expects || !ps2_take(&k->keys, byte)))
		return false;
	k->last = *byte;
	return true;
}
