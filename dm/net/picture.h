/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/*
 * Pictures for the network: one encoder, and the files it has made, shared by all who asked for the
 * same. A picture is copied in one go, so that it is never half of one frame and half of the next;
 * compressing the copy is done in slices, with time for guests in between.
 *
 * All of it lies in the memory at DM_NET_BASE.
 */
#ifndef DM_NET_PICTURE_H
#define DM_NET_PICTURE_H

#include "dm/vm.h"

struct picture {
	struct dm_vm *vm; /* NULL: the panel */
	u32 head;
	u64 generation; /* display_generation() when it was taken */
	size_t at, len; /* the file, in the store */
	u32 holders;
};

/*
 * A PNG of the head that is of that generation or later, held until picture_release(). -EAGAIN: it
 * is being made, or another before it: ask again after picture_run(). -ENOENT: nothing is shown
 * there. -ENOMEM: its file is too large, or there is no room beside those held.
 */
int picture_get(struct dm_vm *vm, u32 head, u64 generation, struct picture **out) must_check;
const u8 *picture_data(const struct picture *p);
void picture_release(struct picture *p);
/* A slice of the work; TSC when to call again. */
u64 picture_run(void);
/* Bytes of files held now; pictures made since the start. */
u64 picture_held(void);
u64 picture_count(void);

#endif
