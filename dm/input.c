/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/*
 * Where input goes, see input.h. The last positions live here for mice only: after a restart of the
 * domain the first position moves nothing.
 */
#include "input.h"
#include "runtime.h"

static struct pointer {
	bool known;
	u32 head, x, y;
} pointers[MAX_VMS];

bool input_has_keyboard(const struct dm_vm *vm)
{
	return vm->config->input & INPUT_PS2;
}

bool input_key(struct dm_vm *vm, u16 key, bool down)
{
	return key < KEY_COUNT && i8042_key(vm, key, down);
}

bool input_key_ready(struct dm_vm *vm)
{
	return i8042_ready(vm);
}

/* Both lie within a picture: no display is as large as 2^31. */
static s32 difference(u32 now, u32 before)
{
	return (s32)(now - before);
}

void input_pointer(struct dm_vm *vm, u32 head, u32 x, u32 y, u32 width, u32 height, u32 buttons,
		   s32 wheel)
{
	struct pointer *p = &pointers[vm->index];
	s32 dx = 0, dy = 0;

	if (!width || !height)
		return;
	x = MIN(x, width - 1);
	y = MIN(y, height - 1);
	if (p->known && p->head == head) {
		dx = difference(x, p->x);
		dy = difference(y, p->y);
	}
	*p = (struct pointer){ .known = true, .head = head, .x = x, .y = y };
	i8042_pointer(vm, dx, dy, buttons, wheel);
}
