/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/*
 * The host's keyboard behind its 8042. Keys go to the guest that has the focus; ctrl-alt-tab gives
 * the focus to the next guest.
 */
#ifndef DM_DRIVERS_KEYBOARD_H
#define DM_DRIVERS_KEYBOARD_H

/* Looks for the controller; does nothing when there is none. */
void keyboard_init(void);
/* Takes what has arrived (HOST_EVENT_KEYBOARD). */
void keyboard_receive(void);

#endif
