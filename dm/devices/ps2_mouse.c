/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/* The mouse, see ps2.h: it answers every command, and nobody moves it yet. */
#include "ps2.h"

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
enum { ACK = 0xfa, NOT_UNDERSTOOD = 0xfe, PASSED = 0xaa, KIND = 0x00, AT_REST = 0x08 };
enum { STATUS_SCALING = 0x10, STATUS_REPORTING = 0x20, STATUS_REMOTE = 0x40 };

static void answer(struct ps2_mouse *m, u8 byte)
{
	ps2_put(&m->answers, byte);
}

static void set_defaults(struct ps2_mouse *m)
{
	m->reporting = m->scaling = m->remote = m->wrap = 0;
	m->resolution = 2;
	m->rate = 100;
}

void ps2_mouse_reset(struct ps2_mouse *m)
{
	*m = (struct ps2_mouse){ 0 };
	set_defaults(m);
}

static void answer_more(struct ps2_mouse *m, u8 command)
{
	switch (command) {
	case CMD_STATUS:
		answer(m, (u8)((m->scaling ? STATUS_SCALING : 0) |
			       (m->reporting ? STATUS_REPORTING : 0) |
			       (m->remote ? STATUS_REMOTE : 0)));
		answer(m, m->resolution);
		answer(m, m->rate);
		break;
	case CMD_READ:
		answer(m, AT_REST);
		answer(m, 0);
		answer(m, 0);
		break;
	case CMD_RESET:
		answer(m, PASSED);
		answer(m, KIND);
		break;
	case CMD_IDENTIFY:
		answer(m, KIND);
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
	case CMD_DEFAULTS:
	case CMD_RESET:
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
	if (expects == CMD_RESOLUTION && byte <= 3) {
		m->resolution = byte;
	} else if (expects == CMD_RATE && byte && byte <= 200) {
		m->rate = byte;
	} else if (expects || !carry_out(m, byte)) {
		answer(m, NOT_UNDERSTOOD);
		return;
	}
	answer(m, ACK);
	if (!expects)
		answer_more(m, byte);
}

bool ps2_mouse_take(struct ps2_mouse *m, u8 *byte)
{
	if (!ps2_take(&m->answers, byte))
		return false;
	m->last = *byte;
	return true;
}
