/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/*
 * The mouse, see ps2.h. Reports of three bytes, or of four once the driver has set the rates 200,
 * 100, 80 one after another, which is how it asks whether there is a wheel.
 */
#include "ps2.h"
#include "dm/runtime.h"

enum {
	CMD_SCALING_1 = 0xe6,
	CMD_SCALING_2 = 0xe7,
	CMD_RESOLUTION = 0xe8,
	CMD_STATUS = 0xe9,
	CMD_STREAM = 0xea,
	CMD_READ = 0xeb,
	CMD_WRAP_OFF = 0xec,
	CMD_WRAP = 0xee,
	CMD_REMOTE = 0xf0,
	CMD_IDENTIFY = 0xf2,
	CMD_RATE = 0xf3,
	CMD_ENABLE = 0xf4,
	CMD_DISABLE = 0xf5,
	CMD_DEFAULTS = 0xf6,
	CMD_RESEND = 0xfe,
	CMD_RESET = 0xff,
};
enum { ACK = 0xfa, NOT_UNDERSTOOD = 0xfe, PASSED = 0xaa, KIND = 0x00, KIND_WHEEL = 0x03 };
enum { PACKET_LEFT = 0x01, PACKET_RIGHT = 0x02, PACKET_MIDDLE = 0x04, PACKET_ALWAYS = 0x08 };
enum { PACKET_X_SIGN = 0x10, PACKET_Y_SIGN = 0x20 };
#define MAX_STEP  255
#define MAX_WHEEL 7
enum { STATUS_RIGHT = 0x01, STATUS_MIDDLE = 0x02, STATUS_LEFT = 0x04 };
enum { STATUS_SCALING = 0x10, STATUS_REPORTING = 0x20, STATUS_REMOTE = 0x40 };

static const u8 wheel_knock[] = { 200, 100, 80 };

static void answer(struct ps2_mouse *m, u8 byte)
{
	ps2_put(&m->answers, byte);
}

static void set_defaults(struct ps2_mouse *m)
{
	m->reporting = m->scaling = m->remote = m->wrap = 0;
	m->packets.count = 0;
	m->dx = m->dy = m->wheel = 0;
	m->resolution = 2;
	m->rate = 100;
}

void ps2_mouse_reset(struct ps2_mouse *m)
{
	*m = (struct ps2_mouse){ 0 };
	set_defaults(m);
}

static bool is_near(s32 value)
{
	return value >= -PS2_FARTHEST && value <= PS2_FARTHEST;
}

bool ps2_mouse_sound(const struct ps2_mouse *m)
{
	return ps2_sound(&m->answers) && ps2_sound(&m->packets) && is_near(m->dx) &&
	       is_near(m->dy) && is_near(m->wheel) && m->knock < sizeof(wheel_knock);
}

static s32 clamp(s32 value, s32 limit)
{
	return MIN(MAX(value, -limit), limit);
}

/* Puts one packet with as much of the motion as fits. */
static void put_packet(struct ps2_mouse *m, struct ps2_buffer *to)
{
	s32 dx = clamp(m->dx, MAX_STEP), dy = clamp(m->dy, MAX_STEP);
	s32 wheel = clamp(m->wheel, MAX_WHEEL);

	m->dx -= dx;
	m->dy -= dy;
	m->wheel -= wheel;
	m->reported = m->buttons;
	ps2_put(to, (u8)(PACKET_ALWAYS | m->buttons | (dx < 0 ? PACKET_X_SIGN : 0) |
			 (dy < 0 ? PACKET_Y_SIGN : 0)));
	ps2_put(to, (u8)dx);
	ps2_put(to, (u8)dy);
	if (m->wheeled)
		ps2_put(to, (u8)-wheel); /* towards the user counts as positive */
}

static bool has_news(const struct ps2_mouse *m)
{
	return m->dx || m->dy || (m->wheel && m->wheeled) || m->buttons != m->reported;
}

/* The driver's way to ask for a wheel: three rates, with nothing else between that matters. */
static void hear_rate(struct ps2_mouse *m, u8 rate)
{
	m->rate = rate;
	m->knock = rate == wheel_knock[m->knock] ? (u8)(m->knock + 1) : rate == wheel_knock[0];
	if (m->knock == sizeof(wheel_knock)) {
		m->knock = 0;
		m->wheeled = true;
	}
}

