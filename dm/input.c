/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/*
 * Where input goes, see input.h. The last positions live here for mice only: after a restart of the
 * domain the first position moves nothing.
 */
#include "input.h"
#include "devices/uart.h"
#include "devices/virtio_console.h"
#include "devices/virtio_input.h"
#include "runtime.h"

static struct pointer {
	bool known;
	u32 head, x, y;
} pointers[MAX_VMS];

bool input_has_keyboard(const struct dm_vm *vm)
{
	return vm->config->input & (INPUT_PS2 | INPUT_KEYBOARD);
}

bool input_key(struct dm_vm *vm, u16 key, bool down)
{
	if (key >= KEY_COUNT)
		return false;
	return virtio_keyboard_driven(vm) ? virtio_keyboard_key(vm, key, down)
					  : i8042_key(vm, key, down);
}

bool input_key_ready(struct dm_vm *vm)
{
	return virtio_keyboard_driven(vm) ? virtio_keyboard_ready(vm) : i8042_ready(vm);
}

/* Both lie within a picture: no display is as large as 2^31. */
static s32 difference(u32 now, u32 before)
{
	return (s32)(now - before);
}

/* The first pixel is at the one end and the last at the other. */
static u32 to_axis(u32 at, u32 size)
{
	return size > 1 ? (u32)((u64)at * TABLET_MAX / (size - 1)) : 0;
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
	if (virtio_tablet_driven(vm)) {
		virtio_tablet_pointer(vm, to_axis(x, width), to_axis(y, height), buttons, wheel);
		return;
	}
	if (p->known && p->head == head) {
		dx = difference(x, p->x);
		dy = difference(y, p->y);
	}
	*p = (struct pointer){ .known = true, .head = head, .x = x, .y = y };
	i8042_pointer(vm, dx, dy, buttons, wheel);
}

bool input_text(struct dm_vm *vm, u8 byte)
{
	return uart_text_elsewhere(vm) ? virtio_console_receive(vm, byte) : uart_receive(vm, byte);
}
