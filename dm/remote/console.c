/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/*
 * Implements console.h: collects lines, runs one command at a time, and lets log lines through
 * between. Bytes that arrive while a command runs wait in `input`; where some found no room there
 * is a LOST among them.
 */
#include "console.h"
#include "../drivers/com1.h"
#include "../runtime.h"
#include "command.h"
#include "follow.h"

#define CONSOLE_LINE  256u
#define CONSOLE_INPUT 1024u
enum { LOST = 0, KEY_BACKSPACE = 0x08, KEY_DELETE = 0x7f };

static char input[CONSOLE_INPUT];
static u32 input_head, input_tail; /* free-running */

static struct {
	char text[CONSOLE_LINE];
	u32 len;
	bool too_long;
} line;

static struct command_job job; /* runs when step is set */

void console_init(bool adopted)
{
	follow_init(adopted);
}

void console_receive(void)
{
	int byte;

	while ((byte = com1_receive()) >= 0) {
		u32 room = CONSOLE_INPUT - (input_head - input_tail);

		if (byte != LOST && room)
			input[input_head++ % CONSOLE_INPUT] = room > 1 ? (char)byte : LOST;
	}
}

static void finish(enum command_result result)
{
	if (result == COMMAND_DONE)
		command_print("ok\n");
	if (result != COMMAND_MORE)
		job = (struct command_job){ 0 };
}

/* The end of the word: the next blank that is not in quotes. */
static char *word_end(char *text)
{
	bool quoted = false;

	for (; *text && (quoted || (*text != ' ' && *text != '\t')); text++) {
		if (quoted && *text == '\\' && text[1])
			text++;
		else if (*text == '"')
			quoted = !quoted;
	}
	return text;
}

/* Cuts text at blanks; the words found, at most COMMAND_MAX_ARGS + 1 counted. */
static u32 split(char *text, char **words)
{
	u32 count = 0;

	while (count <= COMMAND_MAX_ARGS) {
		while (*text == ' ' || *text == '\t')
			*text++ = 0;
		if (!*text)
			break;
		if (count < COMMAND_MAX_ARGS)
			words[count] = text;
		count++;
		text = word_end(text);
	}
	return count;
}

static enum command_result run_words(char **words, u32 count)
{
	for (const struct command *c = command_table; c->name; c++) {
		if (strcmp(c->name, words[0]) != 0)
			continue;
		if (count - 1 < c->min_args || count - 1 > c->max_args)
			return command_fail("usage: %s %s", c->name, c->arguments);
		return c->run(&job, words + 1, count - 1);
	}
	return command_fail("unknown command, try help");
}

static void run_line(void)
{
	char *words[COMMAND_MAX_ARGS];
	u32 count;

	line.text[line.len] = 0;
	line.len = 0;
	if (line.too_long) {
		line.too_long = false;
		finish(command_fail("line too long"));
		return;
	}
	count = split(line.text, words);
	if (count > COMMAND_MAX_ARGS)
		finish(command_fail("too many words"));
	else if (count)
		finish(run_words(words, count));
}

static void take_key(char key)
{
	if (key == '\r' || key == '\n') {
		run_line();
	} else if (key == LOST) {
		line.too_long = true;
	} else if (key == KEY_BACKSPACE || key == KEY_DELETE) {
		if (line.len)
			line.len--;
	} else if ((key >= ' ' && key != KEY_DELETE) || key == '\t') {
		if (line.len == CONSOLE_LINE - 1)
			line.too_long = true;
		else
			line.text[line.len++] = key;
	}
}

static void run_job(void)
{
	while (job.step && com1_space() >= COMMAND_STEP) {
		u64 before = job.at;
		enum command_result result = job.step(&job);

		finish(result);
		if (result == COMMAND_MORE && job.at == before)
			break; /* it waits */
	}
}

u64 console_run(void)
{
	u64 deadline;

	if (!job.quiet)
		follow_run();
	run_job();
	while (!job.step && input_tail != input_head && com1_space() >= COMMAND_ROOM)
		take_key(input[input_tail++ % CONSOLE_INPUT]);
	deadline = com1_push();
	if (job.step && com1_space() >= COMMAND_STEP)
		deadline = MIN(deadline, job.deadline);
	return deadline;
}