static void answer_more(struct ps2_mouse *m, u8 command)
{
	switch (command) {
	case CMD_STATUS:
		answer(m, (u8)((m->scaling ? STATUS_SCALING : 0) |
			       (m->reporting ? STATUS_REPORTING : 0) |
			       (m->remote ? STATUS_REMOTE : 0) |
			       (m->buttons & PACKET_LEFT ? STATUS_LEFT : 0) |
			       (m->buttons & PACKET_MIDDLE ? STATUS_MIDDLE : 0) |
			       (m->buttons & PACKET_RIGHT ? STATUS_RIGHT : 0)));
		answer(m, m->resolution);
		answer(m, m->rate);
		break;
	case CMD_READ:
		put_packet(m, &m->answers);
		break;
	case CMD_RESET:
		answer(m, PASSED);
		answer(m, KIND);
		break;
	case CMD_IDENTIFY:
		answer(m, m->wheeled ? KIND_WHEEL : KIND);
		break;
	default:
		break;
	}
}

/* What the command changes; false: there is no such command. */
static bool carry_out(struct ps2_mouse *m, u8 command)
{
	switch (command) {
	case CMD_SCALING_1:
	case CMD_SCALING_2:
		m->scaling = command == CMD_SCALING_2;
		return true;
	case CMD_RESOLUTION:
	case CMD_RATE:
		m->expects = command;
		return true;
	case CMD_STREAM:
	case CMD_REMOTE:
		m->remote = command == CMD_REMOTE;
		return true;
	case CMD_WRAP:
	case CMD_WRAP_OFF:
		m->wrap = command == CMD_WRAP;
		return true;
	case CMD_ENABLE:
	case CMD_DISABLE:
		m->reporting = command == CMD_ENABLE;
		return true;
	case CMD_RESET:
		m->knock = m->wheeled = 0;
		set_defaults(m);
		return true;
	case CMD_DEFAULTS:
		set_defaults(m);
		return true;
	default:
		return command == CMD_STATUS || command == CMD_READ || command == CMD_IDENTIFY;
	}
}

void ps2_mouse_write(struct ps2_mouse *m, u8 byte)
{
	u8 expects = m->expects;

	m->expects = 0;
	if (m->wrap && byte != CMD_WRAP_OFF && byte != CMD_RESET) {
		answer(m, byte);
		return;
	}
	if (byte == CMD_RESEND) {
		answer(m, m->last);
		return;
	}
	m->answers.count = 0;
	m->packets.count = 0; /* what is half sent would be taken for an answer */
	if (expects == CMD_RESOLUTION && byte <= 3) {
		m->resolution = byte;
	} else if (expects == CMD_RATE && byte && byte <= 200) {
		hear_rate(m, byte);
	} else if (expects || !carry_out(m, byte)) {
		answer(m, NOT_UNDERSTOOD);
		return;
	}
	answer(m, ACK);
	if (!expects)
		answer_more(m, byte);
}

/* While a command waits for its parameter, no packet comes between. */
bool ps2_mouse_take(struct ps2_mouse *m, u8 *byte)
{
	if (!ps2_take(&m->answers, byte)) {
		if (m->expects || !m->reporting || m->remote)
			return false;
		if (!m->packets.count && has_news(m))
			put_packet(m, &m->packets);
		if (!ps2_take(&m->packets, byte))
			return false;
	}
	m->last = *byte;
	return true;
}

void ps2_mouse_move(struct ps2_mouse *m, s32 dx, s32 dy, u32 buttons, s32 wheel)
{
	u8 now = (u8)((buttons & 1 ? PACKET_LEFT : 0) | (buttons & 2 ? PACKET_MIDDLE : 0) |
		      (buttons & 4 ? PACKET_RIGHT : 0));

	/* The last change of buttons was made elsewhere, and must not be lost. */
	if (m->buttons != m->reported && m->reporting && !m->remote && ps2_room(&m->packets) >= 4)
		put_packet(m, &m->packets);
	m->buttons = now;
	if (!m->reporting)
		return;
	m->dx = clamp(m->dx + clamp(dx, PS2_FARTHEST), PS2_FARTHEST);
	m->dy = clamp(m->dy - clamp(dy, PS2_FARTHEST), PS2_FARTHEST);
	m->wheel = clamp(m->wheel + clamp(wheel, PS2_FARTHEST), PS2_FARTHEST);
}
