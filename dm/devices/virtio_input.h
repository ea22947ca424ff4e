/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/*
 * Keyboard and tablet of guests with input = keyboard, tablet (VIRTIO 1.2 section 5.8). Where
 * input comes from does not call these but those of dm/input.h.
 */
#ifndef DM_DEVICES_VIRTIO_INPUT_H
#define DM_DEVICES_VIRTIO_INPUT_H

#include "keys.h"

#define VIRTIO_INPUT_KEYBOARD_SLOT 6u /* on the guest's PCI bus */
#define VIRTIO_INPUT_TABLET_SLOT   7u

#define TABLET_MAX 32767u /* of both axes */

/* Whether the guest has the device and its driver is up. */
bool virtio_keyboard_driven(struct dm_vm *vm);
bool virtio_tablet_driven(struct dm_vm *vm);
/* A key goes down or up. False: the guest has not taken earlier ones. */
bool virtio_keyboard_key(struct dm_vm *vm, u16 key, bool down);
/* Whether the guest has taken all keys so far. */
bool virtio_keyboard_ready(struct dm_vm *vm);
/* The pointer's position on both axes, and the rest as in input_pointer. While the guest has not
 * taken earlier ones, only the last position counts. */
void virtio_tablet_pointer(struct dm_vm *vm, u32 x, u32 y, u32 buttons, s32 wheel);

#endif
