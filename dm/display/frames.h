/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/*
 * A record of each guest's last FRAMES_MAX frames: when they were painted, and the CRC-32 of the
 * head's whole picture as screenshot_crc has it, so that a test can say what an animation showed.
 * Computing it reads the picture once more, about 30 instructions a pixel: so a guest's frames are
 * recorded only from frames_start() to frames_stop(), and a frame that is not recorded costs one
 * test of a byte. Not kept across restarts of the domain, which end the recording.
 */
#ifndef DM_DISPLAY_FRAMES_H
#define DM_DISPLAY_FRAMES_H

#include "dm/vm.h"

#define FRAMES_MAX 4096

struct frame {
	u64 time; /* TSC when it had been painted */
	u32 head, crc;
};

/* Begins anew with an empty record. */
void frames_start(const struct dm_vm *vm);
/* What was recorded stays. */
void frames_stop(const struct dm_vm *vm);
bool frames_recording(const struct dm_vm *vm);
/* A frame of that head has been painted. */
void frames_add(struct dm_vm *vm, u32 head);
/* Frames since frames_start. */
u64 frames_count(const struct dm_vm *vm);
/* Number n of them; false when it is not known any more, or not yet. */
bool frames_get(const struct dm_vm *vm, u64 n, struct frame *frame);

#endif
