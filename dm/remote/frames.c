/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/*
 * The command `frames`: recording of frames' checksums (display/frames.h), and the record: a line
 * `frames COUNT on|off`, then for each frame its time in seconds since the machine started, its
 * head, and the checksum, the oldest first.
 */
#include "../display/frames.h"
#include "../drivers/com1.h"
#include "../runtime.h"
#include "command.h"

static void print_frame(const struct frame *f)
{
	u64 us = time_to_us(f->time - dm_info->boot_tsc);

	command_print("%llu.%06llu %u %08x\n", (unsigned long long)(us / 1000000),
		      (unsigned long long)(us % 1000000), f->head, f->crc);
}

/* Frames that were recorded over meanwhile are left out. */
static enum command_result step_frames(struct command_job *job)
{
	struct frame f;

	for (; job->at < job->end && com1_space() >= COMMAND_STEP; job->at++)
		if (frames_get(job->vm, job->at, &f))
			print_frame(&f);
	return job->at < job->end ? COMMAND_MORE : COMMAND_DONE;
}

enum command_result command_frames(struct command_job *job, char **args, u32 count)
{
	u32 most = FRAMES_MAX;

	job->vm = command_vm(args[0]);
	if (!job->vm)
		return COMMAND_FAILED;
	if (count == 2 && strcmp(args[1], "on") == 0) {
		frames_start(job->vm);
		return COMMAND_DONE;
	}
	if (count == 2 && strcmp(args[1], "off") == 0) {
		frames_stop(job->vm);
		return COMMAND_DONE;
	}
	if (count == 2 && (!command_number(args[1], 0, &most) || most > FRAMES_MAX))
		return command_fail("on, off, or a number up to %u", FRAMES_MAX);
	job->end = frames_count(job->vm);
	job->at = job->end - MIN(job->end, (u64)most);
	job->step = step_frames;
	command_print("frames %llu %s\n", (unsigned long long)job->end,
		      frames_recording(job->vm) ? "on" : "off");
	return COMMAND_MORE;
}
