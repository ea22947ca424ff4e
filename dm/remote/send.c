/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/*
 * The command `send`: text that a guest reads from its serial port, as fast as it reads. Its answer
 * comes when the last byte was taken. A restart of the domain ends the sending.
 */
#include "../input.h"
#include "../runtime.h"
#include "command.h"

#define MAX_BYTES   1024
#define AGAIN_US    2000
#define PATIENCE_US 5000000 /* how long a guest may take to read one byte */

static struct {
	u8 bytes[MAX_BYTES];
	u32 count, at;
	u64 since; /* TSC of the last byte that went in */
} sending;

static const struct {
	const char *name, *bytes;
} names[] = {
	{ "ret", "\r" },       { "enter", "\r" },	{ "tab", "\t" },    { "esc", "\033" },
	{ "space", " " },      { "backspace", "\177" }, { "up", "\033[A" }, { "down", "\033[B" },
	{ "right", "\033[C" }, { "left", "\033[D" },
};

static bool put(u8 byte)
{
	if (sending.count == MAX_BYTES)
		return false;
	sending.bytes[sending.count++] = byte;
	return true;
}

/* Text in quotes, a backslash before what else would end it. */
static bool put_text(const char *text)
{
	for (; *text && *text != '"'; text++) {
		if (*text == '\\' && text[1])
			text++;
		if (!put((u8)*text))
			return false;
	}
	return *text == '"' && !text[1];
}

static bool put_word(const char *word)
{
	if (word[0] == '"')
		return put_text(word + 1);
	if (strncmp(word, "ctrl-", 5) == 0 && word[5] >= '@' && word[5] < 0x7f && !word[6])
		return put(word[5] & 0x1f);
	for (u32 i = 0; i < ARRAY_SIZE(names); i++) {
		if (strcmp(names[i].name, word) != 0)
			continue;
		for (const char *b = names[i].bytes; *b; b++)
			if (!put((u8)*b))
				return false;
		return true;
	}
	return false;
}

static enum command_result step_send(struct command_job *job)
{
	u64 now = time_now();

	while (sending.at < sending.count && input_text(job->vm, sending.bytes[sending.at])) {
		sending.at++;
		sending.since = now;
	}
	job->deadline = now + time_from_us(AGAIN_US);
	if (sending.at == sending.count)
		return COMMAND_DONE;
	if (now - sending.since < time_from_us(PATIENCE_US))
		return COMMAND_MORE;
	return command_fail("%s does not read its serial port", job->vm->config->name);
}

enum command_result command_send(struct command_job *job, char **args, u32 count)
{
	job->vm = command_vm(args[0]);
	if (!job->vm)
		return COMMAND_FAILED;
	sending.count = sending.at = 0;
	for (u32 i = 1; i < count; i++)
		if (!put_word(args[i]))
			return command_fail("cannot send %s", args[i]);
	sending.since = time_now();
	job->deadline = sending.since;
	job->step = step_send;
	return COMMAND_MORE;
}
