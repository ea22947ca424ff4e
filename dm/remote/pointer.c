/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/* The command `pointer`: puts a guest's pointer somewhere on its picture, with buttons held. */
#include "../display/compositor.h"
#include "../input.h"
#include "../runtime.h"
#include "command.h"

static const struct {
	const char *name;
	u32 button;
	s32 wheel;
} words[] = {
	{ "left", INPUT_LEFT, 0 },   { "middle", INPUT_MIDDLE, 0 },
	{ "right", INPUT_RIGHT, 0 }, { "up", 0, 1 },
	{ "down", 0, -1 },
};

static bool add_word(const char *word, u32 *buttons, s32 *wheel)
{
	for (u32 i = 0; i < ARRAY_SIZE(words); i++) {
		if (strcmp(words[i].name, word) != 0)
			continue;
		*buttons |= words[i].button;
		*wheel += words[i].wheel;
		return true;
	}
	return false;
}

enum command_result command_pointer(struct command_job *job, char **args, u32 count)
{
	u32 number, x, y, buttons = 0;
	struct dm_vm *vm = command_head(args[0], 0, &number);
	const char *rest = command_number(args[1], ',', &x);
	const struct head *head;
	s32 wheel = 0;

	(void)job;
	if (!vm)
		return COMMAND_FAILED;
	if (!rest || !command_number(rest, 0, &y))
		return command_fail("a position is X,Y in pixels");
	for (u32 i = 2; i < count; i++)
		if (!add_word(args[i], &buttons, &wheel))
			return command_fail("no button is called %s", args[i]);
	head = compositor_head(vm, number);
	if (!head || !head->surface.width)
		return command_fail("nothing is shown there");
	input_pointer(vm, number, x, y, head->surface.width, head->surface.height, buttons, wheel);
	return COMMAND_DONE;
}
