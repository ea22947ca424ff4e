/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/*
 * The state region: what outlives a restart of the device domain. Owned by dm/state.c, which lays
 * it out the same way each time: a header (magic, version, a hash over the layout's sizes), then a
 * fixed-size area per guest from which each device gets its state in the order of the device
 * table, then the picture pool (resource pixels), split evenly between guests.
 *
 * A header that does not match means a first start: the region is cleared and guests start anew.
 */
#ifndef DM_STATE_H
#define DM_STATE_H

#include "device.h"

/* Maps out the region; true when an earlier generation's state was found valid. */
bool state_init(void);
/* size bytes for a device of vm, 64-byte aligned; NULL when the area is full. */
void *state_alloc(u32 vm, size_t size);
/* The guest's part of the picture pool: base and size in bytes, page-aligned. */
void *state_pool(u32 vm, u64 *size);
/* Per guest: whether it was running (so that it is adopted, not started). */
bool state_vm_running(u32 vm);
void state_vm_set_running(u32 vm, bool running);

#endif
