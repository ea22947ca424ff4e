/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/*
 * The one place through which keys and pointers reach a guest, wherever they come from: the
 * console, the host's keyboard, a remote viewer. It chooses among the devices that the guest's
 * `input` gives it the one whose driver is up.
 */
#ifndef DM_INPUT_H
#define DM_INPUT_H

#include "dm/devices/keys.h"

enum input_button { INPUT_LEFT = 1, INPUT_MIDDLE = 2, INPUT_RIGHT = 4 };

/* A key (enum key) goes down, or up; down again: it repeats. False: the guest does not get it, as
 * it has no keyboard, does not want keys now, or has not read earlier ones. */
bool input_key(struct dm_vm *vm, u16 key, bool down);
/* Whether the guest has read all keys so far, and would take another. */
bool input_key_ready(struct dm_vm *vm);
/* Whether it has a keyboard at all. */
bool input_has_keyboard(const struct dm_vm *vm);

/* The pointer is at (x, y) of the head's picture, which is width x height pixels large, with those
 * buttons (enum input_button) held, and its wheel was turned by that many notches (away from the
 * user: positive). Positions outside the picture count as its edge. A tablet is told the position,
 * a mouse by how much it differs from the last one. */
void input_pointer(struct dm_vm *vm, u32 head, u32 x, u32 y, u32 width, u32 height, u32 buttons,
		   s32 wheel);

/* A byte typed at the guest's text console: to its serial port, or to its virtio console when that
 * is where its last text came from. False: it has not read the earlier ones yet. */
bool input_text(struct dm_vm *vm, u8 byte);

#endif
