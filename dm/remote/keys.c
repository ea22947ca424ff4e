/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/* From written keys to strokes, see keys.h. No state. */
#include "keys.h"
#include "../runtime.h"

static const struct {
	const char *name;
	u16 key;
} names[] = {
	{ "ret", KEY_ENTER },
	{ "enter", KEY_ENTER },
	{ "esc", KEY_ESC },
	{ "tab", KEY_TAB },
	{ "space", KEY_SPACE },
	{ "backspace", KEY_BACKSPACE },
	{ "up", KEY_UP },
	{ "down", KEY_DOWN },
	{ "left", KEY_LEFT },
	{ "right", KEY_RIGHT },
	{ "home", KEY_HOME },
	{ "end", KEY_END },
	{ "pgup", KEY_PAGE_UP },
	{ "pgdn", KEY_PAGE_DOWN },
	{ "insert", KEY_INSERT },
	{ "delete", KEY_DELETE },
	{ "pause", KEY_PAUSE },
	{ "print", KEY_PRINT },
	{ "sysrq", KEY_SYSRQ },
	{ "menu", KEY_MENU },
	{ "meta", KEY_LEFT_META },
	{ "ctrl", KEY_LEFT_CTRL },
	{ "shift", KEY_LEFT_SHIFT },
	{ "alt", KEY_LEFT_ALT },
	{ "altgr", KEY_RIGHT_ALT },
	{ "capslock", KEY_CAPS_LOCK },
	{ "numlock", KEY_NUM_LOCK },
	{ "scrolllock", KEY_SCROLL_LOCK },
	{ "f11", KEY_F11 },
	{ "f12", KEY_F12 },
};

static const struct {
	const char *prefix;
	u8 modifier;
	u16 key;
} modifiers[] = {
	{ "shift-", KEYS_SHIFT, KEY_LEFT_SHIFT },
	{ "ctrl-", KEYS_CTRL, KEY_LEFT_CTRL },
	{ "alt-", KEYS_ALT, KEY_LEFT_ALT },
	{ "meta-", KEYS_META, KEY_LEFT_META },
};

/* Rows of a US keyboard from their first key's code on: plain, then with shift. */
static const struct {
	u8 first;
	const char *plain, *shifted;
} rows[] = {
	{ 0x02, "1234567890-=", "!@#$%^&*()_+" },
	{ 0x10, "qwertyuiop[]", "QWERTYUIOP{}" },
	{ 0x1e, "asdfghjkl;'`", "ASDFGHJKL:\"~" },
	{ 0x2b, "\\zxcvbnm,./", "|ZXCVBNM<>?" },
	{ 0x39, " ", "" },
};

static int find(const char *text, char c)
{
	for (int i = 0; text[i]; i++)
		if (text[i] == c)
			return i;
	return -1;
}

bool keys_of_character(char c, struct keys_stroke *stroke)
{
	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		int plain = find(rows[i].plain, c), shifted = find(rows[i].shifted, c);

		if (plain < 0 && shifted < 0)
			continue;
		stroke->key = (u16)(rows[i].first + (plain < 0 ? shifted : plain));
		stroke->modifiers = (u8)(plain < 0 ? KEYS_SHIFT : 0);
		return true;
	}
	return false;
}

static int parse_text(const char *text, struct keys_stroke *strokes, u32 room)
{
	u32 count = 0;

	for (; *text && *text != '"'; text++) {
		if (*text == '\\' && text[1])
			text++;
		if (count == room)
			return -ENOSPC;
		if (!keys_of_character(*text, &strokes[count++]))
			return -EINVAL;
	}
	return *text == '"' && !text[1] ? (int)count : -EINVAL;
}

static bool named_key(const char *name, u16 *key)
{
	for (u32 i = 0; i < ARRAY_SIZE(names); i++) {
		if (strcmp(names[i].name, name) == 0) {
			*key = names[i].key;
			return true;
		}
	}
	if (name[0] != 'f' || name[1] < '1' || name[1] > '9' || (name[2] && name[1] != '1'))
		return false;
	if (name[2] && (name[2] != '0' || name[3]))
		return false;
	*key = (u16)(KEY_F1 + (name[2] ? 9 : name[1] - '1'));
	return true;
}

static const char *take_modifiers(const char *word, u8 *found)
{
	*found = 0;
	for (u32 i = 0; i < ARRAY_SIZE(modifiers); i++) {
		size_t len = strlen(modifiers[i].prefix);

		if (strncmp(word, modifiers[i].prefix, len) != 0 || !word[len])
			continue;
		*found |= modifiers[i].modifier;
		word += len;
		i = ~0u; /* once more from the first */
	}
	return word;
}

int keys_parse(const char *word, struct keys_stroke *strokes, u32 room)
{
	const char *name;
	u8 held;

	if (word[0] == '"')
		return parse_text(word + 1, strokes, room);
	if (!room)
		return -ENOSPC;
	name = take_modifiers(word, &held);
	if (named_key(name, &strokes[0].key))
		strokes[0].modifiers = 0;
	else if (!name[0] || name[1] || !keys_of_character(name[0], &strokes[0]))
		return -EINVAL;
	strokes[0].modifiers |= held;
	return 1;
}

bool keys_event(const struct keys_stroke *stroke, u32 step, u16 *key, bool *down)
{
	u16 sequence[ARRAY_SIZE(modifiers) + 1];
	u32 count = 0;

	for (u32 i = 0; i < ARRAY_SIZE(modifiers); i++)
		if (stroke->modifiers & modifiers[i].modifier)
			sequence[count++] = modifiers[i].key;
	sequence[count++] = stroke->key;
	if (step >= 2 * count)
		return false;
	*down = step < count;
	*key = sequence[*down ? step : 2 * count - 1 - step];
	return true;
}
