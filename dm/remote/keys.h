/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/*
 * Keys as people write them: text in quotes, as typed on a US keyboard, and names of keys, with
 * modifiers before them: "root" ret ctrl-alt-delete shift-f1. In quotes a backslash makes the next
 * character count as it is.
 */
#ifndef DM_REMOTE_KEYS_H
#define DM_REMOTE_KEYS_H

#include "dm/devices/keys.h"

enum keys_modifier { KEYS_SHIFT = 1, KEYS_CTRL = 2, KEYS_ALT = 4, KEYS_META = 8 };

struct keys_stroke {
	u16 key;
	u8 modifiers; /* enum keys_modifier, or-ed */
};

/* The strokes of one word (a name, or text in quotes), at most `room`: how many, -EINVAL for what
 * is no key, -ENOSPC. */
int keys_parse(const char *word, struct keys_stroke *strokes, u32 room) must_check;
/* The stroke that types a character; false: a US keyboard has none. */
bool keys_of_character(char c, struct keys_stroke *stroke);
/* The next press or release of a stroke: *step counts from 0, and false when the stroke is done. */
bool keys_event(const struct keys_stroke *stroke, u32 step, u16 *key, bool *down);

#endif
