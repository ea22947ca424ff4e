/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/*
 * What an RFB connection shows: the panel, or a guest's first head; and where its keys and pointer
 * go: to the guest, or from the panel to the guest that has the focus and to the one under the
 * pointer. Pressing a button on a guest's picture gives it the focus.
 */
#ifndef DM_REMOTE_RFB_VIEW_H
#define DM_REMOTE_RFB_VIEW_H

#include "rfb.h"
#include "dm/vm.h"

/* The context of rfb_view_screen; one a connection. */
struct rfb_view {
	struct dm_vm *vm;	/* NULL: the panel */
	struct dm_vm *typed_to; /* has the keys held */
	u64 held[RFB_KEYS / 64];
	struct dm_vm *dragged; /* has the buttons held; NULL: none are */
	u32 head;	       /* of it */
};
extern const struct rfb_screen rfb_view_screen;

/* ---- rfb_typing.c: keys on their way to guests, which read them when they like. */

/* A key for the guest. */
void rfb_type(struct dm_vm *vm, u16 key, bool down);
/* Hands on what guests are ready for. When to call again, in microseconds as now; ~0: when there
 * are keys. */
u64 rfb_typing_run(u64 now);

#endif
