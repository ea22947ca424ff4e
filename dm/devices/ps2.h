/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/*
 * What is plugged into the guest's keyboard controller: a keyboard with 102 keys and a mouse with
 * three buttons and a wheel (IBM Personal System/2 Hardware Interface Technical Reference, keyboard
 * and mouse sections; the wheel as in Microsoft's IntelliMouse). Bytes go to them by *_write; what
 * they send waits in their buffers until the controller takes it. Answers to commands come before
 * keys.
 */
#ifndef DM_DEVICES_PS2_H
#define DM_DEVICES_PS2_H

#include "keys.h"

#define PS2_BUFFER 64u

struct ps2_buffer { /* all zero: empty */
	u8 first, count;
	u8 bytes[PS2_BUFFER];
};

static inline u32 ps2_room(const struct ps2_buffer *b)
{
	return PS2_BUFFER - b->count;
}

/* What does not fit is lost. */
static inline void ps2_put(struct ps2_buffer *b, u8 byte)
{
	if (b->count < PS2_BUFFER)
		b->bytes[(b->first + b->count++) % PS2_BUFFER] = byte;
}

static inline bool ps2_take(struct ps2_buffer *b, u8 *byte)
{
	if (!b->count)
		return false;
	*byte = b->bytes[b->first];
	b->first = (u8)((b->first + 1) % PS2_BUFFER);
	b->count--;
	return true;
}

static inline bool ps2_sound(const struct ps2_buffer *b)
{
	return b->first < PS2_BUFFER && b->count <= PS2_BUFFER;
}

struct ps2_keyboard {
	struct ps2_buffer answers, keys;
	u8 set;	     /* scan code set: 1 or 2 */
	u8 scanning; /* keys are reported */
	u8 leds;     /* scroll 1, num 2, caps 4 */
	u8 rate;     /* typematic; kept, as the host's keyboard repeats by itself */
	u8 expects;  /* the command whose parameter comes next, 0: none */
	u8 last;     /* sent, for the resend command */
};

struct ps2_mouse {
	struct ps2_buffer answers, packets;
	s32 dx, dy, wheel; /* not yet reported, up to PS2_FARTHEST each way; y grows upwards */
	u8 buttons;	   /* as in a packet's first byte */
	u8 reported;	   /* the buttons of the last packet */
	u8 reporting, scaling, resolution, rate, remote, wrap;
	u8 knock; /* how much of the sequence of rates has come that turns the wheel on */
	u8 wheeled;
	u8 expects;
	u8 last;
};
#define PS2_FARTHEST 0x4000

/* ---- ps2_keyboard.c */
void ps2_keyboard_reset(struct ps2_keyboard *k); /* power on: nothing is sent */
void ps2_keyboard_write(struct ps2_keyboard *k, u8 byte);
bool ps2_keyboard_take(struct ps2_keyboard *k, u8 *byte);
/* A key goes down (again: it repeats) or up. False: it is lost, for want of room or because the
 * guest wants none. */
bool ps2_keyboard_key(struct ps2_keyboard *k, u16 key, bool down);
/* A byte of scan code set 2 as the controller's translation turns it into set 1; *released is what
 * must be remembered from one byte to the next. False: nothing to pass on yet. */
bool ps2_translate(u8 *byte, u8 *released);

/* ---- ps2_mouse.c */
void ps2_mouse_reset(struct ps2_mouse *m);
void ps2_mouse_write(struct ps2_mouse *m, u8 byte);
bool ps2_mouse_sound(const struct ps2_mouse *m);
bool ps2_mouse_take(struct ps2_mouse *m, u8 *byte);
/* It moves, y growing downwards, with those buttons (left 1, middle 2, right 4) held. Motion adds
 * up while the guest has not read what came before; changes of buttons wait one by one. */
void ps2_mouse_move(struct ps2_mouse *m, s32 dx, s32 dy, u32 buttons, s32 wheel);

#endif
