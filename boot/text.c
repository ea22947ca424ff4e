/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/* Text slices (see text.h). Pure functions, no state. */
#include "boot/text.h"

struct text text_of(const char *string)
{
	struct text t = { string, 0 };

	while (string[t.len])
		t.len++;
	return t;
}

static bool text_blank(char c)
{
	return c == ' ' || c == '\t';
}

struct text text_trim(struct text t)
{
	while (t.len && text_blank(t.at[0])) {
		t.at++;
		t.len--;
	}
	while (t.len && text_blank(t.at[t.len - 1]))
		t.len--;
	return t;
}

bool text_is(struct text t, const char *string)
{
	size_t i;

	for (i = 0; i < t.len; i++)
		if (string[i] == '\0' || string[i] != t.at[i])
			return false;
	return string[i] == '\0';
}

struct text text_split(struct text *t, char separator)
{
	struct text head = { t->at, 0 };

	while (head.len < t->len && t->at[head.len] != separator)
		head.len++;
	if (head.len == t->len) {
		*t = (struct text){ NULL, 0 };
	} else {
		t->at += head.len + 1;
		t->len -= head.len + 1;
	}
	return head;
}

bool text_number(struct text t, u64 max, u64 *out)
{
	u64 value = 0;
	size_t i;

	if (t.len == 0)
		return false;
	for (i = 0; i < t.len; i++) {
		u64 digit = (u64)(u8)t.at[i] - '0';

		if (digit > 9 || value > (max - MIN(digit, max)) / 10)
			return false;
		value = value * 10 + digit;
	}
	if (value > max)
		return false;
	*out = value;
	return true;
}

void text_append(char *buf, size_t size, struct text t)
{
	size_t used = text_of(buf).len, i;

	for (i = 0; i < t.len && used + 1 < size; i++)
		buf[used++] = t.at[i];
	buf[used] = '\0';
}
