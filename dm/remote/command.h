/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/*
 * Console commands. A command prints at most COMMAND_ROOM bytes at once (the console waits until
 * there is room for that before it calls); one with more to say, or that has to wait, sets a step
 * function, which is called again and again until it is done. One command runs at a time.
 */
#ifndef DM_COMMAND_H
#define DM_COMMAND_H

#include "../vm.h"

#define COMMAND_ROOM	 32768u
#define COMMAND_STEP	 4096u /* room that a step may rely on */
#define COMMAND_MAX_ARGS 32

enum command_result {
	COMMAND_DONE,	/* print ok */
	COMMAND_FAILED, /* the reason was printed with command_fail */
	COMMAND_MORE,	/* call job->step */
};

struct command_job {
	enum command_result (*step)(struct command_job *job);
	struct dm_vm *vm;
	const u8 *data; /* what is being printed */
	u64 at, end;	/* position in it, or in a ring */
	u64 deadline;	/* TSC: call step at the latest then; 0: at once */
	bool quiet;	/* no log lines in between until it is done */
};

struct command {
	const char *name;
	const char *arguments; /* for help */
	const char *help;
	u32 min_args, max_args;
	enum command_result (*run)(struct command_job *job, char **args, u32 count);
};

/* The table, ended by an entry without a name. */
extern const struct command command_table[];

void command_print(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* Prints "error: ..." and returns COMMAND_FAILED. */
enum command_result command_fail(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* The guest of that name; prints the error when there is none. */
struct dm_vm *command_vm(const char *name);

/* A decimal number (of five digits at most) that the character `end` ends; the text after it, or
 * NULL. */
const char *command_number(const char *text, char end, u32 *value);
/* The guest of VM[:HEAD], which is cut at the colon; *head is `none` when none is given. NULL, with
 * the error printed, for what is not there. */
struct dm_vm *command_head(char *name, u32 none, u32 *head);

enum command_result command_key(struct command_job *job, char **args, u32 count);
enum command_result command_pointer(struct command_job *job, char **args, u32 count);
enum command_result command_send(struct command_job *job, char **args, u32 count);
enum command_result command_screenshot(struct command_job *job, char **args, u32 count);
enum command_result command_frames(struct command_job *job, char **args, u32 count);
enum command_result command_crc(struct command_job *job, char **args, u32 count);
enum command_result command_log(struct command_job *job, char **args, u32 count);
enum command_result command_console(struct command_job *job, char **args, u32 count);
enum command_result command_stats(struct command_job *job, char **args, u32 count);

#endif
