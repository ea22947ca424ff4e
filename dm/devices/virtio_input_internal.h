/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/* What the two halves of virtio-input share: the device, and what it tells of itself. */
#ifndef DM_DEVICES_VIRTIO_INPUT_INTERNAL_H
#define DM_DEVICES_VIRTIO_INPUT_INTERNAL_H

#include "virtio_input.h"

/* Event types and codes, as in Linux' input subsystem, which VIRTIO refers to. */
enum { EV_SYN = 0x00, EV_KEY = 0x01, EV_REL = 0x02, EV_ABS = 0x03, EV_LED = 0x11, EV_REP = 0x14 };
enum { ABS_X = 0, ABS_Y = 1, REL_WHEEL = 8 };
enum { BTN_LEFT = 0x110, BTN_RIGHT = 0x111, BTN_MIDDLE = 0x112 };

#define INPUT_CONFIG_DATA 128u

struct input_config { /* section 5.8.4 */
	u8 select, subsel, size, reserved[5];
	u8 data[INPUT_CONFIG_DATA];
};

/* Fills in size and data for select and subsel. */
void virtio_input_config(struct input_config *c, bool tablet);
/* The code of an enum key, 0: none. */
u16 virtio_input_code(u16 key);

#endif
