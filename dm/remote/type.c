/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/*
 * The command `key`: types into a guest as fast as the guest reads, and no faster than a quick
 * typist. Its answer comes when the last key was read. A restart of the domain ends the typing.
 */
#include "../input.h"
#include "../runtime.h"
#include "command.h"
#include "keys.h"

#define MAX_STROKES 256
#define INTERVAL_US 8000
#define PATIENCE_US 5000000 /* how long a guest may take to read one key */

static struct {
	struct keys_stroke strokes[MAX_STROKES];
	u32 count, at, step;
	u64 since; /* TSC of the last key that went in */
} typing;

static enum command_result step_type(struct command_job *job)
{
	u64 now = time_now();
	bool down;
	u16 key;

	job->deadline = typing.since + time_from_us(INTERVAL_US);
	if (now < job->deadline)
		return COMMAND_MORE;
	job->deadline = now + time_from_us(INTERVAL_US);
	if (!input_key_ready(job->vm)) {
		if (now - typing.since < time_from_us(PATIENCE_US))
			return COMMAND_MORE;
		return command_fail("%s does not read its keyboard", job->vm->config->name);
	}
	typing.since = now;
	while (typing.at < typing.count) {
		if (keys_event(&typing.strokes[typing.at], typing.step++, &key, &down)) {
			input_key(job->vm, key, down);
			return COMMAND_MORE;
		}
		typing.at++;
		typing.step = 0;
	}
	return COMMAND_DONE;
}

enum command_result command_key(struct command_job *job, char **args, u32 count)
{
	job->vm = command_vm(args[0]);
	if (!job->vm)
		return COMMAND_FAILED;
	if (!input_has_keyboard(job->vm))
		return command_fail("%s has no keyboard", args[0]);
	typing.count = typing.at = typing.step = 0;
	for (u32 i = 1; i < count; i++) {
		int n = keys_parse(args[i], typing.strokes + typing.count,
				   MAX_STROKES - typing.count);

		if (n < 0)
			return command_fail(n == -ENOSPC ? "too many keys at %s"
							 : "no key is called %s",
					    args[i]);
		typing.count += (u32)n;
	}
	typing.since = time_now();
	job->deadline = typing.since + time_from_us(INTERVAL_US);
	job->step = step_type;
	return COMMAND_MORE;
}
