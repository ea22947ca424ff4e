/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/*
 * Keysyms (RFC 6143 section 7.5.4) to keys. A keysym says which character was typed, whatever the
 * client's keyboard looks like; the guest is taken to have a US one. So shift is put down or lifted
 * around a key when the character asks for that, and keys whose effect is in the keysyms already
 * (caps lock, num lock, the third level's shift) do not go to the guest.
 */
#include "rfb_internal.h"
#include "keys.h"

enum { SHIFT_LEFT = 1, SHIFT_RIGHT = 2 };

#define KEYSYM_SHIFT_LEFT  0xffe1
#define KEYSYM_SHIFT_RIGHT 0xffe2

static const struct {
	u16 keysym, key;
} function_keys[] = {
	{ 0xff08, KEY_BACKSPACE },
	{ 0xff09, KEY_TAB },
	{ 0xfe20, KEY_TAB }, /* with shift */
	{ 0xff0d, KEY_ENTER },
	{ 0xff13, KEY_PAUSE },
	{ 0xff14, KEY_SCROLL_LOCK },
	{ 0xff15, KEY_SYSRQ },
	{ 0xff1b, KEY_ESC },
	{ 0xff50, KEY_HOME },
	{ 0xff51, KEY_LEFT },
	{ 0xff52, KEY_UP },
	{ 0xff53, KEY_RIGHT },
	{ 0xff54, KEY_DOWN },
	{ 0xff55, KEY_PAGE_UP },
	{ 0xff56, KEY_PAGE_DOWN },
	{ 0xff57, KEY_END },
	{ 0xff61, KEY_PRINT },
	{ 0xff63, KEY_INSERT },
	{ 0xff67, KEY_MENU },
	{ 0xff8d, KEY_KEYPAD_ENTER },
	{ 0xff95, KEY_HOME }, /* keypad, num lock off */
	{ 0xff96, KEY_LEFT },
	{ 0xff97, KEY_UP },
	{ 0xff98, KEY_RIGHT },
	{ 0xff99, KEY_DOWN },
	{ 0xff9a, KEY_PAGE_UP },
	{ 0xff9b, KEY_PAGE_DOWN },
	{ 0xff9c, KEY_END },
	{ 0xff9d, KEY_KEYPAD_5 },
	{ 0xff9e, KEY_INSERT },
	{ 0xff9f, KEY_DELETE },
	{ 0xffaa, KEY_KEYPAD_MULTIPLY },
	{ 0xffab, KEY_KEYPAD_PLUS },
	{ 0xffad, KEY_KEYPAD_MINUS },
	{ 0xffaf, KEY_KEYPAD_DIVIDE },
	{ 0xffc8, KEY_F11 },
	{ 0xffc9, KEY_F12 },
	{ KEYSYM_SHIFT_LEFT, KEY_LEFT_SHIFT },
	{ KEYSYM_SHIFT_RIGHT, KEY_RIGHT_SHIFT },
	{ 0xffe3, KEY_LEFT_CTRL },
	{ 0xffe4, KEY_RIGHT_CTRL },
	{ 0xffe7, KEY_LEFT_META },
	{ 0xffe8, KEY_RIGHT_META },
	{ 0xffe9, KEY_LEFT_ALT },
	{ 0xffea, KEY_RIGHT_ALT },
	{ 0xffeb, KEY_LEFT_META }, /* super */
	{ 0xffec, KEY_RIGHT_META },
	{ 0xffff, KEY_DELETE },
};

/* The character of a keysym; 0: it has none. Digits of the keypad count as digits. */
static char character_of(u32 keysym)
{
	if (keysym >= 0x20 && keysym < 0x7f)
		return (char)keysym;
	if (keysym >= 0xffb0 && keysym <= 0xffb9)
		return (char)('0' + (keysym - 0xffb0));
	return keysym == 0xffae ? '.' : keysym == 0xffbd ? '=' : 0;
}

static u16 function_key(u32 keysym)
{
	if (keysym >= 0xffbe && keysym <= 0xffc7)
		return (u16)(KEY_F1 + (keysym - 0xffbe));
	for (u32 i = 0; i < ARRAY_SIZE(function_keys); i++)
		if (function_keys[i].keysym == keysym)
			return function_keys[i].key;
	return 0;
}

static bool is_held(const struct rfb *c, u16 key)
{
	return c->held[key / 64] & BIT(key % 64);
}

static void send(struct rfb *c, u16 key, bool down)
{
	if (down)
		c->held[key / 64] |= BIT(key % 64);
	else
		c->held[key / 64] &= ~BIT(key % 64);
	c->screen->key(c->ctx, key, down);
}

static void send_shifts(struct rfb *c, bool down)
{
	if (c->shifts & SHIFT_LEFT)
		c->screen->key(c->ctx, KEY_LEFT_SHIFT, down);
	if (c->shifts & SHIFT_RIGHT)
		c->screen->key(c->ctx, KEY_RIGHT_SHIFT, down);
}

/* With control or alt held it is the key that counts, not the character. */
static bool is_command(const struct rfb *c)
{
	return is_held(c, KEY_LEFT_CTRL) || is_held(c, KEY_RIGHT_CTRL) ||
	       is_held(c, KEY_LEFT_ALT) || is_held(c, KEY_RIGHT_ALT);
}

static void press_character(struct rfb *c, const struct keys_stroke *stroke)
{
	bool wants_shift = stroke->modifiers & KEYS_SHIFT;

	if (wants_shift == (c->shifts != 0) || is_command(c)) {
		send(c, stroke->key, true);
	} else if (wants_shift) {
		c->screen->key(c->ctx, KEY_LEFT_SHIFT, true);
		send(c, stroke->key, true);
		c->screen->key(c->ctx, KEY_LEFT_SHIFT, false);
	} else {
		send_shifts(c, false);
		send(c, stroke->key, true);
		send_shifts(c, true);
	}
}

static bool is_modifier(u16 key)
{
	return key == KEY_LEFT_SHIFT || key == KEY_RIGHT_SHIFT || key == KEY_LEFT_CTRL ||
	       key == KEY_RIGHT_CTRL || key == KEY_LEFT_ALT || key == KEY_RIGHT_ALT ||
	       key == KEY_LEFT_META || key == KEY_RIGHT_META;
}

static void release(struct rfb *c, bool modifiers_too)
{
	for (u16 key = 0; key < RFB_KEYS; key++)
		if (is_held(c, key) && (modifiers_too || !is_modifier(key)))
			send(c, key, false);
}

void rfb_release_keys(struct rfb *c)
{
	release(c, true);
	c->shifts = 0;
}

void rfb_key(struct rfb *c, u32 keysym, bool down)
{
	char character = character_of(keysym);
	struct keys_stroke stroke;

	if (character && keys_of_character(character, &stroke)) {
		if (down)
			press_character(c, &stroke);
		else if (is_held(c, stroke.key))
			send(c, stroke.key, false);
		else
			release(c, false); /* a key may end as another character than it began as */
		return;
	}
	stroke.key = function_key(keysym);
	if (!stroke.key || (!down && !is_held(c, stroke.key)))
		return;
	if (stroke.key == KEY_LEFT_SHIFT)
		c->shifts = (u8)(down ? c->shifts | SHIFT_LEFT : c->shifts & ~SHIFT_LEFT);
	if (stroke.key == KEY_RIGHT_SHIFT)
		c->shifts = (u8)(down ? c->shifts | SHIFT_RIGHT : c->shifts & ~SHIFT_RIGHT);
	send(c, stroke.key, down);
}
