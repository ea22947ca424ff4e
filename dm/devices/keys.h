/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/*
 * Keys, numbered as in scan code set 1: the make code, with KEY_EXTENDED for those that send 0xe0
 * first. Where keys come from (console, host keyboard) and where they go (a guest's 8042) agree on
 * these. Sources do not call the functions below but those of dm/input.h.
 */
#ifndef DM_DEVICES_KEYS_H
#define DM_DEVICES_KEYS_H

#include "dm/vm.h"

#define KEY_EXTENDED 0x100u
#define KEY_COUNT    0x200u

enum key {
	KEY_ESC = 0x01,
	KEY_BACKSPACE = 0x0e,
	KEY_TAB = 0x0f,
	KEY_ENTER = 0x1c,
	KEY_LEFT_CTRL = 0x1d,
	KEY_LEFT_SHIFT = 0x2a,
	KEY_RIGHT_SHIFT = 0x36,
	KEY_KEYPAD_MULTIPLY = 0x37,
	KEY_LEFT_ALT = 0x38,
	KEY_SPACE = 0x39,
	KEY_CAPS_LOCK = 0x3a,
	KEY_F1 = 0x3b, /* up to F10 */
	KEY_NUM_LOCK = 0x45,
	KEY_SCROLL_LOCK = 0x46,
	KEY_KEYPAD_MINUS = 0x4a,
	KEY_KEYPAD_5 = 0x4c,
	KEY_KEYPAD_PLUS = 0x4e,
	KEY_SYSRQ = 0x54, /* print screen with alt */
	KEY_F11 = 0x57,
	KEY_F12 = 0x58,
	KEY_KEYPAD_ENTER = KEY_EXTENDED | 0x1c,
	KEY_RIGHT_CTRL = KEY_EXTENDED | 0x1d,
	KEY_KEYPAD_DIVIDE = KEY_EXTENDED | 0x35,
	KEY_PRINT = KEY_EXTENDED | 0x37,
	KEY_RIGHT_ALT = KEY_EXTENDED | 0x38,
	KEY_PAUSE =
		KEY_EXTENDED | 0x45, /* sends a sequence of its own, and nothing when released */
	KEY_HOME = KEY_EXTENDED | 0x47,
	KEY_UP = KEY_EXTENDED | 0x48,
	KEY_PAGE_UP = KEY_EXTENDED | 0x49,
	KEY_LEFT = KEY_EXTENDED | 0x4b,
	KEY_RIGHT = KEY_EXTENDED | 0x4d,
	KEY_END = KEY_EXTENDED | 0x4f,
	KEY_DOWN = KEY_EXTENDED | 0x50,
	KEY_PAGE_DOWN = KEY_EXTENDED | 0x51,
	KEY_INSERT = KEY_EXTENDED | 0x52,
	KEY_DELETE = KEY_EXTENDED | 0x53,
	KEY_LEFT_META = KEY_EXTENDED | 0x5b,
	KEY_RIGHT_META = KEY_EXTENDED | 0x5c,
	KEY_MENU = KEY_EXTENDED | 0x5d,
};

/* A key of the guest's keyboard goes down or up. False: the guest does not get it, as it has no
 * keyboard, does not want keys now, or has not read earlier ones. */
bool i8042_key(struct dm_vm *vm, u16 key, bool down);
/* Whether the guest has read all keys so far, and would take another. */
bool i8042_ready(struct dm_vm *vm);
/* The guest's mouse moves by (dx, dy), y growing downwards; `buttons` are enum input_button, or-ed
 * (dm/input.h), `wheel` notches turned away from the user. */
void i8042_pointer(struct dm_vm *vm, s32 dx, s32 dy, u32 buttons, s32 wheel);
/* The keyboard's lights as the guest set them: scroll 1, num 2, caps 4. */
u8 i8042_leds(struct dm_vm *vm);

#endif
